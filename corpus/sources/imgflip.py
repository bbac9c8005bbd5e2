"""Captions in the layout of ImgFlip575K: `dataset/memes/<Template>.json`, each a list of posts with the texts of their boxes.

What its captions are, as 24,540 of them show:

* An empty box left no trace, so fewer texts than boxes say nothing of which boxes they stood in; and many a single text is two
  run together. Neither is guessed at.
* imgflip may divide a picture into other boxes than the meme template here does ("Running Away Balloon": five, not three). Then even
  captions with as many texts as boxes stand in other places. How many boxes imgflip has is seen from the posts.
* imgflip's first box is not always the meme template's. Where that was looked at, `ARRANGEMENTS` says so; a names file may say more.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from corpus.memes import MAX_BOXES
from corpus.sources.fields import slug_field, texts_field
from corpus.sources.files import MAX_JSON_BYTES, inside, parsed_json, read_bytes, shown
from corpus.sources.found import FoundCaption, Kind, Refusal, Refused

Arrangement = tuple[
    int | None, ...
]  # for each box of the meme template the number of its text, from 0; None stays empty
Arrangements = Mapping[int, Arrangement]  # by the number of texts

# By the name at imgflip and the meme template's source id: what was looked at, on drawn memes.
ARRANGEMENTS: Final[Mapping[tuple[str, str], Arrangements]] = {
    # imgflip: the hands, the left arm, the right arm; memegen: left, right, hands
    ("Epic-Handshake", "memegen:handshake"): {3: (1, 2, 0)},
    # imgflip: who shoots, who is shot, what is said; memegen: who is shot stands first
    ("Who-Killed-Hannibal", "memegen:wkh"): {3: (1, 0, 2)},
    # the same in both: straight on, the exit, the car
    ("Left-Exit-12-Off-Ramp", "memegen:exit"): {3: (0, 1, 2)},
    # two texts are the two buttons, as in memegen's own example; the man below stays without
    ("Two-Buttons", "memegen:ds"): {2: (0, 1, None), 3: (0, 1, 2)},
}
POST: Final = re.compile(r"(?:https?://)?(?:www\.)?imgflip\.com/(?:i|gif)/([0-9a-zA-Z]{1,20})/?")
MAX_NAMES_BYTES: Final = 5_000_000
USUAL: Final = 0.15  # of a template's posts: rarer numbers of texts are boxes that somebody added by hand


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedTemplate:
    """What a names file says of one template: the meme template's slug or memegen id, and where its texts go."""

    slug: str
    arrangements: Arrangements


@dataclass(frozen=True, slots=True, kw_only=True)
class ImgflipTemplate:
    """The posts of one template, those that can be read, and how many boxes imgflip has on its picture."""

    name: str
    file: str
    captions: tuple[FoundCaption, ...]
    refusals: tuple[Refusal, ...]
    boxes: int
    other_names: tuple[str, ...] = ()


def template_files(folder: Path) -> list[Path]:
    """The files of posts. Raises `Refused` when the folder has another layout."""
    for root in (folder, folder / "dataset"):
        if (root / "memes").is_dir():
            return sorted((root / "memes").glob("*.json"))
    raise Refused(Kind.FILE, "no folder dataset/memes/ in it: this is not laid out as ImgFlip575K")


def read_posts(path: Path, folder: Path, seen: set[str]) -> ImgflipTemplate | Refusal:
    """The posts of one file. `seen` are the posts read so far: an id comes in once."""
    file = path.relative_to(folder).as_posix()
    try:
        posts = parsed_json(read_bytes(inside(folder, file), limit=MAX_JSON_BYTES))
        if not isinstance(posts, list):
            raise Refused(Kind.FILE, "not a list of posts")
    except Refused as refused:
        return refused.at(file)
    captions, refusals = [], []
    for row, post in enumerate(posts, start=1):
        try:
            captions.append(_caption(post, file, row, path.stem, seen))
        except Refused as refused:
            refusals.append(refused.at(file, row))
    return ImgflipTemplate(
        name=path.stem,
        file=file,
        captions=tuple(captions),
        refusals=tuple(refusals),
        boxes=usual_boxes(Counter(len(caption.texts) for caption in captions)),
        other_names=tuple(_other_names(path, folder)),
    )


def _caption(post: object, file: str, row: int, template: str, seen: set[str]) -> FoundCaption:
    if not isinstance(post, dict):
        raise Refused(Kind.FIELD, f"{shown(post)} does not hold fields with names")
    texts = texts_field(post.get("boxes"), "boxes", most=100)
    if not any(text.strip() for text in texts):
        raise Refused(Kind.TEXT, "a post without a text", field="boxes")
    found = POST.fullmatch(post["post"]) if isinstance(post.get("post"), str) else None
    if not found:
        raise Refused(Kind.FIELD, f"{shown(post.get('post'))} is not the address of a post", field="post")
    if found[1] in seen:
        raise Refused(Kind.DOUBLED, f"post {found[1]} came before", field="post")
    seen.add(found[1])
    return FoundCaption(
        file=file, row=row, template=template, texts=texts, language="en", source_id=f"imgflip:{found[1]}"
    )


