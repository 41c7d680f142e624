"""Blank pages, background, skew and the way back from turned copies."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.pagetext import Word
from bench.letters import draw, fonts
from ingest import images
from ingest.images import Turn

Grey = npt.NDArray[np.uint8]
SHAPE = (3508, 2480)
RNG = np.random.default_rng(3)


def paper(level: int = 255, noise: float = 0.0) -> Grey:
    pixels = np.full(SHAPE, float(level))
    if noise:
        pixels += RNG.normal(0, noise, SHAPE)
    return np.clip(pixels, 0, 255).astype(np.uint8)


def written(sheet: Grey, text: str = "Sehr geehrte Damen", level: int = 0, scale: float = 2.0, at: int = 1200) -> Grey:
    sheet = sheet.copy()
    cv2.putText(sheet, text, (400, at), cv2.FONT_HERSHEY_SIMPLEX, scale, (level,), 5, cv2.LINE_AA)
    return sheet


def punched(sheet: Grey) -> Grey:
    sheet = sheet.copy()
    for y in (1280, 2225):
        cv2.circle(sheet, (140, y), 35, (30,), -1)
    return sheet


def shining_through(sheet: Grey) -> Grey:
    back = np.ascontiguousarray(printed()[:, ::-1])
    return np.clip(sheet.astype(np.int16) - (255 - back.astype(np.int16)) * 0.14, 0, 255).astype(np.uint8)


def shaded(sheet: Grey) -> Grey:
    rows, columns = np.mgrid[0 : SHAPE[0], 0 : SHAPE[1]]
    light = np.clip(0.3 + 0.7 * np.hypot(columns / SHAPE[1], rows / SHAPE[0]) / 1.2, 0, 1)
    return (sheet * light).astype(np.uint8)


def printed() -> Grey:
    import random

    return draw(random.Random(1), fonts()[0]).pixels.copy()


def dusty(sheet: Grey) -> Grey:
    sheet = sheet.copy()
    for _ in range(400):
        x, y = int(RNG.integers(100, 2300)), int(RNG.integers(100, 3300))
        sheet[y : y + 3, x : x + 3] = 60
    return sheet


def edged(sheet: Grey) -> Grey:
    sheet = sheet.copy()
    sheet[:, :30] = 20
    sheet[-40:, :] = 10
    return sheet


def folded(sheet: Grey) -> Grey:
    sheet = sheet.copy()
    sheet[1169:1174] = 120
    sheet[2338:2343] = 140
    return sheet


def signed(sheet: Grey) -> Grey:
    sheet = sheet.copy()
    points = np.array([[1200 + 9 * step, 2000 + int(60 * np.sin(step / 3))] for step in range(40)], np.int32)
    cv2.polylines(sheet, [points], False, (70,), 5, cv2.LINE_AA)
    return sheet


BLANKS = {
    "white": lambda: paper(),
    "grey": lambda: paper(190),
    "dark grey": lambda: paper(120, 5),
    "noise": lambda: paper(230, 14),
    "holes": lambda: punched(paper(240, 6)),
    "dust": lambda: dusty(paper(245, 4)),
    "edges": lambda: edged(paper(250, 3)),
    "shine": lambda: shining_through(paper(250, 4)),
    "shade": lambda: shaded(paper(250, 3)),
    "folds": lambda: folded(paper(250, 3)),
    "everything": lambda: punched(shining_through(edged(dusty(paper(225, 8))))),
}


@pytest.mark.parametrize("name", BLANKS)
def test_nothing_on_it_is_blank(name: str) -> None:
    assert images.is_blank(BLANKS[name](), 300)


@pytest.mark.parametrize("dpi", [150, 200, 300])
def test_blank_at_any_resolution(dpi: int) -> None:
    sheet = punched(shining_through(paper(235, 8)))
    small = cv2.resize(sheet, None, fx=dpi / 300, fy=dpi / 300, interpolation=cv2.INTER_AREA)
    assert images.is_blank(np.asarray(small, np.uint8), dpi)
    small = cv2.resize(written(sheet, "ab"), None, fx=dpi / 300, fy=dpi / 300, interpolation=cv2.INTER_AREA)
    assert not images.is_blank(np.asarray(small, np.uint8), dpi)


WRITTEN = {
    "letter": printed,
    "one line": lambda: written(paper(240, 6)),
    "a short note": lambda: written(paper(240, 6), "ok", scale=1.2),
    "a signature alone": lambda: signed(paper(245, 5)),
    "a cross in a box": lambda: written(paper(245, 5), "[x]", scale=1.5),
    "pencil": lambda: written(paper(240, 6), "bitte pruefen", level=150),
    "on grey": lambda: written(paper(160, 6), level=60),
    "small print at the foot": lambda: written(paper(), "Seite 2 von 3", scale=0.9, at=3350),
    "in the shade": lambda: shaded(written(paper(250, 3), at=300)),
    "beside holes": lambda: written(punched(shining_through(paper(245, 5))), "gez. Krause"),
    "white on black": lambda: 255 - printed(),
}


@pytest.mark.parametrize("name", WRITTEN)
def test_anything_written_is_not_blank(name: str) -> None:
    assert not images.is_blank(np.asarray(WRITTEN[name](), np.uint8), 300)


def test_tiny_images_do_not_fail() -> None:
    for shape in ((1, 1), (1, 500), (500, 1), (7, 7)):
        image = np.full(shape, 255, np.uint8)
        assert images.is_blank(image, 300)
        assert images.skew(image) == 0.0
        assert images.normalised(image, images.background(image)).shape == shape


def test_normalising_lifts_the_paper_and_keeps_the_print() -> None:
    sheet = shaded(printed())
    background = images.background(sheet)
    assert images.is_shaded(background)
    even = images.normalised(sheet, background)
    assert np.median(even[:400]) > 245
    assert even.min() < 60


@pytest.mark.parametrize("level", [255, 225, 180])
def test_even_paper_is_left_alone(level: int) -> None:
    sheet = (printed().astype(float) * level / 255).astype(np.uint8)
    assert not images.is_shaded(images.background(sheet))


@pytest.mark.parametrize("angle", [-5.0, -2.0, 0.0, 1.5, 3.0, 6.0])
def test_skew_is_measured(angle: float) -> None:
    sheet = printed()
    matrix = cv2.getRotationMatrix2D((SHAPE[1] / 2, SHAPE[0] / 2), angle, 1)
    leaning = np.asarray(cv2.warpAffine(sheet, matrix, SHAPE[::-1], borderValue=(255,)), np.uint8)
    assert images.skew(leaning) == pytest.approx(angle, abs=0.35)


def test_noise_has_no_skew() -> None:
    assert images.skew(paper(255)) == 0.0


@given(
    width=st.integers(40, 400),
    height=st.integers(40, 400),
    quarter=st.sampled_from([0, 90, 180, 270]),
    data=st.data(),
)
def test_boxes_come_back_to_where_the_ink_is(width: int, height: int, quarter: int, data: st.DataObject) -> None:
    x0, y0 = data.draw(st.integers(0, width - 4)), data.draw(st.integers(0, height - 4))
    x1, y1 = data.draw(st.integers(x0 + 2, width)), data.draw(st.integers(y0 + 2, height))
    raw = np.full((height, width), 255, np.uint8)
    raw[y0:y1, x0:x1] = 0
    turn = Turn(width, height, quarter)
    rows, columns = np.nonzero(turn.apply(raw) == 0)
    seen = (int(columns.min()), int(rows.min()), int(columns.max()) + 1, int(rows.max()) + 1)
    assert turn.back_box(seen) == (x0, y0, x1, y1)


@given(skew=st.floats(-8, 8), quarter=st.sampled_from([0, 90, 180, 270]))
def test_deskewed_boxes_cover_the_ink(skew: float, quarter: int) -> None:
    raw = np.full((300, 200), 255, np.uint8)
    raw[120:140, 60:110] = 0
    turn = Turn(200, 300, quarter, skew)
    rows, columns = np.nonzero(turn.apply(raw) < 128)
    x0, y0, x1, y1 = turn.back_box((int(columns.min()), int(rows.min()), int(columns.max()), int(rows.max())))
    assert x0 <= 62
    assert y0 <= 122
    assert x1 >= 108
    assert y1 >= 138
    assert (x1 - x0) * (y1 - y0) < 6 * 50 * 20


def test_back_keeps_everything_but_the_box() -> None:
    word = Word("SGB", (1, 2, 30, 20), 88, 4, "5GB")
    (same,) = Turn(200, 300, 180).back((word,))
    assert (same.text, same.confidence, same.line, same.raw) == ("SGB", 88, 4, "5GB")
    assert same.box == (170, 280, 199, 298)
