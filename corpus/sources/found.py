"""What a reader finds: meme templates, captions, and what is wrong with the rest."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Final

from corpus.memes import TextBox

MAX_SLUG: Final = 80
MAX_NAME: Final = 120
MAX_SOURCE: Final = 200
MAX_LICENCE: Final = 60
MAX_SOURCE_ID: Final = 120
SLUG: Final = re.compile(r"[-a-zA-Z0-9_]+")
LANGUAGE: Final = re.compile(r"[a-z]{2,3}(-[a-z0-9]{2,8})*")
MAX_LANGUAGE: Final = 12


class Kind(StrEnum):
    """What is wrong, in the words that reports count by."""

    FILE = "unreadable file"
    PATH = "path leaves the folder"
    FIELD = "bad field"
    NO_PICTURE = "no picture"
    PICTURE = "bad picture"
    DOUBLED = "doubled id"
    FORMULA = "spreadsheet formula"
    NO_TEMPLATE = "no such meme template"
    BOXES = "other boxes"
    TEXT = "bad text"
    BLOCKED = "blocked words"
    UNDRAWN = "cannot be drawn whole"
    TAKEN_DOWN = "taken down"
    OWN = "not a meme"
    LEFT_BEHIND = "about something left out"
    MERGED = "both memes are one here"
    GOLD = "gold pair"
    FUTURE = "clock in the future"


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Something that is not taken in: which file, row (counted from 1) and field, and why; `count` of its like go with it."""

    kind: Kind
    is_template: bool = False  # else it is about memes
    file: str
    row: int | None = None
    field: str = ""
    reason: str
    count: int = 1

    def __str__(self) -> str:
        place = [self.file, f"row {self.row}" if self.row else "", self.field]
        return f"{', '.join(filter(None, place))}: {self.reason}"

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


class Refused(Exception):
    """Carries a refusal from where it is found to the reader that goes on with the next row."""

    def __init__(self, kind: Kind, reason: str, *, field: str = "") -> None:
        super().__init__(reason)
        self.kind, self.reason, self.field = kind, reason, field

    def at(self, file: str, row: int | None = None, *, count: int = 1, is_template: bool = False) -> Refusal:
        """The refusal, with its place."""
        return Refusal(
            kind=self.kind,
            file=file,
            row=row,
            field=self.field,
            reason=self.reason,
            count=count,
            is_template=is_template,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundTemplate:
    """A meme template with its picture as it came; `notes` say what was changed to take it in."""

    file: str
    row: int | None = None
    slug: str
    name: str
    picture: bytes
    boxes: tuple[TextBox, ...]
    language: str = "en"
    source: str = ""
    licence: str = ""
    source_id: str = ""
    notes: tuple[str, ...] = ()
    example: tuple[str, ...] = ()
    original_sha256: str | None = None  # of what the picture was made anew from; None: it came as it is


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundCaption:
    """The texts of one meme as they came, and where they stood."""

    file: str
    row: int
    template: str  # what the source calls its meme template
    texts: tuple[str, ...]
    language: str = ""  # blank: the meme template's
    source_id: str = ""
    is_padded: bool = (
        False  # boxes that have no text stay empty: the source cannot tell an empty text from none
    )
