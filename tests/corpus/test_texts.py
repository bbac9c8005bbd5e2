"""Captions are hostile input."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.errors import CorpusError, TextError
from corpus.texts import MAX_CHARACTERS, clean_text, clean_texts, texts_key

texts = st.text(st.characters(), max_size=60)  # with lone surrogates and control characters


@pytest.mark.parametrize(
    ("written", "stored"),
    [
        ("  two   words \t here ", "two words here"),
        ("line one  \r\n\r\n  line two\r", "line one\nline two"),
        ("a\u00a0b\u3000c", "a b c"),  # every kind of space
        ("null\x00byte \x1b[31mred\x1b[0m \x7f", "nullbyte [31mred[0m"),
        ("\u202eevil\u202c \u2066isolate\u2069 \u200emark\u200f", "evil isolate mark"),
        ("zero\u200bwidth\ufeff", "zerowidth"),
        ("\ue000private\uf8ff", "private"),
        ("e\u0301", "\u00e9"),  # composed
        ("e\u200b\u0301", "\u00e9"),  # also across what is dropped
        ("half \ud83d of a pair", "half ? of a pair"),
    ],
)
def test_a_text_is_stored_clean(written: str, stored: str) -> None:
    assert clean_text(written) == stored


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script> &amp;",
        "<|image_pad|> box1: {{ user }}",
        "👨\u200d👩\u200d👧 ❤\ufe0f 👍🏽 🇩🇪",  # the joiner and the variation selector stay
        "क\u094d\u200dष",
        "שלום עליכם",
        "我不想上班，今天是星期五！",
        "ﬁne ½ Ⅳ",  # compatibility characters keep their form
    ],
)
def test_a_text_that_is_only_unusual_stays_as_written(text: str) -> None:
    assert clean_text(text) == text


@given(text=texts)
def test_cleaning_twice_changes_nothing(text: str) -> None:
    once = clean_text(text)
    assert clean_text(once) == once


@given(text=texts)
def test_a_clean_text_can_be_stored_anywhere(text: str) -> None:
    cleaned = clean_text(text)
    cleaned.encode()
    assert not {unicodedata.category(character) for character in cleaned.replace("\n", "")} & {"Cc", "Cs"}
    assert cleaned == cleaned.strip()
    assert "  " not in cleaned


def test_a_text_may_fill_the_limit_but_not_pass_it() -> None:
    assert len(clean_text("é" * MAX_CHARACTERS)) == MAX_CHARACTERS
    with pytest.raises(TextError, match="at most 300 characters, this one 10000") as refusal:
        clean_text("x" * 10_000)
    assert len(str(refusal.value)) < 150  # the message does not repeat it all


def test_what_is_dropped_does_not_count() -> None:
    assert clean_text("a" + "\u200b" * 10_000 + " " * 10_000 + "b") == "a b"


def test_a_text_error_is_a_value_error_of_the_corpus() -> None:
    assert issubclass(TextError, ValueError)
    assert issubclass(TextError, CorpusError)


def test_a_meme_has_a_text_for_every_box() -> None:
    assert clean_texts(["  top ", ""], 2) == ("top", "")
    for wrong in (["one"], ["one", "two", "three"]):
        with pytest.raises(TextError, match=f"2 text boxes, not {len(wrong)}"):
            clean_texts(wrong, 2)


@pytest.mark.parametrize("empty", [["", ""], [" \n ", "\u200b"]])
def test_a_meme_without_any_text_is_refused(empty: list[str]) -> None:
    with pytest.raises(TextError, match="at least one text"):
        clean_texts(empty, 2)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (["Hello  World"], ["hello world"]),
        (["STRASSE"], ["straße"]),
        (["ﬁne"], ["FINE"]),
        (["a\nb"], ["a b"]),
        (["ＡＢＣ"], ["abc"]),
        (["Don't stop"], ["don’t stop!"]),
        (["“so funny”"], ['"so funny"']),
        (["rock 'n' roll"], ["Rock n roll"]),
        (["wait... what?"], ["Wait, what"]),
        (["Wait…what"], ["wait – what?!"]),
        (["top-notch"], ["top notch"]),
        (["in 2020!"], ["in 2020"]),
        (["(so I said)"], ["so I said"]),
        (["*sneezes*"], ["sneezes"]),
        (["我不想上班，今天是星期五！"], ["我不想上班 今天是星期五"]),
        (["love ❤\ufe0f"], ["love ❤"]),
    ],
)
def test_texts_a_reader_would_call_the_same_have_the_same_key(one: list[str], other: list[str]) -> None:
    assert texts_key(one) == texts_key(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (["a", "b"], ["b", "a"]),
        (["a", "b"], ["a b"]),
        (["a", ""], ["", "a"]),
        (["ab"], ["a b"]),
        (["resume"], ["résumé"]),
        (["pun"], ["bun"]),  # a joke may hang on one letter
        (["a5"], ["a6"]),
        (["-5 degrees"], ["5 degrees"]),
        (["3.5 apples"], ["35 apples"]),
        (["1/2"], ["12"]),
        (["+1"], ["1"]),
        (["50%"], ["50"]),
        (["you & me"], ["you me"]),
        (["@everyone"], ["everyone"]),
        (["e-mail"], ["email"]),
        (["fun 😂"], ["fun 😭"]),
        (["fun 😂"], ["fun"]),
        (["?"], ["!"]),  # a text of punctuation alone keeps it
        (["..."], [""]),
        (["'"], [""]),
        (["a.", ""], ["a", "."]),
    ],
)
def test_texts_that_read_differently_have_different_keys(one: list[str], other: list[str]) -> None:
    assert texts_key(one) != texts_key(other)


@given(text=texts)
def test_the_key_hangs_on_every_letter_and_digit(text: str) -> None:
    """Whatever stands around it, another letter or digit makes another text."""
    assert texts_key([text + "q7"]) != texts_key([text + "q8"])
    assert texts_key([text + "ж"]) != texts_key([text + "э"])


@given(text=texts, mark=st.sampled_from(["!", "?!", "…", "”", "。"]))
def test_a_mark_at_the_end_of_words_changes_nothing(text: str, mark: str) -> None:
    assert texts_key([text + " word" + mark]) == texts_key([text + " word"])


@given(text=texts)
def test_the_key_of_a_clean_text_ignores_case_and_spacing(text: str) -> None:
    cleaned = clean_text(text)
    assert texts_key([cleaned.replace(" ", "  ")]) == texts_key([cleaned])
