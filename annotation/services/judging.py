"""Leasing pairs to annotators and recording what they say.

Locks are always taken in the same order (assignment, pair, members by meme id, group), and one transaction leases one pair, so
that writers wait for each other but never for a circle.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Exists, F, OuterRef, Q
from django.db.models.functions import Greatest
from django.utils import timezone

from annotation import pairing
from annotation.errors import ConsentMissing, NotAssigned, NothingToUndo
from annotation.models import Assignment, DayTally, EmptyGroup, Group, GroupMember, Judgment, Pair, Skip, User
from corpus.comparisons import Outcome

MAX_AHEAD: Final = 4  # assignments that one annotator may hold at a time beside the one in front of them
EMPTY_FOR: Final = timedelta(minutes=5)  # how long a group found empty is left out of somebody's draws
MAX_RESPONSE_MS: Final = 24 * 60 * 60 * 1000
RACES: Final = 12  # draws lost to others before giving up; each loss means that somebody else was served
OPEN_STATES: Final = (Assignment.Status.LEASED, Assignment.Status.EXPIRED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """A stored answer, and what to show next; `repeated` when it was stored before and nothing changed."""

    answer: Judgment | Skip
    next_assignment: Assignment | None
    repeated: bool


# --- leasing --------------------------------------------------------------------------------------------------------------------


def next_assignments(*, annotator: User, count: int = 1, have: Collection[int] = ()) -> list[Assignment]:
    """Up to `count` assignments beyond those the page says it has: unfinished ones first, in their order, then new leases."""
    mine = _resume(annotator=annotator, count=count, have=have)
    while len(mine) < min(count, MAX_AHEAD + 1 - len(have)):
        leased = lease_pair(annotator=annotator)
        if leased is None:
            break
        mine.append(leased)
    return mine


def lease_pair(*, annotator: User) -> Assignment | None:
    """Draw a pair for somebody and lease it to them; None when there is nothing left for them to judge."""
    races = 0
    swept = False
    while races < RACES:
        drawn = pairing.draw_pair(annotator=annotator)
        match drawn:
            case None:
                if swept or not expire_leases():
                    return None
                swept = True  # what others let go may be judged by this one
                EmptyGroup.objects.filter(annotator=annotator).update(until=timezone.now())
            case int():
                EmptyGroup.objects.update_or_create(
                    annotator=annotator, group_id=drawn, defaults={"until": timezone.now() + EMPTY_FOR}
                )
            case _:
                try:
                    if assignment := _claim(annotator=annotator, drawn=drawn):
                        return assignment
                except IntegrityError:
                    pass  # the same person drew the same pair at the same moment in another window; the constraint refused one
                races += 1
    return None


@transaction.atomic
def _claim(*, annotator: User, drawn: pairing.Draw) -> Assignment | None:
    """Make the pair if need be, take one of its slots and lease it; None when others took the last slot meanwhile."""
    first, second = drawn.memes
    pair, made = Pair.objects.get_or_create(
        group_id=drawn.group_id, first_id=first, second_id=second, defaults={"wanted": settings.REPLICATION}
    )
    if made:
        _join(group_id=drawn.group_id, memes=drawn.memes)
    slot = _take_slot(pair)
    if slot is None:
        return None
    return Assignment.objects.create(
        pair=pair,
        group_id=drawn.group_id,
        annotator=annotator,
        swapped=drawn.swapped,
        slot=slot,
        wanted=pair.wanted,
        leased_at=timezone.now(),
        lease_until=_lease_end(),
        policy=drawn.policy,
        policy_version=drawn.policy_version,
        template_probability=drawn.template_probability,
        pair_probability=drawn.pair_probability,
    )


def _lease_end() -> datetime:
    return timezone.now() + timedelta(seconds=settings.LEASE_S)


def _join(*, group_id: int, memes: pairing.MemePair) -> None:
    """Count a new pair at both its members, and mark them joined when one of them hangs together with the first pair."""
    members = GroupMember.objects.filter(group_id=group_id, meme__in=memes)
    joined = any(member.joined for member in members.select_for_update().order_by("meme"))
    if not joined:
        # Only the group's very first pair may start the connected part: ask again behind the group's lock.
        Group.objects.select_for_update().get(pk=group_id)
        joined = not GroupMember.objects.filter(group_id=group_id, joined=True).exists()
    members.update(pairs=F("pairs") + 1, **({"joined": True} if joined else {}))


def _take_slot(pair: Pair) -> int | None:
    """Take a free slot of the pair, or none when it has none. The row lock makes takers queue; the constraints stand behind it."""
    free = Pair.objects.filter(pk=pair.pk, active=True, taken__lt=F("wanted"))
    if not free.update(taken=F("taken") + 1):
        return None
    held = set(Assignment.objects.filter(pair=pair, slot__isnull=False).values_list("slot", flat=True))
    if len(held) + 1 == pair.wanted:
        Group.objects.filter(pk=pair.group_id).update(full_pairs=F("full_pairs") + 1)
    return min(set(range(1, pair.wanted + 1)) - held)


def _give_slot_back(pair_id: int) -> None:
    """Free a slot of the pair for somebody else."""
    pair = Pair.objects.select_for_update().get(pk=pair_id)
    if pair.active and pair.taken == pair.wanted:
        Group.objects.filter(pk=pair.group_id).update(full_pairs=Greatest(F("full_pairs") - 1, 0))
    Pair.objects.filter(pk=pair_id).update(taken=F("taken") - 1)


def _resume(*, annotator: User, count: int, have: Collection[int]) -> list[Assignment]:
    """Somebody's unfinished assignments, renewed: after a reload the same pair stands there with the same sides."""
    unfinished = (
        Assignment.objects.filter(annotator=annotator, status__in=OPEN_STATES, pair__active=True)
        .filter(Q(status=Assignment.Status.LEASED) | Q(pair__taken__lt=F("pair__wanted")))
        .exclude(pk__in=have)
        .order_by("id")[:count]
    )
    renewed = [_renew(assignment_id=assignment.pk) for assignment in unfinished]
    return [assignment for assignment in renewed if assignment is not None]


