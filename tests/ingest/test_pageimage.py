"""Image files as pages: what they look like on paper, and what they say of themselves."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pypdfium2 as pdfium
import pytest
from PIL import Image
from PIL.TiffImagePlugin import IFDRational, ImageFileDirectory_v2

from ingest.images import is_blank
from ingest.pageimage import load_page
from ingest.reading import as_grey
from ingest.rendition import RenditionInfo, RenditionPage, render
from tests.ingest.support import letter_pixels


def transparent(path: Path, mode: str, **save: str) -> Path:
    """Black print on nothing, as drawing programs and telephones save it."""
    ink = 255 - letter_pixels()
    bands = [np.zeros_like(ink)] * (len(mode) - 1)
    Image.fromarray(np.stack([*bands, ink], axis=2), mode).save(path, **save)
    return path


@pytest.mark.parametrize(("name", "mode"), [("a.png", "RGBA"), ("a.png", "LA"), ("a.tif", "RGBA")])
def test_print_on_a_transparent_ground_is_seen_on_white_paper(tmp_path: Path, name: str, mode: str) -> None:
    page = load_page(transparent(tmp_path / name, mode), 1)
    grey = as_grey(page.pixels)
    assert not is_blank(grey, 300)
    assert np.abs(grey.astype(int) - letter_pixels()).max() <= 1


def test_a_colour_that_is_declared_transparent_is_paper_too(tmp_path: Path) -> None:
    image = Image.fromarray(np.where(letter_pixels() > 128, 0, 1).astype(np.uint8), "P")
    image.putpalette([0, 0, 0, 0, 0, 0])
    image.save(tmp_path / "a.png", transparency=0)
    assert as_grey(load_page(tmp_path / "a.png", 1).pixels).mean() > 128


@pytest.mark.parametrize("told", [(0, 0), (1, 0), (0, 1), (4_000_000, 1)])
def test_a_resolution_that_is_none_keeps_no_page_from_being_read(tmp_path: Path, told: tuple[int, int]) -> None:
    path, tags = tmp_path / "a.tif", ImageFileDirectory_v2()
    tags[282] = tags[283] = IFDRational(*told)
    tags[296] = 2  # inches
    Image.fromarray(letter_pixels()).save(path, tiffinfo=tags)
    assert load_page(path, 1).dpi == 0
    info = RenditionInfo("Brief", datetime(2026, 11, 24, tzinfo=UTC))
    assert render(path, [RenditionPage(1)], tmp_path / "out.pdf", info).conformance == "pdfa-2b"
    with pdfium.PdfDocument(tmp_path / "out.pdf") as written:
        assert len(written) == 1
