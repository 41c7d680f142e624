"""Renditions of our own masters of every kind, judged by veraPDF; files of other people are in test_corpora."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from ingest.rendition import RenditionInfo, RenditionPage, render
from tests.ingest.masters import GREY, encoded, hostile, picture, scanned, words
from tests.verapdf import failing, require_verapdf

INFO = RenditionInfo("Prüfung", datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC))

pytestmark = pytest.mark.verapdf


@pytest.fixture(scope="module", autouse=True)
def checker() -> None:
    require_verapdf()


def test_our_own_masters(tmp_path: Path) -> None:
    from pikepdf import Name

    masters = tmp_path / "masters"
    masters.mkdir()
    out = tmp_path / "out"
    out.mkdir()
    image = encoded(picture(), "JPEG2000")
    scanned(masters / "jpeg2000.pdf", [(image, {**GREY, "Filter": Name.JPXDecode})])
    scanned(masters / "colour.pdf", [(encoded(picture("RGB"), "JPEG2000"), {"Filter": Name.JPXDecode})])
    for turn in (0, 90, 180, 270):
        turned = picture(rotation=turn)
        data = encoded(turned, "JPEG")
        scanned(masters / f"turned-{turn}.pdf", [(data, {**GREY, "Filter": Name.DCTDecode})], turned.size)
    for kind, mode in (("PNG", "P"), ("PNG", "RGBA"), ("TIFF", "1"), ("JPEG", "CMYK"), ("JPEG", "RGB")):
        options = {"compression": "group4"} if kind == "TIFF" else {}
        (masters / f"{kind}-{mode}").write_bytes(encoded(picture(mode), kind, **options))
    hostile(masters / "hostile.pdf")
    for master in sorted(masters.iterdir()):
        turn = int(master.stem.split("-")[1]) if master.stem.startswith("turned") else 0
        pages = (
            [RenditionPage(1, words(turn))] if "hostile" not in master.stem else [RenditionPage(1), RenditionPage(2)]
        )
        assert render(master, pages, out / f"{master.name}.pdf", INFO).conformance == "pdfa-2b", master.name
    assert failing(out) == []
