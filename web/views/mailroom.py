"""The mailroom's pages: is every sheet accounted for, and what must a person still end?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from web.views.common import ActionForm, Badge, Empty, Link, Tab


@dataclass(frozen=True, slots=True)
class BalancePart:
    """One term of the day's balance."""

    text: str
    count: int


@dataclass(frozen=True, slots=True)
class BatchRow:
    """One delivery of the day. `sheets` says what the station told and what is there; `rest` what is not filed yet."""

    time: str
    station: str
    pages: str
    items: int
    rest: str
    badge: Badge | None = None


@dataclass(frozen=True, slots=True)
class MailroomPage:
    """The board of one day. `difference` 0 = every page lies in exactly one mail item or is a sheet."""

    title: str
    heading: str
    tabs: tuple[Tab, ...]
    day: str
    day_title: str
    received: int
    parts: tuple[BalancePart, ...]
    difference: int
    batches: tuple[BatchRow, ...]
    previous: Link
    following: Link | None
    error: str = ""
    empty: Empty | None = None
    previous_href: str | None = None
    next_href: str | None = None

    template: ClassVar[str] = "poststelle.html"
    panes: ClassVar[bool] = False


@dataclass(frozen=True, slots=True)
class QuarantineRow:
    """Something that no machine can go on with: what, where it came from, why, and the two ways on."""

    entry_id: str
    title: str
    origin: str
    name: str
    reason: str
    state: Badge
    retry: ActionForm
    end_href: str


@dataclass(frozen=True, slots=True)
class QuarantinePage:
    """Everything that a person must still end with a reason."""

    title: str
    heading: str
    tabs: tuple[Tab, ...]
    rows: tuple[QuarantineRow, ...]
    empty: Empty | None = None
    previous_href: str | None = None
    next_href: str | None = None

    template: ClassVar[str] = "quarantaene.html"
    panes: ClassVar[bool] = False
