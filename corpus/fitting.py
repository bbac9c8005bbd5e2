"""Fitting: how large a text is set in its box, and where its lines break."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import ceil

from corpus.fonts import Face, cap_height
from corpus.lettering import Extent, Paragraph, Piece, Run, Script, measured, set_line

# Sizes as shares of the picture's shorter side.
LARGEST = 0.16  # a word of two letters does not fill the picture
SMALLEST = 0.03  # a word too wide at this size is broken rather than shrunk further
FLOOR = 0.014  # below this nobody reads: what does not fit ends in an ellipsis
LEAST = 6  # pixels, however small the picture is
OUTLINE = 1 / 14  # width of the outline as a share of the size; on a bright picture it carries the letters
LEADING = 0.1  # the least room between the ink of two lines, as a share of the size


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a lettering: its baseline below the top of the block in pixels, and its space without the outline."""

    runs: tuple[Run, ...]
    baseline: int
    extent: Extent


@dataclass(frozen=True, slots=True, kw_only=True)
class Lettering:
    """A text set at a size, in pixels: its outline, its lines, the height of the block with the outline."""

    size: int
    outline: float
    lines: tuple[Line, ...]
    height: int
    is_cut: bool = False


def fit(text: Script, *, width: int, height: int, short_side: int, is_outlined: bool) -> Lettering | None:
    """The text at the largest size that fits `width` x `height` pixels on a picture with this shorter side.

    None when there is nothing to draw, or no room for a single letter.
    """
    largest = min(round(LARGEST * short_side), height)
    if not text.paragraphs or largest < LEAST:
        return None
    smallest, floor = (min(largest, max(LEAST, round(share * short_side))) for share in (SMALLEST, FLOOR))
    room = _Room(width=width, height=height, is_outlined=is_outlined, face=text.face)
    if whole := room.largest(text.paragraphs, smallest, largest):
        return whole
    broken = tuple(_broken(paragraph, room.width_at(smallest)) for paragraph in text.paragraphs)
    return room.largest(broken, floor, largest) or room.cut(broken, floor)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Room:
    """The room of a box in pixels, and the trials of setting a text in it."""

    width: int
    height: int
    is_outlined: bool
    face: Face

    def outline_at(self, size: int) -> float:
        return max(1.0, OUTLINE * size) if self.is_outlined else 0.0

    def width_at(self, size: int) -> float:
        """The room for letters, as a share of their size."""
        return (self.width - 2 * ceil(self.outline_at(size))) / size

    def largest(self, paragraphs: Sequence[Paragraph], low: int, high: int) -> Lettering | None:
        """Bisection on the size; then, as hinting rounds letters to pixels, down until the real letters fit."""
        sizes = range(low, high + 1)
        fitting = bisect_left(sizes, 1, key=lambda size: not self._seems_to_fit(paragraphs, size))
        for size in reversed(sizes[:fitting]):
            if lettering := self._set(paragraphs, size):
                return lettering
        return None

    def cut(self, paragraphs: Sequence[Paragraph], size: int) -> Lettering | None:
        """As many pieces as fit at this size, then an ellipsis; None when not even one does."""
        pieces = [piece for paragraph in paragraphs for piece in paragraph]
        ellipsis = Piece((Run("…", self.face),), 0.0)
        counts = range(1, len(pieces))
        fitting = bisect_left(
            counts, 1, key=lambda count: not self._seems_to_fit([(*pieces[:count], ellipsis)], size)
        )
        for count in reversed(counts[:fitting]):
            if lettering := self._set([(*pieces[:count], ellipsis)], size):
                return replace(lettering, is_cut=True)
        return None

    def _seems_to_fit(self, paragraphs: Sequence[Paragraph], size: int) -> bool:
        """Whether the lines fit by the measures of their pieces, which cost nothing to scale."""
        width, cap = self.width_at(size), cap_height(self.face)
        lines = [line for paragraph in paragraphs for line in _wrapped(paragraph, width)]
        if (len(lines) - 1) * cap * size > self.height:  # no need to look at ten thousand letters
            return False
        extents = [_extent(line) for line in lines]
        if max(extent.width for extent in extents) > width:
            return False
        block = _Block.of(extents, cap=cap, gap=LEADING)
        return block.height * size + 2 * self.outline_at(size) <= self.height

    def _set(self, paragraphs: Sequence[Paragraph], size: int) -> Lettering | None:
        """The lines with their real measures, or None when they do not fit after all."""
        width, outline = self.width_at(size), self.outline_at(size)
        lines = [
            set_line(line, self.face) for paragraph in paragraphs for line in _balanced(paragraph, width)
        ]
        extents = [measured(line, size) for line in lines]
        block = _Block.of(extents, cap=cap_height(self.face) * size, gap=LEADING * size)
        edge = ceil(outline)
        baselines = [edge + ceil(block.first) + round(number * block.step) for number in range(len(lines))]
        height = baselines[-1] + ceil(block.last) + edge
        if height > self.height or max(extent.width for extent in extents) + 2 * edge > self.width:
            return None
        return Lettering(
            size=size, outline=outline, height=height, lines=tuple(map(Line, lines, baselines, extents))
        )


@dataclass(frozen=True, slots=True)
class _Block:
    """Lines under each other: above the first baseline, from baseline to baseline, below the last, and all together."""

    first: float
    step: float
    last: float
    height: float

    @classmethod
    def of(cls, extents: Sequence[Extent], *, cap: float, gap: float) -> _Block:
        """One step for all lines: that of the two which come closest. It never falls below a capital's height."""
        below = [max(extent.below, 0.0) for extent in extents]
        pairs = zip(below, extents[1:], strict=False)
        step = max((low + max(under.above, cap) + gap for low, under in pairs), default=0.0)
        height = extents[0].above + step * (len(extents) - 1) + below[-1]
        return cls(extents[0].above, step, below[-1], height)


def _extent(line: Paragraph) -> Extent:
    """The space of a line by the measures of its pieces, as shares of the size."""
    total = Extent()
    for number, piece in enumerate(line):
        total = total.then(piece.extent, gap=piece.space if number else 0.0)
    return total


def _wrapped(paragraph: Paragraph, width: float) -> list[Paragraph]:
    """The paragraph in as few lines of at most this width as there can be; a piece that is wider has its own line."""
    lines: list[list[Piece]] = []
    taken = 0.0
    for piece in paragraph:
        taken += piece.space + piece.extent.advance
        if not lines or taken > width:
            lines.append([])
            taken = piece.extent.advance
        lines[-1].append(piece)
    return [tuple(line) for line in lines]


def _balanced(paragraph: Paragraph, width: float) -> list[Paragraph]:
    """The same number of lines, as even as they get: the least width that does not make another line."""
    lines = _wrapped(paragraph, width)
    narrow, wide = 0.0, width
    for _ in range(8 if len(lines) > 1 else 0):
        middle = (narrow + wide) / 2
        tried = _wrapped(paragraph, middle)
        if len(tried) > len(lines) or any(_extent(line).width > width for line in tried):
            narrow = middle
        else:
            wide, lines = middle, tried
    return lines


def _broken(paragraph: Paragraph, width: float) -> Paragraph:
    """The paragraph with every piece wider than this parted into its letters."""
    return tuple(
        part for piece in paragraph for part in ((piece,) if piece.extent.width <= width else piece.split())
    )
