"""Is the letter addressed to us? Pure. People write to us under many names (letters.md §1).

Only an address that names another body counts: a line "An: …" in the upper part, or the first words of the address
window. Copies that people hand in carry their own address there, which names no body at all.
"""

from __future__ import annotations

from collections.abc import Iterator

from archive.names import name_key

_OURS = ("jobcenter", "sozialzentrum", "sozialamt", "arbeitsamt", "landrat", "kreis", "grundsicherung")
_OTHERS = ("agentur", "finanzamt", "krankenkasse", "amtsgericht", "landgericht", "rentenversicherung", "familienkasse",
           "auslanderbehorde", "jugendamt", "versorgungsamt", "wohngeldstelle", "standesamt")  # fmt: skip
_FILLERS = frozenset(
    (
        "an",
        "das",
        "die",
        "den",
        "der",
        "dem",
        "z",
        "hd",
        "zu",
        "handen",
        "frau",
        "herr",
        "herrn",
        "kreis",
        "stadt",
        "team",
    )
)
_LOOKED_AT = 4


def addressed_elsewhere(head: str, window: str, our_places: frozenset[str]) -> bool:
    """Whether an address names another body, or a body of our kind in a place that is not ours."""
    return any(_names_another(words, our_places) for words in _addresses(head, window))


def _addresses(head: str, window: str) -> Iterator[list[str]]:
    """Every line of the upper part that starts with "An", and every line of the address window."""
    for line in head.splitlines():
        words = name_key(line).split()
        if words[:1] == ["an"] and len(words) > 1:
            yield words[1:]
    for line in window.splitlines():
        yield name_key(line).split()


def _names_another(words: list[str], our_places: frozenset[str]) -> bool:
    named = [word for word in words if word not in _FILLERS][:_LOOKED_AT]
    if not named:
        return False
    if named[0].startswith(_OTHERS):
        return True
    if not named[0].startswith(_OURS) or len(named) < 2:
        return False
    place = named[1]
    return len(place) > 3 and place not in our_places and not place.startswith(_OURS)
