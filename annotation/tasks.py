"""Celery tasks: light work on a clock."""

from __future__ import annotations

from celery import shared_task
from django.core.management import call_command

from annotation.services import judging, takedowns


@shared_task(name="annotation.expire_leases")
def expire_leases() -> int:
    """Put expired leases back into the pool; how many."""
    return judging.expire_leases()


@shared_task(name="annotation.clear_sessions")
def clear_sessions() -> None:
    """Delete sessions that have ended."""
    call_command("clearsessions")


@shared_task(name="annotation.finish_takedowns")
def finish_takedowns() -> int:
    """Delete pictures that a crash left behind after a takedown; how many takedowns that finished."""
    return takedowns.finish_takedowns()
