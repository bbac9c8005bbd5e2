"""Reads: what somebody gave, and who there is."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from enum import StrEnum
from statistics import median
from typing import Any, Final

from django.db.models import Count, F, IntegerField, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce, Greatest
from django.utils import timezone

from annotation.models import Assignment, DayTally, Judgment, Role, Skip, User
from annotation.queries.dataset import judgments_in_force

BLOCK: Final = 500  # rows read at a time by what streams
RECENT: Final = 500  # answers that a median response time is taken of


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


# --- one's own judgments, to take away ------------------------------------------------------------------------------------------


OWN_FIELDS: Final = (
    "judgment_id",
    "meme_template",
    "left_texts",
    "right_texts",
    "question",
    "outcome",
    "response_ms",
    "shown_at",
    "judged_at",
    "taken_back_at",
)


def own_judgments(annotator: User) -> Iterator[dict[str, Any]]:
    """Every judgment somebody gave, oldest first, as it was shown to them; those taken back say when."""
    last = 0
    rows = Judgment.objects.filter(annotator=annotator).order_by("id")
    rows = rows.select_related("pair__first__template", "pair__second")
    while block := list(rows.filter(pk__gt=last)[:BLOCK]):
        yield from (_as_shown(judgment) for judgment in block)
        last = block[-1].pk


def _as_shown(judgment: Judgment) -> dict[str, Any]:
    """A judgment in plain values, the sides as they stood on the page."""
    first, second = judgment.pair.first, judgment.pair.second
    left, right = (second, first) if judgment.swapped else (first, second)
    taken_back = judgment.superseded_at
    return {
        "judgment_id": judgment.pk,
        "meme_template": first.template.name,
        "left_texts": left.texts,
        "right_texts": right.texts,
        "question": judgment.question,
        "outcome": judgment.outcome,
        "response_ms": judgment.response_ms,
        "shown_at": judgment.shown_at.isoformat(),
        "judged_at": judgment.judged_at.isoformat(),
        "taken_back_at": taken_back.isoformat() if taken_back else None,
    }


# --- for admins -----------------------------------------------------------------------------------------------------------------


class Which(StrEnum):
    """Parts of all people that an admin may want to see."""

    ALL = ""
    ANNOTATORS = "annotators"
    RESEARCHERS = "researchers"
    ADMINS = "admins"
    GUESTS = "guests"
    PROGRAMS = "programs"
    PAUSED = "paused"
    CLOSED = "closed"


PARTS: Final[dict[Which, Q]] = {
    Which.ALL: Q(),
    Which.ANNOTATORS: Q(groups__name=Role.ANNOTATOR),
    Which.RESEARCHERS: Q(groups__name=Role.RESEARCHER),
    Which.ADMINS: Q(groups__name=Role.ADMIN),
    Which.GUESTS: Q(is_guest=True, closed_at=None),
    Which.PROGRAMS: ~Q(kind=User.Kind.PERSON),
    Which.PAUSED: Q(paused_at__isnull=False),
    Which.CLOSED: Q(closed_at__isnull=False),
}


def people(*, search: str = "", which: Which = Which.ALL) -> QuerySet[User]:
    """People whose name or e-mail address holds the words, newest first, with their roles, judgments and when last seen."""
    found = User.objects.filter(PARTS[which])
    if search:
        found = found.filter(Q(username__icontains=search) | Q(email__icontains=search))
    judged = Judgment.objects.filter(annotator=OuterRef("pk"), superseded_at=None).order_by()
    counted = judged.values("annotator").annotate(count=Count("pk")).values("count")
    served = Assignment.objects.filter(annotator=OuterRef("pk")).order_by("-id").values("leased_at")[:1]
    return (
        found.annotate(
            judged=Coalesce(Subquery(counted), 0, output_field=IntegerField()),
            seen_at=Greatest(
                F("date_joined"),
                Coalesce(F("last_login"), F("date_joined")),
                Coalesce(Subquery(served), F("date_joined")),
            ),
        )
        .prefetch_related("groups")
        .order_by("-id")
    )


def median_response_ms(annotator: User) -> int | None:
    """The median response time of somebody's newest answers; None when none was measured."""
    newest = Judgment.objects.filter(annotator=annotator, response_ms__isnull=False).order_by("-id")
    times = list(newest.values_list("response_ms", flat=True)[:RECENT])
    return round(median(time for time in times if time is not None)) if times else None
