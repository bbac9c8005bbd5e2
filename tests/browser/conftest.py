"""A real browser before a real server: one Chromium for the package, a fresh context per visit."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Request,
    WebError,
    sync_playwright,
)
from pytest_django.live_server_helper import LiveServer

from annotation.models import User

CHROMIUM = Path("/usr/bin/chromium")
PATIENCE_MS = 15_000
# What Chromium itself writes to the console when a test has cut the connection, or wants an answer to be no.
ON_PURPOSE = ("net::ERR_INTERNET_DISCONNECTED", "net::ERR_FAILED", "the server responded with a status of 4")
WATCH = """document.addEventListener("securitypolicyviolation", (event) =>
  console.error(`refused by the content security policy: ${event.violatedDirective} ${event.blockedURI}`));"""


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Chromium; while it runs, its loop lives in this thread, and Django must be told that the ORM may be used beside it."""
    if not CHROMIUM.exists():
        pytest.skip(f"{CHROMIUM} is missing: install Debian's package `chromium`")
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        patch.setitem(os.environ, "DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        chromium = playwright.chromium.launch(executable_path=str(CHROMIUM))
        yield chromium
        chromium.close()


class Visit:
    """Opens pages of the site, each visit in a browser context of its own, and writes down whatever goes wrong on them."""

    def __init__(self, browser: Browser, server: str) -> None:
        self._browser = browser
        self._server = server
        self._contexts: list[BrowserContext] = []
        self.troubles: list[str] = []

    def __call__(self, user: User | None = None, path: str | None = "/judge/", **options: Any) -> Page:
        """A page opened by somebody, signed in by cookie, or by a stranger; `options` are those of a browser context."""
        context = self._browser.new_context(base_url=self._server, **{"locale": "en-GB", **options})
        self._contexts.append(context)
        context.set_default_timeout(PATIENCE_MS)
        if options.get("java_script_enabled", True):
            context.add_init_script(WATCH)
        context.on("console", self._heard)
        context.on("request", self._asked)
        context.on("weberror", self._broke)
        if user:
            client = Client()
            client.force_login(user)
            session = client.cookies["sessionid"].value
            context.add_cookies([{"name": "sessionid", "value": session, "url": self._server}])
        page = context.new_page()
        if path:
            page.goto(path)
        return page

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not any(words in message.text for words in ON_PURPOSE):
            self.troubles.append(f"console: {message.text}")

    def _asked(self, request: Request) -> None:
        if not request.url.startswith((f"{self._server}/", "data:")):
            self.troubles.append(f"another host: {request.url}")

    def _broke(self, error: WebError) -> None:
        self.troubles.append(f"script: {error.error}")

    def end(self) -> None:
        """Close every page."""
        for context in self._contexts:
            context.close()


@pytest.fixture
def visit(browser: Browser, live_server: LiveServer) -> Iterator[Visit]:
    """Visits that must end without a script error, a refusal by the policy, or a request to another host."""
    visit = Visit(browser, live_server.url)
    yield visit
    visit.end()
    assert visit.troubles == []
