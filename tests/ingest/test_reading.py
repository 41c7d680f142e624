"""Reading a page with the real engine: whatever lies on the glass, boxes end on the raw image."""

from __future__ import annotations

import io
import random
from collections.abc import Iterator
from pathlib import Path

import cv2
import jiwer
import numpy as np
import numpy.typing as npt
import pikepdf
import pytest
from fpdf import FPDF
from PIL import Image

from bench.letters import Letter, draw, fonts
from ingest.engines import digital
from ingest.engines.tesserocr_engine import TesserocrEngine
from ingest.reading import PageReading, plausible_dpi, read_image, read_page

Grey = npt.NDArray[np.uint8]


@pytest.fixture(scope="module")
def engine() -> Iterator[TesserocrEngine]:
    with TesserocrEngine("deu") as made:
        yield made


@pytest.fixture(scope="module")
def letter() -> Letter:
    return draw(random.Random(3000), fonts()[0])


def leaning(pixels: Grey, angle: float) -> Grey:
    height, width = pixels.shape
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), angle, 1)
    return np.asarray(cv2.warpAffine(pixels, matrix, (width, height), borderValue=(255,)), np.uint8)


def shaded(pixels: Grey) -> Grey:
    rows, columns = np.mgrid[0 : pixels.shape[0], 0 : pixels.shape[1]]
    light = np.clip(0.25 + 0.75 * np.hypot(columns / pixels.shape[1], rows / pixels.shape[0]) / 1.2, 0, 1)
    noise = np.random.default_rng(1).normal(0, 6, pixels.shape)
    return np.clip(pixels * light + noise, 0, 255).astype(np.uint8)


def error_rate(letter: Letter, reading: PageReading) -> float:
    return float(jiwer.cer(" ".join(letter.text().split()), " ".join(word.text for word in reading.text.words)))


def assert_on_ink(pixels: Grey, reading: PageReading) -> None:
    assert (reading.text.width, reading.text.height) == (pixels.shape[1], pixels.shape[0])
    long = [word for word in reading.text.words if len(word.text) > 5]
    assert len(long) > 100
    for word in long:
        x0, y0, x1, y1 = word.box
        part = pixels[y0:y1, x0:x1]
        assert part.size
        assert part.min() < 0.5 * float(np.percentile(part, 95))


CASES = {
    "clean": (lambda page: page, 0, ()),
    "upside down": (lambda page: np.rot90(page, 2), 180, ("turned",)),
    "lying on its left side": (lambda page: np.rot90(page, 1), 90, ("turned",)),
    "lying on its right side": (lambda page: np.rot90(page, 3), 270, ("turned",)),
    "leaning": (lambda page: leaning(page, -4), 0, ("deskewed",)),
    "leaning and upside down": (lambda page: np.rot90(leaning(page, 3), 2), 180, ("turned", "deskewed")),
    "shaded": (shaded, 0, ("normalised",)),
    "coarse": (lambda page: cv2.resize(page, None, fx=1 / 3, fy=1 / 3, interpolation=cv2.INTER_AREA), 0, ()),
}


@pytest.mark.parametrize("name", CASES)
def test_pages_are_read_as_they_lie(name: str, letter: Letter, engine: TesserocrEngine) -> None:
    change, rotation, notes = CASES[name]
    pixels = np.ascontiguousarray(change(letter.pixels))
    reading = read_image(pixels, 100 if name == "coarse" else 300, engine)
    assert reading.text.rotation == rotation
    assert set(reading.notes) == set(notes)
    assert not reading.blank
    assert error_rate(letter, reading) < 0.004
    assert reading.mean_confidence > 85
    assert_on_ink(pixels, reading)


def test_citations_are_repaired_and_the_reading_kept(letter: Letter, engine: TesserocrEngine) -> None:
    reading = read_image(letter.pixels, 300, engine)
    assert reading.text.text().count("§") == letter.text().count("§")
    assert any(word.raw for word in reading.text.words if word.text.startswith("§"))


def test_a_blank_page_costs_no_recognition(letter: Letter) -> None:
    class Never:
        name = "never"

        def recognise(self, grey: Grey, dpi: int) -> tuple[()]:
            raise AssertionError("the engine was asked")

    reading = read_image(np.full(letter.pixels.shape, 230, np.uint8), 300, Never())
    assert reading.blank
    assert reading.text.words == ()
    assert "blank" in reading.notes


def test_reading_twice_gives_the_same_text(letter: Letter, engine: TesserocrEngine) -> None:
    assert read_image(letter.pixels, 300, engine).text == read_image(letter.pixels, 300, engine).text


