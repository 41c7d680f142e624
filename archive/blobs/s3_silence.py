"""A store that stands still is waited for by one request at a time: the others are told at once that it is silent.

Without that every request that needs bytes would hold a thread of the server for half a minute, and soon there would be
none left for pages that need no bytes.
"""

from __future__ import annotations

import threading
import time
from typing import Any, Final

import urllib3
from urllib3.exceptions import HTTPError, MaxRetryError, NewConnectionError, TimeoutError

REST_SECONDS: Final = 5.0
"""How long nobody asks after a silence."""
_ASKING: Final = float("inf")


class SilentStore(HTTPError):
    """Nobody was asked: the store was silent a moment ago."""


class WatchfulPool(urllib3.PoolManager):
    """Connections to one server whose silence is remembered. A refused connection is no silence: it costs no time."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._lock = threading.Lock()
        self._silent_until = 0.0  # 0: it answers

    def urlopen(self, method: str, url: str, redirect: bool = True, **options: Any) -> Any:  # type: ignore[override]
        """See urllib3. Raises SilentStore."""
        asking = self._ask_first()
        silent = False
        try:
            return super().urlopen(method, url, redirect, **options)
        except HTTPError as error:
            silent = _is_silence(error)
            raise
        finally:
            if silent or asking:
                self._silent_until = time.monotonic() + REST_SECONDS if silent else 0.0

    def _ask_first(self) -> bool:
        """Whether this request is the one that finds out whether the store answers again."""
        with self._lock:
            if not self._silent_until:
                return False
            if time.monotonic() < self._silent_until:
                raise SilentStore
            self._silent_until = _ASKING
            return True


def _is_silence(error: HTTPError) -> bool:
    cause = error.reason if isinstance(error, MaxRetryError) else error
    return isinstance(cause, TimeoutError) and not isinstance(
        cause, NewConnectionError
    )  # a refusal counts as one there
