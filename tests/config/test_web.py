"""The web server as it is started: several processes, one log, one sum of what they count."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import HTTPError, URLError

from tests.services import free_port, own_environment

ROOT = Path(__file__).resolve().parent.parent.parent
TOKEN = "a-token-that-nobody-guesses"
SECRET = "dGhpc0lzQVNlY3JldExpbmsxMjM0NTY3ODkwYWJj"


@contextmanager
def server(folder: Path) -> Iterator[tuple[int, Path]]:
    """A web server with an empty database that logs as on a server; its port and its log."""
    port, log = free_port(), folder / "log"
    (folder / "tmp").mkdir()
    environment = own_environment() | {
        "PUNCHLINE_DATA": str(folder / "data"),
        "PUNCHLINE_PORT": str(port),
        "TMPDIR": str(folder / "tmp"),
        "PUNCHLINE_METRICS_TOKEN": TOKEN,
        "PUNCHLINE_LOG_FORMAT": "json",
        "PUNCHLINE_LOG_REQUESTS": "on",
    }
    subprocess.run(
        [sys.executable, "manage.py", "migrate", "-v0"], cwd=ROOT, env=environment, check=True, timeout=60
    )
    command = [sys.executable, "-m", "gunicorn", "--config", "python:config.web", "config.wsgi"]
    with log.open("wb") as sink:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=sink, stderr=sink)
    try:
        deadline = time.monotonic() + 60
        while fetch(port, "/healthz")[0] != 200:
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline
            time.sleep(0.05)
        yield port, log
    finally:
        process.terminate()
        process.wait(timeout=20)


def fetch(port: int, path: str, *, method: str = "GET", **headers: str) -> tuple[int, str]:
    """A page and its status; 0 when nobody listens."""
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers=headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310 - our own server
            return answer.status, answer.read().decode()
    except HTTPError as error:
        with error:
            return error.code, error.read().decode()
    except URLError:
        return 0, ""


def test_what_several_processes_count_is_added_up_and_all_they_say_is_one_log(tmp_path: Path) -> None:
    with server(tmp_path) as (port, log):
        for _ in range(12):
            assert fetch(port, "/guidelines/")[0] == 200
        assert fetch(port, f"/join/{SECRET}/")[0] in (200, 404)
        assert fetch(port, "/guidelines/", method="HEAD") == (200, "")
        found = [fetch(port, "/metrics", Authorization=f"Bearer {TOKEN}")[1] for _ in range(4)]
        workers = {int(file.stem.rpartition("_")[2]) for file in (tmp_path / "tmp").glob("*/counter_*.db")}
        for text in found:
            assert 'punchline_requests_total{method="GET",status="200",view="guidelines"} 12.0' in text
        os.kill(min(workers), signal.SIGKILL)
        deadline = time.monotonic() + 20
        while "was sent SIGKILL" not in log.read_text():
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.05)
        text = fetch(port, "/metrics", Authorization=f"Bearer {TOKEN}")[1]
        assert 'status="200",view="guidelines"} 12.0' in text
        assert fetch(port, "/metrics")[0] == 403
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert lines[0]["event"].startswith("Punchline is ready at http://127.0.0.1:")
    assert {line["logger"] for line in lines} >= {"config.web", "annotation.requests", "gunicorn.error"}
    assert sum(line.get("route") == "guidelines" for line in lines) == 13
    assert "no-body response" not in log.read_text()  # gunicorn would warn of each HEAD
    assert SECRET not in log.read_text()
    assert "healthz" not in log.read_text()

    assert list((tmp_path / "tmp").iterdir()) == []  # what was counted is over
