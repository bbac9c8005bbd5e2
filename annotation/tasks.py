"""Celery tasks: light work on a clock."""

from __future__ import annotations

from celery import shared_task

from annotation.services import judging


@shared_task(name="annotation.expire_leases")
def expire_leases() -> int:
    """Put expired leases back into the pool; how many."""
    return judging.expire_leases()
