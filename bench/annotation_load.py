"""How many judgments a second the server takes, and how long somebody waits from an answer to the next pair.

`python -m bench.annotation_load [--users 8] [--judgments 2000] [--memes 5000] [--database sqlite|postgresql] [--json]`

Each repeat starts the web server as `make run` does, with the settings it is shipped with, on an empty database in a temporary
folder (PostgreSQL: a private server that syncs every commit), and drives it as the page does: everybody signs in through the
form, opens the page, fetches two pairs ahead, then sends one form per judgment, with session and CSRF token, on a connection
kept open; the answer brings the next pair. Pictures are not fetched. No limit is raised: people sign in once, and judging has
none. The client is this process, on the same cores. Afterwards the database is searched for what must not be in it.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from dataclasses import asdict, dataclass
from http.client import HTTPConnection
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench.annotation_client import BenchError, Browser, Tickets
from config.leash import leash
from config.supervisor import COMMANDS
from tests.services import free_port, own_environment, postgres_server, server_environment

MAX_USERS = 25  # allauth takes 30 sign-ins a minute from one address
START_S = 30.0  # how long the server may take to come up
TICKS_PER_S = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What is asked of the server."""

    users: int = 8
    judgments: int = 2000
    memes: int = 5000
    templates: int = 50
    database: str = "sqlite"
    repeats: int = 3
    limit_s: float = 180.0  # of one repeat's judging


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What one repeat found. The processor's milliseconds are per judgment, of all cores together."""

    judgments_per_s: float
    submit_next_p50_ms: float
    submit_next_p95_ms: float
    submit_next_p99_ms: float
    submit_next_max_ms: float
    server_cpu_ms: float
    database_cpu_ms: float
    client_cpu_ms: float
    others_cpu_share: float  # of both cores, used by processes that are not ours
    duplicates: int
    over_replicated: int
    errors: int  # answers that were not 200, and judgments acknowledged but not stored


# --- the server -----------------------------------------------------------------------------------------------------------------


@contextmanager
def installation(database: str) -> Iterator[dict[str, str]]:
    """The variables of an installation on an empty database, embedded or with a PostgreSQL of its own."""
    server = postgres_server(durable=True) if database == "postgresql" else nullcontext()
    with tempfile.TemporaryDirectory(prefix="punchline-bench-") as folder, server as url:
        variables = {"PUNCHLINE_DATA": folder}
        if url is not None:
            variables = server_environment(data=Path(folder), database=url, broker="filesystem://")
        yield own_environment() | variables | {"PUNCHLINE_PORT": str(free_port())}


@contextmanager
def web_server(environment: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """The web server, from when it answers until the caller is done; it ends with this process, even a killed one."""
    process = subprocess.Popen(
        COMMANDS["web"], env=environment, stdout=sys.stderr, preexec_fn=leash(signal.SIGTERM)
    )
    try:
        deadline = time.monotonic() + START_S
        while not answers(int(environment["PUNCHLINE_PORT"])):
            if process.poll() is not None or time.monotonic() > deadline:
                raise BenchError("The web server did not start: see above.")
            time.sleep(0.05)
        yield process
    finally:
        process.terminate()
        try:
            process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def answers(port: int) -> bool:
    """Whether the server takes connections and answers."""
    connection = HTTPConnection("127.0.0.1", port, timeout=START_S)
    try:
        connection.request("GET", "/guidelines/")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def ask_rows(environment: dict[str, str], *arguments: str) -> dict[str, str | int]:
    """What `bench.annotation_rows` prints, run on that installation."""
    program = "import django; django.setup(); from bench.annotation_rows import main; main()"
    command = [sys.executable, "-c", program, *arguments]
    variables = environment | {"DJANGO_SETTINGS_MODULE": "config.settings"}
    done = subprocess.run(command, env=variables, stdout=subprocess.PIPE, timeout=120, check=True)
    printed: dict[str, str | int] = json.loads(done.stdout)
    return printed


# --- the processor --------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """Processor time so far, in seconds: of the three parties, of everybody on the machine, and that which there was."""

    server: float
    database: float
    client: float
    everybody: float
    there: float

    @classmethod
    def now(cls, server_id: int) -> Spent:
        """Read it from /proc. Whatever else descends from this process is the database."""
        rows = process_rows()
        server = descendants(rows, server_id)
        database = descendants(rows, os.getpid()) - server - {os.getpid()}
        words = Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]
        user, nice, system, idle, waiting, *interrupts = (int(word) / TICKS_PER_S for word in words)
        busy = user + nice + system + sum(interrupts)
        return cls(
            server=sum(rows[pid][1] for pid in server),
            database=sum(rows[pid][1] for pid in database),
            client=time.process_time(),
            everybody=busy,
            there=busy + idle + waiting,
        )

    def since(self, before: Spent) -> Spent:
        """What was spent between the two."""
        earlier = asdict(before)
        return Spent(**{name: value - earlier[name] for name, value in asdict(self).items()})

    @property
    def others_share(self) -> float:
        """The share of the processor that went to processes that are not ours."""
        return max(0.0, self.everybody - self.server - self.database - self.client) / self.there


