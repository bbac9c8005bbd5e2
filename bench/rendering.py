"""How long it takes to draw a meme, beside the JPEG encoding of the bare picture, which no renderer can avoid.

`python -m bench.rendering [--rounds N] [--json]`: median milliseconds per meme, on drawn pictures, every caption different.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import time
from collections.abc import Callable

from PIL import Image, ImageFilter

from corpus.memes import TemplateLayout, TextBox
from corpus.rendering import RENDERER_VERSION, draw, encoded

SIDES = (512, 800)
LAYOUTS = {
    1: (TextBox(x=0.0, y=0.76, w=1.0, h=0.24),),
    2: (TextBox(x=0.0, y=0.0, w=1.0, h=0.24), TextBox(x=0.0, y=0.76, w=1.0, h=0.24)),
    4: tuple(TextBox(x=x, y=y, w=0.5, h=0.3, angle=16 * x) for x in (0.0, 0.5) for y in (0.0, 0.7)),
}
VOCABULARY = (
    "when you finally finish the project and nobody noticed because deadline was last week me my cat five minutes "
    "before meeting trying to explain why tests pass on machine only please send help Monday coffee brain 3am"
)
WORDS = VOCABULARY.split()
LENGTHS = {"short": 4, "long": 22}  # words per text


def picture(side: int, seed: int) -> Image.Image:
    """A picture about as hard to encode as a photograph: soft shapes under grain."""
    generator = random.Random(seed)
    small = Image.frombytes("RGB", (16, 16), generator.randbytes(16 * 16 * 3))
    soft = small.resize((side, side), Image.Resampling.BICUBIC).filter(ImageFilter.GaussianBlur(2))
    grain = Image.frombytes("RGB", (side, side), generator.randbytes(side * side * 3))
    return Image.blend(soft, grain, 0.06)


def median_ms(action: Callable[[], object], rounds: int) -> float:
    """The median of the times that `action` takes, after two that are not counted."""
    times = []
    for number in range(rounds + 2):
        start = time.perf_counter()
        action()
        if number >= 2:
            times.append(1000 * (time.perf_counter() - start))
    return round(statistics.median(times), 2)


def encode_ms(canvas: Image.Image, rounds: int) -> float:
    """The baseline: the bare picture as a JPEG."""
    return median_ms(lambda: encoded(canvas), rounds)


def meme_ms(canvas: Image.Image, boxes: int, words: int, rounds: int) -> float:
    """A meme with so many boxes and so many words in each, drawn and encoded."""
    layout = TemplateLayout(width=canvas.width, height=canvas.height, boxes=LAYOUTS[boxes])
    generator = random.Random(boxes * 1000 + words)
    return median_ms(
        lambda: draw(canvas, layout, [" ".join(generator.choices(WORDS, k=words)) for _ in range(boxes)]),
        rounds,
    )


def measure(rounds: int) -> list[dict[str, int | float | str]]:
    """A row per size of picture, number of boxes and length of caption."""
    rows: list[dict[str, int | float | str]] = []
    for side in SIDES:
        canvas = picture(side, seed=side)
        bare = encode_ms(canvas, rounds)
        rows.extend(
            {
                "side": side,
                "boxes": boxes,
                "caption": length,
                "meme_ms": meme_ms(canvas, boxes, words, rounds),
                "encode_ms": bare,
            }
            for boxes in LAYOUTS
            for length, words in LENGTHS.items()
        )
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.rendering", description=__doc__)
    parser.add_argument("--rounds", type=int, default=25, help="memes per row (default: 25)")
    parser.add_argument("--json", action="store_true", help="end with one JSON object")
    options = parser.parse_args()
    rows = measure(options.rounds)
    print(f"{'side':>5}{'boxes':>7}{'caption':>9}{'meme ms':>10}{'bare JPEG ms':>14}")
    for row in rows:
        print(
            f"{row['side']:>5}{row['boxes']:>7}{row['caption']:>9}{row['meme_ms']:>10}{row['encode_ms']:>14}"
        )
    if options.json:
        print(json.dumps({"renderer_version": RENDERER_VERSION, "rounds": options.rounds, "rows": rows}))


if __name__ == "__main__":
    main()
