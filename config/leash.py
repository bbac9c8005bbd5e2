"""A child process that cannot outlive the one that started it, not even when that one is killed."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from collections.abc import Callable

PR_SET_PDEATHSIG = 1  # linux/prctl.h
# Looked up before any fork: between fork and exec nothing may be loaded.
PRCTL = ctypes.CDLL(None).prctl if sys.platform == "linux" else None


def leash(last_word: signal.Signals) -> Callable[[], None]:
    """What a new process calls first, so that the kernel sends it `last_word` when the caller of `leash` is gone.

    Fit for `preexec_fn`. Signals that the starting process ignores or holds back are ordinary again afterwards. The kernel
    forgets the leash at a later fork, so each child needs its own. Elsewhere than on Linux only the signals are mended.
    """
    holder = os.getpid()

    def tie() -> None:
        for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGHUP, signal.SIGINT, signal.SIGTERM})
        if PRCTL is None:
            return
        PRCTL(PR_SET_PDEATHSIG, last_word)
        if os.getppid() != holder:  # it went away before the kernel knew
            os.kill(os.getpid(), last_word)

    return tie
