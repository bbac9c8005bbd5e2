"""An installation to measure: its database, its web server as `make run` starts it, and what its rows say."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

from bench.annotation_client import BenchError
from config.leash import leash
from config.supervisor import COMMANDS
from tests.services import Running, free_port, own_environment, postgres_process, server_environment

START_S = 60.0  # how long the server may take to come up
ROWS_S = 1_800.0  # how long filling an installation may take


@dataclass(slots=True, kw_only=True)
class Installation:
    """The variables of an installation on an empty database, embedded or with a PostgreSQL of its own."""

    environment: dict[str, str]
    database: Running | None
    web: subprocess.Popen[bytes] | None = field(default=None, init=False)

    @property
    def port(self) -> int:
        return int(self.environment["PUNCHLINE_PORT"])

    @property
    def log(self) -> Path:
        """What the web server says, a line per request among it."""
        return Path(self.environment["PUNCHLINE_DATA"]) / "web.log"

    @property
    def web_id(self) -> int:
        """The process id of the web server that runs."""
        assert self.web is not None
        return self.web.pid

    @property
    def database_id(self) -> int | None:
        return None if self.database is None or self.database.process is None else self.database.process.pid

    def start_web(self) -> None:
        """Start the web server and wait until it answers; it ends with this process, even a killed one."""
        with self.log.open("ab") as log:
            self.web = subprocess.Popen(
                COMMANDS["web"],
                env=self.environment,
                stdout=log,
                stderr=log,
                preexec_fn=leash(signal.SIGTERM),
                start_new_session=True,  # a group of its own, to be killed as one
            )
        deadline = time.monotonic() + START_S
        while not answers(self.port):
            if self.web.poll() is not None or time.monotonic() > deadline:
                words = self.log.read_text(errors="replace")[-2000:]
                raise BenchError(f"The web server did not start. Its last words:\n{words}")
            time.sleep(0.05)

    def stop_web(self) -> None:
        """Stop the web server, if it runs, as a clean stop."""
        if self.web is None or self.web.poll() is not None:
            return
        self.web.terminate()
        try:
            self.web.wait(timeout=15)
        except subprocess.TimeoutExpired:
            self.kill_web()

    def kill_web(self) -> None:
        """Kill the web server and its workers at once."""
        assert self.web is not None
        os.killpg(self.web.pid, signal.SIGKILL)
        self.web.wait()

    @contextmanager
    def serving(self) -> Iterator[None]:
        """The web server, from when it answers until the caller is done."""
        try:
            self.start_web()
            yield
        finally:
            self.stop_web()

    def ask_rows(self, *arguments: str) -> dict[str, Any]:
        """What `bench.annotation_rows` prints, run on this installation."""
        program = "import django; django.setup(); from bench.annotation_rows import main; main()"
        command = [sys.executable, "-c", program, *arguments]
        variables = self.environment | {"DJANGO_SETTINGS_MODULE": "config.settings"}
        done = subprocess.run(command, env=variables, stdout=subprocess.PIPE, timeout=ROWS_S, check=True)
        printed: dict[str, Any] = json.loads(done.stdout)
        return printed


@contextmanager
def installation(database: str) -> Iterator[Installation]:
    """An installation in a temporary folder, gone afterwards; PostgreSQL syncs every commit."""
    server = postgres_process(durable=True) if database == "postgresql" else nullcontext()
    with tempfile.TemporaryDirectory(prefix="punchline-bench-") as folder, server as running:
        variables = {"PUNCHLINE_DATA": folder}
        if running is not None:
            variables = server_environment(
                data=Path(folder), database=running.url, broker="filesystem://localhost"
            )
        variables |= {"PUNCHLINE_PORT": str(free_port()), "PUNCHLINE_ANSWERS_PER_MINUTE": "0"}
        yield Installation(environment=own_environment() | variables, database=running)


def answers(port: int) -> bool:
    """Whether the server takes connections and answers."""
    connection = HTTPConnection("127.0.0.1", port, timeout=START_S)
    try:
        connection.request("GET", "/guidelines/")
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()
