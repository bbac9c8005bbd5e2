"""Settings: what a start needs, said in a sentence that names it. Each case is a fresh process."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.services import own_environment

ROOT = Path(__file__).resolve().parent.parent.parent
SECRET = "correct-horse-battery-staple-0123456789-ABCDEFGHIJKLMNOP"
SERVER = {
    "DATABASE_URL": "postgres://somebody:secret@127.0.0.1:1/punchline",
    "PUNCHLINE_SECRET_KEY": SECRET,
    "PUNCHLINE_ALLOWED_HOSTS": "memes.example.org",
}
ASK = "from django.conf import settings as s; print(s.HTTPS, s.SESSION_COOKIE_SECURE, s.DEBUG, s.EMBEDDED, s.SQLITE, s.ALLOWED_HOSTS)"


def start(folder: Path, code: str = ASK, **variables: str) -> subprocess.CompletedProcess[str]:
    """A fresh interpreter with the settings loaded under these variables alone."""
    environment = (
        own_environment()
        | {"PUNCHLINE_DATA": str(folder), "DJANGO_SETTINGS_MODULE": "config.settings"}
        | variables
    )
    program = [sys.executable, "-c", f"import django; django.setup(); {code}"]
    return subprocess.run(program, env=environment, capture_output=True, text=True, check=False, timeout=60)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"PUNCHLINE_SECRET_KEY": ""}, "PUNCHLINE_SECRET_KEY is missing"),
        ({"PUNCHLINE_SECRET_KEY": "short"}, "PUNCHLINE_SECRET_KEY is too weak"),
        ({"PUNCHLINE_SECRET_KEY": "x" * 80}, "PUNCHLINE_SECRET_KEY is too weak"),
        ({"PUNCHLINE_ALLOWED_HOSTS": ""}, "PUNCHLINE_ALLOWED_HOSTS is missing"),
        ({"PUNCHLINE_ALLOWED_HOSTS": "*"}, "PUNCHLINE_ALLOWED_HOSTS answers to any host"),
        ({"PUNCHLINE_DEBUG": "1"}, "PUNCHLINE_DEBUG is on"),
        ({"PUNCHLINE_HTTPS": "0"}, "PUNCHLINE_HTTPS is off"),
        ({"PUNCHLINE_REPLICATION": "0"}, "PUNCHLINE_REPLICATION is 0"),
        ({"PUNCHLINE_RANDOM_SHARE": "0"}, "PUNCHLINE_RANDOM_SHARE is 0"),
        ({"PUNCHLINE_ANSWERS_PER_MINUTE": "-1"}, "PUNCHLINE_ANSWERS_PER_MINUTE is -1"),
        ({"PUNCHLINE_OLD_SECRET_KEYS": f"{SECRET},short"}, "PUNCHLINE_OLD_SECRET_KEYS is too weak"),
        ({"PUNCHLINE_METRICS_TOKEN": "guess"}, "PUNCHLINE_METRICS_TOKEN has under 20 characters"),
        ({"PUNCHLINE_API_RATE": "lots"}, "PUNCHLINE_API_RATE is 'lots'"),
        ({"PUNCHLINE_API_RATE": "0/min"}, "PUNCHLINE_API_RATE is '0/min'"),
        ({"PUNCHLINE_API_FAILURE_RATE": ""}, "PUNCHLINE_API_FAILURE_RATE is ''"),
        ({"PUNCHLINE_LOG_FORMAT": "xml"}, "PUNCHLINE_LOG_FORMAT is 'xml'"),
        ({"PUNCHLINE_LOG_LEVEL": "loud"}, "PUNCHLINE_LOG_LEVEL is 'LOUD'"),
    ],
)
def test_an_unsafe_server_does_not_start_and_says_why(
    change: dict[str, str], words: str, tmp_path: Path
) -> None:
    ended = start(tmp_path, **(SERVER | change))
    assert ended.returncode != 0
    assert words in ended.stderr.splitlines()[-1]
    assert SECRET not in ended.stderr


def test_a_server_is_safe_by_default(tmp_path: Path) -> None:
    ended = start(tmp_path, **SERVER)
    assert ended.stdout.split(maxsplit=5) == [
        "True",
        "True",
        "False",
        "False",
        "False",
        "['memes.example.org']\n",
    ]


def test_the_embedded_install_needs_nothing_and_keeps_its_secret_beside_its_database(tmp_path: Path) -> None:
    code = "from django.conf import settings; print(settings.SECRET_KEY)"
    first, again = start(tmp_path, code), start(tmp_path, code)
    assert first.returncode == again.returncode == 0, first.stderr
    assert first.stdout == again.stdout
    assert len(first.stdout.strip()) > 60
    assert (tmp_path / "secret_key").stat().st_mode & 0o777 == 0o600


def test_the_embedded_database_is_for_its_owner_alone_whoever_made_its_folder(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    code = "from django.db import connection as c; c.cursor().execute('CREATE TABLE t (x)')"
    assert start(tmp_path, code).returncode == 0
    found = {path.name: path.stat().st_mode & 0o077 for path in tmp_path.glob("punchline.sqlite3*")}
    assert found == dict.fromkeys(found, 0)
    assert "punchline.sqlite3" in found


def test_leaving_the_loopback_needs_host_names(tmp_path: Path) -> None:
    refused = start(tmp_path, PUNCHLINE_HOST="0.0.0.0")  # noqa: S104 - it is what is refused
    assert "PUNCHLINE_ALLOWED_HOSTS is missing" in refused.stderr
    allowed = start(tmp_path, PUNCHLINE_HOST="0.0.0.0", PUNCHLINE_ALLOWED_HOSTS="laptop.local")  # noqa: S104 - as above
    assert allowed.returncode == 0


def test_no_web_process_loads_a_training_library(tmp_path: Path) -> None:
    """Stand-ins of the heavy libraries lie in the way: whoever imports one would have it among the modules."""
    heavy = ("torch", "transformers", "trl", "peft", "accelerate", "datasets")
    for name in heavy:
        (tmp_path / f"{name}.py").write_text("")
    code = (
        "import sys, config.wsgi, config.celery, config.urls, annotation.urls, annotation.tasks, annotation.services.memes; "
        "from django.test import Client; Client().get('/guidelines/'); "
        f"print([name for name in {heavy!r} if name in sys.modules]); import torch; print('torch' in sys.modules)"
    )
    ended = start(tmp_path / "data", code, PYTHONPATH=str(tmp_path))
    assert ended.stdout.splitlines()[-2:] == ["[]", "True"], ended.stderr


SAY = (
    "import logging; logging.getLogger('any').warning('so it is'); "
    "print(logging.getLogger('annotation.requests').getEffectiveLevel() <= logging.INFO)"
)


def test_a_server_logs_json_and_each_request_and_one_s_own_machine_words_alone(tmp_path: Path) -> None:
    server, own = start(tmp_path, SAY, **SERVER), start(tmp_path, SAY)
    assert json.loads(server.stderr)["event"] == "so it is"
    assert own.stderr.endswith("WARNING any: so it is\n")
    assert (server.stdout, own.stdout) == ("True\n", "False\n")


def test_the_form_of_the_log_can_be_chosen(tmp_path: Path) -> None:
    chosen = start(tmp_path, SAY, **SERVER, PUNCHLINE_LOG_FORMAT="lines", PUNCHLINE_LOG_REQUESTS="off")
    assert chosen.stderr.endswith("WARNING any: so it is\n")
    assert chosen.stdout == "False\n"


def test_what_an_old_key_signed_still_counts(tmp_path: Path) -> None:
    sign = "from django.core import signing; print(signing.dumps('hello'))"
    signed = start(tmp_path, sign, **SERVER).stdout.strip()
    new = SERVER | {"PUNCHLINE_SECRET_KEY": SECRET[::-1]}
    read = f"from django.core import signing; print(signing.loads({signed!r}))"
    assert start(tmp_path, read, **new, PUNCHLINE_OLD_SECRET_KEYS=SECRET).stdout == "hello\n"
    assert "BadSignature" in start(tmp_path, read, **new).stderr


def test_every_variable_that_the_settings_read_stands_in_the_table_and_no_other() -> None:
    """In docs/operations.md; a row may name a family, such as `PUNCHLINE_S3_BUCKET` with `_ENDPOINT` in brackets."""
    tree = ast.parse((ROOT / "config" / "settings.py").read_text())
    read = {
        node.args[0].value
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id == "env"
        and node.args
        and isinstance(node.args[0], ast.Constant)
    }
    rows = re.findall(r"^\| (`.*?) \|", (ROOT / "docs" / "operations.md").read_text(), re.MULTILINE)
    told = {name for row in rows for name in re.findall(r"`([A-Z][A-Z0-9_]+)`", row)}
    assert len(read) > 25
    assert told == read
