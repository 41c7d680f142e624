"""Renditions of real files of other people, judged by veraPDF: whatever claims PDF/A-2b is PDF/A-2b."""

from __future__ import annotations

import collections
from datetime import UTC, datetime
from pathlib import Path

import pypdfium2
import pytest

from archive.pagetext import PageText, Word
from ingest.engines import digital
from ingest.pageimage import PageUnreadable, load_page
from ingest.rendition import RenditionInfo, RenditionPage, RenditionResult, render
from tests.ingest.test_rendition import GREY, encoded, hostile, picture, scanned, words
from tests.verapdf import failing, require_verapdf

SHARED = Path(__file__).parents[3] / "shared"
CORPORA = ("bundestag-gesetze", "zugferd-corpus", "paperless-ngx")
INFO = RenditionInfo("Prüfung", datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC))
AT_MOST_RASTERISED = 2  # of 147: one law in two parts with Type 3 fonts, spot colours and broken TrueType tables

pytestmark = [pytest.mark.corpus, pytest.mark.verapdf]


@pytest.fixture(scope="module", autouse=True)
def checker() -> None:
    require_verapdf()


def text_of(path: Path, page_no: int) -> PageText | None:
    """Own text where there is some, else words in the frame of the page image, so that the layer is judged too."""
    own = digital.own_text(path, page_no)
    if own is not None:
        return own
    try:
        image = load_page(path, page_no, reduce=4)
    except PageUnreadable:
        return None
    size = load_page(path, page_no) if image.kind == "scan" else image
    placed = tuple(Word("Wörter", (100 + i * 200, 200, 250 + i * 200, 240), 90, 0) for i in range(3))
    return PageText(size.width, size.height, max(size.dpi, 1), 0, "test", placed)


def rendered(path: Path, out: Path) -> RenditionResult | None:
    """None for files that even the viewer cannot open."""
    try:
        with pypdfium2.PdfDocument(path) as document:
            count = len(document)
    except pypdfium2.PdfiumError:
        return None
    return render(path, [RenditionPage(number, text_of(path, number)) for number in range(1, count + 1)], out, INFO)


def test_real_files(tmp_path: Path) -> None:
    counts: collections.Counter[str] = collections.Counter()
    for corpus in CORPORA:
        folder = SHARED / "corpora" / corpus
        if not folder.is_dir():
            pytest.skip(f"corpus {corpus} is not here")
        for path in sorted(folder.rglob("*.pdf")):
            result = rendered(path, tmp_path / f"{sum(counts.values()):04d}-{path.stem}.pdf")
            counts[result.conformance if result else "unreadable"] += 1
    assert counts["none"] == 0
    assert counts["rasterised"] <= AT_MOST_RASTERISED
    assert counts["pdfa-2b"] > 100
    assert failing(tmp_path) == []


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
