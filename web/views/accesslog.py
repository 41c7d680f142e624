"""The access log of a case: the requests to read it, and the log. Numbers, names of staff and times; never a document."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from web.views.common import Badge, Empty, Facts, Link, Option


@dataclass(frozen=True, slots=True)
class LogRequestRow:
    """A request: which case, who asked when and why, what was decided, and the one way on (None = none)."""

    request_id: str
    title: str
    state: Badge
    asked: str
    reason: str
    decided: str = ""
    decision_reason: str = ""
    decide_href: str | None = None
    log_href: str | None = None


@dataclass(frozen=True, slots=True)
class LogRequestPage:
    """Requests to decide, then one's own. `ask_href` None: not for this person."""

    title: str
    heading: str
    intro: str
    ask_href: str | None
    waiting: tuple[LogRequestRow, ...]
    rows: tuple[LogRequestRow, ...]
    empty: Empty | None = None
    previous_href: str | None = None
    next_href: str | None = None

    template: ClassVar[str] = "zugriffe.html"
    panes: ClassVar[bool] = False


@dataclass(frozen=True, slots=True)
class AccessLogFilter:
    """Selection of the log, sent by GET: `art` look, act; `von`, `bis`."""

    action: str
    kinds: tuple[Option, ...]
    date_from: str = ""
    date_to: str = ""
    errors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AccessLogRow:
    """One look or act. `document`: the running number in the case and what is special about the look."""

    position: int | None
    at: str
    at_iso: str
    actor: str
    what: str
    document: str


@dataclass(frozen=True, slots=True)
class AccessLogPage:
    """The access log of one case."""

    title: str
    heading: str
    back: Link
    facts: tuple[Facts, ...]
    filter: AccessLogFilter
    rows: tuple[AccessLogRow, ...]
    total_text: str
    empty: Empty | None = None
    next_href: str | None = None
    previous_href: str | None = None

    template: ClassVar[str] = "zugriffsprotokoll.html"
    panes: ClassVar[bool] = False