@transaction.atomic
def _renew(*, assignment_id: int) -> Assignment | None:
    """Extend a lease, taking a slot again when it had expired; None when no slot is left or it was finished meanwhile."""
    assignment = Assignment.objects.select_for_update(of=("self",)).select_related("pair").get(pk=assignment_id)
    if assignment.status not in OPEN_STATES:
        return None
    if assignment.slot is None and assignment.status == Assignment.Status.EXPIRED:
        assignment.slot = _take_slot(assignment.pair)
        if assignment.slot is None:
            return None
    assignment.status, assignment.lease_until = Assignment.Status.LEASED, _lease_end()
    assignment.save(update_fields=["status", "slot", "lease_until"])
    return assignment


def renew_leases(*, annotator: User, assignment_ids: Sequence[int]) -> int:
    """Extend somebody's leases while their page is open; how many are theirs and still running."""
    ids = list(assignment_ids)[: MAX_AHEAD + 1]
    leases = Assignment.objects.filter(annotator=annotator, pk__in=ids, status=Assignment.Status.LEASED)
    return leases.update(lease_until=_lease_end())


def expire_leases(*, limit: int = 500) -> int:
    """Put expired leases back into the pool, each in a transaction of its own; how many."""
    now = timezone.now()
    late = Assignment.objects.filter(status=Assignment.Status.LEASED, lease_until__lt=now).order_by("lease_until")
    return sum(_expire(assignment_id=pk, now=now) for pk in late.values_list("pk", flat=True)[:limit])


@transaction.atomic
def _expire(*, assignment_id: int, now: datetime) -> bool:
    late = Assignment.objects.filter(pk=assignment_id, status=Assignment.Status.LEASED, lease_until__lt=now)
    assignment = late.select_for_update().first()
    if assignment is None:
        return False
    late.update(status=Assignment.Status.EXPIRED, slot=None)
    if assignment.slot is not None:
        _give_slot_back(assignment.pair_id)
    return True


# --- answering ------------------------------------------------------------------------------------------------------------------


def record_judgment(
    *,
    annotator: User,
    assignment_id: int,
    token: UUID,
    outcome: Outcome,
    response_ms: int | None = None,
    have: Collection[int] = (),
) -> Answered:
    """Store what somebody said of a pair, exactly once per token and assignment, and serve what comes next.

    Always stored, however late: as surplus when the pair's slots went to others meanwhile. Raises `NotAssigned`, `ConsentMissing`.
    """
    answer, repeated = _store_judgment(
        annotator=annotator, assignment_id=assignment_id, token=token, outcome=outcome, response_ms=response_ms
    )
    return _serve_next(annotator=annotator, answer=answer, repeated=repeated, have=have)


def record_skip(
    *, annotator: User, assignment_id: int, token: UUID, reason: Skip.Reason | None = None, have: Collection[int] = ()
) -> Answered:
    """Pass a pair over, with a complaint (a flag) when a reason is given, and serve what comes next."""
    answer, repeated = _store_skip(annotator=annotator, assignment_id=assignment_id, token=token, reason=reason)
    return _serve_next(annotator=annotator, answer=answer, repeated=repeated, have=have)


def _serve_next(*, annotator: User, answer: Judgment | Skip, repeated: bool, have: Collection[int]) -> Answered:
    """The assignment that goes with an answer: the one served the first time, else a further one."""
    following = answer.next_assignment
    if following is None:
        known = {*have, answer.assignment_id}
        following = next(iter(next_assignments(annotator=annotator, have=known)), None)
        if following is not None:
            type(answer).objects.filter(pk=answer.pk).update(next_assignment=following)
    return Answered(answer=answer, next_assignment=following, repeated=repeated)


