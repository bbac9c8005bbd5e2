"""How gunicorn serves the pages, here and on a server: `gunicorn --config python:config.web config.wsgi`."""

from __future__ import annotations

import logging
import logging.config
import os
import shutil
import tempfile

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

from django.conf import settings
from gunicorn.arbiter import Arbiter
from gunicorn.config import Config
from gunicorn.glogging import Logger
from gunicorn.workers.base import Worker

# Before anything is counted: each worker counts in files of its own, and whoever is asked adds them up. A fresh folder each
# time, since what an earlier start counted is over, and several servers may have the same data folder.
COUNTS = tempfile.mkdtemp(prefix="punchline-counts-")
os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", COUNTS)


ADDRESS = f"[{settings.WEB_HOST}]" if ":" in settings.WEB_HOST else settings.WEB_HOST

bind = f"{ADDRESS}:{settings.WEB_PORT}"
workers = 2
# SQLite has one writer: a second thread only waits inside the lock, and the slowest answer passes a second.
threads = 1 if settings.SQLITE else 4
worker_class = "gthread"  # keeps connections open between judgments, which the plain worker does not
keepalive = 75
graceful_timeout = 5  # seconds that an answer under way gets when the server stops
preload_app = True  # Django is loaded once and shared by the workers: half the start, half the memory
control_socket_disable = True  # it would live in the home directory, one for all installs
accesslog = None
loglevel = "warning"


class OneLog(Logger):  # type: ignore[misc]  # gunicorn carries no types
    """gunicorn's words in the form of all others."""

    def setup(self, cfg: Config) -> None:
        super().setup(cfg)
        logging.config.dictConfig(settings.LOGGING)
        self.error_log.handlers.clear()
        self.error_log.propagate = True


logger_class = OneLog


def when_ready(server: Arbiter) -> None:
    """Say where the page is, once the application is loaded and the port is open."""
    if settings.LOG_FORMAT == "lines":
        print(f"Punchline is ready at http://{bind}/", flush=True)  # noqa: T201 — the one line a newcomer waits for
    else:
        logging.getLogger(__name__).info("Punchline is ready at http://%s/", bind)


def child_exit(server: Arbiter, worker: Worker) -> None:
    """A worker is gone; what it counted stays."""
    from prometheus_client.multiprocess import mark_process_dead  # it looks for the folder when it is loaded

    mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]  # it has no annotations


def on_exit(server: Arbiter) -> None:
    """What was counted is over."""
    shutil.rmtree(COUNTS, ignore_errors=True)
