"""Scenes with company: a bump of fists, a lesson, robots gossiping, a fortune nobody asked for."""

from __future__ import annotations

from starter.drawing.canvas import PEN, Canvas
from starter.drawing.faces import Look, eye, sweat
from starter.drawing.goose import GooseFace, goose_head, goose_neck, goose_wing
from starter.drawing.palette import (
    CORAL,
    CREAM,
    GRASS,
    INK,
    LILAC,
    MUSTARD,
    NIGHT,
    PAPER,
    SKY,
    TEAL,
    Colour,
    mix,
    shade,
    tint,
)
from starter.drawing.paths import Path, blob, box, curve, ellipse, star
from starter.drawing.pip import PipFace, pip, sprout
from starter.drawing.raccoon import (
    FUR,
    MASK,
    RaccoonFace,
    raccoon_body,
    raccoon_head,
    raccoon_tail,
)
from starter.drawing.scene import Scene, Words


def _fist(c: Canvas, skin: Colour, line: Colour) -> None:
    """A fist around (0, 0), knuckles to the right, about 150 tall."""
    palm = blob(
        [(-88, -64), (-30, -84), (34, -80), (66, -50), (74, 0), (66, 52), (34, 80), (-30, 84), (-88, 66)]
    )
    c.shape(palm, skin, shadow=(-10, -16), pen=PEN * 1.2)
    for y in (-36, 2, 40):
        c.line(curve([(70, y), (44, y + 2), (24, y)]), pen=PEN, ink=line)
    thumb = blob([(-50, 10), (-16, -18), (26, -14), (34, 12), (4, 34), (-36, 46)])
    c.shape(thumb, skin, shadow=(-3, -8), pen=PEN)


def _bump(c: Canvas) -> None:
    c.rays(450, 300, 800, mix(SKY, PAPER, 0.45), count=26, angle=4)
    c.dots((0, 380, 900, 270), mix(SKY, TEAL, 0.6), spacing=20, high=0.85)
    c.shape(star(450, 340, 214, 128, 14), MUSTARD, pen=PEN * 1.2)
    c.shape(star(450, 340, 162, 92, 14, angle=-77), PAPER, pen=PEN)
    with c.at(379, 332, angle=-12):
        sleeve = [(-490, -94), (-80, -62), (-80, 62), (-490, 98)]
        c.shape(sleeve, FUR, shadow=(0, -26), pen=PEN * 1.2)
        for x in (-136, -78):
            top, bottom = -62 + (x + 80) * 0.078, 62 - (x + 80) * 0.088
            c.fill([(x, top), (x + 28, top + 2), (x + 28, bottom - 2), (x, bottom)], MASK)
        c.line([*sleeve, sleeve[0]], pen=PEN * 1.2)
        _fist(c, MASK, tint(NIGHT, 0.35))
    with c.at(521, 332, angle=12, flip=True):
        c.shape([(-490, -98), (-110, -66), (-110, 66), (-490, 102)], CORAL, shadow=(0, -26), pen=PEN * 1.2)
        c.shape(box(-138, -80, 50, 162, 12), GRASS, shadow=(0, -20), pen=PEN * 1.2)
        _fist(c, CORAL, shade(CORAL, 0.6))
    c.panel(5, 5, 890, 640)


def _lesson(c: Canvas) -> None:
    c.dots((0, 0, 900, 500), mix(LILAC, PAPER, 0.35), spacing=20, low=0.0, high=0.8, towards=200)
    c.shape([(-10, 560), (910, 560), (910, 720), (-10, 720)], mix(MUSTARD, CORAL, 0.35))
    for x in (348, 760):
        c.line([(x, 440), (x + (-26 if x < 500 else 26), 606)], pen=PEN * 3.4)
        c.line([(x, 440), (x + (-26 if x < 500 else 26), 606)], pen=PEN * 1.5, ink=mix(MUSTARD, CORAL, 0.6))
    c.shape(box(262, 46, 594, 420, 14), mix(MUSTARD, CORAL, 0.6), shadow=(-7, -8))
    c.shape(box(284, 68, 550, 376, 6), PAPER)
    c.shape(box(430, 452, 190, 20, 6), mix(MUSTARD, CORAL, 0.35))
    c.shape(box(456, 438, 46, 16, 5), CORAL, pen=PEN * 0.7)
    c.shape(box(520, 440, 60, 13, 5), TEAL, pen=PEN * 0.7)
    body = blob([(-40, 640), (-20, 470), (60, 420), (150, 430), (206, 500), (214, 640), (120, 700)])
    c.shape(body, PAPER, shadow=(-14, -14), dark=shade(PAPER, 0.2))
    goose_neck(c, [(104, 500), (118, 400), (92, 320), (104, 226)], width=84, end_width=66)
    c.fill(blob([(62, 446), (104, 438), (150, 446), (166, 500), (104, 552), (48, 500)]), PAPER)
    with c.at(112, 206, scale=1.15, angle=-4):
        goose_head(c, GooseFace(look=(0.1, -0.1), upper=0.22, slant=-0.1, beak=0.45, brow=-8))
        c.line([*ellipse(8, -16, 40), (48, -16)], pen=PEN * 1.1, ink=shade(CORAL, 0.45))
        c.line([(-32, -18), (-62, -26)], pen=PEN * 1.1, ink=shade(CORAL, 0.45))
    c.shape([(86, 432), (40, 410), (44, 458)], CORAL)
    c.shape([(122, 432), (168, 410), (164, 458)], CORAL)
    c.shape(ellipse(104, 434, 17, 15), CORAL)
    c.tube([(236, 392), (308, 334)], 12, mix(MUSTARD, CORAL, 0.6), end_width=7)
    goose_wing(c, [(96, 540), (176, 500), (218, 416)], width=64)
    for x, y, size, colour in (
        (330, 700, 0.8, CORAL),
        (520, 716, 0.72, mix(CORAL, MUSTARD, 0.6)),
        (716, 700, 0.8, mix(CORAL, LILAC, 0.35)),
    ):
        _pupil(c, x, y, size, colour)
    c.panel(5, 5, 890, 690)


