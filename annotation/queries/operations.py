"""Reads: the numbers that whoever runs it watches, each cheap with millions of judgments."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from django.core.cache import cache
from django.db.models import Count, Max, Q
from django.utils import timezone

from annotation.models import Assignment, Judgment, Meme
from corpus.comparisons import Outcome

SETTLED_S: Final = (
    600  # no transaction that stores judgments lasts so long: no smaller number appears after it
)
JUDGING: Final = timedelta(minutes=5)
CACHED: Final = "operations.judgments_by_outcome"


@dataclass(frozen=True, slots=True)
class Gauges:
    """What is so at this moment."""

    leases: int
    overdue: int
    memes_waiting: int
    people_judging: int


def gauges() -> Gauges:
    """Counted over partial indexes and the last five minutes: nothing here grows with the history."""
    now = timezone.now()
    leased = Assignment.objects.filter(status=Assignment.Status.LEASED).aggregate(
        running=Count("pk", filter=Q(lease_until__gte=now)),
        overdue=Count("pk", filter=Q(lease_until__lt=now)),
    )
    return Gauges(
        leases=leased["running"],
        overdue=leased["overdue"],
        memes_waiting=Meme.objects.filter(status=Meme.Status.PENDING).count(),
        people_judging=Judgment.objects.filter(judged_at__gte=now - JUDGING).aggregate(
            people=Count("annotator", distinct=True)
        )["people"],
    )


@dataclass(slots=True)
class Tally:
    """Judgments counted once for all: those up to a number below which none can appear any more."""

    until: int
    counts: dict[str, int]
    newest: int  # the highest number at `seen`; settled a while later
    seen: float


def judgments_by_outcome() -> dict[str, int]:
    """All judgments ever stored, taken back or not, by outcome: it only grows.

    The whole table is counted once; then only what came after the part that is settled. What is settled is kept in the cache,
    which all processes share.
    """
    newest = Judgment.objects.aggregate(newest=Max("pk"))["newest"] or 0
    tally: Tally | None = cache.get(CACHED)
    if tally is None or tally.newest > newest:  # the first time, or it is another database
        tally = Tally(0, dict.fromkeys(Outcome, 0), newest, time.time())
        cache.set(CACHED, tally, timeout=None)
    elif time.time() - tally.seen > SETTLED_S:
        settled = _added(tally.counts, after=tally.until, until=tally.newest)
        tally = Tally(tally.newest, settled, newest, time.time())
        cache.set(CACHED, tally, timeout=None)
    return _added(tally.counts, after=tally.until, until=None)


def _added(counts: dict[str, int], *, after: int, until: int | None) -> dict[str, int]:
    """The counts and those of the judgments with the numbers between."""
    rows = Judgment.objects.filter(pk__gt=after)
    rows = rows if until is None else rows.filter(pk__lte=until)
    found = dict(rows.values_list("outcome").annotate(count=Count("pk")))
    return {outcome: count + found.get(outcome, 0) for outcome, count in counts.items()}
