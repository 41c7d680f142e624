"""Folding of personal names for lookups. Pure. Never shown: only keys."""

from __future__ import annotations

import unicodedata
from functools import lru_cache

_LETTERS = str.maketrans(
    {"ß": "ss", "ł": "l", "Ł": "l", "ı": "i", "ø": "o", "Ø": "o", "đ": "d", "Đ": "d", "æ": "ae", "œ": "oe"}
)


@lru_cache(maxsize=65_536)
def name_key(name: str) -> str:
    """Key under which spellings of one name meet: lower case, base letters, ae/oe/ue as a/o/u, only letters and spaces.

    "Müller", "Mueller" and "MULLER" share a key; so do "Yıldız" and "Yildiz".
    """
    plain = unicodedata.normalize("NFKD", name.translate(_LETTERS).casefold())
    letters = "".join(c if c.isalpha() else " " for c in plain if not unicodedata.combining(c))
    for pair, single in (("ae", "a"), ("oe", "o"), ("ue", "u")):
        letters = letters.replace(pair, single)
    return " ".join(letters.split())
