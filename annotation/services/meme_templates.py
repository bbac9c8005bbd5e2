"""Meme templates by hand: uploaded, named, laid out, shown or not.

Locks are taken in one order: memes, meme template, pairs, groups. The last two are the order of judging (services/judging.py),
so whoever judges, moderates or edits waits for the others, and never in a circle.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.text import slugify

from annotation.errors import LayoutLocked, PictureKnown, TakenDown
from annotation.models import Assignment, EmptyGroup, Group, GroupMember, Meme, MemeTemplate, Pair, User
from annotation.pictures import load_picture, store_picture
from annotation.services import groups
from annotation.services.memes import add_template, fonts
from corpus.memes import TemplateLayout
from corpus.pictures import is_animated
from corpus.rendering import RENDERER_VERSION, Drawing, draw, open_picture

MAX_REDRAWN: Final = 500  # memes drawn again while somebody waits for the page: about ten seconds
TOP_AND_BOTTOM: Final = (
    {"x": 0.02, "y": 0.02, "w": 0.96, "h": 0.24},
    {"x": 0.02, "y": 0.74, "w": 0.96, "h": 0.24},
)


# --- taking one in --------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Uploaded:
    """A new meme template, and whether its picture is only the first frame of the file that came in."""

    template: MemeTemplate
    first_frame_of_animation: bool


def upload_template(
    *, by: User, name: str, picture: bytes, language: str = "en", source: str = "", licence: str = ""
) -> Uploaded:
    """Take in a picture as a meme template with a box above and one below.

    Raises `PictureError`, `PictureKnown` for one that is there already, `TakenDown` for one that may not come back.
    """
    sha256 = hashlib.sha256(picture).hexdigest()
    known = MemeTemplate.objects.filter(picture_sha256=sha256, takedown=None).first()
    if known is None:
        template = add_template(
            slug=slugify(name) or "meme-template",
            name=name,
            picture=picture,
            boxes=TOP_AND_BOTTOM,
            language=language,
            source=source,
            licence=licence,
            created_by=by,
        )
        if template.created_by_id == by.pk:  # else somebody else took it in at the same moment
            return Uploaded(template=template, first_frame_of_animation=is_animated(picture))
        known = template
    raise PictureKnown(known.pk, known.name)


# --- changing one ---------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Details:
    """What may always be changed of a meme template."""

    name: str
    source: str
    licence: str
    proposals_open: bool


def change_template(
    *, template: MemeTemplate, details: Details, boxes: Sequence[Mapping[str, Any]] | None = None
) -> int:
    """Store what an admin says of a meme template; how many of its memes were drawn again for its new boxes.

    The boxes may change as long as nobody was shown a meme of it, and not in number once it has memes.
    Raises `TakenDown`, `LayoutLocked`, `LayoutError`; then nothing is stored.
    """
    layout = template.layout if boxes is None else _checked(template, boxes)
    if layout == template.layout:
        _store_details(template=template, details=details)
        return 0
    _refuse_locked(template, layout)
    drawn = _drawn_again(template, layout)  # before anything is locked: it takes seconds
    return groups.unless_overtaken(_store_layout, template.pk, details, layout, drawn)


@transaction.atomic
def _store_details(*, template: MemeTemplate, details: Details) -> None:
    _save_details(_locked_template(template.pk), details)


def _save_details(template: MemeTemplate, details: Details) -> None:
    template.name, template.source = details.name, details.source
    template.licence, template.proposals_open = details.licence, details.proposals_open
    template.full_clean()
    template.save(update_fields=["name", "source", "licence", "proposals_open"])


def _checked(template: MemeTemplate, boxes: Sequence[Mapping[str, Any]]) -> TemplateLayout:
    """The boxes as a layout that can be drawn."""
    layout = TemplateLayout.from_json(width=template.width, height=template.height, boxes=boxes)
    for box in layout.boxes:
        fonts().faces(box.font)
    return layout


def why_locked(template: MemeTemplate) -> str:
    """Why the boxes of a meme template may not change any more, as a reason of `LayoutLocked`; blank when they may."""
    if not template.picture:
        return LayoutLocked.NO_PICTURE
    if Assignment.objects.filter(group__template=template).exists():
        return LayoutLocked.SHOWN
    if Meme.objects.filter(template=template).count() > MAX_REDRAWN:
        return LayoutLocked.MANY
    return ""


def _refuse_locked(template: MemeTemplate, layout: TemplateLayout) -> None:
    if reason := why_locked(template):
        raise LayoutLocked(reason)
    if len(layout.boxes) != len(template.boxes) and Meme.objects.filter(template=template).exists():
        raise LayoutLocked(LayoutLocked.BOXES)


def _drawn_again(
    template: MemeTemplate, layout: TemplateLayout, known: Mapping[int, Drawing] | None = None
) -> dict[int, Drawing]:
    """The drawings of all a template's memes with other boxes, by the meme's id; those known are not drawn again."""
    drawn = dict(known or {})
    memes = Meme.objects.filter(template=template, takedown=None).exclude(pk__in=drawn)
    waiting = list(memes.values_list("pk", "texts"))
    if waiting:
        blank, drawn_with = open_picture(load_picture(template.picture)), fonts()
        drawn |= {pk: draw(blank, layout, texts, drawn_with) for pk, texts in waiting}
    return drawn


def _store_layout(
    template_id: int, details: Details, layout: TemplateLayout, drawn: Mapping[int, Drawing]
) -> int:
    memes = Meme.objects.filter(template=template_id)
    locked = set(memes.select_for_update(no_key=True).order_by("pk").values_list("pk", flat=True))
    template = _locked_template(template_id)
    if not locked.issuperset(memes.values_list("pk", flat=True)):
        raise groups.Overtaken
    groups.lock_all_of(template_id)
    _refuse_locked(template, layout)
    _save_details(template, details)
    template.boxes = [box.to_json() for box in layout.boxes]
    template.save(update_fields=["boxes"])
    before = set(memes.values_list("picture", flat=True))
    drawn = _drawn_again(template, layout, drawn)
    standing = set(memes.filter(takedown=None).values_list("pk", flat=True))  # since they were drawn
    for pk in sorted(standing):
        name = store_picture(folder="memes", data=drawn[pk].data, extension="jpg")
        memes.filter(pk=pk).update(picture=name, renderer_version=RENDERER_VERSION)
    transaction.on_commit(lambda: _forget_pictures(template_id, before), robust=True)
    return len(standing)


@transaction.atomic
def _forget_pictures(template_id: int, names: set[str]) -> None:
    """Delete drawings that no meme names any more: a takedown must find them all.

    Behind the template's lock, as they are stored: whoever draws the same ones again finds them, or stores them anew.
    """
    _locked_template(template_id, taken_down=True)
    named = set(Meme.objects.filter(picture__in=names).values_list("picture", flat=True))
    for name in names - named:
        default_storage.delete(name)


# --- showing one or not ---------------------------------------------------------------------------------------------------------


def retire_template(*, template: MemeTemplate) -> None:
    """Show none of a meme template's memes any more; everything that was said of them stays."""
    groups.unless_overtaken(_retire, template.pk)


