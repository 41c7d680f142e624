"""Folding of words so that recognition errors meet: skeletons for phrases, name parts for names, house numbers. Pure."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from archive.names import name_key

_SKELETON = str.maketrans(
    {"0": "o", "1": "l", "i": "l", "|": "l", "!": "l", "5": "s", "8": "b", "2": "z", "6": "g", "9": "g", "q": "g",
     "j": "l", "ß": "ss"}
)  # fmt: skip
_IN_NAME = str.maketrans({"0": "o", "1": "l", "5": "s", "8": "b", "6": "g", "4": "a", "2": "z", "|": "l", "!": "l"})
_PIECES = re.compile(r"[0-9a-z|!]+")
_HOUSE = str.maketrans({"O": "0", "o": "0", "l": "1", "I": "1", "|": "1", "S": "5", "B": "8", "Z": "2"})


@lru_cache(maxsize=65536)
def skeletons(word: str) -> tuple[str, ...]:
    """The pieces of a word (letters and digits) in which confusable characters are one: "Il" = "II" = "11"."""
    plain = unicodedata.normalize("NFKD", word.casefold().replace("ß", "ss"))
    plain = "".join(char for char in plain if not unicodedata.combining(char))
    for pair, single in (("ae", "a"), ("oe", "o"), ("ue", "u")):
        plain = plain.replace(pair, single)
    pieces = tuple(piece.translate(_SKELETON) for piece in _PIECES.findall(plain))
    return tuple(piece.replace("rn", "m").replace("cl", "d") for piece in pieces)


@lru_cache(maxsize=65536)
def name_parts(word: str) -> tuple[str, ...]:
    """The folded parts of a word as a name ("Meier-Özkan" → meier, ozkan); digits inside letters are letters."""
    letters = sum(char.isalpha() for char in word)
    digits = sum(char.isdigit() for char in word)
    if digits and letters <= digits:
        return ()
    return tuple(name_key(word.translate(_IN_NAME) if digits or "|" in word else word).split())


@lru_cache(maxsize=8192)
def street_key(street: str) -> str:
    """A street's name without house number, blanks and spelling of "Straße"."""
    plain = "".join(skeletons(street))
    return re.sub(r"(strasse|str)$", "str", plain)


def split_street(street: str) -> tuple[str, str]:
    """Street and house number of an address line; an empty number when there is none."""
    match = re.match(r"^(.*?)[\s,]+(\d+\s*[a-zA-Z]?(?:\s*[-/]\s*\d+\s*[a-zA-Z]?)?)$", street.strip())
    return (match[1], house_key(match[2])) if match else (street.strip(), "")


def house_key(text: str) -> str:
    """A house number in one spelling: "73 A." → "73a"; misread digits turned back."""
    compact = re.sub(r"[\s.,;:]", "", text)
    match = re.match(r"^([\dOolI|SBZ]+)([a-zA-Z]?)(.*)$", compact)
    if not match or not any(char.isdigit() for char in compact):
        return compact.casefold()
    return f"{match[1].translate(_HOUSE)}{match[2]}{match[3]}".casefold()
