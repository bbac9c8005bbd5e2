"""Outlines as lists of points: ellipses, rounded boxes, and smooth curves through given points."""

from __future__ import annotations

import math
from collections.abc import Sequence

Point = tuple[float, float]
Path = list[Point]

PLASTIC = (0.7548776662466927, 0.5698402909980532)  # the two steps of the R2 sequence (Roberts 2018)


def points(text: str) -> Path:
    """The points written as `x,y x,y ...`, as in an SVG polygon."""
    pairs = (pair.split(",") for pair in text.split())
    return [(float(x), float(y)) for x, y in pairs]


def ellipse(x: float, y: float, rx: float, ry: float | None = None, angle: float = 0.0) -> Path:
    """An ellipse around (x, y), turned by `angle` degrees clockwise."""
    ry = rx if ry is None else ry
    steps = max(40, int(max(rx, ry) * 1.2))
    turn = math.radians(angle)
    cos, sin = math.cos(turn), math.sin(turn)
    path = []
    for i in range(steps):
        a = 2 * math.pi * i / steps
        px, py = rx * math.cos(a), ry * math.sin(a)
        path.append((x + px * cos - py * sin, y + px * sin + py * cos))
    return path


def arc(x: float, y: float, rx: float, ry: float, start: float, end: float) -> Path:
    """A part of an ellipse from `start` to `end` degrees, clockwise from the right."""
    steps = max(12, int(abs(end - start) / 4))
    angles = (math.radians(start + (end - start) * i / steps) for i in range(steps + 1))
    return [(x + rx * math.cos(a), y + ry * math.sin(a)) for a in angles]


def box(x: float, y: float, w: float, h: float, radius: float = 0.0) -> Path:
    """A rectangle with its corners rounded."""
    if radius <= 0:
        return [(x, y), (x + w, y), (x + w, y + h), (x, y + h)]
    r = min(radius, w / 2, h / 2)
    corners = (
        (x + w - r, y + r, -90),
        (x + w - r, y + h - r, 0),
        (x + r, y + h - r, 90),
        (x + r, y + r, 180),
    )
    return [point for cx, cy, start in corners for point in arc(cx, cy, r, r, start, start + 90)]


def _between(p0: Point, p1: Point, p2: Point, p3: Point, t: float) -> Point:
    """Catmull-Rom: the point at `t` between `p1` and `p2`."""
    t2, t3 = t * t, t * t * t

    def axis(a: float, b: float, c: float, d: float) -> float:
        return 0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t2 + (3 * b - a - 3 * c + d) * t3)

    return axis(p0[0], p1[0], p2[0], p3[0]), axis(p0[1], p1[1], p2[1], p3[1])


def curve(points: Sequence[Point], steps: int = 18) -> Path:
    """A smooth open line through all points."""
    ends = [points[0], *points, points[-1]]
    path = [
        _between(ends[i], ends[i + 1], ends[i + 2], ends[i + 3], s / steps)
        for i in range(len(points) - 1)
        for s in range(steps)
    ]
    return [*path, points[-1]]


def blob(points: Sequence[Point], steps: int = 18) -> Path:
    """A smooth closed outline through all points."""
    n = len(points)
    return [
        _between(points[i - 1], points[i], points[(i + 1) % n], points[(i + 2) % n], s / steps)
        for i in range(n)
        for s in range(steps)
    ]


def mirrored(half: Sequence[Point]) -> Path:
    """A symmetric outline from its right half, top to bottom, around x = 0."""
    return [*half, *((-x, y) for x, y in reversed(half) if abs(x) > 0.5)]


def flipped(path: Sequence[Point], side: float) -> Path:
    """The path itself for a `side` of 1, its mirror image around x = 0 for -1."""
    return [(side * x, y) for x, y in path]


def star(x: float, y: float, outer: float, inner: float, points: int = 5, angle: float = -90.0) -> Path:
    """A star with straight edges, its first tip at `angle` degrees."""
    path = []
    for i in range(points * 2):
        a = math.radians(angle + 180 * i / points)
        radius = inner if i % 2 else outer
        path.append((x + radius * math.cos(a), y + radius * math.sin(a)))
    return path


def cloud(x: float, y: float, rx: float, ry: float, bumps: int = 11, depth: float = 0.13) -> Path:
    """A bumpy outline around an ellipse, for thoughts and steam."""
    path = []
    steps = bumps * 16
    for i in range(steps):
        a = 2 * math.pi * i / steps
        swell = 1 + depth * (abs(math.sin(a * bumps / 2)) - 0.6)
        path.append((x + rx * swell * math.cos(a), y + ry * swell * math.sin(a)))
    return path


def heart(x: float, y: float, size: float) -> Path:
    """A heart, `size` from its middle to its tip."""
    half = [(0, 1), (1, 0), (0.9, -0.6), (0.4, -0.75), (0, -0.35)]
    return blob(
        [(x + size * px, y + size * py) for px, py in (*half, *((-px, py) for px, py in half[3:0:-1]))]
    )


def scatter(count: int, x: float, y: float, w: float, h: float) -> Path:
    """Points spread evenly but not regularly over a rectangle, always the same ones."""
    return [
        (x + w * ((0.5 + PLASTIC[0] * i) % 1), y + h * ((0.5 + PLASTIC[1] * i) % 1))
        for i in range(1, count + 1)
    ]
