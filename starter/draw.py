"""Draw the starter pack: `python -m starter.draw [SLUG ...]` writes pictures and layouts, always the same."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from starter.drawing.choices import CHOICES
from starter.drawing.company import COMPANY
from starter.drawing.contrasts import CONTRASTS
from starter.drawing.moods import MOODS
from starter.drawing.ordeals import ORDEALS
from starter.drawing.scene import Scene

TEMPLATES = Path(__file__).parent / "templates"
SCENES = {scene.slug: scene for scene in (*CHOICES, *CONTRASTS, *ORDEALS, *MOODS, *COMPANY)}
COLOURS = 255
APART = 10  # how far two colours of a palette are apart at least, in 8-bit RGB


def palette(picture: Image.Image) -> Image.Image:
    """The most frequent colours of a picture, none close to another.

    Pillow's own methods average neighbours, which turns a small accent (a lamp, a leaf) into the colour
    beside it; flat areas come first here and stay as they are.
    """
    counted = picture.getcolors(picture.width * picture.height) or []
    chosen: list[tuple[int, int, int]] = []
    for _, colour in sorted(counted, key=lambda item: (-item[0], item[1])):
        assert isinstance(colour, tuple)  # an RGB picture has no other colours
        red, green, blue = colour[:3]
        if all((red - r) ** 2 + (green - g) ** 2 + (blue - b) ** 2 >= APART**2 for r, g, b in chosen):
            chosen.append((red, green, blue))
        if len(chosen) == COLOURS:
            break
    image = Image.new("P", (1, 1))
    image.putpalette([value for colour in chosen for value in colour])
    return image


def finished(scene: Scene) -> Image.Image:
    """The picture as it is stored: a palette image, a quarter of the size and no visible difference."""
    picture = scene.picture()
    return picture.quantize(palette=palette(picture), dither=Image.Dither.NONE)


def description(scene: Scene) -> dict[str, object]:
    """What `template.json` says of a scene."""
    boxes = [words.text_box(scene.width, scene.height).to_json() for words in scene.words]
    return {
        "name": scene.name,
        "language": "en",
        "source": "Punchline starter pack",
        "licence": "CC0-1.0",
        "boxes": boxes,
    }


def write(scene: Scene, folder: Path) -> None:
    """Write `picture.png` and `template.json` of a scene into its folder."""
    folder.mkdir(parents=True, exist_ok=True)
    finished(scene).save(folder / "picture.png", optimize=True)
    text = json.dumps(description(scene), indent=2, ensure_ascii=False)
    (folder / "template.json").write_text(text + "\n", encoding="utf-8")


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="starter.draw", description="Draw the starter pack.")
    parser.add_argument("slugs", nargs="*", metavar="SLUG", help="all of them if none")
    options = parser.parse_args(arguments)
    if unknown := sorted(set(options.slugs) - set(SCENES)):
        parser.error(f"unknown {', '.join(unknown)}; known are {', '.join(SCENES)}")
    for slug in options.slugs or SCENES:
        write(SCENES[slug], TEMPLATES / slug)
        sys.stdout.write(f"{slug}: {(TEMPLATES / slug / 'picture.png').stat().st_size // 1024} KiB\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
