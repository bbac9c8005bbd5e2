"""Real drawn memes for a real browser, small enough to draw in a moment."""

from __future__ import annotations

import io
from collections.abc import Sequence

from PIL import Image

from annotation.models import Meme, MemeTemplate, PracticePair
from annotation.services.memes import Caption, add_memes, add_template

BOXES = [{"x": 0.02, "y": 0.02, "w": 0.96, "h": 0.3}, {"x": 0.02, "y": 0.68, "w": 0.96, "h": 0.3}]


def draw_template(
    name: str = "Two dots", *, size: tuple[int, int] = (240, 240), colour: str = "#4fc9c0"
) -> MemeTemplate:
    """A meme template of one colour with a box above and one below."""
    file = io.BytesIO()
    Image.new("RGB", size, colour).save(file, "PNG")
    slug = name.lower().replace(" ", "-")
    return add_template(slug=slug, name=name, picture=file.getvalue(), boxes=BOXES)


def draw_memes(count: int = 8, *, template: MemeTemplate | None = None) -> list[Meme]:
    """Memes of one template, so `count * (count - 1) / 2` pairs."""
    return draw_captions(
        [(f"top {number}", f"bottom {number}") for number in range(count)], template=template
    )


def draw_captions(texts: Sequence[Sequence[str]], *, template: MemeTemplate | None = None) -> list[Meme]:
    """One meme per caption, of one template."""
    captions = [Caption(texts=list(lines)) for lines in texts]
    return add_memes(template=template or draw_template(), captions=captions).added


def make_practice(count: int = 3) -> list[PracticePair]:
    """Practice pairs of memes of their own."""
    memes = draw_memes(2 * count, template=draw_template("Practice", colour="#ff8a78"))
    two = zip(memes[::2], memes[1::2], strict=True)
    return [PracticePair.objects.create(better=one, worse=other, why="It is shorter.") for one, other in two]
