"""Processes to draw in: they load `corpus` alone, so each is there in half a second and small."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing.connection import wait
from typing import Final

MAX_PROCESSES: Final = 4


@contextmanager
def drawing_processes() -> Iterator[Executor | None]:
    """Processes of our own to draw in, one per core; None where there is but one core."""
    cores = min(len(os.sched_getaffinity(0)), MAX_PROCESSES)
    if cores == 1:
        yield None
        return
    # spawned: a fork would share our connection to the database
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(cores, mp_context=context, initializer=_begin) as pool:
        try:
            yield pool
        finally:
            pool.shutdown(cancel_futures=True)


def _begin() -> None:
    """In a drawing process: others come first, Ctrl-C is the importer's, and nobody draws on when the importer is gone."""
    os.nice(5)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    importer = multiprocessing.parent_process()
    assert importer is not None
    threading.Thread(target=_end_with, args=(importer.sentinel,), daemon=True).start()


def _end_with(sentinel: int) -> None:
    wait([sentinel])
    os._exit(1)
