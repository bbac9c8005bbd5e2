"""A checkout of memegen (github.com/jacebrowning/memegen): `templates/<id>/config.yml` and a picture beside it.

What its fields mean, as its own renderer draws them:

* `anchor_x`, `anchor_y`: the top left corner, as a share of the picture, **of the box after it was turned**: of the upright frame
  around it. Our boxes are turned around their middle, so a turned box is moved by half of what the frame is larger.
* `angle`: degrees counter-clockwise, like ours.
* `scale_x`, `scale_y`: width and height of the box before it is turned. It may run over the picture's edge, where memegen cuts the
  letters; here the box ends at the edge.
* `style` is the case of the letters, `font` one of memegen's names, `color` a CSS name or #rgb, #rrggbb, #rrggbbaa.
* Text in black has no more than a breath of white around it, everything else a black outline.
* `start`, `stop`, `overlay`, `keywords` are about animations, pictures in pictures and search: not read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from math import cos, isfinite, radians, sin
from pathlib import Path
from typing import Any, Final

from PIL import ImageColor

from corpus.errors import LayoutError, PictureError
from corpus.memes import MAX_BOXES, Align, Case, TextBox
from corpus.pictures import Picture, take_picture
from corpus.rendering import MAX_PICTURE_BYTES
from corpus.sources.fields import number_field, slug_field, text_field
from corpus.sources.files import MAX_CONFIG_BYTES, folders_in, inside, parsed_yaml, read_bytes, shown
from corpus.sources.found import MAX_NAME, MAX_SOURCE, FoundTemplate, Kind, Refusal, Refused

LICENCE: Final = "picture: third-party, unknown; boxes: MIT (memegen)"
TYPES: Final = {".jpg": "jpg", ".jpeg": "jpg", ".png": "png", ".webp": "webp", ".gif": "gif"}
CASES: Final = {
    "upper": Case.UPPER,
    "lower": Case.LOWER,
}  # all other styles leave the letters as they are written
FONTS: Final = {"thick": "", "impact": ""}  # all others are lighter: the renderer's second font
STYLES: Final = frozenset({"upper", "lower", "default", "none", "mock"})
# Narrower than this share of the picture, words in our second font break: of 150 real captions of "Left Exit 12" 54 had a
# broken word, in the condensed font 7. The boxes of one template look alike, so all of them take it.
NARROW: Final = 0.2
TEXT_FIELDS: Final = frozenset(
    (
        "style",
        "color",
        "font",
        "anchor_x",
        "anchor_y",
        "angle",
        "scale_x",
        "scale_y",
        "align",
        "start",
        "stop",
    )
)
TOP_AND_BOTTOM: Final[list[dict[str, Any]]] = [
    {},
    {"anchor_y": 0.8},
]  # what memegen draws where nothing is said
MAX_WORD: Final = 40


def template_folders(folder: Path) -> list[Path]:
    """The folders of a checkout that each hold a meme template. Raises `Refused` when this is no checkout."""
    templates = folder / "templates"
    if not templates.is_dir():
        raise Refused(Kind.FILE, "no folder templates/ in it: this is not a memegen checkout")
    return list(folders_in(templates))


def read_template(folder: Path) -> FoundTemplate | Refusal:
    """One meme template of a checkout."""
    file = f"templates/{folder.name}"
    try:
        return _read(folder, file)
    except Refused as refused:
        of_config = refused.kind is Kind.FILE or (refused.kind is Kind.FIELD and refused.field)
        return refused.at(f"{file}/config.yml" if of_config else file, is_template=True)


def read_memegen(folder: Path) -> Iterator[FoundTemplate | Refusal]:
    """All meme templates of a checkout, by id."""
    seen: set[str] = set()
    for path in template_folders(folder):
        if path.name.casefold() in seen:
            reason = "another folder has this id, but for capital letters"
            yield Refused(Kind.DOUBLED, reason).at(f"templates/{path.name}", is_template=True)
            continue
        seen.add(path.name.casefold())
        yield read_template(path)


def _read(folder: Path, file: str) -> FoundTemplate:
    if folder.is_symlink():
        raise Refused(Kind.PATH, "the folder is a symbolic link")
    if folder.name.startswith("_"):
        raise Refused(Kind.OWN, "memegen's own, not a meme")
    slug = slug_field(folder.name, "")
    config = parsed_yaml(read_bytes(inside(folder, "config.yml"), limit=MAX_CONFIG_BYTES))
    if not isinstance(config, dict):
        raise Refused(Kind.FILE, "config.yml does not hold fields with names")
    data, picture = _picture(folder)
    boxes, notes = _boxes(config.get("text"), picture)
    if picture.first_frame_of_animation:
        notes.append("the picture is an animation: its first frame is used")
    return FoundTemplate(
        file=file,
        slug=slug,
        name=text_field(config, "name", longest=MAX_NAME, default=slug),
        picture=data,
        boxes=boxes,
        source=text_field(config, "source", longest=MAX_SOURCE),
        licence=LICENCE,
        source_id=f"memegen:{slug}",
        notes=tuple(notes),
        example=_example(config.get("example")),
    )


def _picture(folder: Path) -> tuple[bytes, Picture]:
    """The picture called `default`, as it is and as it would be stored."""
    found = sorted(path.name for path in folder.iterdir() if path.stem == "default" and path.suffix != ".img")
    usable = [name for suffix in TYPES for name in found if Path(name).suffix.lower() == suffix]
    if not usable:
        other = f"; {shown(found[0])} is no JPEG, PNG, WebP or GIF" if found else ""
        raise Refused(Kind.NO_PICTURE, f"no picture called default{other}")
    name = usable[0]
    data = read_bytes(inside(folder, name), limit=MAX_PICTURE_BYTES, field=name, kind=Kind.PICTURE)
    try:
        picture = take_picture(data)
    except PictureError as error:
        raise Refused(Kind.PICTURE, error.reason, field=name) from error
    if TYPES[Path(name).suffix.lower()] != picture.original_extension:
        reason = f"the file is in truth a {picture.original_extension}: give it its right name"
        raise Refused(Kind.PICTURE, reason, field=name)
    return data, picture


def _boxes(value: object, picture: Picture) -> tuple[tuple[TextBox, ...], list[str]]:
    texts = TOP_AND_BOTTOM if value is None else value
    if not isinstance(texts, list) or not 1 <= len(texts) <= MAX_BOXES:
        raise Refused(Kind.FIELD, f"not a list of 1 to {MAX_BOXES} text boxes", field="text")
    boxes, notes = [], []
    for number, text in enumerate(texts):
        if not isinstance(text, dict):
            raise Refused(
                Kind.FIELD, f"{shown(text)} does not hold fields with names", field=f"text[{number}]"
            )
        box, more = box_of(text, picture.width, picture.height, f"text[{number}]")
        boxes.append(box)
        notes += more
    if any(box.font and box.w < NARROW for box in boxes):
        boxes = [replace(box, font="") for box in boxes]
    return tuple(boxes), notes


def box_of(text: Mapping[str, Any], width: int, height: int, where: str) -> tuple[TextBox, list[str]]:
    """A text of memegen's as our box on a picture of this size, and what had to be changed."""
    default = {"anchor_x": 0.0, "anchor_y": 0.0, "scale_x": 1.0, "scale_y": 0.2, "angle": 0.0}
    at = {name: number_field(text, name, value, field=f"{where}.{name}") for name, value in default.items()}
    angle = (at["angle"] + 180.0) % 360.0 - 180.0
    cosine, sine = abs(cos(radians(angle))), abs(sin(radians(angle)))
    across, along = at["scale_x"] * width, at["scale_y"] * height
    left = at["anchor_x"] * width + (across * cosine + along * sine - across) / 2
    top = at["anchor_y"] * height + (across * sine + along * cosine - along) / 2
    x, w = _within(left / width, at["scale_x"], keeps_middle=angle != 0.0, field=f"{where}.anchor_x")
    y, h = _within(top / height, at["scale_y"], keeps_middle=angle != 0.0, field=f"{where}.anchor_y")
    style = text_field(text, "style", longest=MAX_WORD, default="upper", field=f"{where}.style")
    font = text_field(text, "font", longest=MAX_WORD, default="thick", field=f"{where}.font")
    notes = [f"{where}: {note}" for note in _notes(text, style)]
    if w < at["scale_x"] - ROUNDING or h < at["scale_y"] - ROUNDING:
        notes.append(f"{where}: runs over the picture's edge; the box ends there")
    colour, outline = _colours(text, f"{where}.color")
    try:
        box = TextBox(
            x=x,
            y=y,
            w=w,
            h=h,
            angle=angle,
            case=CASES.get(style, Case.AS_WRITTEN),
            align=_align(text, f"{where}.align"),
            font=FONTS.get(font, "sans"),
            colour=colour,
            outline=outline,
        )
    except LayoutError as error:
        raise Refused(Kind.FIELD, error.reason, field=f"{where}.{error.field}") from error
    return box, notes


