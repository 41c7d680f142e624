"""Tesseract as a program of its own, by `pytesseract`: the second engine, used where the binary is installed.

One process per page: slower by its start, but a crash or a hang costs only that process.
"""

from __future__ import annotations

import csv
import io
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytesseract
from PIL import Image

from archive.pagetext import Box, Word
from ingest.engines import models
from ingest.engines.port import EngineFailed, EngineMissing, Grey, checked, words_from_rows

MIN_SIDE = 3
TIMEOUT_SECONDS = 120


class PytesseractEngine:
    """Calls the binary `tesseract` for every page, with a time limit in seconds."""

    def __init__(self, language: str = "deu", *, tessdata: Path | None = None, timeout: int = TIMEOUT_SECONDS) -> None:
        if shutil.which("tesseract") is None:
            raise EngineMissing("the program tesseract is not installed")
        self._place = models.require(language, tessdata)
        self._language = language
        self._timeout = timeout
        os.environ.setdefault("OMP_THREAD_LIMIT", "1")
        self._name = f"pytesseract {pytesseract.get_tesseract_version()} {language}"

    @property
    def name(self) -> str:
        """As in the port."""
        return self._name

    def recognise(self, grey: Grey, dpi: int) -> tuple[Word, ...]:
        """As in the port; a page over the time limit raises EngineFailed."""
        image = checked(grey)
        if min(image.shape) < MIN_SIDE:
            return ()
        config = f'--tessdata-dir "{self._place}" --psm 3 --dpi {dpi}'
        try:
            table = pytesseract.image_to_data(
                Image.fromarray(image), lang=self._language, config=config, timeout=self._timeout
            )
        except (pytesseract.TesseractError, RuntimeError) as error:
            raise EngineFailed("tesseract did not read the page") from error
        return tuple(words_from_rows(_rows(table)))


def _rows(table: str) -> Iterator[tuple[str, Box, float, object]]:
    for row in csv.DictReader(io.StringIO(table), delimiter="\t", quoting=csv.QUOTE_NONE):
        if row["level"] != "5":
            continue
        left, top = int(row["left"]), int(row["top"])
        box = (left, top, left + int(row["width"]), top + int(row["height"]))
        yield row["text"] or "", box, float(row["conf"]), (row["block_num"], row["par_num"], row["line_num"])
