"""Pages before the first judgment, about oneself, and about the people an admin looks after."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from http import HTTPStatus
from typing import Final

from allauth.account.models import EmailAddress
from allauth.core import ratelimit
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout, update_session_auth_hash
from django.core.paginator import Paginator
from django.http import HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from annotation.access import allow, signed_in
from annotation.errors import LastAdmin
from annotation.forms.people import (
    ROLE_NAMES,
    CloseForm,
    ConsentForm,
    KeepForm,
    PauseForm,
    PracticeForm,
    PreferencesForm,
    RolesForm,
    SearchForm,
)
from annotation.models import PracticePair, Role, User
from annotation.queries import judging as queries
from annotation.queries import people as about
from annotation.queries.meme_templates import may_propose_now
from annotation.queries.people import own_statistics
from annotation.services import people
from annotation.views.pages import slow_down
from annotation.views.requests import JUDGES, AnnotatorRequest
from corpus.comparisons import Outcome

PAGE: Final = 50
SIGN_UP_WAIT_S: Final = 60  # the window of the limit on signing up
# How a spreadsheet may come to compute a cell; the wide ones are the same to some.
FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")

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
    left = queries.practice_left(request.user)
    pair = left.first()
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
        "total": done + left.count(),
    }
    return render(request, "annotation/practice.html", context)


def _better_on_left(annotator: User, pair: PracticePair) -> bool:
    """On which side the better meme stands: a matter of the person and the pair, so that a reload keeps it."""
    return (annotator.pk + pair.pk) % 2 == 0


@allow(*JUDGES)
@require_POST
def practise(request: AnnotatorRequest, practice_pair_id: int) -> HttpResponse:
    """Store an answer to a practice pair and say how most people see it."""
    form = PracticeForm(request.POST)
    if not form.is_valid():
        return render(request, "annotation/problem.html", {"form": form}, status=422)
    pair = queries.practice_shown().filter(pk=practice_pair_id).first()
    if pair is None:  # retired while it stood there: nobody is to see it again, not even in the answer
        return redirect("practice")
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
        "may_propose": may_propose_now(request.user),
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


class Echo:
    """A file that hands back what is written to it, so that rows can be sent one by one."""

    def write(self, line: str) -> str:
        """The line itself."""
        return line


@signed_in
@never_cache
@require_safe
def own_judgments_csv(request: AnnotatorRequest) -> StreamingHttpResponse:
    """One's own judgments as a table."""
    answer = StreamingHttpResponse(_csv_lines(request.user), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="my-judgments.csv"'
    return answer


def _csv_lines(annotator: User) -> Iterator[str]:
    """A table of somebody's judgments, line by line, each caption's boxes on lines of their own within a cell."""
    writer = csv.DictWriter(Echo(), about.OWN_FIELDS)
    yield "\ufeff"  # without it a spreadsheet reads Chinese as something else
    yield str(writer.writeheader())
    for judgment in about.own_judgments(annotator):
        yield str(writer.writerow({name: _cell(value) for name, value in judgment.items()}))


def _cell(value: object) -> object:
    """A value as it may stand in a cell: words that a spreadsheet would compute begin with an apostrophe."""
    if isinstance(value, list):
        value = "\n".join(value)
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value


@signed_in
@never_cache
@require_safe
def own_judgments_json(request: AnnotatorRequest) -> StreamingHttpResponse:
    """One's own judgments as an array of objects."""
    answer = StreamingHttpResponse(_json_lines(request.user), content_type="application/json")
    answer["Content-Disposition"] = 'attachment; filename="my-judgments.json"'
    return answer


def _json_lines(annotator: User) -> Iterator[str]:
    """An array of somebody's judgments, object by object."""
    comma = ""
    yield "["
    for judgment in about.own_judgments(annotator):
        yield f"{comma}\n{json.dumps(judgment, ensure_ascii=False)}"
        comma = ","
    yield "\n]\n"


@signed_in
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def keep_account(request: AnnotatorRequest) -> HttpResponse:
    """Turn a guest's visit into an account of their own."""
    if not request.user.is_guest:
        return redirect("me")
    # Counted with signing up: this form, too, tells which names are taken.
    if request.method == "POST" and not ratelimit.consume(request, action="signup"):
        return slow_down(request, retry_after_s=SIGN_UP_WAIT_S)
    form = KeepForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        people.keep_guest(guest=request.user, username=said["username"], password=said["password1"])
        update_session_auth_hash(request, request.user)
        request.session.set_expiry(None)  # a guest's lasts longer
        if said["email"]:
            EmailAddress.objects.add_email(request, request.user, said["email"], confirm=True)
        messages.success(request, _("This account is yours now. Everything you gave is still there."))
        return redirect("me")
    return render(request, "annotation/keep.html", {"form": form}, status=422 if form.errors else 200)


@signed_in
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def close_account(request: AnnotatorRequest) -> HttpResponse:
    """Close one's own account, for good."""
    form = CloseForm(request.POST or None, user=request.user)
    if request.method == "POST" and form.is_valid():
        try:
            people.close_account(user=request.user)
        except LastAdmin:
            form.add_error(None, _("You are the last admin: make somebody else one first."))
        else:
            logout(request)
            messages.success(request, _("Your account is closed. Thank you for everything you judged."))
            return redirect("home")
    return render(request, "annotation/close.html", {"form": form}, status=422 if form.errors else 200)


# --- for admins -----------------------------------------------------------------------------------------------------------------


@allow(Role.ADMIN)
@never_cache
@require_safe
def everybody(request: AnnotatorRequest) -> HttpResponse:
    """Who there is, by name and part, page by page."""
    form = SearchForm(request.GET)
    said = form.cleaned_data if form.is_valid() else {"q": "", "which": ""}
    found = about.people(search=said["q"], which=about.Which(said["which"]))
    page = Paginator(found, PAGE).get_page(request.GET.get("page"))
    asked = request.GET.copy()
    asked.pop("page", None)
    listed = [
        (who, [ROLE_NAMES[Role(group.name)] for group in who.groups.all() if group.name in ROLE_NAMES])
        for who in page
    ]
    context = {"form": form, "page": page, "asked": asked.urlencode(), "listed": listed}
    return render(request, "annotation/people.html", context)


@allow(Role.ADMIN)
@never_cache
@require_safe
def person(request: AnnotatorRequest, user_id: int) -> HttpResponse:
    """One person: what they gave, where they came from, and what can be done."""
    return _person(request, get_object_or_404(about.people(), pk=user_id))


def _person(
    request: AnnotatorRequest, who: User, *, pause_form: PauseForm | None = None, status: int = 200
) -> HttpResponse:
    """The page about somebody."""
    context = {
        "person": who,
        "given": own_statistics(who),
        "median_ms": about.median_response_ms(who),
        "consents": who.consents.order_by("-given_at"),
        "acceptances": who.acceptances.select_related("invitation").order_by("-at"),
        "pause_form": pause_form or PauseForm(),
        "roles_form": RolesForm(initial={"roles": sorted(who.roles)}),
    }
    return render(request, "annotation/person.html", context, status=status)


@allow(Role.ADMIN)
@require_POST
def pause(request: AnnotatorRequest, user_id: int) -> HttpResponse:
    """Serve somebody nothing from now on, and tell them why."""
    who = get_object_or_404(about.people(), pk=user_id)
    form = PauseForm(request.POST)
    if not form.is_valid():
        return _person(request, who, pause_form=form, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    people.pause_person(person=who, reason=form.cleaned_data["reason"])
    messages.success(request, _("Paused. What they gave is kept."))
    return redirect("person", user_id)


@allow(Role.ADMIN)
@require_POST
def resume(request: AnnotatorRequest, user_id: int) -> HttpResponseRedirect:
    """Serve somebody again."""
    people.resume_person(person=get_object_or_404(User, pk=user_id))
    messages.success(request, _("They can judge again."))
    return redirect("person", user_id)


@allow(Role.ADMIN)
@require_POST
def set_roles(request: AnnotatorRequest, user_id: int) -> HttpResponse:
    """Give somebody exactly the roles that are ticked."""
    who = get_object_or_404(about.people(), pk=user_id)
    form = RolesForm(request.POST)
    if not form.is_valid() or who.closed_at is not None or who.is_guest:
        return _person(request, who, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    try:
        people.set_roles(user=who, roles=frozenset(form.cleaned_data["roles"]))
    except LastAdmin:
        messages.error(request, _("This is the last admin: make somebody else one first."))
        return _person(request, who, status=HTTPStatus.CONFLICT)
    messages.success(request, _("Saved."))
    return redirect("person", user_id)
