"""Meme templates, text boxes and memes."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from typing import Any, Self

from corpus.errors import LayoutError

MAX_BOXES = 8
COLOUR = re.compile(r"#[0-9a-f]{6}")


class Align(StrEnum):
    """Where the lines of a box stand."""

    LEFT = "left"
    CENTER = "center"
    RIGHT = "right"


class Case(StrEnum):
    """How a caption's letters are set when it is drawn; the stored text keeps its own."""

    UPPER = "upper"
    LOWER = "lower"
    AS_WRITTEN = "as_written"


class Origin(StrEnum):
    """Who wrote a meme. Never shown to an annotator, never seen by a reward model."""

    HUMAN = "human"
    IMPORT = "import"
    GENERATOR = "generator"


@dataclass(frozen=True, slots=True, kw_only=True)
class TextBox:
    """One box of a meme template: x, y, w, h as shares of the picture (0..1), angle in degrees, counter-clockwise."""

    x: float
    y: float
    w: float
    h: float
    angle: float = 0.0
    case: Case = Case.UPPER
    align: Align = Align.CENTER
    font: str = ""  # a name that the renderer knows; "" is its default
    colour: str = "#ffffff"
    outline: str | None = "#000000"

    def __post_init__(self) -> None:
        for name in ("x", "y", "w", "h"):
            value = getattr(self, name)
            if not 0.0 <= value <= 1.0:
                raise LayoutError(name, value, "must lie between 0 and 1")
        for name, start, size in (("w", self.x, self.w), ("h", self.y, self.h)):
            if size <= 0.0 or start + size > 1.0 + 1e-6:
                raise LayoutError(name, size, "the box must have a size and stay inside the picture")
        if not -180.0 <= self.angle <= 180.0:
            raise LayoutError("angle", self.angle, "must lie between -180 and 180 degrees")
        for name in ("colour", "outline"):
            value = getattr(self, name)
            if value is not None and not COLOUR.fullmatch(value):
                raise LayoutError(name, value, "must be #rrggbb in lower case")

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read a box from its JSON form, refusing fields nobody knows."""
        known = {field.name for field in fields(cls)}
        if unknown := sorted(set(data) - known):
            raise LayoutError(unknown[0], data[unknown[0]], "unknown field of a text box")
        for name in ("x", "y", "w", "h"):
            if name not in data:
                raise LayoutError(name, None, "a box needs this number")
        for name, value in data.items():
            if reason := _of_wrong_type(name, value):
                raise LayoutError(name, value, reason)
        case, align = Case(data.get("case", Case.UPPER)), Align(data.get("align", Align.CENTER))
        return cls(**{**data, "case": case, "align": align})

    def to_json(self) -> dict[str, Any]:
        """The JSON form, every field written out."""
        return asdict(self)


def _of_wrong_type(name: str, value: object) -> str:
    """Why a field of a box's JSON form cannot hold this value, whatever it says; blank when it can."""
    match name:
        case "x" | "y" | "w" | "h" | "angle":
            is_number = isinstance(value, int | float) and not isinstance(value, bool)
            return "" if is_number else "must be a number"
        case "case" | "align":
            words = [word.value for word in (Case if name == "case" else Align)]
            return "" if value in words else f"must be one of {', '.join(words)}"
        case _:
            is_text = isinstance(value, str) or (name == "outline" and value is None)
            return "" if is_text else "must be a text"


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateLayout:
    """The size of a picture in pixels and its text boxes, in reading order."""

    width: int
    height: int
    boxes: tuple[TextBox, ...]

    def __post_init__(self) -> None:
        if self.width < 1 or self.height < 1:
            raise LayoutError("size", (self.width, self.height), "must be at least one pixel each way")
        if not 1 <= len(self.boxes) <= MAX_BOXES:
            raise LayoutError("boxes", len(self.boxes), f"a meme template has 1 to {MAX_BOXES} text boxes")

    @classmethod
    def from_json(cls, *, width: int, height: int, boxes: Sequence[Mapping[str, Any]]) -> Self:
        return cls(width=width, height=height, boxes=tuple(TextBox.from_json(box) for box in boxes))


@dataclass(frozen=True, slots=True, kw_only=True)
class UserRequest:
    """What a meme was asked to be (HUMOR, arXiv 2512.24555)."""

    emotion: str = ""
    intensity: str = ""
    intention: str = ""
    scene: str = ""
    style: str = ""
    keywords: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Meme:
    """A meme template with a text per box."""

    meme_id: str
    template_id: str
    language: str
    texts: tuple[str, ...]
    origin: Origin = Origin.HUMAN
    generator: str | None = None  # the generator's version, where origin is `generator`
    request: UserRequest | None = None
    reasoning: str | None = None
    source_id: str | None = None


class Part(StrEnum):
    """Which part of the data a meme template belongs to, for good."""

    TRAIN = "train"
    TUNE = "tune"
    TEST = "test"


def part_of(identity: str, salt: str = "") -> Part:
    """The part of a meme template: 70/10/20 by a hash of its picture's sha256 (hex), or of its source id without a picture.

    `salt` makes other splits for experiments; the split of a dataset has none.
    """
    digest = hashlib.sha256(f"part\x1f{salt}\x1f{identity}".encode()).digest()
    draw = int.from_bytes(digest[:8], "big") / 2**64
    return Part.TRAIN if draw < 0.7 else Part.TUNE if draw < 0.8 else Part.TEST
