"""Pip: a round creature with huge eyes and a sprout on its head, who means well."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from starter.drawing.canvas import PEN, Canvas
from starter.drawing.faces import Look, Mouth, brow, cheeks, eye, mouth, shut_eye
from starter.drawing.palette import CORAL, GRASS, Colour, mix, shade, tint
from starter.drawing.paths import Point, blob, curve, ellipse, points

Eyes = Literal["open", "happy", "peace"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PipFace:
    """What Pip feels: eyes, where they look, how far lids close, brows (tilt, or None for none), mouth."""

    eyes: Eyes = "open"
    look: tuple[float, float] = (0.0, 0.0)
    pupil: float = 0.58
    upper: float = 0.0
    lower: float = 0.0
    slant: float = 0.0
    brows: float | None = None
    mouth: Mouth = "smile"
    mouth_width: float = 40.0


def leaf(c: Canvas, x: float, y: float, length: float, angle: float, colour: Colour = GRASS) -> None:
    """A leaf growing from (x, y) to the right, turned by `angle` degrees clockwise."""
    with c.at(x, y, angle=angle):
        w = length * 0.3
        outline = blob(
            [
                (0, 0),
                (length * 0.3, -w * 0.9),
                (length * 0.7, -w * 0.8),
                (length, -w * 0.1),
                (length * 0.7, w * 0.65),
                (length * 0.3, w * 0.6),
            ]
        )
        c.shape(outline, colour, shadow=(0, -w * 0.55))
        c.line(
            curve([(length * 0.12, -2), (length * 0.45, -w * 0.22), (length * 0.75, -w * 0.1)]),
            pen=PEN * 0.55,
        )


def sprout(c: Canvas, x: float, y: float, size: float, *, droop: float = 0.0) -> None:
    """A stem with two leaves at (x, y); `droop` (0..1) lets the leaves hang."""
    top = (x + size * 0.06, y - size * 0.55)
    c.tube(
        curve([(x, y + 4), (x - size * 0.04, y - size * 0.28), top]),
        size * 0.15,
        shade(GRASS, 0.2),
        pen=PEN * 0.8,
    )
    leaf(c, *top, size * 0.8, -32 + droop * 85)
    leaf(c, *top, size * 0.62, -148 - droop * 85)


def pip(
    c: Canvas,
    face: PipFace,
    *,
    left_hand: Point | None = (-118.0, 40.0),
    right_hand: Point | None = (118.0, 40.0),
    legs: bool = True,
    colour: Colour = CORAL,
    sprout_size: float = 62.0,
    droop: float = 0.0,
) -> None:
    """Pip around (0, 0), about 200 across. Hands are where the arms end; None hides an arm."""
    hands = [(hand, side) for hand, side in ((left_hand, -1), (right_hand, 1)) if hand is not None]
    for hand, side in hands:
        if abs(hand[0]) >= 95:
            arm(c, (side * 80.0, 36.0), hand, colour=colour)
    if legs:
        for side in (-1, 1):
            c.shape(ellipse(side * 42, 100, 30, 19), shade(colour, 0.3), shadow=(0, -7))
    if sprout_size > 0:
        sprout(c, 4, -92, sprout_size, droop=droop)
    body = blob(points("0,-98 52,-88 92,-44 104,14 88,68 46,98 0,104 -46,98 -88,68 -104,14 -92,-44 -52,-88"))
    c.shape(body, colour, shadow=(-13, -15))
    c.fill(ellipse(-54, -62, 19, 10, -38), tint(colour, 0.5))
    _face(c, face, colour)
    for hand, side in hands:
        if abs(hand[0]) < 95:  # in front of the body
            arm(c, (side * 84.0, 40.0), hand, colour=colour)


def arm(c: Canvas, shoulder: Point, hand: Point, *, colour: Colour = CORAL, width: float = 27.0) -> None:
    """A short arm that swells into its hand."""
    c.tube(curve([shoulder, hand]), width, colour, end_width=width * 1.3)


def _face(c: Canvas, face: PipFace, colour: Colour) -> None:
    cheeks(c, 0, 30, 148, 17, mix(colour, "#ffd9a8", 0.55))
    for side in (-1, 1):
        x, y = side * 41, -18
        match face.eyes:
            case "open":
                eye(
                    c,
                    x,
                    y,
                    39,
                    44,
                    Look(
                        towards=face.look,
                        pupil=face.pupil,
                        upper=face.upper,
                        lower=face.lower,
                        slant=-side * face.slant,
                    ),
                    lid=shade(colour, 0.16),
                )
            case "happy":
                shut_eye(c, x, y + 12, 30)
            case "peace":
                shut_eye(c, x, y, 30, happy=False)
        if face.brows is not None:
            brow(c, x + side * 3, y - 58, 44, tilt=-side * face.brows)
    mouth(c, 0, 52, face.mouth_width, face.mouth)
