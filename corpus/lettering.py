"""Lettering: a text as the pieces that a line break never splits, each with its faces and its space."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import groupby
from math import ceil

from corpus.fonts import Face, clusters, emoji_picture, face_for, load
from corpus.memes import Case

EMOJI_HEIGHT, EMOJI_BELOW = 1.0, 0.1  # height and depth below the baseline, as shares of the size
EMOJI_GAP = 0.05  # on either side, as a share of the size
MEASURED_AT = 100  # pixels: the size at which words are measured; advances are near enough proportional
BREAK_AFTER = re.compile(r"(?<=\w\w\w[-/—–_])(?=[^\W_])")
NEVER_FIRST = frozenset("、。，．！？：；）」』】》〉〕…・ーぁぃぅぇぉっゃゅょァィゥェォッャュョ,.!?:;)]}”’%")
NEVER_LAST = frozenset("（「『【《〈〔([{“‘")


@dataclass(frozen=True, slots=True)
class Run:
    """Neighbouring characters of one face."""

    text: str
    face: Face


@dataclass(frozen=True, slots=True)
class Extent:
    """The space something takes: its advance, and how far its ink reaches left, above, right and below its origin."""

    advance: float = 0.0
    left: float = 0.0
    above: float = 0.0
    right: float = 0.0
    below: float = 0.0

    @property
    def width(self) -> float:
        """From the ink's left to its right."""
        return self.right - self.left

    def then(self, other: Extent, gap: float = 0.0) -> Extent:
        """The space of this with `other` set after it."""
        start = self.advance + gap
        return Extent(
            start + other.advance,
            min(self.left, start + other.left),
            max(self.above, other.above),
            max(self.right, start + other.right),
            max(self.below, other.below),
        )


@dataclass(frozen=True)
class Piece:
    """What a line break never splits: a word, an ideograph, an emoji."""

    runs: tuple[Run, ...]
    space: float  # the space before it within a line, as a share of the size; 0 where there is none

    @cached_property
    def extent(self) -> Extent:
        """Its space per pixel of size."""
        space = measured(self.runs, MEASURED_AT)
        scaled = (space.advance, space.left, space.above, space.right, space.below)
        return Extent(*(length / MEASURED_AT for length in scaled))

    def split(self) -> Iterator[Piece]:
        """A piece per character."""
        letters = ((letter, run.face) for run in self.runs for letter in clusters(run.text))
        for number, (letter, face) in enumerate(letters):
            yield Piece((Run(letter, face),), 0.0 if number else self.space)


Paragraph = tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Script:
    """A text ready to be set: its paragraphs, the face of the box, and the characters that no face has."""

    paragraphs: tuple[Paragraph, ...]
    face: Face
    missing: tuple[str, ...] = ()


def script(text: str, case: Case, faces: Sequence[Face]) -> Script:
    """The text in the box's case, without what cannot be drawn, in pieces that each know their faces."""
    missing: dict[str, None] = {}
    paragraphs: list[Paragraph] = []
    space = measured_run(Run(" ", faces[0]), MEASURED_AT).advance / MEASURED_AT
    for paragraph in printable(text, case).split("\n"):
        pieces: list[Piece] = []
        for word in paragraph.split(" "):
            before = space
            for part in BREAK_AFTER.split(word):
                for runs in _unbroken(_letters(part, faces, missing)):
                    pieces.append(Piece(joined(runs), before))
                    before = 0.0
        if pieces:
            paragraphs.append(tuple(pieces))
    return Script(tuple(paragraphs), faces[0], tuple(missing))


def _letters(word: str, faces: Sequence[Face], missing: dict[str, None]) -> list[Run]:
    """A run per character of the word that some face has; the others are noted in `missing`, in reading order."""
    drawn: list[Run] = []
    for cluster in clusters(word):
        letters, face, lacking = face_for(cluster, faces)
        missing.update(dict.fromkeys(lacking))
        if face is not None:
            drawn.append(Run(letters, face))
    return drawn


def printable(text: str, case: Case) -> str:
    """The text in its case, one kind of space and of line break; control and direction characters are gone."""
    match case:
        case Case.UPPER:
            text = text.upper()
        case Case.LOWER:
            text = text.lower()
        case Case.AS_WRITTEN:
            pass
    return "".join(map(_printable, unicodedata.normalize("NFC", text.replace("\r\n", "\n"))))


def _printable(character: str) -> str:
    match unicodedata.category(character):
        case "Zl" | "Zp":
            return "\n"
        case "Zs":
            return " "
        case "Cc":
            return "\n" if character in "\n\r\v\f\x85" else " " if character == "\t" else ""
        case "Cf":  # the joiner and the tags belong to emoji
            return character if character == "\u200d" or character >= "\U000e0020" else ""
        case "Cs":
            return ""
    return "-" if character == "\u2011" else character


def _unbroken(letters: Sequence[Run]) -> Iterator[list[Run]]:
    """The letters of a word, parted where East Asian text and emoji may break a line."""
    part: list[Run] = []
    for letter in letters:
        may_break = part and (_stands_alone(part[-1]) or _stands_alone(letter))
        if may_break and letter.text[0] not in NEVER_FIRST and part[-1].text[0] not in NEVER_LAST:
            yield part
            part = []
        part.append(letter)
    if part:
        yield part


def _stands_alone(letter: Run) -> bool:
    """Whether a line may break before and after this letter. Korean has wide letters, but breaks at spaces."""
    character = letter.text[0]
    hangul = "\uac00" <= character <= "\ud7a3"
    return letter.face.is_emoji or (not hangul and unicodedata.east_asian_width(character) in "WF")


def joined(runs: Sequence[Run]) -> tuple[Run, ...]:
    """Neighbours of one face as one run; every emoji stays by itself."""
    found: list[Run] = []
    for face, group in groupby(runs, key=lambda run: run.face):
        if face.is_emoji:
            found.extend(group)
        else:
            found.append(Run("".join(run.text for run in group), face))
    return tuple(found)


def set_line(pieces: Sequence[Piece], face: Face) -> tuple[Run, ...]:
    """The runs of a line, spaces included. A space belongs to the run before it, after an emoji to the box's face."""
    runs: list[Run] = []
    for piece in pieces:
        if runs and piece.space:
            before = runs[-1].face
            runs.append(Run(" ", face if before.is_emoji else before))
        runs.extend(piece.runs)
    return joined(runs)


def emoji_size(emoji: Run, size: int) -> tuple[int, int]:
    """Width and height in pixels of an emoji among letters of `size`."""
    picture = emoji_picture(emoji.face, emoji.text)
    height = max(1, round(EMOJI_HEIGHT * size))
    return max(1, round(height * picture.width / picture.height)), height


@lru_cache(maxsize=4096)
def measured_run(run: Run, size: int) -> Extent:
    """The space of a run at a size in pixels, without its outline; its advance is whole, so that runs start on a pixel."""
    if run.face.is_emoji:
        (width, height), gap, below = (
            emoji_size(run, size),
            round(EMOJI_GAP * size),
            round(EMOJI_BELOW * size),
        )
        return Extent(width + 2 * gap, gap, height - below, gap + width, below)
    font = load(run.face, size)
    left, top, right, bottom = font.getbbox(run.text, anchor="ls")
    return Extent(ceil(font.getlength(run.text)), left, -top, right, bottom)


def measured(runs: Sequence[Run], size: int) -> Extent:
    """The space of runs set one after the other."""
    total = Extent()
    for run in runs:
        total = total.then(measured_run(run, size))
    return total
