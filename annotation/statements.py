"""The short statements of a judging request, each with its SQL written once."""

from __future__ import annotations

from typing import Any

from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Greatest

from annotation.compiled import Argument, compiled, compiled_update
from annotation.models import Assignment, DayTally, Group, GroupMember, Judgment, Pair, Skip

OPEN_STATES = (Assignment.Status.LEASED, Assignment.Status.EXPIRED)


@compiled
def pair_of(group: Argument, first: Argument, second: Argument) -> QuerySet[Pair, Pair]:
    """The pair of two memes, when it was made."""
    return Pair.objects.filter(group=group, first=first, second=second)


@compiled
def locked_group(pk: Argument) -> QuerySet[Group, Group]:
    """One group, whose members and counters nobody else changes until the transaction ends; rows that refer to it may come."""
    return Group.objects.select_for_update(no_key=True).filter(pk=pk)


@compiled
def members_of(group: Argument, first: Argument, second: Argument) -> QuerySet[GroupMember, GroupMember]:
    """Two memes as members of a group."""
    return GroupMember.objects.filter(Q(meme=first) | Q(meme=second), group=group)


@compiled
def any_joined(group: Argument) -> QuerySet[GroupMember, int]:
    """A member of a group that hangs together with its first pair; no row before that is made."""
    return GroupMember.objects.filter(group=group, joined=True).values_list("pk", flat=True)[:1]


@compiled_update
def count_pair(
    group: Argument, first: Argument, second: Argument, joined: Argument
) -> tuple[QuerySet[GroupMember, GroupMember], dict[str, Any]]:
    """Count one more pair at both its members, joined from now on or not."""
    members = GroupMember.objects.filter(Q(meme=first) | Q(meme=second), group=group)
    return members, {"pairs": F("pairs") + 1, "joined": joined}


@compiled_update
def take_if_free(pair: Argument) -> tuple[QuerySet[Pair, Pair], dict[str, Any]]:
    """Count one more slot of a pair as taken, when it may be shown and has a free one."""
    return Pair.objects.filter(pk=pair, active=True, taken__lt=F("wanted")), {"taken": F("taken") + 1}


@compiled
def held_slots(pair: Argument) -> QuerySet[Assignment, int | None]:
    """The slots of a pair that are held."""
    return Assignment.objects.filter(pair=pair, slot__isnull=False).values_list("slot", flat=True)


@compiled
def unfinished_assignments(annotator: Argument) -> QuerySet[Assignment, int]:
    """Somebody's assignments that are leased, or expired but with a free slot still, in their order."""
    mine = Assignment.objects.filter(annotator=annotator, status__in=OPEN_STATES, pair__active=True)
    waiting = mine.filter(Q(status=Assignment.Status.LEASED) | Q(pair__taken__lt=F("pair__wanted")))
    return waiting.order_by("id").values_list("pk", flat=True)


@compiled
def assignment_to_answer(
    assignment: Argument, annotator: Argument, token: Argument
) -> QuerySet[Assignment, Assignment]:
    """Somebody's assignment, locked, and whether the token was used already."""
    judged = Judgment.objects.filter(annotator=OuterRef("annotator"), token=token)
    skipped = Skip.objects.filter(annotator=OuterRef("annotator"), token=token)
    mine = Assignment.objects.filter(pk=assignment, annotator=annotator).select_related("pair", "group")
    return mine.select_for_update(of=("self",)).annotate(token_used=Exists(judged) | Exists(skipped))


@compiled_update
def finish(
    assignment: Argument, status: Argument, slot: Argument
) -> tuple[QuerySet[Assignment, Assignment], dict[str, Any]]:
    """Say how an assignment ended, and which slot it holds from now on."""
    return Assignment.objects.filter(pk=assignment), {"status": status, "slot": slot}


@compiled_update
def judgment_served(
    answer: Argument, assignment: Argument
) -> tuple[QuerySet[Judgment, Judgment], dict[str, Any]]:
    """Remember what was served with a judgment."""
    return Judgment.objects.filter(pk=answer), {"next_assignment": assignment}


@compiled_update
def skip_served(answer: Argument, assignment: Argument) -> tuple[QuerySet[Skip, Skip], dict[str, Any]]:
    """Remember what was served with a skip."""
    return Skip.objects.filter(pk=answer), {"next_assignment": assignment}


@compiled_update
def add_to_tally(
    annotator: Argument, day: Argument, by: Argument
) -> tuple[QuerySet[DayTally, DayTally], dict[str, Any]]:
    """Add to somebody's tally of a day, which never falls below nothing."""
    return DayTally.objects.filter(annotator=annotator, day=day), {"judged": Greatest(F("judged") + by, 0)}
