"""Meme templates from a memegen checkout."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageChops

from corpus.memes import Align, Case, TemplateLayout, TextBox
from corpus.rendering import letter
from corpus.sources.found import FoundTemplate, Kind, Refusal, Refused
from corpus.sources.memegen import box_of, read_memegen, read_template
from tests.corpus.sources import HOSTILE_PICTURES, REAL, animation, memegen_template, picture

NAME = "name: Two Rooms\nsource: https://example.org/two-rooms\n"


def box(text: dict[str, Any], size: tuple[int, int] = (200, 100)) -> TextBox:
    return box_of(text, *size, "text[0]")[0]


def read(tmp_path: Path, config: str | bytes, picture_bytes: bytes | None = None) -> FoundTemplate | Refusal:
    return read_template(memegen_template(tmp_path, "rooms", config, picture_bytes))


def taken(tmp_path: Path, config: str, picture_bytes: bytes | None = None) -> FoundTemplate:
    found = read(tmp_path, config, picture_bytes)
    assert isinstance(found, FoundTemplate), found
    return found


def refused(tmp_path: Path, config: str | bytes, picture_bytes: bytes | None = None) -> Refusal:
    found = read(tmp_path, config, picture_bytes)
    assert isinstance(found, Refusal), found
    assert found.is_template
    return found


def test_a_template_is_read_with_its_facts(tmp_path: Path) -> None:
    found = taken(tmp_path, NAME + "text:\n- {color: black, style: default}\nexample: [one line]\n")
    assert (found.slug, found.name, found.source_id) == ("rooms", "Two Rooms", "memegen:rooms")
    assert found.source == "https://example.org/two-rooms"
    assert "third-party" in found.licence
    assert found.picture == picture()
    assert found.example == ("one line",)
    assert found.notes == ()


def test_what_is_not_said_is_as_memegen_has_it(tmp_path: Path) -> None:
    found = taken(tmp_path, "{}")
    assert found.name == "rooms"
    top, bottom = found.boxes
    assert (top.x, top.y, top.w, top.h) == (0.0, 0.0, 1.0, 0.2)
    assert bottom.y == 0.8
    assert (top.case, top.align, top.font) == (Case.UPPER, Align.CENTER, "")
    assert (top.colour, top.outline) == ("#ffffff", "#000000")


@pytest.mark.parametrize(
    ("style", "case"),
    [
        ("upper", Case.UPPER),
        ("lower", Case.LOWER),
        ("default", Case.AS_WRITTEN),
        ("none", Case.AS_WRITTEN),
        ("mock", Case.AS_WRITTEN),
        ("thin", Case.AS_WRITTEN),
    ],
)
def test_styles_are_cases(style: str, case: Case) -> None:
    assert box({"style": style}).case == case


@pytest.mark.parametrize(
    ("colour", "drawn", "outline"),
    [
        ("white", "#ffffff", "#000000"),
        ("black", "#000000", "#ffffff"),
        ("khaki", "#f0e68c", "#000000"),
        ("#BBBBBB", "#bbbbbb", "#000000"),
        ("#abc", "#aabbcc", "#000000"),
        ("#FFFFFF80", "#ffffff", "#000000"),
        ("navy", "#000080", "#ffffff"),
    ],
)
def test_colours_have_an_outline_that_carries_them(colour: str, drawn: str, outline: str) -> None:
    found = box({"color": colour})
    assert (found.colour, found.outline) == (drawn, outline)


@pytest.mark.parametrize("font", ["thick", "impact", "thin", "comic", "never heard of"])
def test_every_font_becomes_one_that_is_here(font: str) -> None:
    assert box({"font": font}).font == ("" if font in ("thick", "impact") else "sans")


def test_boxes_of_one_template_share_a_font_and_the_narrow_ones_choose_it(tmp_path: Path) -> None:
    wide, narrow = "{font: thin, scale_x: 0.4}", "{font: thin, scale_x: 0.15}"
    assert {b.font for b in taken(tmp_path / "a", f"text: [{wide}, {wide}]").boxes} == {"sans"}
    assert {b.font for b in taken(tmp_path / "b", f"text: [{wide}, {narrow}]").boxes} == {""}


def memegens_drawing(text: dict[str, float], size: tuple[int, int]) -> Image.Image:
    """A filled box as memegen lays it: turned by Pillow with `expand`, its frame's corner at the anchor."""
    across, along = round(text["scale_x"] * size[0]), round(text["scale_y"] * size[1])
    filled = Image.new("L", (across, along), 255).rotate(text["angle"], Image.Resampling.BICUBIC, expand=True)
    canvas = Image.new("L", size)
    canvas.paste(filled, (round(text["anchor_x"] * size[0]), round(text["anchor_y"] * size[1])), filled)
    return canvas


