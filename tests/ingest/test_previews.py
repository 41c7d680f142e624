"""Previews: as wide as asked, turned, small, never enlarged."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ingest.pageimage import PageUnreadable
from ingest.previews import crop, preview


@pytest.fixture
def page(tmp_path: Path) -> Path:
    """A page 1200 x 1700 with a black corner at the top left."""
    pixels = np.full((1700, 1200), 255, np.uint8)
    pixels[:300, :400] = 0
    path = tmp_path / "page"
    Image.fromarray(pixels).save(path, "JPEG", dpi=(150, 150))
    return path


def opened(data: bytes) -> Image.Image:
    assert data[:4] == b"RIFF"
    assert data[8:12] == b"WEBP"
    return Image.open(io.BytesIO(data)).convert("L")


@pytest.mark.parametrize("width", [100, 400, 900, 1200])
@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_width_and_rotation(page: Path, width: int, rotation: int) -> None:
    image = opened(preview(page, 1, width, rotation))
    assert image.width == width
    upright = rotation in (0, 180)
    assert image.height == pytest.approx(width * (1700 / 1200 if upright else 1200 / 1700), abs=2)
    corners = {0: (5, 5), 90: (width - 5, 5), 180: (width - 5, image.height - 5), 270: (5, image.height - 5)}
    for turn, corner in corners.items():
        assert (image.getpixel(corner) < 60) == (turn == rotation)  # type: ignore[operator]


def test_never_enlarged_and_never_endless(page: Path) -> None:
    assert opened(preview(page, 1, 100_000)).width == 1200
    assert opened(preview(page, 1, -5)).width == 16


def test_equal_input_gives_equal_bytes(page: Path) -> None:
    assert preview(page, 1, 300) == preview(page, 1, 300)


def test_crop_shows_the_box(page: Path) -> None:
    image = opened(crop(page, 1, (500, 400, 700, 500), 4000))
    assert (image.width, image.height) == (224, 124)
    assert np.asarray(image).min() > 240
    assert opened(crop(page, 1, (350, 250, 450, 350), 62)).width == 62
    turned = opened(crop(page, 1, (300, 0, 500, 100), 4000, 90))
    assert turned.height == 224


@pytest.mark.parametrize("box", [(2000, 10, 2100, 20), (0, 3000, 10, 3100)])
def test_a_box_outside_the_page_is_refused(page: Path, box: tuple[int, int, int, int]) -> None:
    with pytest.raises(ValueError, match="outside"):
        crop(page, 1, box, 100)


def test_wrong_turns_and_broken_files(page: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="45"):
        preview(page, 1, 100, 45)
    broken = tmp_path / "broken"
    broken.write_bytes(page.read_bytes()[:200])
    with pytest.raises(PageUnreadable):
        preview(broken, 1, 100)
