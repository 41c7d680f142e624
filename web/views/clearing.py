"""Clearing: one letter, one question."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from web.views.common import ActionForm, Empty, EvidenceBox, EvidenceRow, Option, PageView, Tab


@dataclass(frozen=True, slots=True)
class CandidateCard:
    """A case that may be meant. `preselected` only when the evidence singles it out: never on a tie.

    `catalogue` is the keyword catalogue of the case's file type (LEIST …): only its keywords are offered then.
    """

    value: str
    name: str
    file_number: str
    detail: str
    catalogue: str
    evidence: tuple[EvidenceRow, ...] = ()
    preselected: bool = False


@dataclass(frozen=True, slots=True)
class KeywordOption:
    """A keyword of one catalogue; `document_types` are the codes it is the usual keyword of."""

    value: str
    text: str
    catalogue: str
    catalogue_title: str
    document_types: tuple[str, ...] = ()
    selected: bool = False


@dataclass(frozen=True, slots=True)
class CaseHit:
    """A case found by the search beside the candidates."""

    value: str
    name: str
    file_number: str
    detail: str
    catalogue: str


@dataclass(frozen=True, slots=True)
class CaseHits:
    """At most six hits; the fragment `akten` of a letter in clearing and of the form „Andere Akte"."""

    query: str
    hits: tuple[CaseHit, ...]


@dataclass(frozen=True, slots=True)
class ClearingErrors:
    """What is wrong with a posted decision, one sentence per field; the page comes back with 422 and the input kept."""

    akte: str = ""
    art: str = ""
    schlagwort: str = ""
    eingang: str = ""


@dataclass(frozen=True, slots=True)
class ClearingLetter:
    """The letter, what was found on it, and the answers."""

    item_id: str
    self_href: str
    title: str
    meta: str
    reason: str
    page: PageView
    file: ActionForm
    evidence: tuple[EvidenceBox, ...] = ()
    candidates: tuple[CandidateCard, ...] = ()
    document_types: tuple[Option, ...] = ()
    keywords: tuple[KeywordOption, ...] = ()
    received: str = ""
    received_hint: str = ""
    cases_href: str = ""
    case_query: str = ""
    postpone: ActionForm | None = None
    forward_href: str | None = None
    dismiss_href: str | None = None
    propose_href: str | None = None
    preload: tuple[str, ...] = ()
    lease_seconds: int = 0
    lease_url: str = ""
    errors: ClearingErrors = ClearingErrors()


@dataclass(frozen=True, slots=True)
class ClearingPage:
    """The clearing list at one letter. `letter` None shows `empty`."""

    title: str
    open_count: int
    done_today: int
    tabs: tuple[Tab, ...]
    letter: ClearingLetter | None
    empty: Empty | None = None

    template: ClassVar[str] = "klaerung.html"
    panes: ClassVar[bool] = True
