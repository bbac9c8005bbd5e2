"""`make run`: prepare the data folder, then web server, Celery worker and scheduler until one of them ends or somebody says stop.

honcho starts, prints and stops them. Added here: closing the terminal stops them too, a process that does not stop is killed,
nothing outlives the supervisor even when that is killed, and what went wrong is said in one sentence.
"""

from __future__ import annotations

import errno
import fcntl
import multiprocessing
import os
import select
import shlex
import signal
import socket
import sys
from collections import defaultdict, deque
from contextlib import suppress
from functools import partial
from pathlib import Path
from types import FrameType
from typing import IO

import honcho.manager
import honcho.process
from honcho.printer import Message, Printer

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

import django
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command

from config.leash import leash

PATIENCE_S = 15  # a Celery worker needs up to 6 s to finish what it holds
STOP_SIGNALS = {signal.SIGHUP, signal.SIGINT, signal.SIGTERM}
PYTHON = [sys.executable, "-u"]
# Celery advises against root once per start; in a container there is nobody else.
NO_ROOT_SERMON = ["-W", "ignore:You're running the worker with superuser:UserWarning"]
CELERY = [*PYTHON, *NO_ROOT_SERMON, "-m", "celery", "-q", "-A", "config.celery"]
WARNINGS_ONLY = ["--loglevel", "WARNING"]
COMMANDS = {
    "web": [*PYTHON, "-m", "gunicorn", "--config", "python:config.web", "config.wsgi"],
    # One task at a time, in the worker itself: ours are light, and it is one process to stop instead of two.
    "worker": [*CELERY, "worker", *WARNINGS_ONLY, "--pool", "solo", "--without-gossip", "--without-mingle"],
    "scheduler": [*CELERY, "beat", *WARNINGS_ONLY],
}


class StartError(Exception):
    """A start that is refused, in one sentence."""


class LastWords(Printer):  # type: ignore[misc]  # honcho carries no types
    """Prints what the processes say, remembers each one's last lines, and survives its terminal."""

    def __init__(self) -> None:
        super().__init__(sys.stdout)
        self.of: dict[str, deque[str]] = defaultdict(partial(deque, maxlen=5))

    def write(self, message: Message) -> None:
        if message.name == honcho.manager.SYSTEM_PRINTER_NAME:
            return  # process numbers interest nobody
        line = message.data.decode(errors="replace") if isinstance(message.data, bytes) else message.data
        if line.strip():
            self.of[message.name].append(line.rstrip())
        with suppress(OSError):  # the terminal is gone; what was said is lost with it
            super().write(message)


class Leashed(honcho.process.Process):  # type: ignore[misc]  # honcho carries no types
    """A process whose runner dies with the supervisor, and which is told to stop when its runner dies."""

    def __init__(self, *args: object, **options: object) -> None:
        super().__init__(*args, **options)
        self._tie_runner = leash(signal.SIGKILL)

    def run(self, events: object = None, ignore_signals: bool = False) -> None:
        self._tie_runner()
        for number in STOP_SIGNALS:
            signal.signal(number, signal.SIG_IGN)  # the runner ends when its process does
        self._child_ctor = partial(honcho.process.Popen, preexec_fn=leash(signal.SIGTERM))
        super().run(events, ignore_signals)


class Supervisor(honcho.manager.Manager):  # type: ignore[misc]  # honcho carries no types
    """honcho's manager, with what its loop leaves open."""

    def __init__(self) -> None:
        self.last_words = LastWords()
        super().__init__(self.last_words)
        self._process_ctor = Leashed
        self.culprit: str | None = None
        self._terminals = select.poll()
        for stream in (0, 1, 2):
            if os.isatty(stream):
                self._terminals.register(stream, 0)  # of interest is only its end, which comes unasked

    def loop(self) -> None:
        """Run until all have stopped: somebody asked for it, or `culprit` ended by itself."""
        honcho.manager.KILL_WAIT = PATIENCE_S
        if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # nohup means what it says
            signal.signal(signal.SIGHUP, lambda number, frame: os.kill(os.getpid(), signal.SIGTERM))
        signal.signal(signal.SIGALRM, self._ring)
        super().loop()
        signal.alarm(0)

    def terminate(self) -> None:
        if not self._all_started():
            signal.setitimer(signal.ITIMER_REAL, 0.1)  # honcho has yet to read whom to stop
            return
        if not self._terminating:
            signal.alarm(PATIENCE_S)  # honcho itself loses patience only once a first process has stopped
            ended = [name for name, process in self._processes.items() if "returncode" in process]
            self.culprit = ended[0] if ended else None
            say("\nStopping …")
        super().terminate()

    def _ring(self, number: int, frame: FrameType | None) -> None:
        if self._terminating:
            self.kill()
        else:
            self.terminate()

    def _start(self) -> None:
        # A runner half made would handle a signal as the supervisor does.
        signal.pthread_sigmask(signal.SIG_BLOCK, STOP_SIGNALS)
        super()._start()
        signal.pthread_sigmask(signal.SIG_UNBLOCK, STOP_SIGNALS)

    def _any_stopped(self) -> bool:
        # The kernel tells only the leader of the session that its terminal is gone. When that is make, which waits for
        # us without a word, we have to look.
        if not self._terminating and self._terminals.poll(0):
            os.kill(os.getpid(), signal.SIGTERM)
        for process in self._processes.values():
            killed = (process["process"].exitcode or 0) < 0
            if killed and "returncode" not in process:  # a runner that was killed cannot report its process
                process["returncode"] = process["process"].exitcode
        return bool(super()._any_stopped())


