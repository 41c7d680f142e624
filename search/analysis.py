"""One German analyser for both engines (SEARCH.md): pure, versioned; engines hold only the posting lists it makes.

Streams per word position: `x` exact folded forms (numbers and § variants included), `t` light stems and the parts of
compounds, `u` words that the lexicon does not know (the only target of fuzzy matching).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import resources

ANALYSER_VERSION = 1
_TABLE = str.maketrans({"ß": "ss", "ł": "l", "ı": "i", "ø": "o", "đ": "d", "æ": "ae", "œ": "oe"})
_TOKEN = re.compile(r"[^\W_]+")
_DIGIT_UMLAUT = re.compile(r"(?<![aeoq])ue|(?<!u)(?:ae|oe)")
_SUFFIXES = ("ungen", "innen", "ern", "en", "es", "em", "er", "in", "e", "n", "s")
_KEEP_ER: frozenset[str] = frozenset(
    re.findall(
        r"\w+",
        "mieter vermieter trager lehrer partner arbeitnehmer arbeitgeber burger leiter vertreter betreuer fahrer kinder "
        "bewerber inhaber empfanger mutter vater bruder schwester tochter steuer dauer fenster zimmer ober wider unter",
    )
)
_LINKS = ("s", "es", "n", "en", "er", "")
_BG = re.compile(r"^(\d{5})(?:bg|//|/)?(\d{7})$")
_LONG_NUMBER = 7
_MIN_PART = 3
_MIN_COMPOUND = 8
_HEAD_WORD = 10
_HEAD_PART = 6
_ROMAN = {"i": "1", "ii": "2", "iii": "3", "iv": "4", "v": "5", "vi": "6", "vii": "7", "viii": "8", "ix": "9", "x": "10",
          "xi": "11", "xii": "12", "xiv": "14"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Term:
    """A term of a stream at a word position (running word number of the page)."""

    stream: str
    text: str
    position: int


def fold(text: str) -> str:
    """Lower case, base letters, ae/oe/ue as a/o/u ("ue" not after a, e, o, q). Idempotent."""
    plain = unicodedata.normalize("NFKD", text.casefold().translate(_TABLE))
    letters = "".join(char for char in plain if not unicodedata.combining(char))
    return _DIGIT_UMLAUT.sub(lambda match: match[0][0], letters)


def tokens(word: str) -> list[str]:
    """The folded tokens of one word of a page: letters and digits, split at everything else."""
    return _TOKEN.findall(fold(word))


def analyse(words: Sequence[str]) -> Iterator[Term]:
    """All terms of a page's words. Total on any text."""
    previous: list[str] = []
    for position, word in enumerate(words):
        found = tokens(word)
        for token in found:
            yield Term("x", token, position)
            for part in stems(token):
                yield Term("t", part, position)
            if token.isalpha() and not known(token):
                yield Term("u", token, position)
        for joined in {*_numbers(word, found, previous), *_citations(word, found, previous)}:
            yield Term("x", joined, position)
        previous = [*previous, *(["§"] if word.startswith("§") else []), *found][-6:]


def number_form(text: str) -> str:
    """A number in its joined form: BG numbers in any spelling meet ("99801//0004711" = "99801BG0004711")."""
    compact = fold(re.sub(r"[^\w/]", "", text))
    return _BG.sub(r"\1bg\2", compact).replace("/", "")


def _numbers(word: str, found: list[str], previous: list[str]) -> Iterator[str]:
    """Numbers written with separators, or over two or three words, as one term."""
    if any(token.isdigit() for token in found):
        if len(found) > 1:
            yield number_form(word)
        for reach in (1, 2):
            run = [*previous[-reach:], *found]
            if len(run) > len(found) and sum(char.isdigit() for token in run for char in token) >= _LONG_NUMBER:
                yield number_form("".join(run))


