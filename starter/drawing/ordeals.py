"""Scenes of ordeal: a morning before coffee, a monster before breakfast."""

from __future__ import annotations

from starter.drawing.canvas import PEN, Canvas
from starter.drawing.faces import Look, brow, eye, sweat
from starter.drawing.palette import (
    CORAL,
    CREAM,
    INK,
    LILAC,
    MUSTARD,
    NIGHT,
    PAPER,
    STONE,
    TEAL,
    mix,
    shade,
)
from starter.drawing.paths import Point, arc, blob, box, cloud, curve, ellipse, points, star
from starter.drawing.pip import PipFace, arm, pip, sprout
from starter.drawing.props import paper, sparkle
from starter.drawing.scene import Scene, Words


def _mug(c: Canvas, x: float, y: float, size: float) -> None:
    with c.at(x, y, scale=size):
        c.line(arc(44, 2, 26, 28, -80, 80), pen=PEN * 3.4)
        c.line(arc(44, 2, 26, 28, -80, 80), pen=PEN * 1.5, ink=TEAL)
        c.shape(box(-48, -44, 96, 94, 18), TEAL, shadow=(-10, -6))
        c.shape(ellipse(0, -42, 48, 13), shade(CORAL, 0.7))
        c.fill(blob([(0, 22), (-22, 0), (-12, -12), (0, -4), (12, -12), (22, 0)]), PAPER)


def _coffee(c: Canvas) -> None:
    left, right = box(0, 0, 450, 500), box(450, 0, 450, 500)
    with c.inside(left):
        c.fill(left, mix(STONE, NIGHT, 0.35))
        c.dots((0, 180, 450, 320), mix(STONE, NIGHT, 0.6), spacing=20, high=0.85)
        _gremlin(c, 225, 318)
    with c.inside(right):
        c.fill(right, mix(MUSTARD, PAPER, 0.25))
        c.rays(675, 270, 560, mix(MUSTARD, PAPER, 0.65), count=18)
        with c.at(675, 292, scale=1.42):
            pip(
                c,
                PipFace(look=(0, -0.1), pupil=0.66, mouth="grin", mouth_width=58),
                left_hand=(-122, -34),
                right_hand=(98, 84),
                sprout_size=76,
            )
        _mug(c, 812, 414, 0.96)
        c.shape(ellipse(768, 420, 21, 25), CORAL, shadow=(-4, -5))
        for x in (802, 834):
            c.line(
                curve([(x, 362), (x - 9, 342), (x + 8, 322), (x - 3, 302)]),
                pen=PEN * 1.2,
                ink=PAPER,
                taper=0.6,
            )
        for x, y, s in ((506, 92, 26), (832, 120, 24), (518, 392, 16), (790, 58, 14)):
            sparkle(c, x, y, s)
    paper(c, 0, 500, 450, 140)
    paper(c, 450, 500, 450, 140)
    c.line([(450, 0), (450, 640)], pen=9)
    c.line([(0, 500), (900, 500)], pen=9)
    c.panel(5, 5, 890, 630)


def _gremlin(c: Canvas, x: float, y: float) -> None:
    """Pip before coffee: bristling, one eye more open than the other, under a small cloud of its own."""
    grey = mix(CORAL, STONE, 0.5)
    with c.at(x, y, scale=1.34):
        with c.inside(box(-200, -200, 400, 270)):
            spikes: list[Point] = star(0, 6, 136, 98, 19, angle=-96)
            c.shape(spikes, grey, shadow=(-10, -12))
        pip_face = PipFace(
            look=(0, 0.5), upper=0.5, lower=0.12, slant=0.18, pupil=0.36, mouth="wobble", mouth_width=64
        )
        pip(c, pip_face, colour=grey, left_hand=(-124, 92), right_hand=(124, 92), sprout_size=66, droop=0.62)
        for side in (-1, 1):
            c.line(arc(side * 41, 30, 26, 9, 20, 160), pen=PEN * 0.8, ink=shade(grey, 0.5))
    c.shape(cloud(x, 82, 128, 46, 10), STONE, shadow=(-8, -16))
    bolt = [
        (x + 84, 112),
        (x + 60, 158),
        (x + 80, 158),
        (x + 64, 200),
        (x + 112, 146),
        (x + 90, 146),
        (x + 108, 112),
    ]
    c.shape(bolt, MUSTARD, pen=PEN * 0.8)