ROUNDING: Final = 0.005  # of the picture: half of what a rounded config may be off


def _within(start: float, size: float, *, keeps_middle: bool, field: str) -> tuple[float, float]:
    """The part of a stretch that lies between 0 and 1. A turned one keeps its middle, around which it turns."""
    before, after = max(0.0, -start), max(0.0, start + size - 1.0)
    if keeps_middle:
        before = after = max(before, after)
    if not isfinite(start) or size <= 0.0 or before + after >= size:
        raise Refused(Kind.FIELD, "nothing of the box lies in the picture", field=field)
    inner = max(0.0, start + before)
    return inner, min(size - before - after, 1.0 - inner)


def _notes(text: Mapping[str, Any], style: str) -> Iterator[str]:
    for name in sorted(str(key) for key in text if key not in TEXT_FIELDS):
        yield f"unknown field {shown(name)}"
    if style == "mock":
        yield "style mock: the letters stand as written, their case is the caption's"
    elif style not in STYLES:
        yield f"unknown style {shown(style)}: the letters stand as written"


def _colours(text: Mapping[str, Any], field: str) -> tuple[str, str | None]:
    """Colour and outline as #rrggbb."""
    value = text.get("color") or "white"
    try:
        if not isinstance(value, str) or len(value) > MAX_WORD:
            raise ValueError
        red, green, blue, *_ = ImageColor.getrgb(value.strip())
    except ValueError as error:
        raise Refused(Kind.FIELD, f"{shown(value)} is not a colour", field=field) from error
    is_dark = 0.299 * red + 0.587 * green + 0.114 * blue < DARK
    return f"#{red:02x}{green:02x}{blue:02x}", "#ffffff" if is_dark else "#000000"


DARK: Final = 64  # of 255: letters darker than this would drown in a black outline


def _align(text: Mapping[str, Any], field: str) -> Align:
    value = text.get("align") or "center"
    try:
        return Align(value)
    except ValueError as error:
        raise Refused(Kind.FIELD, f"{shown(value)} is not left, center or right", field=field) from error


def _example(value: object) -> tuple[str, ...]:
    """The caption that memegen shows a template with; blank lines are empty boxes."""
    if not isinstance(value, list):
        return ()
    return tuple(re.sub(r"\s+", " ", str(line)) if line is not None else "" for line in value)
