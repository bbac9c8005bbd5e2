"""Meme templates and memes: taking them in, drawing them, letting them be judged or not."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from annotation.models import EmptyGroup, Group, GroupMember, Meme, MemeTemplate, Pair
from annotation.pictures import load_picture, store_picture
from corpus.fonts import Fonts
from corpus.memes import TemplateLayout
from corpus.rendering import RENDERER_VERSION, draw, extension, open_picture
from corpus.texts import clean_texts, texts_key


def fonts() -> Fonts:
    """The fonts memes are drawn with here."""
    return Fonts(
        cjk=Path(settings.CJK_FONT) if settings.CJK_FONT else None,
        emoji=Path(settings.EMOJI_FONT) if settings.EMOJI_FONT else None,
    )


def request_key(request: Mapping[str, Any] | None) -> str:
    """The same key for the same user request; blank for none."""
    if not request:
        return ""
    return hashlib.sha256(json.dumps(request, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


@transaction.atomic
def add_template(
    *,
    slug: str,
    name: str,
    picture: bytes,
    boxes: Sequence[Mapping[str, Any]],
    language: str = "en",
    source: str = "",
    licence: str = "",
    source_id: str = "",
) -> MemeTemplate:
    """Take in a meme template; a picture that is there already is that template. Raises `PictureError`, `LayoutError`."""
    sha256 = hashlib.sha256(picture).hexdigest()
    if known := MemeTemplate.objects.filter(picture_sha256=sha256).first():
        return known
    image = open_picture(picture)
    layout = TemplateLayout.from_json(width=image.width, height=image.height, boxes=boxes)
    kind = extension(picture)
    template = MemeTemplate(
        slug=slug,
        name=name,
        language=language,
        picture=store_picture(folder="templates", data=picture, extension=kind),
        picture_sha256=sha256,
        width=layout.width,
        height=layout.height,
        boxes=[box.to_json() for box in layout.boxes],
        source=source,
        licence=licence,
        source_id=source_id,
    )
    template.full_clean()
    template.save()
    return template


@dataclass(frozen=True, slots=True, kw_only=True)
class Caption:
    """What a meme is made from: a text per box, and where it came from."""

    texts: Sequence[str]
    language: str = "en"
    origin: str = Meme.Origin.HUMAN
    generator: str = ""
    request: Mapping[str, Any] | None = None
    reasoning: str = ""
    source_id: str = ""
    status: str = Meme.Status.ACTIVE


@dataclass(slots=True)
class Taken:
    """What became of a batch of captions."""

    added: list[Meme] = field(default_factory=list)
    known: int = 0
    undrawn: set[str] = field(default_factory=set)  # characters no configured font has


def add_memes(*, template: MemeTemplate, captions: Iterable[Caption]) -> Taken:
    """Draw captions on a meme template and put the memes into their groups; those already there are counted, not added.

    Raises `TextError` at the first caption that cannot be taken in; what came before it is kept.
    """
    taken = Taken()
    for meme, undrawn in _drawn(template, captions, taken):
        with transaction.atomic():
            stored, created = Meme.objects.get_or_create(
                template=template,
                language=meme.language,
                texts_key=meme.texts_key,
                defaults={name: getattr(meme, name) for name in MEME_FIELDS},
            )
            if not created:
                taken.known += 1
                continue
            if stored.status == Meme.Status.ACTIVE:
                show_meme(meme=stored)
        taken.added.append(stored)
        taken.undrawn.update(undrawn)
    return taken


MEME_FIELDS = (
    "texts", "picture", "renderer_version", "status", "origin", "generator", "request", "request_key", "reasoning", "source_id",
)  # fmt: skip


def _drawn(
    template: MemeTemplate, captions: Iterable[Caption], taken: Taken
) -> Iterator[tuple[Meme, tuple[str, ...]]]:
    """The captions that are new to the template, drawn and stored as pictures, as unsaved memes."""
    layout = template.layout
    blank = open_picture(load_picture(template.picture))
    known = set(Meme.objects.filter(template=template).values_list("language", "texts_key"))
    drawn_with = fonts()
    for caption in captions:
        texts = clean_texts(caption.texts, len(layout.boxes))
        key = texts_key(texts)
        if (caption.language, key) in known:
            taken.known += 1
            continue
        known.add((caption.language, key))
        drawing = draw(blank, layout, texts, drawn_with)
        yield (
            Meme(
                template=template,
                language=caption.language,
                texts=list(texts),
                texts_key=key,
                picture=store_picture(folder="memes", data=drawing.data, extension="jpg"),
                renderer_version=RENDERER_VERSION,
                status=caption.status,
                origin=caption.origin,
                generator=caption.generator,
                request=dict(caption.request) if caption.request else None,
                request_key=request_key(caption.request),
                reasoning=caption.reasoning,
                source_id=caption.source_id,
            ),
            drawing.missing,
        )


def show_meme(*, meme: Meme) -> None:
    """Let a meme be judged: the last position of its group is its own, and its pairs count again."""
    group, _ = Group.objects.get_or_create(
        template_id=meme.template_id, language=meme.language, request_key=""
    )
    GroupMember.objects.get_or_create(group=group, meme=meme)
    _unless_overtaken(_show, meme, group.pk)


def retire_meme(*, meme: Meme) -> None:
    """Never show a meme again; what was said of it stays. The group's last position moves into the gap."""
    _unless_overtaken(_retire, meme)


