"""Fields of a foreign record: of the type they should be, or refused by name."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from corpus.errors import TextError
from corpus.sources.files import shown
from corpus.sources.found import LANGUAGE, MAX_LANGUAGE, MAX_SLUG, MAX_SOURCE_ID, SLUG, Kind, Refused
from corpus.texts import clean_text


def text_field(
    record: Mapping[str, Any], name: str, *, longest: int, default: str = "", field: str = ""
) -> str:
    """A short text on one line, cleaned; `default` where it is missing, null or blank."""
    value = record.get(name)
    if value is None:
        return default
    if not isinstance(value, str):
        raise Refused(Kind.FIELD, f"{shown(value)} is not a text", field=field or name)
    try:
        cleaned = clean_text(value).replace("\n", " ")
    except TextError as error:
        raise Refused(Kind.FIELD, error.reason, field=field or name) from error
    if len(cleaned) > longest:
        reason = f"at most {longest} characters, this one {len(cleaned)}"
        raise Refused(Kind.FIELD, reason, field=field or name)
    return cleaned or default


def number_field(record: Mapping[str, Any], name: str, default: float, *, field: str) -> float:
    """A finite number, also written as a text; `default` where it is missing or null."""
    value = record.get(name)
    if value is None:
        return default
    try:
        number = (
            float(value) if isinstance(value, int | float | str) and not isinstance(value, bool) else math.nan
        )
    except (ValueError, OverflowError):
        number = math.nan
    if not math.isfinite(number):
        raise Refused(Kind.FIELD, f"{shown(value)} is not a number", field=field)
    return number


def slug_field(value: object, name: str) -> str:
    """A slug: letters, digits, hyphens and underscores."""
    if not isinstance(value, str) or not SLUG.fullmatch(value) or len(value) > MAX_SLUG:
        reason = f"{shown(value)} is not 1 to {MAX_SLUG} letters, digits, hyphens and underscores"
        raise Refused(Kind.FIELD, reason, field=name)
    return value


def language_field(record: Mapping[str, Any], name: str, default: str) -> str:
    """A language tag in lower case; `default` where it is missing or blank."""
    value = record.get(name)
    if value in (None, ""):
        return default
    if not isinstance(value, str) or not LANGUAGE.fullmatch(value) or len(value) > MAX_LANGUAGE:
        raise Refused(
            Kind.FIELD,
            f"{shown(value)} is not a language tag in lower case, such as en or zh-hans",
            field=name,
        )
    return value


def id_field(record: Mapping[str, Any], name: str) -> str:
    """An id without blanks; blank where it is missing."""
    value = record.get(name)
    if value in (None, ""):
        return ""
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if (
        not isinstance(value, str)
        or len(value) > MAX_SOURCE_ID
        or not value.isprintable()
        or any(character.isspace() for character in value)
    ):
        reason = f"{shown(value)} is not an id: 1 to {MAX_SOURCE_ID} characters without blanks"
        raise Refused(Kind.FIELD, reason, field=name)
    return value


def texts_field(value: object, name: str, *, most: int) -> tuple[str, ...]:
    """A list of texts, as they are."""
    if not isinstance(value, list) or not all(isinstance(text, str) for text in value):
        raise Refused(Kind.FIELD, f"{shown(value)} is not a list of texts", field=name)
    if len(value) > most:
        raise Refused(
            Kind.BOXES, f"{len(value)} texts; a meme template has at most {most} text boxes", field=name
        )
    return tuple(value)
