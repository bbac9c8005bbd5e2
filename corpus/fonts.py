"""Fonts: which are there, which characters each of them has, and how one is loaded."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from fontTools.ttLib import TTFont
from PIL import Image, ImageDraw, ImageFont

from corpus.errors import LayoutError

FONT_NAMES = ("", "sans")  # what `TextBox.font` may say
JOINER, TEXT_STYLE, EMOJI_STYLE, KEYCAP = "\u200d", "\ufe0e", "\ufe0f", "\u20e3"
MAX_CLUSTER = (
    16  # code points; the longest emoji have 10, whoever stacks more marks on a letter wants to break us
)
EMOJI_SIZE = 109  # pixels: the one size of the bitmaps in Noto Color Emoji


@dataclass(frozen=True, slots=True)
class Face:
    """One face of a font file; `axes` are the design coordinates of a variable font."""

    path: Path
    index: int = 0
    axes: tuple[float, ...] = ()
    is_emoji: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Fonts:
    """The fallback fonts somebody configured, for characters that the built-in fonts lack.

    `cjk_face` is the face of a collection: in Noto Sans CJK 0 draws Japanese forms, 2 Simplified Chinese.
    """

    cjk: Path | None = None
    cjk_face: int = 0
    emoji: Path | None = None

    def faces(self, name: str) -> tuple[Face, ...]:
        """The faces to look for a glyph in, first the font called `name`. Raises `LayoutError` for an unknown name."""
        faces = [built_in(name)]
        if self.emoji is not None:
            faces.append(Face(self.emoji, is_emoji=True))
        if self.cjk is not None:
            faces.append(Face(self.cjk, self.cjk_face))
        return tuple(faces)


BUILT_IN = Fonts()


@lru_cache(maxsize=8)
def built_in(name: str) -> Face:
    """The face that comes with a dependency: Anton, or bold Bricolage Grotesque under the name "sans"."""
    # here, because it scans the installed packages and not everybody who reads a layout draws
    import fontpkg

    match name:
        case "":
            return Face(fontpkg.path("Anton"))
        case "sans":
            return Face(fontpkg.path("Bricolage Grotesque"), axes=(32.0, 700.0, 100.0))
        case _:
            raise LayoutError("font", name, "unknown font; known are " + ", ".join(map(repr, FONT_NAMES)))


@lru_cache(maxsize=128)
def load(face: Face, size: int) -> ImageFont.FreeTypeFont:
    """The face at a size in pixels. An object belongs to one (face, size) and is never changed afterwards."""
    font = ImageFont.truetype(face.path, size, index=face.index)
    if face.axes:
        font.set_variation_by_axes(list(face.axes))
    return font


@lru_cache(maxsize=16)
def cap_height(face: Face) -> float:
    """The height of a capital letter as a share of the size."""
    return -load(face, 1000).getbbox("H", anchor="ls")[1] / 1000


@lru_cache(maxsize=512)
def emoji_picture(face: Face, cluster: str) -> Image.Image:
    """An emoji as RGBA at the font's own size; whoever draws it scales it."""
    font = load(face, EMOJI_SIZE)
    left, top, right, bottom = font.getbbox(cluster)
    picture = Image.new("RGBA", (max(1, round(right - left)), max(1, round(bottom - top))))
    ImageDraw.Draw(picture).text((-left, -top), cluster, font=font, fill="#ffffff", embedded_color=True)
    return picture


def has(face: Face, character: str) -> bool:
    """Whether the face has a glyph for a character, or for each of its parts: the shaper sets Ĉ from C and its mark."""
    known = coverage(face.path, face.index)
    whole = (character, unicodedata.normalize("NFD", character))
    return any(all(ord(part) in known for part in parts) for parts in whole)


@lru_cache(maxsize=16)
def coverage(path: Path, index: int) -> frozenset[int]:
    """The code points a face has glyphs for.

    Pillow draws the empty box for a character without a glyph and never says so, and comparing drawn boxes errs on fonts that
    have several; the font's own table is exact.
    """
    with TTFont(path, fontNumber=index, lazy=True) as font:
        table = font.getBestCmap()
    if table is None:
        raise LayoutError("font", path.name, "the file has no table of Unicode characters")
    return frozenset(code for code, glyph in table.items() if glyph != ".notdef")


def clusters(text: str) -> list[str]:
    """The characters as a reader counts them: a letter with its marks, an emoji sequence, a flag."""
    found: list[str] = []
    for character in text:
        if not (found and _joins(found[-1], character)):
            found.append(character)
        elif len(found[-1]) < MAX_CLUSTER:
            found[-1] += character
    return found


def _joins(cluster: str, character: str) -> bool:
    """Whether a character continues the cluster before it."""
    if unicodedata.category(character)[0] == "M" or character == JOINER:
        return not cluster.isspace()
    if "\U0001f3fb" <= character <= "\U0001f3ff" or "\U000e0020" <= character <= "\U000e007f":
        return unicodedata.category(cluster[0]) == "So"
    if "\U0001f1e6" <= character <= "\U0001f1ff":  # two regional indicators make a flag
        return len(cluster) == 1 and "\U0001f1e6" <= cluster <= "\U0001f1ff"
    return cluster[-1] == JOINER and unicodedata.category(character) == "So"


def face_for(cluster: str, faces: Sequence[Face]) -> tuple[str, Face | None, str]:
    """What to draw of a cluster, with which face, and the characters that no face has."""
    if EMOJI_STYLE in cluster or KEYCAP in cluster:
        faces = sorted(faces, key=lambda face: not face.is_emoji)
    elif TEXT_STYLE in cluster:
        faces = sorted(faces, key=lambda face: face.is_emoji)
    needed = [character for character in cluster if not _is_silent(character)]
    if not needed:
        return "", None, ""
    for face in faces:
        if all(has(face, character) for character in needed):
            return cluster if face.is_emoji else "".join(needed), face, ""
    for face in faces:  # a letter without its rare mark is better than no letter
        if has(face, needed[0]):
            drawn = "".join(character for character in needed if has(face, character))
            return drawn, face, "".join(character for character in needed if not has(face, character))
    return "", None, "".join(needed)


def _is_silent(character: str) -> bool:
    """Whether a character only steers how its neighbours are drawn."""
    return character in (JOINER, TEXT_STYLE, EMOJI_STYLE) or "\U000e0020" <= character <= "\U000e007f"
