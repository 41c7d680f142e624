"""The words that the analyser knows, read once from three own lists in `search/data`. Pure after loading.

`atoms.txt`: what compounds are made of ("wort-" only before another part, "-wort" only behind one) · `nosplit.txt`: words
that look like compounds and are none · `words.txt`: ordinary words that are known and never split with.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib import resources

from search.analyser.folding import fold
from search.analyser.stemming import stem
from search.analyser.wordlists import words_of

_ENTRY = re.compile(r"[^\W\d_]+-?|-[^\W\d_]+")
_LINKS = ("", "s", "es", "n", "en", "er", "e")
_ENDINGS = ("", "s", "es", "n", "en", "er", "ern", "e", "em", "se", "sen", "nen", "innen")
_VERB_ENDINGS = words_of("e en n t et st est te ten ete eten end ende enden ender endes")
_SEPARABLE = words_of(
    """ab an auf aus bei bereit dar durch ein entgegen fest fort heran heraus herab her hinaus hinzu hin mit nach nieder
    sicher statt teil um vor wahr weg weiter wieder zuruck zusammen zu uber unter"""
)
_MIN = 3


@dataclass(frozen=True, slots=True)
class Lexicon:
    """`first`, `last`: forms as they stand in compounds -> (stem of the word, length of what was added to it);
    `stems`: stems of all words that stand alone; `longest`: letters of the longest form.
    """

    first: dict[str, tuple[str, int]]
    last: dict[str, tuple[str, int]]
    stems: frozenset[str]
    longest: int


@cache
def lexicon() -> Lexicon:
    """The lexicon; loaded at the first call (some hundredths of a second) and kept."""
    atoms = tuple(_entries("atoms.txt"))
    nosplit = frozenset(entry.strip("-") for entry in _entries("nosplit.txt"))
    words = frozenset(form for entry in _entries("words.txt") for form in _forms(entry))
    first: dict[str, tuple[str, int]] = {}
    last: dict[str, tuple[str, int]] = {}
    for atom in atoms:
        bare = atom.strip("-")
        if not atom.startswith("-"):
            _add(first, _first_forms(bare))
        if not atom.endswith("-"):
            _add(last, _last_forms(bare))
    whole = {*(atom for atom in atoms if "-" not in atom), *nosplit, *words}
    return Lexicon(first, last, frozenset(map(stem, whole)), max(map(len, (*first, *last))))


def _add(forms: dict[str, tuple[str, int]], more: Iterator[tuple[str, str, int]]) -> None:
    """The word's own form beats another word's inflected one; among inflected forms the shorter addition wins."""
    for form, key, link in more:
        known = forms.get(form)
        if known is None or link < known[1]:
            forms[form] = key, link


def _first_forms(atom: str) -> Iterator[tuple[str, str, int]]:
    key = stem(atom)
    for link in _LINKS:
        yield atom + link, key, len(link)
    if atom.endswith("e") and len(atom) > _MIN:
        yield atom[:-1], key, 0
        yield atom[:-1] + "s", key, 1


def _last_forms(atom: str) -> Iterator[tuple[str, str, int]]:
    key = stem(atom)
    for ending in _ENDINGS:
        form = atom + ending
        if ending in ("", "s", "n") or stem(form) == key or ending.startswith(("se", "nen", "inn")):
            yield form, key, len(ending)


def _forms(word: str) -> Iterator[str]:
    """A word of `words.txt`; of a regular verb also its other forms ("abgelehnt", "abzulehnen")."""
    yield word
    base = word[:-2] if word.endswith("en") else word[:-1] if word.endswith(("eln", "ern")) else ""
    if len(base) < _MIN:
        return
    for ending in _VERB_ENDINGS:
        yield base + ending
    yield from (f"ge{base}t", f"ge{base}et", f"ge{base}en", f"{base}ung")
    for prefix in _SEPARABLE:
        rest = base.removeprefix(prefix)
        if rest != base and len(rest) >= _MIN:
            yield from (f"{prefix}ge{rest}t", f"{prefix}ge{rest}et", f"{prefix}ge{rest}en")
            yield f"{prefix}zu{word.removeprefix(prefix)}"


def _entries(name: str) -> Iterator[str]:
    text = resources.files("search").joinpath("data", name).read_text("utf-8")
    for line in text.splitlines():
        if not line.startswith("#"):
            yield from (fold(entry) for entry in _ENTRY.findall(line))
