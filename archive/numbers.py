"""Folding of file and customer numbers, so that every spelling of a number finds the same row. Pure."""

from __future__ import annotations

import re

_BG = re.compile(r"^(\d{5})(?:BG|//|/|-)?(\d{7})(.*)$")


def number_key(number: str) -> str:
    """The lookup key of a number: upper case, without spaces and separators; BG numbers in any spelling fold to one.

    `99801 BG 0004711`, `99801//0004711` and `99801-0004711` all give `99801BG0004711`; `W-00317/26` gives `W0031726`.
    """
    compact = re.sub(r"[\s._]", "", number.upper())
    match = _BG.match(compact)
    if match:
        rest = re.sub(r"[^0-9A-Z]", "", match[3])
        return f"{match[1]}BG{match[2]}{rest}"
    return re.sub(r"[^0-9A-ZÄÖÜ]", "", compact)


def path_form(number: str) -> str:
    """A number as it stands in a path: `/` becomes `-`; the register resolves it (INTERFACES, Register CSV)."""
    return re.sub(r"/+", "-", number.strip())
