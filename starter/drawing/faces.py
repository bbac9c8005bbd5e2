"""Eyes, brows and mouths: the parts that every creature makes its faces from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from starter.drawing.canvas import PEN, Canvas
from starter.drawing.palette import CORAL, INK, PAPER, SKY, Colour, mix, shade
from starter.drawing.paths import Path, arc, blob, box, curve, ellipse, points

Mouth = Literal["smile", "grin", "frown", "wobble", "gasp", "flat", "teeth", "tiny"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """How an eye looks: `towards` in shares of the eye (-1..1), lids closed by 0..1, the upper slanted."""

    towards: tuple[float, float] = (0.0, 0.0)
    pupil: float = 0.55
    upper: float = 0.0
    lower: float = 0.0
    slant: float = 0.0


def eye(
    c: Canvas,
    x: float,
    y: float,
    rx: float,
    ry: float,
    look: Look,
    *,
    lid: Colour = CORAL,
    pen: float = PEN,
) -> None:
    """An open eye around (x, y)."""
    outline = ellipse(x, y, rx, ry)
    c.fill(outline, PAPER)
    with c.inside(outline):
        c.fill(ellipse(x, y - ry * 0.96, rx * 1.3, ry * 0.42), mix(PAPER, SKY, 0.45))
        size = look.pupil * min(rx, ry)
        px, py = x + look.towards[0] * (rx - size * 0.8), y + look.towards[1] * (ry - size * 0.8)
        c.fill(ellipse(px, py, size, size * 1.08), INK)
        c.fill(ellipse(px - size * 0.34, py - size * 0.4, size * 0.34), PAPER)
        c.fill(ellipse(px + size * 0.38, py + size * 0.4, size * 0.15), PAPER)
        if look.upper > 0:
            edge = y - ry + 2 * ry * look.upper
            tilt = look.slant * ry
            rim = [(x - rx * 1.2, edge - tilt), (x + rx * 1.2, edge + tilt)]
            c.fill([(x - rx * 1.2, y - ry * 3), (x + rx * 1.2, y - ry * 3), rim[1], rim[0]], lid)
            c.line(rim, pen=pen)
        if look.lower > 0:
            edge = y + ry - 2 * ry * look.lower
            rim = curve([(x - rx * 1.1, edge + ry * 0.2), (x, edge), (x + rx * 1.1, edge + ry * 0.2)])
            c.fill([*rim, (x + rx * 1.2, y + ry * 2), (x - rx * 1.2, y + ry * 2)], lid)
            c.line(rim, pen=pen)
    c.line([*outline, outline[0]], pen=pen)


def shut_eye(
    c: Canvas, x: float, y: float, rx: float, *, happy: bool = True, pen: float = PEN * 1.15
) -> None:
    """A closed eye: arched up for joy, down for peace."""
    c.line(arc(x, y, rx, rx * 0.7, 190, 350) if happy else arc(x, y, rx, rx * 0.6, 15, 165), pen=pen)


def brow(c: Canvas, x: float, y: float, w: float, *, tilt: float = 0.0, pen: float = PEN * 1.6) -> None:
    """An eyebrow, `w` wide; a positive `tilt` lowers its right end."""
    c.line(curve([(x - w / 2, y - tilt), (x, y - w * 0.12), (x + w / 2, y + tilt)]), pen=pen, taper=0.4)


def mouth(c: Canvas, x: float, y: float, w: float, kind: Mouth, *, pen: float = PEN) -> None:
    """A mouth, `w` wide, around (x, y)."""
    h = w / 2
    match kind:
        case "smile":
            c.line(arc(x, y - h * 0.5, h, h * 0.75, 15, 165), pen=pen)
        case "frown":
            c.line(arc(x, y + h * 0.5, h, h * 0.75, 200, 340), pen=pen)
        case "flat":
            c.line([(x - h, y), (x + h, y)], pen=pen)
        case "tiny":
            c.line(arc(x, y, h * 0.35, h * 0.3, 190, 350), pen=pen)
        case "wobble":
            zigzag = [(x - h + w * i / 6, y + (h * 0.2 if i % 2 else -h * 0.2)) for i in range(7)]
            c.line(curve(zigzag), pen=pen)
        case "grin":
            lips = points("-1,-0.35 0,-0.22 1,-0.35 0.66,0.42 0,0.72 -0.66,0.42")
            lips = blob([(x + h * px, y + h * py) for px, py in lips])
            _open(c, lips, ellipse(x, y + h * 0.75, h * 0.6, h * 0.42), pen)
        case "gasp":
            _open(c, ellipse(x, y, h * 0.55, h * 0.72), ellipse(x, y + h * 0.7, h * 0.4, h * 0.3), pen)
        case "teeth":
            _teeth(c, x, y, w, pen)


def _open(c: Canvas, lips: Path, tongue: Path, pen: float) -> None:
    c.fill(lips, shade(CORAL, 0.75))
    with c.inside(lips):
        c.fill(tongue, CORAL)
    c.line([*lips, lips[0]], pen=pen)


def _teeth(c: Canvas, x: float, y: float, w: float, pen: float) -> None:
    h = w / 2
    lips = box(x - h, y - h * 0.35, w, h * 0.7, h * 0.3)
    c.fill(lips, PAPER)
    with c.inside(lips):
        c.line([(x - h, y), (x + h, y)], pen=pen * 0.6)
        for i in range(1, 5):
            at = x - h + w * i / 5
            c.line([(at, y - h), (at, y + h)], pen=pen * 0.6)
    c.line([*lips, lips[0]], pen=pen)


def cheeks(c: Canvas, x: float, y: float, apart: float, size: float, colour: Colour) -> None:
    """Two blushes, `apart` from each other around (x, y)."""
    for side in (-1, 1):
        c.fill(ellipse(x + side * apart / 2, y, size, size * 0.62), colour)


def sweat(c: Canvas, x: float, y: float, size: float, *, lean: float = 0.0) -> None:
    """A drop of sweat or water, its tip at the top."""
    with c.at(x, y, angle=lean):
        drop = blob(
            [
                (0, -size),
                (size * 0.5, 0.15 * size),
                (size * 0.36, size * 0.7),
                (-size * 0.36, size * 0.7),
                (-size * 0.5, 0.15 * size),
            ]
        )
        c.shape(drop, SKY, pen=PEN * 0.75)
        c.line(arc(0, size * 0.2, size * 0.26, size * 0.3, 100, 170), pen=PEN * 0.6, ink=PAPER)
