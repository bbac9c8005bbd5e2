"""Storing answers of the past, many at a time, with the bookkeeping that live judging would have left.

A batch is one transaction and takes its locks in the order of live judging (pairs, groups, members, answers), so people can judge
meanwhile. A batch that was overtaken by somebody making the same pair starts over; nothing of it was stored.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import islice
from typing import Final
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from annotation.bulk import analyse, insert_rows, reserve_ids
from annotation.models import Assignment, DayTally, Group, GroupMember, Judgment, Pair, Skip
from annotation.pairing import MemePair
from corpus.comparisons import Outcome, Question

BATCH: Final = 5_000  # answers in one transaction: somebody who judges meanwhile waits for one at most

Moments = tuple[bool, datetime, datetime, str]
PairKey = tuple[int, int, int]  # group, first and second meme


@dataclass(frozen=True, slots=True, kw_only=True)
class PastAnswer:
    """One answer of the past: a judgment, or a skip (a flag with a reason) where there is no outcome."""

    token: UUID  # the same answer has the same token each time it is stored
    annotator_id: int
    group_id: int
    memes: MemePair  # both are members of the group
    swapped: bool
    shown_at: datetime
    answered_at: datetime
    policy: str
    policy_version: int
    template_probability: float = 1.0
    pair_probability: float
    outcome: Outcome | None
    reason: str = ""
    response_ms: int | None = None
    question: str = Question.FUNNIER.value
    surplus: bool = False  # was so where it was given
    repeats: bool = False  # the annotator had judged the pair before, whether that answer is here or not
    wanted: int | None = None  # annotators that the pair wants if it has to be made; None: as a new one does

    @property
    def key(self) -> PairKey:
        return (self.group_id, *self.memes)

    @property
    def moments(self) -> Moments:
        """What tells one answer to a pair from all others, whoever stored it under which token."""
        if self.outcome is None:
            return False, self.answered_at, self.answered_at, ""
        return self.swapped, self.shown_at, self.answered_at, self.outcome.value


@dataclass(slots=True, kw_only=True)
class Stored:
    """What became of a history."""

    judgments: int = 0
    skips: int = 0
    surplus: int = 0  # of the judgments: beyond what their pairs want
    known: int = 0  # were there already


@dataclass(slots=True, kw_only=True)
class _Pair:
    """A pair as a batch finds it, and leaves it."""

    pk: int = 0  # 0: still to be made
    wanted: int
    shown: bool = True
    held: set[int] = field(default_factory=set)  # slots
    taken: int = 0  # of them by this batch
    repeats: dict[int, int] = field(default_factory=dict)  # the next one of each annotator
    tokens: set[tuple[int, UUID]] = field(default_factory=set)  # annotator and token of each answer
    moments: set[Moments] = field(default_factory=set)

    @property
    def full(self) -> bool:
        return len(self.held) == self.wanted

    def knows(self, answer: PastAnswer) -> bool:
        """Whether the answer is here already, from an earlier run or by another way."""
        return (answer.annotator_id, answer.token) in self.tokens or answer.moments in self.moments

    def remember(self, answer: PastAnswer) -> None:
        self.tokens.add((answer.annotator_id, answer.token))
        self.moments.add(answer.moments)

    def next_repeat(self, answer: PastAnswer) -> int:
        """0 for somebody's first answer to the pair."""
        repeat = self.repeats.get(answer.annotator_id, int(answer.repeats))
        self.repeats[answer.annotator_id] = repeat + 1
        return repeat

    def take_slot(self) -> int | None:
        """The first free slot, as live judging takes it; None when there is none."""
        if self.full:
            return None
        slot = min(set(range(1, self.wanted + 1)) - self.held)
        self.held.add(slot)
        self.taken += 1
        return slot


Planned = tuple[PastAnswer, _Pair, int, int | None]  # with the repeat and the slot


class _Overtaken(Exception):
    """Somebody made one of the pairs meanwhile."""


