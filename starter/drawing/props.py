"""What several scenes use: blank paper for a text, glints, flowers and speech bubbles."""

from __future__ import annotations

from starter.drawing.canvas import PEN, Canvas
from starter.drawing.palette import LILAC, PAPER, tint
from starter.drawing.paths import box, star


def paper(c: Canvas, x: float, y: float, w: float, h: float) -> None:
    """A blank panel for a text, with a little halftone in its lower corner."""
    c.fill(box(x, y, w, h), PAPER)
    with c.inside(box(x, y, w, h)):
        c.dots(
            (x + w * 0.45, y + h * 0.55, w * 0.55, h * 0.45),
            tint(LILAC, 0.55),
            spacing=15,
            high=0.75,
            towards=40,
        )


def sparkle(c: Canvas, x: float, y: float, size: float, colour: str = PAPER) -> None:
    """A four-pointed glint."""
    c.shape(star(x, y, size, size * 0.3, 4), colour, pen=PEN * 0.7)
