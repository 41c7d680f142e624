"""The document type of a letter: phrases of `document-types.yaml`, where they stand, and who writes. Pure.

Heading and subject weigh more than the first page's text, that more than later pages (a decision attached in copy must
not win over the letter it is attached to). Too close to the next type means UNKLAR; the ranking stays for routing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from archive.datafiles import data_file
from ingest.tagging.phrases import Hit, PhraseBook, Piece
from ingest.tagging.senders import PRIVATE
from ingest.tagging.tokens import Place, Reading, Token, place_of

UNCLEAR = "UNKLAR"
MISDIRECTED = "IRRLAEUFER"
_TRIGGER, _SYNONYM, _TITLE, _SUBJECT = 1.0, 0.7, 0.9, 2.5
_HEADING, _LATER, _LISTED = 3.0, 0.3, 0.35
_SENDER, _FOREIGN_SENDER, _EXCLUDED = 1.25, 0.6, 0.25
_MIN_SCORE, _MARGIN = 1.4, 1.12
_PLAUSIBLE = 0.75
_GENERIC = frozenset(  # titles that say nothing
    ("bescheinigung", "antrag", "schreiben", "mitteilung", "vertrag", "bericht", "nachweis", "abrechnung",
     "selbstauskunft", "anfrage", "rechnung", "bescheid", "beschluss", "auszug", "urkunde", "erklärung",
     "vereinbarung", "formular", "anlage", "meldung", "nachweise")
)  # fmt: skip
# Phrases of letters that the data file does not list (own judgement).
_MORE: Mapping[str, tuple[str, ...]] = {
    "ANTRAG_ERST": (
        "Antrag auf Leistungen",
        "Antrag auf Hartz IV",
        "beantrage ich Bürgergeld",
        "stelle ich einen Antrag auf Bürgergeld",
        "stelle ich einen Antrag auf Grundsicherungsgeld",
    ),
    "MITWIRKUNG_ANTWORT": (
        "fehlende Unterlagen",
        "die fehlenden Nachweise",
        "die fehlenden Unterlagen",
        "angeforderten Unterlagen",
        "reiche ich nach",
    ),
    "VERAENDERUNG": ("hiermit teile ich Ihnen mit", "Änderung meiner Verhältnisse", "hat sich geändert"),
    "WIDERSPRUCH": (
        "lege Widerspruch ein",
        "erhebe ich Widerspruch",
        "Einspruch gegen Ihren Bescheid",
        "Einspruch gegen den Bescheid",
        "Widerspruch und bitte",
    ),
    "WIDERSPRUCH_BEGRUENDUNG": ("Widerspruchsverfahren", "Begründung des Widerspruchs", "Begründung zum Widerspruch"),
    "PERSON_ANFRAGE": ("wann wird", "bitte um Auskunft"),
}


@dataclass(frozen=True, slots=True)
class TypeRule:
    """What the data file says about a type."""

    code: str
    title: str
    direction: str
    file_type: str
    keyword: str
    other_keywords: tuple[str, ...]
    senders: frozenset[str]
    weights: Mapping[str, float]
    excluded: frozenset[str]
    subject: tuple[re.Pattern[str], ...]


@dataclass(frozen=True, slots=True)
class TypeScore:
    """A type with its score and the best place that speaks for it."""

    code: str
    score: float
    place: Place | None


@dataclass(frozen=True, slots=True)
class TypeFinding:
    """`code` is the decision (UNKLAR without a margin); `ranking` all types with a score, best first."""

    code: str
    ranking: tuple[TypeScore, ...]

    def plausible_first(self) -> tuple[str, ...]:
        """The decision, then the other types that a careful reader would not rule out."""
        limit = self.ranking[0].score * _PLAUSIBLE if self.ranking else 0.0
        close = [one.code for one in self.ranking if one.score >= limit and one.code != self.code]
        return (self.code, *close)


@cache
def type_rules() -> Mapping[str, TypeRule]:
    """All types by code."""
    return {entry["code"]: _rule(entry) for entry in data_file("document-types")["document_types"]}


def find_type(reading: Reading, pieces: Sequence[Piece], sender: str | None) -> TypeFinding:
    """The type of the letter. `sender` is the kind of sender as far as it is known."""
    hits = _book().find(pieces)
    lengths = {segment.index: len(segment.tokens) for segment in reading.segments}
    lists = frozenset(s.index for s in reading.segments if s.text[:2] in ("- ", "– ", "• ", "* ", "· "))
    headings = [segment for segment in reading.first_page if segment.zone in ("subject", "title")]
    subject = "\n".join(segment.text for segment in headings)
    scores = [
        one
        for rule in type_rules().values()
        if (one := _score(rule, hits, lengths, lists, subject, sender)) is not None
    ]
    ranking = tuple(sorted(scores, key=lambda one: (-one.score, one.code)))
    if not ranking or ranking[0].score < _MIN_SCORE:
        return TypeFinding(UNCLEAR, ranking)
    if len(ranking) > 1 and ranking[0].score < ranking[1].score * _MARGIN:
        return TypeFinding(_decided(ranking), ranking)
    return TypeFinding(ranking[0].code, ranking)


def _decided(ranking: Sequence[TypeScore]) -> str:
    """Within the margin the type whose phrase stands first in the letter's heading wins; else nobody does."""
    close = [one for one in ranking if one.score * _MARGIN > ranking[0].score]
    placed = [one for one in close if one.place is not None]
    tops = sorted(placed, key=lambda one: (one.place.page, one.place.box[1]) if one.place else (0, 0))
    if len(tops) > 1 and tops[0].place and tops[1].place:
        apart = (tops[0].place.page, tops[0].place.box[1] + 60) < (tops[1].place.page, tops[1].place.box[1])
        return tops[0].code if apart else UNCLEAR
    return UNCLEAR


