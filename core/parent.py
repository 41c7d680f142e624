"""Processes that may not outlive the one that started them."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

_PR_SET_PDEATHSIG = 1
_T = TypeVar("_T")
# PDEATHSIG fires when the *thread* that started a child ends: children come from one thread that lives as long as the
# process, or an idle thread of the server's pool would take them along when it ends.
_spawner = ThreadPoolExecutor(max_workers=1, thread_name_prefix="spawner")


def in_lasting_thread(start: Callable[[], _T]) -> _T:
    """Start children that call `end_with` through this: the thread that runs `start` lives as long as this process."""
    return _spawner.submit(start).result()


def end_with(parent: int, how: signal.Signals = signal.SIGKILL) -> None:
    """Let the kernel send `how` to this process when `parent` ends, however it ends. Linux only; elsewhere nothing.

    When `parent` has ended already, this process ends at once. The kernel watches the thread that started this process:
    start it by `in_lasting_thread`. A change of user makes the kernel forget: change first, then call this.
    """
    if sys.platform != "linux":
        return
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, how)
    if os.getppid() != parent:
        os._exit(1)
