"""PostgreSQL and Redis of our own: in a temporary folder, on a free loopback port, gone afterwards whatever happens.

A server that already runs on the machine is never touched. `bench` uses these too.
"""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psycopg2
import redis

from tests.debian import MissingPackagesError, postgres_program

START_S = 30


class ServerStartError(RuntimeError):
    """A private server that did not come up, with the end of its log."""

    def __init__(self, name: str, log: Path) -> None:
        words = log.read_text(errors="replace")[-1500:] if log.exists() else "(no log)"
        super().__init__(f"{name} did not start:\n{words}")


def free_port() -> int:
    """A loopback port that nobody uses just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(frozen=True, kw_only=True, slots=True)
class Server:
    """A server program in a folder of its own, and how to stop it."""

    name: str
    command: list[str]
    folder: Path
    user: str | None
    stop: signal.Signals
    not_yet: type[Exception]

    @contextmanager
    def running(self, ask: Callable[[], None]) -> Iterator[Running]:
        """Run it until the caller is done, from the moment that `ask` no longer raises `not_yet`."""
        running = Running(server=self, ask=ask)
        try:
            running.start()
            yield running
        finally:
            running.stop()


@dataclass(kw_only=True, slots=True)
class Running:
    """A server that runs; it can be killed and started again on the same folder and port."""

    server: Server
    ask: Callable[[], None]
    url: str = ""
    process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    def start(self) -> None:
        """Start it and wait until it answers. Raises `ServerStartError`."""
        user, log = self.server.user, self.server.folder / "log"
        leash = ["setpriv", "--pdeathsig", self.server.stop.name, "--"]  # killed tests stop it too
        with log.open("ab") as sink:
            self.process = subprocess.Popen(
                [*leash, *self.server.command],
                user=user,
                group=pwd.getpwnam(user).pw_gid if user else None,
                extra_groups=[] if user else None,
                cwd=self.server.folder,
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=sink,
                start_new_session=True,  # Ctrl-C is for the tests, which then stop this server
            )
        deadline = time.monotonic() + START_S
        while not self._answers():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise ServerStartError(self.server.name, log)
            time.sleep(0.03)

    def _answers(self) -> bool:
        try:
            self.ask()
        except self.server.not_yet:
            return False
        return True

    def stop(self) -> None:
        """Tell it to stop, and kill it when it does not."""
        if self.process is None or self.process.poll() is not None:
            return
        self.process.send_signal(self.server.stop)
        try:
            self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def kill(self) -> None:
        """Kill it with all its processes at once, as a machine does that runs out of memory: nothing is tidied up."""
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)  # it makes no more children
        for pid in [self.process.pid, *children_of(self.process.pid)]:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait()


def children_of(parent: int) -> list[int]:
    """The processes that a process started and that still run."""
    words = (Path("/proc") / str(parent) / "task" / str(parent) / "children").read_text().split()
    return [int(word) for word in words]


@contextmanager
def postgres_server(*, durable: bool = False) -> Iterator[str]:
    """The URL of an empty database `punchline` on a private PostgreSQL; `durable` as on a real server, else faster."""
    with postgres_process(durable=durable) as running:
        yield running.url


@contextmanager
def postgres_process(*, durable: bool = True) -> Iterator[Running]:
    """The same as a process that can be killed and started again; a killed one must be `durable` to lose nothing."""
    initdb, postgres = postgres_program("initdb"), postgres_program("postgres")
    if initdb is None or postgres is None:
        raise MissingPackagesError(["postgresql"], "PostgreSQL is missing")
    user = "postgres" if os.geteuid() == 0 else None  # initdb refuses root
    password, port = secrets.token_urlsafe(24), free_port()
    with _folder(user) as folder:
        word = folder / "password"
        word.touch(mode=0o600)
        word.write_text(password)
        _own(word, user)
        who = ["--auth=scram-sha-256", "--username=punchline", f"--pwfile={word}"]
        initialise = [
            initdb,
            "--no-sync",
            *who,
            "--encoding=UTF8",
            "--locale=C.UTF-8",
            "-D",
            str(folder / "data"),
        ]
        made = subprocess.run(initialise, user=user, cwd=folder, capture_output=True, text=True)
        if made.returncode != 0:
            (folder / "log").write_text(made.stderr)
            raise ServerStartError("initdb", folder / "log")
        address = f"postgres://punchline:{password}@127.0.0.1:{port}"
        settings = {"listen_addresses": "127.0.0.1", "port": port, "unix_socket_directories": ""}
        if not durable:
            settings |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        command = [postgres, "-D", str(folder / "data")]
        for name, value in settings.items():
            command += ["-c", f"{name}={value}"]

        def create_database() -> None:
            connection = psycopg2.connect(f"{address}/postgres")
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute("SELECT FROM pg_database WHERE datname = 'punchline'")
                if cursor.fetchone() is None:
                    cursor.execute("CREATE DATABASE punchline")
            connection.close()

        server = Server(
            name="PostgreSQL",
            command=command,
            folder=folder,
            user=user,
            stop=signal.SIGQUIT,  # at once: nobody will read this data again
            not_yet=psycopg2.OperationalError,
        )
        with server.running(create_database) as running:
            running.url = f"{address}/punchline"
            yield running


@contextmanager
def redis_server() -> Iterator[str]:
    """The URL of an empty private Redis that keeps everything in memory."""
    program = shutil.which("redis-server")
    if program is None:
        raise MissingPackagesError(["redis-server"], "Redis is missing")
    password, port = secrets.token_urlsafe(24), free_port()
    with _folder(None) as folder:
        settings = folder / "redis.conf"
        settings.touch(mode=0o600)  # the password stays out of the process list
        settings.write_text(
            f'bind 127.0.0.1\nport {port}\nrequirepass {password}\ndir {folder}\nsave ""\nappendonly no\n'
            "set-proc-title no\n"  # a new title would overwrite what `processes_with` reads
        )
        url = f"redis://:{password}@127.0.0.1:{port}/0"

        def ping() -> None:
            with redis.Redis.from_url(url) as client:
                client.ping()

        server = Server(
            name="Redis",
            command=[program, str(settings)],
            folder=folder,
            user=None,
            stop=signal.SIGTERM,
            not_yet=redis.ConnectionError,
        )
        with server.running(ping):
            yield url


def own_environment() -> dict[str, str]:
    """The variables of this process without those of Punchline: what a shell holds for a running one is no test's business."""
    foreign = ("DATABASE_URL", "CELERY_BROKER_URL", "EMAIL_URL", "DJANGO_SETTINGS_MODULE")
    ours = (name for name in os.environ if name not in foreign and not name.startswith("PUNCHLINE_"))
    return {name: os.environ[name] for name in ours}


