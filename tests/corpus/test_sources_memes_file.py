"""Memes in our own form."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus.sources.found import FoundCaption, FoundTemplate, Kind, Refusal, Refused
from corpus.sources.memes_file import CSV_FIELDS, FORMULA, JSON_FIELDS, MAX_LINE, TEXTS, read_memes
from tests.corpus.sources import HOSTILE_PICTURES, animation, picture

BOXES = [{"x": 0.0, "y": 0.0, "w": 1.0, "h": 0.3}, {"x": 0.0, "y": 0.7, "w": 1.0, "h": 0.3}]
GOOD = {"template": "rooms", "texts": ["one", "two"]}


def read(folder: Path, rows: list[Any] | bytes, name: str = "memes.jsonl") -> list[Any]:
    lines = rows if isinstance(rows, bytes) else "\n".join(map(json.dumps, rows)).encode()
    (folder / name).write_bytes(lines)
    return list(read_memes(folder / name))


def table(folder: Path, text: str | bytes) -> list[Any]:
    return read(folder, text if isinstance(text, bytes) else text.encode(), "memes.csv")


def only(found: list[Any], kind: type) -> list[Any]:
    return [item for item in found if isinstance(item, kind)]


# JSON lines


def test_a_row_is_a_meme(tmp_path: Path) -> None:
    row = {**GOOD, "language": "de", "source_id": "mine:17"}
    (caption,) = read(tmp_path, [row])
    assert caption == FoundCaption(
        file="memes.jsonl",
        row=1,
        template="rooms",
        texts=("one", "two"),
        language="de",
        source_id="mine:17",
    )


def test_a_row_may_bring_its_meme_template(tmp_path: Path) -> None:
    (tmp_path / "pictures").mkdir()
    (tmp_path / "pictures" / "rooms.png").write_bytes(picture())
    row = {**GOOD, "picture": "pictures/rooms.png", "boxes": BOXES, "name": "Two rooms", "licence": "CC0"}
    template, first, second = read(tmp_path, [row, {**row, "texts": ["three", ""]}])
    assert isinstance(template, FoundTemplate)
    assert (template.slug, template.name, template.licence) == ("rooms", "Two rooms", "CC0")
    assert template.picture == picture()
    assert [box.y for box in template.boxes] == [0.0, 0.7]
    assert (first.texts, second.texts) == (("one", "two"), ("three", ""))
    (alone,) = read(tmp_path, [{name: value for name, value in row.items() if name != "texts"}])
    assert isinstance(alone, FoundTemplate)


@pytest.mark.parametrize(
    ("row", "kind", "field"),
    [
        (3, Kind.FIELD, ""),
        ({"texts": ["a"]}, Kind.FIELD, "template"),
        ({**GOOD, "template": "../rooms"}, Kind.FIELD, "template"),
        ({**GOOD, "template": 3}, Kind.FIELD, "template"),
        ({"template": "rooms"}, Kind.TEXT, "texts"),
        ({**GOOD, "texts": []}, Kind.TEXT, "texts"),
        ({**GOOD, "texts": ["", " "]}, Kind.TEXT, "texts"),
        ({**GOOD, "texts": "one"}, Kind.FIELD, "texts"),
        ({**GOOD, "texts": ["x"] * 9}, Kind.BOXES, "texts"),
        ({**GOOD, "language": "English"}, Kind.FIELD, "language"),
        ({**GOOD, "source_id": "with blanks"}, Kind.FIELD, "source_id"),
        ({**GOOD, "source_id": "x" * 121}, Kind.FIELD, "source_id"),
        ({**GOOD, "source_id": "good"}, Kind.DOUBLED, "source_id"),
        ({**GOOD, "humour": 11}, Kind.FIELD, "'humour'"),
        ({**GOOD, "name": "a name without a picture"}, Kind.FIELD, "name"),
        ({**GOOD, "picture": "../rooms.png", "boxes": BOXES}, Kind.PATH, "picture"),
        ({**GOOD, "picture": "/etc/hostname", "boxes": BOXES}, Kind.PATH, "picture"),
        ({**GOOD, "picture": ["rooms.png"], "boxes": BOXES}, Kind.FIELD, "picture"),
        ({**GOOD, "picture": "none.png", "boxes": BOXES}, Kind.PICTURE, "picture"),
        ({**GOOD, "picture": "rooms.jpg", "boxes": BOXES}, Kind.PICTURE, "picture"),
        ({**GOOD, "picture": "rooms.png"}, Kind.FIELD, "boxes"),
        ({**GOOD, "picture": "rooms.png", "boxes": []}, Kind.FIELD, "boxes"),
        ({**GOOD, "picture": "rooms.png", "boxes": [3]}, Kind.FIELD, "boxes"),
        ({**GOOD, "picture": "rooms.png", "boxes": [{"x": "a"}]}, Kind.FIELD, "boxes[0].y"),
        (
            {**GOOD, "picture": "rooms.png", "boxes": [BOXES[0], {**BOXES[1], "w": 2}]},
            Kind.FIELD,
            "boxes[1].w",
        ),
        (
            {**GOOD, "picture": "rooms.png", "boxes": [{**BOXES[0], "colour": 3}]},
            Kind.FIELD,
            "boxes[0].colour",
        ),
        (
            {**GOOD, "picture": "rooms.png", "boxes": [{**BOXES[0], "font": ["a"]}]},
            Kind.FIELD,
            "boxes[0].font",
        ),
        ({**GOOD, "picture": "rooms.png", "boxes": BOXES, "licence": "x" * 61}, Kind.FIELD, "licence"),
    ],
)
def test_a_bad_row_is_refused_by_row_and_field_and_the_rest_comes_in(
    tmp_path: Path, row: Any, kind: Kind, field: str
) -> None:
    (tmp_path / "rooms.png").write_bytes(picture())
    (tmp_path / "rooms.jpg").write_bytes(picture())  # mislabelled
    found = read(tmp_path, [{**GOOD, "source_id": "good"}, row, {**GOOD, "source_id": "last"}])
    assert [caption.source_id for caption in only(found, FoundCaption)] == ["good", "last"]
    (refusal,) = only(found, Refusal)
    assert (refusal.kind, refusal.file, refusal.row, refusal.field) == (kind, "memes.jsonl", 2, field)
    assert str(tmp_path) not in str(refusal)


@pytest.mark.parametrize("data", HOSTILE_PICTURES.values(), ids=HOSTILE_PICTURES)
def test_a_hostile_picture_is_refused_by_row(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "rooms.png").write_bytes(data)
    (refusal,) = read(tmp_path, [{**GOOD, "picture": "rooms.png", "boxes": BOXES}])
    assert (refusal.kind, refusal.row, refusal.field) == (Kind.PICTURE, 1, "picture")


def test_a_link_is_no_picture(tmp_path: Path) -> None:
    (tmp_path / "secret.png").write_bytes(picture())
    (tmp_path / "rooms.png").symlink_to(tmp_path / "secret.png")
    (refusal,) = read(tmp_path, [{**GOOD, "picture": "rooms.png", "boxes": BOXES}])
    assert refusal.kind == Kind.PATH


def test_an_animation_is_noted(tmp_path: Path) -> None:
    (tmp_path / "rooms.gif").write_bytes(animation())
    template, _ = read(tmp_path, [{**GOOD, "picture": "rooms.gif", "boxes": BOXES}])
    assert "first frame" in template.notes[0]


def test_one_slug_with_two_pictures_is_refused(tmp_path: Path) -> None:
    for name, colour in (("a.png", "red"), ("b.png", "blue")):
        (tmp_path / name).write_bytes(picture(colour))
    rows = [{**GOOD, "picture": name, "boxes": BOXES} for name in ("a.png", "b.png")]
    (refusal,) = only(read(tmp_path, rows), Refusal)
    assert (refusal.kind, refusal.row) == (Kind.DOUBLED, 2)


@pytest.mark.parametrize(
    "line",
    [
        b"{",
        b'{"template": "rooms", "texts": ["\x00"]}',
        b'{"template": "rooms", "texts": ["\xff"]}',
        b"[" * 5000,
        b"9" * 5000,
        b'{"template": "rooms", "texts": ["one", "two"], "texts": ["three", "four"]}',
        b'{"template": "rooms", "texts": [' + b'"x", ' * 60_000 + b'"x"]}',
        b"x" * (3 * MAX_LINE),
    ],
)
def test_a_line_that_cannot_be_read_does_not_stop_the_rest(tmp_path: Path, line: bytes) -> None:
    good = json.dumps(GOOD).encode()
    found = read(tmp_path, b"\xef\xbb\xbf" + good + b"\n" + line + b"\n\n" + good)
    assert [caption.row for caption in only(found, FoundCaption)] == [1, 4]
    (refusal,) = only(found, Refusal)
    assert refusal.row == 2
    assert "sys." not in refusal.reason  # Python's own advice to programmers


def test_utf_16_is_refused_with_a_word_of_advice(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="UTF-8"):
        read(tmp_path, json.dumps(GOOD).encode("utf-16"))


def test_a_file_of_another_kind_is_refused(tmp_path: Path) -> None:
    (tmp_path / "memes.xlsx").write_bytes(b"PK")
    with pytest.raises(Refused, match=r"\.jsonl or \.csv"):
        list(read_memes(tmp_path / "memes.xlsx"))


# Tables


def test_a_table_is_read_by_its_first_row(tmp_path: Path) -> None:
    rows = 'template,text1,text2,source_id\nrooms,"one, ""quoted""\nover two lines",two,a\nrooms,alone,,b\n'
    first, second = table(tmp_path, "\ufeff" + rows)
    assert first.texts == ('one, "quoted"\nover two lines', "two")
    assert (first.row, second.row) == (2, 4)
    assert second.texts == ("alone",)
    assert second.is_padded


def test_a_table_may_bring_meme_templates(tmp_path: Path) -> None:
    (tmp_path / "rooms.png").write_bytes(picture())
    boxes = json.dumps(BOXES).replace('"', '""')
    template, caption = table(
        tmp_path, f'template,text1,text2,picture,boxes\nrooms,a,b,rooms.png,"{boxes}"\n'
    )
    assert len(template.boxes) == 2
    assert caption.texts == ("a", "b")


@pytest.mark.parametrize(
    "cell",
    [
        "=1+1",
        "=HYPERLINK(A1)",
        " =1",
        "@SUM(1)",
        "+SUM(1)",
        "-SUM(1)",
        "-2+cmd|calc!A0",
        "+cmd|' /C calc'!A0",
        "=cmd|x",
        "- SUM(A1)",
        "@_xlfn.X(1)",
    ],
)
def test_a_formula_is_refused(tmp_path: Path, cell: str) -> None:
    quoted = '"' + cell.replace('"', '""') + '"'
    good, refusal = table(tmp_path, f"template,text1\nrooms,fine\nrooms,{quoted}\n")
    assert good.texts == ("fine",)
    assert (refusal.kind, refusal.row, refusal.field) == (Kind.FORMULA, 3, "text1")


@pytest.mark.parametrize(
    "cell",
    [
        "-nobody ever",
        "@everyone",
        "+1",
        "-",
        "- me (yesterday)",
        "@everyone (all of you)",
        "-5 degrees",
        "+1 (555) 0100",
        "1=1",
        "me | you",
        "-everyone: ...",
        "- a - b",
    ],
)
def test_a_caption_that_only_begins_like_a_formula_comes_in(tmp_path: Path, cell: str) -> None:
    (caption,) = table(tmp_path, f'template,text1\nrooms,"{cell}"\n')
    assert caption.texts == (cell,)


@pytest.mark.parametrize(
    ("row", "field"),
    [
        (b"rooms,a\x00b,", "text1"),
        (b"rooms,a,\xff\xfe", "text2"),
        (b"rooms,a,b,c", ""),
        (b'rooms,"a"b,c', ""),
        (b"rooms,,", "texts"),
        (b"rooms," + b"x" * 30_000 + b",", "text1"),
        (b"rooms," + b"x" * (2 * MAX_LINE) + b",", ""),
        (b"../rooms,a,b", "template"),
    ],
)
def test_a_bad_row_of_a_table_does_not_stop_the_rest(tmp_path: Path, row: bytes, field: str) -> None:
    found = table(tmp_path, b"template,text1,text2\nrooms,first,\n" + row + b"\nrooms,last,\n")
    assert [caption.texts for caption in only(found, FoundCaption)] == [("first",), ("last",)]
    (refusal,) = only(found, Refusal)
    assert (refusal.row, refusal.field) == (3, field)


def test_a_quotation_mark_that_is_never_closed_is_refused(tmp_path: Path) -> None:
    found = table(tmp_path, 'template,text1\nrooms,first\nrooms,"open\nrooms,swallowed\n')
    assert [caption.texts for caption in only(found, FoundCaption)] == [("first",)]
    (refusal,) = only(found, Refusal)
    assert refusal.row == 3
    assert "nothing was read down to row 4" in refusal.reason


@pytest.mark.parametrize(
    "header", ["", "template\n", "template,text1,text1\n", "template,text1,humour\n", "text1\n", '"temp\n']
)
def test_a_table_without_its_columns_is_refused(tmp_path: Path, header: str) -> None:
    with pytest.raises(Refused):
        table(tmp_path, header)


def test_a_short_row_leaves_its_last_cells_empty(tmp_path: Path) -> None:
    (caption,) = table(tmp_path, "template,text1,text2\nrooms,a\n")
    assert caption.texts == ("a",)


@settings(deadline=None)
@given(data=st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(data: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("any")
    for name, start in (("memes.jsonl", b'{"template": "a", "texts": '), ("memes.csv", b"template,text1\n")):
        try:
            found = read(folder, start + data, name)
        except Refused:
            continue
        for item in found:
            assert isinstance(item, FoundCaption | Refusal)


@settings(deadline=None)
@given(text=st.text("=+-@|\"'!(),.;\n\r\t a1_"), more=st.text('",\n=ab'))
def test_no_cell_that_comes_in_is_a_formula(
    text: str, more: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("formula")
    quoted = '"' + text.replace('"', '""') + '"'
    found = table(folder, f"template,text1,text2\nrooms,{quoted},{more}\nrooms,last,")
    for caption in only(found, FoundCaption):
        assert not any(FORMULA.match(cell) for cell in caption.texts)
        assert not any(cell.lstrip().startswith("=") for cell in caption.texts)


# The page that explains the form


def test_the_examples_of_the_documentation_are_read(tmp_path: Path) -> None:
    page = (Path(__file__).resolve().parents[2] / "docs" / "importing.md").read_text(encoding="utf-8")
    (tmp_path / "hall.jpg").write_bytes(picture(form="JPEG"))
    (lines,) = re.findall(r"```json\n(\{\"template\".*?)```", page, re.DOTALL)
    template, caption = read(tmp_path, lines.encode())
    assert (template.slug, len(template.boxes), caption.source_id) == ("hall", 2, "mine:1")
    (rows,) = re.findall(r"```\n(template,text1.*?)```", page, re.DOTALL)
    assert [caption.texts for caption in table(tmp_path, rows)] == [
        ("when the bell rings", "and you are the bell"),
        ("", "only below"),
    ]
    for field in JSON_FIELDS | CSV_FIELDS - set(TEXTS):
        assert re.search(rf"^\| [\w, ]*\b{field}\b", page, re.MULTILINE), field
