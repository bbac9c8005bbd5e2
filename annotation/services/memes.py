"""Meme templates and memes: taking them in, drawing them, letting them be judged or not."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import partial
from itertools import chain, count, islice
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import CharField

from annotation.errors import TakenDown
from annotation.models import Meme, MemeTemplate, Takedown, User
from annotation.pictures import load_picture, store_picture
from annotation.services import groups
from corpus.errors import TextError
from corpus.fonts import Fonts
from corpus.memes import TemplateLayout
from corpus.pictures import Picture, take_picture
from corpus.rendering import RENDERER_VERSION, Drawing, draw_all
from corpus.texts import clean_texts, texts_key

BATCH: Final = 60  # captions stored in one transaction: SQLite has one writer, and others judge meanwhile
PIECE: Final = 15  # captions drawn at a time by one of several processes


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
    original_sha256: str | None = None,
    created_by: User | None = None,
) -> MemeTemplate:
    """Take in a meme template; a picture that is there already is that template. A slug that is another's gets a number.

    The picture is stored made anew. `original_sha256` is for one that was made anew elsewhere: the hash of what it was made
    from. Raises `PictureError`, `LayoutError`, `TakenDown`.
    """
    sha256 = original_sha256 or hashlib.sha256(picture).hexdigest()
    if known := _known_template(sha256):
        return known
    taken = take_picture(picture)
    layout = TemplateLayout.from_json(width=taken.width, height=taken.height, boxes=boxes)
    for box in layout.boxes:
        fonts().faces(box.font)  # refuses one that nobody has
    template = MemeTemplate(
        name=name,
        language=language,
        picture_sha256=sha256,
        width=layout.width,
        height=layout.height,
        boxes=[box.to_json() for box in layout.boxes],
        source=source,
        licence=licence,
        source_id=source_id,
        created_by=created_by,
    )
    return _saved_or_known(template, slug, taken)


def _saved_or_known(template: MemeTemplate, slug: str, picture: Picture) -> MemeTemplate:
    try:
        _save_template(template, slug, picture)
    except (IntegrityError, ValidationError):
        if known := _known_template(template.picture_sha256 or ""):  # somebody took it in at the same moment
            return known
        raise
    return template


def _known_template(sha256: str) -> MemeTemplate | None:
    """The meme template of a picture. Raises `TakenDown`."""
    template = MemeTemplate.objects.filter(picture_sha256=sha256).first()
    if template and Takedown.objects.filter(template=template).exists():
        raise TakenDown(template.name)
    return template


@transaction.atomic
def _save_template(template: MemeTemplate, slug: str, picture: Picture) -> None:
    template.slug = free_slug(slug)
    template.full_clean()  # first: of what is refused no picture stays behind
    template.picture = store_picture(folder="templates", data=picture.data, extension=picture.extension)
    template.save()


def free_slug(wish: str) -> str:
    """The slug wished for, with a number behind it where another meme template has it."""
    longest = MemeTemplate._meta.get_field("slug").max_length or 0
    start = wish[: longest - 6].rstrip("-")
    taken = set(MemeTemplate.objects.filter(slug__startswith=start).values_list("slug", flat=True))
    wishes = chain([wish[:longest]], (f"{start}-{number}" for number in count(2)))
    return next(slug for slug in wishes if slug not in taken)


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
    proposed_by: User | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """A caption that was not taken in, and why; `number` is its place among those that were given, from 0."""

    class Kind(StrEnum):
        BOXES = "boxes"
        TEXT = "text"
        BLOCKED = "blocked"
        UNDRAWN = "undrawn"

    number: int
    caption: Caption
    kind: Kind
    reason: str


@dataclass(slots=True)
class Taken:
    """What became of captions."""

    added: list[Meme] = field(default_factory=list)
    known: int = 0
    left_out: list[LeftOut] = field(default_factory=list)
    undrawn: set[str] = field(default_factory=set)  # characters no configured font has
    cut: int = 0  # texts that were too long for their box, and end in an ellipsis where they came in


def add_memes(
    *,
    template: MemeTemplate,
    captions: Iterable[Caption],
    drawn_by: Executor | None = None,
    only_whole: bool = False,
) -> Taken:
    """Draw captions on a meme template and put the memes into their groups; those already there are counted, not added.

    A caption that cannot be taken in is left out and named; the others come in, a batch at a time: what is stored stays when
    the rest fails, and the same captions again go on from there. `drawn_by` are processes to draw in. With `only_whole` a caption
    is left out when not all of it can be drawn: annotators would judge less than its texts say. Raises `TakenDown`.
    """
    taken, rest = Taken(), enumerate(captions)
    while batch := list(islice(rest, BATCH)):
        _take_batch(template.pk, batch, taken, drawn_by, only_whole=only_whole)
    return taken


Numbered = Sequence[tuple[int, Caption]]


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A caption that may come in, with its texts cleaned and their key."""

    number: int
    caption: Caption
    texts: tuple[str, ...] = ()
    key: str = ""

    def left_out(self, kind: LeftOut.Kind, reason: str) -> LeftOut:
        return LeftOut(number=self.number, caption=self.caption, kind=kind, reason=reason)


