"""The document type of a letter: phrases of document-types.yaml as whole words, heading before body. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from archive.datafiles import data_file
from archive.names import name_key

UNCLEAR = "UNKLAR"
_HEAD_WEIGHT = 3.0
_MIN_SCORE = 2.0
_MARGIN = 1.15


@dataclass(frozen=True, slots=True)
class TypeRule:
    """The recognition rules of one type, folded."""

    code: str
    title: str
    direction: str
    file_type: str | None
    keyword: str | None
    phrases: Sequence[re.Pattern[str]]
    weights: Sequence[float]
    excluded: Sequence[re.Pattern[str]]


@cache
def type_rules() -> dict[str, TypeRule]:
    """All types by code."""
    return {entry["code"]: _rule(entry) for entry in data_file("document-types")["document_types"]}


@dataclass(frozen=True, slots=True)
class TypeGuess:
    """The type, and for each file type the weight of its best document type: how near the others come."""

    rule: TypeRule
    by_file_type: Mapping[str, float]


def document_type(text: str, head: str) -> TypeGuess:
    """The type whose phrases weigh most, with a margin over the next; else UNKLAR."""
    folded, top = _fold(text), _fold(head)
    scored = sorted(((_score(rule, folded, top), rule.code) for rule in type_rules().values()), reverse=True)
    by_file_type: dict[str, float] = {}
    for score, code in scored:
        file_type = type_rules()[code].file_type
        if score and file_type:
            by_file_type.setdefault(file_type, score)
    (best, code), (second, _) = scored[0], scored[1]
    unclear = best < _MIN_SCORE or best < second * _MARGIN
    return TypeGuess(type_rules()[UNCLEAR if unclear else code], by_file_type)


def _score(rule: TypeRule, text: str, head: str) -> float:
    score = 0.0
    for pattern, weight in zip(rule.phrases, rule.weights, strict=True):
        if pattern.search(head):
            score += weight * _HEAD_WEIGHT
        elif pattern.search(text):
            score += weight
    if score and any(pattern.search(text) for pattern in rule.excluded):
        score *= 0.3
    return score


def _rule(entry: dict[str, object]) -> TypeRule:
    def words(name: str) -> list[str]:
        value = entry.get(name) or []
        return [str(item) for item in value] if isinstance(value, list) else []

    phrases = [(phrase, 1.0) for phrase in words("triggers")] + [(phrase, 0.7) for phrase in words("synonyms")]
    phrases.append((str(entry["title"]).split("(")[0], 0.8))
    kept = [(phrase, weight) for phrase, weight in phrases if len(_fold(phrase)) > 3]
    return TypeRule(
        code=str(entry["code"]),
        title=str(entry["title"]),
        direction=str(entry.get("direction", "in")),
        file_type=str(entry["file_type"]) if entry.get("file_type") else None,
        keyword=str(entry["keyword"]) if entry.get("keyword") else None,
        phrases=[_pattern(phrase) for phrase, _ in kept],
        weights=[weight * (1 + 0.5 * (len(_fold(phrase).split()) - 1)) for phrase, weight in kept],
        excluded=[_pattern(phrase) for phrase in words("not_if")],
    )


def _pattern(phrase: str) -> re.Pattern[str]:
    return re.compile(r"(?<!\S)" + re.escape(_fold(phrase)) + r"(?!\S)")


def _fold(text: str) -> str:
    joined = re.sub(r"-\s*\n\s*", "", text)
    return name_key(re.sub(r"\d+", lambda match: " " + "".join(chr(97 + int(d)) for d in match[0]) + "z ", joined))
