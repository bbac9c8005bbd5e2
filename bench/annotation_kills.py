"""Servers killed with -9 at random while people judge: every acknowledged judgment is there exactly once.

The web server is killed with all its workers, PostgreSQL with all its processes; each is started again on the same port and data
a moment later. People keep what was not acknowledged and send it again, as the page's outbox does.
"""

from __future__ import annotations

import json
import random
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from bench.annotation_client import Browser, Tickets
from bench.annotation_server import Installation, installation


@dataclass(frozen=True, slots=True, kw_only=True)
class Killing:
    """How often the servers are killed."""

    database: str = "sqlite"
    users: int = 8
    judgments: int = 10_000
    memes: int = 5_000
    templates: int = 50
    limit_s: float = 3_600.0
    between_s: tuple[float, float] = (0.5, 4.0)  # from when all runs until the next kill
    down_s: float = 0.5  # at most, until what was killed is started again
    most_kills: int = 1_000_000  # after which all is left alone
    seed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Survived:
    """What became of the judgments."""

    acknowledged: int
    stored: int
    lost: int
    doubled: int
    web_kills: int
    database_kills: int
    requests_repeated: int
    over_replicated: int
    errors: int  # answers that were refused, or given up
    seconds: float

    @property
    def sound(self) -> bool:
        """Whether nothing is missing, doubled or refused."""
        return not (self.lost or self.doubled or self.over_replicated or self.errors)


def judge_under_fire(killing: Killing) -> Survived:
    """Let people judge while servers are killed, then compare what they were told with what is stored."""
    with installation(killing.database) as place:
        sizes = [f"--{name}={getattr(killing, name)}" for name in ("memes", "templates", "users")]
        passwords = place.ask_rows("fill", *sizes, "--history=0")["passwords"]
        browsers = [Browser(place.port, outbox=True) for _ in passwords]
        started = time.monotonic()
        with place.serving():
            with ThreadPoolExecutor(killing.users) as pool:
                list(pool.map(Browser.sign_in, browsers, passwords, passwords.values()))
            web, database = kill_while(browsers, place, killing)
            for browser in browsers:
                browser.close()
        seconds = time.monotonic() - started
        compared = compare(place, browsers)
        found = place.ask_rows("verify")
    return Survived(
        **compared,
        web_kills=web,
        database_kills=database,
        requests_repeated=sum(browser.repeated for browser in browsers),
        over_replicated=found["over_replicated"],
        errors=sum(browser.errors for browser in browsers),
        seconds=round(seconds, 1),
    )


def kill_while(browsers: list[Browser], place: Installation, killing: Killing) -> tuple[int, int]:
    """Kill servers at random until all is judged; how often the web server and the database were killed.

    Servers end with the thread that started them, so that is this one, and people judge in others.
    """
    tickets = Tickets(number=killing.judgments, limit_s=killing.limit_s)
    threads = [threading.Thread(target=browser.judge, args=(tickets,), daemon=True) for browser in browsers]
    chance, kills = random.Random(killing.seed), {"web": 0, "database": 0}
    targets = [("web",)] if place.database is None else [("web",), ("database",), ("web", "database")]
    tickets.start()
    for thread in threads:
        thread.start()
    for _ in range(killing.most_kills):
        until = time.monotonic() + chance.uniform(*killing.between_s)
        while time.monotonic() < until and any(thread.is_alive() for thread in threads):
            time.sleep(0.01)
        if not any(thread.is_alive() for thread in threads):
            break
        chosen = chance.choice(targets)
        for target in chosen:
            kills[target] += 1
        kill_and_start(place, chosen, chance.uniform(0.0, killing.down_s))
    for thread in threads:
        thread.join()
    return kills["web"], kills["database"]


def kill_and_start(place: Installation, targets: tuple[str, ...], down_s: float) -> None:
    """Kill servers together, and start them again after a moment, the database first."""
    if "web" in targets:
        place.kill_web()
    if "database" in targets and place.database is not None:
        place.database.kill()
    time.sleep(down_s)
    if "database" in targets and place.database is not None:
        place.database.start()
    if "web" in targets:
        place.start_web()


def compare(place: Installation, browsers: list[Browser]) -> dict[str, int]:
    """What the people were told against what is stored."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "acknowledged.jsonl"
        rows = [row for browser in browsers for row in browser.acknowledged]
        file.write_text("".join(json.dumps(row) + "\n" for row in rows))
        return place.ask_rows("compare", str(file))
