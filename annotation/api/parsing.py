"""How a body is read: JSON in UTF-8, of a bounded size."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import IO, Any, Final, Never

from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser

from annotation.api.errors import ErrorCode, Refusal

MAX_BODY: Final = 256 * 1024  # bytes; the largest batch takes a tenth of it


class JsonParser(BaseParser):
    """Reads a JSON body."""

    media_type = "application/json"

    def parse(
        self,
        stream: IO[bytes],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        """The body's value. Raises a refusal when it is too large, and `ParseError` when it is no JSON."""
        body = stream.read(MAX_BODY + 1)
        if len(body) > MAX_BODY:
            raise Refusal(ErrorCode.TOO_LARGE, f"The body is too large: at most {MAX_BODY} bytes.")
        try:
            return json.loads(body.decode(), parse_constant=refuse_constant)
        except (
            ValueError,
            RecursionError,
        ) as error:  # no UTF-8, no JSON, a number without end, a nest without end
            raise ParseError from error


def refuse_constant(name: str) -> Never:
    """`NaN` and `Infinity` are JavaScript, not JSON."""
    raise ValueError(name)