def _other_names(path: Path, folder: Path) -> Iterator[str]:
    """What imgflip also calls a template; from `dataset/templates/<Template>.json`, where that was kept."""
    about = path.parent.parent / "templates" / path.name
    try:
        safe = inside(folder, about.relative_to(folder).as_posix())
        facts = parsed_json(read_bytes(safe, limit=MAX_NAMES_BYTES))
    except Refused:
        return  # the template is found without them, or not
    if not isinstance(facts, dict):
        return
    if isinstance(title := facts.get("title"), str):
        yield title.removesuffix(" Meme Template").removesuffix(" Template")
    names = facts.get("alternative_names")
    for name in names.split(",") if isinstance(names, str) else names if isinstance(names, list) else ():
        if isinstance(name, str) and name.strip():
            yield name.strip()


def usual_boxes(counts: Counter[int]) -> int:
    """How many boxes imgflip has on a picture: the largest number of texts that is not rare; 0 when there are no posts."""
    total = counts.total()
    return max((texts for texts, posts in counts.items() if posts >= USUAL * total), default=0)


def place(texts: Sequence[str], boxes: int, usual: int, arrangements: Arrangements) -> tuple[str, ...]:
    """The texts in the boxes of the meme template. Raises `Refused` where nothing says which goes where."""
    if arrangement := arrangements.get(len(texts)):
        if len(arrangement) != boxes:
            reason = f"the arrangement is for {len(arrangement)} boxes, the meme template has {boxes}"
            raise Refused(Kind.BOXES, reason, field="boxes")
        return tuple("" if number is None else texts[number] for number in arrangement)
    while len(texts) > boxes and not texts[-1].strip():
        texts = texts[:-1]
    if len(texts) != boxes:
        raise Refused(Kind.BOXES, f"{_texts(len(texts))} for {boxes} boxes", field="boxes")
    if usual != boxes and boxes > 1:
        reason = f"imgflip has {usual} boxes on this picture, the meme template {boxes} others"
        raise Refused(Kind.BOXES, reason, field="boxes")
    return tuple(texts)


def _texts(number: int) -> str:
    return "1 text" if number == 1 else f"{number} texts"


def plain_name(name: str) -> str:
    """A name without what people write differently: case, spacing, punctuation, accents."""
    letters = unicodedata.normalize("NFKD", name).casefold()
    return "".join(character for character in letters if character.isalnum())


def read_names(data: bytes) -> dict[str, NamedTemplate]:
    """A names file: a JSON object, imgflip's name to a slug, or to `{"slug": …, "texts": {"3": [1, 2, 0]}}`.

    `texts` says for a number of texts which one goes into each box, from 0; null leaves a box empty. Raises `Refused`.
    """
    if len(data) > MAX_NAMES_BYTES:
        raise Refused(Kind.FILE, f"more than {MAX_NAMES_BYTES:,} bytes")
    names = parsed_json(data)
    if not isinstance(names, dict):
        raise Refused(Kind.FILE, "not a JSON object of names")
    return {name: _named(name, value) for name, value in names.items()}


def _named(name: str, value: object) -> NamedTemplate:
    field = shown(name)
    if isinstance(value, str):
        return NamedTemplate(slug=slug_field(value, field), arrangements={})
    if not isinstance(value, dict) or not set(value) <= {"slug", "texts"}:
        raise Refused(Kind.FIELD, "neither a slug nor an object of slug and texts", field=field)
    texts = value.get("texts", {})
    if not isinstance(texts, dict):
        raise Refused(Kind.FIELD, "texts is not an object", field=field)
    return NamedTemplate(
        slug=slug_field(value.get("slug"), field),
        arrangements={_count(key, field): _arrangement(key, row, field) for key, row in texts.items()},
    )


def _count(key: str, field: str) -> int:
    if not (key.isascii() and key.isdigit() and 1 <= int(key[:4]) <= 100):
        raise Refused(Kind.FIELD, f"{shown(key)} is not a number of texts", field=field)
    return int(key)


def _arrangement(key: str, row: Any, field: str) -> Arrangement:
    numbers = row if isinstance(row, list) else []
    used = [number for number in numbers if number is not None]
    once = all(type(number) is int for number in used) and sorted(used) == list(range(_count(key, field)))
    if not (once and len(numbers) <= MAX_BOXES):
        reason = f"{shown(row)} does not name each of the texts 0 to {int(key) - 1} once"
        raise Refused(Kind.FIELD, reason, field=field)
    return tuple(numbers)
