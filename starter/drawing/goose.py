"""The goose: long neck, high standards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from starter.drawing.canvas import PEN, Canvas
from starter.drawing.faces import Look, brow, eye, shut_eye
from starter.drawing.palette import BLUSH, CORAL, MUSTARD, PAPER, Colour, mix, shade
from starter.drawing.paths import Point, blob, curve, ellipse, points

ORANGE = mix(MUSTARD, CORAL, 0.45)
PLUMAGE = PAPER


@dataclass(frozen=True, slots=True, kw_only=True)
class GooseFace:
    """What the goose thinks: its eye and where it looks, lids and beak (0..1), brow (tilt, or None)."""

    eyes: Literal["open", "happy", "peace"] = "open"
    look: tuple[float, float] = (0.3, 0.0)
    pupil: float = 0.56
    upper: float = 0.0
    lower: float = 0.0
    slant: float = 0.0
    brow: float | None = None
    beak: float = 0.0


def goose_head(c: Canvas, face: GooseFace) -> None:
    """The head around (0, 0), about 130 across, its beak to the right."""
    if face.beak > 0:
        drop = 34 * face.beak
        c.shape(
            blob([(40, 8), (84, 20 + drop), (122, 26 + drop), (98, 40 + drop), (58, 36 + drop), (34, 30)]),
            ORANGE,
            shadow=(0, -8),
        )
        c.fill(blob([(44, 12), (84, 20), (104, 22 + drop * 0.8), (74, 24 + drop * 0.8)]), shade(CORAL, 0.7))
    skull = blob([(0, -64), (44, -50), (62, -8), (48, 36), (0, 52), (-48, 40), (-64, -4), (-44, -50)])
    c.shape(skull, PLUMAGE, shadow=(10, -12), dark=shade(PLUMAGE, 0.2))
    upper_beak = blob([(40, -14), (70, -16), (110, 2), (136, 16), (130, 28), (90, 26), (44, 28), (34, 6)])
    c.shape(upper_beak, ORANGE, shadow=(0, -9))
    c.line([(84, 1), (94, 5)], pen=PEN * 0.8)
    c.fill(ellipse(-6, 28, 17, 10), BLUSH)
    match face.eyes:
        case "open":
            look = Look(
                towards=face.look, pupil=face.pupil, upper=face.upper, lower=face.lower, slant=face.slant
            )
            eye(c, 8, -16, 30, 33, look, lid=shade(PLUMAGE, 0.2))
        case "happy":
            shut_eye(c, 8, -8, 25)
        case "peace":
            shut_eye(c, 8, -16, 25, happy=False)
    if face.brow is not None:
        brow(c, 12, -62, 46, tilt=face.brow)


def goose_neck(c: Canvas, path: Sequence[Point], *, width: float = 62.0, end_width: float = 56.0) -> None:
    """The neck from the body to the head, with its shaded side."""
    smooth = curve(path)
    c.tube(smooth, width, shade(PLUMAGE, 0.2), end_width=end_width)
    light = [(x + 7, y) for x, y in smooth]
    c.tube(light, width - 24, PLUMAGE, end_width=end_width - 24, pen=0)


def _legs(c: Canvas) -> None:
    for x in (-18, 34):
        c.line([(x, 70), (x + 2, 122)], pen=PEN * 2.6)
        c.line([(x, 76), (x + 2, 120)], pen=PEN * 1.1, ink=ORANGE)
        c.shape(
            blob([(x - 8, 122), (x + 8, 112), (x + 46, 126), (x + 40, 136), (x - 6, 134)]),
            ORANGE,
            pen=PEN * 0.9,
        )


def _folded_wing(c: Canvas) -> None:
    folded = blob([(40, -22), (30, 26), (-30, 50), (-104, 20), (-128, -14), (-60, -34), (0, -42)])
    c.shape(folded, PLUMAGE, shadow=(8, -16), dark=shade(PLUMAGE, 0.2))
    for i in range(3):
        c.line(
            curve([(-40 - i * 22, 34 - i * 8), (-58 - i * 20, 22 - i * 8), (-66 - i * 18, 6 - i * 6)]),
            pen=PEN * 0.7,
        )


def goose(
    c: Canvas,
    face: GooseFace,
    *,
    head: Point = (70.0, -200.0),
    neck: Sequence[Point] | None = None,
    head_angle: float = 0.0,
    wing: Sequence[Point] | None = None,
    legs: bool = True,
) -> None:
    """A goose around (0, 0), facing right, about 240 wide; without a raised `wing`'s line it is folded."""
    if legs:
        _legs(c)
    body = blob(points("-150,-52 -96,-30 -20,-62 60,-62 104,-14 92,48 30,88 -56,84 -112,34"))
    c.shape(body, PLUMAGE, shadow=(8, -22), dark=shade(PLUMAGE, 0.2))
    path = list(neck) if neck else [(66, -8), (92, -70), (74, -130), head]
    goose_neck(c, path)
    hidden = blob([(26, -40), (62, -52), (88, -30), (96, -2), (94, 26), (50, 50), (10, 40), (0, 10)])
    c.fill(hidden, PLUMAGE)  # the neck grows out of the chest: no line between them
    if wing is None:
        _folded_wing(c)
    with c.at(*head, angle=head_angle):
        goose_head(c, face)
    if wing is not None:
        goose_wing(c, wing)


def goose_wing(c: Canvas, line: Sequence[Point], *, width: float = 62.0, colour: Colour = PLUMAGE) -> None:
    """A raised wing used like an arm, with three feather fingers at its end."""
    (x0, y0), (x1, y1) = line[-2], line[-1]
    dx, dy = x1 - x0, y1 - y0
    length = (dx * dx + dy * dy) ** 0.5
    ux, uy = dx / length, dy / length
    feathers = [
        (x1 + ux * reach - uy * off, y1 + uy * reach + ux * off)
        for reach, off in ((34, -30), (50, 0), (36, 30))
    ]
    smooth, dark = curve(line), shade(colour, 0.2)
    for tip in feathers:
        c.tube([(x1, y1), tip], 42, colour, end_width=30)
    c.tube(smooth, width, dark, end_width=width * 0.92)
    for tip in feathers:
        c.tube([(x1 - ux * 8, y1 - uy * 8), tip], 34, colour, end_width=23, pen=0)
    for x, y in feathers[:1] + feathers[2:]:
        c.line(
            [
                (x1 + (x - x1) * 0.25 + ux * 16, y1 + (y - y1) * 0.25 + uy * 16),
                (x1 + ux * 34 + (x - x1 - ux * 34) * 0.5, y1 + uy * 34 + (y - y1 - uy * 34) * 0.5),
            ],
            pen=PEN * 0.8,
        )
    light = [(x + 4, y - 4) for x, y in smooth]
    c.tube(light, width - 20, colour, end_width=width * 0.92 - 14, pen=0)
