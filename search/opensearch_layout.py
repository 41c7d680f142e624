"""How an index in OpenSearch is laid out: settings, fields, names; and a document as it is sent. Pure.

One OpenSearch document per document, its entries nested: it is replaced as a whole, under one version. OpenSearch analyses
nothing: all terms are made here. No source is kept. Only `x`, for phrases, has positions: its values are the words of each
page in order, "|" between the terms of one place, "_" where there are none.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from search.analyser import ANALYSER_VERSION
from search.index import IndexEntry
from search.postings import postings, schema_version

_PAGE_GAP: Final = 50
_LONGEST: Final = 1_000_000
_MOST_SCOPES: Final = 1_000_000
_BARE: Final = {"type": "keyword", "doc_values": False}
_MAPPINGS: Final = {
    "dynamic": "strict",
    "_source": {"enabled": False},
    "properties": {
        "document": {"type": "keyword"},
        "sort": {"type": "long"},
        "entries": {
            "type": "nested",
            "properties": {
                "x": {
                    "type": "text",
                    "analyzer": "placed",
                    "norms": False,
                    "index_options": "positions",
                    "position_increment_gap": _PAGE_GAP,
                },
                **dict.fromkeys(("words", "forms", "unknown", "letters"), _BARE),
                **dict.fromkeys(("scope", "type", "keyword", "unit", "year"), _BARE),
            },
        },
    },
}
_ANALYSIS: Final = {
    "tokenizer": {"places": {"type": "whitespace", "max_token_length": _LONGEST}},
    "filter": {
        "stacked": {"type": "pattern_capture", "preserve_original": False, "patterns": ["([^|]+)"]},
        "empty": {"type": "stop", "stopwords": ["_"]},
    },
    "analyzer": {"placed": {"type": "custom", "tokenizer": "places", "filter": ["stacked", "empty"]}},
}
_GENERATION = re.compile(r"v(\d+)\.(\d+)-(\d+)")


@dataclass(frozen=True, slots=True)
class Generation:
    """An index of ours: its name, the schema it was made by, and whether it is the one that is read."""

    name: str
    schema: tuple[int, int]
    live: bool

    @property
    def door(self) -> str:
        """The alias to write by. It goes with the index: nothing that comes late can make the index anew."""
        return f"{self.name}-w"


@dataclass(frozen=True, slots=True)
class Names:
    """The names of one installation. `prefix` keeps several on one server apart."""

    prefix: str
    analyser: int = ANALYSER_VERSION

    @property
    def schema(self) -> tuple[int, int]:
        """What this version writes and reads."""
        major, minor = schema_version(self.analyser)[1:].split(".")
        return int(major), int(minor)

    @property
    def read(self) -> str:
        """The alias to read by."""
        return f"{self.prefix}-{schema_version(self.analyser)}"

    @property
    def pattern(self) -> str:
        """All generations of any schema."""
        return f"{self.prefix}-v*"

    def generation(self, number: int) -> str:
        """The name of a generation of this version."""
        return f"{self.read}-{number}"

    def known(self, aliases: dict[str, Any]) -> list[Generation]:
        """The generations among what the server names, oldest first."""
        found = []
        for name, told in aliases.items():
            match = _GENERATION.fullmatch(name.removeprefix(f"{self.prefix}-"))
            if match:
                schema = (int(match[1]), int(match[2]))
                live = f"{self.prefix}-v{match[1]}.{match[2]}" in told["aliases"]
                found.append((schema, int(match[3]), Generation(name, schema, live)))
        return [one for *_, one in sorted(found, key=lambda one: one[:2])]


def template(names: Names, shards: int) -> dict[str, Any]:
    """What every generation of this version is made by."""
    index = {
        "number_of_shards": shards,
        "auto_expand_replicas": "0-1",
        "refresh_interval": "-1",  # who writes says when it can be seen
        "max_terms_count": _MOST_SCOPES,
        "translog.durability": "request",
        # erasure: removed documents are kept for nobody, and a merge for their sake takes any segment that has one
        "soft_deletes.retention_lease.period": "1s",
        "merge.policy.expunge_deletes_allowed": 0,
        "analysis": _ANALYSIS,
    }
    return {
        "index_patterns": [f"{names.read}-*"],
        "priority": 500,
        "template": {"settings": {"index": index}, "mappings": _MAPPINGS},
    }


def bodies(entries: Iterable[IndexEntry]) -> dict[str, dict[str, Any]]:
    """What is sent for each document among the entries."""
    found: dict[str, list[IndexEntry]] = defaultdict(list)
    for entry in entries:
        found[entry.document_id].append(entry)
    return {document_id: _body(of_one) for document_id, of_one in found.items()}


def _body(entries: Sequence[IndexEntry]) -> dict[str, Any]:
    first = entries[0]
    return {"document": first.document_id, "sort": first.sort, "entries": [_nested(entry) for entry in entries]}


def _nested(entry: IndexEntry) -> dict[str, Any]:
    made = postings(entry)
    return {
        "scope": entry.scope,
        "type": entry.document_type.casefold(),
        "keyword": entry.keyword.casefold(),
        "unit": entry.unit.casefold(),
        "year": str(entry.year),
        "x": [_line(page) for page in made.pages],
        "words": made.words,
        "forms": made.forms,
        "unknown": made.unknown,
        "letters": made.letters,
    }


def _line(page: Sequence[tuple[str, int]]) -> str:
    places: dict[int, list[str]] = defaultdict(list)
    for term, place in page:
        places[place].append(term)
    return " ".join("|".join(places[at]) if at in places else "_" for at in range(max(places, default=-1) + 1))
