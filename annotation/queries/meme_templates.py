"""Reads: meme templates as an admin and as a proposer sees them, and their preview."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from django.db.models import Count, Prefetch, Q, QuerySet
from PIL import Image

from annotation.models import Decision, Meme, MemeTemplate, User
from annotation.pictures import load_picture
from annotation.services.memes import fonts
from annotation.services.proposals import may_propose
from corpus.memes import TemplateLayout, TextBox
from corpus.rendering import Drawing, draw, open_picture
from corpus.texts import clean_text

PREVIEW_SIDE: Final = 640  # pixels; a preview costs the same however large the picture is


@dataclass(frozen=True, slots=True)
class Row:
    """A meme template with how many memes it has."""

    template: MemeTemplate
    active: int
    pending: int


def templates(
    *, words: str = "", language: str = "", state: str = "", proposals: bool = False
) -> QuerySet[MemeTemplate]:
    """Meme templates by name: those whose name, slug or source has the words, in a language, in a state."""
    found = MemeTemplate.objects.select_related("takedown").order_by("name", "pk")
    for word in words.split():
        found = found.filter(Q(name__icontains=word) | Q(slug__icontains=word) | Q(source__icontains=word))
    if language:
        found = found.filter(language=language)
    if proposals:
        found = found.filter(proposals_open=True)
    match state:
        case "taken_down":
            return found.filter(takedown__isnull=False)
        case "active" | "retired":
            return found.filter(status=state, takedown=None)
        case _:
            return found


def rows(found: Iterable[MemeTemplate]) -> list[Row]:
    """The meme templates of one page with their numbers of memes. One query."""
    page = list(found)
    counted = Meme.objects.filter(template__in=page, status__in=["active", "pending"]).values_list(
        "template", "status"
    )
    memes = {
        (template, status): number
        for template, status, number in counted.annotate(number=Count("pk")).order_by()
    }
    return [Row(one, memes.get((one.pk, "active"), 0), memes.get((one.pk, "pending"), 0)) for one in page]


def template_languages() -> list[str]:
    """The languages that there are meme templates of."""
    return sorted(MemeTemplate.objects.order_by().values_list("language", flat=True).distinct())


def open_templates() -> QuerySet[MemeTemplate]:
    """The meme templates that take proposals, by name."""
    shown = MemeTemplate.objects.filter(proposals_open=True, status=MemeTemplate.Status.ACTIVE, takedown=None)
    return shown.exclude(picture="").order_by("name", "pk")


def may_propose_now(person: User) -> bool:
    """Whether somebody may propose captions, and some meme template takes them. One query at most."""
    return bool(person.roles) and may_propose(person) and open_templates().exists()


def proposals_of(person: User) -> QuerySet[Meme]:
    """What somebody proposed, newest first, with what was decided about it."""
    newest_first = Prefetch("decisions", Decision.objects.filter(undone_at=None).order_by("-pk"))
    return (
        person.proposals.select_related("template", "template__takedown", "takedown")
        .prefetch_related(newest_first)
        .order_by("-pk")
    )


def preview(*, template: MemeTemplate, boxes: Sequence[TextBox], texts: Sequence[str]) -> Drawing:
    """What a meme of the template would look like, small. Raises `LayoutError`, `TextError`, `PictureError`, `FileNotFoundError`."""
    blank = _scaled(template.picture)
    layout = TemplateLayout(width=blank.width, height=blank.height, boxes=tuple(boxes))
    return draw(blank, layout, [clean_text(text) for text in texts], fonts())


@lru_cache(maxsize=12)
def _scaled(name: str) -> Image.Image:
    """A template's picture for previews; its name is the hash of its bytes, so what is kept never grows old."""
    picture = open_picture(load_picture(name))
    picture.thumbnail((PREVIEW_SIDE, PREVIEW_SIDE))
    return picture
