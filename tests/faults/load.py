"""Five stations and some readers on a stack, and the judgement of what they were told."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.faults.letters import Post, busiest, post
from tests.faults.readers import Reader
from tests.faults.stack import STATIONS, Stack
from tests.faults.stations import Answer, Station

WARM_SECONDS = 1200.0
_GRACE = 1.0
"""A connection may break this long before a kill is noted, or after the API answers again."""
_NAMED = ("Datenbank", "Speicher", "Suche", "ausgelastet")
"""One of these is what a 503 says is not available."""


@dataclass(slots=True)
class Load:
    """All senders ever started on a stack; each episode has senders of its own."""

    stack: Stack
    pause: float
    readers: int
    stations: list[Station] = field(default_factory=list)
    user: str = ""
    mail: Post | None = None
    _next: int = 0

    def __post_init__(self) -> None:
        self.user = busiest(self.stack.register)
        self.mail = post(self.stack.register, self.user)

    @contextmanager
    def running(self) -> Iterator[tuple[list[Station], list[Reader]]]:
        """Senders and readers while the block runs, from the moment on when each was served once; then all end."""
        assert self.mail is not None
        stations = [
            Station(code, self.stack.base, self.stack.tokens[code], self.mail.batch, self._next + number,
                    len(STATIONS), self.pause)
            for number, code in enumerate(STATIONS)
        ]  # fmt: skip
        readers = [Reader(self.stack.base, self.user, self.stack.password, 0.5) for _ in range(self.readers)]
        self.stations += stations
        people: list[Station | Reader] = [*stations, *readers]
        for one in people:
            one.start()
        try:
            _warm(stations, readers)
            yield stations, readers
        finally:
            for one in people:
                one.stop()
        for one in people:
            one.join()
        self._next += len(STATIONS) * max(len(station.accepted) for station in stations)


def _warm(stations: Sequence[Station], readers: Sequence[Reader]) -> None:
    """A fault that comes before the first letter meets nothing."""
    deadline = time.monotonic() + WARM_SECONDS
    while not all(one.accepted for one in stations) or not all(_was_served(one) for one in readers):
        assert time.monotonic() < deadline, [one.told() for one in stations]
        time.sleep(0.2)


def _was_served(reader: Reader) -> bool:
    return {"inbox", "search", "content"} <= {answer.what for answer in reader.answers if answer.status == 200}


def judge(
    answers: Iterable[Answer], away: Sequence[tuple[float, float]], besides: Collection[int] = ()
) -> dict[str, Any]:
    """What people and stations saw, counted; raises AssertionError for anything they must not see.

    No answer only while the API itself was away; otherwise an answer as always, or 503 with Retry-After and words that
    name what is not available; `besides` are statuses that this fault explains.
    """
    answers = list(answers)
    wrong = [one for one in answers if one.status not in besides and not _may_be(one, away)]
    assert not wrong, wrong[:5]
    told: dict[str, Counter[str]] = {}
    for one in answers:
        told.setdefault(one.what, Counter())[str(one.status or "none")] += 1
    slowest = {what: max(one.ended - one.begun for one in answers if one.what == what) for what in told}
    return {what: {**counts, "slowest": round(slowest[what], 1)} for what, counts in sorted(told.items())}


def _may_be(answer: Answer, away: Sequence[tuple[float, float]]) -> bool:
    if answer.status == 0:
        return any(answer.begun < end + _GRACE and answer.ended > begin - _GRACE for begin, end in away)
    if answer.status == 503:
        return answer.retry_after and any(word in answer.said for word in _NAMED)
    if answer.what == "upload":
        return answer.status in (200, 201)
    return answer.status in (200, 303)
