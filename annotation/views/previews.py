"""Drawing something only to show it: small, and only so often for each person."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from http import HTTPStatus
from typing import Final
from urllib.parse import quote

from django.core.cache import cache
from django.http import HttpResponse, JsonResponse

from annotation.models import MemeTemplate, User
from annotation.queries import meme_templates as queries
from corpus.errors import CorpusError
from corpus.memes import TextBox

PER_MINUTE: Final = 120  # previews of one person: two a second is faster than anybody types
MINUTE_S: Final = 60


def drawn_preview(
    *, by: User, template: MemeTemplate, boxes: Sequence[TextBox], texts: Sequence[str]
) -> HttpResponse:
    """A small JPEG of the meme; which characters no font has and which boxes are too small stands in the header `Preview`."""
    if not _is_within_limit(by):
        return JsonResponse({"retry_after_s": 5}, status=HTTPStatus.TOO_MANY_REQUESTS)
    try:
        drawing = queries.preview(template=template, boxes=boxes, texts=texts)
    except (CorpusError, FileNotFoundError):
        return JsonResponse({}, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    found = {"missing": drawing.missing, "cut": [number + 1 for number in drawing.cut]}
    headers = {"Preview": quote(json.dumps(found)), "Cache-Control": "no-store"}
    return HttpResponse(drawing.data, content_type="image/jpeg", headers=headers)


def _is_within_limit(user: User) -> bool:
    """Count one more preview of somebody in this minute."""
    key = f"previews:{user.pk}:{int(time.time()) // MINUTE_S}"
    cache.add(key, 0, 2 * MINUTE_S)
    try:
        return cache.incr(key) <= PER_MINUTE
    except ValueError:  # the cache was emptied between the two
        return True
