"""The one set of colours that every picture of the starter pack shares."""

from __future__ import annotations

Colour = str  # "#rrggbb"

INK = "#1b1530"
PAPER = "#fffaf0"
CREAM = "#fff0d0"
CORAL = "#ff6f61"
MUSTARD = "#ffbf3f"
TEAL = "#1c9f98"
SKY = "#8ed4f0"
LILAC = "#b9a3f2"
GRASS = "#86c65a"
BLUSH = "#ffb0a8"
NIGHT = "#3b2f73"
STONE = "#9793b3"


def mix(one: Colour, other: Colour, share: float) -> Colour:
    """`one` with `share` (0..1) of `other` in it."""
    pairs = ((int(one[i : i + 2], 16), int(other[i : i + 2], 16)) for i in (1, 3, 5))
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in pairs)


def shade(colour: Colour, share: float = 0.24) -> Colour:
    """The one shadow tone of a flat colour: towards violet, never black, so that shadows stay lively."""
    return mix(colour, "#4a2a86", share)


def tint(colour: Colour, share: float = 0.4) -> Colour:
    """A lighter tone of a flat colour."""
    return mix(colour, PAPER, share)
