"""The port of recognition: a grey image in, words with boxes out.

EngineError
├── EngineMissing    the library, the binary or a language model is not there
└── EngineFailed     the engine gave up on this page; another engine may still read it
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from archive.pagetext import Box, Word

Grey = npt.NDArray[np.uint8]


class EngineError(Exception):
    """Base of the errors of engines. Texts hold no contents of a page."""


class EngineMissing(EngineError):
    """Cannot be used on this machine; the text says what is missing."""


class EngineFailed(EngineError):
    """This page could not be read; the engine itself stays usable."""


@runtime_checkable
class OcrEngine(Protocol):
    """Reads one page. Instances hold a loaded model and are used by one thread at a time."""

    @property
    def name(self) -> str:
        """Name, version and language model, as kept with the text: `tesserocr 5.5.4 deu`."""
        ...

    def recognise(self, grey: Grey, dpi: int) -> tuple[Word, ...]:
        """Words in reading order; boxes in pixels of `grey` (uint8, height x width, 0 black), confidence 0-100.

        Does not turn, clean or repair anything. Raises EngineFailed.
        """
        ...


def checked(grey: Grey) -> Grey:
    """The image as engines take it: two dimensions, uint8, contiguous. Raises EngineFailed for anything else."""
    if grey.ndim != 2 or grey.dtype != np.uint8 or 0 in grey.shape:
        raise EngineFailed("not a grey image of 8 bits with at least one pixel")
    return np.ascontiguousarray(grey)


def words_from_rows(rows: Iterable[tuple[str, Box, float, object]]) -> Iterator[Word]:
    """Rows of (text, box, confidence, mark of the line) as words; empty readings are dropped, lines count from 0."""
    line, mark = -1, None
    for text, box, confidence, row_mark in rows:
        text = text.strip()
        if not text:
            continue
        if line < 0 or row_mark != mark:
            line, mark = line + 1, row_mark
        yield Word(text, box, max(0, min(100, round(confidence))), line)