def _citations(word: str, found: list[str], previous: list[str]) -> Iterator[str]:
    """Statute citations: §22, sgb2, §22sgb2."""
    if not found:
        return
    if found[0][0].isdigit() and (word.startswith("§") or previous[-1:] == ["§"]):
        yield f"§{found[0]}"
    if found[-1] in _ROMAN and previous[-1:] == ["sgb"]:
        yield f"sgb{_ROMAN[found[-1]]}"
        number = next((token for token in previous[:-1] if token[0].isdigit()), None)
        if number:
            yield f"§{number}sgb{_ROMAN[found[-1]]}"


@lru_cache(maxsize=200_000)
def stems(token: str) -> tuple[str, ...]:
    """The light stem of a token and the stems of its parts when it is a compound."""
    if not token.isalpha():
        return (token,)
    whole = stem(token)
    parts = split_compound(token)
    return (whole, *(stem(part) for part in parts if stem(part) != whole))


@lru_cache(maxsize=200_000)
def stem(token: str) -> str:
    """Light stemming: inflection goes, derivation stays ("Miete" and "Mieter" are different words)."""
    if len(token) < 4 or token in _KEEP_ER:
        return token
    for suffix in _SUFFIXES:
        if token.endswith(suffix) and len(token) - len(suffix) >= 3:
            base = token[: -len(suffix)]
            if suffix in ("er", "ern") and token.removesuffix("n") in _KEEP_ER:
                return token.removesuffix("n")
            if suffix in ("er", "in", "innen") and (base + "er") in _KEEP_ER:
                return base + "er"
            if suffix == "er" and base not in _stems_known():
                return token
            return base + ("ung" if suffix == "ungen" else "")
    return token


def known(token: str) -> bool:
    """Whether the lexicon holds the word or all of its parts."""
    return token in lexicon() or stem(token) in _stems_known() or bool(split_compound(token))


@lru_cache(maxsize=200_000)
def split_compound(token: str) -> tuple[str, ...]:
    """The parts of a compound by the lexicon, longest parts first; of an unknown long word its known last part."""
    if len(token) < _MIN_COMPOUND or token in lexicon():
        return ()
    parts = _split(token)
    if parts and len(parts) > 1:
        return parts
    if len(token) >= _HEAD_WORD:
        for start in range(1, len(token) - _HEAD_PART + 1):
            if token[start:] in lexicon():
                return (token[start:],)
    return ()


def _split(token: str) -> tuple[str, ...]:
    """Fewest parts that cover the token, linking letters allowed between them (dynamic programming)."""
    best: list[tuple[str, ...] | None] = [None] * (len(token) + 1)
    best[0] = ()
    for end in range(_MIN_PART, len(token) + 1):
        for start in range(end - _MIN_PART + 1):
            before = best[start]
            if before is None:
                continue
            piece = token[start:end]
            word = _as_word(piece, last=end == len(token))
            current = best[end]
            if word is not None and (current is None or len(before) + 1 < len(current)):
                best[end] = (*before, word)
    return best[len(token)] or ()


def _as_word(piece: str, *, last: bool) -> str | None:
    for link in ("",) if last else _LINKS:
        if link and not piece.endswith(link):
            continue
        base = piece[: len(piece) - len(link)] if link else piece
        if len(base) < _MIN_PART:
            continue
        if base in lexicon() or (last and stem(base) in _stems_known()):
            return base
        if not last and base + "e" in lexicon():
            return base + "e"
    return None


@cache
def lexicon() -> frozenset[str]:
    """Atoms: the folded words of the project's own list."""
    text = resources.files("search").joinpath("data", "atoms-de.txt").read_text("utf-8")
    return frozenset(fold(line.strip()) for line in text.splitlines() if line.strip() and not line.startswith("#"))


@cache
def _stems_known() -> frozenset[str]:
    return frozenset(_bare(word) for word in lexicon())


def _bare(word: str) -> str:
    for suffix in ("en", "er", "e", "n", "s"):
        if word.endswith(suffix) and len(word) - len(suffix) >= 3:
            return word[: -len(suffix)]
    return word
