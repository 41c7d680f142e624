"""What kind of sender a letter has, by `senders.yaml`: names in the letterhead, then phrases on page 1. Pure.

The sender decides nothing alone: it weighs document types and tells returned or own papers from incoming mail.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from core.yaml_data import load_yaml
from ingest.tagging.phrases import PhraseBook, Piece
from ingest.tagging.tokens import Reading, Segment

PERSON = "PERSON"
PRIVATE = frozenset({PERSON, "BETREUER", "PERSON_DRITT"})
OWN_PROCEDURE = "FACHVERFAHREN"
_GENERIC = frozenset({"PERSON", "PERSON_DRITT", "UNBEKANNT", "FACHVERFAHREN", "LEISTUNGSTRAEGER", "UNTERNEHMEN"})
_NAME, _PHRASE, _MIN = 3.0, 1.0, 1.0


@dataclass(frozen=True, slots=True)
class SenderRule:
    """The hints of one kind of sender."""

    code: str
    title: str
    patterns: tuple[re.Pattern[str], ...]
    phrases: tuple[str, ...]


@cache
def sender_rules() -> Mapping[str, SenderRule]:
    """All kinds by code."""
    text = resources.files("ingest").joinpath("data", "senders.yaml").read_text("utf-8")
    loaded = load_yaml(text)
    return {entry["code"]: _rule(entry) for entry in loaded["senders"]}


def find_sender(reading: Reading, pieces: Sequence[Piece], foreign: frozenset[int], private: bool) -> str | None:
    """The kind of sender, or None. `foreign` are segments that name others: the address field, our own name, receipt stamps;
    `private`: a person's own address block stands where the sender writes.
    """
    head = [segment for segment in reading.first_page if _in_head(segment) and segment.index not in foreign]
    scores = _name_scores(head)
    near = {token.segment for segment in head for token in segment.tokens}
    for hit in _book().find([piece for piece in pieces if piece.token.page == 1 and piece.token.segment in near]):
        for code in _phrases()[hit.phrase]:
            scores[code] = scores.get(code, 0.0) + _PHRASE * len(_phrases()[hit.phrase]) ** -0.5
    ranked = sorted(
        ((score, code) for code, score in scores.items() if score >= _MIN), key=lambda one: (-one[0], one[1])
    )
    if private and (not ranked or ranked[0][0] < _NAME):
        return PERSON
    if not ranked:
        return None
    close = [code for score, code in ranked if score > ranked[0][0] * 0.95]
    specific = [code for code in close if code not in _GENERIC]
    return (specific or close)[0]


def sender_title(code: str) -> str:
    """The German title of a kind."""
    return sender_rules()[code].title


def _name_scores(head: Sequence[Segment]) -> dict[str, float]:
    scores: dict[str, float] = {}
    for code, rule in sender_rules().items():
        for pattern in rule.patterns:
            lines = [segment for segment in head if len(segment.tokens) < 8 and pattern.search(segment.text)]
            if lines:
                first = min(segment.tokens[0].y for segment in lines)
                weight = 0.6 if code in _GENERIC else 1.0
                scores[code] = max(scores.get(code, 0.0), _NAME * weight * (1.0 if first < 45 else 0.6))
    return scores


def _in_head(segment: Segment) -> bool:
    """The upper quarter, and the foot where firms print their name again."""
    return segment.tokens[0].y < 85 or segment.zone in ("letterhead", "foot")


def _rule(entry: Mapping[str, Any]) -> SenderRule:
    patterns = tuple(re.compile(pattern) for pattern in entry.get("name_patterns") or ())
    phrases = tuple(str(phrase) for phrase in entry.get("letterhead_phrases") or () if len(str(phrase)) > 3)
    return SenderRule(str(entry["code"]), str(entry["title"]), patterns, phrases)


@cache
def _phrases() -> Mapping[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for rule in sender_rules().values():
        for phrase in rule.phrases:
            found[phrase] = (*found.get(phrase, ()), rule.code)
    return found


@cache
def _book() -> PhraseBook:
    return PhraseBook(_phrases())
