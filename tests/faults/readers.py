"""People who read meanwhile: they sign in, look into the Postkorb, search and open letters; what they saw is kept."""

from __future__ import annotations

import itertools
import re
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import httpx

from tests.faults.stations import ANSWER_SECONDS, Answer

_DOCUMENT = re.compile(r"/api/v1/documents/([0-9a-f-]{36})/")
_SIGNED_OUT = 303
_NOT_KEPT = httpx.Limits(max_keepalive_connections=0)
"""A kept connection may be closed for its idleness in the moment it is used again; a browser would ask once more."""


@dataclass(slots=True)
class Reader:
    """One person in a browser without scripts."""

    base: str
    user: str
    password: str
    pause: float
    answers: list[Answer] = field(default_factory=list)
    _stopping: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None
    _document: str = ""
    _fault: BaseException | None = None

    def start(self) -> None:
        """Begin."""
        self._thread = threading.Thread(target=self._run, name=self.user, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End after the request at hand."""
        self._stopping.set()

    def join(self) -> None:
        """Wait for the end. Raises what broke the reader."""
        assert self._thread is not None
        self._thread.join(2 * ANSWER_SECONDS)
        assert not self._thread.is_alive(), f"{self.user} still waits for a page"
        if self._fault is not None:
            raise self._fault

    def _run(self) -> None:
        try:
            with httpx.Client(base_url=self.base, timeout=ANSWER_SECONDS, trust_env=False, limits=_NOT_KEPT) as browser:
                for what in self._plan():
                    if self._stopping.is_set():
                        return
                    self._do(browser, what)
                    self._stopping.wait(self.pause)
        except BaseException as error:  # the thread's end must not look like its having nothing to do
            self._fault = error

    def _plan(self) -> Iterator[str]:
        """Signing in comes again now and then; whoever is signed out begins with it."""
        yield "sign-in"
        yield from itertools.cycle(("inbox", "content", "search", "inbox", "content", "search", "sign-in"))

    def _do(self, browser: httpx.Client, what: str) -> None:
        if what == "content" and not self._document:
            return
        what = what if browser.cookies else "sign-in"  # an attempt that was cut off left nobody signed in
        begun = time.monotonic()
        try:
            got = self._ask(browser, what)
        except httpx.TransportError as error:
            self.answers.append(Answer(what, 0, begun, time.monotonic(), type(error).__name__))
            return
        said = got.text[:20_000] if got.status_code >= 500 else ""
        heard = "retry-after" in got.headers
        self.answers.append(Answer(what, got.status_code, begun, time.monotonic(), "", heard, said))
        if what == "inbox" and got.status_code == 200 and (found := _DOCUMENT.search(got.text)):
            self._document = found[1]
        if what != "sign-in" and got.status_code == _SIGNED_OUT:
            self._do(browser, "sign-in")

    def _ask(self, browser: httpx.Client, what: str) -> httpx.Response:
        if what == "sign-in":
            browser.cookies.clear()
            return browser.post("/anmelden", data={"benutzer": self.user, "passwort": self.password})
        if what == "inbox":
            return browser.get("/postkorb")
        if what == "search":
            return browser.get("/suche", params={"q": "Mietbescheinigung"})
        return browser.get(f"/api/v1/documents/{self._document}/pdf")
