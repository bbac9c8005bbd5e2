"""Leasing pairs to annotators and recording what they say.

Locks are always taken in the same order (assignment, pair, group, members), and one transaction leases one pair, so that
writers wait for each other but never for a circle.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Final
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from annotation import pace, pairing, statements
from annotation.errors import (
    AnnotatorPaused,
    ConsentMissing,
    NotAssigned,
    NothingToUndo,
    TooManyAnswers,
)
from annotation.models import Assignment, DayTally, EmptyGroup, Judgment, Skip, User
from annotation.services import pairs
from corpus.comparisons import Outcome

MAX_AHEAD: Final = 4  # assignments that one annotator may hold at a time beside the one in front of them
EMPTY_FOR: Final = timedelta(minutes=5)  # how long a group found empty is left out of somebody's draws
MAX_RESPONSE_MS: Final = 24 * 60 * 60 * 1000
RACES: Final = 12  # draws lost to others before giving up; each loss means that somebody else was served


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """A stored answer, and what to show next; `repeated` when it was stored before and nothing changed."""

    answer: Judgment | Skip
    next_assignment: Assignment | None
    repeated: bool


# --- leasing --------------------------------------------------------------------------------------------------------------------


def next_assignments(*, annotator: User, count: int = 1, have: Collection[int] = ()) -> list[Assignment]:
    """Up to `count` assignments beyond those the page says it has: unfinished ones first, in their order, then new leases.

    Raises `AnnotatorPaused`.
    """
    _refuse_while_paused(annotator=annotator)
    mine = _resume(annotator=annotator, count=count, have=have)
    while len(mine) < min(count, MAX_AHEAD + 1 - len(have)):
        leased = lease_pair(annotator=annotator)
        if leased is None:
            break
        mine.append(leased)
    return mine


def lease_pair(*, annotator: User, answer: Judgment | Skip | None = None) -> Assignment | None:
    """Draw a pair for somebody and lease it to them, as what was served with an answer if one is given.

    None when there is nothing left for them to judge. Raises `AnnotatorPaused`.
    """
    _refuse_while_paused(annotator=annotator)
    races = 0
    swept = False
    while races < RACES:
        drawn = pairing.draw_pair(annotator=annotator)
        match drawn:
            case None:
                if swept or not expire_leases():
                    return None
                swept = True  # what others let go may be judged by this one
            case int():
                EmptyGroup.objects.update_or_create(
                    annotator=annotator, group_id=drawn, defaults={"until": timezone.now() + EMPTY_FOR}
                )
            case _:
                try:
                    if assignment := _claim(annotator=annotator, drawn=drawn, answer=answer):
                        return assignment
                except IntegrityError:
                    if not _has_pair(annotator=annotator, drawn=drawn):
                        raise
                    # else the same person drew the same pair at the same moment in another window; a constraint refused one
                races += 1
    return None


def _refuse_while_paused(*, annotator: User) -> None:
    """Raise `AnnotatorPaused` when an admin has paused somebody."""
    if annotator.paused_at is not None:
        raise AnnotatorPaused(annotator.paused_because)


def _has_pair(*, annotator: User, drawn: pairing.Draw) -> bool:
    """Whether somebody was assigned the drawn pair already."""
    first, second = drawn.memes
    mine = Assignment.objects.filter(annotator=annotator, group=drawn.group_id)
    return mine.filter(pair__first=first, pair__second=second).exists()


@transaction.atomic
def _claim(*, annotator: User, drawn: pairing.Draw, answer: Judgment | Skip | None) -> Assignment | None:
    """Make the pair if need be, take one of its slots and lease it; None when others took the last slot meanwhile."""
    first, second = drawn.memes
    pair = next(iter(statements.pair_of(group=drawn.group_id, first=first, second=second)), None)
    pair = pair or pairs.make_pair(group_id=drawn.group_id, memes=drawn.memes)
    slot = pairs.take_slot(pair=pair)
    if slot is None:
        return None
    assignment = Assignment.objects.create(
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
    _remember_served(answer=answer, assignment=assignment)
    return assignment


def _remember_served(*, answer: Judgment | Skip | None, assignment: Assignment) -> None:
    """Store what was served with an answer, so that the answer repeated is served the same."""
    match answer:
        case Judgment():
            statements.judgment_served(answer=answer.pk, assignment=assignment.pk)
        case Skip():
            statements.skip_served(answer=answer.pk, assignment=assignment.pk)


def _lease_end() -> datetime:
    return timezone.now() + timedelta(seconds=settings.LEASE_S)


def _resume(*, annotator: User, count: int, have: Collection[int]) -> list[Assignment]:
    """Somebody's unfinished assignments, renewed: after a reload the same pair stands there with the same sides."""
    known = set(have)
    unfinished = (pk for pk in statements.unfinished_assignments(annotator=annotator.pk) if pk not in known)
    renewed = [_renew(assignment_id=pk) for pk in islice(unfinished, count)]
    return [assignment for assignment in renewed if assignment is not None]