def _pupil(c: Canvas, x: float, y: float, size: float, colour: Colour) -> None:
    """A small listener from behind: a round back and a sprout."""
    with c.at(x, y, scale=size):
        sprout(c, 4, -92, 58)
        c.shape(ellipse(0, 6, 104, 104), colour, shadow=(-12, -13))
        c.fill(ellipse(-50, -56, 18, 10, -38), tint(colour, 0.5))


def _robot(c: Canvas, colour: Colour, *, look: float, hush: bool) -> None:
    """A robot around (0, 0), about 220 wide and 420 tall."""
    for x in (-52, 52):
        c.shape(box(x - 24, 176, 48, 60, 10), shade(colour, 0.35))
    c.shape(box(-104, 10, 208, 184, 30), colour, shadow=(-14, -10))
    c.shape(box(-62, 60, 124, 84, 12), tint(colour, 0.45))
    for i, lamp in enumerate((CORAL, MUSTARD, GRASS)):
        c.shape(ellipse(-34 + 34 * i, 86, 11), lamp, pen=PEN * 0.8)
    c.line([(-40, 120), (40, 120)], pen=PEN * 0.8)
    c.shape(box(-28, -16, 56, 34, 6), shade(colour, 0.35))
    c.line([(0, -180), (0, -212)], pen=PEN * 1.4)
    c.shape(ellipse(0, -222, 16), CORAL, shadow=(-3, -3))
    for side in (-1, 1):
        c.shape(box(side * 112 - 16, -122, 32, 60, 10), shade(colour, 0.3))
    c.shape(box(-112, -182, 224, 172, 40), colour, shadow=(-14, -12))
    c.shape(box(-88, -158, 176, 118, 28), INK)
    for side in (-1, 1):
        gaze = Look(towards=(look, 0.15), pupil=0.5, upper=0.3 if hush else 0.0, slant=-side * 0.12)
        eye(c, side * 40, -106, 33, 35, gaze, lid=tint(NIGHT, 0.15))
    if hush:
        c.line(curve([(-18, -58), (0, -52), (22, -62)]), ink=PAPER)
    else:
        c.shape(ellipse(0, -58, 11, 9), CORAL, pen=0)


def _gossip(c: Canvas) -> None:
    c.dots((0, 0, 900, 520), mix(GRASS, PAPER, 0.45), spacing=20, low=0.85, high=0.0)
    c.shape([(-10, 560), (910, 560), (910, 800), (-10, 800)], mix(TEAL, NIGHT, 0.2))
    c.dots((0, 610, 900, 150), mix(TEAL, NIGHT, 0.4), spacing=18, high=0.8)
    with c.at(318, 486, angle=9):
        _robot(c, SKY, look=0.85, hush=True)
        c.tube(curve([(96, 60), (150, 20), (128, -46)]), 40, shade(SKY, 0.2))
        c.shape(blob([(104, -20), (110, -92), (134, -104), (152, -80), (156, -30), (132, -8)]), SKY)
        c.tube(curve([(-96, 60), (-140, 110), (-128, 160)]), 40, shade(SKY, 0.2))
    with c.at(600, 500, angle=-4):
        _robot(c, LILAC, look=-0.75, hush=False)
        c.tube(curve([(96, 60), (136, 20), (108, -30)]), 40, shade(LILAC, 0.2))
        c.tube(curve([(-92, 64), (-124, 116), (-104, 160)]), 40, shade(LILAC, 0.2))
    with c.at(816, 640, scale=0.62):
        pip(
            c,
            PipFace(look=(-0.6, -0.5), upper=0.28, slant=-0.2, mouth="frown", mouth_width=34, brows=-8),
            left_hand=(-70, 74),
            right_hand=(70, 74),
            droop=0.5,
        )
    _bubble(c, (40, 34, 420, 190), [(236, 210), (300, 210), (304, 264)])
    _bubble(c, (492, 50, 372, 176), [(640, 212), (704, 212), (634, 262)])
    c.panel(5, 5, 890, 740)


