"""Scenes with one mood: a look, calm in a flood, awake at three, a trophy for very little."""

from __future__ import annotations

from starter.drawing.canvas import PEN, Canvas
from starter.drawing.faces import Look, eye
from starter.drawing.goose import ORANGE, PLUMAGE
from starter.drawing.palette import (
    BLUSH,
    CORAL,
    CREAM,
    INK,
    LILAC,
    MUSTARD,
    NIGHT,
    PAPER,
    SKY,
    TEAL,
    mix,
    shade,
    tint,
)
from starter.drawing.paths import arc, blob, box, cloud, curve, ellipse, mirrored, scatter, star
from starter.drawing.pip import PipFace, leaf, pip
from starter.drawing.props import sparkle
from starter.drawing.raccoon import MASK, RaccoonFace, raccoon_arm, raccoon_body, raccoon_head, raccoon_tail
from starter.drawing.scene import Scene, Words


def _look(c: Canvas) -> None:
    c.rays(400, 400, 800, mix(CORAL, MUSTARD, 0.28), count=22)
    c.dots((0, 0, 800, 800), mix(CORAL, NIGHT, 0.28), spacing=20, low=0.0, high=0.85)
    with c.at(400, 392):
        body = blob(mirrored([(0, 120), (118, 150), (140, 330), (250, 470), (250, 600), (0, 600)]))
        c.shape(body, PLUMAGE, shadow=(-30, 0), dark=shade(PLUMAGE, 0.2), pen=PEN * 1.25)
        skull = blob(
            mirrored([(0, -252), (96, -232), (172, -150), (196, -30), (172, 100), (100, 190), (0, 214)])
        )
        c.shape(skull, PLUMAGE, shadow=(-24, -20), dark=shade(PLUMAGE, 0.2), pen=PEN * 1.25)
        for side in (-1, 1):
            c.line(curve([(side * 8, -250), (side * 20, -284), (side * 44, -296)]), pen=PEN * 1.3)
            c.fill(ellipse(side * 128, 88, 36, 21), BLUSH)
            look = Look(towards=(-0.88, 0.3), pupil=0.4, upper=0.47, slant=-side * 0.05)
            eye(c, side * 92, -44, 82, 84, look, lid=shade(PLUMAGE, 0.22), pen=PEN * 1.25)
            c.line(arc(side * 92, 36, 58, 18, 25, 155), pen=PEN * 0.9, ink=shade(PLUMAGE, 0.4))
        lower = blob(mirrored([(0, 96), (60, 108), (44, 150), (0, 162)]))
        c.shape(lower, shade(ORANGE, 0.2), pen=PEN * 1.1)
        beak = blob(mirrored([(0, -6), (34, 12), (84, 74), (88, 116), (50, 142), (0, 136)]))
        c.shape(beak, ORANGE, shadow=(-10, -14), pen=PEN * 1.25)
        for side in (-1, 1):
            c.line([(side * 16, 40), (side * 22, 54)], pen=PEN * 1.1)
    c.panel(5, 5, 790, 790)


def _wave(y: float, phase: float) -> list[tuple[float, float]]:
    crest = curve([(-60 + 80 * i + phase, y + (9 if i % 2 else -9)) for i in range(14)])
    return [*crest, (900, 900), (-60, 900)]


def _wet_room(c: Canvas) -> None:
    c.fill(box(0, 0, 800, 800), mix(TEAL, PAPER, 0.62))
    for left in range(-20, 820, 80):
        c.fill(box(left, 0, 40, 800), mix(TEAL, PAPER, 0.54))
    c.shape(box(64, 196, 190, 210, 8), SKY)
    c.fill(box(72, 204, 174, 194), mix(NIGHT, SKY, 0.35))
    for i, (x, y) in enumerate(scatter(16, 82, 210, 150, 170)):
        c.line([(x, y), (x - 6, y + 16 + i % 3 * 4)], pen=4, ink=SKY)
    c.line([(159, 200), (159, 404)], pen=PEN)
    c.line([(66, 300), (252, 300)], pen=PEN)
    with c.at(686, 214, angle=13):  # the picture has slipped
        c.line([(-40, -66), (0, -104), (40, -66)], pen=PEN * 0.8)
        c.shape(box(-74, -66, 148, 132, 6), MUSTARD, shadow=(-6, -6))
        c.fill(box(-54, -46, 108, 92), CREAM)
        with c.at(0, 12, scale=0.34):
            pip(c, PipFace(mouth="gasp", pupil=0.4))
    c.line([(486, 0), (486, 132)], pen=PEN)
    c.shape([(438, 186), (462, 128), (510, 128), (534, 186)], CORAL, shadow=(-8, 0))
    for x, y, size in ((420, 206, 17), (468, 218, 20), (512, 214, 16), (556, 206, 20)):
        c.shape(star(x, y, size, size * 0.36, 4, -60), MUSTARD, pen=PEN * 0.6)


