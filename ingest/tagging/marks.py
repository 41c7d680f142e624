"""Marks that change what may happen with a letter: complaints about staff, mail for others, first applications. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from archive.names import name_key
from ingest.tagging.addresses import AddressBlock, OwnAddress, misdirected
from ingest.tagging.folding import name_parts
from ingest.tagging.phrases import PhraseBook, Piece
from ingest.tagging.tokens import Place, Reading, place_of

_COMPLAINT = (
    "Dienstaufsichtsbeschwerde", "Fachaufsichtsbeschwerde", "beschwere mich über", "Beschwerde über",
    "beschwere ich mich", "Beschwerde gegen Ihre Mitarbeiterin", "Beschwerde gegen Ihren Mitarbeiter",
    "möchte mich beschweren", "mich beschweren", "unverschämt behandelt",
)  # fmt: skip
_DEATH_AND_PROTECTION = (
    "Auskunftssperre", "Schutzadresse", "Frauenhaus", "Zeugenschutz", "Adresse nicht weitergeben", "ist verstorben",
    "Sterbeurkunde", "Sterbefall", "verstorben am",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Marks:
    """`complaint`: complains about conduct. `staff`: members of staff named in the letter (as configured).
    `misdirected`: stands addressed to another authority, with that address.
    """

    complaint: Place | None = None
    staff: tuple[str, ...] = ()
    misdirected: AddressBlock | None = None
    sensitive: Place | None = None


def find_marks(
    reading: Reading, pieces: Sequence[Piece], blocks: Sequence[AddressBlock], own: OwnAddress, staff: Sequence[str]
) -> Marks:
    """The marks of a letter. `staff` are full display names of the house's people."""
    complaint = next((hit for hit in _complaints().find(pieces) if hit.tokens[0].page <= 2), None)
    sensitive = next((hit for hit in _sensitive().find(pieces) if hit.tokens[0].page <= 2), None)
    return Marks(
        place_of(complaint.tokens) if complaint else None,
        _named_staff(reading, staff),
        misdirected(reading, blocks, own),
        place_of(sensitive.tokens) if sensitive else None,
    )


def _named_staff(reading: Reading, staff: Sequence[str]) -> tuple[str, ...]:
    words = {part for token in reading.tokens for part in name_parts(token.text)}
    named = []
    for shown in staff:
        family = name_key(shown.split()[-1]).split() if shown.split() else []
        if family and set(family) <= words:
            named.append(shown)
    return tuple(named)


@cache
def _complaints() -> PhraseBook:
    return PhraseBook(_COMPLAINT)


@cache
def _sensitive() -> PhraseBook:
    return PhraseBook(_DEATH_AND_PROTECTION)
