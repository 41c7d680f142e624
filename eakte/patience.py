"""Starting while a store is away: at night servers come up in any order, and nobody is there to start us a second time.

Only what passes by itself is waited for. Settings that cannot work, refused passwords and foreign databases end the
process at once (ConfigurationError).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final, TypeVar

from core.errors import Unavailable

LONGEST_PAUSE: Final = 5.0
SAY_AGAIN_SECONDS: Final = 300.0
_Opened = TypeVar("_Opened")
_Tell = Callable[[str], object]


def patiently(open_stores: Callable[[], _Opened], tell: _Tell, at_most: float = 0) -> _Opened:
    """What `open_stores` returns, tried until all stores answer; of `at_most` seconds, 0: as long as it takes.

    Tells what is missing: once for each cause, and again every five minutes. Raises Unavailable when the time is over.
    """
    began = time.monotonic()
    cause, told_at, pause = "", began, 0.5
    while True:
        try:
            opened = open_stores()
        except Unavailable as error:
            now = time.monotonic()
            if at_most and now - began >= at_most:
                raise
            if error.de != cause or now - told_at >= SAY_AGAIN_SECONDS:
                tell(_line(error))
                cause, told_at = error.de, now
        else:
            if cause:
                tell("Alles antwortet, der Start geht weiter. (Everything answers, the start goes on.)")
            return opened
        pause = min(LONGEST_PAUSE, 2 * pause)
        time.sleep(pause)


def _line(error: Unavailable) -> str:
    """What is the matter, without the advice to whoever would try again: that is what we do."""
    de, en = error.de.partition(". ")[0].rstrip("."), error.en.partition(". ")[0].rstrip(".")
    return f"{de}. Der Start wartet darauf und geht dann von selbst weiter. ({en}. The start waits for it.)"