def _gardener(c: Canvas) -> None:
    c.shape(box(566, 474, 214, 36, 10), mix(CORAL, MUSTARD, 0.5))
    for x in (590, 742):
        c.shape(box(x, 510, 20, 300), mix(CORAL, MUSTARD, 0.5), shadow=(-6, 0))
    for length, turn in ((96, -100), (92, -52), (92, -138), (76, -16), (76, -170)):
        leaf(c, 684, 390, length, turn)
    c.shape([(634, 388), (738, 388), (722, 476), (650, 476)], CORAL, shadow=(-12, 0))
    c.shape(box(624, 376, 124, 27, 8), tint(CORAL, 0.2), shadow=(0, -6))
    with c.at(318, 556, scale=1.2):
        raccoon_tail(c, [(-50, 60), (-120, 60), (-150, -10), (-130, -74)])
        raccoon_body(c)
        raccoon_arm(c, [(-66, -40), (-98, 6), (-66, 40)])
    raccoon_arm(c, [(392, 508), (490, 492), (514, 316)], width=48)
    with c.at(318, 386, scale=1.16):
        raccoon_head(c, RaccoonFace(eyes="peace", mouth="smile", mouth_width=44))
    with c.at(562, 300, angle=22):
        c.line(arc(-50, 6, 30, 36, 90, 270), pen=PEN * 2.8)
        c.line(arc(-50, 6, 30, 36, 90, 270), pen=PEN * 1.1, ink=SKY)
        c.tube([(40, 20), (84, -36)], 18, SKY)
        c.shape(box(-52, -34, 96, 78, 14), SKY, shadow=(-9, -8))
        c.shape(ellipse(90, -42, 25, 12, 36), SKY)
    c.shape(ellipse(516, 306, 28), MASK, pen=PEN * 0.9)
    for x, y in ((678, 304), (694, 326), (672, 340), (700, 292)):
        c.fill(ellipse(x, y, 5, 10), mix(SKY, TEAL, 0.6))


def _water(c: Canvas) -> None:
    water = mix(SKY, TEAL, 0.35)
    c.fill(_wave(596, 20), mix(water, NIGHT, 0.25))
    c.line(_wave(596, 20)[:-2])
    _duck(c, 128, 574)
    c.fill(_wave(640, -40), water)
    c.line(_wave(640, -40)[:-2])
    c.dots((0, 690, 800, 110), mix(water, TEAL, 0.6), spacing=18, high=0.8)
    for x, y in ((250, 684), (560, 700), (690, 666), (90, 690)):
        c.line(
            curve([(x - 34, y), (x - 12, y - 9), (x + 12, y + 3), (x + 34, y - 6)]),
            pen=PEN * 0.8,
            ink=tint(SKY, 0.6),
        )
    with c.at(668, 648, angle=-14):  # a sock that has seen better days
        c.shape(
            blob([(-20, -54), (22, -54), (24, 0), (60, 22), (50, 48), (0, 44), (-24, 14)]),
            LILAC,
            shadow=(-7, -6),
        )
        c.fill(box(-20, -46, 43, 12), CORAL)


def _flood(c: Canvas) -> None:
    _wet_room(c)
    _gardener(c)
    _water(c)
    c.panel(5, 5, 790, 790)


