"""The house itself: its rules about files, and `make run` as somebody at a terminal meets it."""

from __future__ import annotations

import ast
import importlib.metadata
import os
import re
import select
import signal
import socket
import subprocess
import sys
import time
import tomllib
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests import run
from tests.services import free_port, own_environment, postgres_server, processes_with, redis_server

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
PACKAGES = ("annotation", "config", "corpus", "loop", "rewards", "rl", "starter")
STOP_S = 20


def source_files() -> Iterator[Path]:
    """The files that a clone holds: all but what is built, kept or fetched here."""
    for path in ROOT.rglob("*"):
        top = path.relative_to(ROOT).parts[0]
        hidden = top.startswith(".") and top not in (".ci", ".gitignore")
        if path.is_file() and not hidden and top not in ("data", "build") and "__pycache__" not in path.parts:
            yield path


def environment_reads(tree: ast.AST) -> list[int]:
    """The lines that look at the environment; saying which settings to load (`setdefault`) only writes."""
    allowed = {
        id(node.func.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "setdefault"
    }
    found = []
    for node in ast.walk(tree):
        names = [alias.name for alias in node.names] if isinstance(node, ast.ImportFrom | ast.Import) else []
        if isinstance(node, ast.Attribute) and node.attr in ("environ", "environb", "getenv"):
            names.append("environ" if id(node) not in allowed else "")
        if {"environ", "getenv"} & set(names):
            found.append(node.lineno)  # type: ignore[attr-defined]  # each of these nodes has a line
    return found


class TestFiles:
    def test_only_the_settings_read_the_environment(self) -> None:
        found = [
            f"{path.relative_to(ROOT)}:{line}"
            for package in PACKAGES
            for path in [*(ROOT / package).rglob("*.py"), ROOT / "manage.py"]
            if path != ROOT / "config" / "settings.py"
            for line in environment_reads(ast.parse(path.read_text()))
        ]
        assert found == []

    @pytest.mark.parametrize(
        "code",
        [
            "import os\nos.environ['A']",
            "import os\nos.getenv('A')",
            "from os import environ",
            "import environ",
        ],
    )
    def test_a_look_at_the_environment_is_noticed(self, code: str) -> None:
        assert environment_reads(ast.parse(code))

    def test_no_file_names_a_path_of_somebody_s_machine(self) -> None:
        path_of_one_machine = re.compile(rb"(?<![\w.}~-])/(root|home|work|Users)/")
        assert [str(path) for path in source_files() if path_of_one_machine.search(path.read_bytes())] == []

    def test_every_package_is_known_to_the_import_linter(self) -> None:
        present = {package for package in PACKAGES if (ROOT / package / "__init__.py").exists()}
        assert present == set(PROJECT["tool"]["importlinter"]["root_packages"])

    def test_every_target_of_make_is_in_its_help(self) -> None:
        phony = re.search(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
        said = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
        assert phony is not None
        assert set(phony[1].split()) - {"help"} == set(re.findall(r"^make (\w+)", said, re.MULTILINE))


class TestPins:
    def test_every_dependency_installed_here_is_pinned_at_its_version(self) -> None:
        lines = (ROOT / "constraints.txt").read_text().splitlines()
        pins: dict[str, str] = {
            canonicalize_name(name): version for name, _, version in (line.partition("==") for line in lines)
        }
        project = PROJECT["project"]
        wanted = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
        installed = closure([Requirement(text) for text in wanted])
        assert sorted(installed.keys() - pins.keys()) == []
        assert {name: pins[name] for name in installed} == installed


def closure(wanted: list[Requirement]) -> dict[str, str]:
    """Every distribution that the requirements bring here, with its installed version."""
    found: dict[str, str] = {}
    seen: set[tuple[str, frozenset[str]]] = set()
    while wanted:
        requirement = wanted.pop()
        key = (canonicalize_name(requirement.name), frozenset(requirement.extras))
        if key in seen:
            continue
        seen.add(key)
        distribution = importlib.metadata.distribution(requirement.name)
        found[key[0]] = distribution.version
        for text in distribution.requires or []:
            needed = Requirement(text)
            extras = requirement.extras or {""}
            if needed.marker is None or any(needed.marker.evaluate({"extra": extra}) for extra in extras):
                wanted.append(needed)
    return found


class TestTotal:
    def result(self, code: int, passed: int = 3) -> run.Result:
        return run.Result(phase="SQLite", code=code, passed=passed, failed=0, skipped=0, seconds=1.0)

    def test_one_failed_phase_fails_all(self) -> None:
        assert run.verdict([self.result(0), self.result(1)], [], {})[0] == 1

    def test_a_phase_that_found_no_test_fails_unless_the_tests_were_chosen(self) -> None:
        empty = self.result(run.NOTHING_COLLECTED, passed=0)
        assert run.verdict([self.result(0), empty], [], {})[0] == run.NOTHING_COLLECTED
        assert run.verdict([self.result(0), empty], ["-k", "pages"], {})[0] == 0
        assert run.verdict([empty, empty], ["-k", "typo"], {})[0] == run.NOTHING_COLLECTED

    def test_a_process_left_running_fails_all_and_is_named(self) -> None:
        code, line = run.verdict([self.result(0)], [], {7: "redis-server"})
        assert code == 1
        assert "redis-server" in line


class TestServers:
    def test_private_servers_answer_and_leave_nothing(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("PUNCHLINE_TRIAL", str(tmp_path))
        with postgres_server() as database, redis_server() as broker:
            assert database.endswith("/punchline")
            assert broker.startswith("redis://")
            assert len(processes_with("PUNCHLINE_TRIAL", str(tmp_path))) >= 2
        assert run.once_more(lambda: processes_with("PUNCHLINE_TRIAL", str(tmp_path))) == {}

    def test_private_servers_end_with_tests_that_were_killed(self) -> None:
        code = (
            "from tests.services import *; import time\n"
            "with postgres_server(), redis_server(): print('up', flush=True); time.sleep(60)"
        )
        with TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            Path(folder).chmod(0o755)  # PostgreSQL runs as another user
            environment = own_environment() | {"TMPDIR": folder}
            with subprocess.Popen(
                [sys.executable, "-c", code], cwd=ROOT, env=environment, stdout=subprocess.PIPE
            ) as tests:
                assert tests.stdout is not None
                assert tests.stdout.readline() == b"up\n"
                assert len(processes_with("TMPDIR", folder)) >= 3
                tests.kill()
            assert run.once_more(lambda: processes_with("TMPDIR", folder)) == {}


class Terminal:
    """`make run`, less make, in a terminal of its own."""

    def __init__(self, data: Path, port: int, leader: tuple[str, ...] = ()) -> None:
        self.data, self.port = data, port
        self.said = ""
        self.keyboard, screen = os.openpty()
        environment = own_environment() | {"PUNCHLINE_DATA": str(data), "PUNCHLINE_PORT": str(port)}
        command = ["setsid", "--ctty", *leader, sys.executable, "-m", "config.supervisor"]
        self.process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdin=screen, stdout=screen, stderr=screen
        )
        os.close(screen)

    def read_until(self, done: Callable[[], bool], patience_s: float = 60) -> None:
        """Take in what the screen shows until `done`."""
        deadline = time.monotonic() + patience_s
        while not done():
            assert time.monotonic() < deadline, self.said
            if select.select([self.keyboard], [], [], 0.05)[0]:
                try:
                    self.said += os.read(self.keyboard, 4096).decode(errors="replace")
                except OSError:  # nobody is on the other side any more
                    assert self.process.wait(timeout=STOP_S) is not None
                    return

    def page(self) -> int:
        """The page's status, once it is there."""
        self.read_until(lambda: "Punchline is ready" in self.said or self.process.poll() is not None)
        assert self.process.poll() is None, self.said
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/", timeout=20) as answer:
            return int(answer.status)

    def living(self) -> dict[int, str]:
        return processes_with("PUNCHLINE_DATA", str(self.data))

    def one(self, word: str) -> int:
        """The oldest of our processes with this word on its command line, waited for."""
        self.read_until(lambda: any(word in command for command in self.living().values()))
        return min(number for number, command in self.living().items() if word in command)

    def ended(self) -> int:
        """The exit code, after which nothing may be left."""
        self.read_until(lambda: self.process.poll() is not None, patience_s=STOP_S)
        assert run.once_more(self.living, patience_s=STOP_S) == {}
        return self.process.wait()

    def clear(self) -> None:
        """Leave nothing behind, also where the test failed."""
        for number in self.living():
            with suppress(ProcessLookupError):
                os.kill(number, signal.SIGKILL)
        self.process.wait()
        self.close()

    def close(self) -> None:
        if self.keyboard >= 0:
            os.close(self.keyboard)
            self.keyboard = -1


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One data folder for all, so that the starter pack is loaded once."""
    return tmp_path_factory.mktemp("house")


@pytest.fixture
def terminal(data: Path) -> Iterator[Terminal]:
    terminal = Terminal(data, free_port())
    yield terminal
    terminal.clear()


@pytest.mark.xdist_group("make run")
class TestRun:
    def test_the_page_answers_and_ctrl_c_leaves_no_process(self, terminal: Terminal) -> None:
        assert terminal.page() == 200
        assert terminal.one("config.celery beat")
        assert terminal.one("config.celery worker")
        os.write(terminal.keyboard, b"\x03")
        assert terminal.ended() == 0

    def test_closing_the_terminal_leaves_no_process(self, terminal: Terminal) -> None:
        assert terminal.page() == 200
        terminal.close()
        assert terminal.process.wait(timeout=STOP_S) == 0
        assert run.once_more(terminal.living) == {}

    def test_closing_the_terminal_of_a_leader_that_only_waits_leaves_no_process(self, data: Path) -> None:
        """As `ssh host make run`: the terminal's end is told to make, which does not pass it on."""
        terminal = Terminal(data, free_port(), leader=("sh", "-c", 'trap : HUP; "$@"; exit $?', "sh"))
        try:
            assert terminal.page() == 200
            terminal.close()
            assert run.once_more(terminal.living, patience_s=STOP_S) == {}
            assert terminal.process.wait(timeout=STOP_S) == 0
        finally:
            terminal.clear()

    def test_a_killed_supervisor_leaves_no_process(self, terminal: Terminal) -> None:
        assert terminal.page() == 200
        terminal.process.kill()
        terminal.process.wait()
        assert run.once_more(terminal.living, patience_s=STOP_S) == {}

    def test_when_one_process_ends_by_itself_all_stop_and_its_last_words_are_said(
        self, terminal: Terminal
    ) -> None:
        assert terminal.page() == 200
        os.kill(terminal.one("config.celery worker"), signal.SIGKILL)
        assert terminal.ended() == 128 + signal.SIGKILL
        assert "The worker process was killed by SIGKILL" in terminal.said

    def test_a_second_start_on_the_same_folder_is_refused_with_its_name(self, terminal: Terminal) -> None:
        assert terminal.page() == 200
        second = Terminal(terminal.data, free_port())
        second.read_until(lambda: second.process.poll() is not None)
        second.close()
        assert second.process.returncode == 2
        assert f"already runs on {terminal.data}" in second.said
        assert "Traceback" not in second.said

    def test_a_taken_port_is_refused_with_its_number(self, tmp_path: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            refused = Terminal(tmp_path, port)
            refused.read_until(lambda: refused.process.poll() is not None)
            refused.close()
        assert refused.process.returncode == 2
        assert f"Port {port} on 127.0.0.1 is taken: choose another with PORT=" in refused.said
        assert "Traceback" not in refused.said
