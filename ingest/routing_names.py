"""Where a known person's name stands in a letter. Pure.

A name is a given and the family name beside each other: words between them may be further given names, labels of a
form or one unknown middle name. Misread names count as close ("Kowalczvk"), by the letters that differ; where somebody
else's name fits the same place better, it is that person's (see `routing_facts`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from rapidfuzz.distance import Levenshtein

from archive.names import name_key
from ingest.register_view import PersonFact
from ingest.tagging.extract import NameWord
from ingest.tagging.tokens import Place, place_of

_LABELS = frozenset(
    ["name", "vorname", "familienname", "nachname", "herr", "herrn", "frau", "geb", "und", "vor", "zuname"]
)
_REACH = 5
_HALF = 2  # edits that the missing half of a double name counts as


@dataclass(frozen=True, slots=True)
class NameMatch:
    """A person's name at words start..stop-1; `edits` letters differ from the register (0 = printed exactly)."""

    start: int
    stop: int
    edits: int
    place: Place


class NameFinder:
    """Finds names in one letter. Holds the letter's words by key; immutable."""

    def __init__(self, words: Sequence[NameWord]) -> None:
        self._words = words
        self._by_key: dict[str, list[int]] = {}
        for position, word in enumerate(words):
            self._by_key.setdefault(word.key, []).append(position)

    def full_names(self, person: PersonFact, close: bool) -> list[NameMatch]:
        """All places of the person's full name; misread ones too when `close`."""
        found: list[NameMatch] = []
        for name in person.names:
            family = tuple(name_key(name.family).split())
            given = tuple(name_key(name.given).split())
            if family and given:
                found += self._full(family, given, close)
        return found

    def family(self, person: PersonFact) -> Place | None:
        """A place of the family name alone."""
        for name in person.names:
            parts = tuple(name_key(name.family).split())
            for start, stop, _ in self._families(parts, close=True) if parts else ():
                return self._place(start, stop)
        return None

    def given(self, person: PersonFact) -> Place | None:
        """A place of the first given name alone."""
        for name in person.names:
            for part in name_key(name.given).split()[:1]:
                for position in self._by_key.get(part, ()):
                    return self._place(position, position + 1)
        return None

    def _place(self, start: int, stop: int) -> Place:
        return place_of([word.token for word in self._words[start:stop]])

    def _full(self, family: tuple[str, ...], given: tuple[str, ...], close: bool) -> list[NameMatch]:
        found = []
        for start, stop, edits in self._families(family, close):
            beside = self._beside(start, stop, given, close)
            if beside is not None and edits + beside[1] <= _allowed(len("".join(family)) + len(given[0]), close):
                first, last = min(start, beside[0]), max(stop, beside[0] + 1)
                found.append(NameMatch(first, last, edits + beside[1], self._place(first, last)))
        if close:
            merged = self._merged(family, given)
            found += [NameMatch(at, at + 1, 1, self._place(at, at + 1)) for at in merged]
        return found

    def _families(self, parts: tuple[str, ...], close: bool) -> list[tuple[int, int, int]]:
        """Runs of words that are the family name with their edits: exact; close; one long half of a double name."""
        found = []
        for start in self._positions(parts[0], close):
            run = [word.key for word in self._words[start : start + len(parts)]]
            if len(run) != len(parts):
                continue
            edits = [_edits(wanted, read, close) for wanted, read in zip(parts, run, strict=True)]
            half = 0 if self._complete(start, start + len(parts)) else _HALF
            if all(one is not None for one in edits) and (close or not half):
                found.append((start, start + len(parts), sum(one or 0 for one in edits) + half))
        if close and len(parts) > 1:
            found += [(at, at + 1, _HALF) for part in parts if len(part) > 3 for at in self._by_key.get(part, ())]
        if close and len(parts) == 1 and len(parts[0]) > 5:
            found += [(at, at + 2, 1) for at in self._split.get(parts[0], ())]
        return found

    def _complete(self, start: int, stop: int) -> bool:
        """Whether the run takes whole printed words (not the half of "Callsen-Özdemir")."""
        before = self._words[start - 1] if start else None
        after = self._words[stop] if stop < len(self._words) else None
        first, last = self._words[start], self._words[stop - 1]
        return not (before and before.token is first.token) and not (after and after.token is last.token)

    def _beside(self, start: int, stop: int, given: tuple[str, ...], close: bool) -> tuple[int, int] | None:
        return self._walk(range(start - 1, max(-1, start - 1 - _REACH), -1), given, close, before=True) or self._walk(
            range(stop, min(len(self._words), stop + _REACH)), given, close, before=False
        )

    def _walk(
        self, positions: Iterable[int], given: tuple[str, ...], close: bool, *, before: bool
    ) -> tuple[int, int] | None:
        unknown = 0
        for position in positions:
            word = self._words[position]
            if before and (word.comma or self._broken(position)):
                return None
            edits = [one for part in given if (one := _edits(part, word.key, close)) is not None]
            if edits:
                return position, min(edits)
            if word.key in _LABELS or len(word.key) == 1:
                continue
            unknown += 1
            if unknown > 1 or not before:
                return None
        return None

    def _broken(self, position: int) -> bool:
        """A row of a list ends between given and family name: "Müller, Anna / Kowalczyk, Peter"."""
        here, following = self._words[position], self._words[position + 1]
        if here.token.line == following.token.line and here.token.page == following.token.page:
            return False
        return following.comma or (position > 0 and self._words[position - 1].comma)

    def _positions(self, part: str, close: bool) -> list[int]:
        exact = self._by_key.get(part, [])
        if not close or len(part) < 4:
            return exact
        return sorted({*exact, *(at for key in self._by_key if _edits(part, key, close) for at in self._by_key[key])})

    def _merged(self, family: tuple[str, ...], given: tuple[str, ...]) -> list[int]:
        """ "AnnaKowalczyk": both names read as one word."""
        wanted = {given[0] + "".join(family), "".join(family) + given[0]}
        return [at for key in sorted(wanted) for at in self._by_key.get(key, ())]

    @cached_property
    def _split(self) -> Mapping[str, list[int]]:
        """ "Kowal czyk": neighbours of a line that make one word."""
        found: dict[str, list[int]] = {}
        for position, (one, other) in enumerate(zip(self._words, self._words[1:], strict=False)):
            if one.token.line == other.token.line and one.token.page == other.token.page:
                found.setdefault(one.key + other.key, []).append(position)
        return found


def _edits(wanted: str, read: str, close: bool) -> int | None:
    """Letters that differ, or None when the words are too different to be one name."""
    if wanted == read:
        return 0
    allowed = 0 if not close or len(wanted) < 4 else 1 if len(wanted) < 7 else 2 if len(wanted) < 11 else 3
    if abs(len(wanted) - len(read)) > allowed or not allowed:
        return None
    edits = Levenshtein.distance(wanted, read, score_cutoff=allowed)
    return edits if edits <= allowed else None


def _allowed(letters: int, close: bool) -> int:
    """Edits that a whole name of so many letters may have."""
    return max(1, letters // 6) if close else 0