@transaction.atomic
def _renew(*, assignment_id: int) -> Assignment | None:
    """Extend a lease, taking a slot again when it had expired; None when no slot is left or it was finished or retired meanwhile."""
    assignment = (
        Assignment.objects.select_for_update(of=("self",)).select_related("pair").get(pk=assignment_id)
    )
    if assignment.status not in statements.OPEN_STATES or not assignment.pair.active:
        return None
    if assignment.slot is None and assignment.status == Assignment.Status.EXPIRED:
        assignment.slot = pairs.take_slot(pair=assignment.pair)
        if assignment.slot is None:
            return None
    assignment.status, assignment.lease_until = Assignment.Status.LEASED, _lease_end()
    assignment.save(update_fields=["status", "slot", "lease_until"])
    return assignment


def renew_leases(*, annotator: User, assignment_ids: Sequence[int]) -> int:
    """Extend somebody's leases while their page is open; how many are theirs and still running. None while they are paused."""
    if annotator.paused_at is not None:
        return 0
    ids = list(assignment_ids)[: MAX_AHEAD + 1]
    leases = Assignment.objects.filter(annotator=annotator, pk__in=ids, status=Assignment.Status.LEASED)
    return leases.update(lease_until=_lease_end())


def expire_leases(*, limit: int = 500) -> int:
    """Put expired leases back into the pool, each in a transaction of its own; how many."""
    now = timezone.now()
    late = Assignment.objects.filter(status=Assignment.Status.LEASED, lease_until__lt=now).order_by(
        "lease_until"
    )
    return sum(_expire(assignment_id=pk, now=now) for pk in late.values_list("pk", flat=True)[:limit])