class _Overtaken(Exception):
    """Somebody made a pair with the meme while we waited for its group."""


def _unless_overtaken(change: Callable[..., None], *arguments: object) -> None:
    while True:
        try:
            with transaction.atomic():
                return change(*arguments)
        except _Overtaken:
            continue  # the next time that pair is locked like the others


def _show(meme: Meme, group_id: int) -> None:
    locked = _locked_pairs(meme)
    group = _locked_group(group_id, meme, locked)
    member = GroupMember.objects.get(group=group, meme=meme)
    if member.position is not None:
        return
    Meme.objects.filter(pk=meme.pk).update(status=Meme.Status.ACTIVE)
    GroupMember.objects.filter(pk=member.pk).update(position=group.size)
    Group.objects.filter(pk=group.pk).update(size=F("size") + 1)
    EmptyGroup.objects.filter(group=group, until__gt=timezone.now()).update(until=timezone.now())
    _recount(group, meme)


def _retire(meme: Meme) -> None:
    Meme.objects.filter(pk=meme.pk).update(status=Meme.Status.RETIRED)
    locked = _locked_pairs(meme)
    for group_id in sorted(GroupMember.objects.filter(meme=meme).values_list("group_id", flat=True)):
        group = _locked_group(group_id, meme, locked)
        member = GroupMember.objects.get(group=group, meme=meme)
        if member.position is None:
            continue
        GroupMember.objects.filter(pk=member.pk).update(position=None)
        GroupMember.objects.filter(group=group, position=group.size - 1).update(position=member.position)
        Group.objects.filter(pk=group.pk).update(size=F("size") - 1)
        _recount(group, meme)


def _locked_pairs(meme: Meme) -> set[int]:
    """A meme's pairs, locked before any group, as leasing does (see services/judging.py)."""
    pairs = Pair.objects.filter(Q(first=meme) | Q(second=meme))
    return set(pairs.select_for_update(no_key=True).order_by("pk").values_list("pk", flat=True))


def _locked_group(group_id: int, meme: Meme, locked: set[int]) -> Group:
    """The group, locked. Its other pairs must not be waited for from here on: `_Overtaken` when the meme has a new one."""
    group = Group.objects.select_for_update(no_key=True).get(pk=group_id)
    pairs = Pair.objects.filter(Q(first=meme) | Q(second=meme), group=group)
    if not locked.issuperset(pairs.values_list("pk", flat=True)):
        raise _Overtaken
    return group


def _recount(group: Group, meme: Meme) -> None:
    """Set which of the meme's pairs may be shown, and how many of its group's pairs are full."""
    shown = GroupMember.objects.filter(group=group, position__isnull=False).values("meme")
    pairs = Pair.objects.filter(Q(first=meme) | Q(second=meme), group=group)
    pairs.update(active=False)
    pairs.filter(first__in=shown, second__in=shown).update(active=True)
    full = Pair.objects.filter(group=group, active=True, taken=F("wanted")).count()
    Group.objects.filter(pk=group.pk).update(full_pairs=full)
