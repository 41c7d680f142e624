"""Pages of recognised text for tests: lines at DIN 5008 places, 300 dpi, A4."""

from __future__ import annotations

from archive.pagetext import PageText, Word

MM = 300 / 25.4


def page(*lines: str, top: float = 110.0, left: float = 25.0) -> PageText:
    """A page whose lines stand below each other from `top` millimetres on."""
    return placed(*((left, top + 6 * number, line) for number, line in enumerate(lines)))


def placed(*lines: tuple[float, float, str]) -> PageText:
    """A page of lines, each with x and y in millimetres."""
    words: list[Word] = []
    for number, (x, y, text) in enumerate(lines):
        right = x
        for word in text.split():
            width = 2.0 * len(word)
            box = (round(right * MM), round(y * MM), round((right + width) * MM), round((y + 3.5) * MM))
            words.append(Word(word, box, 95, number))
            right += width + 1.5
    return PageText(2480, 3508, 300, 0, "test", tuple(words))
