"""Whether this process can do its work: database, broker and storage, each asked with a short patience."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from celery import current_app
from django.core.files.storage import FileSystemStorage, default_storage
from django.db import connection

log = logging.getLogger(__name__)
PATIENCE_S: Final = 2.0
REMEMBERED_S: Final = (
    2.0  # everybody may ask: however often they do, the servers behind are asked this often at most
)


class NotThere(RuntimeError):
    """Something that work needs, and that is not as it should be."""


def ask_database() -> None:
    """Raises when a query is not answered. On a connection of its own, since this runs in a thread of its own."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM django_migrations LIMIT 1")
            cursor.fetchone()
    finally:
        connection.close()


def ask_broker() -> None:
    """Raises when the broker takes no connection, or its folder no files."""
    with current_app.connection_for_write(connect_timeout=PATIENCE_S) as broker:
        broker.ensure_connection(max_retries=1, interval_start=0, interval_step=0, timeout=PATIENCE_S)
        broker.default_channel  # noqa: B018 - Redis is asked only now
        if folder := broker.transport_options.get("data_folder_out"):
            _ask_folder(Path(folder))


def ask_storage() -> None:
    """Raises when the storage cannot be asked, or its folder takes no files."""
    if isinstance(default_storage, FileSystemStorage):
        folder = Path(default_storage.path(""))
        _ask_folder(next(parent for parent in (folder, *folder.parents) if parent.exists()))
    else:
        default_storage.exists("readyz")


def _ask_folder(folder: Path) -> None:
    if not folder.is_dir() or not os.access(folder, os.W_OK | os.X_OK):
        raise NotThere


@dataclass(slots=True)
class Check:
    """One thing that is asked in a thread, since no library promises to give up in time."""

    name: str
    ask: Callable[[], None]
    fine: bool = True
    _thread: threading.Thread | None = None

    def start(self) -> None:
        """Ask, unless an earlier question still waits for its answer."""
        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(target=self._run, name=f"readyz {self.name}", daemon=True)
            self._thread.start()

    def answer(self, *, deadline: float) -> bool:
        """Whether the answer came before the deadline, and was good."""
        assert self._thread is not None
        self._thread.join(timeout=max(0.0, deadline - time.monotonic()))
        if self._thread.is_alive():
            self._tell(f"no answer in {PATIENCE_S:g} s")
        return self.fine

    def _run(self) -> None:
        try:
            self.ask()
        except Exception as error:  # noqa: BLE001 - the thread ends here: whatever it is, it is not ready
            self._tell(type(error).__name__)
        else:
            if not self.fine:
                log.warning("the %s is ready again", self.name)
            self.fine = True

    def _tell(self, why: str) -> None:
        """Log that it is not ready, once, and in no words of a server's."""
        if self.fine:
            log.warning("the %s is not ready: %s", self.name, why)
        self.fine = False


class Readiness:
    """The three checks and their last answer."""

    def __init__(self, *checks: Check) -> None:
        self._checks = checks
        self._lock = threading.Lock()
        self._answer: dict[str, bool] = {}
        self._until = 0.0

    def ask(self) -> dict[str, bool]:
        """What is ready, by name; an answer of a moment ago, or while somebody else is asking, is given again."""
        if self._answer and (time.monotonic() < self._until or self._lock.locked()):
            return self._answer
        with self._lock:
            deadline = time.monotonic() + PATIENCE_S
            for check in self._checks:
                check.start()
            self._answer = {check.name: check.answer(deadline=deadline) for check in self._checks}
            self._until = time.monotonic() + REMEMBERED_S
        return self._answer


def everything() -> Readiness:
    """What a web process needs."""
    return Readiness(
        Check("database", ask_database), Check("broker", ask_broker), Check("storage", ask_storage)
    )


readiness = everything()
