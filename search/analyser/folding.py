"""Folding of German words for search: spellings of one word meet in one lower-case form. Pure.

"Müller", "Mueller" and "MULLER" become "muller", "Straße" becomes "strasse", "Yıldız" becomes "yildiz". The price is
known and taken: "Masse" and "Maße" meet. Folding is idempotent. Other scripts keep their letters.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_LETTERS = str.maketrans({"ß": "ss", "ł": "l", "ı": "i", "ø": "o", "đ": "d", "æ": "ae", "œ": "oe", "ð": "d", "þ": "th"})
# One "e" or many: "aee" must not fold to "ae" and that to "a" the second time.
# "ue" stays after a, e, o, q, u: "Bauer", "neue", "Quelle" hold no umlaut.
_PAIRS = re.compile(r"(?<=[ao])e+|(?<=(?<![aeoqu])u)e+")
_DROPPED = ("Mn", "Me", "Cf")
_MAX_ROUNDS = 4


@lru_cache(maxsize=1 << 16)
def fold(text: str) -> str:
    """The search form of `text`: lower case, base letters, ae/oe/ue as a/o/u. Punctuation and "§" stay."""
    folded = _round(text)
    for _ in range(_MAX_ROUNDS):
        again = _round(folded)
        if again == folded:
            break
        folded = again
    return folded


def _round(text: str) -> str:
    if not text.isascii():
        plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold()).translate(_LETTERS)
        text = "".join(c for c in plain if unicodedata.category(c) not in _DROPPED)
    return _PAIRS.sub("", text.casefold())