def _score(
    rule: TypeRule,
    hits: Sequence[Hit],
    lengths: Mapping[int, int],
    lists: frozenset[int],
    subject: str,
    sender: str | None,
) -> TypeScore | None:
    best: dict[str, tuple[float, tuple[Token, ...]]] = {}
    excluded = False
    for hit in hits:
        first = hit.tokens[0]
        excluded |= hit.phrase in rule.excluded and (first.page == 1)
        weight = rule.weights.get(hit.phrase)
        if weight is None:
            continue
        if first.segment in lists:
            weight *= _LISTED
        value = weight * _shared()[hit.phrase] * _place_weight(first, len(hit.tokens) / lengths[first.segment])
        if value > best.get(hit.phrase, (0.0, ()))[0]:
            best[hit.phrase] = (value, hit.tokens)
    score = sum(value for value, _ in best.values())
    if subject and any(pattern.search(subject) for pattern in rule.subject):
        score += _SUBJECT
    if score == 0:
        return None
    score *= _sender_factor(rule, sender) * (_EXCLUDED if excluded else 1.0)
    top = max(best.values(), default=(0.0, ()), key=lambda item: item[0])
    return TypeScore(rule.code, score, place_of(top[1]) if top[1] else None)


def _place_weight(token: Token, share: float) -> float:
    """`share` of its line that the phrase fills: a phrase alone on its line is a heading."""
    if token.zone == "subject":
        return _HEADING
    if token.zone == "title":
        return 1.0 + (_HEADING - 1.0) * share
    if token.page > 1:
        return _LATER
    return 0.5 if token.zone == "foot" else 1.5 if share > 0.99 and token.y < 120 else 1.0


def _sender_factor(rule: TypeRule, sender: str | None) -> float:
    if sender is None:
        return 0.8 if rule.direction != "in" else 1.0
    if sender in rule.senders:
        return _SENDER
    if rule.direction != "in":
        return 0.3
    handed_in = bool(rule.senders & PRIVATE) and not rule.senders <= PRIVATE
    return 1.0 if handed_in and sender not in PRIVATE else _FOREIGN_SENDER


def _rule(entry: Mapping[str, Any]) -> TypeRule:
    weights: dict[str, float] = {}
    phrases = [(str(phrase), _TRIGGER) for phrase in entry.get("triggers") or ()]
    phrases += [(str(phrase), _SYNONYM) for phrase in entry.get("synonyms") or () if len(str(phrase)) > 3]
    phrases += [(phrase, _TRIGGER) for phrase in _MORE.get(str(entry["code"]), ())]
    phrases += [(part, _TITLE) for part in _title_parts(str(entry["title"]))]
    for phrase, weight in phrases:
        words = len(phrase.split())
        weights[phrase] = max(weights.get(phrase, 0.0), weight * min(1 + 0.45 * (words - 1), 3.0))
    return TypeRule(
        code=str(entry["code"]),
        title=str(entry["title"]),
        direction=str(entry.get("direction", "in")),
        file_type=str(entry["file_type"]),
        keyword=str(entry["keyword"]),
        other_keywords=tuple(str(code) for code in entry.get("other_keywords") or ()),
        senders=frozenset(str(code) for code in entry.get("senders") or ()),
        weights=weights,
        excluded=frozenset(str(phrase) for phrase in entry.get("not_if") or ()),
        subject=tuple(re.compile(pattern) for pattern in entry.get("subject_patterns") or ()),
    )


def _title_parts(title: str) -> list[str]:
    """A title as headings print it: "Lohn (Abrechnung) / Zettel" → its parts without the bracket."""
    plain = re.sub(r"\(.*?\)", "", title)
    parts = [part.strip() for part in plain.split("/")]
    return [part for part in parts if len(part) > 5 and part.casefold() not in _GENERIC]


@cache
def _book() -> PhraseBook:
    rules = type_rules().values()
    return PhraseBook({phrase for rule in rules for phrase in (*rule.weights, *rule.excluded)})


@cache
def _shared() -> Mapping[str, float]:
    """Phrases that several types claim say less about each."""
    counts: dict[str, int] = {}
    for rule in type_rules().values():
        for phrase in rule.weights:
            counts[phrase] = counts.get(phrase, 0) + 1
    return {phrase: float(count**-0.5) for phrase, count in counts.items()}
