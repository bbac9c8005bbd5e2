"""What every view of the API is."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import translation
from django.utils.cache import patch_cache_control
from drf_spectacular.utils import OpenApiResponse
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotation.api.errors import ErrorCode, ErrorOutput
from annotation.models import User


class ApiRequest(Request):
    """A request with a token, and so with its owner."""

    user: User


class ApiView(APIView):
    """A view of the API: it speaks English, is never cached, and takes GET and POST only."""

    http_method_names = ["get", "head", "post"]  # noqa: RUF012 - as Django declares it

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Messages are for programmers and logs: they do not change with a browser's language."""
        with translation.override("en"):
            return super().dispatch(request, *args, **kwargs)

    def finalize_response(self, request: Request, response: Response, *args: Any, **kwargs: Any) -> Response:
        """What was said to one token is kept by nobody, unless the view says otherwise."""
        answer = super().finalize_response(request, response, *args, **kwargs)
        answer.headers.setdefault("Content-Language", "en")
        if "Cache-Control" not in answer.headers:
            patch_cache_control(answer, no_store=True)
        return answer


TOKEN = (
    ErrorCode.TOKEN_MISSING,
    ErrorCode.TOKEN_UNKNOWN,
    ErrorCode.TOKEN_EXPIRED,
    ErrorCode.TOKEN_REVOKED,
    ErrorCode.ACCOUNT_CLOSED,
    ErrorCode.SCOPE_MISSING,
    ErrorCode.ROLE_MISSING,
)
ALWAYS = (
    *TOKEN,
    ErrorCode.METHOD_NOT_ALLOWED,
    ErrorCode.NOT_ACCEPTABLE,
    ErrorCode.THROTTLED,
    ErrorCode.INTERNAL,
)
WITH_BODY = (
    ErrorCode.MALFORMED,
    ErrorCode.LENGTH_REQUIRED,
    ErrorCode.TOO_LARGE,
    ErrorCode.UNSUPPORTED_MEDIA_TYPE,
    ErrorCode.INVALID,
)


def refusals(*codes: ErrorCode) -> dict[int, OpenApiResponse]:
    """Every refusal of an operation, for its description: those that all have, and these."""
    found: dict[int, list[str]] = {}
    for code in (*ALWAYS, *codes):
        found.setdefault(int(code.status), []).append(f"* `{code}`: {code.message}")
    return {
        status: OpenApiResponse(ErrorOutput, description="\n".join(found[status])) for status in sorted(found)
    }
