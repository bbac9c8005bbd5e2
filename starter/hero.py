"""Draw the two memes of the front page: `python -m starter.hero` writes static/hero-left.jpg and static/hero-right.jpg."""

from __future__ import annotations

import json
from pathlib import Path

from PIL import Image

from corpus.memes import TemplateLayout
from corpus.rendering import encoded, letter
from starter.draw import TEMPLATES

STATIC = TEMPLATES.parent.parent / "static"
SLUG = "two-buttons"
CAPTIONS = {"left": ("Wake the cat", "Lose the leg"), "right": ("Say goodbye at the party", "Evaporate")}
SIDE = 560  # pixels; the page shows them at about half of that


def main(folder: Path = STATIC) -> None:
    facts = json.loads((TEMPLATES / SLUG / "template.json").read_text(encoding="utf-8"))
    with Image.open(TEMPLATES / SLUG / "picture.png") as file:
        picture = file.convert("RGB")
    layout = TemplateLayout.from_json(width=picture.width, height=picture.height, boxes=facts["boxes"])
    for side, texts in CAPTIONS.items():
        meme = letter(picture, layout, texts).picture
        height = round(SIDE * meme.height / meme.width)
        small = meme.resize((SIDE, height), Image.Resampling.LANCZOS)
        (folder / f"hero-{side}.jpg").write_bytes(encoded(small))


if __name__ == "__main__":
    main()
