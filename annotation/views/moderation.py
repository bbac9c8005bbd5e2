"""Pages on which admins decide which memes people see, take down what must be gone, and keep the blocklist."""

from __future__ import annotations

from enum import StrEnum
from http import HTTPStatus
from typing import Any, Final

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from annotation.access import allow
from annotation.errors import DecidedMeanwhile, NothingToUndo, TakenDown
from annotation.forms.moderation import REASONS, CaptionForm, DecisionForm, PhrasesForm, TakedownForm
from annotation.models import BlockedPhrase, Decision, Meme, MemeTemplate, Role
from annotation.queries import moderation as queries
from annotation.services import moderation, takedowns
from annotation.views.requests import AnnotatorRequest

CASES: Final = 10  # memes on a page
LINES: Final = 50  # decisions on a page of the log
PHRASES: Final = 200  # entries of the blocklist on a page: each is a form of its own


class Show(StrEnum):
    """The four views of the queue."""

    WAITING = "waiting"
    COMPLAINTS = "complaints"
    RETIRED = "retired"
    DECIDED = "decided"


SHOWN: Final = frozenset(Show)


# --- the queue ------------------------------------------------------------------------------------------------------------------


@allow(Role.ADMIN)
@never_cache
@require_safe
def moderation_page(request: AnnotatorRequest) -> HttpResponse:
    """The queue: memes that wait, memes with complaints, retired ones, or the log; or one meme by its number."""
    complained = queries.complained_of()
    context = _counts(len(complained)) | {"reasons": REASONS}
    meme = request.GET.get("meme", "")
    if meme.isdecimal() and len(meme) < 19:
        context |= {"show": "", "cases": queries.cases([int(meme)]), "one": meme}
        return render(request, "annotation/moderation/queue.html", context)
    show = _show(request.GET.get("show"), context)
    if show is Show.DECIDED:
        return _log_page(request, context)
    found = {Show.WAITING: queries.waiting, Show.RETIRED: queries.retired}
    ids = found[show]().values_list("pk", flat=True) if show in found else complained
    page = Paginator(ids, CASES).get_page(request.GET.get("page"))
    context |= {"show": show, "asked": f"show={show}", "page": page, "cases": queries.cases(page.object_list)}
    return render(request, "annotation/moderation/queue.html", context)


def _counts(complained: int) -> dict[str, Any]:
    """What stands beside the names of the views."""
    return {"waiting": queries.waiting().count(), "complained": complained}


def _show(asked: str | None, counts: dict[str, Any]) -> Show:
    """What was asked for; else complaints when nothing waits but them."""
    if asked in SHOWN:
        return Show(str(asked))
    return Show.COMPLAINTS if counts["complained"] and not counts["waiting"] else Show.WAITING


def _log_page(request: AnnotatorRequest, context: dict[str, Any]) -> HttpResponse:
    page = Paginator(queries.log(), LINES).get_page(request.GET.get("page"))
    context |= {"show": Show.DECIDED, "page": page, "takedowns": queries.takedowns()[:LINES]}
    return render(request, "annotation/moderation/log.html", context)


@allow(Role.ADMIN)
@require_POST
def moderate(request: AnnotatorRequest, meme_id: int) -> HttpResponse:
    """Decide about a meme; to the page's script the case as it stands now, to a plain form the way back to the queue."""
    form = DecisionForm(request.POST)
    if not form.is_valid():
        return render(request, "annotation/problem.html", {"form": form}, status=422)
    decide = {
        Decision.Action.APPROVE: moderation.approve_meme,
        Decision.Action.RETIRE: moderation.retire,
        Decision.Action.RESTORE: moderation.restore,
    }[Decision.Action(form.cleaned_data["action"])]
    said = {"reason": form.cleaned_data["reason"], "seen": form.cleaned_data["seen"]}
    try:
        decide(meme_id=meme_id, by=request.user, **said)
    except Meme.DoesNotExist as error:
        raise Http404 from error
    except DecidedMeanwhile:
        return _answer(
            request, meme_id, problem=_("Somebody decided about this meme meanwhile. This is how it stands.")
        )
    except TakenDown:
        return _answer(request, meme_id, problem=_("This meme was taken down."))
    return _answer(request, meme_id)


@allow(Role.ADMIN)
@require_POST
def undo_decision(request: AnnotatorRequest) -> HttpResponse:
    """Take one's newest decision back."""
    try:
        undone = moderation.undo_decision(by=request.user)
    except NothingToUndo:
        problem = _("There is nothing to undo: a decision can be taken back for ten minutes.")
    except DecidedMeanwhile:
        problem = _("Somebody decided about that meme after you.")
    except TakenDown:
        problem = _("That meme was taken down meanwhile.")
    else:
        return _answer(request, undone.meme_id, undone=True)
    if request.htmx:
        return HttpResponse(problem, status=HTTPStatus.CONFLICT, content_type="text/plain; charset=utf-8")
    messages.error(request, problem)
    return _back(request)