@transaction.atomic
def _expire(*, assignment_id: int, now: datetime) -> bool:
    late = Assignment.objects.filter(pk=assignment_id, status=Assignment.Status.LEASED, lease_until__lt=now)
    assignment = late.select_for_update().first()
    if assignment is None:
        return False
    late.update(status=Assignment.Status.EXPIRED, slot=None)
    if assignment.slot is not None:
        pairs.give_slot_back(pair_id=assignment.pair_id)
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

    Always stored, however late: as surplus when the pair's slots went to others meanwhile. Raises `NotAssigned`, `ConsentMissing`,
    `TooManyAnswers`.
    """
    answer, repeated = _store_judgment(
        annotator=annotator,
        assignment_id=assignment_id,
        token=token,
        outcome=outcome,
        response_ms=response_ms,
    )
    return _serve_next(annotator=annotator, answer=answer, repeated=repeated, have=have)


def record_skip(
    *,
    annotator: User,
    assignment_id: int,
    token: UUID,
    reason: Skip.Reason | None = None,
    have: Collection[int] = (),
) -> Answered:
    """Pass a pair over, with a complaint (a flag) when a reason is given, and serve what comes next."""
    answer, repeated = _store_skip(
        annotator=annotator, assignment_id=assignment_id, token=token, reason=reason
    )
    return _serve_next(annotator=annotator, answer=answer, repeated=repeated, have=have)


def _serve_next(
    *, annotator: User, answer: Judgment | Skip, repeated: bool, have: Collection[int]
) -> Answered:
    """The assignment that goes with an answer: the one served the first time, else a further one; none while paused."""
    if annotator.paused_at is not None:
        return Answered(answer=answer, next_assignment=None, repeated=repeated)
    following = answer.next_assignment
    if following is None or not following.pair.active:
        known = {*have, answer.assignment_id}
        if unfinished := _resume(annotator=annotator, count=1, have=known):
            following = unfinished[0]
            _remember_served(answer=answer, assignment=following)
        elif len(known) <= MAX_AHEAD:
            following = lease_pair(annotator=annotator, answer=answer)
    return Answered(answer=answer, next_assignment=following, repeated=repeated)


@transaction.atomic
def _store_judgment(
    *, annotator: User, assignment_id: int, token: UUID, outcome: Outcome, response_ms: int | None
) -> tuple[Judgment | Skip, bool]:
    assignment, earlier = _open_assignment(annotator=annotator, assignment_id=assignment_id, token=token)
    if earlier is not None:
        return earlier, True
    if assignment.slot is None:
        assignment.slot = pairs.take_slot(pair=assignment.pair)
    statements.finish(assignment=assignment.pk, status=Assignment.Status.JUDGED, slot=assignment.slot)
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
    _count_today(annotator=annotator)
    return judgment, False


@transaction.atomic
def _store_skip(
    *, annotator: User, assignment_id: int, token: UUID, reason: Skip.Reason | None
) -> tuple[Judgment | Skip, bool]:
    assignment, earlier = _open_assignment(annotator=annotator, assignment_id=assignment_id, token=token)
    if earlier is not None:
        return earlier, True
    held = assignment.slot is not None
    statements.finish(assignment=assignment.pk, status=Assignment.Status.SKIPPED, slot=None)
    if held:
        pairs.give_slot_back(pair_id=assignment.pair_id)
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
    """Somebody's assignment, locked, and the answer it or the token already has.

    Raises `NotAssigned`, `ConsentMissing`, `TooManyAnswers`; the last never for an answer that is stored already.
    """
    if not annotator.has_consented:
        raise ConsentMissing
    rows = statements.assignment_to_answer(assignment=assignment_id, annotator=annotator.pk, token=token)
    assignment = next(iter(rows), None)
    if assignment is None:
        raise NotAssigned(assignment_id)
    if assignment.token_used:  # type: ignore[attr-defined]  # annotated
        return assignment, _answer(Q(annotator=annotator, token=token))
    if assignment.status not in statements.OPEN_STATES:
        return assignment, _answer(Q(assignment=assignment, superseded_at=None))
    if wait := pace.seconds_to_wait(annotator):
        raise TooManyAnswers(retry_after_s=wait)
    return assignment, None


def _answer(which: Q) -> Judgment | Skip:
    """The judgment or skip that matches; there is exactly one."""
    rows = Judgment.objects.filter(which).select_related("next_assignment__pair")
    return rows.first() or Skip.objects.filter(which).select_related("next_assignment__pair").get()


def undo_last(*, annotator: User) -> Assignment:
    """Take back somebody's newest answer within the undo window and lease them its pair again. Raises `NothingToUndo`."""
    since = timezone.now() - timedelta(seconds=settings.UNDO_S)
    judgment = Judgment.objects.filter(annotator=annotator, superseded_at=None).order_by("-id").first()
    skip = Skip.objects.filter(annotator=annotator, superseded_at=None).order_by("-id").first()
    ages: list[tuple[datetime, Judgment | Skip]] = [(judgment.judged_at, judgment)] if judgment else []
    ages += [(skip.at, skip)] if skip else []
    newest = max(ages, key=lambda row: row[0], default=None)
    if newest is None or newest[0] < since:
        raise NothingToUndo(settings.UNDO_S)
    return _supersede(annotator=annotator, answer=newest[1])


@transaction.atomic
def _supersede(*, annotator: User, answer: Judgment | Skip) -> Assignment:
    """Mark an answer as taken back; its assignment is a lease again, with its slot when one can be had."""
    assignment = (
        Assignment.objects.select_for_update(of=("self",)).select_related("pair").get(pk=answer.assignment_id)
    )
    if not assignment.pair.active:
        raise NothingToUndo(settings.UNDO_S)  # a meme was retired meanwhile: nobody is to see the pair again
    if assignment.slot is None:
        assignment.slot = pairs.take_slot(pair=assignment.pair)
    in_force = type(answer).objects.filter(pk=answer.pk, superseded_at=None)
    if not in_force.update(superseded_at=timezone.now()):
        raise NothingToUndo(settings.UNDO_S)  # another window was quicker
    assignment.status, assignment.lease_until = Assignment.Status.LEASED, _lease_end()
    assignment.save(update_fields=["status", "slot", "lease_until"])
    if isinstance(answer, Judgment):
        day = timezone.localdate(answer.judged_at)
        statements.add_to_tally(annotator=annotator.pk, day=day, by=-1)
    return assignment


def _count_today(*, annotator: User) -> None:
    """Count an answer into somebody's tally of today; the first of a day carries yesterday's streak on."""
    today = timezone.localdate()
    if statements.add_to_tally(annotator=annotator.pk, day=today, by=1):
        return
    yesterday = DayTally.objects.filter(
        annotator=annotator, day=today - timedelta(days=1), judged__gt=0
    ).first()
    DayTally.objects.get_or_create(
        annotator=annotator, day=today, defaults={"streak": yesterday.streak + 1 if yesterday else 1}
    )
    statements.add_to_tally(annotator=annotator.pk, day=today, by=1)
