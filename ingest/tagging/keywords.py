"""The keyword (Schlagwort) of a filed document, from its type and the file type of its case. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from archive.datafiles import data_file
from ingest.tagging.document_type import type_rules

_FALLBACKS = ("Schriftverkehr", "Sonstiges", "Eingangsbestätigung und Schriftverkehr")


def keyword_for(document_type: str, file_type: str, wanted: str | None = None) -> str | None:
    """The keyword of the file type's catalogue: the told one if it exists there, the type's, one that lists the type,
    else correspondence. None where the file type has no catalogue.
    """
    known = catalogues().get(file_type, {})
    rule = type_rules().get(document_type)
    own = (rule.keyword, *rule.other_keywords) if rule else ()
    for code in (wanted or "", *own):
        if code in known:
            return code
    listed = [code for code, (_, types) in known.items() if document_type in types]
    fallback = [code for title in _FALLBACKS for code, (name, _) in known.items() if title in name]
    return next(iter([*listed, *fallback, *known]), None)


@cache
def catalogues() -> Mapping[str, Mapping[str, tuple[str, frozenset[str]]]]:
    """Keywords by file type: code → (title, document types)."""
    return {
        file_type: {
            one["code"]: (one["title"], frozenset(one.get("document_types") or ()))
            for one in sorted(entries, key=lambda entry: entry.get("order", 0))
        }
        for file_type, entries in data_file("keywords")["catalogues"].items()
    }
