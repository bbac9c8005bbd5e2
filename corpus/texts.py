"""Captions are hostile input: what is taken in, what is taken out, and when two are the same."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Sequence

from corpus.errors import TextError

MAX_CHARACTERS = (
    300  # of one text; the longest of 24,540 real captions that anyone could read on a picture was shorter
)
INVISIBLE = re.compile(
    "[\u0000-\u0008\u000b-\u001f\u007f-\u009f"  # control characters, but tab and newline
    "\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff"  # direction overrides, isolates, zero widths
    "\ufff9-\ufffb\U000e0000-\U000e007f\ue000-\uf8ff]"  # annotations, tag characters, private use
)
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
    """The same key (sha256, hex) for texts that a reader would call the same: compatibility forms, case and spacing folded."""
    folded = (" ".join(unicodedata.normalize("NFKC", text).casefold().split()) for text in texts)
    return hashlib.sha256("\x1f".join(folded).encode()).hexdigest()
