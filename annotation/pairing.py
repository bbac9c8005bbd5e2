"""Which pair somebody gets next: the draw, with the exact probability of what it drew.

A draw has two stages. First a group, uniformly among those this annotator can be served from. Then a pair of that group: with
the random share, uniformly among *all* eligible pairs of the group, made or not; else by the policy. An eligible pair has a
free slot, two memes that may be shown, and was never assigned to this annotator. The stored propensity is the product of both
stages' probabilities, policy and random share mixed, known before the draw; so data collected under any policy can be reweighted.

A draw only reads; what it read may change until the pair is leased, which then fails and draws again. Its cost depends on how many pairs this annotator saw of the one group, never on how many
judgments there are: groups know how many of their pairs are full, members how many pairs they have.
"""

from __future__ import annotations

import os
import random
from dataclasses import dataclass
from itertools import combinations

from django.conf import settings
from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone

from annotation.compiled import Argument, compiled
from annotation.models import Assignment, EmptyGroup, Group, GroupMember, Pair, User

MemePair = tuple[int, int]  # the ids of two memes in canonical order

# Nobody sees the same meme template again before this many others, nor, where the policy can avoid it, the same meme.
RECENT_GROUPS = 3
RECENT_ASSIGNMENTS = 12
OPEN_PAIRS = 24  # how many of a group's unfinished pairs the policy chooses from
WINDOW = 12  # how many of a group's least-compared memes it makes new pairs of
REJECTIONS = 16  # uniform tries before the eligible pairs are listed

CHANCE = random.Random()  # noqa: S311 - it draws pairs, it keeps no secret
# Web workers are forked from one process: without this all of them would draw the same sequence.
os.register_at_fork(after_in_child=CHANCE.seed)


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


@compiled
def last_assignments(annotator: Argument) -> QuerySet[Assignment, tuple[int, int, int]]:
    """The group and the two memes of somebody's last assignments, newest first."""
    mine = Assignment.objects.filter(annotator=annotator).order_by("-id")
    return mine.values_list("group_id", "pair__first_id", "pair__second_id")[:RECENT_ASSIGNMENTS]


def recent_of(annotator: User) -> Recent:
    """The groups and memes of somebody's last assignments."""
    rows = last_assignments(annotator=annotator.pk)
    return Recent(
        groups=frozenset(group for group, _, _ in rows[:RECENT_GROUPS]),
        memes=frozenset(meme for _, first, second in rows for meme in (first, second)),
    )


@compiled
def open_groups(annotator: Argument, now: Argument) -> QuerySet[Group, tuple[int, str]]:
    """The groups, with their language, that were not found empty for somebody lately."""
    empty = EmptyGroup.objects.filter(annotator=annotator, group=OuterRef("pk"), until__gt=now)
    return Group.objects.filter(~Exists(empty), active=True, size__gte=2).values_list("pk", "language")


def groups_for(annotator: User, recent: Recent) -> list[int]:
    """The groups that somebody's next pair may come from, in a fixed order; recent ones only when there are no others."""
    groups = open_groups(annotator=annotator.pk, now=timezone.now())
    wanted = annotator.meme_languages
    every = sorted(group for group, language in groups if not wanted or language in wanted)
    return [group for group in every if group not in recent.groups] or every


@compiled
def group_with(pk: Argument) -> QuerySet[Group, Group]:
    """One group."""
    return Group.objects.filter(pk=pk)


