"""Pages on which an admin makes meme templates and lays them out."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from annotation.access import allow
from annotation.errors import LayoutLocked, PictureKnown, TakenDown
from annotation.forms.meme_templates import LICENCES, BoxesForm, DetailsForm, UploadForm
from annotation.models import Meme, MemeTemplate, Role
from annotation.queries import meme_templates as queries
from annotation.services import meme_templates as services
from annotation.uploads import was_cut_off
from annotation.views.previews import drawn_preview
from annotation.views.requests import AnnotatorRequest
from corpus.errors import PictureError, TooManyPixels
from corpus.memes import MAX_BOXES

PER_PAGE: Final = 24


@allow(Role.ADMIN)
@never_cache
@require_safe
def meme_templates(request: AnnotatorRequest) -> HttpResponse:
    """All meme templates, to be searched and opened."""
    asked = request.GET
    found = queries.templates(
        words=asked.get("q", "").replace("\0", "")[:100],
        language=asked.get("language", "").replace("\0", "")[:12],
        state=asked.get("state", ""),
        proposals="proposals" in asked,
    )
    page = Paginator(found, PER_PAGE).get_page(asked.get("page"))
    kept = asked.copy()
    kept.pop("page", None)
    context = {
        "page": page,
        "rows": queries.rows(page.object_list),
        "languages": queries.template_languages(),
        "asked": asked,
        "kept": kept.urlencode(),
    }
    return render(request, "annotation/meme_templates/list.html", context)


@allow(Role.ADMIN)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def new_meme_template(request: AnnotatorRequest) -> HttpResponse:
    """Upload a picture; what is made of it is laid out on the next page."""
    if request.method != "POST":
        return _upload_page(request, UploadForm())
    form = UploadForm(request.POST, request.FILES, cut_off=was_cut_off(request))
    if not form.is_valid():
        return _upload_page(request, form)
    try:
        uploaded = services.upload_template(by=request.user, **form.cleaned_data)
    except PictureKnown as known:
        form.add_error("picture", _link_to(known))
    except TakenDown:
        form.add_error("picture", _("This picture was taken down. It cannot come back."))
    except PictureError as error:
        form.add_error("picture", _say_picture_error(error))
    else:
        messages.success(request, _("The picture is in. Now the boxes."))
        if uploaded.first_frame_of_animation:
            messages.info(request, _("The file was an animation: only its first frame was kept."))
        return redirect("meme_template", pk=uploaded.template.pk)
    return _upload_page(request, form)


def _upload_page(request: AnnotatorRequest, form: UploadForm) -> HttpResponse:
    context = {"form": form, "licences": LICENCES}
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else HTTPStatus.OK
    return render(request, "annotation/meme_templates/new.html", context, status=status)


def _link_to(known: PictureKnown) -> str:
    """Where the picture is already."""
    return format_html(
        '{} <a href="{}">{}</a>',
        _("This picture is a meme template already:"),
        reverse("meme_template", args=[known.template_id]),
        known.name,
    )


def _say_picture_error(error: PictureError) -> str:
    """In the reader's language: what the decoder said helps nobody here."""
    if isinstance(error, TooManyPixels):
        return _("This picture cannot be used: it has too many pixels.")
    return _("This picture cannot be used: it is no whole JPEG, PNG, WebP or GIF.")


@allow(Role.ADMIN)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def meme_template(request: AnnotatorRequest, pk: int) -> HttpResponse:
    """One meme template: its boxes over its picture, what is known of it, and how a meme of it would look."""
    template = get_object_or_404(MemeTemplate.objects.select_related("takedown"), pk=pk)
    if hasattr(template, "takedown"):
        return render(request, "annotation/meme_templates/taken_down.html", {"template": template})
    locked = services.why_locked(template)
    layout = template.layout
    if request.method != "POST":
        details = DetailsForm(initial=_known_of(template))
        return _editor(
            request, template, details, BoxesForm(boxes=layout.boxes, examples=_examples(len(layout.boxes)))
        )
    details = DetailsForm(request.POST)
    boxes = BoxesForm(None if locked else request.POST, boxes=layout.boxes)
    if details.is_valid() and (locked or boxes.is_valid()):
        try:
            _save(request, template, details, None if locked else boxes)
        except LayoutLocked as error:
            boxes.problems = [str(WHY_LOCKED[error.reason]())]
        except TakenDown:
            return redirect("meme_template", pk=pk)
        else:
            return redirect("meme_template", pk=pk)
    return _editor(request, template, details, boxes, status=HTTPStatus.UNPROCESSABLE_ENTITY)


