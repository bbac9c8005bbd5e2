"""The manifest: what a dataset directory holds, under which filters, and the one hash that names it."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from corpus.dataset.schema import TABLES
from corpus.errors import DatasetError, UnknownVersion
from corpus.memes import Part

FORMAT = "punchline-dataset"
MAJOR, MINOR = 1, 0
VERSION = f"{MAJOR}.{MINOR}"
MANIFEST = "manifest.json"
UNHASHED = ("created", "content_hash")
COUNTED_BY_PART = ("templates", "memes", "judgments")
PICTURE_FILE = re.compile(r"images/([0-9a-f]{64})\.(gif|jpg|png|webp)")
TABLE_FILE = re.compile(r"[a-z][a-z_]*\.parquet")
HASH = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class FileEntry:
    """A file's sha256 (hex) and its length."""

    sha256: str
    bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """`manifest.json`. `content_hash` covers everything but `created` and itself."""

    format: str = FORMAT
    version: str = VERSION
    name: str
    licence: str
    filters: Mapping[str, Any]
    cutoff: datetime
    renderer_version: str
    derived_from: str | None = None  # the content hash of the dataset that this one is a redaction of
    counts: Mapping[str, int]
    parts: Mapping[str, Mapping[str, int]]
    files: Mapping[str, FileEntry]
    created: datetime
    content_hash: str = field(default="")

    def to_json(self) -> dict[str, Any]:
        data: dict[str, Any] = {item.name: getattr(self, item.name) for item in fields(self)}
        data["files"] = {
            name: {"sha256": entry.sha256, "bytes": entry.bytes} for name, entry in self.files.items()
        }
        data["cutoff"], data["created"] = utc_text(self.cutoff), utc_text(self.created)
        return data

    @classmethod
    def read(cls, directory: Path) -> Self:
        """The manifest of a directory, its shape and its hash checked. Raises `DatasetError`."""
        try:
            data = json.loads((directory / MANIFEST).read_text(encoding="utf-8"))
        except OSError as error:
            raise DatasetError(f"cannot be read ({error.strerror})", file=MANIFEST) from error
        except (ValueError, RecursionError) as error:
            raise DatasetError("is not JSON", file=MANIFEST) from error
        if not isinstance(data, dict) or data.get("format") != FORMAT:
            raise DatasetError(f"format: this is not a {FORMAT}", file=MANIFEST)
        newer = minor_of(data.get("version")) > MINOR
        names = {item.name for item in fields(cls)}
        if odd := sorted(names - set(data) or (set() if newer else set(data) - names)):
            raise DatasetError(f"{odd[0]}: this field is missing or unknown", file=MANIFEST)
        _check_shape(data, newer=newer)
        if data["content_hash"] != content_hash(data):
            raise DatasetError("content_hash: does not fit what the manifest says", file=MANIFEST)
        known = {name: data[name] for name in names}
        files = {name: FileEntry(sha256=e["sha256"], bytes=e["bytes"]) for name, e in data["files"].items()}
        times = {name: datetime.fromisoformat(data[name]) for name in ("cutoff", "created")}
        return cls(**{**known, **times, "files": files})


def content_hash(data: Mapping[str, Any]) -> str:
    """sha256 (hex) over the manifest as canonical JSON: sorted keys, no blanks, UTF-8; without `created` and itself."""
    hashed = {name: value for name, value in data.items() if name not in UNHASHED}
    return hashlib.sha256(canonical_json(hashed)).hexdigest()


def canonical_json(data: object) -> bytes:
    """Raises `DatasetError` for what JSON cannot say exactly (NaN, a set, half a surrogate pair)."""
    try:
        text = json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
        return text.encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise DatasetError(f"cannot be written as JSON: {error}", file=MANIFEST) from error


def utc_text(moment: datetime) -> str:
    """ISO 8601 in UTC with microseconds. Raises `DatasetError` for a time without a zone."""
    if moment.tzinfo is None:
        raise DatasetError(f"{moment!r} is not a time with a zone", file=MANIFEST)
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def minor_of(version: object) -> int:
    """The minor number of a version of our major. Raises `UnknownVersion`."""
    found = re.fullmatch(r"([0-9]{1,4})\.([0-9]{1,4})", version) if isinstance(version, str) else None
    if found is None or int(found[1]) != MAJOR:
        raise UnknownVersion(version, f"{MAJOR}.x")
    return int(found[2])


def _check_shape(data: Mapping[str, Any], *, newer: bool) -> None:
    """Refuse a manifest whose fields are not what they must be."""

    def need(name: str, fits: object) -> None:
        if not fits:
            raise DatasetError(f"{name}: {str(data[name])[:80]!r} is not what the format says", file=MANIFEST)

    for name in ("name", "licence", "renderer_version", "content_hash"):
        need(name, isinstance(data[name], str))
    need("derived_from", data["derived_from"] is None or _is_hash(data["derived_from"]))
    need("filters", isinstance(data["filters"], dict))
    for name in ("cutoff", "created"):
        need(name, _is_time(data[name]))
    need("counts", _is_counts(data["counts"], TABLES))
    need("parts", isinstance(data["parts"], dict) and set(data["parts"]) == set(Part))
    need("parts", all(_is_counts(counts, COUNTED_BY_PART) for counts in data["parts"].values()))
    need("files", isinstance(data["files"], dict))
    for name, entry in data["files"].items():
        if not (known_file(name) or (newer and TABLE_FILE.fullmatch(name))):
            raise DatasetError(f"files: {name!r} is not a file of a dataset", file=MANIFEST)
        fits = isinstance(entry, dict) and set(entry) == {"sha256", "bytes"} and _is_hash(entry["sha256"])
        if not fits or not _is_count(entry["bytes"]):
            raise DatasetError(f"files: {name!r} has no sha256 and bytes", file=MANIFEST)
        if (picture := PICTURE_FILE.fullmatch(name)) and picture[1] != entry["sha256"]:
            raise DatasetError(f"files: {name!r} is not named by its own sha256", file=MANIFEST)


def known_file(name: str) -> bool:
    """Whether the name is one that a dataset of this version may hold; a path that leaves the folder never is."""
    return name in {table.file for table in TABLES.values()} or bool(PICTURE_FILE.fullmatch(name))


def _is_hash(value: object) -> bool:
    return isinstance(value, str) and bool(HASH.fullmatch(value))


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_counts(value: object, names: Mapping[str, object] | tuple[str, ...]) -> bool:
    return isinstance(value, dict) and set(value) >= set(names) and all(map(_is_count, value.values()))


def _is_time(value: object) -> bool:
    try:
        return isinstance(value, str) and datetime.fromisoformat(value).tzinfo is not None
    except ValueError:
        return False
