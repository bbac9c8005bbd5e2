"""Whether the API ever breaks or says what its description does not: schemathesis over the OpenAPI document.

`python -m bench.api_fuzz [--examples 300] [--database sqlite|postgresql] [--seed N] [--json]`

Starts the web server as `make run` does on a database with the starter pack, and lets schemathesis make up requests from the
document, right ones and wrong ones, `examples` for each operation beside its systematic cases, with a token that opens
everything. Checked is all that schemathesis can check: no 5xx; status, headers and body as described; what is described is
accepted and what is not is refused; nothing without a token; other methods. Afterwards the database is searched for what must
not be in it.
"""

from __future__ import annotations

import argparse
import json
import secrets
import subprocess
import sys
import sysconfig
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from bench.annotation_client import BenchError
from bench.annotation_server import Installation, installation

ROOT = Path(__file__).resolve().parent.parent
SCHEMATHESIS = Path(sysconfig.get_path("scripts")) / "schemathesis"
ALL_SCOPES = ("judge", "memes", "statistics")
NO_LIMIT = {"PUNCHLINE_API_RATE": "100000000/min", "PUNCHLINE_API_FAILURE_RATE": "100000000/min"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Fuzzed:
    """What was tried, and what was found."""

    cases: int
    operations: int  # of those described
    described: int
    failures: int  # answers that were not as described, and 5xx
    errors: int  # cases that could not be tried
    seconds: float
    seed: int


def fuzz(
    *,
    server: str,
    token: str,
    examples: int,
    seed: int,
    phases: str = "examples,coverage,fuzzing,stateful",
    picture: str,
) -> tuple[Fuzzed, str]:
    """Let schemathesis loose on a server; what it found, and its own words."""
    with tempfile.TemporaryDirectory(prefix="punchline-fuzz-") as folder:
        settings, report = Path(folder) / "schemathesis.toml", Path(folder) / "report.json"
        settings.write_text(  # nobody can guess the hash that a picture is named by
            f'[[operations]]\ninclude-operation-id = "read_picture"\nparameters = {{ name = "{picture}" }}\n'
        )
        command: list[str | Path] = [
            SCHEMATHESIS,
            "--config-file",
            settings,
            "run",
            f"{server}/api/v1/openapi.json",
        ]
        command += ["--header", f"Authorization: Bearer {token}", "--phases", phases, "--no-color"]
        command += ["--max-examples", str(examples), "--seed", str(seed), "--continue-on-failure"]
        command += ["--generation-database", "none", "--report", "json", "--report-json-path", report]
        done = subprocess.run(
            command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        if not report.exists():
            raise BenchError(f"schemathesis ended with {done.returncode}:\n{done.stdout[-3000:]}")
        found = json.loads(report.read_text())
    if not found["complete"]:
        raise BenchError(f"schemathesis stopped early: {found['stop_reason']}\n{done.stdout[-3000:]}")
    return Fuzzed(
        cases=found["test_cases"]["generated"],
        operations=found["operations"]["tested"],
        described=found["operations"]["total"],
        failures=found["test_cases"]["unique_failures"],
        errors=found["test_cases"]["errored"] + len(found["errors"]),
        seconds=found["running_time"],
        seed=found["seed"],
    ), done.stdout


def manage(where: Installation, *arguments: str, said: str = "") -> str:
    """What a command of the installation prints."""
    command = [sys.executable, "manage.py", *arguments]
    done = subprocess.run(
        command, cwd=ROOT, env=where.environment, input=said, stdout=subprocess.PIPE, text=True, check=True
    )
    return done.stdout.strip()


def measure(*, examples: int, database: str, seed: int) -> dict[str, Any]:
    """The figures of one run on a fresh installation."""
    with installation(database) as where:
        where.environment |= NO_LIMIT
        manage(where, "migrate", "-v0")
        manage(where, "load_starter")
        manage(
            where,
            "create_account",
            "fuzz",
            "--role",
            "researcher",
            "--kind",
            "judge",
            said=secrets.token_urlsafe(),
        )
        scopes = [f"--scope={scope}" for scope in ALL_SCOPES]
        token = manage(where, "create_token", "fuzz", *scopes)
        files = Path(where.environment["PUNCHLINE_DATA"]) / "files"
        picture = next(path.relative_to(files) for path in sorted(files.glob("memes/*/*")))
        with where.serving():
            fuzzed, words = fuzz(
                server=f"http://127.0.0.1:{where.port}",
                token=token,
                examples=examples,
                seed=seed,
                picture=str(picture),
            )
        rows = where.ask_rows("verify")
    if fuzzed.failures or fuzzed.errors:
        print(words, file=sys.stderr)
    found = {name: rows[name] for name in ("stored", "duplicates", "over_replicated")}
    return asdict(fuzzed) | found | {"database": database, "examples": examples}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.api_fuzz", description=__doc__)
    parser.add_argument("--examples", type=int, default=300, help="for each operation")
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(2**32))
    parser.add_argument("--json", action="store_true", help="end with one JSON object")
    options = vars(parser.parse_args())
    as_json = options.pop("json")
    figures = measure(**options)
    shown = Table("", "", title=f"{options['database']}: schemathesis over the OpenAPI document")
    for name, value in figures.items():
        shown.add_row(name, f"{value:.4g}" if isinstance(value, float) else str(value))
    Console(width=110).print(shown)
    if as_json:
        print(json.dumps(figures))
    wrong = ("failures", "errors", "duplicates", "over_replicated")
    return int(any(figures[name] for name in wrong) or figures["operations"] < figures["described"])


if __name__ == "__main__":
    sys.exit(main())
