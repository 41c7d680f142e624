"""Processes that may not outlive the one that started them."""

from __future__ import annotations

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def end_with(parent: int, how: signal.Signals = signal.SIGKILL) -> None:
    """Let the kernel send `how` to this process when `parent` ends, however it ends. Linux only; elsewhere nothing.

    When `parent` has ended already, this process ends at once. The kernel watches the thread that started this process:
    start it from a thread that lives as long as its process.
    """
    if sys.platform != "linux":
        return
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, how)
    if os.getppid() != parent:
        os._exit(1)
