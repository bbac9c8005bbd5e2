"""Words that no caption may hold, and what counts as holding one.

Both sides are folded: compatibility forms, case, invisible characters. Then

* an entry matches **whole words**, so "ass" is not found in "class"; a trailing `*` matches the beginnings of words;
* the words of an entry match across any spacing, punctuation and text box, as a reader reads them;
* an entry in a **script without word borders** (Han, kana, Thai, Lao, Khmer, Burmese) is found anywhere within one sentence
  of one box, spacing and dots inside it ignored; an entry without any letter (an emoji) is found anywhere;
* an entry **without accents** is found with them too, one with accents only so: "ano" finds "año", "año" does not find "ano";
* cheap disguises are seen through, where no honest caption looks like that: letters apart ("f.u.c.k", also over boxes), letters
  held ("fuuuck"), figures and signs for letters ("sh1t", "a$$"; never in a number, "a55" stays a road), and Cyrillic or Greek
  look-alikes inside a Latin word. A word cut into pieces ("fu ck") is not: too many honest captions would go with it.

Words are looked up, no pattern is run, so no entry and no caption can make a match slow.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from corpus.errors import BlocklistError
from corpus.texts import INVISIBLE

Words = tuple[str, ...]

# What a caption keeps for emoji and Indic scripts, but parts the letters of a word for no reader: joiners, soft hyphens, variants.
UNSEEN: Final = re.compile(
    f"{INVISIBLE.pattern}|[\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200c\u200d\u3164\ufe00-\ufe0f]"
)
ACCENTS: Final = re.compile("[\u0300-\u036f]")
MARKS: Final = "".join(
    chr(code) for code in range(0x300, 0x10000) if unicodedata.category(chr(code))[0] == "M"
)
BORDERLESS: Final = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3041-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
    "\U00020000-\U0003ffff"
)
IN_WORD: Final = f"(?:[^\\W_]|[{MARKS}])"
WORD: Final = re.compile(f"(?:(?![{BORDERLESS}]){IN_WORD})+")
DISGUISED: Final = re.compile(f"(?:(?![{BORDERLESS}]){IN_WORD}|[@$]|(?<=\\w)!(?=\\w))+")
HAS_BORDERLESS: Final = re.compile(f"[{BORDERLESS}]")
BETWEEN: Final = re.compile(f"(?:(?![\n,!?;:。、]|{IN_WORD}).)+")  # within a sentence, and no part of a word
HELD: Final = re.compile(r"(.)\1{2,}")  # no language writes a letter three times in a row

FIGURES: Final = str.maketrans("013457", "oieast")
SIGNS: Final = str.maketrans("@$!", "asi")
LOOKALIKES: Final = str.maketrans("авеікмнорстухѕјгαεικνορτυχ", "abeikmhopctyxsjraeikvoptux")
LATIN: Final = re.compile("[a-z]")
FOREIGN: Final = re.compile("[\u0370-\u052f]")
ALONE: Final = frozenset("aiu")  # one-letter words that stand beside a spelled one: "i f u c k u"
SPELLED: Final = 3  # fewer letters apart are initials


class Blocklist:
    """Entries, ready to be looked for in captions. Raises `BlocklistError` for an entry that would block nothing or everything."""

    MIN_BEGINNING: Final = 2  # characters before a `*`

    def __init__(self, phrases: Iterable[str]) -> None:
        self._whole: dict[Words, str] = {}
        self._begun: dict[Words, str] = {}  # by all words but the last, and the beginning of the last
        self._inside: dict[str, str] = {}  # scripts without word borders
        self._signs: dict[str, str] = {}  # no letter at all
        self._lengths: set[int] = set()  # in words, of `_whole`
        self._beginnings: dict[int, set[int]] = defaultdict(
            set
        )  # for a number of words, the lengths of last beginnings
        for phrase in phrases:
            self._add(phrase)
        self._inside_lengths = sorted({len(entry) for entry in self._inside})

    def _add(self, phrase: str) -> None:
        folded = fold(phrase).strip()
        begun, folded = folded.endswith("*"), folded.removesuffix("*")
        words = tuple(WORD.findall(folded))
        if not folded:
            raise BlocklistError(phrase, "it is empty")
        if HAS_BORDERLESS.search(folded):
            self._inside.setdefault(BETWEEN.sub("", folded), phrase)
        elif not words and not any(
            unicodedata.category(character)[0] == "S" and character > "~" for character in folded
        ):
            raise BlocklistError(phrase, "it holds no letter, figure or emoji")
        elif not words:
            self._signs.setdefault(folded, phrase)
        elif not begun:
            self._whole.setdefault(words, phrase)
            self._lengths.add(len(words))
        elif len(words[-1]) < self.MIN_BEGINNING:
            raise BlocklistError(phrase, f"at least {self.MIN_BEGINNING} characters stand before a *")
        else:
            self._begun.setdefault(words, phrase)
            self._beginnings[len(words)].add(len(words[-1]))

    def match(self, texts: Sequence[str]) -> str | None:
        """The entry, as it was written, that the texts of a meme hold; None when they hold none. Texts are read in box order."""
        folded = fold("\n".join(texts))
        for words in readings(folded):
            if (found := self._among(words)) is not None:
                return found
        return self._within(folded)

    def _among(self, words: Words) -> str | None:
        """An entry of whole words, or of a last word's beginning, among words."""
        for start, word in enumerate(words):
            for length in self._lengths:
                if (found := self._whole.get(words[start : start + length])) is not None:
                    return found
            for length, beginnings in self._beginnings.items():
                *heads, last = words[start : start + length] if length > 1 else (word,)
                for size in beginnings:
                    if (found := self._begun.get((*heads, last[:size]))) is not None:
                        return found
        return None

    def _within(self, folded: str) -> str | None:
        """An entry of a script without word borders, or of signs alone, anywhere in a folded text."""
        joined = BETWEEN.sub("", folded) if self._inside else ""
        for start in range(len(joined)):
            for length in self._inside_lengths:
                if (found := self._inside.get(joined[start : start + length])) is not None:
                    return found
        return next((phrase for sign, phrase in self._signs.items() if sign in folded), None)


