"""Scans of every depth and make arrive as what they show: the page that is read is the page that is kept."""

from __future__ import annotations

import io
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pikepdf
import pytest
from pikepdf import Array, Dictionary, Name
from PIL import Image

from ingest.pageimage import PageUnreadable, load_page
from ingest.rendition_images import frame

WIDTH, HEIGHT = 600, 800
PAPER, INK = 230, 40
GREY = np.full((HEIGHT, WIDTH), PAPER, np.uint8)
GREY[200:300, 100:500] = INK
INVERSE = 255 - GREY


def seen(pixels: np.ndarray) -> tuple[int, int]:
    """Paper and ink of the drawn page."""
    grey = pixels.mean(axis=2) if pixels.ndim == 3 else pixels
    return round(float(grey[50, 50])), round(float(grey[250, 300]))


def transparent(mode: str) -> Image.Image:
    picture = Image.new("RGBA", (WIDTH, HEIGHT), (0, 0, 0, 0))
    picture.paste((INK, INK, INK, 255), (100, 200, 500, 300))
    return picture.convert(mode)


PICTURES: dict[str, tuple[Callable[[], Image.Image], str, tuple[int, int]]] = {
    "16 bit TIFF": (lambda: Image.fromarray(GREY.astype(np.uint16) * 257), "TIFF", (PAPER, INK)),
    "16 bit PNG": (lambda: Image.fromarray(GREY.astype(np.uint16) * 257), "PNG", (PAPER, INK)),
    "32 bit TIFF": (lambda: Image.fromarray(GREY.astype(np.int32) * 257), "TIFF", (PAPER, INK)),
    "floating TIFF": (lambda: Image.fromarray(GREY.astype(np.float32) / 255), "TIFF", (PAPER, INK)),
    "8 bit TIFF": (lambda: Image.fromarray(GREY), "TIFF", (PAPER, INK)),
    "transparent PNG": (lambda: transparent("RGBA"), "PNG", (255, INK)),
    "transparent grey PNG": (lambda: transparent("LA"), "PNG", (255, INK)),
    "black TIFF": (lambda: Image.new("I", (WIDTH, HEIGHT), 0), "TIFF", (0, 0)),
}


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_is_read_and_kept_as_it_looks(tmp_path: Path, name: str) -> None:
    make, form, expected = PICTURES[name]
    path = tmp_path / "scan"
    make().save(path, form, dpi=(300, 300))
    assert seen(load_page(path, 1).pixels) == expected
    with pikepdf.Pdf.new() as pdf:
        kept = pikepdf.PdfImage(frame(pdf, path, 1).image).as_pil_image().convert("L")
    assert seen(np.asarray(kept)) == expected


def scan(tmp_path: Path, colours: Any, data: bytes, bits: int = 8) -> Path:
    pdf = pikepdf.Pdf.new()
    pdf.add_blank_page(page_size=(432, 576))
    image = pdf.make_stream(zlib.compress(data), Type=Name.XObject, Subtype=Name.Image, Filter=Name.FlateDecode)
    image.Width, image.Height, image.BitsPerComponent = WIDTH, HEIGHT, bits
    image.ColorSpace = colours(pdf) if callable(colours) else colours
    pdf.pages[0].obj.Resources = Dictionary(XObject=Dictionary(I=image))
    pdf.pages[0].obj.Contents = pdf.make_stream(b"q 432 0 0 576 0 0 cm /I Do Q")
    buffer = io.BytesIO()
    pdf.save(buffer)
    path = tmp_path / "scan.pdf"
    path.write_bytes(buffer.getvalue())
    return path


def black(_pdf: pikepdf.Pdf) -> Array:
    tint = Dictionary(FunctionType=2, Domain=Array([0, 1]), C0=Array([0, 0, 0, 0]), C1=Array([0, 0, 0, 1]), N=1)
    return Array([Name.Separation, Name.Black, Name.DeviceCMYK, tint])


def broken_profile(pdf: pikepdf.Pdf) -> Array:
    return Array([Name.ICCBased, pdf.make_stream(b"no profile", N=1, Alternate=Name.DeviceGray)])


@pytest.mark.parametrize(
    ("colours", "data", "bits"),
    [
        (Name.DeviceGray, (GREY.astype(">u2") * 257).tobytes(), 16),
        (black, INVERSE.tobytes(), 8),
        (broken_profile, GREY.tobytes(), 8),
    ],
    ids=["16 bit", "spot colour", "broken profile"],
)
def test_a_scan_in_a_pdf_is_read_as_it_looks(tmp_path: Path, colours: Any, data: bytes, bits: int) -> None:
    page = load_page(scan(tmp_path, colours, data, bits), 1)
    paper, ink = seen(page.pixels)
    assert page.kind == "scan"
    assert abs(paper - PAPER) <= 6
    assert ink < 90


@pytest.mark.parametrize(
    ("data", "bits"), [(GREY.tobytes()[:1000], 8), (GREY.tobytes(), 7)], ids=["cut off", "no such depth"]
)
def test_a_broken_image_is_unreadable_at_once(tmp_path: Path, data: bytes, bits: int) -> None:
    with pytest.raises(PageUnreadable):
        load_page(scan(tmp_path, Name.DeviceGray, data, bits), 1)


def test_colours_that_hold_themselves_are_unreadable_at_once(tmp_path: Path) -> None:
    def loop(pdf: pikepdf.Pdf) -> pikepdf.Object:
        space = pdf.make_indirect(Array([Name.Indexed, Name.DeviceGray, 255, b"x"]))
        space[1] = space
        return space

    with pytest.raises(PageUnreadable):
        load_page(scan(tmp_path, loop, GREY.tobytes()), 1)
