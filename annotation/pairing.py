"""Which pair somebody gets next: the draw, with the exact probability of what it drew.

A draw has two stages. First a group, uniformly among those this annotator can be served from. Then a pair of that group: with
the random share, uniformly among *all* eligible pairs of the group, made or not; else by the policy. An eligible pair has a
free slot, two memes that may be shown, and was never assigned to this annotator. The stored propensity is the product of both
stages' probabilities, policy and random share mixed, known before the draw; so data collected under any policy can be reweighted.

A draw reads and writes nothing. Its cost depends on how many pairs this annotator saw of the one group, never on how many
judgments there are: groups know how many of their pairs are full, members how many pairs they have.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

from django.conf import settings
from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone

from annotation.models import Assignment, EmptyGroup, Group, GroupMember, Pair, User

MemePair = tuple[int, int]  # the ids of two memes in canonical order

# Nobody sees the same meme template again before this many others, nor, where the policy can avoid it, the same meme.
RECENT_GROUPS = 3
RECENT_ASSIGNMENTS = 12
OPEN_PAIRS = 24  # how many of a group's unfinished pairs the policy chooses from
WINDOW = 12  # how many of a group's least-compared memes it makes new pairs of
REJECTIONS = 16  # uniform tries before the eligible pairs are listed

CHANCE = random.Random()  # noqa: S311 - it draws pairs, it keeps no secret


@dataclass(frozen=True, slots=True, kw_only=True)
class Draw:
    """A drawn pair, not yet made nor leased, and how likely it was."""

    group_id: int
    memes: MemePair
    policy: str
    policy_version: int
    template_probability: float
    pair_probability: float
    swapped: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Recent:
    """What an annotator was assigned last."""

    groups: frozenset[int]
    memes: frozenset[int]


def recent_of(annotator: User) -> Recent:
    """The groups and memes of somebody's last assignments."""
    rows = list(
        Assignment.objects.filter(annotator=annotator)
        .order_by("-id")
        .values_list("group_id", "pair__first_id", "pair__second_id")[:RECENT_ASSIGNMENTS]
    )
    return Recent(
        groups=frozenset(group for group, _, _ in rows[:RECENT_GROUPS]),
        memes=frozenset(meme for _, first, second in rows for meme in (first, second)),
    )


def groups_for(annotator: User, recent: Recent) -> list[int]:
    """The groups that somebody's next pair may come from, in a fixed order; recent ones only when there are no others."""
    empty = EmptyGroup.objects.filter(annotator=annotator, group=OuterRef("pk"), until__gt=timezone.now())
    groups = Group.objects.filter(~Exists(empty), active=True, size__gte=2)
    if annotator.meme_languages:
        groups = groups.filter(language__in=annotator.meme_languages)
    every = sorted(groups.values_list("pk", flat=True))
    return [group for group in every if group not in recent.groups] or every


def draw_pair(
    *, annotator: User, chance: random.Random = CHANCE, random_share: float | None = None
) -> Draw | int | None:
    """Draw a pair for somebody; the id of a group found empty, when it was; None when no group is left to draw from."""
    recent = recent_of(annotator)
    groups = groups_for(annotator, recent)
    if not groups:
        return None
    return draw_within(
        group=Group.objects.get(pk=chance.choice(groups)),
        annotator=annotator,
        template_probability=1.0 / len(groups),
        avoid=recent.memes,
        chance=chance,
        random_share=settings.RANDOM_SHARE if random_share is None else random_share,
    )


def draw_within(
    *,
    group: Group,
    annotator: User,
    template_probability: float,
    avoid: frozenset[int],
    chance: random.Random,
    random_share: float,
) -> Draw | int:
    """Draw a pair of one group, or return the group's id when nothing in it is eligible for this annotator."""
    eligible = count_eligible(group, annotator)
    if eligible <= 0:
        return group.pk
    candidates = Balanced.candidates(group, annotator, avoid)
    if candidates and chance.random() >= random_share:
        memes = chance.choice(candidates)
    else:
        drawn = draw_uniformly(group, annotator, chance)
        if drawn is None:
            return group.pk
        memes = drawn
    by_policy = (memes in candidates) / len(candidates) if candidates else 1.0 / eligible
    return Draw(
        group_id=group.pk,
        memes=memes,
        policy=Balanced.name,
        policy_version=Balanced.version,
        template_probability=template_probability,
        pair_probability=min(1.0, (1.0 - random_share) * by_policy + random_share / eligible),
        swapped=chance.random() < 0.5,
    )


