"""Tesseract inside the process, by the wheel `tesserocr`: the default engine of a worker's child.

The model is loaded once and held. A page that crashes Tesseract kills the process: callers run it in a child.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

# OpenMP threads cost six times the CPU for the same page; the limit is read when the library is loaded.
os.environ.setdefault("OMP_THREAD_LIMIT", "1")

import tesserocr

from archive.pagetext import Box, Word
from ingest.engines import models
from ingest.engines.port import EngineFailed, EngineMissing, Grey, checked, words_from_rows

MIN_SIDE = 3  # Leptonica refuses smaller images with noise on stderr


class TesserocrEngine:
    """`PyTessBaseAPI` held open. Not safe for two threads at once."""

    def __init__(self, language: str = "deu", *, tessdata: Path | None = None) -> None:
        place = models.require(language, tessdata)
        try:
            self._api = tesserocr.PyTessBaseAPI(path=str(place), lang=language, psm=tesserocr.PSM.AUTO)
        except RuntimeError as error:
            raise EngineMissing(f"Tesseract does not load the model {language!r}") from error
        self._name = f"tesserocr {self._api.Version().split()[0]} {language}"

    @property
    def name(self) -> str:
        """As in the port."""
        return self._name

    def recognise(self, grey: Grey, dpi: int) -> tuple[Word, ...]:
        """As in the port. Images under three pixels a side hold no words."""
        image = checked(grey)
        height, width = image.shape
        if min(height, width) < MIN_SIDE:
            return ()
        self._api.SetImageBytes(image.tobytes(), width, height, 1, width)
        self._api.SetSourceResolution(dpi)
        try:
            if not self._api.Recognize():
                raise EngineFailed("Tesseract gave up on the page")
            return tuple(words_from_rows(self._rows()))
        finally:
            self._api.Clear()

    def _rows(self) -> Iterator[tuple[str, Box, float, object]]:
        # The result iterator costs 5 ms for 400 words, the TSV text 11 ms plus parsing.
        level, line = tesserocr.RIL.WORD, 0
        iterator = self._api.GetIterator()
        if iterator is None:
            return
        for item in tesserocr.iterate_level(iterator, level):
            if item.IsAtBeginningOf(tesserocr.RIL.TEXTLINE):
                line += 1
            box = item.BoundingBox(level)
            if box is None or item.Empty(level):
                continue
            yield item.GetUTF8Text(level), box, item.Confidence(level), line

    def close(self) -> None:
        """Gives the model's memory back; the engine cannot be used afterwards."""
        self._api.End()

    def __enter__(self) -> TesserocrEngine:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
