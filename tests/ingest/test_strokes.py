"""Strokes of Roman numerals are counted on the image, or the reading stays."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from archive.pagetext import Word
from bench.letters import fonts
from ingest.strokes import recount, strokes


def drawn(text: str, font: int, size: int = 46) -> tuple[np.ndarray, tuple[int, int, int, int]]:  # type: ignore[type-arg]
    image = Image.new("L", (400, 120), 255)
    pen = ImageDraw.Draw(image)
    face = ImageFont.truetype(str(fonts()[font]), size)
    pen.text((40, 20), text, font=face, fill=0)
    box = pen.textbbox((40, 20), text, font=face)
    return np.asarray(image), (int(box[0]), int(box[1]), int(box[2]), int(box[3]))


@pytest.mark.parametrize("font", range(len(fonts())))
@pytest.mark.parametrize("text", ["I", "II", "III", "II.", "III,"])
@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_strokes_are_counted_in_any_font_and_position(text: str, font: int, rotation: int) -> None:
    pixels, box = drawn(text, font)
    width, height = pixels.shape[1], pixels.shape[0]
    x0, y0, x1, y1 = box
    places = {
        0: box,
        90: (y0, width - x1, y1, width - x0),
        180: (width - x1, height - y1, width - x0, height - y0),
        270: (height - y1, x0, height - y0, x1),
    }
    assert strokes(np.rot90(pixels, rotation // 90), places[rotation], rotation) == text.count("I")


def test_only_numerals_behind_sgb_are_recounted() -> None:
    pixels, box = drawn("II.", 0)
    law, wrong = Word("SGB", (0, 0, 5, 5), 90, 0), Word("I.", box, 90, 0, "l.")
    assert [(word.text, word.raw) for word in recount((law, wrong), pixels)] == [("SGB", None), ("II.", "l.")]
    other = Word("Kapitel", (0, 0, 5, 5), 90, 0)
    assert recount((other, wrong), pixels) == (other, wrong)
    book = Word("XII", box, 90, 0)
    assert recount((law, book), pixels) == (law, book)


def test_guessed_boxes_are_not_counted() -> None:
    pixels, box = drawn("III", 0)
    law, parted = Word("SGB", (0, 0, 5, 5), 90, 0, "SGBll"), Word("II", box, 90, 0, "SGBll")
    assert recount((law, parted), pixels) == (law, parted)


@pytest.mark.parametrize("font", range(len(fonts())))
@pytest.mark.parametrize("text", ["II)", "I).", "(II)", "III),"])
@pytest.mark.parametrize("read", ["I", "II", "III"])
def test_brackets_are_no_strokes(text: str, font: int, read: str) -> None:
    pixels, box = drawn(text, font)
    numeral = Word(text.replace("I" * text.count("I"), read), box, 90, 0)
    law = Word("SGB", (0, 0, 5, 5), 90, 0)
    shown = recount((law, numeral), pixels)[1].text
    assert shown in (text, numeral.text)
    if read == "I" * text.count("I"):
        assert shown == text


def test_what_cannot_be_counted_stays() -> None:
    pixels, box = drawn("Wohnung", 0)
    assert strokes(pixels, box) is None
    assert strokes(np.full((50, 50), 200, np.uint8), (0, 0, 50, 50)) is None
    assert strokes(pixels, (0, 0, 0, 0)) is None
    assert strokes(pixels, (900, 900, 950, 990)) is None
    noise = np.random.default_rng(1).integers(0, 256, (50, 40)).astype(np.uint8)
    assert strokes(noise, (0, 0, 40, 50)) is None
