"""Making a backup: rows of one moment, then their pictures, streamed into a file that appears when it is complete."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Final

from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone

from annotation.backup.archive import ArchiveWriter
from annotation.backup.rows import columns_of, lines, picture_names, tables
from annotation.consistent import consistent_read
from annotation.errors import BadBackup, NotRestorable
from annotation.pictures import NAME, load_picture

FORMAT: Final = "punchline backup"
VERSION: Final = "1.0"  # a reader refuses another number before the point
ROWS_IN_A_PIECE: Final = 20_000
BYTES_IN_A_PIECE: Final = 8 * 2**20
NAMED: Final = 5  # lost pictures that are named; the rest is counted

Progress = Callable[[str, int, int], None]  # of what, done, in all


@dataclass(slots=True)
class Made:
    """What a backup holds. A picture is `lost` when a row names it and the storage has it no more, or has other bytes."""

    rows: dict[str, int] = field(default_factory=dict)
    pictures: int = 0
    lost: int = 0
    lost_names: list[str] = field(default_factory=list)
    size: int = 0


def make_backup(*, path: Path, progress: Progress = lambda *_: None) -> Made:
    """Write a backup to `path`, readable by its owner alone. It is there when it is complete, or not at all.

    People may go on judging. Raises `BadBackup` when the path is taken, `NotRestorable` when migrations are missing.
    """
    if path.exists():
        raise BadBackup(f"{path.name} is already there; a backup is never overwritten")
    if MigrationExecutor(connection).migration_plan(_newest()):
        raise NotRestorable("the database is older than this program: run `manage.py migrate` first")
    with _appearing(path) as file:
        archive = ArchiveWriter(file)
        made = _write(archive, progress)
        archive.close()
        made.size = file.tell()
    return made


def migration_state() -> list[str]:
    """The migrations that the database has, sorted."""
    return sorted(f"{app}.{name}" for app, name in MigrationRecorder(connection).applied_migrations())


def _newest() -> list[tuple[str, str]]:
    nodes: list[tuple[str, str]] = MigrationExecutor(connection).loader.graph.leaf_nodes()
    return nodes


@contextmanager
def _appearing(path: Path) -> Iterator[IO[bytes]]:
    """A file under another name in the same folder, which takes its own name, on disk, when nothing was raised."""
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        try:
            path.hardlink_to(fresh)  # unlike a renaming, this never replaces what appeared there meanwhile
        except FileExistsError:
            raise BadBackup(f"{path.name} is already there; a backup is never overwritten") from None
    finally:
        fresh.unlink(missing_ok=True)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _write(archive: ArchiveWriter, progress: Progress) -> Made:
    """All parts, in their order. The names of pictures wait in a file: the database is let go before the storage is asked."""
    made = Made()
    hashes: dict[str, str] = {}
    with tempfile.TemporaryFile("w+", encoding="ascii") as names:
        with consistent_read():
            everything = tables()
            head = {
                "format": FORMAT,
                "version": VERSION,
                "created": timezone.now().isoformat(),
                "migrations": migration_state(),
                "tables": columns_of(everything),
            }
            archive.add("backup.json", _json(head))
            for table in everything:
                hashes |= _write_table(archive, table, made, progress)
            names.writelines(f"{name}\n" for name in picture_names())
        digest = _write_pictures(archive, names, made, progress)
    manifest = {
        "rows": made.rows,
        "sha256": hashes,
        "pictures": {"stored": made.pictures, "lost": made.lost, "sha256_of_names": digest},
    }
    archive.add("manifest.json", _json(manifest))
    return made


def _write_table(archive: ArchiveWriter, table: Any, made: Made, progress: Progress) -> dict[str, str]:
    """A table's rows in pieces; the hash of each piece by its name."""
    count = table.model._base_manager.count()
    made.rows[table.label] = 0
    hashes = {}
    pieces = lines(table.rows(), most_rows=ROWS_IN_A_PIECE, most_bytes=BYTES_IN_A_PIECE)
    for number, (data, rows) in enumerate(pieces, start=1):
        name = f"tables/{table.label}/{number:06d}.jsonl"
        archive.add(name, data)
        hashes[name] = hashlib.sha256(data).hexdigest()
        made.rows[table.label] += rows
        progress(table.label, made.rows[table.label], count)
    return hashes


def _write_pictures(archive: ArchiveWriter, names: IO[str], made: Made, progress: Progress) -> str:
    """The pictures that rows name, and the hash of the names of those that were written."""
    names.seek(0)
    count = sum(1 for _ in names)
    names.seek(0)
    digest = hashlib.sha256()
    for number, line in enumerate(names, start=1):
        name = line.rstrip("\n")
        data = _picture(name)
        if data is None:
            made.lost += 1
            made.lost_names += [name] if made.lost <= NAMED else []
        else:
            archive.add(f"pictures/{name}", data)
            digest.update(line.encode("ascii"))
            made.pictures += 1
        progress("pictures", number, count)
    return digest.hexdigest()


def _picture(name: str) -> bytes | None:
    """A stored picture, if it is there and is what its name says: a takedown may have come meanwhile, a disk may lie."""
    if not NAME.fullmatch(name):
        return None
    try:
        data = load_picture(name)
    except FileNotFoundError:
        return None
    return data if is_of(name, data) else None


def is_of(name: str, data: bytes) -> bool:
    """Whether these are the bytes that a picture of this name has."""
    return hashlib.sha256(data).hexdigest() == name.rpartition("/")[2].partition(".")[0]


def _json(value: object) -> bytes:
    return json.dumps(value, indent=1).encode("ascii")
