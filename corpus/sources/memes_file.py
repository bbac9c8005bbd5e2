"""Our own form of memes, one row each, as JSON lines or as a table (CSV). Field by field: docs/importing.md."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Any, Final

from corpus.errors import LayoutError, PictureError
from corpus.memes import MAX_BOXES, TemplateLayout, TextBox
from corpus.pictures import Picture, take_picture
from corpus.rendering import MAX_PICTURE_BYTES
from corpus.sources.fields import id_field, language_field, slug_field, text_field, texts_field
from corpus.sources.files import inside, open_plain, parsed_json, read_bytes, shown
from corpus.sources.found import (
    MAX_LICENCE,
    MAX_NAME,
    MAX_SOURCE,
    FoundCaption,
    FoundTemplate,
    Kind,
    Refusal,
    Refused,
)

MAX_LINE: Final = 100_000  # bytes
MAX_CELL: Final = 20_000  # characters
PLAIN: Final = ("template", "language", "source_id", "picture", "name", "source", "licence", "boxes")
TEXTS: Final = tuple(f"text{number}" for number in range(1, MAX_BOXES + 1))
JSON_FIELDS: Final = frozenset((*PLAIN, "texts"))
CSV_FIELDS: Final = frozenset((*PLAIN, *TEXTS))
OF_TEMPLATE: Final = ("boxes", "name", "source", "licence")
# What a spreadsheet runs when the file is opened there: "=…", and "+", "-", "@" before a function or another program.
# A caption such as "-nobody ever", "@everyone" or "+1" is neither.
FORMULA: Final = re.compile(r"\s*(?:=|[-+@]\s*(?:[\w.$!']+\(|\w+\s*\||.*\w\|.*!))", re.DOTALL)
TYPES: Final = {".jpg": "jpg", ".jpeg": "jpg", ".png": "png", ".webp": "webp", ".gif": "gif"}

Found = FoundTemplate | FoundCaption | Refusal
Rows = Iterator[tuple[int, Mapping[str, Any] | Refused]]  # with the line each begins on


def read_memes(path: Path) -> Iterator[Found]:
    """What a file of memes holds, row by row: a meme template before its first meme.

    Raises `Refused` when the file as a whole cannot be read, or its name ends neither in .jsonl nor in .csv.
    """
    match path.suffix.lower():
        case ".jsonl":
            read = _json_rows
        case ".csv":
            read = _csv_rows
        case _:
            raise Refused(Kind.FILE, "the name of the file must end in .jsonl or .csv")
    with open_plain(path) as file:
        yield from _found(path, read(file))


def _found(path: Path, rows: Rows) -> Iterator[Found]:
    seen: set[str] = set()
    brought: dict[str, str] = {}
    for row, record in rows:
        try:
            if isinstance(record, Refused):
                raise record
            template = _template(path, row, record, brought)
            if template:
                yield template
            if caption := _caption(path.name, row, record, seen, is_optional=bool(record.get("picture"))):
                yield caption
        except Refused as refused:
            yield refused.at(path.name, row)


# --- rows -----------------------------------------------------------------------------------------------------------------------


def _json_rows(file: IO[bytes]) -> Rows:
    for row, line in _lines(file):
        if isinstance(line, Refused):
            yield row, line
        elif line.strip():
            yield row, _json_row(line)


def _json_row(line: bytes) -> Mapping[str, Any] | Refused:
    try:
        record = parsed_json(line)
    except Refused as refused:
        return refused
    if not isinstance(record, dict):
        return Refused(Kind.FIELD, f"{shown(record)} does not hold fields with names")
    if unknown := sorted(set(record) - JSON_FIELDS):
        return Refused(Kind.FIELD, "unknown field", field=shown(unknown[0]))
    return record


def _lines(file: IO[bytes]) -> Iterator[tuple[int, bytes | Refused]]:
    """The lines of a file with their numbers; one that is too long is passed over. Raises `Refused` for UTF-16."""
    row = 0
    while line := file.readline(MAX_LINE + 1):
        row += 1
        if row == 1:
            if line.startswith((b"\xff\xfe", b"\xfe\xff")):
                raise Refused(Kind.FILE, "the file is UTF-16; save it as UTF-8")
            line = line.removeprefix(b"\xef\xbb\xbf")
        if len(line) <= MAX_LINE:
            yield row, line
            continue
        while not line.endswith(b"\n") and (line := file.readline(MAX_LINE)):
            pass
        yield row, Refused(Kind.FIELD, f"the line has more than {MAX_LINE:,} bytes")


def _csv_rows(file: IO[bytes]) -> Rows:
    table = _Table(file)
    names = table.header()
    while True:
        begins = table.row + 1
        try:
            cells = next(table.cells)
        except StopIteration:
            return
        except csv.Error as error:
            swallowed = f", and nothing was read down to row {table.row}" if table.row > begins else ""
            yield begins, Refused(Kind.FIELD, f"not a row of a table: {error}{swallowed}")
            continue
        if problem := table.problem():
            yield begins, problem
        elif any(cell.strip() for cell in cells):
            yield begins, _csv_row(names, cells)


class _Table:
    """A CSV file, fed to the reader line by line, so that a row can be named by the line it begins on."""

    def __init__(self, file: IO[bytes]) -> None:
        self.row = 0
        self._problem: Refused | None = None
        self._file = file
        self.cells = csv.reader(self._decoded(), strict=True)

    def _decoded(self) -> Iterator[str]:
        for row, line in _lines(self._file):
            self.row = row
            if isinstance(line, Refused):
                self._problem = line
                yield "\n"
            else:
                yield line.decode("utf-8", "surrogateescape")

    def problem(self) -> Refused | None:
        """What was wrong with a line since this was last asked."""
        problem, self._problem = self._problem, None
        return problem

    def header(self) -> list[str]:
        """The names of the columns. Raises `Refused`."""
        try:
            names = [name.strip() for name in next(self.cells)]
        except StopIteration:
            raise Refused(Kind.FILE, "the file is empty") from None
        except csv.Error as error:
            raise Refused(Kind.FILE, f"the first row does not name the columns: {error}") from error
        if problem := self.problem():
            raise problem
        if unknown := sorted(set(names) - CSV_FIELDS):
            raise Refused(Kind.FIELD, "unknown column in the first row", field=shown(unknown[0]))
        if len(set(names)) < len(names) or not {"template", "text1"} <= set(names):
            raise Refused(Kind.FIELD, "the first row names template and text1, and each column once")
        return names


def _csv_row(names: list[str], cells: list[str]) -> Mapping[str, Any] | Refused:
    if len(cells) > len(names):
        return Refused(Kind.FIELD, f"{len(cells)} cells under {len(names)} columns")
    record: dict[str, Any] = dict(zip(names, cells, strict=False))
    for name, cell in record.items():
        if problem := _bad_cell(name, cell):
            return problem
    texts = [record.pop(name, "") for name in TEXTS]
    while texts and not texts[-1].strip():
        texts.pop()
    boxes = record.pop("boxes", "")
    try:
        more = {"boxes": parsed_json(boxes.encode(), field="boxes")} if boxes.strip() else {}
    except Refused as refused:
        return refused
    filled = {name: cell.strip() for name, cell in record.items() if cell.strip()}
    return filled | more | {"texts": texts, PADDED: True}


PADDED: Final = "\0padded"  # a name that no file can give


def _bad_cell(name: str, cell: str) -> Refused | None:
    if any("\udc80" <= character <= "\udcff" for character in cell):
        return Refused(Kind.FIELD, "not UTF-8", field=name)
    if "\0" in cell:
        return Refused(Kind.FIELD, "a NUL byte", field=name)
    if len(cell) > MAX_CELL:
        return Refused(Kind.FIELD, f"more than {MAX_CELL:,} characters", field=name)
    if FORMULA.match(cell):
        return Refused(Kind.FORMULA, f"{shown(cell)} is a formula to a spreadsheet", field=name)
    return None


# --- what a row says ------------------------------------------------------------------------------------------------------------


def _caption(
    file: str, row: int, record: Mapping[str, Any], seen: set[str], *, is_optional: bool
) -> FoundCaption | None:
    """The meme of a row; none where a row only brings a meme template."""
    template = slug_field(record.get("template"), "template")
    texts = texts_field(record.get("texts", []), "texts", most=MAX_BOXES)
    if not any(text.strip() for text in texts):
        if is_optional:
            return None
        raise Refused(Kind.TEXT, "a meme needs at least one text", field="texts")
    source_id = id_field(record, "source_id")
    language = language_field(record, "language", "")
    if source_id and source_id in seen:
        raise Refused(Kind.DOUBLED, f"{shown(source_id)} came before in this file", field="source_id")
    seen.add(source_id)
    return FoundCaption(
        file=file,
        row=row,
        template=template,
        texts=texts,
        language=language,
        source_id=source_id,
        is_padded=PADDED in record,
    )


def _template(
    path: Path, row: int, record: Mapping[str, Any], brought: dict[str, str]
) -> FoundTemplate | None:
    """The meme template that a row brings along: the first time only, then its name is enough."""
    name = record.get("picture")
    if name in (None, ""):
        if extra := next((field for field in OF_TEMPLATE if record.get(field)), None):
            raise Refused(Kind.FIELD, "only beside a picture, of which it tells", field=extra)
        return None
    if not isinstance(name, str):
        raise Refused(Kind.FIELD, f"{shown(name)} is not a file name", field="picture")
    slug = slug_field(record.get("template"), "template")
    if slug in brought:
        if brought[slug] != name:
            reason = f"meme template {slug!r} came with another picture before"
            raise Refused(Kind.DOUBLED, reason, field="picture")
        return None
    where = inside(path.parent, name, field="picture")
    data = read_bytes(where, limit=MAX_PICTURE_BYTES, field="picture", kind=Kind.PICTURE)
    picture = _picture(data, where.suffix.lower())
    found = FoundTemplate(
        file=path.name,
        row=row,
        slug=slug,
        name=text_field(record, "name", longest=MAX_NAME, default=slug),
        picture=data,
        boxes=_boxes(record.get("boxes"), picture),
        language=language_field(record, "language", "en"),
        source=text_field(record, "source", longest=MAX_SOURCE),
        licence=text_field(record, "licence", longest=MAX_LICENCE),
        source_id=f"file:{slug}",
        notes=("the picture is an animation: its first frame is used",)
        if picture.first_frame_of_animation
        else (),
    )
    brought[slug] = name
    return found


def _picture(data: bytes, suffix: str) -> Picture:
    try:
        picture = take_picture(data)
    except PictureError as error:
        raise Refused(Kind.PICTURE, error.reason, field="picture") from error
    if TYPES.get(suffix) != picture.original_extension:
        reason = f"the name ends in {shown(suffix)}, the file is in truth a {picture.original_extension}"
        raise Refused(Kind.PICTURE, reason, field="picture")
    return picture


def _boxes(value: object, picture: Picture) -> tuple[TextBox, ...]:
    if not isinstance(value, list) or not all(isinstance(box, dict) for box in value):
        raise Refused(Kind.FIELD, "a picture comes with a list of its text boxes", field="boxes")
    boxes = tuple(_box(box, f"boxes[{number}]") for number, box in enumerate(value))
    try:
        return TemplateLayout(width=picture.width, height=picture.height, boxes=boxes).boxes
    except LayoutError as error:
        raise Refused(Kind.FIELD, error.reason, field="boxes") from error


def _box(value: Mapping[str, Any], where: str) -> TextBox:
    try:
        return TextBox.from_json(value)
    except LayoutError as error:
        raise Refused(Kind.FIELD, error.reason, field=f"{where}.{error.field}") from error