@pytest.mark.parametrize(
    ("told", "size", "used"),
    [
        (300, (2480, 3508), 300),
        (0, (2480, 3508), 300),
        (72, (2480, 3508), 300),
        (600, (4960, 7016), 600),
        (-1, (40, 50), 50),
    ],
)
def test_a_senseless_dpi_is_replaced(told: int, size: tuple[int, int], used: int) -> None:
    assert plausible_dpi(told, *size) == used


def digital_letter(folder: Path, *, rotate: int = 0) -> Path:
    pdf = FPDF(format="A4")
    pdf.add_font("Text", fname=str(fonts()[0]))
    pdf.set_font("Text", size=11)
    pdf.add_page()
    pdf.multi_cell(0, 6, "Bescheid nach § 22 SGB II\nDer Finanzausschuß fährt große Öfen für 3,50 € aus der Auflage.")
    path = folder / "digital.pdf"
    path.write_bytes(bytes(pdf.output()))
    if rotate:
        with pikepdf.open(path, allow_overwriting_input=True) as opened:
            opened.pages[0].Rotate = rotate
            opened.save(path)
    return path


@pytest.mark.parametrize("rotate", [0, 90, 180, 270])
def test_born_digital_pages_keep_their_own_text(tmp_path: Path, engine: TesserocrEngine, rotate: int) -> None:
    path = digital_letter(tmp_path, rotate=rotate)
    reading = read_page(path, 1, engine)
    assert reading.notes == ("own_text",)
    assert reading.text.engine == digital.ENGINE
    assert "Bescheid nach § 22 SGB II" in reading.text.text().splitlines()
    assert "Öfen für 3,50 €" in reading.text.text()
    pixels, dpi = digital.rendered(path, 1)
    assert dpi == reading.text.dpi == 300
    assert abs(pixels.shape[1] - reading.text.width) <= 1
    for word in reading.text.words:
        x0, y0, x1, y1 = word.box
        assert pixels[y0 : y1 + 1, x0 : x1 + 1].min() < 160


def test_text_that_nobody_can_read_is_recognised_instead(tmp_path: Path, engine: TesserocrEngine) -> None:
    path = digital_letter(tmp_path)
    with pikepdf.open(path, allow_overwriting_input=True) as pdf:
        for font in pdf.pages[0].Resources.Font.values():
            cmap = font.ToUnicode.read_bytes()
            font.ToUnicode = pdf.make_stream(shifted_to_private_use(cmap))
        pdf.save(path)
    reading = read_page(path, 1, engine)
    assert reading.notes[0] == "own_text_unreadable"
    assert "Bescheid nach § 22 SGB II" in reading.text.text()


def shifted_to_private_use(cmap: bytes) -> bytes:
    import re

    return re.sub(rb"(<[0-9A-Fa-f]{4}>\s+)<00([0-9A-Fa-f]{2})>", rb"\1<E0\2>", cmap)


def test_an_invisible_layer_of_a_scanner_is_not_own_text(
    tmp_path: Path, letter: Letter, engine: TesserocrEngine
) -> None:
    jpeg = io.BytesIO()
    Image.fromarray(letter.pixels).save(jpeg, "JPEG", dpi=(300, 300))
    pdf = FPDF(unit="pt", format=(595.2, 841.92))
    pdf.set_font("Helvetica", size=11)
    pdf.add_page()
    pdf.image(jpeg, 0, 0, 595.2, 841.92)
    with pdf.local_context(text_mode="INVISIBLE"):
        pdf.text(50, 100, "falsche Lesung des Scanners, die niemand braucht")
    path = tmp_path / "scan.pdf"
    path.write_bytes(bytes(pdf.output()))
    assert not digital.shows_text(path, 1)
    reading = read_page(path, 1, engine)
    assert "falsche" not in reading.text.text()
    assert error_rate(letter, reading) < 0.004


def test_text_over_a_picture_that_fills_the_page_is_own_text(tmp_path: Path, engine: TesserocrEngine) -> None:
    jpeg = io.BytesIO()
    Image.new("L", (600, 850), 240).save(jpeg, "JPEG")
    pdf = FPDF(unit="pt", format=(595.2, 841.92))
    pdf.set_font("Helvetica", size=11)
    pdf.add_page()
    pdf.image(jpeg, 0, 0, 595.2, 841.92)
    pdf.text(50, 100, "Rechnung auf Briefpapier")
    path = tmp_path / "paper.pdf"
    path.write_bytes(bytes(pdf.output()))
    assert read_page(path, 1, engine).text.text() == "Rechnung auf Briefpapier"


def test_image_files_are_read(tmp_path: Path, letter: Letter, engine: TesserocrEngine) -> None:
    path = tmp_path / "seite"
    Image.fromarray(letter.pixels).save(path, "PNG", dpi=(300, 300))
    reading = read_page(path, 1, engine)
    assert error_rate(letter, reading) < 0.004
    assert reading.seconds > 0
