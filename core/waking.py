"""Waking: the job table is the truth, a broker only says "there is work of this queue".

A wake carries no work. It may be lost, doubled, late or forged: a worker that hears one looks into the table, where
leases and fencing numbers decide. So an empty, full or dead broker costs time, never work.

Two ways to hear of work pass the same contract tests (tests/eakte/test_waking.py): lanes that poll the table (embedded)
and Celery on Redis (`core.celery_waking`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final, Protocol

OCR: Final = "ocr"
INGEST: Final = "ingest"
DEFAULT: Final = "default"
QUEUES: Final = (INGEST, DEFAULT, OCR)
"""`ingest` cuts batches and files letters, `ocr` reads pages, `default` runs the duties (index, seals, sweeps, relay)."""

_KINDS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {INGEST: ("assemble", "split"), DEFAULT: (), OCR: ("read",)}
)
WAKES_AHEAD: Final = 64
"""More wakes than this never wait in one queue: a broker that nobody empties does not grow."""


class Waker(Protocol):
    """The sending side of a broker. Every method raises core.errors.Unavailable with readable texts when it cannot."""

    def wake(self, queue: str, number: int) -> None:
        """Send `number` wakes for `queue`."""
        ...

    def waiting(self, queue: str) -> int:
        """How many wakes nobody has taken yet."""
        ...

    def probe(self) -> None:
        """Return when the broker would take a wake; send none."""
        ...


def kinds_of(queues: Sequence[str]) -> tuple[str, ...] | None:
    """The kinds of jobs of these queues, None for all queues. Raises ValueError for an unknown queue or none at all."""
    unknown = set(queues) - set(QUEUES)
    if unknown or not queues:
        raise ValueError(f"unknown queue: {', '.join(sorted(unknown)) or 'none'}")
    if set(queues) == set(QUEUES):
        return None
    return tuple(kind for queue in QUEUES if queue in queues for kind in _KINDS[queue])


def missing_wakes(due: int, waiting: int) -> int:
    """How many wakes to send for `due` steps while `waiting` wakes wait already."""
    return max(0, min(due, WAKES_AHEAD) - waiting)
