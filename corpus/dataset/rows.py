"""The rows of a dataset directory that have no noun elsewhere in `corpus`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from corpus.errors import DatasetError
from corpus.memes import Part, TemplateLayout, TextBox, part_of


class SkipKind(StrEnum):
    """Why an assignment ended without an outcome."""

    SKIP = "skip"
    FLAG = "flag"


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateRow:
    """A meme template as a dataset keeps it: its layout, its picture, where it comes from.

    `image_sha256` is the hash of the original picture as it came in; `image` is the path of the stored picture, which
    may have been re-encoded since. Without a picture `source_id` is what the template is known by.
    """

    template_id: str
    name: str
    language: str
    width: int
    height: int
    boxes: tuple[TextBox, ...]
    image: str | None = None  # the writer fills it in
    image_sha256: str | None = None
    source: str
    source_id: str | None = None
    licence: str

    @property
    def layout(self) -> TemplateLayout:
        return TemplateLayout(width=self.width, height=self.height, boxes=self.boxes)

    @property
    def identity(self) -> str:
        """What decides the part, for good; never a database id. Raises `DatasetError` when there is neither."""
        identity = self.image_sha256 or self.source_id
        if not identity:
            reason = f"{self.template_id!r}: image_sha256 or source_id must be given, one decides the part"
            raise DatasetError(reason, file="templates.parquet")
        return identity

    @property
    def part(self) -> Part:
        return part_of(self.identity)


@dataclass(frozen=True, slots=True, kw_only=True)
class SkipRow:
    """An assignment that ended in a skip or a flag; never an outcome."""

    assignment_id: str
    pair_id: str
    annotator: str  # a pseudonym
    kind: SkipKind
    reason: str | None = None  # a flag always has one
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """What one annotator said of a statement."""

    annotator: str  # a pseudonym
    answer: bool
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementRow:
    """A true/false statement about one meme or one meme template (MetaphorStar, arXiv 2602.10575)."""

    statement_id: str
    meme_id: str | None = None
    template_id: str | None = None
    text: str
    answer: bool | None = None  # None while nobody has settled it
    responses: tuple[Response, ...] = ()
