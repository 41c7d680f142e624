"""Scanning stations that insist: each brings a batch until it is accepted, then the next; what it was told is kept."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

import httpx

GIVE_UP_SECONDS = 1800.0
ANSWER_SECONDS = 300.0
"""A bound for what never answers; how long the slowest answer took is among the figures."""
_AGAIN_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of one request: a status, or 0 and the fault when there was no answer. Times are monotonic."""

    what: str
    status: int
    begun: float
    ended: float
    fault: str = ""
    retry_after: bool = False
    said: str = ""


@dataclass(slots=True)
class Station:
    """One station with a thread of its own. `make` gives the bytes of a serial number."""

    code: str
    base: str
    token: str
    make: Callable[[int], bytes]
    first: int
    step: int
    pause: float
    accepted: dict[str, str] = field(default_factory=dict)
    """Receipt by idempotency key: what the station may throw the paper away for."""
    answers: list[Answer] = field(default_factory=list)
    _stopping: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None
    _fault: BaseException | None = None

    def start(self) -> None:
        """Begin."""
        self._thread = threading.Thread(target=self._run, name=self.code, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """No new batch; the one at hand is brought until it is accepted."""
        self._stopping.set()

    def join(self) -> None:
        """Wait until the last batch was accepted. Raises what broke the station."""
        assert self._thread is not None
        self._thread.join(GIVE_UP_SECONDS)
        assert not self._thread.is_alive(), f"{self.code} still brings; it was told {self.told()}"
        if self._fault is not None:
            raise self._fault

    def told(self) -> Counter[str]:
        """Answers by status; without one by the fault."""
        return Counter(str(answer.status or answer.fault) for answer in self.answers)

    def _run(self) -> None:
        serial = self.first
        try:
            while not self._stopping.is_set():
                self._bring(f"{self.code}-{serial}", self.make(serial))
                serial += self.step
                self._stopping.wait(self.pause)
        except BaseException as error:  # the thread's end must not look like its having nothing to do
            self._fault = error

    def _bring(self, key: str, body: bytes) -> None:
        deadline = time.monotonic() + GIVE_UP_SECONDS
        while True:
            answer, receipt = self._put(key, body)
            self.answers.append(answer)
            if receipt:
                assert self.accepted.setdefault(key, receipt) == receipt
                return
            assert time.monotonic() < deadline, f"{key} was never accepted: {answer}"
            time.sleep(_AGAIN_SECONDS)

    def _put(self, key: str, body: bytes) -> tuple[Answer, str]:
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/pdf"}
        begun = time.monotonic()
        try:
            got = httpx.put(
                f"{self.base}/api/v1/batches/{key}", content=body, headers=headers, timeout=ANSWER_SECONDS,
                trust_env=False,
            )  # fmt: skip
        except httpx.TransportError as error:
            return Answer("upload", 0, begun, time.monotonic(), type(error).__name__), ""
        receipt = got.json()["receipt_id"] if got.status_code in (200, 201) else ""
        said = "" if receipt else got.text[:300]
        heard = "retry-after" in got.headers
        return Answer("upload", got.status_code, begun, time.monotonic(), "", heard, said), receipt
