"""Pages on which pairs are judged."""

from __future__ import annotations

from http import HTTPStatus

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from annotation.access import allow
from annotation.errors import AnnotatorPaused, ConsentMissing, NotAssigned, NothingToUndo, TooManyAnswers
from annotation.forms.judging import AnswerForm, parse_ids
from annotation.models import Assignment, Skip, User
from annotation.queries import judging as queries
from annotation.queries.meme_templates import may_propose_now
from annotation.services import judging, people
from annotation.views.pages import slow_down
from annotation.views.requests import JUDGES, AnnotatorRequest
from corpus.comparisons import Outcome

AHEAD = 2  # pairs fetched beyond the one in front of the annotator


@allow(*JUDGES)
@never_cache
@require_safe
def judge(request: AnnotatorRequest) -> HttpResponse:
    """The page on which pairs are judged: the first unfinished one, or a new one."""
    if not request.user.has_consented:
        return redirect("welcome")
    if request.user.practised_at is None and queries.practice_left(request.user).exists():
        return redirect("practice")
    try:
        assignments = judging.next_assignments(annotator=request.user)
    except AnnotatorPaused:
        assignments = []
    return render(
        request,
        "annotation/judge.html",
        {
            "cards": queries.cards(assignments),
            "progress": queries.progress(request.user),
            "ahead": AHEAD,
            "warn": request.user.warning_seen_at is None,
            "reasons": Skip.Reason.choices,
            "may_propose": not assignments and may_propose_now(request.user),
        },
    )


@allow(*JUDGES)
@never_cache
@require_POST
def answer(request: AnnotatorRequest, assignment_id: int) -> HttpResponse:
    """Store an answer; to the page's script the next pair, to a plain form the way back to the page."""
    form = AnswerForm(request.POST)
    if not form.is_valid():
        return render(request, "annotation/problem.html", {"form": form}, status=422)
    try:
        answered = _record(request.user, assignment_id, form, _have(request))
    except NotAssigned as error:
        raise Http404 from error
    except ConsentMissing:
        return _refuse_without_consent(request)
    except TooManyAnswers as error:
        return slow_down(request, retry_after_s=error.retry_after_s)
    if not request.htmx:
        return redirect("judge")
    following = [answered.next_assignment] if answered.next_assignment else []
    return _pairs(request, following)


def _have(request: HttpRequest) -> list[int]:
    """The assignments that the page says it has. Whatever stands there, an answer beside it is taken."""
    return parse_ids(request.POST.get("have", ""))


def _record(annotator: User, assignment_id: int, form: AnswerForm, have: list[int]) -> judging.Answered:
    """Store what the form says: an outcome, a skip or a flag."""
    said: str = form.cleaned_data["answer"]
    if said in {outcome.value for outcome in Outcome}:
        return judging.record_judgment(
            annotator=annotator,
            assignment_id=assignment_id,
            token=form.cleaned_data["token"],
            outcome=Outcome(said),
            response_ms=form.cleaned_data["response_ms"],
            have=have,
        )
    reason = Skip.Reason(said.removeprefix("flag:")) if said.startswith("flag:") else None
    return judging.record_skip(
        annotator=annotator,
        assignment_id=assignment_id,
        token=form.cleaned_data["token"],
        reason=reason,
        have=have,
    )


def _pairs(request: AnnotatorRequest, assignments: list[Assignment]) -> HttpResponse:
    """Pairs for the page's script to put in line, those to take out of it, and the progress so far."""
    context = {
        "cards": queries.cards(assignments),
        "gone": queries.gone(request.user, _have(request)),
        "progress": queries.progress(request.user),
        "reasons": Skip.Reason.choices,
    }
    return render(request, "annotation/pairs.html", context)


def _refuse_without_consent(request: AnnotatorRequest) -> HttpResponse:
    if request.htmx:
        return HttpResponse(status=HTTPStatus.FORBIDDEN, headers={"HX-Redirect": reverse("welcome")})
    return redirect("welcome")


@allow(*JUDGES)
@never_cache
@require_POST
def ahead(request: AnnotatorRequest) -> HttpResponse:
    """The pairs after those the page has, so that the next one is there at once."""
    if not request.user.has_consented:
        return _refuse_without_consent(request)
    try:
        following = judging.next_assignments(annotator=request.user, count=AHEAD, have=_have(request))
    except AnnotatorPaused:
        following = []  # the page is told why
    return _pairs(request, following)


@allow(*JUDGES)
@never_cache
@require_POST
def undo(request: AnnotatorRequest) -> HttpResponse:
    """Take the last answer back and show its pair again."""
    try:
        assignment = judging.undo_last(annotator=request.user)
    except NothingToUndo:
        if request.htmx:
            return HttpResponse(status=409)
        messages.info(request, _("There is nothing to undo: an answer can be taken back for one minute."))
        return redirect("judge")
    return _pairs(request, [assignment]) if request.htmx else redirect("judge")


@allow(*JUDGES)
@never_cache
@require_POST
def renew(request: AnnotatorRequest) -> HttpResponse:
    """Keep the page's assignments while it is open."""
    judging.renew_leases(annotator=request.user, assignment_ids=_have(request))
    return HttpResponse(status=204)


@allow(*JUDGES)
@require_POST
def warning(request: AnnotatorRequest) -> HttpResponse:
    """Click the content warning away, for good."""
    people.dismiss_warning(annotator=request.user)
    return HttpResponse() if request.htmx else redirect("judge")
