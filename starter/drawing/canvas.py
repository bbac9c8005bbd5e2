"""A canvas with one pen: bold ink outlines, flat colours with one shadow tone, halftone dots."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise

from PIL import Image, ImageChops, ImageDraw

from starter.drawing.palette import INK, Colour, shade
from starter.drawing.paths import Path, Point, box

SUPERSAMPLING = 4
PEN = 6.5  # the usual ink line, in pixels of the finished picture


class Canvas:
    """Paints in pixels of the finished picture, at `SUPERSAMPLING` times its size, and shrinks at the end."""

    def __init__(self, width: int, height: int, background: Colour) -> None:
        self.width, self.height = width, height
        self._image = Image.new("RGB", (width * SUPERSAMPLING, height * SUPERSAMPLING), background)
        self._draw = ImageDraw.Draw(self._image)
        self._matrix = (float(SUPERSAMPLING), 0.0, 0.0, 0.0, float(SUPERSAMPLING), 0.0)
        self._pen = 1.0

    def finished(self) -> Image.Image:
        """The picture at its own size."""
        return self._image.resize((self.width, self.height), Image.Resampling.LANCZOS)

    @contextmanager
    def at(
        self, x: float, y: float, *, scale: float = 1.0, angle: float = 0.0, flip: bool = False
    ) -> Iterator[None]:
        """Inside, (0, 0) lies at (x, y), turned by `angle` degrees clockwise; `flip` mirrors."""
        before, pen = self._matrix, self._pen
        turn = math.radians(angle)
        cos, sin = math.cos(turn) * scale, math.sin(turn) * scale
        mirror = -1.0 if flip else 1.0
        a, b, c, d, e, f = before
        self._matrix = (
            a * cos * mirror + b * sin * mirror,
            -a * sin + b * cos,
            a * x + b * y + c,
            d * cos * mirror + e * sin * mirror,
            -d * sin + e * cos,
            d * x + e * y + f,
        )
        # Ink thins more slowly than a creature shrinks: small ones keep a readable outline.
        self._pen = pen * math.sqrt(scale)
        try:
            yield
        finally:
            self._matrix, self._pen = before, pen

    @contextmanager
    def inside(self, path: Sequence[Point]) -> Iterator[None]:
        """What is painted inside stays within the path."""
        before = self._image.copy()
        mask = Image.new("L", self._image.size, 0)
        ImageDraw.Draw(mask).polygon(self._placed(path), fill=255)
        yield
        before.paste(self._image, (0, 0), mask)
        self._image.paste(before, (0, 0))

    def fill(self, path: Sequence[Point], colour: Colour) -> None:
        """A flat area without an outline."""
        self._draw.polygon(self._placed(path), fill=colour)

    def shape(
        self,
        path: Sequence[Point],
        colour: Colour,
        *,
        pen: float = PEN,
        ink: Colour = INK,
        shadow: tuple[float, float] | None = None,
        dark: Colour | None = None,
    ) -> None:
        """A flat area with an outline; `shadow` is how far the light part is moved from the shadow's side."""
        if shadow is None:
            self.fill(path, colour)
        else:
            self.fill(path, dark or shade(colour))
            self._overlap(path, [(x + shadow[0], y + shadow[1]) for x, y in path], colour)
        if pen > 0:
            self.line([*path, path[0]], pen=pen, ink=ink)

    def line(self, path: Sequence[Point], *, pen: float = PEN, ink: Colour = INK, taper: float = 0.0) -> None:
        """A round-ended line; `taper` (0..1) thins both ends."""
        points = self._placed(path)
        half = pen * self._pen * SUPERSAMPLING / 2
        last = max(1, len(points) - 1)
        radii = [
            half * (1 - taper * (1 - math.sin(math.pi * (0.08 + 0.84 * i / last))))
            for i in range(len(points))
        ]
        self._tube(points, radii, ink)

    def tube(
        self,
        path: Sequence[Point],
        width: float,
        colour: Colour,
        *,
        end_width: float | None = None,
        pen: float = PEN,
        ink: Colour = INK,
    ) -> None:
        """A limb: a thick round-ended line, outlined, from `width` at its start to `end_width` at its end."""
        points = self._placed(path)
        scale = self._scale()
        end_width = width if end_width is None else end_width
        last = max(1, len(points) - 1)
        radii = [(width + (end_width - width) * i / last) / 2 * scale for i in range(len(points))]
        edge = pen * self._pen * SUPERSAMPLING / 2
        self._tube(points, [r + edge for r in radii], ink)
        self._tube(points, [max(1.0, r - edge) for r in radii], colour)

    def dots(
        self,
        area: tuple[float, float, float, float],
        colour: Colour,
        *,
        spacing: float = 16.0,
        low: float = 0.0,
        high: float = 0.9,
        towards: float = 90.0,
    ) -> None:
        """Halftone over a rectangle (x, y, w, h): along `towards` degrees the dots grow from `low` to `high`.

        Both are shares of half the spacing.
        """
        x, y, w, h = area
        turn = math.radians(towards)
        ux, uy = math.cos(turn), math.sin(turn)
        span = abs(w * ux) + abs(h * uy)
        step = spacing / math.sqrt(2)
        for row in range(int(h / step) + 2):
            for column in range(int(w / spacing) + 2):
                px = x + column * spacing + (spacing / 2 if row % 2 else 0)
                py = y + row * step
                along = ((px - x - w / 2) * ux + (py - y - h / 2) * uy) / span + 0.5
                radius = spacing / 2 * (low + (high - low) * min(1.0, max(0.0, along)))
                if radius > 0.7 and x - spacing < px < x + w + spacing:
                    self._disc((px, py), radius, colour)

    def rays(
        self, x: float, y: float, reach: float, colour: Colour, *, count: int = 16, angle: float = 0.0
    ) -> None:
        """A sunburst around (x, y)."""
        for i in range(count):
            a = math.radians(angle + 360 * i / count)
            b = math.radians(angle + 360 * (i + 0.5) / count)
            tips = [(x + reach * math.cos(t), y + reach * math.sin(t)) for t in (a, b)]
            self.fill([(x, y), *tips], colour)

    def panel(self, x: float, y: float, w: float, h: float, *, pen: float = 9.0) -> None:
        """The ink border of a panel."""
        self.line([*box(x, y, w, h), (x, y)], pen=pen)

    def _scale(self) -> float:
        a, b, _, d, e, _ = self._matrix
        return math.sqrt(abs(a * e - b * d))

    def _placed(self, path: Sequence[Point]) -> Path:
        a, b, c, d, e, f = self._matrix
        return [(a * x + b * y + c, d * x + e * y + f) for x, y in path]

    def _disc(self, centre: Point, radius: float, colour: Colour) -> None:
        ((x, y),) = self._placed([centre])
        r = radius * self._scale()
        self._draw.ellipse((x - r, y - r, x + r, y + r), fill=colour)

    def _tube(self, points: Path, radii: list[float], colour: Colour) -> None:
        for (x, y), r in zip(points, radii, strict=True):
            self._draw.ellipse((x - r, y - r, x + r, y + r), fill=colour)
        for ((x0, y0), (x1, y1)), (r0, r1) in zip(pairwise(points), pairwise(radii), strict=True):
            length = math.hypot(x1 - x0, y1 - y0)
            if length < 0.01:
                continue
            nx, ny = (y0 - y1) / length, (x1 - x0) / length
            sides = (
                (x0 + nx * r0, y0 + ny * r0),
                (x1 + nx * r1, y1 + ny * r1),
                (x1 - nx * r1, y1 - ny * r1),
                (x0 - nx * r0, y0 - ny * r0),
            )
            self._draw.polygon(sides, fill=colour)

    def _overlap(self, one: Sequence[Point], other: Sequence[Point], colour: Colour) -> None:
        """Fill where both paths lie."""
        first, second = self._placed(one), self._placed(other)
        left, top = (int(min(p[i] for p in first)) - 1 for i in (0, 1))
        right, bottom = (int(max(p[i] for p in first)) + 2 for i in (0, 1))
        size = (right - left, bottom - top)
        masks = []
        for path in (first, second):
            mask = Image.new("L", size, 0)
            ImageDraw.Draw(mask).polygon([(x - left, y - top) for x, y in path], fill=255)
            masks.append(mask)
        self._image.paste(Image.new("RGB", size, colour), (left, top), ImageChops.darker(*masks))
