"""File names that courts and mail boxes accept (ERVB 2022 Nr. 6). Pure.

At most 84 characters with extension (the announcement allows 90, beA takes 84 in practice), German letters, digits, `_` and
`-`, one dot before the extension, logical numbering first, so that the order of names is the order of the file.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from typing import Final

MAX_LENGTH: Final = 84
_FOREIGN: Final = str.maketrans(
    {"ł": "l", "Ł": "L", "ı": "i", "ø": "o", "Ø": "O", "đ": "d", "Đ": "D", "æ": "ae", "Æ": "Ae", "œ": "oe", "§": "Par"}
)
_GERMAN: Final = "ÄÖÜäöüß"


def safe_part(text: str) -> str:
    """The text with allowed characters only: other letters lose their marks, everything else becomes one `-`."""
    plain = "".join(_letter(char) for char in unicodedata.normalize("NFC", text.translate(_FOREIGN)))
    return re.sub(r"[^0-9A-Za-zÄÖÜäöüß_]+", "-", plain).strip("-_")


def file_name(number: int, day: date, title: str, extension: str, digits: int = 4) -> str:
    """`0007_2026-03-02_Antrag-auf-Weiterbewilligung.pdf`; the title is cut, the number and the date never."""
    head, tail = f"{number:0{digits}d}_{day.isoformat()}", f".{extension}"
    room = MAX_LENGTH - len(head) - len(tail) - 1
    middle = safe_part(title)[:room].strip("-_")
    return f"{head}_{middle}{tail}" if middle else head + tail


def _letter(char: str) -> str:
    if char in _GERMAN:
        return char
    return "".join(one for one in unicodedata.normalize("NFKD", char) if not unicodedata.combining(one))