def _duck(c: Canvas, x: float, y: float) -> None:
    with c.at(x, y, angle=-6):
        c.shape(
            blob([(-72, -12), (-50, 4), (0, -14), (50, -8), (70, 20), (40, 54), (-40, 54), (-66, 26)]),
            MUSTARD,
            shadow=(-6, -12),
        )
        c.shape(ellipse(34, -34, 36, 34), MUSTARD, shadow=(-7, -7))
        c.shape(blob([(62, -40), (94, -30), (90, -18), (62, -18)]), CORAL, pen=PEN * 0.8)
        c.fill(ellipse(42, -42, 7, 9), INK)
        c.line(arc(-22, 14, 26, 18, 10, 160))


def _night_room(c: Canvas) -> None:
    c.dots((0, 0, 800, 420), mix(NIGHT, LILAC, 0.18), spacing=20, low=0.85, high=0.05)
    c.shape(box(34, 330, 156, 196, 10), mix(NIGHT, INK, 0.5), ink=INK)
    c.shape(ellipse(112, 398, 36), CREAM, pen=0)
    c.fill(ellipse(98, 388, 33), mix(NIGHT, INK, 0.5))
    for x, y in ((60, 440), (156, 470), (64, 490), (150, 420), (108, 500)):
        c.fill(ellipse(x, y, 3.5), CREAM)
    c.shape(box(612, 560, 190, 260, 8), mix(CORAL, NIGHT, 0.45))
    c.line([(612, 660), (800, 660)])
    c.fill(ellipse(704, 700, 9), MUSTARD)
    c.shape(box(632, 488, 142, 74, 14), INK)
    for i, pattern in enumerate(("abgcd", "abcdef", "abcdef")):
        _digit(c, 656 + i * 36 + (14 if i else 0), 506, pattern)
    c.fill(ellipse(690, 520, 3.5), CORAL)
    c.fill(ellipse(690, 536, 3.5), CORAL)


def _bed(c: Canvas) -> None:
    c.shape(box(60, 520, 60, 300, 20), mix(MUSTARD, CORAL, 0.6), shadow=(-10, 0))
    c.shape(
        blob([(100, 640), (130, 590), (230, 560), (340, 590), (370, 650), (340, 720), (130, 720)]),
        PAPER,
        shadow=(-8, -14),
        dark=mix(LILAC, PAPER, 0.4),
    )
    with c.at(262, 628, scale=1.02, angle=-9):
        pip(
            c,
            PipFace(pupil=0.3, look=(0.12, -0.1), mouth="flat", mouth_width=34),
            legs=False,
            left_hand=None,
            right_hand=None,
            droop=0.35,
            colour=mix(CORAL, LILAC, 0.12),
        )
        for side in (-1, 1):
            c.line(arc(side * 41, 30, 27, 9, 25, 155), pen=PEN * 0.7, ink=shade(CORAL, 0.5))
    blanket = [
        *curve([(74, 742), (180, 690), (300, 716), (420, 684), (520, 690), (590, 730)]),
        (600, 820),
        (74, 820),
    ]
    c.shape(blanket, TEAL, shadow=(-10, -12))
    for x, y in ((150, 752), (250, 768), (350, 744), (450, 734), (540, 756), (200, 792), (400, 786)):
        c.fill(star(x, y, 13, 6), tint(TEAL, 0.55))
    for x in (168, 356):
        c.shape(ellipse(x, 706, 26, 19), mix(CORAL, LILAC, 0.12))


def _three(c: Canvas) -> None:
    _night_room(c)
    _bed(c)
    for x, y, r in ((392, 500, 13), (428, 456, 21)):
        c.shape(ellipse(x, y, r), PAPER)
    c.shape(cloud(424, 210, 346, 182, 15, 0.09), PAPER, shadow=(-10, -12), dark=mix(LILAC, PAPER, 0.45))
    c.panel(5, 5, 790, 790)


def _digit(c: Canvas, x: float, y: float, segments: str) -> None:
    """One digit of the clock: seven segments named as on every data sheet."""
    ends = {
        "a": ((0, 0), (20, 0)),
        "b": ((20, 0), (20, 19)),
        "c": ((20, 19), (20, 38)),
        "d": ((0, 38), (20, 38)),
        "e": ((0, 19), (0, 38)),
        "f": ((0, 0), (0, 19)),
        "g": ((0, 19), (20, 19)),
    }
    for name in segments:
        c.line([(x + px, y + py) for px, py in ends[name]], pen=5.5, ink=CORAL)


