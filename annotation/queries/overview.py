"""Reads: what an admin sees first."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db.models import Count, Q
from django.db.models.functions import TruncDate
from django.utils import timezone

from annotation.models import Assignment, Group, Meme, MemeTemplate, Skip, User
from annotation.queries.dataset import judgments_in_force


def overview() -> dict[str, Any]:
    """What an admin sees first: how much there is, what happens, and what people complain of."""
    now = timezone.now()
    return {
        "templates": MemeTemplate.objects.filter(status="active").count(),
        "memes": Meme.objects.filter(status="active").count(),
        "people": User.objects.filter(is_active=True).count(),
        "judgments": judgments_in_force().count(),
        "surplus": judgments_in_force().filter(surplus=True).count(),
        "leases": Assignment.objects.filter(status="leased", lease_until__gt=now).count(),
        "groups": Group.objects.filter(active=True, size__gte=2)
        .select_related("template")
        .annotate(judged=Count("pairs__judgments", filter=Q(pairs__judgments__superseded_at=None)))
        .order_by("template__name", "language"),
        "days": judgments_in_force()
        .filter(judged_at__gte=now - timedelta(days=14))
        .annotate(day=TruncDate("judged_at"))
        .values("day")
        .annotate(judged=Count("pk"), people=Count("annotator", distinct=True))
        .order_by("day"),
        "annotators": User.objects.annotate(
            judged=Count("judgments", filter=Q(judgments__superseded_at=None))
        ).order_by("-judged", "username")[:50],
        "flags": Skip.objects.filter(kind="flag", superseded_at=None)
        .select_related("pair__first__template", "pair__second", "annotator")
        .order_by("-id")[:20],
    }