def fold(text: str) -> str:
    """A text without what a reader does not see or would call the same: compatibility forms, case, invisible characters."""
    seen = UNSEEN.sub("", unicodedata.normalize("NFKC", UNSEEN.sub("", text)))
    return unicodedata.normalize("NFKC", seen.casefold())


def readings(folded: str) -> Iterator[Words]:
    """The words of a folded text: as written, without accents, without disguises, and each word that is spelled out."""
    written = tuple(WORD.findall(folded))
    yield written
    plain = (
        folded
        if folded.isascii()
        else unicodedata.normalize("NFC", ACCENTS.sub("", unicodedata.normalize("NFD", folded)))
    )
    if plain != folded:
        yield tuple(WORD.findall(plain))
    undisguised = tuple(word for token in DISGUISED.findall(plain) for word in undisguise(token))
    if undisguised != written:
        yield undisguised
    for kept in (r"\1", r"\1\1"):
        if (let_go := tuple(HELD.sub(kept, word) for word in undisguised)) != undisguised:
            yield let_go
    yield from spelled_out(plain)


def undisguise(token: str) -> list[str]:
    """The words of a token, with the letters that its figures, signs and look-alikes stand for."""
    if LATIN.search(token) and FOREIGN.search(token):
        token = token.translate(LOOKALIKES)
    figures = sum(character.isdigit() for character in token)
    letters = sum(character.isalpha() for character in token)
    if figures and len(token) > 3 and letters >= figures:
        token = token.translate(FIGURES)
    elif figures:
        return WORD.findall(token)
    return [token.translate(SIGNS)] if letters else WORD.findall(token)


def spelled_out(plain: str) -> Iterator[Words]:
    """The words whose letters stand apart, each with the same between them: f.u.c.k, f u c k."""
    letters: list[str] = []
    between, end = "", 0
    for match in WORD.finditer(plain):
        word, gap = match.group(), plain[end : match.start()]
        end = match.end()
        if len(word) > 1:
            yield from joined_letters(letters)
            letters = []
        elif len(letters) > 1 and gap != between:
            yield from joined_letters(letters)
            letters, between = [letters[-1], word], gap
        else:
            letters.append(word)
            between = gap
    yield from joined_letters(letters)


def joined_letters(letters: Sequence[str]) -> Iterator[Words]:
    """The word that letters spell, with and without the one-letter words beside it."""
    whole = "".join(letters)
    ends = (len(whole), len(whole) - (whole[-1:] in ALONE))
    starts = (0, int(whole[:1] in ALONE))
    for word in sorted({whole[start:end] for start in starts for end in ends}):
        if len(word) >= SPELLED:
            yield (word,)