def our_drawing(found: TextBox, size: tuple[int, int]) -> Image.Image:
    from corpus.rendering import _Area, _lay  # the very turn that letters get

    canvas = Image.new("RGB", size)
    area = _Area.of(found, canvas)
    _lay(canvas, area, found.angle, Image.new("L", (area.width, area.height), 255), "#ffffff")
    return canvas.convert("L")


@pytest.mark.parametrize("angle", [0.0, 12.5, -12.0, 23.0, -45.0, 90.0])
@pytest.mark.parametrize("size", [(400, 300), (300, 500)])
def test_a_turned_box_lies_where_memegen_lays_it(angle: float, size: tuple[int, int]) -> None:
    """Both ways of turning cover the same pixels, but for a rim of interpolation."""
    text = {"anchor_x": 0.3, "anchor_y": 0.3, "scale_x": 0.3, "scale_y": 0.2, "angle": angle}
    theirs, ours = memegens_drawing(text, size), our_drawing(box(text, size), size)
    apart = ImageChops.difference(theirs, ours).point(lambda level: 255 if level > 127 else 0)
    area = text["scale_x"] * size[0] * text["scale_y"] * size[1]
    assert apart.histogram()[255] < 0.06 * area


def test_a_tilted_caption_rises_as_the_sign_it_stands_on() -> None:
    """memegen's 23° of "Change My Mind" rise to the right: on the left half letters stand lower."""
    found = box(
        {"angle": 23.0, "anchor_x": 0.1, "anchor_y": 0.1, "scale_x": 0.7, "scale_y": 0.15}, (400, 400)
    )
    layout = TemplateLayout(width=400, height=400, boxes=(found,))
    drawn = letter(Image.new("RGB", (400, 400), "grey"), layout, ["HHHHHHHHHHHH"]).picture
    ink = ImageChops.difference(drawn, Image.new("RGB", (400, 400), "grey")).convert("L")
    left, right = ink.crop((0, 0, 200, 400)).getbbox(), ink.crop((200, 0, 400, 400)).getbbox()
    assert left is not None
    assert right is not None
    assert left[3] > right[3] + 30


def test_a_box_over_the_edge_ends_there_and_is_noted(tmp_path: Path) -> None:
    found = taken(tmp_path, "text: [{anchor_x: 0.8, scale_x: 0.39}, {anchor_x: -0.1, scale_x: 0.5}]")
    right, left = found.boxes
    assert (right.x, round(right.w, 3)) == (0.8, 0.2)
    assert (left.x, round(left.w, 3)) == (0.0, 0.4)
    assert len(found.notes) == 2
    assert all("edge" in note for note in found.notes)


def test_a_rounded_config_is_no_box_over_the_edge() -> None:
    found, notes = box_of({"anchor_y": 0.746, "scale_y": 0.255}, 362, 512, "text[0]")
    assert found.y + found.h <= 1.0
    assert notes == []


def test_a_turned_box_over_the_edge_keeps_its_middle() -> None:
    text = {"anchor_x": -0.1, "anchor_y": 0.3, "scale_x": 0.5, "scale_y": 0.2, "angle": 10.0}
    whole = {**text, "anchor_x": 0.2}
    assert box(text).x + box(text).w / 2 == pytest.approx(box(whole).x + box(whole).w / 2 - 0.3)


@pytest.mark.parametrize(
    ("config", "field"),
    [
        ("text: none", "text"),
        ("text: []", "text"),
        ("text: [" + "{}, " * 9 + "]", "text"),
        ("text: [3]", "text[0]"),
        ("text: [{}, {color: nonsense}]", "text[1].color"),
        ("text: [{color: [1]}]", "text[0].color"),
        ("text: [{anchor_x: wide}]", "text[0].anchor_x"),
        ("text: [{anchor_x: .nan}]", "text[0].anchor_x"),
        ("text: [{angle: .inf}]", "text[0].angle"),
        ("text: [{scale_x: true}]", "text[0].scale_x"),
        ("text: [{scale_x: 0}]", "text[0].anchor_x"),
        ("text: [{anchor_y: 1.5}]", "text[0].anchor_y"),
        ("text: [{anchor_x: 1e300, scale_x: 1e308}]", "text[0].anchor_x"),
        ("text: [{align: middle}]", "text[0].align"),
        ("name: [1]", "name"),
        (f"name: {'x' * 200}", "name"),
        (f"source: {'x' * 250}", "source"),
    ],
)
def test_a_bad_field_is_refused_by_name(tmp_path: Path, config: str, field: str) -> None:
    refusal = refused(tmp_path, config)
    assert (refusal.kind, refusal.file, refusal.field) == (Kind.FIELD, "templates/rooms/config.yml", field)
    assert refusal.reason


@pytest.mark.parametrize(
    "config", [b"text: [", b"\xff\xfe\x00", b"- a list", b"", b"just words", b"x" * 70_000, b"a: &a [*a]"]
)
def test_a_config_that_cannot_be_read_is_refused(tmp_path: Path, config: bytes) -> None:
    refusal = refused(tmp_path, config)
    assert (refusal.kind, refusal.file) == (Kind.FILE, "templates/rooms/config.yml")


