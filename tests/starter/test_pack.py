"""The starter pack is whole: pictures, layouts, captions, practice pairs, and the code that draws them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from corpus.memes import TemplateLayout
from corpus.rendering import draw, letter
from corpus.texts import clean_texts, texts_key
from starter.draw import SCENES, TEMPLATES, description, finished, main

FOLDERS = sorted(folder for folder in TEMPLATES.iterdir() if folder.is_dir())
PHONE = 170  # px, half of a small phone: the narrowest a meme is ever shown
every_template = pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)


def template(folder: Path) -> dict[str, Any]:
    data = json.loads((folder / "template.json").read_text(encoding="utf-8"))
    assert isinstance(data, dict)
    return data


def captions(folder: Path) -> list[list[str]]:
    lines = (folder / "captions.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    assert all(set(row) == {"texts"} for row in rows)
    return [row["texts"] for row in rows]


def layout(folder: Path, picture: Image.Image) -> TemplateLayout:
    boxes = template(folder)["boxes"]
    return TemplateLayout.from_json(width=picture.width, height=picture.height, boxes=boxes)


def test_there_are_at_least_twelve_templates_and_each_has_its_scene() -> None:
    assert len(FOLDERS) >= 12
    assert {folder.name for folder in FOLDERS} == set(SCENES)


@every_template
def test_a_picture_opens_and_is_small_enough_to_ship(folder: Path) -> None:
    path = folder / "picture.png"
    with Image.open(path) as picture:
        picture.load()
        assert picture.format == "PNG"
        assert 700 <= max(picture.size) <= 1000
    assert path.stat().st_size <= 150_000


@every_template
def test_a_template_says_what_its_scene_says(folder: Path) -> None:
    data = template(folder)
    assert data == description(SCENES[folder.name])
    assert data["licence"] == "CC0-1.0"
    assert data["language"] == "en"
    with Image.open(folder / "picture.png") as picture:
        assert picture.size == (SCENES[folder.name].width, SCENES[folder.name].height)


def test_names_are_unique() -> None:
    assert len({template(folder)["name"] for folder in FOLDERS}) == len(FOLDERS)


@every_template
def test_captions_are_many_clean_and_different(folder: Path) -> None:
    boxes, rows = len(template(folder)["boxes"]), captions(folder)
    assert len(rows) >= 20
    for texts in rows:
        assert list(clean_texts(texts, boxes)) == texts
        assert all(texts)
    assert len({texts_key(texts) for texts in rows}) == len(rows)


def test_no_caption_serves_two_templates() -> None:
    keys = [texts_key(texts) for folder in FOLDERS for texts in captions(folder)]
    assert len(set(keys)) == len(keys)


@every_template
def test_every_caption_fits_its_boxes_whole(folder: Path) -> None:
    with Image.open(folder / "picture.png") as file:
        picture = file.convert("RGB")
    for texts in captions(folder):
        lettered = letter(picture, layout(folder, picture), texts)
        assert lettered.cut == (), texts
        assert lettered.missing == (), texts
        smallest = min(lettered.sizes) * PHONE / picture.width
        assert smallest >= 5.5, f"{texts}: {smallest:.1f} px high on the narrowest screen"


def test_a_meme_of_the_pack_is_drawn() -> None:
    folder = TEMPLATES / "two-buttons"
    with Image.open(folder / "picture.png") as picture:
        drawing = draw(picture, layout(folder, picture), captions(folder)[0])
    assert (drawing.width, drawing.height) == (800, 800)


def test_practice_pairs_point_at_captions_and_say_why() -> None:
    pairs = json.loads((TEMPLATES.parent / "practice.json").read_text(encoding="utf-8"))
    assert len(pairs) == 3
    for pair in pairs:
        assert set(pair) == {"template", "better", "worse", "why"}
        known = range(len(captions(TEMPLATES / pair["template"])))
        assert pair["better"] in known
        assert pair["worse"] in known
        assert pair["better"] != pair["worse"]
        assert pair["why"].strip()


@pytest.mark.parametrize("slug", ["goose-verdict", "awake-at-three"])
def test_drawing_again_gives_the_stored_pixels(slug: str) -> None:
    with Image.open(TEMPLATES / slug / "picture.png") as stored:
        assert finished(SCENES[slug]).convert("RGB").tobytes() == stored.convert("RGB").tobytes()


def test_an_unknown_template_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["no-such-goose"])
    assert "no-such-goose" in capsys.readouterr().err