def _cup(c: Canvas) -> None:
    """A golden cup around (0, 0), 200 wide."""
    for side in (-1, 1):
        turn = (-90, 90) if side > 0 else (90, 270)
        c.line(arc(side * 70, -52, 44, 40, *turn), pen=PEN * 4)
        c.line(arc(side * 70, -52, 44, 40, *turn), pen=PEN * 2, ink=shade(MUSTARD, 0.12))
    c.shape(box(-16, 26, 32, 56), shade(MUSTARD, 0.12))
    c.shape(box(-54, 74, 108, 30, 8), MUSTARD, shadow=(-8, -4))
    bowl = [
        *curve([(-82, -104), (-74, -20), (-44, 26), (0, 40)]),
        *curve([(0, 40), (44, 26), (74, -20), (82, -104)]),
    ]
    c.shape(bowl, MUSTARD, shadow=(-16, -6))
    c.shape(ellipse(0, -104, 82, 17), shade(MUSTARD, 0.3))
    c.line(curve([(-58, -78), (-52, -30), (-36, -2)]), pen=PEN * 1.3, ink=PAPER, taper=0.4)
    c.shape(star(8, -32, 28, 12), PAPER, pen=PEN * 0.7)


def _trophy(c: Canvas) -> None:
    c.rays(400, 330, 780, mix(TEAL, PAPER, 0.2), count=20)
    c.dots((0, 380, 800, 420), shade(TEAL, 0.4), spacing=20, high=0.8)
    colours = (CORAL, MUSTARD, LILAC, PAPER, SKY)
    for i, (x, y) in enumerate(scatter(44, 16, 20, 768, 500)):
        if 226 < x < 584 and y > 60:
            continue
        with c.at(x, y, angle=i * 47):
            c.shape(box(-11, -6, 22, 12, 2), colours[i % 5], pen=PEN * 0.55)
    c.shape([(190, 566), (610, 566), (640, 820), (160, 820)], NIGHT, shadow=(-24, 0))
    c.shape(box(168, 540, 464, 44, 10), tint(NIGHT, 0.2), shadow=(0, -10))
    c.shape(box(196, 602, 408, 172, 12), MUSTARD, shadow=(-6, -7))
    for x in (213, 587):
        for y in (618, 755):
            c.fill(ellipse(x, y, 5), INK)
    with c.at(400, 438, scale=1.02):
        pip(
            c,
            PipFace(eyes="happy", mouth="grin", mouth_width=62),
            left_hand=(-104, -112),
            right_hand=(104, -112),
            sprout_size=0,
        )
    with c.at(400, 238, scale=1.12):
        _cup(c)
    for x in (294, 506):
        c.shape(ellipse(x, 322, 21, 19), CORAL, shadow=(-4, -4))
    for x, y, s in ((250, 132, 24), (560, 160, 20), (534, 92, 13)):
        sparkle(c, x, y, s)
    c.panel(5, 5, 790, 790)


MOODS = (
    Scene(
        slug="goose-look",
        name="The goose looks at you",
        width=800,
        height=800,
        background=CORAL,
        paint=_look,
        words=(Words(x=24, y=18, w=752, h=110), Words(x=24, y=664, w=752, h=118)),
    ),
    Scene(
        slug="calm-flood",
        name="Watering the plant",
        width=800,
        height=800,
        background=TEAL,
        paint=_flood,
        words=(Words(x=24, y=18, w=752, h=110), Words(x=24, y=674, w=752, h=110)),
    ),
    Scene(
        slug="awake-at-three",
        name="Awake at three",
        width=800,
        height=800,
        background=NIGHT,
        paint=_three,
        words=(Words(x=152, y=92, w=544, h=250, on_paper=True),),
    ),
    Scene(
        slug="small-trophy",
        name="A trophy for this",
        width=800,
        height=800,
        background=TEAL,
        paint=_trophy,
        words=(Words(x=222, y=610, w=356, h=152, on_paper=True),),
    ),
)
