"""The raccoon: soft, striped, and never far from a bin."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from starter.drawing.canvas import PEN, Canvas
from starter.drawing.faces import Look, Mouth, brow, eye, mouth
from starter.drawing.palette import BLUSH, CREAM, INK, NIGHT, PAPER, STONE, mix, shade, tint
from starter.drawing.paths import Point, blob, curve, ellipse, flipped, mirrored, points

FUR = mix(STONE, "#c9b8c4", 0.35)
MASK = mix(NIGHT, INK, 0.35)
PALE = tint(CREAM, 0.35)


@dataclass(frozen=True, slots=True, kw_only=True)
class RaccoonFace:
    """What the raccoon feels: eyes, where they look, how far lids close, brows (tilt, or None), mouth."""

    eyes: Literal["open", "happy", "peace"] = "open"
    look: tuple[float, float] = (0.0, 0.0)
    pupil: float = 0.62
    upper: float = 0.0
    lower: float = 0.0
    slant: float = 0.0
    brows: float | None = None
    mouth: Mouth = "smile"
    mouth_width: float = 34.0
    ears: float = 0.0  # 1 lays them flat


def raccoon_head(c: Canvas, face: RaccoonFace) -> None:
    """The head around (0, 0), about 250 wide."""
    for side in (-1, 1):
        with c.at(side * 72, -66, angle=side * (22 + 42 * face.ears)):
            c.shape(ellipse(0, -18, 32, 40), FUR, shadow=(0, -10))
            c.fill(ellipse(0, -12, 17, 24), MASK)
    skull = mirrored(
        [(0, -92), (52, -86), (96, -50), (112, 0), (136, 34), (112, 46), (106, 64), (60, 88), (0, 96)]
    )
    outline = blob(skull)
    c.shape(outline, FUR, pen=0, shadow=(-8, -14))
    with c.inside(outline):
        c.fill(blob(mirrored([(0, -96), (13, -90), (13, -50), (9, -30), (0, -24)])), shade(FUR, 0.5))
        pale = points("10,-30 40,-66 84,-52 150,20 140,60 70,70 20,70")
        mask = points("8,2 20,-38 58,-50 92,-22 140,40 84,42 40,38 14,30")
        for side in (-1, 1):
            c.fill(blob(flipped(pale, side)), PALE)
            c.fill(blob(flipped(mask, side)), MASK)
    c.line([*outline, outline[0]])
    muzzle = blob(mirrored([(0, 0), (20, 14), (52, 44), (46, 74), (0, 88)]))
    c.fill(muzzle, PALE)
    for side in (-1, 1):
        c.fill(ellipse(side * 88, 58, 14, 8), BLUSH)
        _eye(c, face, side)
    nose = blob(mirrored([(0, 14), (20, 16), (21, 28), (0, 44)]))
    c.shape(nose, INK, pen=PEN * 0.5)
    c.fill(ellipse(-7, 21, 7, 4, -15), tint(NIGHT, 0.5))
    c.line([(0, 42), (0, 54)], pen=PEN * 0.8)
    mouth(c, 0, 64, face.mouth_width, face.mouth, pen=PEN * 0.9)


def _eye(c: Canvas, face: RaccoonFace, side: int) -> None:
    if face.eyes == "open":
        look = Look(
            towards=face.look, pupil=face.pupil, upper=face.upper, lower=face.lower, slant=-side * face.slant
        )
        eye(c, side * 50, -8, 29, 31, look, lid=shade(FUR, 0.45), pen=PEN * 0.8)
    else:
        c.fill(ellipse(side * 50, -8, 30, 22), MASK)
        with c.at(side * 50, -4):
            shut_light(c, happy=face.eyes == "happy")
    if face.brows is not None:
        brow(c, side * 54, -60, 44, tilt=-side * face.brows)


def shut_light(c: Canvas, *, happy: bool) -> None:
    """A closed eye on dark fur: drawn in pale ink."""
    rim = [(-22.0, 8.0), (-12.0, -8.0), (0.0, -13.0), (12.0, -8.0), (22.0, 8.0)]
    c.line(curve(rim if happy else [(x, -y) for x, y in rim]), pen=PEN * 1.1, ink=PAPER)


def raccoon_tail(c: Canvas, path: Sequence[Point], *, width: float = 58.0) -> None:
    """A thick striped tail along the path, thinning at its tip."""
    smooth = curve(path)
    c.tube(smooth, width * 0.8, FUR, end_width=width)
    for band in range(5):
        start = int(len(smooth) * (0.12 + 0.19 * band))
        piece = smooth[start : start + max(4, int(len(smooth) * 0.095))]
        half = width * (0.4 + 0.1 * (start / len(smooth))) - PEN / 2 + 1
        left, right = [], []
        for (x0, y0), (x1, y1) in pairwise(piece):
            length = math.hypot(x1 - x0, y1 - y0)
            nx, ny = (y0 - y1) / length * half, (x1 - x0) / length * half
            left.append((x0 + nx, y0 + ny))
            right.append((x0 - nx, y0 - ny))
        c.fill([*left, *reversed(right)], MASK)
    tip = smooth[int(len(smooth) * 0.93) :]
    c.tube(tip, width - PEN + 1.4, MASK, pen=0)


def raccoon_body(c: Canvas) -> None:
    """A seated pear of a body around (0, 0), about 190 wide, its neck at (0, -100)."""
    outline = blob(mirrored([(0, -112), (48, -100), (76, -30), (98, 40), (84, 92), (40, 108), (0, 110)]))
    c.shape(outline, FUR, shadow=(-12, -10))
    with c.inside(outline):
        c.fill(blob(mirrored([(0, -70), (38, -50), (58, 30), (44, 92), (0, 100)])), PALE)
    c.line([*outline, outline[0]])
    for side in (-1, 1):
        c.shape(ellipse(side * 58, 106, 38, 20), MASK)


def raccoon_arm(c: Canvas, path: Sequence[Point], *, width: float = 40.0) -> None:
    """An arm with a dark paw at its end."""
    smooth = curve(path)
    c.tube(smooth, width, FUR, end_width=width * 0.85)
    c.shape(ellipse(*smooth[-1], width * 0.58), MASK, pen=PEN * 0.9)
