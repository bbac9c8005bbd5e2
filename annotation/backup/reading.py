"""Restoring a backup: read it through once and refuse what is not right, store its pictures, then all rows in one transaction."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

from django.core.cache import cache
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management.color import no_style
from django.db import DatabaseError, connection, transaction

from annotation.backup.archive import Member, members, shown
from annotation.backup.rows import Parser, Table, chunks, columns_of, tables
from annotation.backup.writing import FORMAT, VERSION, is_of, migration_state
from annotation.bulk import analyse, insert_rows
from annotation.errors import BadBackup, NotRestorable
from annotation.models import Assignment, Judgment, Meme, MemeTemplate, User
from annotation.pictures import NAME, load_picture
from annotation.queries.operations import CACHED

PIECE: Final = re.compile(r"tables/([a-z_]+\.[a-z0-9_]+)/([0-9]{6})\.jsonl")
PICTURE: Final = re.compile(rf"pictures/({NAME.pattern})")
MUST_BE_EMPTY: Final = (User, MemeTemplate, Meme)

Progress = Callable[[str, int, int], None]  # of what, done, in all


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restore brought in."""

    created: str  # when the backup was made
    rows: dict[str, int]
    pictures: int
    lost: int  # pictures that were not there when the backup was made


@dataclass(frozen=True, slots=True)
class Contents:
    """What a backup holds, once it was read through and found right."""

    created: str
    rows: dict[str, int]
    pictures: int
    lost: int


def restore_backup(*, path: Path, progress: Progress = lambda *_: None) -> Restored:
    """Bring a backup into an empty database that was migrated as the backup's was: all of it, or nothing.

    Pictures that were stored before something went wrong stay; they are found again. Raises `BadBackup`, `NotRestorable`.
    """
    with path.open("rb") as file:
        _refuse_if_in_use()
        contents = Check(file, progress).contents()
        _store_pictures(file, contents, progress)
        _load(file, contents, progress)
    cache.delete(CACHED)  # counted before
    if connection.vendor == "postgresql":  # it plans for empty tables until somebody looks
        analyse(*(table.model for table in tables()))
    return Restored(contents.created, contents.rows, contents.pictures, contents.lost)


def _refuse_if_in_use() -> None:
    for model in MUST_BE_EMPTY:
        if model._base_manager.exists():
            raise NotRestorable(
                f"there are {model._meta.verbose_name_plural} in this database already: "
                "a backup is restored into an empty one, fresh from `manage.py migrate`"
            )


# --- reading through ----------------------------------------------------------------------------------------------------------


class Check:
    """One reading of a backup that believes nothing: names, order, hashes, numbers of rows, every value."""

    def __init__(self, file: IO[bytes], progress: Progress) -> None:
        self._file, self._progress = file, progress
        self._parsers = {table.label: Parser(table) for table in tables()}
        self._hashes: dict[str, str] = {}
        self._rows: Counter[str] = Counter(dict.fromkeys(self._parsers, 0))
        self._names = hashlib.sha256()
        self._pictures = 0

    def contents(self) -> Contents:
        """What is in there. Raises `BadBackup` when anything is not as it should be."""
        parts = _with_progress(self._file, "checking", self._progress)
        first = next(parts, None)
        if first is None or first.name != "backup.json":
            raise BadBackup("it is no backup of Punchline: it does not begin with backup.json")
        created = self._head(first)
        manifest = None
        for member in parts:
            if manifest is not None:
                raise BadBackup(f"{shown(member.name)} stands behind the manifest")
            manifest = self._part(member)
        if manifest is None:
            raise BadBackup("it ends too early: it has no manifest.json")
        return self._agreed(created, manifest)

    def _head(self, member: Member) -> str:
        """Refuse what this program cannot read, or this database cannot take."""
        head = _object(member)
        version = str(head.get("version"))
        if head.get("format") != FORMAT:
            raise BadBackup("it is no backup of Punchline")
        if version.partition(".")[0] != VERSION.partition(".")[0]:
            raise BadBackup(f"it has version {shown(version)}; this program reads version {VERSION}")
        if head.get("migrations") != migration_state():
            raise NotRestorable(_difference(head.get("migrations")))
        if head.get("tables") != columns_of([parser.table for parser in self._parsers.values()]):
            raise BadBackup("its tables or columns are not those of this program")
        return str(head.get("created"))[:40]

    def _part(self, member: Member) -> dict[str, Any] | None:
        """Check one part; the manifest is given back."""
        if member.name == "manifest.json":
            return _object(member)
        if (piece := PIECE.fullmatch(member.name)) and piece[1] in self._parsers and not self._pictures:
            self._piece(piece[1], int(piece[2]), member)
        elif picture := PICTURE.fullmatch(member.name):
            self._picture(picture[1], member.data)
        else:
            raise BadBackup(f"{shown(member.name)} does not belong there")
        return None

    def _piece(self, label: str, number: int, member: Member) -> None:
        if number != 1 + sum(name.startswith(f"tables/{label}/") for name in self._hashes):
            raise BadBackup(f"{member.name} is not the piece that should come next")
        self._hashes[member.name] = hashlib.sha256(member.data).hexdigest()
        self._rows[label] += sum(1 for _ in self._parsers[label].rows(member.name, member.data))

    def _picture(self, name: str, data: bytes) -> None:
        if not is_of(name, data):
            raise BadBackup(f"{name} is not the picture that its name says")
        self._pictures += 1
        self._names.update(f"{name}\n".encode("ascii"))

    def _agreed(self, created: str, manifest: dict[str, Any]) -> Contents:
        """What was read, if the manifest says the same."""
        pictures = manifest.get("pictures")
        lost = pictures.get("lost") if isinstance(pictures, dict) else None
        if manifest.get("rows") != dict(self._rows):
            raise BadBackup("its tables have not as many rows as its manifest says")
        if manifest.get("sha256") != self._hashes:
            raise BadBackup("a piece of a table is missing, or is not what the manifest says")
        said = {"stored": self._pictures, "lost": lost, "sha256_of_names": self._names.hexdigest()}
        if pictures != said or not isinstance(lost, int):
            raise BadBackup("its pictures are not those that its manifest says")
        return Contents(created, dict(self._rows), self._pictures, lost)