def _bubble(c: Canvas, area: tuple[float, float, float, float], tail: Path) -> None:
    """A speech bubble with a pointed tail."""
    outline = box(*area, 54)
    for path in (tail, outline):  # both outlines first, then both areas: one outline round the whole
        c.line([*path, path[0]], pen=PEN * 2)
    c.shape(outline, PAPER, shadow=(-6, -8), dark=mix(LILAC, PAPER, 0.5), pen=0)
    c.fill(tail, PAPER)


def _fortune(c: Canvas) -> None:
    c.dots((0, 0, 800, 800), mix(MUSTARD, CORAL, 0.5), spacing=22, low=0.9, high=0.0, towards=110)
    with c.at(400, 420, scale=1.35):
        raccoon_tail(c, [(60, 70), (140, 90), (176, 20), (150, -60)])
        raccoon_body(c)
    with c.at(400, 232, scale=1.22):
        raccoon_head(c, RaccoonFace(look=(0, 0.85), pupil=0.34, mouth="gasp", mouth_width=46, brows=-10))
    c.shape([(-10, 640), (810, 640), (810, 820), (-10, 820)], TEAL)
    c.fill(box(0, 646, 800, 22), tint(TEAL, 0.3))
    slip = [
        *curve([(70, 474), (240, 456), (420, 470), (580, 458), (730, 472)]),
        *curve([(730, 640), (580, 626), (420, 640), (240, 626), (70, 642)]),
    ]
    c.shape(slip, PAPER, shadow=(0, -8), dark=mix(LILAC, PAPER, 0.5))
    for x in (64, 736):
        with c.at(x, 560, flip=x > 400):
            c.shape(ellipse(0, 0, 44), MASK)
            for dy in (-22, 0, 22):
                c.shape(box(6, dy - 10, 46, 20, 10), MASK, pen=PEN * 0.8)
    for x, y, angle in ((236, 728, -14), (560, 730, 18)):
        with c.at(x, y, angle=angle):
            half = blob([(-92, 20), (-70, -36), (0, -58), (70, -36), (92, 20), (40, 4), (0, 34), (-40, 4)])
            c.shape(half, mix(MUSTARD, CREAM, 0.25), shadow=(-8, -14))
            c.line(curve([(-54, -18), (-20, -34), (20, -36)]), pen=PEN, ink=PAPER, taper=0.4)
    for x, y in ((340, 764), (410, 740), (470, 772), (388, 782)):
        c.shape(ellipse(x, y, 8, 6), mix(MUSTARD, CREAM, 0.25), pen=PEN * 0.6)
    for x, y, s, lean in ((216, 96, 22, -20), (586, 100, 22, 20)):
        sweat(c, x, y, s, lean=lean)
    c.panel(5, 5, 790, 790)


COMPANY = (
    Scene(
        slug="fist-bump",
        name="Fist bump",
        width=900,
        height=650,
        background=SKY,
        paint=_bump,
        words=(
            Words(x=14, y=324, w=268, h=120, angle=12),
            Words(x=618, y=324, w=268, h=120, angle=-12),
            Words(x=110, y=16, w=680, h=112),
        ),
    ),
    Scene(
        slug="goose-lesson",
        name="The goose explains",
        width=900,
        height=700,
        background=LILAC,
        paint=_lesson,
        words=(Words(x=316, y=84, w=496, h=342, on_paper=True),),
    ),
    Scene(
        slug="robot-gossip",
        name="Robots gossip",
        width=900,
        height=750,
        background=GRASS,
        paint=_gossip,
        words=(
            Words(x=66, y=46, w=368, h=166, on_paper=True),
            Words(x=516, y=62, w=324, h=152, on_paper=True),
        ),
    ),
    Scene(
        slug="fortune",
        name="The fortune cookie knows",
        width=800,
        height=800,
        background=MUSTARD,
        paint=_fortune,
        words=(Words(x=122, y=478, w=556, h=140, on_paper=True),),
    ),
)