def _known_of(template: MemeTemplate) -> dict[str, object]:
    return {name: getattr(template, name) for name in ("name", "source", "licence", "proposals_open")}


def _examples(count: int) -> list[str]:
    """A text per box that shows where it stands."""
    two = [_("When the text box fits"), _("The joke has room to land")]
    return (
        two if count == 2 else [_("Text %(number)s goes here") % {"number": n} for n in range(1, count + 1)]
    )


def _save(
    request: AnnotatorRequest, template: MemeTemplate, details: DetailsForm, boxes: BoxesForm | None
) -> None:
    redrawn = services.change_template(
        template=template,
        details=services.Details(**details.cleaned_data),
        boxes=None if boxes is None else [box.to_json() for box in boxes.boxes()],
    )
    said = _("Saved.")
    if redrawn:
        said += " " + ngettext(
            "%(number)s meme was drawn again.", "%(number)s memes were drawn again.", redrawn
        ) % {"number": redrawn}
    messages.success(request, said)


def _editor(
    request: AnnotatorRequest,
    template: MemeTemplate,
    details: DetailsForm,
    boxes: BoxesForm,
    *,
    status: int = HTTPStatus.OK,
) -> HttpResponse:
    locked = services.why_locked(template)
    context = {
        "template": template,
        "details": details,
        "boxes": boxes,
        "locked": WHY_LOCKED[locked]() if locked else "",
        "memes": Meme.objects.filter(template=template).exclude(texts=[]).count(),
        "language": dict(settings.LANGUAGES).get(template.language, template.language),
        "max_boxes": MAX_BOXES,
        "licences": LICENCES,
    }
    return render(request, "annotation/meme_templates/editor.html", context, status=status)


WHY_LOCKED: Final = {
    LayoutLocked.SHOWN: lambda: _(
        "The boxes are fixed: people have been shown memes of it, and what they judged must stay what they saw."
    ),
    LayoutLocked.BOXES: lambda: _(
        "It has memes, each with a text per box: boxes can be moved, but none added or taken away."
    ),
    LayoutLocked.MANY: lambda: (
        _(
            "The boxes are fixed: it has more than %(number)s memes, too many to be drawn again while you wait."
        )
        % {"number": services.MAX_REDRAWN}
    ),
    LayoutLocked.NO_PICTURE: lambda: _("It came without a picture: there is nothing to put boxes on."),
}


@allow(Role.ADMIN)
@never_cache
@require_POST
def preview(request: AnnotatorRequest, pk: int) -> HttpResponse:
    """How a meme with these boxes and example texts would look."""
    template = get_object_or_404(MemeTemplate.objects.filter(takedown=None).exclude(picture=""), pk=pk)
    if services.why_locked(template):  # the page sends the texts alone
        texts = [request.POST.get(f"box-{number}-example", "") for number in range(len(template.boxes))]
        return drawn_preview(by=request.user, template=template, boxes=template.layout.boxes, texts=texts)
    boxes = BoxesForm(request.POST, boxes=template.layout.boxes)
    if not boxes.is_valid():
        return JsonResponse({}, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    return drawn_preview(by=request.user, template=template, boxes=boxes.boxes(), texts=boxes.examples())


@allow(Role.ADMIN)
@require_POST
def showing(request: AnnotatorRequest, pk: int) -> HttpResponseRedirect:
    """Retire a meme template, or show it again."""
    template = get_object_or_404(MemeTemplate, pk=pk)
    try:
        if request.POST.get("show") == "yes":
            services.restore_template(template=template)
            messages.success(request, _("It is shown again, with all that was shown before."))
        else:
            services.retire_template(template=template)
            messages.success(request, _("None of its memes are shown any more. Everything stays."))
    except TakenDown:
        pass  # the page says so
    return redirect("meme_template", pk=pk)
