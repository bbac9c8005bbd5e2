"""Scenes of choosing: a verdict, two buttons, a junction, a bin too beautiful to ignore."""

from __future__ import annotations

from starter.drawing.canvas import PEN, Canvas
from starter.drawing.faces import sweat
from starter.drawing.goose import GooseFace, goose, goose_head, goose_neck, goose_wing
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
    STONE,
    TEAL,
    mix,
    shade,
    tint,
)
from starter.drawing.paths import blob, box, cloud, curve, ellipse, heart, points
from starter.drawing.pip import PipFace, pip
from starter.drawing.props import paper, sparkle
from starter.drawing.raccoon import RaccoonFace, raccoon_arm, raccoon_body, raccoon_head, raccoon_tail
from starter.drawing.scene import Scene, Words


def _verdict(c: Canvas) -> None:
    c.fill(box(0, 0, 400, 400), CORAL)
    c.dots((0, 130, 400, 270), shade(CORAL, 0.16), spacing=18, high=0.8)
    with c.inside(box(0, 0, 400, 400)), c.at(178, 150):
        goose_neck(c, [(30, 330), (38, 180), (14, 90), (0, 10)], width=118, end_width=72)
        with c.at(0, 0, scale=1.2, flip=True, angle=-16):
            goose_head(c, GooseFace(upper=0.52, look=(-0.7, 0.5), slant=0.1, brow=-7))
        goose_wing(c, [(30, 270), (118, 210), (150, 90)], width=78)
    for y in (86, 120, 154):
        c.line([(352, y), (372, y - 4 + (y - 120) * 0.2)], pen=PEN * 0.9)
    c.fill(box(0, 400, 400, 400), TEAL)
    with c.inside(box(0, 400, 400, 400)):
        c.rays(165, 570, 520, tint(TEAL, 0.22), count=14)
        with c.at(150, 560):
            goose_neck(c, [(-40, 330), (-36, 180), (-8, 90), (0, 10)], width=118, end_width=72)
            with c.at(0, 0, scale=1.2, angle=-6):
                goose_head(c, GooseFace(eyes="happy", beak=0.55))
            goose_wing(c, [(-36, 250), (70, 205), (172, 168)], width=78)
    sparkle(c, 330, 462, 22, MUSTARD)
    sparkle(c, 366, 520, 13, MUSTARD)
    paper(c, 400, 0, 400, 400)
    paper(c, 400, 400, 400, 400)
    c.panel(5, 5, 790, 790)
    c.line([(400, 0), (400, 800)], pen=9)
    c.line([(0, 400), (800, 400)], pen=9)


