"""HTTP connections that must bring a whole request head in time: uvicorn itself waits for the first one without end.

A body has its own limit (EAKTE_UPLOAD_STALL_SECONDS), the pause between two requests is uvicorn's keep-alive.
"""

from __future__ import annotations

import asyncio

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

HEAD_SECONDS = 20.0
"""From connecting, or from the first bytes of a later head, to the end of the head."""


class PunctualProtocol(H11Protocol):
    """Closes a connection whose request head is late: half-sent heads would hold as many connections as one likes."""

    _late: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """The first head is due."""
        super().connection_made(transport)
        self._expect_head()

    def data_received(self, data: bytes) -> None:
        """A head that has begun is due; one that is whole was in time."""
        super().data_received(data)
        if self.conn.their_state is not h11.IDLE:
            self._forget_timer()
        elif self._late is None:
            self._expect_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing is due any more."""
        self._forget_timer()
        super().connection_lost(exc)

    def _expect_head(self) -> None:
        self._late = self.loop.call_later(HEAD_SECONDS, self._close_when_late)

    def _close_when_late(self) -> None:
        self._late = None
        if self.conn.their_state is h11.IDLE:
            self.transport.close()

    def _forget_timer(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None
