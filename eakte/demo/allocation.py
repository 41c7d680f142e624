"""Who is responsible for a case of the demo register, after the rules R1 to R6 of `org.yaml`. Pure.

Private to the demo: it only fills the register. The product's own rules live in `organisation/responsibility.py`.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import cache
from typing import Any

from eakte.demo.pools import data

_PARTICLES = {"von", "van", "de", "zu", "der", "den", "vom", "zum"}
_SPECIAL = str.maketrans({"ß": "SS", "Ł": "L", "ł": "L", "Ø": "O", "ø": "O", "ı": "I", "Đ": "D", "đ": "D"})
_FUNCTIONS = {
    "LEIST": ("TEAMLEITUNG", "SB_LEISTUNG"),
    "VERM": ("FALLMANAGEMENT",),
    "U25": ("FM_U25", "FALLMANAGEMENT"),
    "WID": ("SB_WIDERSPRUCH",),
    "FORD": ("SB_FORDERUNG",),
    "BUT": ("SB_BUT",),
}
ADULT_AGE = 25
LEADER = ("JC", "wthordsen")


@dataclass(frozen=True, slots=True)
class Allocation:
    """Unit code and user name."""

    org_unit: str
    responsible: str


def sort_key(family_name: str) -> str:
    """Letters that decide the range: particles left out, umlauts and accents as base letters, double names by the
    first part ("von der Heide" → HEIDE, "Al-Sayed" → ALSAYED, "Meier-Özkan" → MEIER).
    """
    words = [word for word in family_name.split() if word.lower() not in _PARTICLES]
    name = words[0] if words else family_name
    if name[:3].lower() not in ("al-", "el-"):
        name = name.split("-")[0]
    plain = unicodedata.normalize("NFKD", name.translate(_SPECIAL))
    return "".join(char for char in plain.upper() if char.isascii() and char.isalpha())


def in_range(key: str, letters: str) -> bool:
    """Whether a sort key lies in a range such as "A-C" or "SA-SD" (inclusive)."""
    low, _, high = letters.partition("-")
    return low <= key[: len(low)] and key[: len(high)] <= high


@cache
def _positions(site: str, file_type: str, function: str) -> tuple[tuple[str, str, tuple[str, ...]], ...]:
    org: dict[str, Any] = data("org")
    units = {unit["code"]: unit for unit in org["units"]}
    return tuple(
        (place["unit"], place["user"], tuple(place.get("ranges", ())))
        for place in org["positions"]
        if place["function"] == function
        and file_type in units[place["unit"]].get("file_types", ())
        and (units[place["unit"]]["parent"] == site or not units[place["unit"]]["code"].startswith("SZ-"))
    )


def allocate(file_type: str, site: str, family_name: str, age: int) -> Allocation:
    """Position of the site (LEIST, VERM) or of the central team (WID, FORD, BUT) whose letters hold the surname.

    Raises LookupError when no position covers the name: a gap in the ranges of `org.yaml`.
    """
    key = sort_key(family_name)
    functions = _FUNCTIONS["U25" if file_type == "VERM" and age < ADULT_AGE else file_type]
    for function in functions:
        for unit, user, ranges in _positions(site, file_type, function):
            if any(in_range(key, letters) for letters in ranges):
                return Allocation(unit, user)
    raise LookupError(f"no position for {file_type} at {site} and letters {key[:2]}")
