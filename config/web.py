"""How gunicorn serves the pages, here and on a server: `gunicorn --config python:config.web config.wsgi`."""

from __future__ import annotations

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

from django.conf import settings
from gunicorn.arbiter import Arbiter

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


def when_ready(server: Arbiter) -> None:
    """Say where the page is, once the application is loaded and the port is open."""
    print(f"Punchline is ready at http://{bind}/", flush=True)  # noqa: T201 — the one line a newcomer waits for
