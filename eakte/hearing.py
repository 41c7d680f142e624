"""How a worker hears of work: here by looking into the table; with a broker by Celery (`eakte.celery_hearing`)."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from core.log import logger
from core.waking import kinds_of
from eakte.lanes import LanePool

_log = logger(__name__)
IDLE_SECONDS = 0.1
FAULT_SECONDS = 1.0


class TableHearing:
    """Each lane looks into the table until it finds something."""

    def __init__(self, pool: LanePool, queues: Sequence[str], size: int, stopping: threading.Event) -> None:
        self._pool, self._kinds, self._size, self._stopping = pool, kinds_of(queues), size, stopping

    def loops(self) -> list[Callable[[], None]]:
        """What runs in a thread each, until the worker stops."""
        return [self._lane] * self._size

    def _lane(self) -> None:
        while not self._stopping.is_set():
            try:
                if not self._pool.take(self._kinds):
                    self._stopping.wait(IDLE_SECONDS)
            except Exception as error:  # a lane that ends silently would leave its work undone until a restart
                _log.error("lane_broken", error=type(error).__name__, exc_info=error)
                self._stopping.wait(FAULT_SECONDS)
