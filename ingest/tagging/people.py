"""Names that the letter itself labels: form fields, "Frau …", before "geb.", the sender's block, the subject. Pure.

These tell whom a letter is about where the register has nobody of that name; matching against known persons is done
by routing, which knows the candidates.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from archive.names import name_key
from ingest.tagging.addresses import AddressBlock
from ingest.tagging.folding import name_parts
from ingest.tagging.labels import Labels
from ingest.tagging.tokens import Place, Reading, Segment, Token, place_of

NameLabel = Literal["field", "salutation", "birth", "sender", "subject"]
_FIELD = re.compile(
    r"^(name|name vorname|vorname name|familienname|nachname|vorname|vor und zuname|mieter|mieterin|teilnehmer|"
    r"teilnehmerin|patient|patientin|kontoinhaber|kontoinhaberin|versicherte person|versicherter|versicherte|"
    r"arbeitnehmer|arbeitnehmerin|schuldner|schuldnerin|mandant|mandantin|antragsteller|antragstellerin|kind|"
    r"schuler|schulerin|klager|klagerin|mitglied|empfanger|betroffene person)$"
)
_TITLES = frozenset({"frau", "herr", "herrn", "familie", "eheleute"})
_BORN = re.compile(r"(?i)^\W*(geb|geboren)\b")
_AGAINST = re.compile(r"^(.*?)\s*\.?/\.?\s*(?i:jobcenter|kreis|stadt|landkreis)")
_NOT_NAMES = frozenset(
    ("jobcenter", "kreis", "stadt", "amt", "landrat", "damen", "herren", "team", "nummer", "datum", "strasse",
     "postfach", "telefon", "seite", "bescheid", "antrag", "zeichen", "sachbearbeitung", "unterschrift", "vorname",
     "name", "geburtsdatum", "anschrift", "wohnort", "gmbh", "ihr", "unser", "sehr", "geehrte", "leistungen",
     "widerspruch", "auskunft", "anlage", "herr", "herrn", "frau", "firma", "hausverwaltung", "praxis", "klinik",
     "schule")
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class NameMention:
    """A labelled name: folded parts in printed order, the label's kind, and the place."""

    parts: tuple[str, ...]
    label: NameLabel
    place: Place


def find_names(reading: Reading, blocks: Sequence[AddressBlock]) -> tuple[NameMention, ...]:
    """All labelled names. A run counts only when it looks like a given and a family name."""
    labels = Labels(reading)
    found: dict[tuple[int, tuple[int, int, int, int]], NameMention] = {}
    by_index = {segment.index: segment for segment in reading.segments}
    for mention in (
        *_fields(reading, labels),
        *(one for segment in reading.segments for one in _in_segment(segment)),
        *_senders(blocks, by_index),
    ):
        found.setdefault((mention.place.page, mention.place.box), mention)
    return tuple(found.values())


def _fields(reading: Reading, labels: Labels) -> Iterator[NameMention]:
    for segment in reading.segments:
        head, _, tail = segment.text.partition(":")
        if tail and _FIELD.match(name_key(head)):
            yield from _mention(segment.tokens[len(head.split()) :], "field")
        elif _FIELD.match(labels.left(segment)) or _FIELD.match(_own_column(labels.above(segment.tokens[0]))):
            yield from _mention(segment.tokens, "field")


def _own_column(above: str) -> str:
    return above if len(above.split()) < 4 else " ".join(above.split()[:2])


def _in_segment(segment: Segment) -> Iterator[NameMention]:
    tokens = segment.tokens
    for number, token in enumerate(tokens):
        if name_key(token.text) in _TITLES and number + 2 <= len(tokens):
            yield from _mention(tokens[number + 1 : number + 4], "salutation")
        if _BORN.search(token.text) and number:
            yield from _mention(tokens[max(0, number - 3) : number], "birth")
    match = _AGAINST.search(segment.text)
    if match and match[1]:
        yield from _mention(tokens[: len(match[1].split())], "subject")


def _senders(blocks: Sequence[AddressBlock], segments: dict[int, Segment]) -> Iterator[NameMention]:
    for block in blocks:
        if block.kind == "person":
            for index in block.segments[:2]:
                yield from _mention(segments[index].tokens, "sender")


def _mention(tokens: Sequence[Token], label: NameLabel) -> Iterator[NameMention]:
    run: list[Token] = []
    for token in tokens:
        parts = name_parts(token.text)
        if name_key(token.text) in _TITLES and not run:
            continue
        if not parts or not _like_name(token.text) or set(parts) & _NOT_NAMES:
            break
        run.append(token)
        if len(run) == 4:
            break
    parts = tuple(part for token in run for part in name_parts(token.text))
    if len([part for part in parts if len(part) > 2]) >= 2:
        yield NameMention(parts, label, place_of(run))


def _like_name(word: str) -> bool:
    plain = word.strip(".,;:()")
    return plain[:1].isupper() or name_key(plain) in ("von", "van", "de", "der", "den", "zu", "al", "el", "da", "dos")