def draw_pair(
    *, annotator: User, chance: random.Random = CHANCE, random_share: float | None = None
) -> Draw | int | None:
    """Draw a pair for somebody; the id of a group found empty, when it was; None when no group is left to draw from."""
    recent = recent_of(annotator)
    groups = groups_for(annotator, recent)
    if not groups:
        return None
    return draw_within(
        group=group_with(pk=chance.choice(groups))[0],
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


def seen_by(annotator: User | Argument) -> Exists:
    """Whether a pair was ever assigned to somebody."""
    return Exists(Assignment.objects.filter(annotator=annotator, pair=OuterRef("pk")))


def closed_to(annotator: User | Argument, made: QuerySet[Pair]) -> QuerySet[Pair]:
    """Of pairs that were made, those that cannot be assigned to somebody: not to be shown, full, or seen before."""
    seen = made.annotate(seen=seen_by(annotator))
    return seen.exclude(active=True, taken__lt=F("wanted"), seen=False)


@compiled
def seen_and_open(annotator: Argument, group: Argument) -> QuerySet[Assignment, int]:
    """One row: how many pairs of a group somebody was assigned that have a free slot; no row for none."""
    seen = Assignment.objects.filter(annotator=annotator, group=group, repeat=0)
    still_open = seen.filter(pair__active=True, pair__taken__lt=F("pair__wanted"))
    return still_open.values("group").annotate(number=Count("pk")).values_list("number", flat=True)


def count_eligible(group: Group, annotator: User) -> int:
    """How many pairs of the group, made or not, may still be assigned to somebody."""
    seen = sum(seen_and_open(annotator=annotator.pk, group=group.pk))
    return group.size * (group.size - 1) // 2 - group.full_pairs - seen


@compiled
def memes_at(group: Argument, one: Argument, other: Argument) -> QuerySet[GroupMember, int]:
    """The memes at two positions of a group."""
    members = GroupMember.objects.filter(Q(position=one) | Q(position=other), group=group)
    return members.values_list("meme_id", flat=True)


@compiled
def closed_pair(
    annotator: Argument, group: Argument, first: Argument, second: Argument
) -> QuerySet[Pair, int]:
    """The pair of two memes, when it was made and cannot be assigned to somebody."""
    made = Pair.objects.filter(group=group, first=first, second=second)
    return closed_to(annotator, made).values_list("pk", flat=True)


def draw_uniformly(group: Group, annotator: User, chance: random.Random) -> MemePair | None:
    """An eligible pair of the group, each equally likely; None when there is none."""
    for _ in range(REJECTIONS):
        one, other = chance.sample(range(group.size), 2)
        memes = sorted(memes_at(group=group.pk, one=one, other=other))
        if len(memes) < 2:
            continue  # a meme was retired since the group's size was read
        first, second = memes
        if not closed_pair(annotator=annotator.pk, group=group.pk, first=first, second=second):
            return first, second
    # Nearly everything is taken: list what is left. Bounded by the group's own size.
    active = sorted(
        GroupMember.objects.filter(group=group, position__isnull=False).values_list("meme_id", flat=True)
    )
    closed = closed_to(annotator, Pair.objects.filter(group=group))
    blocked = set(closed.values_list("first_id", "second_id"))
    left = [pair for pair in combinations(active, 2) if pair not in blocked]
    return chance.choice(left) if left else None


@compiled
def unfinished_pairs(annotator: Argument, group: Argument) -> QuerySet[Pair, MemePair]:
    """The oldest pairs of a group that have a free slot and were never assigned to somebody."""
    free = Pair.objects.filter(~seen_by(annotator), group=group, active=True, taken__lt=F("wanted"))
    return free.order_by("id").values_list("first_id", "second_id")[:OPEN_PAIRS]


@compiled
def least_compared(group: Argument, joined: Argument) -> QuerySet[GroupMember, int]:
    """The least-compared memes of a group, enough to fill the window without the memes somebody saw just now."""
    members = GroupMember.objects.filter(group=group, position__isnull=False, joined=joined)
    return members.order_by("pairs", "shuffle").values_list("meme_id", flat=True)[
        : WINDOW + 2 * RECENT_ASSIGNMENTS
    ]


@compiled
def closed_pairs_of(annotator: Argument, group: Argument, meme: Argument) -> QuerySet[Pair, MemePair]:
    """The pairs of a meme that were made and cannot be assigned to somebody."""
    closed = closed_to(annotator, Pair.objects.filter(Q(first=meme) | Q(second=meme), group=group))
    return closed.values_list("first_id", "second_id")


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
        unfinished = unfinished_pairs(annotator=annotator.pk, group=group.pk)
        fresh = [pair for pair in unfinished if avoid.isdisjoint(pair)]
        return (
            fresh
            or cls.new_pairs(group, annotator, avoid)
            or unfinished
            or cls.new_pairs(group, annotator, frozenset())
        )

    @classmethod
    def new_pairs(cls, group: Group, annotator: User, avoid: frozenset[int]) -> list[MemePair]:
        """Eligible pairs of the least-compared meme that has any, within the window.

        What hangs apart is joined even when that shows a meme again that somebody saw just now.
        """
        apart, joined = (
            rested(least_compared(group=group.pk, joined=joined), avoid) for joined in (False, True)
        )
        for anchor in apart or joined:
            closed = set(closed_pairs_of(annotator=annotator.pk, group=group.pk, meme=anchor))
            pairs = [canonical(anchor, other) for other in joined or apart if other != anchor]
            if left := [pair for pair in pairs if pair not in closed]:
                return left
        return []


def rested(memes: list[int], avoid: frozenset[int]) -> list[int]:
    """The first of the memes without those to avoid, where that leaves any."""
    return [meme for meme in memes if meme not in avoid][:WINDOW] or memes[:WINDOW]


def canonical(one: int, other: int) -> MemePair:
    """Two meme ids in canonical order."""
    return (one, other) if one < other else (other, one)
