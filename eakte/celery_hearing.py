"""A worker that hears of work by Celery's messages.

The messages only lend lanes; the table decides. A sweep looks into the table whenever the broker has been silent although
something is due: losing Redis, its contents or a message costs that silence and nothing else.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from celery import Celery
from celery.worker import WorkController, state
from kombu.asynchronous import set_event_loop

from core.celery_waking import WAKE
from core.errors import EakteError
from core.log import logger
from core.waking import kinds_of
from eakte.hearing import FAULT_SECONDS
from eakte.lanes import LanePool

_log = logger(__name__)
SILENCE_SECONDS = 2.0
"""A broker that says nothing for so long while something is due is not waited for."""


class CeleryHearing:
    """A Celery worker whose threads borrow lanes, and a sweep per lane for the times of silence."""

    def __init__(
        self, app: Celery, pool: LanePool, queues: Sequence[str], size: int, stopping: threading.Event
    ) -> None:
        self._app, self._pool, self._stopping = app, pool, stopping
        self._queues, self._kinds, self._size = tuple(queues), kinds_of(queues), size
        self._heard, self._deaf = time.monotonic(), False

        def wake(queue: str) -> None:
            self._wake(queue)

        app.task(name=WAKE, acks_late=True, ignore_result=True)(wake)

    def loops(self) -> list[Callable[[], None]]:
        """What runs in a thread each, until the worker stops."""
        return [self._consume, self._shut_down, *[self._sweep] * self._size]

    def _wake(self, queue: str) -> None:
        """One wake: at most one step. Whatever the message says, the table decides."""
        self._heard, self._deaf = time.monotonic(), False
        if queue not in self._queues:
            _log.warning("wake_ignored")
            return
        with suppress(EakteError):
            self._pool.take(kinds_of((queue,)))
        self._heard = time.monotonic()

    def _consume(self) -> None:
        """Celery's consumer; one that breaks (a message that is none) is made anew."""
        state.should_stop = None
        while not self._stopping.is_set():
            try:
                with suppress(SystemExit):  # how Celery ends a consumer
                    self._controller().start()
            except Exception as error:  # whatever a broker sends, the worker goes on
                _log.error("consumer_broken", error=type(error).__name__, exc_info=error)
            self._stopping.wait(FAULT_SECONDS)

    def _controller(self) -> Any:
        set_event_loop(None)
        return WorkController(
            app=self._app, pool="threads", concurrency=self._size, queues=list(self._queues), without_gossip=True,
            without_mingle=True, without_heartbeat=True, loglevel="ERROR",
        )  # fmt: skip

    def _shut_down(self) -> None:
        """Celery's warm shut-down: no new messages, what runs is finished."""
        self._stopping.wait()
        state.should_stop = 0  # type: ignore[assignment]  # an exit status means: stop

    def _sweep(self) -> None:
        while not self._stopping.wait(SILENCE_SECONDS / 2):
            try:
                while self._silent() and self._pool.take(self._kinds, wait=False):
                    self._say_once()
            except Exception as error:  # the sweep is what is left when all else fails: it may not end
                _log.error("sweep_broken", error=type(error).__name__, exc_info=error)

    def _say_once(self) -> None:
        if not self._deaf:
            _log.warning("broker_silent")  # said once per silence
        self._deaf = True

    def _silent(self) -> bool:
        return not self._stopping.is_set() and time.monotonic() - self._heard > SILENCE_SECONDS
