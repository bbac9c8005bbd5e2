"""Captions in the layout of ImgFlip575K."""

from __future__ import annotations

import json
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus.sources.found import Kind, Refusal, Refused
from corpus.sources.imgflip import (
    ARRANGEMENTS,
    ImgflipTemplate,
    place,
    plain_name,
    read_names,
    read_posts,
    template_files,
    usual_boxes,
)
from tests.corpus.sources import REAL


def post(number: int | str, *texts: str) -> dict[str, Any]:
    return {
        "url": f"https://i.imgflip.com/{number}.jpg",
        "post": f"https://imgflip.com/i/{number}",
        "metadata": {"views": "1,992", "img-votes": "8", "title": "A title", "author": "3cb9739b"},
        "boxes": list(texts),
    }


def write(root: Path, name: str, posts: Any) -> Path:
    path = root / "dataset" / "memes" / f"{name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(posts if isinstance(posts, bytes) else json.dumps(posts).encode())
    return path


def read(root: Path, posts: Any) -> ImgflipTemplate:
    found = read_posts(write(root, "Two-Rooms", posts), root, set())
    assert isinstance(found, ImgflipTemplate), found
    return found


def test_posts_are_read_with_their_ids(tmp_path: Path) -> None:
    found = read(tmp_path, [post("15tqvx", "TOP", "BOTTOM"), post("1729ig", "A", "B")])
    first = found.captions[0]
    assert (first.texts, first.source_id, first.row) == (("TOP", "BOTTOM"), "imgflip:15tqvx", 1)
    assert (found.name, found.file, found.boxes) == ("Two-Rooms", "dataset/memes/Two-Rooms.json", 2)


@pytest.mark.parametrize(
    ("bad", "kind", "field"),
    [
        ("nonsense", Kind.FIELD, ""),
        (None, Kind.FIELD, ""),
        ({}, Kind.FIELD, "boxes"),
        ({**post("a", "x"), "boxes": "x"}, Kind.FIELD, "boxes"),
        ({**post("a", "x"), "boxes": [1, 2]}, Kind.FIELD, "boxes"),
        (post("a"), Kind.TEXT, "boxes"),
        (post("a", "", "  "), Kind.TEXT, "boxes"),
        (post("a", *["x"] * 101), Kind.BOXES, "boxes"),
        ({**post("a", "x"), "post": "https://elsewhere.org/i/a"}, Kind.FIELD, "post"),
        ({**post("a", "x"), "post": None}, Kind.FIELD, "post"),
        ({**post("a", "x"), "post": "https://imgflip.com/i/../../x"}, Kind.FIELD, "post"),
        (post("good", "again", "x"), Kind.DOUBLED, "post"),
    ],
)
def test_a_bad_post_is_refused_by_row_and_field_and_the_rest_comes_in(
    tmp_path: Path, bad: object, kind: Kind, field: str
) -> None:
    found = read(tmp_path, [post("good", "a", "b"), bad, post("other", "c", "d")])
    assert [caption.source_id for caption in found.captions] == ["imgflip:good", "imgflip:other"]
    (refusal,) = found.refusals
    assert (refusal.kind, refusal.row, refusal.field) == (kind, 2, field)


@pytest.mark.parametrize("data", [b"", b"[", b"{}", b"3", b"\xff", b"[" * 50_000, b"[NaN]"])
def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path, data: bytes) -> None:
    found = read_posts(write(tmp_path, "Two-Rooms", data), tmp_path, set())
    assert isinstance(found, Refusal)
    assert (found.kind, found.file) == (Kind.FILE, "dataset/memes/Two-Rooms.json")


def test_a_link_to_another_file_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path, "Two-Rooms", [])
    path.with_name("Link.json").symlink_to(path)
    found = read_posts(path.with_name("Link.json"), tmp_path, set())
    assert isinstance(found, Refusal)
    assert found.kind == Kind.PATH


def test_the_folder_above_or_the_dataset_itself_may_be_named(tmp_path: Path) -> None:
    write(tmp_path, "Two-Rooms", [])
    assert template_files(tmp_path) == template_files(tmp_path / "dataset")
    with pytest.raises(Refused, match="ImgFlip575K"):
        template_files(tmp_path / "dataset" / "memes")


def test_other_names_are_read_where_imgflip_s_facts_were_kept(tmp_path: Path) -> None:
    facts = tmp_path / "dataset" / "templates" / "Two-Rooms.json"
    facts.parent.mkdir(parents=True)
    facts.write_text(
        json.dumps({"title": "Two Rooms Meme Template", "alternative_names": "doors, two doors"})
    )
    assert read(tmp_path, []).other_names == ("Two Rooms", "doors", "two doors")
    facts.write_text("[")
    assert read(tmp_path, []).other_names == ()


def test_other_names_are_not_read_over_a_link(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "Two-Rooms.json").write_text(json.dumps({"title": "Somebody's file"}))
    folder = tmp_path / "imgflip"
    (folder / "dataset").mkdir(parents=True)
    (folder / "dataset" / "templates").symlink_to(outside)
    assert read(folder, []).other_names == ()


