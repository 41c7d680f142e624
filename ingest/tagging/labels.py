"""Labels by geometry: what stands to the left of, above or around a value. Pure."""

from __future__ import annotations

from archive.names import name_key
from ingest.tagging.folding import name_parts
from ingest.tagging.tokens import Reading, Segment, Token

_SAME_ROW = 2.5
_ROW = 9.0  # millimetres from a form's label down to its value


class Labels:
    """Looks up labels of values on the pages of one letter."""

    def __init__(self, reading: Reading) -> None:
        self._by_page: dict[int, list[Segment]] = {}
        for segment in reading.segments:
            self._by_page.setdefault(segment.page, []).append(segment)

    def left(self, segment: Segment) -> str:
        """Folded text of the cell to the left on the same height; empty when nothing stands there."""
        first = segment.tokens[0]
        best: Segment | None = None
        for other in self._by_page.get(segment.page, ()):
            if other.index == segment.index or not _same_height(other.tokens[0], first):
                continue
            gap = first.x - other.tokens[-1].right
            if 0 <= gap < 70 and (best is None or other.tokens[-1].right > best.tokens[-1].right):
                best = other
        return name_key(best.text) if best is not None else ""

    def above(self, token: Token) -> str:
        """Folded text of the nearest row above, from the token's left edge on."""
        words: list[tuple[float, float, str]] = []
        for other in self._by_page.get(token.page, ()):
            for one in other.tokens:
                rise = token.y - one.bottom
                if (
                    -1.5 < rise < _ROW
                    and one.x < token.right + 25
                    and one.right > token.x - 4
                    and one.y < token.y - 1.5
                ):
                    words.append((one.x, one.y, one.text))
        nearest = max((y for _, y, _ in words), default=0.0) - _SAME_ROW
        return " ".join(" ".join(name_parts(text)) for _, y, text in sorted(words) if y >= nearest).strip()

    def around(self, token: Token, reach: float) -> str:
        """Folded text of the words within `reach` millimetres above and below, near in x (a stamp's other lines)."""
        words = [
            " ".join(name_parts(one.text))
            for other in self._by_page.get(token.page, ())
            for one in other.tokens
            if abs(one.y - token.y) < reach and one.x < token.right + 22 and one.right > token.x - 22
        ]
        return " ".join(words)


def _same_height(one: Token, other: Token) -> bool:
    middle = (other.y + other.bottom) / 2
    return one.y <= middle <= one.bottom