@transaction.atomic
def _store_judgment(
    *, annotator: User, assignment_id: int, token: UUID, outcome: Outcome, response_ms: int | None
) -> tuple[Judgment | Skip, bool]:
    assignment, earlier = _open_assignment(annotator=annotator, assignment_id=assignment_id, token=token)
    if earlier is not None:
        return earlier, True
    if assignment.slot is None:
        assignment.slot = _take_slot(assignment.pair)
    assignment.status = Assignment.Status.JUDGED
    assignment.save(update_fields=["status", "slot"])
    judgment = Judgment.objects.create(
        assignment=assignment,
        annotator=annotator,
        pair=assignment.pair,
        token=token,
        outcome=outcome,
        swapped=assignment.swapped,
        question=assignment.question,
        request_shown=bool(assignment.group.request_key),
        response_ms=None if response_ms is None else min(max(response_ms, 0), MAX_RESPONSE_MS),
        shown_at=assignment.leased_at,
        judged_at=max(timezone.now(), assignment.leased_at),
        surplus=assignment.slot is None,
        slot=assignment.slot,
    )
    _count_today(annotator=annotator, by=1)
    return judgment, False


@transaction.atomic
def _store_skip(
    *, annotator: User, assignment_id: int, token: UUID, reason: Skip.Reason | None
) -> tuple[Judgment | Skip, bool]:
    assignment, earlier = _open_assignment(annotator=annotator, assignment_id=assignment_id, token=token)
    if earlier is not None:
        return earlier, True
    held = assignment.slot is not None
    assignment.status, assignment.slot = Assignment.Status.SKIPPED, None
    assignment.save(update_fields=["status", "slot"])
    if held:
        _give_slot_back(assignment.pair_id)
    skip = Skip.objects.create(
        assignment=assignment,
        annotator=annotator,
        pair=assignment.pair,
        token=token,
        kind=Skip.Kind.FLAG if reason else Skip.Kind.SKIP,
        reason=reason or "",
        at=timezone.now(),
    )
    return skip, False


def _open_assignment(
    *, annotator: User, assignment_id: int, token: UUID
) -> tuple[Assignment, Judgment | Skip | None]:
    """Somebody's assignment, locked, and the answer it or the token already has. Raises `NotAssigned`, `ConsentMissing`."""
    if not annotator.has_consented:
        raise ConsentMissing
    used = [Exists(kind.objects.filter(annotator=OuterRef("annotator"), token=token)) for kind in (Judgment, Skip)]
    assignment = (
        Assignment.objects.filter(pk=assignment_id, annotator=annotator)
        .select_for_update(of=("self",))
        .select_related("pair", "group")
        .annotate(token_used=used[0] | used[1])
        .first()
    )
    if assignment is None:
        raise NotAssigned(assignment_id)
    if assignment.token_used:
        return assignment, _answer(Q(annotator=annotator, token=token))
    if assignment.status not in OPEN_STATES:
        return assignment, _answer(Q(assignment=assignment, superseded_at=None))
    return assignment, None


def _answer(which: Q) -> Judgment | Skip:
    """The judgment or skip that matches; there is exactly one."""
    rows = Judgment.objects.filter(which).select_related("next_assignment")
    return rows.first() or Skip.objects.filter(which).select_related("next_assignment").get()


def undo_last(*, annotator: User) -> Assignment:
    """Take back somebody's newest answer within the undo window and lease them its pair again. Raises `NothingToUndo`."""
    since = timezone.now() - timedelta(seconds=settings.UNDO_S)
    judgment = Judgment.objects.filter(annotator=annotator, superseded_at=None).order_by("-id").first()
    skip = Skip.objects.filter(annotator=annotator, superseded_at=None).order_by("-id").first()
    ages = [(judgment.judged_at, judgment)] if judgment else []
    ages += [(skip.at, skip)] if skip else []
    newest = max(ages, key=lambda row: row[0], default=None)
    if newest is None or newest[0] < since:
        raise NothingToUndo(settings.UNDO_S)
    return _supersede(annotator=annotator, answer=newest[1])


@transaction.atomic
def _supersede(*, annotator: User, answer: Judgment | Skip) -> Assignment:
    """Mark an answer as taken back; its assignment is a lease again, with its slot when one can be had."""
    assignment = Assignment.objects.select_for_update(of=("self",)).select_related("pair").get(pk=answer.assignment_id)
    in_force = type(answer).objects.filter(pk=answer.pk, superseded_at=None)
    if not in_force.update(superseded_at=timezone.now()):
        raise NothingToUndo(settings.UNDO_S)  # another window was quicker
    if assignment.slot is None:
        assignment.slot = _take_slot(assignment.pair)
    assignment.status, assignment.lease_until = Assignment.Status.LEASED, _lease_end()
    assignment.save(update_fields=["status", "slot", "lease_until"])
    if isinstance(answer, Judgment):
        _count_today(annotator=annotator, by=-1)
    return assignment


def _count_today(*, annotator: User, by: int) -> None:
    """Add to somebody's tally of today; the first answer of a day carries yesterday's streak on."""
    today = timezone.localdate()
    tally = DayTally.objects.filter(annotator=annotator, day=today)
    if tally.update(judged=Greatest(F("judged") + by, 0)) or by < 0:
        return
    yesterday = DayTally.objects.filter(annotator=annotator, day=today - timedelta(days=1), judged__gt=0).first()
    DayTally.objects.get_or_create(
        annotator=annotator, day=today, defaults={"streak": yesterday.streak + 1 if yesterday else 1}
    )
    tally.update(judged=F("judged") + by)