def server_environment(*, data: Path, database: str, broker: str) -> dict[str, str]:
    """The variables that make Punchline a server on this machine: its database and broker, plain HTTP on the loopback."""
    return {
        "PUNCHLINE_DATA": str(data),
        "DATABASE_URL": database,
        "CELERY_BROKER_URL": broker,
        "PUNCHLINE_SECRET_KEY": secrets.token_urlsafe(64),
        "PUNCHLINE_ALLOWED_HOSTS": "127.0.0.1,localhost",
        "PUNCHLINE_HTTPS": "off",
    }


def processes_with(variable: str, value: str) -> dict[int, str]:
    """The command lines of the living processes that were started with this environment variable, by process id."""
    found = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdecimal():
            continue
        try:
            started_with = (entry / "environ").read_bytes().split(b"\0")
            state = (entry / "stat").read_text().rpartition(")")[2].split()[0]
            command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue  # it ended meanwhile, or it is somebody else's
        if f"{variable}={value}".encode() in started_with and state != "Z":
            found[int(entry.name)] = command.strip()
    return found


@contextmanager
def _folder(user: str | None) -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="punchline-server-"))
    _own(folder, user)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)  # a last process may still be writing its log


def _own(path: Path, user: str | None) -> None:
    if user is not None:
        entry = pwd.getpwnam(user)
        os.chown(path, entry.pw_uid, entry.pw_gid)
