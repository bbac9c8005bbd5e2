"""Scenes of contrast: an idea that grows, a cake as planned and as baked."""

from __future__ import annotations

from starter.drawing.canvas import PEN, Canvas
from starter.drawing.faces import Look, eye, mouth
from starter.drawing.palette import (
    CORAL,
    CREAM,
    GRASS,
    LILAC,
    MUSTARD,
    NIGHT,
    PAPER,
    SKY,
    STONE,
    TEAL,
    Colour,
    mix,
    shade,
    tint,
)
from starter.drawing.paths import blob, box, curve, ellipse, points, scatter, star
from starter.drawing.pip import PipFace, leaf, pip
from starter.drawing.props import paper, sparkle
from starter.drawing.scene import Scene, Words


def _flower(c: Canvas, x: float, y: float, size: float, colour: Colour, heart: Colour = MUSTARD) -> None:
    for i in range(6):
        with c.at(x, y, angle=60 * i):
            c.shape(
                ellipse(0, -size * 0.62, size * 0.36, size * 0.46), colour, shadow=(-3, -3), pen=PEN * 0.85
            )
    c.shape(ellipse(x, y, size * 0.36), heart, shadow=(-4, -4), pen=PEN * 0.85)


def _growing(c: Canvas) -> None:
    rows: tuple[tuple[Colour, PipFace], ...] = (
        (STONE, PipFace(upper=0.52, look=(0, 0.4), mouth="flat", mouth_width=30)),
        (SKY, PipFace(look=(0, -0.7), mouth="smile")),
        (MUSTARD, PipFace(eyes="happy", mouth="grin", mouth_width=56)),
        (NIGHT, PipFace(eyes="peace", mouth="smile", mouth_width=34)),
    )
    for i, (colour, face) in enumerate(rows):
        y = i * 250
        area = box(400, y, 400, 250)
        c.fill(area, colour)
        with c.inside(area):
            _growth(c, i, 600, y, face)
        paper(c, 0, y, 400, 250)
        c.line([(0, y), (800, y)], pen=9)
    c.line([(400, 0), (400, 1000)], pen=9)
    c.panel(5, 5, 790, 990)


def _growth(c: Canvas, stage: int, x: float, y: float, face: PipFace) -> None:
    match stage:
        case 0:
            c.dots((400, y + 100, 400, 150), shade(STONE), spacing=18, high=0.8)
            with c.at(x, y + 172, scale=0.92):
                pip(c, face, sprout_size=44, droop=0.45)
        case 1:
            c.dots((400, y + 60, 400, 190), tint(SKY, 0.6), spacing=18, high=0.9)
            with c.at(x, y + 192, scale=0.92):
                pip(c, face, sprout_size=104)
        case 2:
            c.rays(x, y + 80, 400, mix(MUSTARD, PAPER, 0.45), count=18)
            c.shape(ellipse(x, y + 70, 74, 74), mix(PAPER, MUSTARD, 0.2), pen=0)
            with c.at(x, y + 196, scale=0.74):
                pip(c, face, sprout_size=104, left_hand=(-128, -44), right_hand=(128, -44))
                _flower(c, 10, -180, 62, CORAL)
                _flower(c, 98, -140, 34, PAPER)
                _flower(c, -88, -134, 30, PAPER)
            for px, py, s in ((446, y + 60, 17), (752, y + 56, 20), (726, y + 132, 11), (470, y + 132, 12)):
                sparkle(c, px, py, s)
        case _:
            _cosmos(c, x, y, face)