@pytest.mark.parametrize("data", HOSTILE_PICTURES.values(), ids=HOSTILE_PICTURES)
def test_a_hostile_picture_is_refused_by_file(tmp_path: Path, data: bytes) -> None:
    refusal = refused(tmp_path, NAME, data)
    assert (refusal.kind, refusal.file, refusal.field) == (Kind.PICTURE, "templates/rooms", "default.png")
    assert str(tmp_path) not in str(refusal)


def test_a_mislabelled_picture_is_refused_with_its_true_kind(tmp_path: Path) -> None:
    refusal = refused(tmp_path, NAME, picture(form="JPEG"))
    assert refusal.kind == Kind.PICTURE
    assert "in truth a jpg" in refusal.reason


@pytest.mark.parametrize("other", ["", "default.svg", "default.img", "drawing.png"])
def test_a_template_without_a_picture_is_refused(tmp_path: Path, other: str) -> None:
    folder = memegen_template(tmp_path, "rooms", NAME)
    (folder / "default.png").unlink()
    if other:
        (folder / other).write_bytes(picture())
    found = read_template(folder)
    assert isinstance(found, Refusal)
    assert found.kind == Kind.NO_PICTURE


def test_an_animated_picture_is_noted(tmp_path: Path) -> None:
    folder = memegen_template(tmp_path, "rooms", NAME)
    (folder / "default.png").rename(folder / "default.gif")
    (folder / "default.gif").write_bytes(animation())
    found = read_template(folder)
    assert isinstance(found, FoundTemplate)
    assert any("first frame" in note for note in found.notes)


def test_links_out_of_the_folder_are_refused(tmp_path: Path) -> None:
    outside = memegen_template(tmp_path / "outside", "rooms", NAME)
    checkout = tmp_path / "checkout"
    inner = memegen_template(checkout, "pictures", NAME)
    (inner / "default.png").unlink()
    (inner / "default.png").symlink_to(outside / "default.png")
    configured = memegen_template(checkout, "config", NAME)
    (configured / "config.yml").unlink()
    (configured / "config.yml").symlink_to(outside / "config.yml")
    (checkout / "templates" / "whole").symlink_to(outside)
    found = list(read_memegen(checkout))
    assert [refusal.kind for refusal in found if isinstance(refusal, Refusal)] == [Kind.PATH] * 3


def test_one_bad_template_does_not_stop_the_rest(tmp_path: Path) -> None:
    memegen_template(tmp_path, "a", NAME)
    memegen_template(tmp_path, "b", "text: [")
    memegen_template(tmp_path, "_error", NAME)
    memegen_template(tmp_path, "sp ace", NAME)
    memegen_template(tmp_path, "A", NAME)
    memegen_template(tmp_path, "z", NAME)
    found = list(read_memegen(tmp_path))
    assert [item.slug for item in found if isinstance(item, FoundTemplate)] == ["A", "z"]
    kinds = {item.file: item.kind for item in found if isinstance(item, Refusal)}
    assert kinds == {
        "templates/_error": Kind.OWN,
        "templates/a": Kind.DOUBLED,
        "templates/b/config.yml": Kind.FILE,
        "templates/sp ace": Kind.FIELD,
    }


def test_another_folder_is_no_checkout(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="not a memegen checkout"):
        list(read_memegen(tmp_path))


VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=20),
    st.lists(st.integers(), max_size=3),
)
TEXTS = st.dictionaries(
    st.sampled_from(
        ["anchor_x", "anchor_y", "scale_x", "scale_y", "angle", "color", "style", "font", "align", "x"]
    ),
    VALUES,
    max_size=8,
)


@settings(deadline=None)
@given(text=TEXTS, width=st.integers(1, 3000), height=st.integers(1, 3000))
def test_any_box_can_be_drawn_or_is_refused(text: dict[str, Any], width: int, height: int) -> None:
    with suppress(Refused):
        found, _ = box_of(text, width, height, "text[0]")
        assert TemplateLayout(width=width, height=height, boxes=(found,))


@settings(deadline=None, max_examples=40)
@given(
    config=st.dictionaries(
        st.sampled_from(["name", "source", "text", "example", "keywords"]),
        st.one_of(VALUES, st.lists(TEXTS, max_size=3)),
    )
)
def test_any_config_is_read_or_refused(
    config: dict[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> None:
    read(tmp_path_factory.mktemp("memegen"), yaml.safe_dump(config))


@pytest.mark.skipif(not (REAL / "memegen").exists(), reason="the real data (shared/data/memegen) is not here")
def test_sixty_real_templates_are_read_whole() -> None:
    found = list(read_memegen(REAL / "memegen"))
    assert [str(item) for item in found if isinstance(item, Refusal)] == []
    assert len(found) == 60
    for template in found:
        assert isinstance(template, FoundTemplate)
        assert 1 <= len(template.boxes) <= 6