def hold(data: Path) -> IO[str]:
    """The open lock file of a data folder, which only one supervisor may hold; the kernel lets go when that ends."""
    data.mkdir(parents=True, exist_ok=True)
    lock = (data / "running.lock").open("a+")
    try:
        fcntl.lockf(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.seek(0)
        holder = lock.read().strip() or "another process"
        lock.close()
        raise StartError(
            f"Punchline already runs on {data} ({holder}): stop it first, or choose another folder with DATA=…"
        ) from None
    lock.truncate(0)
    lock.write(f"process {os.getpid()}, port {settings.WEB_PORT}")
    lock.flush()
    return lock


def check_port(host: str, port: int) -> None:
    """Refuse an address that cannot be opened, with what to change."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except (OSError, OverflowError) as error:
        if isinstance(error, OSError) and error.errno == errno.EADDRINUSE:
            raise StartError(f"Port {port} on {host} is taken: choose another with PORT=…") from None
        raise StartError(f"Cannot listen on {host} port {port} ({error}): change HOST=… or PORT=…") from None


def prepare() -> None:
    """Bring the database up to date, load the starter pack the first time, print the demo accounts."""
    django.setup()
    call_command("migrate", interactive=False, verbosity=0)
    call_command("load_starter", if_empty=True)
    call_command("demo_accounts")


def prepare_apart() -> None:
    """`prepare` in a process of its own, so that nothing of it, memory and connections included, stays here."""
    tie = leash(signal.SIGKILL)

    def work() -> None:
        tie()
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the supervisor tells the story
        try:
            prepare()
        except CommandError as error:
            say(str(error))
            sys.exit(1)

    child = multiprocessing.get_context("fork").Process(target=work, name="preparation")
    child.start()
    child.join()
    if child.exitcode != 0:
        raise StartError("The data folder could not be prepared: see the lines above.")


def main() -> int:
    """Run everything; 0 when somebody stopped it, 2 when it could not start, else the exit code of what ended by itself."""
    multiprocessing.set_start_method("fork")  # honcho's runners inherit the leash and need no helper process
    try:
        lock = hold(settings.DATA)
        check_port(settings.WEB_HOST, settings.WEB_PORT)
        prepare_apart()
    except (StartError, ImproperlyConfigured) as error:
        say(str(error))
        return 2
    except KeyboardInterrupt:
        return 130
    supervisor = Supervisor()
    for name, command in COMMANDS.items():
        supervisor.add_process(name, f"exec {shlex.join(command)}")
    supervisor.loop()
    lock.close()
    code = explain(supervisor) if supervisor.culprit else 0
    hush()
    return code


def explain(supervisor: Supervisor) -> int:
    """Say which process ended by itself and with which words; its exit code, never 0."""
    name = supervisor.culprit or ""
    code = supervisor._processes[name]["returncode"]
    how = f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
    words = "\n".join(f"  {line}" for line in supervisor.last_words.of[name]) or "  (none)"
    say(f"\nThe {name} process {how}, so everything was stopped. Its last words:\n{words}")
    return 128 - code if code < 0 else code or 1


def say(sentence: str) -> None:
    """Tell whoever typed the command, if the terminal is still there."""
    with suppress(OSError):
        print(sentence, file=sys.stderr, flush=True)  # noqa: T201 — this is a command


def hush() -> None:
    """Drop what a terminal that is gone has not taken: Python would try once more at its end, and make that the exit code."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


if __name__ == "__main__":
    sys.exit(main())
