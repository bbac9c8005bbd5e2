"""What Django refuses before or behind a view: in the API's own words below /api/, as a page everywhere else."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.defaults import bad_request

from annotation.access import public
from annotation.api.errors import ErrorCode, problem
from annotation.views import pages

BELOW = "/api/"


def told(code: ErrorCode, message: str = "") -> JsonResponse:
    """A refusal of the API, made without its framework."""
    return JsonResponse({"error": problem(code, message)}, status=code.status)


@public
def bad(request: HttpRequest, exception: Exception) -> HttpResponse:
    """A request that is none, such as one for a host that this is not."""
    if request.path.startswith(BELOW):
        return told(ErrorCode.MALFORMED, "The request is not one for this server.")
    return bad_request(request, exception)


@public
def refused(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Not theirs."""
    if request.path.startswith(BELOW):
        return told(ErrorCode.ROLE_MISSING)
    return pages.refused(request, exception)


@public
def broken(request: HttpRequest) -> HttpResponse:
    """Our fault."""
    if request.path.startswith(BELOW):
        return told(ErrorCode.INTERNAL)
    return pages.broken(request)