def _cosmos(c: Canvas, x: float, y: float, face: PipFace) -> None:
    c.dots((400, y, 400, 250), mix(NIGHT, LILAC, 0.3), spacing=18, low=0.75, high=0.05, towards=90)
    for i, (px, py) in enumerate(scatter(34, 408, y + 8, 384, 236)):
        c.fill(ellipse(px, py, 1.8 + i % 3), PAPER)
    for r, share in ((122, 0.25), (96, 0.45), (70, 0.75)):
        c.fill(ellipse(x, y + 112, r * 1.25, r), mix(NIGHT, LILAC, share))
    ring = ellipse(x, y + 178, 176, 54, -10)
    c.line([*ring, ring[0]], pen=12)
    c.line([*ring, ring[0]], pen=5, ink=MUSTARD)
    with c.at(x, y + 166, scale=0.66):
        pip(c, face, sprout_size=96, left_hand=(-112, 70), right_hand=(112, 70))
        _flower(c, 6, -166, 62, LILAC)
        _flower(c, 78, -118, 30, CORAL)
        _flower(c, -72, -114, 30, SKY)
    front = ring[: len(ring) // 2]
    c.line(front, pen=12)
    c.line([*ring[-4:], *front, *ring[len(front) : len(front) + 4]], pen=5, ink=MUSTARD)
    for px, py, r, colour in (
        (446, y + 64, 24, CORAL),
        (752, y + 176, 20, TEAL),
        (738, y + 52, 13, MUSTARD),
        (452, y + 192, 12, GRASS),
    ):
        c.shape(ellipse(px, py, r), colour, shadow=(-5, -5), pen=PEN * 0.8)
    c.line(ellipse(446, y + 64, 38, 9, -18)[8:34], pen=4.5, ink=MUSTARD)


def _table(c: Canvas, x: float, w: float, y: float) -> None:
    c.shape(box(x - 20, y, w + 40, 300), mix(CREAM, CORAL, 0.18))
    for i in range(5):
        c.fill(box(x + i * w / 4.5, y + 4, w / 9, 300), mix(CREAM, CORAL, 0.4))
    c.line([(x - 20, y), (x + w + 20, y)], pen=PEN)


def _stand(c: Canvas) -> None:
    c.shape(box(-26, 60, 52, 66, 8), PAPER, shadow=(-8, 0))
    c.shape(ellipse(0, 128, 78, 17), PAPER, shadow=(0, -6))
    c.shape(ellipse(0, 58, 168, 30), PAPER, shadow=(0, -8))


def _good_cake(c: Canvas) -> None:
    _stand(c)
    c.shape(box(-132, -46, 264, 104, 26), mix(CREAM, MUSTARD, 0.35), shadow=(-14, -6))
    icing = blob(
        points(
            "-134,-40 0,-66 134,-40 134,-12 112,8 90,-14 58,10 28,-14 "
            "0,12 -28,-14 -58,10 -90,-14 -112,8 -134,-12"
        )
    )
    c.shape(icing, PAPER, shadow=(0, -6))
    for i in range(7):
        x = -108 + i * 36
        c.shape(ellipse(x, 44, 17, 15), (CORAL, MUSTARD, TEAL)[i % 3], shadow=(-3, -4), pen=PEN * 0.8)
    with c.at(0, -128, scale=0.92):
        pip(c, PipFace(mouth="grin", mouth_width=54), left_hand=(-124, -20), right_hand=(124, -20))


def _bad_cake(c: Canvas) -> None:
    _stand(c)
    slump = blob(points("-150,34 -120,-24 -60,-38 40,-30 120,-44 152,10 160,58 60,66 -110,64"))
    c.shape(slump, mix(CREAM, MUSTARD, 0.5), shadow=(-8, -12))
    drip = blob(
        points(
            "-158,18 -100,-32 0,-44 100,-40 156,-4 152,52 132,96 116,60 90,20 "
            "66,48 40,20 10,34 -30,16 -60,60 -78,112 -96,60 -120,30"
        )
    )
    c.shape(drip, PAPER, shadow=(0, -8))
    melt = blob(
        points(
            "-30,-150 34,-158 78,-120 96,-60 124,-14 96,16 40,2 0,24 -44,6 -90,22 -118,-10 -92,-60 -70,-116"
        )
    )
    c.shape(melt, mix(CORAL, STONE, 0.18), shadow=(-14, -12))
    with c.at(-26, -146, angle=-64):
        c.tube([(0, 4), (6, -30)], 10, shade(GRASS, 0.2), pen=PEN * 0.8)
        leaf(c, 6, -32, 46, 40, mix(GRASS, MUSTARD, 0.35))
        leaf(c, 6, -32, 38, -200, mix(GRASS, MUSTARD, 0.35))
    eye(c, -26, -88, 37, 41, Look(towards=(-0.6, -0.5), pupil=0.5))
    eye(c, 66, -30, 42, 36, Look(towards=(0.7, 0.7), pupil=0.42))
    with c.at(-24, -18, angle=14):
        mouth(c, 0, 0, 74, "wobble")
    c.shape(ellipse(-128, 70, 15, 13), TEAL, pen=PEN * 0.8)
    c.shape(ellipse(176, 146, 16, 14), CORAL, pen=PEN * 0.8)
    with c.at(112, -118, angle=24):
        c.tube([(0, 0), (0, 76)], 14, SKY, pen=PEN * 0.8)
        c.shape(star(0, -12, 18, 8), MUSTARD, pen=PEN * 0.7)


def _cakes(c: Canvas) -> None:
    left, right = box(0, 0, 450, 560), box(450, 0, 450, 560)
    with c.inside(left):
        c.fill(left, SKY)
        c.rays(225, 250, 520, tint(SKY, 0.5), count=16)
        _table(c, 0, 450, 448)
        with c.at(225, 362):
            _good_cake(c)
        for x, y, s in ((62, 108, 22), (386, 96, 26), (404, 250, 15), (50, 262, 15)):
            sparkle(c, x, y, s, MUSTARD)
    with c.inside(right):
        c.fill(right, mix(NIGHT, LILAC, 0.4))
        c.dots((450, 0, 450, 450), mix(NIGHT, LILAC, 0.15), spacing=20, low=0.85, high=0.1)
        _table(c, 450, 450, 448)
        with c.at(675, 362):
            _bad_cake(c)
        for x in (560, 660, 772):
            c.line(curve([(x, 150), (x - 14, 120), (x + 10, 92), (x - 6, 62)]), pen=PEN, ink=LILAC, taper=0.6)
        c.fill(ellipse(545, 520, 34, 12), PAPER)
    paper(c, 0, 560, 450, 140)
    paper(c, 450, 560, 450, 140)
    c.line([(450, 0), (450, 700)], pen=9)
    c.line([(0, 560), (900, 560)], pen=9)
    c.panel(5, 5, 890, 690)


CONTRASTS = (
    Scene(
        slug="growing-idea",
        name="The idea grows",
        width=800,
        height=1000,
        background=PAPER,
        paint=_growing,
        words=tuple(Words(x=26, y=22 + 250 * i, w=350, h=206, on_paper=True) for i in range(4)),
    ),
    Scene(
        slug="cake-plan",
        name="The plan and the cake",
        width=900,
        height=700,
        background=SKY,
        paint=_cakes,
        words=(
            Words(x=24, y=574, w=404, h=110, on_paper=True),
            Words(x=474, y=574, w=404, h=110, on_paper=True),
        ),
    ),
)
