"""Middleware: probes, the number of a request, who may pass, and whose calendar day it is."""

from __future__ import annotations

import logging
import re
import secrets
import time
import zoneinfo
from collections.abc import Callable
from typing import Any, Final

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.functional import SimpleLazyObject
from structlog.contextvars import bound_contextvars

from annotation.access import rule_of
from annotation.logs import route_of
from annotation.metrics import count_request
from annotation.views import operations

GetResponse = Callable[[HttpRequest], HttpResponse]
log = logging.getLogger(__name__)
request_log = logging.getLogger("annotation.requests")

PROBES: Final = {"/healthz": operations.healthz, "/readyz": operations.readyz, "/metrics": operations.metrics}
SANE_NUMBER: Final = re.compile(r"[A-Za-z0-9_-]{8,64}")


def probes(get_response: GetResponse) -> GetResponse:
    """Answers what a load balancer or Prometheus asks before anything else looks at the request.

    They come by an address, without a host name that is allowed, without HTTPS, without a session; and one line in the log for
    each of them would be most of the log. `/metrics` without a token goes the ordinary way: an admin may be signed in.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        view = PROBES.get(request.path_info)
        if view is None or (view is operations.metrics and "Authorization" not in request.headers):
            return get_response(request)
        return view(request)

    return middleware


class RequestMiddleware:
    """Gives each request a number, which all it logs carries and the answer names; counts it and logs one line about it."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.META.get("HTTP_X_REQUEST_ID", "")
        number = given if SANE_NUMBER.fullmatch(given) else secrets.token_hex(8)
        request.request_id = number  # type: ignore[attr-defined]  # for the page that says that something broke
        started = time.perf_counter()
        with bound_contextvars(request_id=number):
            response = self.get_response(request)
            seconds = time.perf_counter() - started
            count_request(request, status=response.status_code, seconds=seconds)
            if request_log.isEnabledFor(logging.INFO):
                said: dict[str, Any] = {
                    "method": request.method,
                    "route": route_of(request),
                    "status": response.status_code,
                }
                said |= {"ms": round(1000 * seconds, 1), "user": user_id(request)}
                request_log.info("request", extra=said)
        response.headers["X-Request-ID"] = number
        return response


def user_id(request: HttpRequest) -> int | None:
    """The account that the request turned out to be of; nobody is looked up for the log's sake."""
    user = request.__dict__.get("user")
    if isinstance(user, SimpleLazyObject):
        user = getattr(request, "_cached_user", None)
    pk: int | None = getattr(user, "pk", None)
    return pk


class AccessMiddleware:
    """Enforces every view's own rule before it runs; a view without a rule is refused to all."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> HttpResponseBase | None:
        """None to go on, else the refusal: to sign in, or that this is not theirs."""
        match = request.resolver_match
        rule = rule_of(view, match.view_name if match else None)
        if rule is None:
            log.error("the view %s says nothing about who may use it", getattr(view, "__qualname__", view))
            raise PermissionDenied
        if rule.allows(request.user):
            return None
        if request.user.is_authenticated:
            raise PermissionDenied
        if request.method == "GET" and not getattr(request, "htmx", False):
            return redirect_to_login(request.get_full_path())
        return render(request, "401.html", status=401)


def time_zone(get_response: GetResponse) -> GetResponse:
    """Activates the time zone that the page's script wrote into a cookie, so that "today" is the annotator's own."""

    def middleware(request: HttpRequest) -> HttpResponse:
        name = request.COOKIES.get("tz", "")
        if name in KNOWN_ZONES:
            with timezone.override(zoneinfo.ZoneInfo(name)):
                return get_response(request)
        return get_response(request)

    return middleware


KNOWN_ZONES = frozenset(zoneinfo.available_timezones())
