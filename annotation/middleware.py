"""Middleware: who may pass, and whose calendar day it is."""

from __future__ import annotations

import logging
import zoneinfo
from collections.abc import Callable
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone

from annotation.access import rule_of

GetResponse = Callable[[HttpRequest], HttpResponse]
log = logging.getLogger(__name__)


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
