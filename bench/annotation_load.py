"""How many judgments a second the server takes, and how long somebody waits from an answer to the next pair.

`python -m bench.annotation_load [--users 8] [--judgments 2000] [--memes 5000] [--database sqlite|postgresql] [--json]`
`python -m bench.annotation_load --memes 200000 --history 1000000 --database postgresql`
`python -m bench.annotation_load --kill --judgments 10000 [--database sqlite|postgresql]`

The web server is started as `make run` does, with the settings it is shipped with but for one, on an installation in a temporary
folder (PostgreSQL: a private server that syncs every commit), and driven as the page does: everybody signs in through the form,
opens the page, fetches two pairs ahead, then sends one form per judgment, with session and CSRF token, on a connection kept
open; the answer brings the next pair. Pictures are not fetched. The setting is the limit of answers per minute, which these
people would pass (`PUNCHLINE_ANSWERS_PER_MINUTE=0`: none). The client is this process, on the same cores. Afterwards the
database is searched for what must not be in it.

With `--history` that many judgments of simulated people, those who judge now among them, are stored before; and each repeat is
measured in turn on that installation and on a small one without a history, so that both meet the same machine. With `--kill`
servers are killed meanwhile (see `bench.annotation_kills`) and nothing is timed.
"""

from __future__ import annotations

import argparse
import json
import signal
import statistics
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import asdict, dataclass, fields, replace

from rich.console import Console
from rich.table import Table

from bench.annotation_client import BenchError, Browser, Tickets
from bench.annotation_kills import Killing, judge_under_fire
from bench.annotation_server import Installation, installation
from bench.processor import Spent

