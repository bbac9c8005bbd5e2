"""The Celery application; its settings are Django's, prefixed CELERY_. What a task logs carries the number of its request."""

import logging.config
import os
from typing import Any

from celery import Celery, signals
from celery.app.task import Task
from django.conf import settings
from structlog.contextvars import bind_contextvars, clear_contextvars, get_contextvars

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
app = Celery("punchline")
app.set_default()  # for every thread, not only the one that came here first
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@signals.setup_logging.connect  # type: ignore[untyped-decorator]  # celery brings no types
def log_as_all_do(**_: Any) -> None:
    """Celery would bring handlers and a form of its own."""
    logging.config.dictConfig(settings.LOGGING)


@signals.before_task_publish.connect  # type: ignore[untyped-decorator]  # celery brings no types
def send_request_number(headers: dict[str, Any], **_: Any) -> None:
    """A task goes out with the number of the request that queued it."""
    if number := get_contextvars().get("request_id"):
        headers["request_id"] = number


@signals.task_prerun.connect  # type: ignore[untyped-decorator]  # celery brings no types
def take_request_number(task: Task, **_: Any) -> None:
    """What the task logs names it, and the request it came from."""
    clear_contextvars()
    known = {"task": task.name, "request_id": task.request.get("request_id")}
    bind_contextvars(**{name: value for name, value in known.items() if value})


@signals.task_postrun.connect  # type: ignore[untyped-decorator]  # celery brings no types
def forget_request_number(**_: Any) -> None:
    """The next task is another's."""
    clear_contextvars()