def _difference(theirs: object) -> str:
    """How two migration states differ, in a sentence."""
    ours = set(migration_state())
    known = {name for name in theirs if isinstance(name, str)} if isinstance(theirs, list) else set()
    cure = "restore with the version of Punchline that made the backup, then upgrade"
    if extra := sorted(known - ours):
        return f"this database lacks migrations that the backup has ({shown(', '.join(extra))}): {cure}"
    return f"this database has migrations that the backup lacks ({', '.join(sorted(ours - known))[:200]}): {cure}"


def _object(member: Member) -> dict[str, Any]:
    """A part that is a JSON object."""
    try:
        value = json.loads(member.data)
    except (ValueError, RecursionError):
        raise BadBackup(f"{member.name} cannot be read") from None
    if not isinstance(value, dict):
        raise BadBackup(f"{member.name} cannot be read")
    return value


def _with_progress(file: IO[bytes], what: str, progress: Progress) -> Iterator[Member]:
    """The members, telling how many bytes of the file were read."""
    size = file.seek(0, 2)
    for member in members(file):
        progress(what, min(file.tell(), size), size)
        yield member


# --- taking in ----------------------------------------------------------------------------------------------------------------


def _store_pictures(file: IO[bytes], contents: Contents, progress: Progress) -> None:
    """Store every picture. One that is there is looked at: a killed restore may have left half of it."""
    done = 0
    for member in members(file):
        if picture := PICTURE.fullmatch(member.name):
            name = picture[1]
            if not is_of(name, member.data):
                raise BadBackup("it changed while it was read")
            if not default_storage.exists(name) or not is_of(name, load_picture(name)):
                default_storage.save(name, ContentFile(member.data))
            done += 1
            progress("pictures", done, contents.pictures)


def _load(file: IO[bytes], contents: Contents, progress: Progress) -> None:
    """All rows in one transaction, nobody else writing; constraints and triggers hold as for any row."""
    everything = tables()
    with _refusals("its rows"), transaction.atomic(durable=True):
        _keep_others_out(everything)
        _refuse_if_in_use()
        for table in reversed(everything):  # what `migrate` put there is in the backup as well
            table.model._base_manager.all().delete()
        _insert_all(file, everything, contents, progress)
        connection.check_constraints()
        _continue_numbering(everything)


@contextmanager
def _refusals(what: str) -> Iterator[None]:
    """What the database refuses, as a sentence about the backup; PostgreSQL's second line would quote the row."""
    try:
        yield
    except DatabaseError as error:
        words = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise BadBackup(f"{what}: the database refuses what is in there: {words}") from None


def _keep_others_out(everything: list[Table]) -> None:
    """Let nobody write before the transaction ends; SQLite's transaction does so by itself."""
    if connection.vendor == "postgresql":
        names = ", ".join(connection.ops.quote_name(table.model._meta.db_table) for table in everything)
        with connection.cursor() as cursor:
            cursor.execute(f"LOCK TABLE {names} IN EXCLUSIVE MODE")


def _insert_all(file: IO[bytes], everything: list[Table], contents: Contents, progress: Progress) -> None:
    """Insert every row, piece by piece."""
    parsers = {table.label: Parser(table) for table in everything}
    done: Counter[str] = Counter(dict.fromkeys(parsers, 0))
    for member in members(file):
        if not (piece := PIECE.fullmatch(member.name)):
            continue
        parser = parsers[piece[1]]
        with _refusals(member.name):
            for rows in chunks(parser.rows(member.name, member.data)):
                _insert(parser.table, rows)
                done[piece[1]] += len(rows)
        progress(piece[1], done[piece[1]], contents.rows[piece[1]])
    if dict(done) != contents.rows:
        raise BadBackup("it changed while it was read")


def _insert(table: Table, rows: list[list[Any]]) -> None:
    """Insert rows. Judgments that were taken back are let in as their assignment stands now, then become what they were.

    A trigger lets a judgment in when it holds the slot of its assignment. What was taken back keeps the slot it had then, while
    the assignment may have another by now; changing a judgment is not what the trigger watches.
    """
    if table.model is not Judgment:
        insert_rows(table.model, table.names, rows)
        return
    at = {
        name: table.columns.index(name)
        for name in ("id", "assignment_id", "slot", "surplus", "superseded_at")
    }
    back = [row for row in rows if row[at["superseded_at"]] is not None]
    slots = dict(
        Assignment.objects.filter(pk__in=[row[at["assignment_id"]] for row in back]).values_list("pk", "slot")
    )
    changed = []
    for row in back:
        slot, then = slots.get(row[at["assignment_id"]]), row[at["slot"]]
        if slot != then:
            changed.append(Judgment(pk=row[at["id"]], slot=then, surplus=row[at["surplus"]]))
            row[at["slot"]], row[at["surplus"]] = slot, slot is None
    insert_rows(table.model, table.names, rows)
    Judgment.objects.bulk_update(changed, ["slot", "surplus"], batch_size=500)


def _continue_numbering(everything: list[Table]) -> None:
    """Let new rows be numbered after those that came in."""
    statements = connection.ops.sequence_reset_sql(no_style(), [table.model for table in everything])
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
