"""Where a known address stands in a letter: street and house number, complete with post code or city. Pure."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import lru_cache

from rapidfuzz.distance import Levenshtein

from ingest.register_view import AddressFact
from ingest.tagging.folding import house_key, skeletons, split_street, street_key
from ingest.tagging.tokens import Place, Token, place_of

_MERGED = re.compile(r"(\D*[A-Za-zäöüß.]{4})(\d{1,3}[a-z]?,?)")
_STREET_WORDS = 5
_REACH = 14  # words from the house number within which post code or city completes an address


class AddressFinder:
    """Finds addresses in one letter. Holds the letter's words by house number; immutable."""

    def __init__(self, tokens: Sequence[Token]) -> None:
        tokens = tuple(part for token in tokens for part in _parts(token))
        self._tokens = tokens
        self._by_house: dict[str, list[tuple[int, int]]] = {}
        for position, token in enumerate(tokens):
            key = _house(token.text)
            if key:
                self._by_house.setdefault(key, []).append((position, position + 1))
                following = tokens[position + 1].text.strip(",;.") if position + 1 < len(tokens) else ""
                if len(following) == 1 and following.isalpha():
                    self._by_house.setdefault(key + following.casefold(), []).append((position, position + 2))

    def find(self, address: AddressFact) -> tuple[Place | None, bool]:
        """The place of street and house number, and whether post code or city stand beside. None without a number."""
        street, house = split_street(address.street)
        wanted = street_key(street)
        if not house or len(wanted) < 3:
            return None, False
        best: Place | None = None
        for start, stop in self._runs(wanted, house):
            place = place_of(self._tokens[start:stop])
            if self._completed(start, stop, address):
                return place, True
            best = best or place
        return best, False

    def _runs(self, wanted: str, house: str) -> Iterator[tuple[int, int]]:
        for position, stop in self._by_house.get(house_key(house), ()):
            for size in range(1, _STREET_WORDS + 1):
                start = position - size
                if start < 0 or self._tokens[start].page != self._tokens[position].page:
                    break
                read = street_key(" ".join(token.text for token in self._tokens[start:position]))
                if _same_street(wanted, read):
                    yield start, stop
                    break

    def _completed(self, start: int, stop: int, address: AddressFact) -> bool:
        around = self._tokens[max(0, start - 4) : stop + _REACH]
        pieces = ["".join(skeletons(token.text)) for token in around if token.page == self._tokens[start].page]
        if address.postal_code and "".join(skeletons(address.postal_code)) in pieces:
            return True
        city = "".join(skeletons(address.city))
        if len(city) < 4:
            return False
        joined = [one + other for one, other in itertools.pairwise(pieces)]
        allowed = 1 if len(city) > 5 else 0
        return any(Levenshtein.distance(city, one, score_cutoff=allowed) <= allowed for one in (*pieces, *joined))


def _parts(token: Token) -> tuple[Token, ...]:
    """ "Deichstraße87" as street and number."""
    match = _MERGED.fullmatch(token.text)
    return (replace(token, text=match[1]), replace(token, text=match[2])) if match else (token,)


def _same_street(wanted: str, read: str) -> bool:
    if wanted == read:
        return True
    allowed = 0 if len(wanted) < 6 else 1 if len(wanted) < 11 else 2
    return (
        abs(len(wanted) - len(read)) <= allowed and Levenshtein.distance(wanted, read, score_cutoff=allowed) <= allowed
    )


@lru_cache(maxsize=16384)
def _house(text: str) -> str:
    key = house_key(text)
    return key if key[:1].isdigit() and len(key) <= 5 else ""
