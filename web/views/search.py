"""Search: one field."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from web.views.common import Empty, Link


@dataclass(frozen=True, slots=True)
class Fragment:
    """A piece of a snippet; `marked` is the word that was looked for."""

    text: str
    marked: bool = False


@dataclass(frozen=True, slots=True)
class SearchResult:
    """One hit, opened at the page of the hit."""

    href: str
    title: str
    case_name: str
    case_number: str
    received: str
    page: int
    snippet: tuple[Fragment, ...]


@dataclass(frozen=True, slots=True)
class Facet:
    """A link that narrows the result, or takes the narrowing back when `chosen`."""

    href: str
    text: str
    count: int
    chosen: bool = False


@dataclass(frozen=True, slots=True)
class FacetGroup:
    """Facets of one kind: document type, year, unit, keyword."""

    title: str
    facets: tuple[Facet, ...]


@dataclass(frozen=True, slots=True)
class SearchPage:
    """What was understood, what was found. `problem` is a sentence about the query; then nothing was searched.

    `total_text` is the whole sentence („23 Treffer, Stand 10:41 Uhr"); `late_text` warns of an index that lags.
    """

    title: str
    query: str
    understood: tuple[str, ...] = ()
    total_text: str = ""
    cases: tuple[Link, ...] = ()
    results: tuple[SearchResult, ...] = ()
    facet_groups: tuple[FacetGroup, ...] = ()
    problem: str = ""
    late_text: str = ""
    empty: Empty | None = None
    next_href: str | None = None
    previous_href: str | None = None

    template: ClassVar[str] = "suche.html"
    panes: ClassVar[bool] = False