def _monster(c: Canvas) -> None:
    """The monster, filling the right of the picture."""
    colour = mix(LILAC, NIGHT, 0.2)
    for side in (-1, 1):
        outer = curve([(570 + side * 176, 236), (570 + side * 226, 150), (570 + side * 190, 56)])
        inner = curve([(570 + side * 190, 56), (570 + side * 156, 126), (570 + side * 84, 160)])
        c.shape([*outer, *inner], CREAM, shadow=(-9, -6))
    c.tube(curve([(400, 640), (292, 560), (306, 440)]), 70, colour, end_width=62)
    for dx, tip in ((-24, (-62, 352)), (2, (-14, 332)), (27, (34, 352))):
        c.shape([(304 + dx - 15, 420), (304 + dx + 15, 420), (304 + tip[0], tip[1])], CREAM, pen=PEN * 0.8)
    c.fill(ellipse(306, 428, 29, 24), colour)
    body = blob(points("340,900 318,640 330,420 392,240 500,146 640,146 752,236 822,420 860,640 860,900"))
    c.shape(body, colour, shadow=(14, -16))
    for x, y, r in (
        (700, 560, 26),
        (756, 470, 18),
        (720, 660, 34),
        (764, 600, 14),
        (440, 690, 22),
        (400, 620, 14),
    ):
        c.fill(ellipse(x, y, r, r * 0.85), shade(colour, 0.35))
    for x, aim in ((478, (-0.7, 0.75)), (644, (-0.85, 0.7))):
        look = Look(towards=aim, pupil=0.34, upper=0.2, slant=0.22 if x < 570 else -0.22)
        eye(c, x, 318, 64, 70, look, lid=shade(colour, 0.3))
    brow(c, 476, 238, 110, tilt=20, pen=PEN * 2.4)
    brow(c, 650, 238, 110, tilt=-20, pen=PEN * 2.4)
    _jaw(c)


def _jaw(c: Canvas) -> None:
    jaw = blob(points("400,440 480,424 560,430 650,424 736,436 716,520 640,566 560,574 480,560 420,516"))
    c.shape(jaw, shade(CORAL, 0.78))
    with c.inside(jaw):
        c.fill(ellipse(566, 580, 100, 56), CORAL)
        for i in range(7):
            x = 420 + i * 50
            c.shape([(x - 24, 416), (x + 24, 416), (x, 476)], PAPER, pen=PEN * 0.8)
        for i in range(6):
            x = 446 + i * 48
            c.shape(
                [(x - 20, 590), (x + 20, 590), (x, 532 if i not in (0, 5) else 520)], PAPER, pen=PEN * 0.8
            )
    c.line([*jaw, jaw[0]])


def _small_knight(c: Canvas) -> None:
    """Pip with a pan for a helmet and a spoon for a sword."""
    pip(
        c,
        PipFace(look=(0.75, -0.8), upper=0.12, slant=0.3, brows=9, mouth="teeth", mouth_width=52),
        left_hand=(-92, 66),
        right_hand=(112, -6),
        sprout_size=0,
    )
    c.tube([(112, 6), (146, -128)], 17, MUSTARD, pen=PEN)
    c.shape(ellipse(154, -164, 27, 40, 14), MUSTARD, shadow=(-5, -5))
    c.fill(ellipse(152, -160, 13, 24, 14), shade(MUSTARD, 0.2))
    arm(c, (84, 40), (114, -2))
    c.shape(
        blob([(-100, -52), (-86, -112), (0, -138), (86, -112), (100, -52), (0, -66)]),
        STONE,
        shadow=(-9, -8),
    )
    c.tube([(96, -70), (190, -52)], 20, NIGHT, pen=PEN)
    c.line(curve([(-60, -100), (-30, -116), (4, -120)]), ink=PAPER)
    sprout(c, 0, -130, 46)


def _hero(c: Canvas) -> None:
    c.dots((0, 0, 800, 800), mix(CORAL, MUSTARD, 0.45), spacing=22, low=0.95, high=0.0, towards=120)
    ridge = points("-20,640 60,520 120,590 210,440 300,600 380,540 820,560 820,700 -20,700")
    c.shape(ridge, mix(CORAL, NIGHT, 0.4))
    _monster(c)
    ground = blob([(-80, 700), (120, 676), (300, 690), (520, 676), (880, 696), (900, 900), (-80, 900)])
    c.shape(ground, mix(NIGHT, INK, 0.25))
    c.dots((0, 716, 800, 84), NIGHT, spacing=16, low=0.2, high=0.8)
    with c.at(160, 620, scale=0.74):
        _small_knight(c)
    for x, y, s in ((60, 530, 16), (42, 584, 12)):
        sweat(c, x, y, s, lean=-24)
    c.panel(5, 5, 790, 790)


ORDEALS = (
    Scene(
        slug="before-coffee",
        name="Before and after coffee",
        width=900,
        height=640,
        background=MUSTARD,
        paint=_coffee,
        words=(
            Words(x=24, y=514, w=404, h=110, on_paper=True),
            Words(x=474, y=514, w=404, h=110, on_paper=True),
        ),
    ),
    Scene(
        slug="tiny-hero",
        name="Tiny hero, huge monster",
        width=800,
        height=800,
        background=CORAL,
        paint=_hero,
        words=(Words(x=24, y=696, w=330, h=92), Words(x=390, y=590, w=390, h=150)),
    ),
)