def store_history(
    *,
    answers: Iterable[PastAnswer],
    tallies: bool = False,
    progress: Callable[[int], None] = lambda _: None,
) -> Stored:
    """Store answers in their order, those that are not here yet; what was stored before a failure stays.

    Judgments take free slots of their pairs and are surplus where there are none. `tallies`: count them into the annotators'
    days. `progress` is called with the answers done so far.
    """
    stored, groups, done = Stored(), set[int](), 0
    rest = iter(answers)
    while batch := list(islice(rest, BATCH)):
        _store_unless_overtaken(batch, stored, tallies=tallies)
        groups.update(answer.group_id for answer in batch)
        done += len(batch)
        progress(done)
    for group_id in sorted(groups):
        connect_group(group_id=group_id)
    if stored.judgments + stored.skips:
        analyse(Pair, Assignment, Judgment, Skip, GroupMember, Group)
    return stored


def _store_unless_overtaken(batch: Sequence[PastAnswer], stored: Stored, *, tallies: bool) -> None:
    while True:
        try:
            planned = _store(batch, tallies=tallies)
        except _Overtaken:
            continue  # the next time that pair is found and locked like the others
        judged = [slot for answer, _, _, slot in planned if answer.outcome is not None]
        stored.judgments += len(judged)
        stored.surplus += judged.count(None)
        stored.skips += len(planned) - len(judged)
        stored.known += len(batch) - len(planned)
        return


@transaction.atomic
def _store(batch: Sequence[PastAnswer], *, tallies: bool) -> list[Planned]:
    """Store those of a batch that are not here yet, and return them."""
    pairs = _found_pairs(batch)
    planned = list(_plan(batch, pairs))
    touched = {answer.key: pair for answer, pair, _, _ in planned}
    _count_slots(touched.values())
    made = {key: pair for key, pair in touched.items() if not pair.pk}
    _make(made)
    groups = _locked_groups(touched)
    _join(made, groups)
    _count_full(touched)
    _insert_answers(planned, groups)
    if tallies:
        _tally(planned)
    return planned


# --- pairs ----------------------------------------------------------------------------------------------------------------------


def _found_pairs(batch: Sequence[PastAnswer]) -> dict[PairKey, _Pair]:
    """The pairs of a batch that were made already, locked, with what was said of them."""
    keys = {answer.key for answer in batch}
    near = Pair.objects.filter(first__in={first for _, first, _ in keys})
    ids = [pk for pk, *key in near.values_list("pk", "group", "first", "second") if tuple(key) in keys]
    locked = Pair.objects.select_for_update(no_key=True).filter(pk__in=ids).order_by("pk")
    rows = locked.values_list("pk", "group_id", "first_id", "second_id", "wanted", "active")
    found = {
        (group, first, second): _Pair(pk=pk, wanted=wanted, shown=active)
        for pk, group, first, second, wanted, active in rows
    }
    _recall({pair.pk: pair for pair in found.values()})
    return found


def _recall(pairs: dict[int, _Pair]) -> None:
    """Fill in what was assigned and answered."""
    assigned = Assignment.objects.filter(pair__in=pairs)
    for pk, annotator, repeat, slot in assigned.values_list("pair_id", "annotator_id", "repeat", "slot"):
        pair = pairs[pk]
        pair.repeats[annotator] = max(pair.repeats.get(annotator, 0), repeat + 1)
        if slot is not None:
            pair.held.add(slot)
    judged = Judgment.objects.filter(pair__in=pairs)
    fields = ("pair_id", "annotator_id", "token", "swapped", "shown_at", "judged_at", "outcome")
    for pk, annotator, token, *moments in judged.values_list(*fields):
        pairs[pk].tokens.add((annotator, token))
        pairs[pk].moments.add((moments[0], moments[1], moments[2], moments[3]))
    skipped = Skip.objects.filter(pair__in=pairs)
    for pk, annotator, token, at in skipped.values_list("pair_id", "annotator_id", "token", "at"):
        pairs[pk].tokens.add((annotator, token))
        pairs[pk].moments.add((False, at, at, ""))


