"""How fast one person may answer: so many answers in any minute, whatever page or program they come by."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import cache
from math import ceil
from typing import Final

from django.conf import settings
from django.db.models import QuerySet, Subquery
from django.utils import timezone

from annotation.compiled import Argument, compiled
from annotation.models import Judgment, Skip, User

WINDOW: Final = timedelta(seconds=60)


def seconds_to_wait(annotator: User) -> int:
    """How long a person must wait before a further answer is taken; 0: not at all. Programs have limits of their own.

    Answers taken back count as well. Whoever reaches the limit gave half of it by judgments, or half of it by skips: only
    then are the answers looked at one by one.
    """
    limit: int = settings.ANSWERS_PER_MINUTE
    if not limit or annotator.kind != User.Kind.PERSON:
        return 0
    now = timezone.now()
    halves = nth_newest((limit + 1) // 2)(annotator=annotator.pk)
    if not any(at is not None and at > now - WINDOW for times in halves for at in times):
        return 0
    judged = annotator.judgments.order_by("-id").values_list("judged_at", flat=True)[:limit]
    skipped = annotator.skips.order_by("-id").values_list("at", flat=True)[:limit]
    times = sorted([*judged, *skipped], reverse=True)
    if len(times) < limit or times[limit - 1] <= now - WINDOW:
        return 0
    return ceil((times[limit - 1] + WINDOW - now).total_seconds())


@cache
def nth_newest(number: int) -> compiled[tuple[datetime | None, datetime | None]]:
    """When somebody's `number`-th newest judgment was given, and their `number`-th newest skip; None when there are fewer.

    An offset cannot be an argument: each number has a statement of its own.
    """

    def times(annotator: Argument) -> QuerySet[User, tuple[datetime | None, datetime | None]]:
        judged = Judgment.objects.filter(annotator=annotator).order_by("-id").values("judged_at")
        skipped = Skip.objects.filter(annotator=annotator).order_by("-id").values("at")
        ordinal = slice(number - 1, number)
        one = User.objects.filter(pk=annotator).order_by()
        return one.values_list(Subquery(judged[ordinal]), Subquery(skipped[ordinal]))

    return compiled(times)
