"""Case file and document viewer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from web.views.common import ActionForm, Empty, Facts, Link, Option, PageView, Tab
from web.views.inbox import Note


@dataclass(frozen=True, slots=True)
class CaseRow:
    """One filed document in the list of a case file. `sheets` is the range of sheet numbers („483–485")."""

    href: str
    title: str
    keyword: str
    sender: str
    sheets: str
    received: str
    current: bool = False


@dataclass(frozen=True, slots=True)
class RowGroup:
    """Rows under one heading („Diese Woche", „Oktober 2026")."""

    title: str
    rows: tuple[CaseRow, ...]


@dataclass(frozen=True, slots=True)
class RegisterEntry:
    """A keyword of the catalogue with the number of documents the user may see under it."""

    href: str
    text: str
    count: int
    current: bool = False


@dataclass(frozen=True, slots=True)
class DocumentPreview:
    """The document beside the list of a case file. `origin` says how it came into the file."""

    self_href: str
    title: str
    meta: str
    open_href: str
    page: PageView
    origin: tuple[str, ...] = ()
    download_href: str | None = None


@dataclass(frozen=True, slots=True)
class CasePage:
    """The cover, the register, the documents (newest first) and a preview. `filter_*` are sent by GET."""

    title: str
    name: str
    number: str
    crumbs: tuple[Link, ...]
    facts: tuple[Facts, ...]
    tabs: tuple[Tab, ...]
    register: tuple[RegisterEntry, ...]
    list_title: str
    groups: tuple[RowGroup, ...]
    filter_action: str
    filter_text: str = ""
    periods: tuple[Option, ...] = ()
    orders: tuple[Option, ...] = ()
    preview: DocumentPreview | None = None
    empty: Empty | None = None
    note_href: str | None = None
    close: ActionForm | None = None
    reopen_href: str | None = None
    merge_href: str | None = None
    admit_href: str | None = None
    withdraw_href: str | None = None
    more_href: str | None = None

    template: ClassVar[str] = "akte.html"
    panes: ClassVar[bool] = True


@dataclass(frozen=True, slots=True)
class VersionLine:
    """One version of the document."""

    text: str
    href: str | None = None
    current: bool = False


@dataclass(frozen=True, slots=True)
class TransferLine:
    """One line of the transfer note (BSI TR-03138): term and value."""

    term: str
    text: str


@dataclass(frozen=True, slots=True)
class DocumentPage:
    """Read, compare, cite. There is no primary command: reading needs none."""

    title: str
    heading: str
    sheets: str
    crumbs: tuple[Link, ...]
    page: PageView
    facts: tuple[Facts, ...]
    versions: tuple[VersionLine, ...] = ()
    notes: tuple[Note, ...] = ()
    transfer: tuple[TransferLine, ...] = ()
    download_pdf_href: str | None = None
    download_original_href: str | None = None
    note_href: str | None = None

    template: ClassVar[str] = "dokument.html"
    panes: ClassVar[bool] = True
