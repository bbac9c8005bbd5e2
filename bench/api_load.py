"""How many judgments a second programs give by the API, beside people at the page, on the same installation.

`python -m bench.api_load [--users 8] [--judgments 2000] [--database sqlite|postgresql] [--json]`

One server as `make run` starts it, three crowds one after the other, each of its own people: at the page (as
`bench.annotation_load` drives it), by the API one judgment a request, by the API in batches of five. On a machine that is busy
otherwise, compare the server's processor time per judgment, not the seconds. The API's rate limit is raised: that of one token
is below what this measures.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from typing import Any, Protocol
from uuid import uuid4

from rich.console import Console
from rich.table import Table

from bench.annotation_client import ANSWERS, MAX_ERRORS, PATIENCE_S, BenchError, Browser, Tickets
from bench.annotation_load import Load, filled
from bench.annotation_server import Installation, installation
from bench.api_fuzz import NO_LIMIT, manage
from bench.processor import Spent

BATCH = 5  # as many pairs as one may hold


@dataclass(slots=True)
class Program:
    """A program that judges by token, one answer a request, on a connection kept open."""

    port: int
    token: str
    stored: int = 0
    errors: int = 0
    connection: HTTPConnection = field(init=False)

    def __post_init__(self) -> None:
        self.connection = HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_S)

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """What the API answers; a refusal is an error, and an empty answer."""
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        try:
            self.connection.request("POST", f"/api/v1/{path}", json.dumps(body), headers)
            response = self.connection.getresponse()
            told: dict[str, Any] = json.loads(response.read())
        except (OSError, HTTPException):
            self.connection.close()  # the next request opens it again
            response, told = None, {}
        if response is None or response.status >= 400:
            self.errors += 1
            return {}
        return told

    def lease(self, count: int) -> list[dict[str, Any]]:
        """The next pairs."""
        found: list[dict[str, Any]] = self.post("assignments/", {"count": count}).get("assignments", [])
        return found

    def judge(self, tickets: Tickets) -> None:
        """Judge until the tickets are used up."""
        pair: dict[str, Any] | None = None
        while self.errors < MAX_ERRORS and tickets.take():
            pair = pair or next(iter(self.lease(1)), None)
            if pair is None:
                self.errors += 1
                continue
            told = self.post("judgments/", judgment(pair))
            self.stored += told.get("result") == "stored"
            pair = told.get("next")


class BatchProgram(Program):
    """The same, in batches."""

    def judge(self, tickets: Tickets) -> None:
        """Judge until the tickets are used up."""
        while self.errors < MAX_ERRORS and (wanted := sum(tickets.take() for _ in range(BATCH))):
            pairs = self.lease(BATCH)[:wanted]
            if not pairs:
                self.errors += 1
                continue
            told = self.post("judgments/batch/", {"judgments": [judgment(pair) for pair in pairs]})
            self.stored += sum(row["result"] == "stored" for row in told.get("results", []))


def judgment(pair: dict[str, Any]) -> dict[str, Any]:
    """An answer to a pair."""
    answer = ANSWERS[pair["id"] % len(ANSWERS)]
    return {"assignment": pair["id"], "token": str(uuid4()), "answer": answer, "response_ms": 1500}


class Judge(Protocol):
    """Somebody who judges until the tickets are used up."""

    errors: int

    @property
    def stored(self) -> int: ...

    def judge(self, tickets: Tickets) -> None: ...


def crowd(judges: Sequence[Judge], load: Load, where: Installation) -> dict[str, float]:
    """Let all judge at once; the figures."""
    tickets = Tickets(number=load.judgments, limit_s=load.limit_s)
    before, started = Spent.now(where.web_id, where.database_id), time.perf_counter()
    tickets.start()
    with ThreadPoolExecutor(len(judges)) as pool:
        list(pool.map(lambda judge: judge.judge(tickets), judges))
    seconds = time.perf_counter() - started
    spent = Spent.now(where.web_id, where.database_id).since(before)
    stored = sum(judge.stored for judge in judges)
    if not stored:
        raise BenchError("Nothing was judged.")
    return {
        "judgments_per_s": stored / seconds,
        "server_cpu_ms": 1000 * spent.server / stored,
        "database_cpu_ms": 1000 * spent.database / stored,
        "others_cpu_share": spent.others_share,
        "stored": stored,
        "errors": sum(judge.errors for judge in judges),
    }


def measure(load: Load) -> dict[str, dict[str, float]]:
    """The figures of the three crowds, and what is in the database afterwards."""
    with installation(load.database) as where:
        where.environment |= NO_LIMIT
        names = list((place := filled(load, where)).passwords)
        people, single, batch = (names[start::3] for start in range(3))
        tokens = {name: manage(where, "create_token", name) for name in (*single, *batch)}
        found: dict[str, dict[str, float]] = {}
        with where.serving():
            browsers = [Browser(where.port) for _ in people]
            for browser, name in zip(browsers, people, strict=True):
                browser.sign_in(name, place.passwords[name])
            found["page"] = crowd(browsers, load, where)
            makers: list[tuple[str, list[str], Callable[[int, str], Program]]] = [
                ("api_single", single, Program),
                ("api_batch", batch, BatchProgram),
            ]
            for title, owners, make in makers:
                found[title] = crowd([make(where.port, tokens[name]) for name in owners], load, where)
        rows = where.ask_rows("verify")
    stored = sum(figures["stored"] for figures in found.values())
    found["all"] = {
        "duplicates": rows["duplicates"],
        "over_replicated": rows["over_replicated"],
        "errors": sum(figures["errors"] for figures in found.values()) + abs(stored - rows["stored"]),
    }
    return found


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.api_load", description=__doc__)
    parser.add_argument("--users", type=int, default=8, help="of each crowd")
    parser.add_argument("--judgments", type=int, default=2000, help="of each crowd")
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--json", action="store_true", help="end with one JSON object")
    options = parser.parse_args()
    found = measure(
        Load(users=3 * options.users, judgments=options.judgments, database=options.database, repeats=1)
    )
    crowds = [title for title in found if title != "all"]
    shown = Table(
        "", *crowds, title=f"{options.database}: {options.users} judges, {options.judgments} judgments each"
    )
    for name in found["page"]:
        shown.add_row(name, *(f"{found[title][name]:.3g}" for title in crowds))
    Console(width=110).print(shown)
    print(", ".join(f"{name}: {value}" for name, value in found["all"].items()))
    if options.json:
        print(json.dumps(found | {"database": options.database}))
    return int(any(found["all"].values()))


if __name__ == "__main__":
    sys.exit(main())
