"""Inputs that take exactly what they describe: no "3" for 3, no field that nobody knows."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final, TypeVar
from uuid import UUID

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request

from annotation.api.errors import ErrorCode, Refusal

MAX_ROW: Final = 10**18 - 1  # as in the addresses of pages: it fits every database's column
MAX_SAID: Final = 40  # characters of somebody's own words that an error repeats
CANONICAL_UUID: Final = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
LANGUAGE: Final = re.compile(r"[A-Za-z0-9-]{1,12}")
Body = TypeVar("Body", bound="Input")


class WholeNumber(serializers.IntegerField):
    """A JSON number without a fraction."""

    def to_internal_value(self, data: Any) -> int:
        """The number. In JSON 3 and 3.0 are the same."""
        if isinstance(data, bool) or not isinstance(data, int | float) or data != data // 1:
            self.fail("invalid")
        return int(data)


class RowNumber(WholeNumber):
    """The number of a row."""

    def __init__(self, **options: Any) -> None:
        super().__init__(min_value=1, max_value=MAX_ROW, **options)


class CanonicalUuid(serializers.UUIDField):
    """A UUID in its usual form."""

    def to_internal_value(self, data: Any) -> UUID:
        """The UUID."""
        if not isinstance(data, str) or not CANONICAL_UUID.fullmatch(data):
            raise serializers.ValidationError(
                "A UUID such as 6f1c2a34-5b6d-4e7f-8a90-b1c2d3e4f506 is wanted."
            )
        return UUID(data)


class OneOf(serializers.ChoiceField):
    """One of a few words."""

    def to_internal_value(self, data: Any) -> str:
        """The word."""
        if not isinstance(data, str) or data not in self.choices:
            raise serializers.ValidationError(f"One of these is wanted: {', '.join(self.choices)}.")
        return data


@extend_schema_field({"type": "string", "pattern": f"^{LANGUAGE.pattern}$"})
class LanguageTag(serializers.CharField):
    """A language, as it stands on memes."""

    def to_internal_value(self, data: Any) -> str:
        """The tag, exactly as it is written."""
        if not isinstance(data, str) or not LANGUAGE.fullmatch(data):
            raise serializers.ValidationError("A language tag such as en or zh-hans is wanted.")
        return data


def repeated(said: str) -> str:
    """The beginning of somebody's own words, as an error can say it: half a surrogate pair has no place in UTF-8."""
    return said[:MAX_SAID].encode(errors="replace").decode()


class Input(serializers.Serializer[Any]):
    """What a request may say; a field that nobody knows is an error, not a thing to pass over."""

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        """The fields, checked."""
        if isinstance(data, Mapping):
            unknown = [repeated(str(name)) for name in data if name not in self.fields]
            if unknown:
                raise serializers.ValidationError({unknown[0]: ["There is no such field."]})
        found: dict[str, Any] = super().to_internal_value(data)
        return found


class Filter(Input):
    """What the query of an address may say."""


class Digits(serializers.IntegerField):
    """A number in an address: plain digits."""

    def to_internal_value(self, data: Any) -> int:
        """The number."""
        if not re.fullmatch(r"[0-9]{1,18}", str(data)):
            self.fail("invalid")
        return int(data)


def body_of(kind: type[Body], request: Request) -> dict[str, Any]:
    """A request's body, checked. Raises `ValidationError`, and a refusal for a body in chunks.

    Django reads as many bytes as `Content-Length` says: without one it would take what was sent for an empty body.
    """
    if "Transfer-Encoding" in request.headers:
        raise Refusal(ErrorCode.LENGTH_REQUIRED)
    said = kind(data=request.data)
    said.is_valid(raise_exception=True)
    return dict(said.validated_data)


def query_of(kind: type[Filter], request: Request) -> dict[str, Any]:
    """The query of a request's address, checked; a name given twice is an error. Raises `ValidationError`."""
    for name, values in request.query_params.lists():
        if len(values) > 1:
            raise serializers.ValidationError({repeated(name): ["Give this once."]})
    asked = kind(data=request.query_params.dict())
    asked.is_valid(raise_exception=True)
    return dict(asked.validated_data)
