"""The list of keys for the help page: one place, in the order of CONCEPT §4, words from the catalogue."""

from __future__ import annotations

from web.texts import Texts
from web.views.system import KeyLine

# (what stands on the key, key of its text); {strg} is replaced by the word for the control key
KEYS: tuple[tuple[str, str], ...] = (
    ("Enter", "enter"),
    ("{strg} Enter", "strg_enter"),
    ("Esc", "esc"),
    ("↑ ↓ K J", "pfeile"),
    ("1 … 9", "ziffern"),
    ("A", "a"),
    ("E", "e"),
    ("F", "f"),
    ("W", "w"),
    ("M", "m"),
    ("N", "n"),
    ("D", "d"),
    ("S", "s"),
    ("B", "b"),
    ("T", "t"),
    ("+ − 0", "zoom"),
    (", .", "blaettern"),
    ("R", "r"),
    ("{strg} K", "strg_k"),
    ("{strg} Z", "strg_z"),
    ("{strg} F6", "strg_f6"),
    ("?", "hilfe"),
)


def key_lines(texts: Texts) -> tuple[KeyLine, ...]:
    """Every key with what it does, in the language of `texts`."""
    control = texts("taste.strg")
    return tuple(KeyLine(key.format(strg=control), texts(f"tasten.{name}")) for key, name in KEYS)
