"""The contract of recognition, kept by every engine that this machine has."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from archive.pagetext import Word
from bench.letters import Letter, draw, fonts
from ingest.engines import models
from ingest.engines.port import EngineFailed, EngineMissing, OcrEngine, words_from_rows
from ingest.engines.pytesseract_engine import PytesseractEngine
from ingest.engines.tesserocr_engine import TesserocrEngine

ENGINES = {"tesserocr": TesserocrEngine, "pytesseract": PytesseractEngine}


@pytest.fixture(scope="module", params=ENGINES)
def engine(request: pytest.FixtureRequest) -> Iterator[OcrEngine]:
    try:
        yield ENGINES[request.param]("deu")
    except EngineMissing as error:
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def letter() -> Letter:
    full = draw(random.Random(5), fonts()[0])
    return Letter(full.pixels[250:700], full.lines[:5], full.font)


def test_words_come_in_reading_order_with_boxes_on_the_ink(engine: OcrEngine, letter: Letter) -> None:
    words = engine.recognise(letter.pixels, 300)
    assert " ".join(word.text for word in words).startswith("Jobcenter der Stadt Musterhausen")
    lines = [word.line for word in words]
    assert lines == sorted(lines)
    assert set(lines) == set(range(lines[-1] + 1))
    for word in words:
        x0, y0, x1, y1 = word.box
        assert 0 <= x0 < x1 <= letter.pixels.shape[1]
        assert 0 <= y0 < y1 <= letter.pixels.shape[0]
        assert letter.pixels[y0:y1, x0:x1].min() < 128
        assert 0 <= word.confidence <= 100
        assert word.raw is None


def test_the_same_page_reads_the_same(engine: OcrEngine, letter: Letter) -> None:
    first = engine.recognise(letter.pixels, 300)
    engine.recognise(np.rot90(letter.pixels, 2), 300)
    assert engine.recognise(letter.pixels, 300) == first


def test_the_image_is_not_changed(engine: OcrEngine, letter: Letter) -> None:
    before = letter.pixels.copy()
    engine.recognise(letter.pixels, 300)
    assert np.array_equal(letter.pixels, before)


def test_views_that_are_not_contiguous_are_read(engine: OcrEngine, letter: Letter) -> None:
    wide = np.repeat(letter.pixels, 2, axis=1)[:, ::2]
    assert engine.recognise(wide, 300) == engine.recognise(letter.pixels, 300)


@pytest.mark.parametrize("shape", [(1, 1), (2, 900), (900, 2), (3, 3), (200, 200)])
def test_empty_and_tiny_images_hold_nothing(engine: OcrEngine, shape: tuple[int, int]) -> None:
    assert engine.recognise(np.full(shape, 255, np.uint8), 300) == ()


def test_noise_does_not_fail(engine: OcrEngine) -> None:
    noise = np.random.default_rng(1).integers(0, 256, (300, 400)).astype(np.uint8)
    assert all(isinstance(word, Word) for word in engine.recognise(noise, 300))


@pytest.mark.parametrize(
    "image", [np.zeros((4, 4, 3), np.uint8), np.zeros((4, 4), np.float32), np.zeros((0, 4), np.uint8)]
)
def test_anything_else_than_grey_is_refused(engine: OcrEngine, image: np.ndarray) -> None:  # type: ignore[type-arg]
    with pytest.raises(EngineFailed):
        engine.recognise(image, 300)


def test_the_name_says_engine_and_model(engine: OcrEngine) -> None:
    assert engine.name.split()[0] in ENGINES
    assert engine.name.endswith(" deu")


def test_a_missing_model_is_named(tmp_path: Path) -> None:
    with pytest.raises(EngineMissing, match="klingonisch"):
        TesserocrEngine("klingonisch")
    assert models.find("klingonisch", tmp_path) is None
    (tmp_path / "script").mkdir()
    (tmp_path / "script" / "Klingon.traineddata").write_bytes(b"")
    assert models.find("Klingon", tmp_path) == tmp_path / "script"
    with pytest.raises(EngineMissing):
        TesserocrEngine("Klingon", tessdata=tmp_path)


def test_the_best_model_is_the_first_installed() -> None:
    assert models.best(("klingonisch", "deu")) == "deu"
    with pytest.raises(EngineMissing):
        models.best(("klingonisch",))


def test_rows_without_text_leave_no_gap_in_the_lines() -> None:
    rows = [("a", (0, 0, 1, 1), 90.4, 1), ("  ", (0, 0, 1, 1), 5, 2), ("b", (0, 0, 1, 1), 101.0, 3)]
    words = list(words_from_rows(rows))
    assert [(word.text, word.line, word.confidence) for word in words] == [("a", 0, 90), ("b", 1, 100)]
