"""Reading a folder that somebody else filled."""

from __future__ import annotations

import os
from contextlib import suppress
from datetime import date, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.sources.files import inside, open_plain, parsed_json, parsed_yaml, read_bytes
from corpus.sources.found import Kind, Refused

PLAIN = (dict, list, str, int, float, bool, date, datetime, type(None))
LAUGHS = "a: &a [x, x]\n" + "\n".join(
    f"{chr(98 + n)}: &{chr(98 + n)} [*{chr(97 + n)}, *{chr(97 + n)}]" for n in range(20)
)


@pytest.mark.parametrize("name", ["../x", "a/../../x", "/etc/passwd", "", "C:\\x", "..\\x", "a\0b", "C:x"])
def test_a_path_that_leaves_the_folder_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(Refused) as refusal:
        inside(tmp_path, name, field="picture")
    assert (refusal.value.kind, refusal.value.field) == (Kind.PATH, "picture")


def test_a_symbolic_link_is_refused_wherever_it_stands(tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "secret").write_text("secret")
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "file").symlink_to(tmp_path / "outside" / "secret")
    (folder / "deep").symlink_to(tmp_path / "outside")
    for name in ("file", "deep/secret"):
        with pytest.raises(Refused, match="symbolic link"):
            inside(folder, name)
    with pytest.raises(Refused):
        open_plain(folder / "file")


def test_pipes_folders_and_missing_files_are_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for name in ("pipe", ".", "missing"):
        with pytest.raises(Refused) as refusal:
            open_plain(tmp_path / name)
        assert str(tmp_path) not in refusal.value.reason


def test_a_file_that_is_too_large_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x" * 11)
    assert read_bytes(tmp_path / "file", limit=11) == b"x" * 11
    with pytest.raises(Refused, match="more than 10 bytes"):
        read_bytes(tmp_path / "file", limit=10)


@pytest.mark.parametrize(
    "text",
    [
        LAUGHS,
        "a: *nothing",
        "a: &a [*a]",
        "!!python/object/apply:os.system ['true']",
        "!!python/name:os.system",
        "a: [" * 500,
        "{" * 60_000,
        "a: 1\na: 2",
        "a: \x00",
        "a: 'open",
        "? [a, b]\n: c",
        "[1]: 2",
        "9" * 60_000 + "x: 0x" + "f" * 60_000,
        "a: 9999-99-99",
        "<<: 3",
        "- " * 400,
    ],
)
def test_hostile_yaml_is_refused_or_plain(text: str) -> None:
    with suppress(Refused):
        assert type(parsed_yaml(text.encode("utf-8", "surrogatepass"))) in PLAIN


@pytest.mark.parametrize("text", [LAUGHS, "a: 1\na: 2", "a: [" * 500, "!!python/name:os.system"])
def test_yaml_that_multiplies_itself_or_runs_is_refused(text: str) -> None:
    with pytest.raises(Refused, match="not YAML"):
        parsed_yaml(text.encode())


@pytest.mark.parametrize(
    "data", [b"{", b"[" * 100_000, b"\xff\xfe[", b"NaN", b'{"a": Infinity}', b"1" * 10_000, b"", b"nothing"]
)
def test_hostile_json_is_refused(data: bytes) -> None:
    with pytest.raises(Refused) as refusal:
        parsed_json(data)
    assert refusal.value.kind == Kind.FILE


def test_json_with_a_byte_order_mark_is_read() -> None:
    assert parsed_json(b"\xef\xbb\xbf[1]") == [1]


@given(data=st.binary(max_size=300))
def test_any_bytes_are_parsed_or_refused(data: bytes) -> None:
    for parse in (parsed_json, parsed_yaml):
        with suppress(Refused):
            parse(data)


@given(text=st.text("{}[]:,-*&!|>'\"#%@`? \nab01.~<", max_size=60))
def test_any_yaml_is_parsed_or_refused(text: str) -> None:
    with suppress(Refused):
        parsed_yaml(text.encode())