def test_the_usual_number_of_boxes_is_the_largest_that_is_not_rare() -> None:
    assert usual_boxes(Counter({3: 35, 5: 322, 1: 3, 2: 15, 6: 3, 4: 22})) == 5  # Running Away Balloon
    assert usual_boxes(Counter({3: 91, 2: 294, 1: 13, 4: 2})) == 3  # Two Buttons
    assert usual_boxes(Counter({1: 307, 2: 91, 10: 1, 3: 1})) == 2  # I Should Buy A Boat Cat
    assert usual_boxes(Counter()) == 0


def test_as_many_texts_as_boxes_stand_in_their_order() -> None:
    assert place(["a", "b"], 2, 2, {}) == ("a", "b")
    assert place(["a", ""], 2, 2, {}) == ("a", "")
    assert place(["a", "b", " "], 2, 2, {}) == ("a", "b")  # an empty box at the end says nothing


@pytest.mark.parametrize(
    ("texts", "boxes", "usual"),
    [
        (["a"], 2, 2),  # above or below? or two that were run together?
        (["a", "b", "c"], 2, 2),
        (["a", "b", "c"], 3, 5),  # imgflip divides the picture otherwise
        (["", "a", "b"], 2, 2),
    ],
)
def test_texts_whose_place_is_not_plain_are_left_out(texts: list[str], boxes: int, usual: int) -> None:
    with pytest.raises(Refused) as refusal:
        place(texts, boxes, usual, {})
    assert refusal.value.kind == Kind.BOXES


def test_one_text_for_one_box_is_plain() -> None:
    assert place(["a"], 1, 2, {}) == ("a",)


def test_an_arrangement_says_which_text_goes_where() -> None:
    assert place(["hands", "left", "right"], 3, 3, {3: (1, 2, 0)}) == ("left", "right", "hands")
    assert place(["one", "two"], 3, 3, {2: (0, 1, None)}) == ("one", "two", "")
    with pytest.raises(Refused, match="arrangement is for 3 boxes"):
        place(["one", "two"], 2, 3, {2: (0, 1, None)})


def test_no_arrangement_loses_or_repeats_a_text() -> None:
    for arrangements in ARRANGEMENTS.values():
        for number, arrangement in arrangements.items():
            assert sorted(text for text in arrangement if text is not None) == list(range(number))


def test_names_are_compared_without_what_people_write_differently() -> None:
    assert plain_name("Y'all Got Any More Of Them") == plain_name("Yall-got-any-more-OF-them")
    assert plain_name("Café") == plain_name("CAFE")
    assert plain_name("Success Kid") != plain_name("Success Kids")


def test_a_names_file_gives_slugs_and_orders() -> None:
    names = read_names(b'{"A": "a", "B": {"slug": "b", "texts": {"2": [1, null, 0]}}}')
    assert names["A"].slug == "a"
    assert names["B"].arrangements == {2: (1, None, 0)}


@pytest.mark.parametrize(
    "names",
    [
        b"[]",
        b"{",
        b'{"A": 3}',
        b'{"A": "a", "A": "b"}',
        b'{"A": "../a"}',
        b'{"A": {"slug": "a", "order": []}}',
        b'{"A": {"slug": "a", "texts": []}}',
        b'{"A": {"slug": "a", "texts": {"two": [0, 1]}}}',
        b'{"A": {"slug": "a", "texts": {"2": [0, 0]}}}',
        b'{"A": {"slug": "a", "texts": {"2": [0, 2]}}}',
        b'{"A": {"slug": "a", "texts": {"2": [0, true]}}}',
        b'{"A": {"slug": "a", "texts": {"2": [0]}}}',
        b'{"A": {"slug": "a", "texts": {"1": [0, null, null, null, null, null, null, null, null]}}}',
    ],
)
def test_a_names_file_that_could_mislead_is_refused(names: bytes) -> None:
    with pytest.raises(Refused):
        read_names(names)


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=10)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from(["boxes", "post", "metadata", "url"]), inner, max_size=3),
    ),
    max_leaves=12,
)


@settings(deadline=None)
@given(posts=JSON)
def test_any_json_is_read_or_refused(posts: Any, tmp_path_factory: pytest.TempPathFactory) -> None:
    root = tmp_path_factory.mktemp("imgflip")
    found = read_posts(write(root, "Two-Rooms", posts), root, set())
    if isinstance(found, ImgflipTemplate):
        assert len(found.captions) + len(found.refusals) == len(posts)


@settings(deadline=None)
@given(names=st.dictionaries(st.text(max_size=5), JSON, max_size=3))
def test_any_names_are_read_or_refused(names: dict[str, Any]) -> None:
    with suppress(Refused):
        read_names(json.dumps(names).encode())


@pytest.mark.skipif(not (REAL / "imgflip").exists(), reason="the real data (shared/data/imgflip) is not here")
def test_every_real_post_is_read() -> None:
    seen: set[str] = set()
    found = [read_posts(path, REAL / "imgflip", seen) for path in template_files(REAL / "imgflip")]
    templates = [template for template in found if isinstance(template, ImgflipTemplate)]
    assert len(templates) == len(found) == 62
    assert sum(len(template.captions) for template in templates) == 24_540
    assert {t.name: t.boxes for t in templates if t.boxes > 3} == {
        "American-Chopper-Argument": 5,
        "Be-Like-Bill": 4,
        "Inhaling-Seagull": 4,
        "Running-Away-Balloon": 5,
    }
