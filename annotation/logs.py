"""How log lines look and what they never hold: JSON for a server, words for a terminal; no secret, no personal data.

Everything that logs goes through here: our own lines, Django's, gunicorn's and Celery's. Each line of a request carries the
request's number, and so does each line of a task that was queued by it.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Mapping, MutableMapping
from typing import Any, Final

import structlog
from django.http import HttpRequest

# What our own lines may say beside their sentence.
FIELDS: Final = ("method", "route", "status", "ms", "user", "task")
# The safety net behind the rule not to log any: a secret link, an address or a password in the text of somebody's exception.
NEVER: Final[tuple[tuple[re.Pattern[str], str], ...]] = (
    (re.compile(r"/(join|accounts/password/reset/key|accounts/confirm-email)/[^\s'\"?]+"), r"/\1/<secret>"),
    (re.compile(r"\b([a-z][a-z0-9+.-]*://)[^/\s@'\"]+@"), r"\1<secret>@"),
    (re.compile(r"\bbearer\s+[\w.~+/=-]+", re.IGNORECASE), "Bearer <secret>"),
    (re.compile(r"\bpl_[\w-]{16,}"), "<secret>"),  # a token of the API, whichever characters it drew
    # What `token_urlsafe` makes; hashes and names of constraints, which help, have no capitals.
    (re.compile(r"(?<![\w-])(?=[\w-]*[A-Z])(?=[\w-]*[a-z])(?=[\w-]*[0-9])[\w-]{32,}"), "<secret>"),
    (re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"), "<e-mail>"),
    (re.compile(r"\bip=\S+"), "ip=<address>"),
)
Event = MutableMapping[str, Any]


def route_of(request: HttpRequest) -> str:
    """The name of the page that was asked for; never its path, which may hold a secret."""
    match = request.resolver_match
    return match.view_name if match and match.view_name else "-"


class RoutesForPaths(logging.Filter):
    """Puts the route's name where Django's messages about a request hold its path."""

    def filter(self, record: logging.LogRecord) -> bool:
        request = getattr(record, "request", None)
        if isinstance(request, HttpRequest) and request.path_info == "/readyz":
            return False  # it logs by itself what is not ready, once
        if isinstance(request, HttpRequest) and isinstance(record.args, tuple):
            paths = (request.path, request.path_info, request.get_full_path())
            record.args = tuple(route_of(request) if arg in paths else arg for arg in record.args)
        return True


def cleaned(logger: object, name: str, event: Event) -> Mapping[str, Any]:
    """The event without what never stands in a log; when, how bad, who and what come first."""
    first = {key: event[key] for key in ("timestamp", "level", "logger", "event")}
    texts = {key: clean(str(event[key])) for key in ("event", "exception") if key in event}
    return {**first, **event, **texts}


def clean(text: str) -> str:
    """A text without what never stands in a log."""
    for pattern, instead in NEVER:
        text = pattern.sub(instead, text)
    return text


def line(logger: object, name: str, event: Event) -> str:
    """One event for somebody at a terminal: when, how bad, who, what; then what else is known."""
    when, level, who, what, *rest = ((key, value) for key, value in event.items() if key != "exception")
    said = "".join(f" {key}={value}" for key, value in rest)
    trace = f"\n{event['exception']}" if "exception" in event else ""
    return f"{when[1]} {level[1].upper()} {who[1]}: {what[1]}{said}{trace}"


def formatter(form: str) -> logging.Formatter:
    """The formatter of all handlers; `form` is "json" or "lines"."""
    time = structlog.processors.TimeStamper(
        fmt="iso" if form == "json" else "%Y-%m-%d %H:%M:%S", utc=form == "json"
    )
    render: Callable[..., str | bytes] = (
        structlog.processors.JSONRenderer(default=str) if form == "json" else line
    )
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[
            structlog.contextvars.merge_contextvars,
            structlog.stdlib.add_log_level,
            structlog.stdlib.add_logger_name,
            structlog.stdlib.ExtraAdder(allow=FIELDS),
            time,
        ],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            cleaned,
            render,
        ],
    )


def configuration(*, form: str, level: str, requests: bool) -> dict[str, Any]:
    """Django's LOGGING: everything to the standard error stream; a line per request when asked for."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"ours": {"()": formatter, "form": form}},
        "filters": {"routes": {"()": RoutesForPaths}},
        "handlers": {
            "console": {"class": "logging.StreamHandler", "formatter": "ours", "filters": ["routes"]}
        },
        "root": {"handlers": ["console"], "level": level},
        "loggers": {
            "annotation.requests": {"level": "INFO" if requests else level},
            "config": {"level": "INFO"},
            # Django mails errors to ADMINS with the request in them, and warns of each 404, which the request's line tells.
            "django": {"handlers": [], "propagate": True},
            "django.request": {"level": "ERROR"},
            "django.security.DisallowedHost": {"level": "CRITICAL"},
            # Django leaves it to the server to drop the body of an answer to HEAD; gunicorn does, and warns of each.
            "gunicorn.http.wsgi": {"level": "ERROR"},
        },
    }