def _plan(batch: Sequence[PastAnswer], pairs: dict[PairKey, _Pair]) -> Iterator[Planned]:
    """The answers that are not here yet, each with its pair, its repeat and its slot."""
    for answer in batch:
        pair = pairs.get(answer.key)
        if pair is None:
            pair = pairs[answer.key] = _Pair(wanted=answer.wanted or settings.REPLICATION)
        if pair.knows(answer):
            continue
        pair.remember(answer)
        judged = answer.outcome is not None and not answer.surplus
        yield answer, pair, pair.next_repeat(answer), pair.take_slot() if judged else None


def _count_slots(pairs: Iterable[_Pair]) -> None:
    """Count the slots taken of pairs that were there."""
    by_number: dict[int, list[int]] = defaultdict(list)
    for pair in pairs:
        if pair.pk and pair.taken:
            by_number[pair.taken].append(pair.pk)
    for number, ids in by_number.items():
        Pair.objects.filter(pk__in=ids).update(taken=F("taken") + number)


def _make(pairs: dict[PairKey, _Pair]) -> None:
    """Insert the pairs that are missing. Raises `_Overtaken` when somebody else did."""
    for pair, pk in zip(pairs.values(), reserve_ids(Pair, len(pairs)), strict=True):
        pair.pk = pk
    now = timezone.now()
    fields = ("id", "group", "first", "second", "wanted", "taken", "active", "created_at")
    rows = [(pair.pk, *key, pair.wanted, len(pair.held), True, now) for key, pair in pairs.items()]
    try:
        insert_rows(Pair, fields, rows)
    except IntegrityError as error:
        if "a_pair_is_stored_once" in str(error) or "UNIQUE" in str(error):
            raise _Overtaken from error
        raise


# --- groups and members ---------------------------------------------------------------------------------------------------------


def _locked_groups(keys: Iterable[PairKey]) -> dict[int, Group]:
    """The groups of pairs, locked in a fixed order."""
    ids = {group for group, _, _ in keys}
    return {
        group.pk: group
        for group in Group.objects.select_for_update(no_key=True).filter(pk__in=ids).order_by("pk")
    }


def _members_of(keys: Iterable[PairKey]) -> QuerySet[GroupMember]:
    groups, memes = set(), set()
    for group, *both in keys:
        groups.add(group)
        memes.update(both)
    return GroupMember.objects.filter(group__in=groups, meme__in=memes)


def _join(made: dict[PairKey, _Pair], groups: dict[int, Group]) -> None:
    """Count new pairs at their members, in their order, and mark who is joined, as `pairs.make_pair` does one by one."""
    members = {(member.group_id, member.meme_id): member for member in _members_of(made)}
    begun = GroupMember.objects.filter(group__in={group for group, _, _ in made}, joined=True)
    started = set(begun.order_by().values_list("group_id", flat=True).distinct())
    number: Counter[int] = Counter()
    joined = []
    for (group, *both), pair in made.items():
        sides = [members[group, meme] for meme in both]
        number.update(member.pk for member in sides)
        if group not in started or any(member.joined for member in sides):
            started.add(group)
            joined += [member.pk for member in sides if not member.joined]
            for member in sides:
                member.joined = True
        pair.shown = groups[group].active and all(member.position is not None for member in sides)
    Pair.objects.filter(pk__in=[pair.pk for pair in made.values() if not pair.shown]).update(active=False)
    by_number: dict[int, list[int]] = defaultdict(list)
    for pk, more in number.items():
        by_number[more].append(pk)
    for more, ids in by_number.items():
        GroupMember.objects.filter(pk__in=ids).update(pairs=F("pairs") + more)
    GroupMember.objects.filter(pk__in=joined).update(joined=True)


def _count_full(pairs: dict[PairKey, _Pair]) -> None:
    """Count the pairs that this batch filled up at their groups."""
    filled = Counter(
        group for (group, _, _), pair in pairs.items() if pair.shown and pair.taken and pair.full
    )
    for group, number in filled.items():
        Group.objects.filter(pk=group).update(full_pairs=F("full_pairs") + number)


