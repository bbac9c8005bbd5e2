"""Pages. Each view says who may use it, parses, calls one thing, and renders."""

from __future__ import annotations

import mimetypes
from http import HTTPStatus
from typing import Any, cast

from django.conf import settings
from django.contrib import messages
from django.core.files.storage import default_storage
from django.http import (
    FileResponse,
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseRedirect,
)
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control, never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.middleware import HtmxDetails

from annotation import queries
from annotation.access import allow, public, signed_in
from annotation.errors import ConsentMissing, NotAssigned, NothingToUndo
from annotation.forms import AnswerForm, ConsentForm, PracticeForm, PreferencesForm, parse_ids
from annotation.models import Assignment, PracticePair, Role, Skip, User
from annotation.pictures import NAME
from annotation.services import judging, people
from corpus.comparisons import Outcome

JUDGES = (Role.ANNOTATOR, Role.RESEARCHER, Role.ADMIN)
AHEAD = 2  # pairs fetched beyond the one in front of the annotator


class AnnotatorRequest(HttpRequest):
    """A request of somebody signed in."""

    user: User
    htmx: HtmxDetails


# --- judging --------------------------------------------------------------------------------------------------------------------


@allow(*JUDGES)
@never_cache
@require_safe
def judge(request: AnnotatorRequest) -> HttpResponse:
    """The page on which pairs are judged: the first unfinished one, or a new one."""
    if not request.user.has_consented:
        return redirect("welcome")
    if request.user.practised_at is None and queries.practice_left(request.user).exists():
        return redirect("practice")
    assignments = judging.next_assignments(annotator=request.user)
    return render(
        request,
        "annotation/judge.html",
        {
            "cards": queries.cards(assignments),
            "progress": queries.progress(request.user),
            "ahead": AHEAD,
            "warn": request.user.warning_seen_at is None,
            "reasons": Skip.Reason.choices,
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
    """Pairs for the page's script to put in line, and the progress so far."""
    context = {
        "cards": queries.cards(assignments),
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
    have = _have(request)
    return _pairs(request, judging.next_assignments(annotator=request.user, count=AHEAD, have=have))


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


# --- before the first judgment --------------------------------------------------------------------------------------------------


@allow(*JUDGES)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def welcome(request: AnnotatorRequest) -> HttpResponse:
    """Consent: what it is about, and the three things to agree to."""
    form = ConsentForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        people.give_consent(annotator=request.user)
        return redirect("judge")
    context = {"form": form, "version": settings.CONSENT_VERSION, "licence": settings.JUDGMENTS_LICENCE}
    return render(request, "annotation/welcome.html", context, status=422 if form.errors else 200)


@allow(*JUDGES)
@never_cache
@require_safe
def practice(request: AnnotatorRequest) -> HttpResponse:
    """The next practice pair; after the last one, the real thing."""
    if not request.user.has_consented:
        return redirect("welcome")
    pair = queries.practice_left(request.user).first()
    if pair is None:
        return redirect("judge")
    better_on_left = _better_on_left(request.user, pair)
    two = [queries.side_of(pair.better), queries.side_of(pair.worse)]
    done = PracticePair.objects.filter(answers__annotator=request.user).count()
    context = {
        "pair": pair,
        "left": two[0 if better_on_left else 1],
        "right": two[1 if better_on_left else 0],
        "number": done + 1,
        "total": PracticePair.objects.count(),
    }
    return render(request, "annotation/practice.html", context)


def _better_on_left(annotator: User, pair: PracticePair) -> bool:
    """On which side the better meme stands: a matter of the person and the pair, so that a reload keeps it."""
    return (annotator.pk + pair.pk) % 2 == 0


@allow(*JUDGES)
@require_POST
def practise(request: AnnotatorRequest, practice_pair_id: int) -> HttpResponse:
    """Store an answer to a practice pair and say how most people see it."""
    pair = get_object_or_404(PracticePair.objects.select_related("better__template"), pk=practice_pair_id)
    form = PracticeForm(request.POST)
    if not form.is_valid():
        return render(request, "annotation/problem.html", {"form": form}, status=422)
    said, better_on_left = form.cleaned_data["answer"], _better_on_left(request.user, pair)
    people.record_practice(
        annotator=request.user, practice_pair=pair, outcome=said, better_on_left=better_on_left
    )
    context = {
        "agrees": said == (Outcome.LEFT if better_on_left else Outcome.RIGHT),
        "pair": pair,
        "better": queries.side_of(pair.better),
        "left": queries.practice_left(request.user).count(),
    }
    return render(request, "annotation/practised.html", context)


@allow(*JUDGES)
@require_POST
def skip_practice(request: AnnotatorRequest) -> HttpResponseRedirect:
    """Go straight to judging."""
    people.end_practice(annotator=request.user)
    return redirect("judge")


# --- about oneself --------------------------------------------------------------------------------------------------------------


@signed_in
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def me(request: AnnotatorRequest) -> HttpResponse:
    """Somebody's own page: what they gave, their goal and languages, their consent."""
    initial = {"daily_goal": request.user.daily_goal, "meme_languages": request.user.meme_languages}
    form = PreferencesForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        people.save_preferences(annotator=request.user, **form.cleaned_data)
        messages.success(request, _("Saved."))
        return redirect("me")
    context = {
        "form": form,
        "progress": queries.progress(request.user),
        "given": queries.own_statistics(request.user),
        "consents": request.user.consents.order_by("-given_at"),
    }
    return render(request, "annotation/me.html", context, status=422 if form.errors else 200)


@signed_in
@require_POST
def withdraw(request: AnnotatorRequest) -> HttpResponseRedirect:
    """Take consent back."""
    people.withdraw_consent(annotator=request.user)
    messages.success(
        request,
        _("Your consent is withdrawn. Your judgments stay with us and go into no dataset from now on."),
    )
    return redirect("me")


# --- for everybody --------------------------------------------------------------------------------------------------------------


@public
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """What this is; somebody signed in goes straight to judging."""
    if request.user.is_authenticated:
        return redirect("judge")
    return render(request, "annotation/home.html", {"open": settings.OPEN_SIGNUP})


@public
@require_safe
def guidelines(request: HttpRequest) -> HttpResponse:
    """How to judge, and the keys."""
    return render(request, "annotation/guidelines.html")


@signed_in
@require_safe
@cache_control(private=True, max_age=31536000, immutable=True)
def picture(request: HttpRequest, name: str) -> HttpResponseBase:
    """A stored picture. Its name is the hash of its bytes, so a browser may keep it for good."""
    if not NAME.fullmatch(name) or not default_storage.exists(name):
        raise Http404
    kind, _encoding = mimetypes.guess_type(name)
    return FileResponse(default_storage.open(name), content_type=kind)


# --- for researchers and admins -------------------------------------------------------------------------------------------------


@allow(Role.RESEARCHER, Role.ADMIN)
@require_safe
def dataset(request: HttpRequest) -> HttpResponse:
    """What a dataset made now would hold, and how to have it."""
    context = {"counts": queries.dataset_counts(), "licence": settings.JUDGMENTS_LICENCE}
    return render(request, "annotation/dataset.html", context)


@allow(Role.ADMIN)
@require_safe
def overview(request: HttpRequest) -> HttpResponse:
    """How much there is, what happens, what people complain of."""
    return render(request, "annotation/overview.html", queries.overview())


# --- refusals -------------------------------------------------------------------------------------------------------------------


@public
def refused(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Not theirs."""
    return render(request, "403.html", status=403)


@public
def missing(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Not there."""
    return render(request, "404.html", status=404)


@public
def broken(request: HttpRequest) -> HttpResponse:
    """Our fault; rendered without the request, which may be what broke."""
    return render(cast(Any, None), "500.html", status=500)
