"""A hostile or damaged backup is refused in a sentence, before anything of it came in."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import default_storage

from annotation.backup import archive
from annotation.backup.reading import restore_backup
from annotation.backup.rows import tables
from annotation.errors import BadBackup, NotRestorable
from annotation.models import Judgment
from tests.annotation.backup.keeping import assert_nothing_came_in, backup, changed, write
from tests.annotation.test_judging import assert_counters_agree

pytestmark = pytest.mark.django_db(transaction=True)


def with_row(parts: dict[str, bytes], label: str, change: Callable[[list[Any]], None]) -> dict[str, bytes]:
    """The first row of a table changed, and the manifest made to agree with it."""
    name = f"tables/{label}/000001.jsonl"
    rows = [json.loads(line) for line in parts[name].splitlines()]
    change(rows[0])
    data = b"".join(json.dumps(row).encode() + b"\n" for row in rows)
    hashes = json.loads(parts["manifest.json"])["sha256"] | {name: hashlib.sha256(data).hexdigest()}
    return parts | {name: data, "manifest.json": changed(parts["manifest.json"], sha256=hashes)}


def column(label: str, name: str, value: Any) -> Callable[[dict[str, bytes]], dict[str, bytes]]:
    """A change of one value in the first row of a table."""
    table = next(table for table in tables() if table.label == label)

    def change(row: list[Any]) -> None:
        row[table.columns.index(name)] = value

    return lambda parts: with_row(parts, label, change)


def flip_sides(row: list[Any]) -> None:
    at = next(table for table in tables() if table.model is Judgment).columns.index("swapped")
    row[at] = not row[at]


def without(*names: str) -> Callable[[dict[str, bytes]], dict[str, bytes]]:
    return lambda parts: {name: data for name, data in parts.items() if name not in names}


def with_head(**values: Any) -> Callable[[dict[str, bytes]], dict[str, bytes]]:
    return lambda parts: parts | {"backup.json": changed(parts["backup.json"], **values)}


MEMES = "tables/annotation.meme/000001.jsonl"


PICTURE = f"pictures/memes/00/{'0' * 64}.jpg"


HOSTILE: list[tuple[str, Callable[[dict[str, bytes]], dict[str, bytes]]]] = [
    ("does not begin with backup.json", without("backup.json")),
    ("does not begin with backup.json", lambda _: {}),
    ("no manifest", without("manifest.json")),
    ("has version '2.0'", with_head(version="2.0")),
    ("has version", with_head(version=None)),
    ("no backup of Punchline", with_head(format="a song")),
    ("lacks migrations that the backup has", with_head(migrations=["annotation.9999_later"])),
    ("migrations that the backup lacks", with_head(migrations=[])),
    ("tables or columns", with_head(tables={})),
    ("cannot be read", lambda parts: parts | {"backup.json": b"[" * 100_000}),
    ("cannot be read", lambda parts: parts | {"manifest.json": b"\xff"}),
    ("as many rows", without(MEMES)),
    ("a piece of a table", lambda parts: parts | {MEMES: parts[MEMES].replace(b"joke 0", b"joke 9")}),
    ("row 1: this is no JSON", lambda parts: parts | {MEMES: b"{" + parts[MEMES]}),
    ("row 1: it has not", lambda parts: parts | {MEMES: b"[1]\n"}),
    ("not the piece that should come next", lambda parts: {"backup.json": parts["backup.json"], MEMES.replace("1.", "2."): b""}),
    ("stands behind the manifest", lambda parts: parts | {"zz": b""}),
    ("does not belong there", lambda parts: {"backup.json": parts["backup.json"], "../../etc/passwd": b"x"}),
    ("does not belong there", lambda parts: {"backup.json": parts["backup.json"], "/etc/passwd": b"x"}),
    ("does not belong there", lambda parts: {"backup.json": parts["backup.json"], "pictures/../../x.jpg": b"x"}),
    ("does not belong there", lambda parts: {"backup.json": parts["backup.json"], "tables/auth.permission/000001.jsonl": b""}),
    ("not the picture that its name says", lambda parts: {"backup.json": parts["backup.json"], PICTURE: b"x"}),
    ("pictures are not those", lambda parts: {name: data for name, data in parts.items() if not name.startswith("pictures/t")}),
    ("row 1, status: this value", column("annotation.meme", "status", "x" * 11)),
    ("row 1, texts: this value", column("annotation.meme", "texts", ["a\0"])),
    ("row 1, reasoning: this value", column("annotation.meme", "reasoning", "a\0")),
    ("row 1, reasoning: this value", column("annotation.meme", "reasoning", "\ud800")),
    ("row 1, template_id: this value", column("annotation.meme", "template_id", "1")),
    ("row 1, template_id: this value", column("annotation.meme", "template_id", None)),
    ("row 1, template_id: this value", column("annotation.meme", "template_id", 2**70)),
    ("row 1, created_at: this value", column("annotation.meme", "created_at", "2026-01-01T00:00:00")),
    ("row 1, created_at: this value", column("annotation.meme", "created_at", "soon")),
    ("row 1, is_active: this value", column("annotation.user", "is_active", 1)),
    ("row 1, token: this value", column("annotation.judgment", "token", "not a uuid")),
    ("row 1, pair_probability: this value", column("annotation.assignment", "pair_probability", "1")),
    ("this is no JSON", column("annotation.assignment", "pair_probability", float("nan"))),
    ("the database refuses", column("annotation.meme", "template_id", 10**9)),
    ("the database refuses", column("annotation.meme", "status", "unheard")),
    ("the database refuses", column("annotation.assignment", "pair_probability", 7)),
    ("a judgment agrees with its assignment", lambda parts: with_row(parts, "annotation.judgment", flip_sides)),
]  # fmt: skip


def test_a_hostile_or_damaged_backup_is_refused_in_a_sentence_and_changes_nothing(
    valid: dict[str, bytes], tmp_path: Path
) -> None:
    """The good one comes in at the end, so that none of these is refused for another reason."""
    for number, (words, change) in enumerate(HOSTILE):
        path = write(tmp_path / str(number), change(valid))
        with pytest.raises((BadBackup, NotRestorable)) as refused:
            restore_backup(path=path)
        assert words in str(refused.value), number
        assert "DETAIL" not in str(refused.value)
        assert str(tmp_path) not in str(refused.value)
        assert_nothing_came_in()
    restore_backup(path=write(tmp_path / "good again", valid))
    assert_counters_agree()


def test_no_picture_is_stored_before_all_was_read_through(valid: dict[str, bytes], tmp_path: Path) -> None:
    """What is wrong stands at the very end here."""
    manifest = changed(valid["manifest.json"], rows={})
    with pytest.raises(BadBackup, match="as many rows"):
        restore_backup(path=write(tmp_path / "b", valid | {"manifest.json": manifest}))
    names = [name.removeprefix("pictures/") for name in valid if name.startswith("pictures/memes")]
    assert names
    assert not any(default_storage.exists(name) for name in names)


def tarred(*infos: tarfile.TarInfo, format: int = tarfile.PAX_FORMAT) -> bytes:  # noqa: A002 - tarfile's word
    """A compressed tar of these entries without contents."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz", format=format) as tar:
        for info in infos:
            tar.addfile(info, io.BytesIO(bytes(info.size)))
    return buffer.getvalue()


