"""Which engine a worker's child holds, and which one reads a page that crashed or hung the first."""

from __future__ import annotations

import shutil

from ingest.engines import models
from ingest.engines.port import OcrEngine
from ingest.engines.pytesseract_engine import PytesseractEngine
from ingest.engines.tesserocr_engine import TesserocrEngine

SCRIPT_MODEL = "Latin"


def usual_engine(language: str, *, latin: bool) -> OcrEngine:
    """Tesseract inside this process; the script model Latin when it is wanted and found. Raises EngineMissing."""
    return TesserocrEngine(_model(language, latin))


def isolated_engine(language: str, *, latin: bool) -> OcrEngine:
    """The second implementation where its binary is found, else the first one in a process that is fresh."""
    if shutil.which("tesseract"):
        return PytesseractEngine(_model(language, latin))
    return usual_engine(language, latin=latin)


def _model(language: str, latin: bool) -> str:
    return SCRIPT_MODEL if latin and models.find(SCRIPT_MODEL) is not None else language
