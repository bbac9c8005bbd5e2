"""Reads: what an admin sees first.

The page must open at once with a million judgments: sums come from the day tallies and from the counters of groups, and the
one number for which every judgment is read is kept for a minute.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from django.core.cache import cache
from django.db.models import Count, F, Q, QuerySet, Sum
from django.db.models.functions import Greatest
from django.utils import timezone

from annotation.models import Assignment, DayTally, Group, Meme, MemeTemplate, User
from annotation.queries import moderation
from annotation.queries.dataset import COUNTED_FOR_S, judgments_in_force

DAYS: Final = 14
PEOPLE: Final = 20
GROUPS: Final = 60


def overview() -> dict[str, Any]:
    """What an admin sees first: what waits for them, how much there is, what happens."""
    today = timezone.localdate()
    return {
        "waiting": moderation.waiting().count(),
        "complaints": len(moderation.complained_of()),
        "templates": MemeTemplate.objects.filter(status=MemeTemplate.Status.ACTIVE).count(),
        "memes": Meme.objects.filter(status=Meme.Status.ACTIVE).count(),
        "people": User.objects.filter(is_active=True).count(),
        **totals(),
        "leases": Assignment.objects.filter(status="leased", lease_until__gt=timezone.now()).count(),
        "groups": groups()[:GROUPS],
        "more_groups": max(0, groups().count() - GROUPS),
        **last_days(),
        "today": DayTally.objects.filter(day=today, judged__gt=0).aggregate(
            judged=Sum("judged", default=0), people=Count("annotator")
        ),
    }


def totals() -> dict[str, int]:
    """How many judgments are in force, and how many of them are surplus; as counted within the last minute."""
    counts: dict[str, int] | None = cache.get("annotation.totals")
    if counts is None:
        surplus = Count("pk", filter=Q(surplus=True))
        counts = judgments_in_force().aggregate(judgments=Count("pk"), surplus=surplus)
        cache.set("annotation.totals", counts, COUNTED_FOR_S)
    return counts


def groups() -> QuerySet[Group]:
    """The groups in which people judge, those with most memes first."""
    shown = Group.objects.filter(active=True, size__gte=2).select_related("template")
    pairs = F("size") * (F("size") - 1) / 2
    return shown.annotate(possible=Greatest(pairs, 1)).order_by("-size", "pk")


def last_days() -> dict[str, Any]:
    """The last fortnight by day, newest first, and who judged most in it. Days are those of each annotator's calendar."""
    lately = DayTally.objects.filter(day__gt=timezone.localdate() - timedelta(days=DAYS), judged__gt=0)
    days = lately.values("day").annotate(judgments=Sum("judged"), people=Count("annotator")).order_by("-day")
    who = ("annotator__pk", "annotator__username", "annotator__kind")
    busiest = lately.values(*who).annotate(judgments=Sum("judged")).order_by("-judgments", "annotator__pk")
    rows = list(days)
    return {
        "days": rows,
        "most": max((row["judgments"] for row in rows), default=0),
        "busiest": [row | {"kind": User.Kind(row["annotator__kind"]).label} for row in busiest[:PEOPLE]],
    }