def process_rows() -> dict[int, tuple[int, float]]:
    """Every process: its parent, and the seconds it and its ended children used."""
    rows = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdecimal():
            continue
        try:
            words = (entry / "stat").read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue  # it ended meanwhile
        rows[int(entry.name)] = int(words[1]), sum(int(word) for word in words[11:15]) / TICKS_PER_S
    return rows


def descendants(rows: dict[int, tuple[int, float]], root: int) -> set[int]:
    """A process and all that descend from it."""
    found, new = set(), {root}
    while new:
        found |= new
        new = {pid for pid, (parent, _) in rows.items() if parent in new}
    return found


# --- measuring ------------------------------------------------------------------------------------------------------------------


def measure(load: Load) -> Measured:
    """One repeat, from an empty database to a stopped server."""
    with installation(load.database) as environment:
        sizes = [f"--{name}={getattr(load, name)}" for name in ("memes", "templates", "users")]
        passwords = ask_rows(environment, "fill", *sizes)
        with web_server(environment) as server:
            browsers = [Browser(int(environment["PUNCHLINE_PORT"])) for _ in passwords]
            # All at once, as they will judge: a worker keeps the connections it takes, and an idle one takes them one by one all.
            with ThreadPoolExecutor(load.users) as pool:
                list(pool.map(Browser.sign_in, browsers, passwords, map(str, passwords.values())))
            seconds, spent = judge_together(browsers, load, server.pid)
        found = {name: int(number) for name, number in ask_rows(environment, "verify").items()}
    return summary(browsers, seconds, spent, found)


def judge_together(browsers: list[Browser], load: Load, server_id: int) -> tuple[float, Spent]:
    """Let all judge at once; how long it took, and the processor time it took."""
    tickets = Tickets(number=load.judgments, limit_s=load.limit_s)
    threads = [threading.Thread(target=browser.judge, args=(tickets,), daemon=True) for browser in browsers]
    before, started = Spent.now(server_id), time.perf_counter()
    tickets.start()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - started
    return seconds, Spent.now(server_id).since(before)


def summary(browsers: list[Browser], seconds: float, spent: Spent, found: dict[str, int]) -> Measured:
    """The figures of one repeat. Raises `BenchError` when too little was judged to speak of percentiles."""
    latencies = [latency for browser in browsers for latency in browser.latencies_ms]
    if len(latencies) < 2:
        raise BenchError("Nothing was judged.")
    cuts = statistics.quantiles(latencies, n=100, method="inclusive")
    stored = sum(browser.stored for browser in browsers)
    per_judgment = {
        name: 1000 * getattr(spent, name) / max(stored, 1) for name in ("server", "database", "client")
    }
    return Measured(
        judgments_per_s=stored / seconds,
        submit_next_p50_ms=cuts[49],
        submit_next_p95_ms=cuts[94],
        submit_next_p99_ms=cuts[98],
        submit_next_max_ms=max(latencies),
        server_cpu_ms=per_judgment["server"],
        database_cpu_ms=per_judgment["database"],
        client_cpu_ms=per_judgment["client"],
        others_cpu_share=spent.others_share,
        duplicates=found["duplicates"],
        over_replicated=found["over_replicated"],
        errors=sum(browser.errors for browser in browsers) + abs(stored - found["stored"]),
    )


def median(repeats: list[Measured]) -> dict[str, float | int]:
    """The median of each figure; what must be 0 is added up instead, so that one repeat cannot hide another's."""
    rows = [asdict(repeat) for repeat in repeats]
    return {
        name: sum(row[name] for row in rows)
        if isinstance(value, int)
        else round(statistics.median(row[name] for row in rows), 3)
        for name, value in rows[0].items()
    }


def table(load: Load, repeats: list[Measured]) -> Table:
    """A row per figure, a column per repeat and one for all."""
    title = f"{load.database}: {load.users} people, {load.judgments} judgments, {load.memes} memes"
    shown = Table(
        "", *(f"repeat {number + 1}" for number in range(len(repeats))), "median (or sum)", title=title
    )
    for name, value in median(repeats).items():
        cells = [getattr(repeat, name) for repeat in repeats]
        shown.add_row(
            name, *(f"{cell:.3g}" if isinstance(cell, float) else str(cell) for cell in [*cells, value])
        )
    return shown


def main() -> int:
    defaults = Load()
    parser = argparse.ArgumentParser(prog="python -m bench.annotation_load", description=__doc__)
    for name, most in (
        ("users", MAX_USERS),
        ("judgments", 100_000),
        ("memes", 200_000),
        ("templates", 5_000),
        ("repeats", 9),
    ):
        parser.add_argument(
            f"--{name}", type=int, default=getattr(defaults, name), choices=range(1, most + 1), metavar="N"
        )
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default=defaults.database)
    parser.add_argument(
        "--limit-s", type=float, default=defaults.limit_s, help="stop a repeat's judging after so long"
    )
    parser.add_argument("--json", action="store_true", help="end with one JSON object")
    options = vars(parser.parse_args())
    as_json = options.pop("json")
    load = Load(**options)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda number, frame: sys.exit(128 + number))  # through every `finally`
    repeats = [measure(load) for _ in range(load.repeats)]
    Console(width=110).print(table(load, repeats))
    figures = median(repeats)
    if as_json:
        print(json.dumps(figures | asdict(load)))
    return int(any(figures[name] for name in ("duplicates", "over_replicated", "errors")))


if __name__ == "__main__":
    sys.exit(main())
