"""Closed lists of words in code, written as text."""

from __future__ import annotations


def words_of(text: str) -> tuple[str, ...]:
    """The words of a list, divided by blanks or line ends."""
    return tuple(text.split())
