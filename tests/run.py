"""`make test`: all tests on SQLite with a browser, then those that touch a database again on PostgreSQL and Redis.

`python -m tests.run [pytest arguments]`; the arguments go to both. The last line is the total; exit code 0 means all passed.
"""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from xml.etree import ElementTree

from config.leash import leash
from tests.debian import MissingPackagesError, require_packages
from tests.services import (
    ServerStartError,
    own_environment,
    postgres_server,
    processes_with,
    redis_server,
    server_environment,
)

NOTHING_COLLECTED = 5  # pytest's exit code
MARK = "PUNCHLINE_TEST_RUN"  # what our processes carry, so that one left behind is found
SECOND = "database and not browser"
WORKERS = str(max(2, min(8, os.cpu_count() or 2)))


@dataclass(frozen=True, kw_only=True, slots=True)
class Phase:
    """One pass of pytest over the tests: where, with which variables and with which selection."""

    name: str
    environment: dict[str, str]
    selection: list[str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Result:
    """How a phase ended: pytest's exit code and its counts."""

    phase: str
    code: int
    passed: int
    failed: int
    skipped: int
    seconds: float

    def __str__(self) -> str:
        parts = [f"{self.passed} passed"]
        parts += [f"{self.failed} failed"] if self.failed else []
        parts += [f"{self.skipped} skipped"] if self.skipped else []
        parts += ["none chosen"] if self.code == NOTHING_COLLECTED else []
        broken = self.code not in (0, NOTHING_COLLECTED) and not self.failed
        parts += [f"pytest broke off with exit code {self.code}"] if broken else []
        return f"{self.phase}: {', '.join(parts)} in {self.seconds:.0f} s"


def run_phase(phase: Phase, arguments: list[str], folder: Path) -> Result:
    """Run pytest in a process of its own; whatever stops this one lets that one clean up."""
    report = folder / "report.xml"
    report.unlink(missing_ok=True)
    options = ["-n", WORKERS, "--dist", "loadgroup", "-q", f"--junitxml={report}"]
    command = [sys.executable, "-m", "pytest", *options, *phase.selection, *arguments]
    print(f"\n=== {phase.name}", flush=True)
    started = time.monotonic()
    pytest = subprocess.Popen(
        command,
        env=phase.environment,
        stdin=subprocess.DEVNULL,
        start_new_session=True,  # Ctrl-C reaches pytest once, through us; twice would break off its cleaning
        preexec_fn=leash(signal.SIGINT),
    )
    try:
        code = pytest.wait()
    finally:
        if pytest.poll() is None:
            pytest.send_signal(signal.SIGINT)
            try:
                pytest.wait(timeout=30)
            except subprocess.TimeoutExpired:
                os.killpg(pytest.pid, signal.SIGKILL)
    return counted(phase.name, code, report, time.monotonic() - started)


def counted(name: str, code: int, report: Path, seconds: float) -> Result:
    """A phase's result from pytest's report; without a report the exit code alone tells."""
    total = failed = skipped = 0
    if report.exists():
        for suite in ElementTree.parse(report).getroot().iter("testsuite"):  # noqa: S314 — pytest wrote it just now
            total += int(suite.get("tests", 0))
            failed += int(suite.get("failures", 0)) + int(suite.get("errors", 0))
            skipped += int(suite.get("skipped", 0))
    passed = max(0, total - failed - skipped)
    return Result(phase=name, code=code, passed=passed, failed=failed, skipped=skipped, seconds=seconds)


def run_all(arguments: list[str], folder: Path, mark: str) -> list[Result]:
    """Both phases, with the servers of the second."""
    plain = own_environment() | {MARK: mark}
    embedded = plain | {"PUNCHLINE_DATA": str(folder / "sqlite")}
    first = Phase(name="SQLite, Chromium", environment=embedded, selection=[])
    results = [run_phase(first, arguments, folder)]
    with ExitStack() as stack:
        database, broker = stack.enter_context(postgres_server()), stack.enter_context(redis_server())
        served = plain | server_environment(data=folder / "postgresql", database=database, broker=broker)
        second = Phase(name="PostgreSQL, Redis", environment=served, selection=["-m", SECOND])
        results.append(run_phase(second, arguments, folder))
    return results


def verdict(results: list[Result], arguments: list[str], left: dict[int, str]) -> tuple[int, str]:
    """The exit code and the last line. A phase that found nothing passes only when the arguments chose the tests."""
    fine = {0, NOTHING_COLLECTED} if arguments else {0}
    worst = next((result.code for result in results if result.code not in fine), 0)
    if all(result.code == NOTHING_COLLECTED for result in results):
        worst = NOTHING_COLLECTED
    problem = f"; LEFT RUNNING: {'; '.join(left.values())}" if left else ""
    word = "all passed" if worst == 0 and not left else "FAILED"
    return worst or int(bool(left)), f"make test: {word} — {' | '.join(map(str, results))}{problem}"


def stop(number: int, frame: FrameType | None) -> None:
    """End as the signal wants, through every `finally`."""
    raise SystemExit(128 + number)


def once_more(condition: Callable[[], dict[int, str]], patience_s: float = 5.0) -> dict[int, str]:
    """What `condition` still finds when its patience is over."""
    deadline = time.monotonic() + patience_s
    while (found := condition()) and time.monotonic() < deadline:
        time.sleep(0.1)
    return found


def main(arguments: list[str]) -> int:
    """Install, serve, test, count."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stop)
    mark = secrets.token_hex(8)
    try:
        require_packages()
        with tempfile.TemporaryDirectory(prefix="punchline-tests-", ignore_cleanup_errors=True) as folder:
            results = run_all(arguments, Path(folder), mark)
    except (MissingPackagesError, ServerStartError) as error:
        print(f"make test: {error}")
        return 2
    except KeyboardInterrupt:
        print("\nmake test: interrupted")
        return 130
    code, line = verdict(results, arguments, once_more(lambda: processes_with(MARK, mark)))
    print(f"\n{line}")
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
