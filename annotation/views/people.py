"""Pages before the first judgment, and about oneself."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from annotation.access import allow, signed_in
from annotation.forms.people import ConsentForm, PracticeForm, PreferencesForm
from annotation.models import PracticePair, User
from annotation.queries import judging as queries
from annotation.queries.people import own_statistics
from annotation.services import people
from annotation.views.requests import JUDGES, AnnotatorRequest
from corpus.comparisons import Outcome

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
        "given": own_statistics(request.user),
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