def _answer(
    request: AnnotatorRequest, meme_id: int, *, problem: str = "", undone: bool = False
) -> HttpResponse:
    """The case after a decision, or with the problem; a plain form goes back to where it came from."""
    if not request.htmx:
        if problem:
            messages.error(request, problem)
        elif undone:
            messages.success(request, _("Taken back."))
        return _back(request)
    (case,) = queries.cases([meme_id])
    context = {
        "case": case,
        "problem": problem,
        "settled": not problem and not undone,
        "show": request.POST.get("show"),
    }
    status = HTTPStatus.CONFLICT if problem else HTTPStatus.OK
    return render(request, "annotation/moderation/case.html", context, status=status)


def _back(request: AnnotatorRequest) -> HttpResponseRedirect:
    show = request.POST.get("show", "")
    return redirect(f"{reverse('moderation')}?show={Show(show)}" if show in SHOWN else "moderation")


# --- takedowns ------------------------------------------------------------------------------------------------------------------


@allow(Role.ADMIN)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def take_down_meme(request: AnnotatorRequest, meme_id: int) -> HttpResponse:
    """Take one meme down for good; asked first what that means."""
    meme = get_object_or_404(Meme.objects.select_related("template", "takedown"), pk=meme_id)
    form = TakedownForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        takedowns.take_down(meme=meme, reason=form.cleaned_data["reason"], by=request.user)
        messages.success(request, _("The meme is taken down."))
        return redirect(f"{reverse('moderation')}?show={Show.DECIDED}")
    what = {"meme": meme, "template": meme.template, "consequences": queries.consequences(meme=meme)}
    return _takedown_page(request, form, what | {"takedown": getattr(meme, "takedown", None)})


@allow(Role.ADMIN)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def take_down_template(request: AnnotatorRequest, pk: int) -> HttpResponse:
    """Take a meme template down for good, with all its memes; asked first what that means."""
    template = get_object_or_404(MemeTemplate.objects.select_related("takedown"), pk=pk)
    form = TakedownForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        takedowns.take_down(template=template, reason=form.cleaned_data["reason"], by=request.user)
        messages.success(request, _("The meme template is taken down, and its memes with it."))
        return redirect(f"{reverse('moderation')}?show={Show.DECIDED}")
    what = {"template": template, "consequences": queries.consequences(template=template)}
    return _takedown_page(request, form, what | {"takedown": getattr(template, "takedown", None)})


def _takedown_page(request: AnnotatorRequest, form: TakedownForm, context: dict[str, Any]) -> HttpResponse:
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else HTTPStatus.OK
    return render(request, "annotation/moderation/takedown.html", {"form": form, **context}, status=status)


# --- the blocklist --------------------------------------------------------------------------------------------------------------


@allow(Role.ADMIN)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def blocklist(request: AnnotatorRequest) -> HttpResponse:
    """What is not let in: the entries, new ones, a caption to try them on, and the memes that hold them."""
    form = PhrasesForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        added = moderation.block_phrases(phrases=form.cleaned_data["phrases"], by=request.user)
        said = ngettext("%(number)s entry added.", "%(number)s entries added.", added) % {"number": added}
        messages.success(request, said)
        return redirect("blocklist")
    tried = CaptionForm(request.GET if "caption" in request.GET else None)
    context = _counts(len(queries.complained_of()))
    context |= {"form": form, "tried": tried, "looked": "look" in request.GET}
    loaded = moderation.load_blocklist()
    if tried.is_bound and tried.is_valid():
        context |= {"answered": True, "matched": loaded.match([tried.cleaned_data["caption"]])}
    if context["looked"]:
        context |= {"holding": queries.memes_holding(loaded), "most": queries.LISTED}
    phrases = BlockedPhrase.objects.order_by("phrase")
    context["page"] = Paginator(phrases, PHRASES).get_page(request.GET.get("page"))
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else HTTPStatus.OK
    return render(request, "annotation/moderation/blocklist.html", context, status=status)


@allow(Role.ADMIN)
@require_POST
def unblock(request: AnnotatorRequest, pk: int) -> HttpResponseRedirect:
    """Take an entry off the blocklist."""
    moderation.unblock_phrase(phrase_id=pk)
    messages.success(request, _("Taken off the blocklist."))
    return redirect("blocklist")