def seen_by(annotator: User) -> Exists:
    """Whether a pair was ever assigned to somebody."""
    return Exists(Assignment.objects.filter(annotator=annotator, pair=OuterRef("pk")))


def count_eligible(group: Group, annotator: User) -> int:
    """How many pairs of the group, made or not, may still be assigned to somebody."""
    seen_and_open = Assignment.objects.filter(
        annotator=annotator, group=group, repeat=0, pair__active=True, pair__taken__lt=F("pair__wanted")
    ).count()
    return group.size * (group.size - 1) // 2 - group.full_pairs - seen_and_open


def draw_uniformly(group: Group, annotator: User, chance: random.Random) -> MemePair | None:
    """An eligible pair of the group, each equally likely; None when there is none."""
    for _ in range(REJECTIONS):
        two = sorted(chance.sample(range(group.size), 2))
        members = GroupMember.objects.filter(group=group, position__in=two).values_list("meme_id", flat=True)
        first, second = sorted(members)
        made = Pair.objects.filter(group=group, first=first, second=second).annotate(seen=seen_by(annotator))
        if not made.exclude(active=True, taken__lt=F("wanted"), seen=False).exists():
            return first, second
    # Nearly everything is taken: list what is left. Bounded by the group's own size.
    active = sorted(GroupMember.objects.filter(group=group, position__isnull=False).values_list("meme_id", flat=True))
    blocked = set(
        Pair.objects.filter(group=group)
        .annotate(seen=seen_by(annotator))
        .exclude(active=True, taken__lt=F("wanted"), seen=False)
        .values_list("first_id", "second_id")
    )
    left = [pair for pair in combinations(active, 2) if pair not in blocked]
    return chance.choice(left) if left else None


class Balanced:
    """Finish the oldest unfinished pairs; else join what hangs apart; else raise the least-compared meme.

    New pairs are made one at a time, among the least-compared memes only. As long as a meme does not hang together with the
    group's first pair it is paired with one that does, so the comparison graph of a group is connected before it is dense.
    """

    name = "balanced"
    version = 1

    @classmethod
    def candidates(cls, group: Group, annotator: User, avoid: frozenset[int]) -> list[MemePair]:
        """The pairs the policy draws from, each equally likely; memes seen just now are avoided where that leaves some."""
        unfinished = list(
            Pair.objects.filter(~seen_by(annotator), group=group, active=True, taken__lt=F("wanted"))
            .order_by("id")
            .values_list("first_id", "second_id")[:OPEN_PAIRS]
        )
        fresh = [pair for pair in unfinished if avoid.isdisjoint(pair)]
        return fresh or cls.new_pairs(group, annotator, avoid) or unfinished or cls.new_pairs(group, annotator, frozenset())

    @classmethod
    def new_pairs(cls, group: Group, annotator: User, avoid: frozenset[int]) -> list[MemePair]:
        """Eligible pairs of the least-compared meme that has any, within the window."""
        members = GroupMember.objects.filter(group=group, position__isnull=False).exclude(meme__in=avoid)
        order = ("pairs", "shuffle")
        apart = list(members.filter(joined=False).order_by(*order).values_list("meme_id", flat=True)[:WINDOW])
        joined = list(members.filter(joined=True).order_by(*order).values_list("meme_id", flat=True)[:WINDOW])
        blocked = cls._blocked(group, annotator, [*apart, *joined])
        for anchor, others in cls._matches(apart, joined):
            pairs = [canonical(anchor, other) for other in others if other != anchor]
            if left := [pair for pair in pairs if pair not in blocked]:
                return left
        return []

    @staticmethod
    def _matches(apart: Sequence[int], joined: Sequence[int]) -> list[tuple[int, Sequence[int]]]:
        if apart:
            return [(anchor, joined or apart) for anchor in apart]
        return [(anchor, joined) for anchor in joined]

    @staticmethod
    def _blocked(group: Group, annotator: User, window: Sequence[int]) -> set[MemePair]:
        """The pairs among the window's memes that were made already and cannot be assigned to this annotator."""
        made = Pair.objects.filter(group=group, first__in=window, second__in=window).annotate(seen=seen_by(annotator))
        closed = Q(active=False) | Q(taken__gte=F("wanted")) | Q(seen=True)
        return set(made.filter(closed).values_list("first_id", "second_id"))


def canonical(one: int, other: int) -> MemePair:
    """Two meme ids in canonical order."""
    return (one, other) if one < other else (other, one)