def restore_template(*, template: MemeTemplate) -> None:
    """Show again exactly what a retired meme template showed, less what was retired meanwhile. Raises `TakenDown`."""
    groups.unless_overtaken(_restore, template.pk)


def _retire(template_id: int) -> None:
    _locked_template(template_id, taken_down=True)
    MemeTemplate.objects.filter(pk=template_id).update(status=MemeTemplate.Status.RETIRED)
    closed = groups.lock_all_of(template_id)
    Pair.objects.filter(group__in=closed).update(active=False)
    Group.objects.filter(pk__in=closed).update(active=False, full_pairs=0)


def _restore(template_id: int) -> None:
    _locked_template(template_id)
    MemeTemplate.objects.filter(pk=template_id).update(status=MemeTemplate.Status.ACTIVE)
    for group in groups.lock_all_of(template_id):
        shown = GroupMember.objects.filter(group=group, position__isnull=False).values("meme")
        pairs = Pair.objects.filter(group=group)
        pairs.filter(first__in=shown, second__in=shown).update(active=True)
        full = pairs.filter(active=True, taken=F("wanted")).count()
        Group.objects.filter(pk=group).update(active=True, full_pairs=full)
        EmptyGroup.objects.filter(group=group, until__gt=timezone.now()).update(until=timezone.now())


def _locked_template(pk: int, *, taken_down: bool = False) -> MemeTemplate:
    """The meme template, locked. Raises `TakenDown`, unless that is no matter."""
    template = MemeTemplate.objects.select_for_update(no_key=True).get(pk=pk)
    if not taken_down and hasattr(template, "takedown"):
        raise TakenDown(template.name)
    return template
