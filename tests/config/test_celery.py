"""Celery over the broker of this run, the filesystem or Redis: a task goes out, a real worker does it."""

from __future__ import annotations

import time
from datetime import timedelta
from pathlib import Path

import pytest
from celery.contrib.testing.worker import start_worker
from django.db import connection
from django.utils import timezone
from pytest_django import Settings

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
        deadline = time.monotonic() + 20
        while status_of(assignment) != "expired" and time.monotonic() < deadline:
            time.sleep(0.05)
    assert status_of(assignment) == "expired"


def test_everything_on_the_clock_is_a_task_that_exists(settings: Settings) -> None:
    app.loader.import_default_modules()
    for entry in settings.CELERY_BEAT_SCHEDULE.values():
        assert entry["task"] in app.tasks
