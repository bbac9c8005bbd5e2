"""Pages on which people propose captions, and see what became of them."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from annotation.access import allow
from annotation.errors import ProposalRefused
from annotation.forms.proposals import CaptionForm
from annotation.models import Meme
from annotation.queries import meme_templates as queries
from annotation.services import proposals as services
from annotation.views.previews import drawn_preview
from annotation.views.requests import JUDGES, AnnotatorRequest
from corpus.errors import TextError

PER_PAGE: Final = 24


@allow(*JUDGES)
@never_cache
@require_safe
def propose(request: AnnotatorRequest) -> HttpResponse:
    """The meme templates that take proposals, and somebody's own ones."""
    if not request.user.has_consented:
        return redirect("welcome")
    context = {
        "page": Paginator(queries.open_templates(), PER_PAGE).get_page(request.GET.get("page")),
        "own": Paginator(queries.proposals_of(request.user), PER_PAGE).get_page(request.GET.get("own")),
        "may": services.may_propose(request.user),
        "left": max(0, services.proposals_left(request.user)),
        "a_day": Meme.MAX_PROPOSALS_A_DAY,
    }
    return render(request, "annotation/meme_templates/propose.html", context)


@allow(*JUDGES)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def propose_for(request: AnnotatorRequest, pk: int) -> HttpResponse:
    """Write a caption for a meme template and see it drawn."""
    if not request.user.has_consented:
        return redirect("welcome")
    if not services.may_propose(request.user):
        return redirect("propose")  # which says why
    template = get_object_or_404(queries.open_templates(), pk=pk)
    form = CaptionForm(request.POST or None, template=template)
    if request.method == "POST" and form.is_valid():
        try:
            services.propose_caption(
                by=request.user,
                template_id=template.pk,
                texts=form.texts(),
                language=form.cleaned_data["language"],
            )
        except ProposalRefused as refused:
            form.add_error(None, WHY_REFUSED[refused.reason]())
        except TextError:
            form.add_error(None, _("Write something into at least one box."))
        else:
            messages.success(request, _("Thank you! Somebody looks at it, then it joins the others."))
            return redirect("propose_for", pk=pk)
    context = {
        "template": template,
        "form": form,
        "left": max(0, services.proposals_left(request.user)),
        "boxes": template.layout.boxes,
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else HTTPStatus.OK
    return render(request, "annotation/meme_templates/propose_for.html", context, status=status)


WHY_REFUSED: Final = {
    ProposalRefused.CLOSED: lambda: _("This meme template takes no proposals any more."),
    ProposalRefused.NOT_YOURS: lambda: _("You cannot propose captions at the moment."),
    ProposalRefused.KNOWN: lambda: _("Somebody was quicker: this one is there already."),
    ProposalRefused.BLOCKED: lambda: _("This caption holds words that are not let in here."),
    ProposalRefused.NOT_WHOLE: lambda: _(
        "Not all of it can be seen on the picture: write less, or without the characters that are missing."
    ),
    ProposalRefused.ENOUGH: lambda: (
        _("That was enough for today: at most %(number)s a day.") % {"number": Meme.MAX_PROPOSALS_A_DAY}
    ),
}


@allow(*JUDGES)
@never_cache
@require_POST
def preview(request: AnnotatorRequest, pk: int) -> HttpResponse:
    """How somebody's caption would look."""
    if not (request.user.has_consented and services.may_propose(request.user)):
        return JsonResponse({}, status=HTTPStatus.CONFLICT)
    template = get_object_or_404(queries.open_templates(), pk=pk)
    form = CaptionForm(request.POST, template=template)
    if not form.is_valid():
        return JsonResponse({}, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    return drawn_preview(by=request.user, template=template, boxes=template.layout.boxes, texts=form.texts())