@transaction.atomic
def connect_group(*, group_id: int) -> None:
    """Mark every member that hangs together with the group's first pair.

    Live judging marks members as their pairs are made, and leaves out what was connected later through others; a history of
    pairs in any order would leave out nearly all, and the policy would then connect them a second time.
    """
    Group.objects.select_for_update(no_key=True).get(pk=group_id)
    pairs = list(Pair.objects.filter(group=group_id).order_by("pk").values_list("first_id", "second_id"))
    beside: dict[int, list[int]] = defaultdict(list)
    for first, second in pairs:
        beside[first].append(second)
        beside[second].append(first)
    reached = set(pairs[0]) if pairs else set()
    edge = list(reached)
    while edge:
        new = set(beside[edge.pop()]) - reached
        reached |= new
        edge += new
    apart = GroupMember.objects.filter(group=group_id, joined=False)
    late = [pk for pk, meme in apart.values_list("pk", "meme_id") if meme in reached]
    GroupMember.objects.filter(pk__in=late).update(joined=True)


# --- answers --------------------------------------------------------------------------------------------------------------------

ASSIGNED = (
    "id", "pair", "group", "annotator", "repeat", "swapped", "slot", "wanted", "status", "question", "leased_at", "lease_until",
    "policy", "policy_version", "template_probability", "pair_probability",
)  # fmt: skip
JUDGED = (
    "id", "assignment", "annotator", "pair", "token", "outcome", "swapped", "question", "request_shown", "response_ms",
    "shown_at", "judged_at", "surplus", "slot",
)  # fmt: skip
SKIPPED = ("id", "assignment", "annotator", "pair", "token", "kind", "reason", "at")


def _insert_answers(planned: Sequence[Planned], groups: dict[int, Group]) -> None:
    """Insert assignments and their judgments or skips."""
    lease = timedelta(seconds=settings.LEASE_S)
    assignments = reserve_ids(Assignment, len(planned))
    insert_rows(
        Assignment,
        ASSIGNED,
        (
            (
                pk, pair.pk, a.group_id, a.annotator_id, repeat, a.swapped, slot, pair.wanted,
                "skipped" if a.outcome is None else "judged", a.question, a.shown_at, a.shown_at + lease,
                a.policy, a.policy_version, a.template_probability, a.pair_probability,
            )
            for pk, (a, pair, repeat, slot) in zip(assignments, planned, strict=True)
        ),
    )  # fmt: skip
    answered = list(zip(assignments, planned, strict=True))
    judged = [(pk, plan) for pk, plan in answered if plan[0].outcome is not None]
    insert_rows(
        Judgment,
        JUDGED,
        (
            (
                own, pk, a.annotator_id, pair.pk, a.token, a.outcome, a.swapped, a.question, bool(groups[a.group_id].request_key),
                a.response_ms, a.shown_at, a.answered_at, slot is None, slot,
            )
            for own, (pk, (a, pair, _, slot)) in zip(reserve_ids(Judgment, len(judged)), judged, strict=True)
        ),
    )  # fmt: skip
    skipped = [(pk, plan) for pk, plan in answered if plan[0].outcome is None]
    insert_rows(
        Skip,
        SKIPPED,
        (
            (own, pk, a.annotator_id, pair.pk, a.token, "flag" if a.reason else "skip", a.reason, a.answered_at)
            for own, (pk, (a, pair, _, _)) in zip(reserve_ids(Skip, len(skipped)), skipped, strict=True)
        ),
    )  # fmt: skip


def _tally(planned: Sequence[Planned]) -> None:
    """Count judgments into the days of those who gave them; a day that begins carries the streak of the day before on."""
    days: Counter[tuple[date, int]] = Counter(
        (timezone.localdate(answer.answered_at), answer.annotator_id)
        for answer, _, _, _ in planned
        if answer.outcome is not None
    )
    for (day, annotator), number in sorted(days.items()):
        before = DayTally.objects.filter(annotator=annotator, day=day - timedelta(days=1), judged__gt=0)
        streak = 1 + sum(before.values_list("streak", flat=True))
        DayTally.objects.get_or_create(annotator_id=annotator, day=day, defaults={"streak": streak})
        DayTally.objects.filter(annotator=annotator, day=day).update(judged=F("judged") + number)
