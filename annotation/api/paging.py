"""Long lists in pages that stay right while rows are added: each page begins behind the last row of the one before."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, TypeVar
from urllib.parse import urlencode

from django.db.models import Model, QuerySet
from rest_framework.request import Request

from annotation.api.fields import MAX_ROW, Digits, Filter

MAX_PAGE: Final = 200
Row = TypeVar("Row", bound=Model)


class Page(Filter):
    """Which page of a list."""

    cursor = Digits(
        required=False,
        default=0,
        min_value=0,
        max_value=MAX_ROW,
        help_text="Taken from `next`; without it the list begins.",
    )
    limit = Digits(
        required=False, default=50, min_value=1, max_value=MAX_PAGE, help_text="How many rows a page has."
    )


def page_of(
    rows: QuerySet[Row], *, request: Request, limit: int, cursor: int
) -> tuple[Sequence[Row], str | None]:
    """The rows behind the cursor in the order of their numbers, and the address of the next page, if there is one."""
    found = list(rows.filter(pk__gt=cursor).order_by("pk")[: limit + 1])
    if len(found) <= limit:
        return found, None
    return found[:limit], next_address(request, found[limit - 1].pk)


def next_address(request: Request, last: int) -> str:
    """The same address, behind a row."""
    query = urlencode({**request.query_params.dict(), "cursor": last})
    return request.build_absolute_uri(f"{request.path}?{query}")