def _take_batch(
    template_id: int, captions: Numbered, taken: Taken, drawn_by: Executor | None, *, only_whole: bool
) -> None:
    template = MemeTemplate.objects.get(pk=template_id)
    wanted = _sifted(template, captions, taken)
    taken.known += len(wanted)
    while new := _without_known(template, wanted):
        if Takedown.objects.filter(template=template).exists():
            raise TakenDown(template.name)
        drawn = list(zip(new, _drawings(template, new, drawn_by), strict=True))
        whole = [(one, drawing) for one, drawing in drawn if not (only_whole and _why_not_whole(drawing))]
        try:
            added = _store_batch(template, whole)
        except groups.Overtaken:
            template.refresh_from_db()
            continue
        taken.added += added
        taken.known -= len(new)
        taken.undrawn.update(*(drawing.missing for _, drawing in drawn))
        taken.cut += sum(bool(drawing.cut) for _, drawing in drawn)
        for one, drawing in drawn if only_whole else ():
            if reason := _why_not_whole(drawing):
                taken.left_out.append(one.left_out(LeftOut.Kind.UNDRAWN, reason))
        return


def _why_not_whole(drawing: Drawing) -> str:
    """What of the texts cannot be seen on a drawing; blank when all can."""
    if drawing.missing:
        return f"no font here has {' '.join(drawing.missing)}"
    return "the text is too long for its box" if drawing.cut else ""


def _sifted(template: MemeTemplate, captions: Numbered, taken: Taken) -> list[_Wanted]:
    """The captions that may come in, each once; the others are noted."""
    # here, because moderation in its turn retires memes through this module
    from annotation.services.moderation import load_blocklist

    blocklist = load_blocklist()
    wanted: dict[tuple[str, str], _Wanted] = {}
    for one in (_Wanted(number, caption) for number, caption in captions):
        right_number = len(one.caption.texts) == len(template.boxes)
        try:
            texts = clean_texts(one.caption.texts, len(template.boxes))
            _check_lengths(one.caption)
        except TextError as error:
            kind = LeftOut.Kind.TEXT if right_number else LeftOut.Kind.BOXES
            taken.left_out.append(one.left_out(kind, str(error)))
            continue
        if (phrase := blocklist.match(texts)) is not None:
            reason = f"it holds {phrase!r}, which the blocklist does not let in"
            taken.left_out.append(one.left_out(LeftOut.Kind.BLOCKED, reason))
            continue
        clean = replace(one, texts=texts, key=texts_key(texts))
        if wanted.setdefault((one.caption.language, clean.key), clean) is not clean:
            taken.known += 1
    return list(wanted.values())


def _check_lengths(caption: Caption) -> None:
    """Raise `TextError` for what the database would refuse together with all the rest of its batch."""
    for name in ("language", "source_id", "generator"):
        column, value = Meme._meta.get_field(name), getattr(caption, name)
        assert isinstance(column, CharField)
        if column.max_length and len(value) > column.max_length:
            raise TextError(f"{name} has at most {column.max_length} characters", value)


def _without_known(template: MemeTemplate, wanted: Sequence[_Wanted]) -> list[_Wanted]:
    stored = Meme.objects.filter(template=template, texts_key__in=[one.key for one in wanted])
    known = set(stored.values_list("language", "texts_key"))
    return [one for one in wanted if (one.caption.language, one.key) not in known]


def _drawings(template: MemeTemplate, wanted: Sequence[_Wanted], drawn_by: Executor | None) -> list[Drawing]:
    work = partial(draw_all, load_picture(template.picture), template.layout, fonts=fonts())
    captions = [one.texts for one in wanted]
    if drawn_by is None:
        return work(captions)
    pieces = [captions[start : start + PIECE] for start in range(0, len(captions), PIECE)]
    return [drawing for piece in drawn_by.map(work, pieces) for drawing in piece]


@transaction.atomic
def _store_batch(template: MemeTemplate, drawn: Sequence[tuple[_Wanted, Drawing]]) -> list[Meme]:
    """Store drawn memes, behind their template's lock: nobody changes its boxes or takes it down meanwhile."""
    locked = MemeTemplate.objects.select_for_update(no_key=True).get(pk=template.pk)
    if (locked.boxes, locked.picture) != (template.boxes, template.picture):
        raise groups.Overtaken
    if Takedown.objects.filter(template=locked).exists():  # since the captions were drawn
        raise TakenDown(locked.name)
    if len(_without_known(template, [one for one, _ in drawn])) != len(drawn):
        raise groups.Overtaken
    memes = Meme.objects.bulk_create([_meme(template, one, drawing) for one, drawing in drawn])
    for language in sorted({meme.language for meme in memes}):
        groups.join(
            [meme for meme in memes if meme.language == language and meme.status == Meme.Status.ACTIVE]
        )
    return memes


def _meme(template: MemeTemplate, one: _Wanted, drawing: Drawing) -> Meme:
    caption = one.caption
    return Meme(
        template=template,
        language=caption.language,
        texts=list(one.texts),
        texts_key=one.key,
        picture=store_picture(folder="memes", data=drawing.data, extension="jpg"),
        renderer_version=RENDERER_VERSION,
        status=caption.status,
        origin=caption.origin,
        generator=caption.generator,
        request=dict(caption.request) if caption.request else None,
        request_key=request_key(caption.request),
        reasoning=caption.reasoning,
        source_id=caption.source_id,
        proposed_by=caption.proposed_by,
    )


def show_meme(*, meme: Meme) -> None:
    """Let a meme be judged: the last position of its group is its own, and its pairs count again."""
    groups.show(meme)


def retire_meme(*, meme: Meme) -> None:
    """Never show a meme again; what was said of it stays. The group's last position moves into the gap."""
    groups.retire(meme)
