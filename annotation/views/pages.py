"""Pages for everybody, pictures, and refusals."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, cast

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from annotation.access import public, signed_in
from annotation.pictures import picture_answer


@public
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """What this is; somebody signed in goes straight to judging."""
    if request.user.is_authenticated:
        return redirect("judge")
    return render(request, "annotation/home.html", {"open": settings.OPEN_SIGNUP})


@public
@require_safe
def guidelines(request: HttpRequest) -> HttpResponse:
    """How to judge, and the keys."""
    return render(request, "annotation/guidelines.html")


@signed_in
@require_safe
@cache_control(private=True, max_age=31536000, immutable=True)
def picture(request: HttpRequest, name: str) -> HttpResponseBase:
    """A stored picture. Its name is the hash of its bytes, so a browser may keep it for good."""
    answer = picture_answer(name)
    if answer is None:
        raise Http404
    return answer


@public
def refused(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Not theirs."""
    return render(request, "403.html", status=403)


def slow_down(request: HttpRequest, *, retry_after_s: int) -> HttpResponse:
    """Too many of something: a page that says when to go on, and a header that says the same to programs."""
    response = render(request, "429.html", {"seconds": retry_after_s}, status=HTTPStatus.TOO_MANY_REQUESTS)
    response["Retry-After"] = str(retry_after_s)
    return response


@public
def missing(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Not there."""
    return render(request, "404.html", status=404)


@public
def broken(request: HttpRequest) -> HttpResponse:
    """Our fault; rendered without the request, which may be what broke."""
    return render(cast(Any, None), "500.html", {"number": getattr(request, "request_id", "")}, status=500)
