"""Limits on received files, beside the memory and time limits of the child that opens them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """`megapixels` of one page image, `pages` of one file, `depth` of nested PDF structures."""

    megapixels: int = 100
    pages: int = 5_000
    depth: int = 400


DEFAULT = Limits()
