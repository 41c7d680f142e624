"""Limits on received files, beside the memory and time limits of the child that opens them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """`megapixels` of one page or image, `pages` of one file, `stream_mb` of one decompressed PDF stream."""

    megapixels: int = 100
    pages: int = 5_000
    stream_mb: int = 400


DEFAULT = Limits()