def _button(c: Canvas, x: float, y: float, colour: str) -> None:
    c.shape(ellipse(x, y + 34, 118, 50), shade(STONE, 0.35), shadow=(0, -12))
    c.shape(
        [*ellipse(x, y, 88, 38)[: len(ellipse(x, y, 88, 38)) // 2 + 1], (x - 88, y - 26), (x + 88, y - 26)],
        shade(colour, 0.35),
        pen=0,
    )
    side = blob(
        [
            (x - 88, y - 28),
            (x, y - 30),
            (x + 88, y - 28),
            (x + 88, y + 6),
            (x + 52, y + 36),
            (x, y + 42),
            (x - 52, y + 36),
            (x - 88, y + 6),
        ]
    )
    c.shape(side, shade(colour, 0.38))
    c.shape(ellipse(x, y - 28, 88, 37), colour)
    c.line(curve([(x - 62, y - 36), (x - 40, y - 50), (x - 8, y - 55)]), pen=PEN, ink=tint(colour, 0.7))


def _placard(c: Canvas, x: float, y: float, lean: float) -> None:
    with c.at(x, y, angle=lean):
        c.tube([(0, 60), (0, 170)], 20, STONE)
        c.shape(box(-144, -90, 288, 176, 16), PAPER, shadow=(-7, -8))
        for px in (-128, 128):
            for py in (-75, 70):
                c.fill(ellipse(px, py, 5), INK)


def _buttons(c: Canvas) -> None:
    c.rays(400, 260, 760, mix(MUSTARD, PAPER, 0.22), count=18)
    c.dots((0, 0, 800, 460), mix(MUSTARD, CORAL, 0.3), spacing=20, low=0.55, high=0.0)
    with c.at(400, 500, scale=1.25):
        raccoon_body(c)
    c.shape([(-10, 560), (810, 560), (810, 810), (-10, 810)], NIGHT)
    c.fill(box(0, 566, 800, 26), tint(NIGHT, 0.25))
    c.dots((0, 640, 800, 160), shade(NIGHT, 0.6), spacing=18, high=0.8)
    _button(c, 196, 690, CORAL)
    _button(c, 604, 690, TEAL)
    raccoon_arm(c, [(322, 420), (300, 510), (262, 592)], width=56)
    raccoon_arm(c, [(478, 420), (500, 510), (538, 592)], width=56)
    with c.at(400, 254, scale=1.28):
        raccoon_head(
            c, RaccoonFace(look=(0.25, 0.75), pupil=0.4, mouth="wobble", mouth_width=52, brows=-11, ears=0.8)
        )
    for x, y, size, lean in ((252, 92, 24, -18), (208, 172, 19, -26), (548, 98, 26, 20), (594, 186, 20, 26)):
        sweat(c, x, y, size, lean=lean)
    for x in (262, 538):
        for side in (-1, 1):
            c.line(
                curve([(x + side * 46, 578), (x + side * 54, 594), (x + side * 46, 610)]),
                pen=PEN * 0.8,
                ink=PAPER,
            )
    _placard(c, 156, 440, -4)
    _placard(c, 644, 440, 4)
    c.panel(5, 5, 790, 790)


def _arrow(c: Canvas, x: float, y: float, angle: float) -> None:
    with c.at(x, y, angle=angle):
        c.fill([(-9, 34), (9, 34), (9, -6), (27, -6), (0, -38), (-27, -6), (-9, -6)], PAPER)


def _car(c: Canvas) -> None:
    """A small round car seen from behind, around (0, 0), with Pip in the rear window."""
    for x in (-88, 88):
        c.shape(box(x - 24, 40, 48, 66, 16), INK)
    roof = blob([(-78, -8), (-66, -92), (-30, -118), (30, -118), (66, -92), (78, -8)])
    c.shape(roof, MUSTARD, shadow=(-10, -6))
    window = blob([(-58, -14), (-50, -78), (-22, -96), (22, -96), (50, -78), (58, -14)])
    c.shape(window, mix(SKY, PAPER, 0.3))
    with c.inside(window), c.at(0, -34, scale=0.46):
        pip(
            c,
            PipFace(look=(0.9, -0.1), mouth="grin", mouth_width=54, brows=7),
            legs=False,
            left_hand=None,
            right_hand=None,
        )
    c.line([*window, window[0]])
    c.shape(box(-122, -22, 244, 104, 34), MUSTARD, shadow=(-6, -12))
    for x in (-96, 96):
        c.shape(ellipse(x, 12, 15, 18), CORAL, shadow=(-3, -4))
    c.shape(box(-130, 66, 260, 26, 13), STONE, shadow=(0, -7))


def _country(c: Canvas) -> None:
    c.fill(box(0, 330, 800, 470), GRASS)
    c.dots((0, 0, 800, 330), mix(SKY, PAPER, 0.5), spacing=20, low=0.0, high=0.8)
    hills = blob(points("-60,350 60,286 200,320 330,268 480,318 640,262 860,330 860,420 -60,420"))
    c.shape(hills, mix(GRASS, TEAL, 0.35))
    c.fill(box(0, 352, 800, 460), GRASS)
    c.dots((0, 380, 800, 420), shade(GRASS, 0.3), spacing=20, high=0.75)


def _roads(c: Canvas) -> None:
    asphalt = tint(NIGHT, 0.3)
    straight = [(300, 352), (372, 352), (520, 810), (30, 810)]
    bend = [
        *curve([(470, 640), (520, 540), (640, 470), (820, 452)]),
        *curve([(820, 590), (720, 600), (640, 650), (590, 740), (560, 810)]),
        (300, 810),
    ]
    c.shape(straight, asphalt)
    c.shape(bend, asphalt)
    c.fill([(312, 365), (362, 365), (490, 760), (470, 805), (70, 805)], asphalt)
    for a, b, w in ((372, 400, 5), (424, 470, 7), (500, 566, 10), (606, 700, 14)):
        x0, x1 = 336 - (a - 352) * 0.13, 336 - (b - 352) * 0.13
        c.fill([(x0 - w / 2, a), (x0 + w / 2, a), (x1 + w * 0.75, b), (x1 - w * 0.75, b)], PAPER)
    for x in (286, 404):
        c.line(curve([(x - 30, 790), (x + 20, 716), (x + 118, 652)]), pen=17, ink=INK, taper=0.7)


def _junction(c: Canvas) -> None:
    _country(c)
    _roads(c)
    for x, foot in ((92, 452), (708, 428)):
        c.tube([(x, 240), (x, foot)], 20, STONE)
    for x, y, r in ((60, 486, 44), (150, 548, 34), (640, 404, 30), (470, 392, 22)):
        c.shape(cloud(x, y, r * 1.25, r, 9), mix(GRASS, TEAL, 0.55), shadow=(-6, -8))
    c.shape(box(36, 34, 728, 236, 22), TEAL, shadow=(0, -12))
    border = box(52, 50, 696, 204, 14)
    c.line([*border, border[0]], pen=5, ink=PAPER)
    c.line([(400, 54), (400, 250)], pen=5, ink=PAPER)
    _arrow(c, 226, 214, 0)
    _arrow(c, 574, 214, 52)
    for x, y, s in ((318, 762, 40), (262, 736, 27), (352, 722, 24)):
        c.shape(ellipse(x, y, s, s * 0.8), mix(PAPER, STONE, 0.3), pen=PEN * 0.8)
    with c.at(540, 636, scale=1.32, angle=9):
        _car(c)
    c.panel(5, 5, 790, 790)


def _bin(c: Canvas) -> None:
    """A glamorous overflowing bin on two legs, around (0, 0), about 190 tall."""
    for x in (-26, 26):
        c.line(curve([(x, 84), (x * 1.25, 124), (x * 1.2, 146)]), pen=PEN * 1.6)
        c.shape(ellipse(x * 1.4 - 8, 148, 24, 12), CORAL)
    c.shape(
        blob([(-20, -96), (-60, -118), (-46, -152), (0, -140), (8, -104)]),
        mix(GRASS, PAPER, 0.2),
        shadow=(-6, -6),
    )
    slice_ = [(6, -92), (70, -150), (20, -170)]
    c.shape(slice_, MUSTARD)
    c.line([(20, -170), (70, -150)], pen=PEN * 2)
    c.fill(ellipse(36, -140, 9), CORAL)
    c.fill(ellipse(24, -120, 7), CORAL)
    c.shape(ellipse(-16, -104, 26, 18), MUSTARD, shadow=(-5, -5))
    can = [*curve([(-76, -88), (-64, 0), (-56, 86)]), *curve([(56, 86), (64, 0), (76, -88)])]
    c.shape(can, STONE, shadow=(-16, 0))
    for x in (-50, 50):
        c.line([(x * 1.1, -56), (x * 0.88, 66)], pen=PEN * 0.9, ink=shade(STONE, 0.45))
    c.shape(box(-88, -104, 176, 30, 14), tint(STONE, 0.25), shadow=(-6, -6))
    for x in (-22, 20):
        c.line(curve([(x - 14, -26), (x, -16), (x + 14, -26)]), pen=PEN)
        for dx, dy in ((-12, -22), (0, -16), (12, -22)):
            c.line([(x + dx, dy), (x + dx * 1.6, dy + 11)], pen=PEN * 0.75)
    c.shape(blob([(-18, 20), (-9, 10), (-1, 14), (7, 10), (16, 20), (-1, 32)]), CORAL, pen=PEN * 0.7)
    cheek = mix(STONE, CORAL, 0.55)
    c.fill(ellipse(-36, 8, 11, 7), cheek)
    c.fill(ellipse(34, 8, 11, 7), cheek)


def _shiny(c: Canvas) -> None:
    c.dots((0, 0, 1000, 330), mix(LILAC, PAPER, 0.45), spacing=20, low=0.9, high=0.0)
    for x, top, w in ((-20, 120, 190), (190, 190, 150), (360, 90, 210), (590, 170, 170), (780, 70, 260)):
        c.shape(box(x, top, w, 420), mix(LILAC, NIGHT, 0.22), ink=mix(LILAC, NIGHT, 0.6), pen=5)
        for wx in range(int(x) + 26, int(x + w) - 30, 46):
            for wy in range(top + 34, 420, 60):
                c.fill(box(wx, wy, 24, 32, 4), mix(LILAC, PAPER, 0.35))
    c.shape([(-10, 470), (1010, 470), (1010, 760), (-10, 760)], mix(CREAM, STONE, 0.25))
    c.dots((0, 560, 1000, 150), mix(CREAM, STONE, 0.7), spacing=18, high=0.7)
    for x, y, s in ((60, 210, 22), (268, 180, 28), (300, 300, 15), (44, 390, 14), (246, 436, 17)):
        sparkle(c, x, y, s, MUSTARD)
    with c.at(168, 378, scale=1.12, angle=-5):
        _bin(c)
    with c.at(508, 448, scale=0.98):
        raccoon_tail(c, [(40, 70), (112, 104), (160, 60), (150, -10)], width=54)
        raccoon_body(c)
        raccoon_arm(c, [(-62, -52), (-108, -20), (-96, 40)])
        raccoon_arm(c, [(66, -50), (104, -6), (140, -22)])
        with c.at(-14, -142, angle=-8):
            raccoon_head(
                c, RaccoonFace(look=(-0.95, 0.1), pupil=0.66, mouth="grin", mouth_width=40, brows=-9)
            )
    for x, y, s in ((372, 178, 26), (400, 128, 17)):
        c.shape(heart(x, y, s), CORAL, pen=PEN * 0.8)
    with c.at(828, 450, flip=True):
        goose(
            c,
            GooseFace(look=(0.75, 0.1), pupil=0.32, beak=1.0, brow=9),
            head=(58, -198),
            head_angle=4,
            wing=[(0, 20), (96, 10), (132, -24)],
        )
    for x, y, x2, y2 in ((724, 152, 698, 126), (766, 128, 758, 92), (812, 130, 826, 96)):
        c.line([(x, y), (x2, y2)], pen=PEN * 1.2)
    c.panel(5, 5, 990, 690)


CHOICES = (
    Scene(
        slug="goose-verdict",
        name="Goose verdict",
        width=800,
        height=800,
        background=PAPER,
        paint=_verdict,
        words=(
            Words(x=428, y=30, w=344, h=340, on_paper=True),
            Words(x=428, y=430, w=344, h=340, on_paper=True),
        ),
    ),
    Scene(
        slug="two-buttons",
        name="Raccoon and two buttons",
        width=800,
        height=800,
        background=MUSTARD,
        paint=_buttons,
        words=(
            Words(x=26, y=360, w=258, h=152, angle=4, on_paper=True),
            Words(x=516, y=360, w=258, h=152, angle=-4, on_paper=True),
        ),
    ),
    Scene(
        slug="junction",
        name="Last-second exit",
        width=800,
        height=800,
        background=SKY,
        paint=_junction,
        words=(
            Words(x=66, y=60, w=322, h=112, on_paper=True, colour=PAPER),
            Words(x=412, y=60, w=322, h=112, on_paper=True, colour=PAPER),
            Words(x=428, y=646, w=204, h=72, angle=-9, on_paper=True),
        ),
    ),
    Scene(
        slug="shiny-bin",
        name="The raccoon looks back",
        width=1000,
        height=700,
        background=LILAC,
        paint=_shiny,
        words=(
            Words(x=20, y=548, w=300, h=138),
            Words(x=350, y=548, w=310, h=138),
            Words(x=680, y=548, w=300, h=138),
        ),
    ),
)
