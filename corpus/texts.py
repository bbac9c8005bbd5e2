"""Captions are hostile input: what is taken in, what is taken out, and when two are the same."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Sequence
from itertools import pairwise

from corpus.errors import TextError

MAX_CHARACTERS = (
    300  # of one text; the longest of 24,540 real captions that anyone could read on a picture was shorter
)
INVISIBLE = re.compile(
    "[\u0000-\u0008\u000b-\u001f\u007f-\u009f"  # control characters, but tab and newline
    "\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff"  # direction overrides, isolates, zero widths
    "\ufff9-\ufffb\U000e0000-\U000e007f\ue000-\uf8ff]"  # annotations, tag characters, private use
)
# What may differ between two captions that a reader would call the same. Letters and digits never may, nor what changes a
# number's meaning (-5, 3.5, 1/2) or is a word of its own (50 %, you & me, @somebody, #1).
QUOTES = re.compile(
    "['\"`\u00b4\u02b9-\u02bd\u02c8\u2018-\u201f\u2032-\u2036\u2039\u203a\u00ab\u00bb\u301d-\u301f]"
)
MEANT = frozenset("%‰&@#§")
OF_NUMBERS = frozenset("-–—.,:/")
STYLE = re.compile("[\ufe0e\ufe0f]")  # an emoji in colour or not
IDEOGRAPHS = "\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
BESIDE_IDEOGRAPHS = re.compile(f"(?<=[{IDEOGRAPHS}]) +| +(?=[{IDEOGRAPHS}])")
SPACES = re.compile(r"[^\S\n]+")
LINES = re.compile(r"\s*\n\s*")


def clean_text(text: str) -> str:
    """One caption text as it is stored: NFC, printable, single spaces, at most `MAX_CHARACTERS`.

    Invisible and direction-changing characters are dropped; the joiners that emoji and Indic scripts need stay. HTML and
    control tokens stay as written: they are escaped where they would have a meaning. Raises `TextError` when too long.
    """
    text = text.encode("utf-8", "replace").decode("utf-8").replace("\r\n", "\n").replace("\r", "\n")
    text = unicodedata.normalize(
        "NFC", INVISIBLE.sub("", text)
    )  # last, as what is dropped may part a letter and its mark
    text = LINES.sub("\n", SPACES.sub(" ", text)).strip()
    if len(text) > MAX_CHARACTERS:
        raise TextError(f"a text has at most {MAX_CHARACTERS} characters, this one {len(text)}", text)
    return text


def clean_texts(texts: Sequence[str], boxes: int) -> tuple[str, ...]:
    """The texts of a meme, one per box, cleaned. Raises `TextError` when their number is wrong or all are empty."""
    if len(texts) != boxes:
        raise TextError(f"this meme template has {boxes} text boxes, not {len(texts)}", " / ".join(texts))
    cleaned = tuple(clean_text(text) for text in texts)
    if not any(cleaned):
        raise TextError("a meme needs at least one text", " / ".join(texts))
    return cleaned


def texts_key(texts: Sequence[str]) -> str:
    """The same key (sha256, hex) for texts that a reader would call the same.

    Compatibility forms, case, spacing, quotation marks and punctuation are folded; letters, digits, symbols and emoji never.
    A text of punctuation alone keeps it.
    """
    return hashlib.sha256("\x1f".join(map(_folded, texts)).encode("utf-8", "surrogatepass")).hexdigest()


def _folded(text: str) -> str:
    text = unicodedata.normalize("NFKC", QUOTES.sub("'", STYLE.sub("", text))).casefold()
    bare = QUOTES.sub("", text)
    words = "".join(
        character if _counts(character, after) else " " for character, after in pairwise([*bare, ""])
    )
    return BESIDE_IDEOGRAPHS.sub("", " ".join(words.split())) or " ".join(text.split())


def _counts(character: str, after: str) -> bool:
    """Whether a character tells captions apart: all but punctuation, and punctuation that belongs to the number after it."""
    is_punctuation = unicodedata.category(character).startswith("P")
    return not is_punctuation or character in MEANT or (character in OF_NUMBERS and after.isdigit())