def entry(name: str, kind: bytes = tarfile.REGTYPE, *, size: int = 0, link: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.size, info.linkname = kind, size, link
    return info


RAW: list[tuple[str, Callable[[bytes], bytes]]] = [
    ("ends too early", lambda good: good[: len(good) // 2]),
    ("ends too early", lambda good: good[:-4]),
    ("ends too early", lambda _: b""),
    ("cannot be unpacked", lambda _: b"this is no archive"),
    ("cannot be unpacked", lambda good: good + b"more"),
    ("cannot be unpacked", lambda good: good[:-6] + bytes([good[-6] ^ 1]) + good[-5:]),  # of the checksum
    ("follows its end", lambda good: good + gzip.compress(b"more")),
    ("header cannot be read", lambda _: gzip.compress(b"x" * 2048)),
    ("no plain file", lambda _: tarred(entry("backup.json", tarfile.SYMTYPE, link="/etc/passwd"))),
    ("no plain file", lambda _: tarred(entry("backup.json", tarfile.LNKTYPE, link="/etc/passwd"))),
    ("no plain file", lambda _: tarred(entry("tables", tarfile.DIRTYPE))),
    ("no plain file", lambda _: tarred(entry("backup.json", tarfile.FIFOTYPE))),
    ("no plain file", lambda _: tarred(entry("backup.json", tarfile.CHRTYPE))),
    ("no plain file", lambda _: tarred(entry("n" * 300))),
    ("no plain file", lambda _: tarred(entry("n" * 300), format=tarfile.GNU_FORMAT)),
    ("says that it has", lambda _: gzip.compress(entry("backup.json", size=2**40).tobuf(tarfile.GNU_FORMAT))),
    ("says that it has", lambda _: gzip.compress(entry("backup.json", size=-1).tobuf(tarfile.GNU_FORMAT))),
    ("100 times its size", lambda _: tarred(entry("backup.json", size=archive.MAX_SLACK_BYTES + 2**24))),
]  # fmt: skip


def test_a_file_that_is_no_plain_archive_is_refused_without_being_unpacked(tmp_path: Path) -> None:
    good = backup(tmp_path / "good").read_bytes()
    for number, (words, change) in enumerate(RAW):
        path = tmp_path / str(number)
        path.write_bytes(change(good))
        with pytest.raises(BadBackup) as refused:
            restore_backup(path=path)
        assert words in str(refused.value), number
    assert_nothing_came_in()
