"""`make check`: one step after the other, stopping at the first that fails."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from tests.services import own_environment, server_environment

BIN = Path(sys.executable).parent


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """A command, and what it means when it fails."""

    name: str
    command: list[str | Path]
    failed: str
    environment: dict[str, str] = field(default_factory=dict)


def steps(data: Path) -> list[Step]:
    """What is checked, quickest first; what Django keeps meanwhile lies in `data`, and no server is asked."""
    database, broker = "postgres://nobody@127.0.0.1/none", "redis://127.0.0.1/0"
    server = server_environment(data=data, database=database, broker=broker)
    public = server | {"PUNCHLINE_ALLOWED_HOSTS": "memes.example.org", "PUNCHLINE_HTTPS": "on"}
    manage = [sys.executable, "manage.py"]
    return [
        Step(
            name="lint",
            command=[BIN / "ruff", "check", "."],
            failed="`.venv/bin/ruff check --fix .` mends most of it",
        ),
        Step(
            name="format",
            command=[BIN / "ruff", "format", "--check", "."],
            failed="run `.venv/bin/ruff format .`",
        ),
        Step(
            name="imports",
            command=[BIN / "lint-imports", "--no-logo"],
            failed="an import goes against the arrows of docs/architecture.md",
        ),
        Step(name="types", command=[BIN / "mypy"], failed="mypy --strict found what is listed above"),
        Step(
            name="migrations",
            command=[*manage, "makemigrations", "--check", "--dry-run"],
            failed="the models have changed: run `manage.py makemigrations`",
        ),
        Step(
            name="deployment",
            command=[*manage, "check", "--deploy", "--fail-level", "WARNING"],
            failed="a setting is not fit for a server",
            environment=public,
        ),
    ]


def main() -> int:
    """Run the steps; 1 at the first that fails."""
    with tempfile.TemporaryDirectory(prefix="punchline-check-") as folder:
        data = Path(folder) / "data"
        for step in steps(data):
            started = time.monotonic()
            print(f"check: {step.name}", flush=True)
            environment = own_environment() | {"PUNCHLINE_DATA": str(data)} | step.environment
            done = subprocess.run(step.command, env=environment, stdin=subprocess.DEVNULL, check=False)
            if done.returncode != 0:
                print(f"make check: {step.name} failed: {step.failed}.")
                return 1
            print(f"       {step.name}: fine, {time.monotonic() - started:.1f} s", flush=True)
    print("make check: all is well")
    return 0


if __name__ == "__main__":
    sys.exit(main())
