"""The auditor's pages: the mandate with its cases, and the log of acts (never the separate log of looks)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from web.views.common import Empty, Facts, Link, Option, Tab


@dataclass(frozen=True, slots=True)
class AuditCase:
    """A case of the sample."""

    href: str
    name: str
    number: str
    unit: str
    state: str


@dataclass(frozen=True, slots=True)
class MandatePage:
    """A mandate to audit: limited to these cases and to a visible end."""

    title: str
    heading: str
    facts: tuple[Facts, ...]
    tabs: tuple[Tab, ...]
    cases: tuple[AuditCase, ...]
    empty: Empty | None = None

    template: ClassVar[str] = "pruefung.html"
    panes: ClassVar[bool] = False


@dataclass(frozen=True, slots=True)
class LogFilter:
    """Selection of the log, sent by GET: `vorgang`, `von`, `bis`, `akte`."""

    action: str
    acts: tuple[Option, ...]
    date_from: str = ""
    date_to: str = ""
    case_number: str = ""
    errors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LogRow:
    """One act. `position` is the gap-free number in the chain, None while the block is not sealed yet."""

    position: int | None
    at: str
    at_iso: str
    actor: str
    act: str
    case: Link | None
    digest: str


@dataclass(frozen=True, slots=True)
class LogPage:
    """The log of acts. `seal_ok` None = not checked yet; `seal_text` says so in words, `check_href` checks it."""

    title: str
    heading: str
    tabs: tuple[Tab, ...]
    filter: LogFilter
    seal_ok: bool | None
    seal_text: str
    rows: tuple[LogRow, ...]
    total_text: str = ""
    empty: Empty | None = None
    check_href: str = ""
    next_href: str | None = None
    previous_href: str | None = None

    template: ClassVar[str] = "protokoll.html"
    panes: ClassVar[bool] = False
