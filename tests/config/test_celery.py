"""Celery over the broker of this run, the filesystem or Redis: a task goes out, a real worker does it."""

from __future__ import annotations

import io
import json
import logging
import logging.config
import time
from datetime import timedelta
from pathlib import Path

import pytest
from celery.contrib.testing.worker import start_worker
from django.conf import settings as django_settings
from django.db import connection
from django.utils import timezone
from pytest_django import Settings
from structlog.contextvars import bound_contextvars

from annotation import logs
from annotation.models import Assignment
from annotation.services import judging
from annotation.tasks import expire_leases
from config.celery import app
from tests.annotation.builders import make_annotator, make_group


def status_of(assignment: Assignment) -> str:
    connection.close()  # the worker wrote through another connection
    return Assignment.objects.get(pk=assignment.pk).status


@pytest.mark.django_db(transaction=True)
def test_a_worker_puts_expired_leases_back(tmp_path: Path) -> None:
    make_group(3)
    assignment = judging.lease_pair(annotator=make_annotator())
    assert assignment is not None
    Assignment.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    queue = f"test-{tmp_path.name}-{id(assignment)}"  # beside other workers of this run
    with start_worker(app, pool="solo", perform_ping_check=False, queues=[queue], shutdown_timeout=20):
        expire_leases.apply_async(queue=queue)
        deadline = time.monotonic() + 60
        while status_of(assignment) != "expired" and time.monotonic() < deadline:
            time.sleep(0.05)
    assert status_of(assignment) == "expired"


def test_everything_on_the_clock_is_a_task_that_exists(settings: Settings) -> None:
    app.loader.import_default_modules()
    for entry in settings.CELERY_BEAT_SCHEDULE.values():
        assert entry["task"] in app.tasks


@app.task(name="tests.say_something")  # type: ignore[untyped-decorator]  # celery brings no types
def say_something() -> None:
    logging.getLogger("tests.task").warning("said")


@pytest.mark.django_db(transaction=True)
def test_what_a_task_logs_carries_the_number_of_the_request_that_queued_it(tmp_path: Path) -> None:
    stream = io.StringIO()
    configuration = logs.configuration(form="json", level="WARNING", requests=True)
    configuration["handlers"]["console"]["stream"] = stream
    queue = f"test-{tmp_path.name}-{id(stream)}"
    with start_worker(app, pool="solo", perform_ping_check=False, queues=[queue], shutdown_timeout=20):
        logging.config.dictConfig(configuration)
        with bound_contextvars(request_id="0123456789abcdef"):
            say_something.apply_async(queue=queue)
        say_something.apply_async(queue=queue)
        deadline = time.monotonic() + 60
        while stream.getvalue().count('"said"') < 2 and time.monotonic() < deadline:
            time.sleep(0.05)
    logging.config.dictConfig(django_settings.LOGGING)
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    said = [(line.get("request_id"), line["task"]) for line in lines if line["event"] == "said"]
    assert said == [("0123456789abcdef", "tests.say_something"), (None, "tests.say_something")]