MAX_USERS = 25  # allauth takes 30 sign-ins a minute from one address
SIGN_INS_AGAIN_S = 61.0  # after which it takes as many again
SMALL_MEMES = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What is asked of the server."""

    users: int = 8
    judgments: int = 2000
    memes: int = SMALL_MEMES
    templates: int = 50
    history: int = 0  # judgments that are there before
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


ZEROS = ("duplicates", "over_replicated", "errors")
COMPARED = ("submit_next_p50_ms", "submit_next_p95_ms", "submit_next_p99_ms")


# --- measuring ------------------------------------------------------------------------------------------------------------------


@dataclass(slots=True, kw_only=True)
class Place:
    """An installation that is measured again and again."""

    load: Load
    where: Installation
    passwords: dict[str, str]
    stored: int  # judgments so far
    history_load_s: float
    signed_in: float = -SIGN_INS_AGAIN_S  # when people last did


def filled(load: Load, where: Installation) -> Place:
    """The rows of a load, put into an empty installation."""
    sizes = [f"--{name}={getattr(load, name)}" for name in ("memes", "templates", "users", "history")]
    made = where.ask_rows("fill", *sizes)
    if made["history"] != load.history:
        raise BenchError(f"{made['history']} judgments of the past were stored instead of {load.history}.")
    return Place(
        load=load,
        where=where,
        passwords=made["passwords"],
        stored=load.history,
        history_load_s=made["history_load_s"],
    )


def measure(place: Place) -> Measured:
    """One repeat, from a started server to a stopped one."""
    load, where = place.load, place.where
    if load.users * 2 > MAX_USERS:
        time.sleep(max(0.0, place.signed_in + SIGN_INS_AGAIN_S - time.monotonic()))
    with where.serving():
        browsers = [Browser(where.port) for _ in place.passwords]
        # All at once, as they will judge: a worker keeps the connections it takes, and an idle one takes them one by one all.
        with ThreadPoolExecutor(load.users) as pool:
            list(pool.map(Browser.sign_in, browsers, place.passwords, place.passwords.values()))
        place.signed_in = time.monotonic()
        seconds, spent = judge_together(browsers, load, where)
    found = where.ask_rows("verify")
    new, place.stored = found["stored"] - place.stored, found["stored"]
    return summary(browsers, seconds, spent, found | {"stored": new})


def judge_together(browsers: list[Browser], load: Load, where: Installation) -> tuple[float, Spent]:
    """Let all judge at once; how long it took, and the processor time it took."""
    tickets = Tickets(number=load.judgments, limit_s=load.limit_s)
    threads = [threading.Thread(target=browser.judge, args=(tickets,), daemon=True) for browser in browsers]
    before, started = Spent.now(where.web_id, where.database_id), time.perf_counter()
    tickets.start()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - started
    return seconds, Spent.now(where.web_id, where.database_id).since(before)


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
    what = f"{load.users} people, {load.judgments} judgments, {load.memes} memes, {load.history} judgments before"
    columns = (f"repeat {number + 1}" for number in range(len(repeats)))
    shown = Table("", *columns, "median (or sum)", title=f"{load.database}: {what}")
    for name, value in median(repeats).items():
        cells = [getattr(repeat, name) for repeat in repeats]
        shown.add_row(
            name, *(f"{cell:.3g}" if isinstance(cell, float) else str(cell) for cell in [*cells, value])
        )
    return shown


# --- what is asked for ----------------------------------------------------------------------------------------------------------


def measure_alone(load: Load) -> dict[str, float | int]:
    """Each repeat on an empty installation of its own."""
    repeats = []
    for _ in range(load.repeats):
        with installation(load.database) as where:
            repeats.append(measure(filled(load, where)))
    Console(width=110).print(table(load, repeats))
    return median(repeats)


def measure_beside_small(load: Load) -> dict[str, float | int]:
    """With its history, in turn with a small installation that has none; how many times as slow."""
    small = replace(load, memes=min(SMALL_MEMES, load.memes), history=0)
    with ExitStack() as stack:
        places = [filled(one, stack.enter_context(installation(one.database))) for one in (load, small)]
        rounds = [[measure(place) for place in places] for _ in range(load.repeats)]
    both = [[measured[at] for measured in rounds] for at in range(2)]
    for one, repeats in zip((load, small), both, strict=True):
        Console(width=110).print(table(one, repeats))
    large_figures, small_figures = (median(repeats) for repeats in both)
    ratios = {f"{name}_ratio": round(large_figures[name] / small_figures[name], 3) for name in COMPARED}
    zeros = {name: large_figures[name] + small_figures[name] for name in ZEROS}
    beside = {f"small_{name}": small_figures[name] for name in ("judgments_per_s", *COMPARED)}
    figures = large_figures | zeros | beside | ratios | {"history_load_s": places[0].history_load_s}
    print(
        f"{load.history} judgments stored in {places[0].history_load_s} s; times the small case: "
        + ", ".join(f"{name} {value}" for name, value in ratios.items())
    )
    return figures


def arguments() -> argparse.ArgumentParser:
    """What may be asked for."""
    defaults = Load()
    parser = argparse.ArgumentParser(
        prog="python -m bench.annotation_load",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    for name, least, most in (
        ("users", 1, MAX_USERS),
        ("judgments", 1, 100_000),
        ("memes", 1, 200_000),
        ("templates", 1, 5_000),
        ("history", 0, 10_000_000),
        ("repeats", 1, 9),
        ("seed", 0, 1_000_000),
    ):
        default = getattr(defaults, name, 0)
        parser.add_argument(
            f"--{name}", type=int, default=default, choices=range(least, most + 1), metavar="N"
        )
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default=defaults.database)
    parser.add_argument(
        "--limit-s", type=float, default=defaults.limit_s, help="stop a repeat's judging after so long"
    )
    parser.add_argument("--kill", action="store_true", help="kill servers meanwhile; --seed says when")
    parser.add_argument("--json", action="store_true", help="end with one JSON object")
    return parser


def main() -> int:
    options = vars(arguments().parse_args())
    as_json, kill = options.pop("json"), options.pop("kill")
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda number, frame: sys.exit(128 + number))  # through every `finally`
    if kill:
        return run_kills(options, as_json=as_json)
    options.pop("seed")
    load = Load(**options)
    figures = measure_beside_small(load) if load.history else measure_alone(load)
    if as_json:
        print(json.dumps(figures | asdict(load)))
    return int(any(figures[name] for name in ZEROS))


def run_kills(options: dict[str, int | float | str], *, as_json: bool) -> int:
    """Judge while servers are killed, and say what became of the judgments."""
    known = {item.name for item in fields(Killing)} - {"limit_s"}
    killing = Killing(**{name: value for name, value in options.items() if name in known})  # type: ignore[arg-type]  # argparse has checked them
    survived = judge_under_fire(killing)
    shown = Table("", killing.database, title=f"{killing.users} people, servers killed with -9 meanwhile")
    for name, value in asdict(survived).items():
        shown.add_row(name, str(value))
    Console(width=110).print(shown)
    if as_json:
        print(json.dumps(asdict(survived) | asdict(killing)))
    return int(not survived.sound)


if __name__ == "__main__":
    sys.exit(main())
