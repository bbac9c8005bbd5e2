"""Reading a folder that somebody else filled: nothing outside of it, nothing too large, nothing that is no file."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import IO, Any, Final

import yaml

from corpus.sources.found import Kind, Refused

MAX_CONFIG_BYTES: Final = 64_000
MAX_JSON_BYTES: Final = 100_000_000  # the largest file of ImgFlip575K has 6 MB
MAX_NESTING: Final = 20


def inside(folder: Path, name: str, *, field: str = "") -> Path:
    """The path of a file inside a folder. Refuses one that leaves it, by its name or by a symbolic link."""
    parts = PurePosixPath(name)
    if not name or parts.is_absolute() or ".." in parts.parts or "\\" in name or "\0" in name or ":" in name:
        raise Refused(Kind.PATH, f"{shown(name)} is not a path inside the folder", field=field)
    path = folder
    for part in parts.parts:
        path = path / part
        if path.is_symlink():
            raise Refused(Kind.PATH, f"{shown(name)} goes over a symbolic link", field=field)
    return path


def read_bytes(path: Path, *, limit: int, field: str = "", kind: Kind = Kind.FILE) -> bytes:
    """The bytes of a plain file. Refuses links, devices and pipes, and more than `limit` bytes."""
    with open_plain(path, field=field, kind=kind) as file:
        data = file.read(limit + 1)
    if len(data) > limit:
        raise Refused(kind, f"the file has more than {limit:,} bytes", field=field)
    return data


def open_plain(path: Path, *, field: str = "", kind: Kind = Kind.FILE) -> IO[bytes]:
    """A plain file, opened without following a link and without waiting for a pipe."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "not a file name"
        raise Refused(kind, f"the file cannot be read ({reason.lower()})", field=field) from error
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise Refused(kind, "this is not a file", field=field)
    return os.fdopen(descriptor, "rb")


def folders_in(folder: Path) -> Iterator[Path]:
    """What lies in a folder, by name; links as well, so that they can be refused by name."""
    yield from sorted(path for path in folder.iterdir() if path.is_dir() or path.is_symlink())


def parsed_json(data: bytes, *, field: str = "") -> Any:
    """JSON from bytes nobody vouches for."""
    try:
        return json.loads(data.decode("utf-8-sig"), parse_constant=_no_constant, object_pairs_hook=_once)
    except Refused as refused:
        raise Refused(refused.kind, refused.reason, field=field) from refused
    except UnicodeDecodeError as error:
        raise Refused(Kind.FILE, f"byte {error.start} is not UTF-8", field=field) from error
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise Refused(Kind.FILE, f"not JSON: {error.msg} at {place}", field=field) from error
    except RecursionError as error:
        raise Refused(Kind.FILE, "nested too deeply", field=field) from error
    except ValueError as error:
        raise Refused(Kind.FILE, "not JSON: a number has too many digits", field=field) from error


def _no_constant(name: str) -> float:
    raise Refused(Kind.FILE, f"not JSON: {name} is no number")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) < len(pairs):
        raise Refused(Kind.FILE, "a field is given twice")
    return fields


class _PlainLoader(yaml.SafeLoader):
    """YAML without anchors (a billion laughs), without endless nesting, without a key given twice."""

    depth = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        self.depth += 1
        if self.check_event(yaml.AliasEvent):
            raise self._refusal("aliases are not read")
        if self.depth > MAX_NESTING:
            raise self._refusal("nested too deeply")
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node

    def construct_mapping(self, node: Any, deep: bool = False) -> Any:
        names = [key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
        if len(set(names)) < len(names):
            raise yaml.constructor.ConstructorError(None, None, "a field is given twice", node.start_mark)
        return super().construct_mapping(node, deep)

    def _refusal(self, reason: str) -> yaml.MarkedYAMLError:
        event = self.peek_event()  # type: ignore[no-untyped-call]  # the stubs leave its types out
        return yaml.constructor.ConstructorError(None, None, reason, event.start_mark)


def parsed_yaml(data: bytes) -> Any:
    """YAML from bytes nobody vouches for: plain values only."""
    try:
        return yaml.load(data, _PlainLoader)  # noqa: S506 - a SafeLoader that refuses even more
    except yaml.MarkedYAMLError as error:
        line = f" at line {error.problem_mark.line + 1}" if error.problem_mark else ""
        raise Refused(Kind.FILE, f"not YAML: {error.problem}{line}") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise Refused(Kind.FILE, "not YAML: characters that a text does not have") from error
    except (ValueError, OverflowError, RecursionError, TypeError, KeyError, AttributeError) as error:
        raise Refused(Kind.FILE, "not YAML: a value that cannot be read") from error


def shown(value: object, longest: int = 60) -> str:
    """A value from outside, short and printable, for a message."""
    text = ascii(value) if not isinstance(value, str) else repr(value)
    return text if len(text) <= longest else text[: longest - 1] + "…"
