"""The client of `bench.annotation_load`: one person at the page, as the page's own script behaves, and as cheap as can be."""

from __future__ import annotations

import html
import re
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from urllib.parse import urlencode

PATIENCE_S = 30.0  # for one answer
OUTBOX_S = 120.0  # how long an answer is repeated until it is acknowledged
PAUSE_S = 0.1  # before it is repeated
PAIRS_AHEAD = 2  # pairs the page has in line behind the one in front
MAX_ERRORS = 20  # of one person, who then stops
ANSWERS = ("left", "right", "left", "right", "tie", "left", "right", "both_bad")
CSRF = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')
PAIR = re.compile(r'data-assignment="(\d+)".*?name="token" value="([0-9a-f-]{36})"', re.DOTALL)


class BenchError(RuntimeError):
    """A measurement that could not be made."""


class Tickets:
    """The judgments still to be made, handed out one at a time until they or the time are used up."""

    def __init__(self, *, number: int, limit_s: float) -> None:
        self._left, self._limit_s = number, limit_s
        self._lock = threading.Lock()
        self._deadline = float("inf")

    def start(self) -> None:
        """Let the time run."""
        self._deadline = time.monotonic() + self._limit_s

    def take(self) -> bool:
        """Whether there is one more to make."""
        with self._lock:
            self._left -= 1
            return self._left >= 0 and time.monotonic() < self._deadline


@dataclass(slots=True)
class Browser:
    """One person at the page: a connection kept open, cookies, the pairs in line.

    With an outbox an answer that got none is sent again, the same with the same token, as the page does.
    """

    port: int
    name: str = ""
    outbox: bool = False
    cookies: dict[str, str] = field(default_factory=dict)
    csrf: str = ""
    line: list[tuple[str, str]] = field(default_factory=list)  # assignment and token
    latencies_ms: list[float] = field(default_factory=list)
    acknowledged: list[tuple[str, int, str, str]] = field(
        default_factory=list
    )  # name, assignment, token, outcome
    repeated: int = 0
    errors: int = 0
    connection: HTTPConnection = field(init=False)

    def __post_init__(self) -> None:
        self.connection = HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_S)

    @property
    def stored(self) -> int:
        """Answers that were acknowledged."""
        return len(self.acknowledged)

    def sign_in(self, name: str, password: str) -> None:
        """Sign in through the form, open the page and fetch ahead, as the page's script does."""
        self.name = name
        self.get("/accounts/login/")
        status, _ = self.post("/accounts/login/", {"login": name, "password": password, "remember": "on"})
        if status != 302 or "sessionid" not in self.cookies:
            raise BenchError(f"{name} could not sign in: status {status}")
        self.get("/judge/")
        status, page = self.post("/judge/ahead/", {"have": self.have()}, htmx=True)
        self.line += PAIR.findall(page)
        if status != 200 or len(self.line) != 1 + PAIRS_AHEAD:
            raise BenchError(f"{name} got {len(self.line)} pairs to start with: status {status}")

    def judge(self, tickets: Tickets) -> None:
        """Judge until the tickets are used up, or answers fail over and over."""
        while self.errors < MAX_ERRORS and tickets.take():
            if not self.line and not self.find_line():
                self.errors += 1
                continue
            (assignment, token), self.line = self.line[0], self.line[1:]
            outcome = ANSWERS[int(assignment) % len(ANSWERS)]
            fields = {"answer": outcome, "token": token, "response_ms": "1500", "have": self.have()}
            started = time.perf_counter()
            status, page = self.send(f"/judge/{assignment}/", fields)
            self.latencies_ms.append(1000 * (time.perf_counter() - started))
            if status == 200:
                self.acknowledged.append((self.name, int(assignment), token, outcome))
                self.line += PAIR.findall(page)
            else:
                self.errors += 1

    def send(self, path: str, fields: dict[str, str]) -> tuple[int, str]:
        """Send an answer; with an outbox again and again until the server has said something of it."""
        deadline = time.monotonic() + OUTBOX_S
        status, page = self.post(path, fields, htmx=True)
        while self.outbox and (status == 0 or status >= 500) and time.monotonic() < deadline:
            time.sleep(PAUSE_S)
            self.repeated += 1
            status, page = self.post(path, fields, htmx=True)
        return status, page

    def find_line(self) -> bool:
        """Open the page again, as somebody does whose pairs are used up; whether there are any."""
        deadline = time.monotonic() + OUTBOX_S
        while True:
            with suppress(BenchError):
                self.get("/judge/")
            if self.line or not self.outbox or time.monotonic() > deadline:
                return bool(self.line)
            time.sleep(PAUSE_S)

    def close(self) -> None:
        """Close the page."""
        self.connection.close()

    def have(self) -> str:
        """The assignments in line, as the page names them."""
        return ",".join(assignment for assignment, _ in self.line)

    def get(self, path: str) -> None:
        """Open a page and keep what it holds: its CSRF token, its pairs."""
        status, page = self.request("GET", path)
        if status != 200:
            raise BenchError(f"GET {path}: status {status}")
        self.csrf = html.unescape(CSRF.findall(page)[0])
        self.line = PAIR.findall(page)

    def post(self, path: str, fields: dict[str, str], *, htmx: bool = False) -> tuple[int, str]:
        """Send a form; status and page."""
        body = urlencode({**fields, "csrfmiddlewaretoken": self.csrf})
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        return self.request("POST", path, body, headers | ({"HX-Request": "true"} if htmx else {}))

    def request(
        self, method: str, path: str, body: str | None = None, headers: dict[str, str] | None = None
    ) -> tuple[int, str]:
        """One request with cookies; status and page, or status 0 when the connection broke."""
        cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        try:
            self.connection.request(method, path, body, {"Cookie": cookie, **(headers or {})})
            response = self.connection.getresponse()
            page = response.read().decode()
        except (OSError, HTTPException):
            self.connection.close()  # the next request opens it again
            return 0, ""
        for line in response.headers.get_all("Set-Cookie", []):
            name, _, value = line.partition(";")[0].partition("=")
            self.cookies[name] = value
        return response.status, page
