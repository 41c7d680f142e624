"""What paper, time and scanner add to a drawn sheet: skew, grain, grey paper, shade, bleed-through, fax lines.

Everything follows the seed. Output is what a station delivers: grey JPEG at 300 dpi, A4.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image

from eakte.demo.drawing.fonts import DPI
from eakte.demo.drawing.sheet import HEIGHT, WIDTH

Grey = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class ScanProfile:
    """`skew` degrees at most, `noise` standard deviation of the grain, `paper` grey of the sheet (255 white),
    `shade` 0–1 darkening towards an edge, `bleed` 0–1 of the back shining through, `faint` 0–1 loss of contrast.
    """

    name: str
    skew: float = 0.5
    noise: float = 0.9
    paper: int = 250
    shade: float = 0.0
    bleed: float = 0.0
    faint: float = 0.0
    coffee: bool = False
    marker: bool = False
    fax: bool = False
    upside_down: bool = False
    quality: int = 75


PROFILES: dict[str, ScanProfile] = {
    one.name: one
    for one in (
        ScanProfile("clean", skew=0.0, noise=0.0, paper=255, quality=85),
        ScanProfile("office"),
        ScanProfile("skewed", skew=3.0),
        ScanProfile("grey", paper=205, noise=1.3, bleed=0.07),
        ScanProfile("shaded", skew=1.2, paper=238, shade=0.5),
        ScanProfile("faint", faint=0.55, paper=242),
        ScanProfile("coffee", skew=1.0, coffee=True, bleed=0.05),
        ScanProfile("marker", marker=True),
        ScanProfile("fax", fax=True, noise=0.0, paper=255, skew=0.8),
        ScanProfile("upside_down", upside_down=True),
    )
}


def scan(images: Sequence[Image.Image], profile: ScanProfile | str, seed: int) -> list[bytes]:
    """The sheets as grey JPEGs. Raises KeyError for an unknown profile name. The same arguments, the same bytes."""
    chosen = PROFILES[profile] if isinstance(profile, str) else profile
    pages = [np.asarray(image.convert("L")) for image in images]
    done = []
    for number, page in enumerate(pages):
        back = pages[number + 1] if number + 1 < len(pages) else page[::-1]
        done.append(_jpeg(_degrade(page, back, chosen, np.random.default_rng([seed, number])), chosen.quality))
    return done


def blank_back(profile: ScanProfile | str, seed: int) -> bytes:
    """The empty back of a sheet in a duplex scan: paper and grain, no ink."""
    chosen = PROFILES[profile] if isinstance(profile, str) else profile
    page = np.full((HEIGHT, WIDTH), 255, dtype=np.uint8)
    return _jpeg(_degrade(page, page, chosen, np.random.default_rng([seed, 999])), chosen.quality)


def _degrade(page: Grey, back: Grey, profile: ScanProfile, rng: np.random.Generator) -> Grey:
    result: Grey = page.copy()
    if profile.marker:
        result = _marker(result, rng)
    if profile.bleed:
        result = _bleed(result, back, profile.bleed)
    if profile.faint:
        result = _scaled(result, 1 - profile.faint, 255 * profile.faint)
    if profile.paper < 255:
        result = _scaled(result, profile.paper / 255, 0)
    if profile.coffee:
        result = _coffee(result, rng)
    if profile.shade:
        result = _shade(result, profile.shade, rng)
    if profile.skew:
        result = _skew(result, float(rng.uniform(-profile.skew, profile.skew)), profile.paper)
    if profile.noise:
        result = _grain(result, profile.noise, rng)
    if profile.fax:
        result = _fax(result, rng)
    return np.ascontiguousarray(result[::-1, ::-1]) if profile.upside_down else result


def _grey(values: Any) -> Grey:
    return np.asarray(values, dtype=np.uint8)


def _scaled(page: Grey, gain: float, offset: float) -> Grey:
    return _grey(cv2.convertScaleAbs(page, alpha=gain, beta=offset))


def _bleed(page: Grey, back: Grey, strength: float) -> Grey:
    mirrored = cv2.GaussianBlur(np.ascontiguousarray(back[:, ::-1]), (0, 0), 3)
    lost = _scaled(_grey(255 - mirrored), strength, 0)
    return _grey(cv2.subtract(page, lost))


def _times(page: Grey, small: npt.NDArray[np.float32]) -> Grey:
    """Multiply by a coarse map of factors, stretched over the page."""
    factors = cv2.resize(small, (page.shape[1], page.shape[0]), interpolation=cv2.INTER_LINEAR)
    return _grey(cv2.multiply(page, factors, dtype=cv2.CV_8U))


def _shade(page: Grey, strength: float, rng: np.random.Generator) -> Grey:
    """Darker towards one corner, with a soft fold across."""
    x, y = np.meshgrid(np.linspace(0, 1, 40), np.linspace(0, 1, 56))
    angle = rng.uniform(0, 2 * np.pi)
    slope = (np.cos(angle) * (x - 0.5) + np.sin(angle) * (y - 0.5)) + 0.5
    fold = 0.08 * np.exp(-(((y - rng.uniform(0.3, 0.7)) * 30) ** 2))
    return _times(page, (1 - strength * np.clip(slope, 0, 1) ** 1.5 - fold).astype(np.float32))


def _coffee(page: Grey, rng: np.random.Generator) -> Grey:
    """The ring of a cup, open at one side."""
    high, wide = 351, 248
    y, x = np.mgrid[0:high, 0:wide].astype(np.float32)
    middle_x, middle_y = rng.uniform(60, 190), rng.uniform(120, 290)
    distance = np.hypot(x - middle_x, y - middle_y)
    angle = np.arctan2(y - middle_y, x - middle_x)
    ring = np.exp(-(((distance - 40) / 1.8) ** 2)) * (0.6 + 0.4 * np.sin(angle + rng.uniform(0, 6)))
    return _times(page, (1 - 0.38 * ring).astype(np.float32))


def _marker(page: Grey, rng: np.random.Generator) -> Grey:
    """A highlighter over one line of text, as a grey scanner sees it."""
    rows = np.flatnonzero((page[400:2600] < 128).sum(axis=1) > 60) + 400
    if rows.size:
        middle = int(rng.choice(rows))
        top, left = max(0, middle - 32), int(rng.integers(280, 900))
        band = page[top : top + 64, left : left + int(rng.integers(500, 1300))]
        np.copyto(band, _scaled(band, 0.82, 0))
    return page


def _skew(page: Grey, degrees: float, paper: int) -> Grey:
    turn = cv2.getRotationMatrix2D((WIDTH / 2, HEIGHT / 2), degrees, 1.0)
    edge = max(0, paper - 18)
    return _grey(cv2.warpAffine(page, turn, (page.shape[1], page.shape[0]), flags=cv2.INTER_LINEAR, borderValue=edge))


def _grain(page: Grey, deviation: float, rng: np.random.Generator) -> Grey:
    """Grain of sensor and paper, a little soft as scanners deliver it; one tile repeated with offsets."""
    tile = cv2.GaussianBlur(rng.normal(0, deviation * 2.2, (701, 827)).astype(np.float32), (0, 0), 0.8)
    down, across = -(-page.shape[0] // 701), -(-page.shape[1] // 827)
    grain = np.tile(np.round(tile).astype(np.int16), (down, across))[: page.shape[0], : page.shape[1]]
    return _grey(np.clip(page.astype(np.int16) + grain, 0, 255))


def _fax(page: Grey, rng: np.random.Generator) -> Grey:
    """Fine fax resolution (204 x 196 dpi), two tones, some scan lines lost."""
    high, wide = round(page.shape[0] * 196 / DPI), round(page.shape[1] * 204 / DPI)
    small = cv2.resize(page, (wide, high), interpolation=cv2.INTER_AREA)
    small = np.where(small > 175, 255, 0).astype(np.uint8)
    for row in rng.choice(high, 6, replace=False):
        small[row : row + 1] = 255
    return _grey(cv2.resize(small, (page.shape[1], page.shape[0]), interpolation=cv2.INTER_LINEAR))


def _jpeg(page: Grey, quality: int) -> bytes:
    out = io.BytesIO()
    Image.fromarray(page, "L").save(out, "JPEG", quality=quality, dpi=(DPI, DPI))
    return out.getvalue()
