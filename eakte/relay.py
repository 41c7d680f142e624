"""The relay: turns due steps into wakes."""

from __future__ import annotations

import time

from core import jobs
from core.database import Database
from core.errors import Unavailable
from core.log import logger
from core.secrets import optional_secret
from core.settings import Settings
from core.waking import QUEUES, WAKES_AHEAD, Waker, kinds_of, missing_wakes

_log = logger(__name__)
_WOKEN = tuple(queue for queue in QUEUES if kinds_of((queue,)))
"""Queues that have steps at all."""


def open_waker(settings: Settings) -> Waker | None:
    """The sending side of the broker that is set, if one is."""
    if not settings.broker_url:
        return None
    from core.celery_waking import CeleryWaker  # Celery is loaded only where a broker is set

    password = optional_secret(settings.broker_password_file, "EAKTE_BROKER_PASSWORD_FILE")
    return CeleryWaker(settings.broker_url, password)


def broker_fault(settings: Settings) -> Unavailable | None:
    """Why the broker that is set cannot take a wake now; None when it can, or when there is none."""
    waker = open_waker(settings)
    try:
        if waker is not None:
            waker.probe()
    except Unavailable as error:
        return error
    return None


class Relay:
    """The duty that turns due steps into wakes: the job rows themselves are its outbox, so none can be forgotten."""

    _PAUSE_SECONDS = 3.0
    _QUIET_SECONDS = 0.25
    """After a look that had nothing to send: the lanes are busy with what they were told of, or there is nothing."""

    def __init__(self, database: Database, waker: Waker) -> None:
        self._database, self._waker = database, waker
        self._paused_until = 0.0
        self._lost = ""

    def run(self) -> None:
        """Send what is missing. A broker that cannot take it is said once, and asked again after a pause."""
        if time.monotonic() < self._paused_until:
            return
        try:
            if not self._send():
                self._paused_until = time.monotonic() + self._QUIET_SECONDS
        except Unavailable as error:
            self._paused_until = time.monotonic() + self._PAUSE_SECONDS
            if error.reason != self._lost:
                _log.warning("broker_lost", reason=error.reason, text=error.de, text_en=error.en)
            self._lost = error.reason
            return
        if self._lost:
            _log.warning("broker_back", reason=self._lost)  # as loud as its loss
        self._lost = ""

    def _send(self) -> int:
        """How many wakes were sent."""
        sent = 0
        with self._database.read() as session:
            now = self._database.clock.now()
            due = jobs.due_counts(session, now, [kinds_of((queue,)) for queue in _WOKEN], WAKES_AHEAD)
        for queue, number in zip(_WOKEN, due, strict=True):
            missing = missing_wakes(number, self._waker.waiting(queue)) if number else 0
            if missing:
                self._waker.wake(queue, missing)
                sent += missing
        if self._lost:
            self._waker.waiting(QUEUES[0])
        return sent
