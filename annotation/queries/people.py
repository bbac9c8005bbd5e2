"""Reads: what somebody gave."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db.models import Count
from django.utils import timezone

from annotation.models import DayTally, Skip, User
from annotation.queries.dataset import judgments_in_force


def own_statistics(annotator: User) -> dict[str, Any]:
    """What somebody gave so far, by kind of answer, and their last fortnight day by day."""
    given = judgments_in_force().filter(annotator=annotator)
    outcomes = dict(given.values_list("outcome").annotate(Count("pk")).order_by())
    passed = Skip.objects.filter(annotator=annotator, superseded_at=None)
    days = DayTally.objects.filter(
        annotator=annotator, day__gt=timezone.localdate() - timedelta(days=14)
    ).order_by("day")
    return {
        "judgments": sum(outcomes.values()),
        "outcomes": outcomes,
        "skips": passed.filter(kind=Skip.Kind.SKIP).count(),
        "flags": passed.filter(kind=Skip.Kind.FLAG).count(),
        "days": list(days),
    }
