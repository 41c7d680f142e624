"""One page as pixels: the raw scan straight out of the file, or a rendering where the page was born digital.

Runs in a worker's child only: it opens received bytes. A scan is neither rasterised nor re-encoded, only decoded.
"""

from __future__ import annotations

import ctypes
import hashlib
import io
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal, Protocol

import cv2
import numpy as np
import numpy.typing as npt
import pikepdf
import pypdfium2 as pdfium
from PIL import Image

from ingest.limits import DEFAULT
from ingest.picture import on_paper

Pixels = npt.NDArray[np.uint8]
RENDER_DPI = 300
_SCAN_COVERAGE = 0.75
_OWN_TEXT_CHARS = 12
_MAX_RENDER_SIDE = 6_000
_HIGHEST_DPI = 100_000
_CODE_AREAS = 4  # patch T has four bars
_CODE_SEGMENTS = 40  # a whole code may be one path

_UNREADABLE = (
    *(pikepdf.PikepdfError, pikepdf.PdfError, pdfium.PdfiumError, cv2.error),
    *(OSError, EOFError, SyntaxError, ValueError, NotImplementedError, RecursionError),
)
# Sound images that pikepdf cannot take out (JBIG2 without its program, spot colours, broken profiles): PDFium draws them.
_NOT_TAKEN_OUT = (
    *(pikepdf.DependencyError, pikepdf.NotExtractableError, pikepdf.UnsupportedImageTypeError),
    NotImplementedError,
)
_documents = threading.Lock()  # PDFium is not made for two threads, and one large image at a time is enough
Image.MAX_IMAGE_PIXELS = None  # the limit is checked here, before anything is decoded


class PageUnreadable(ValueError):
    """The page's image cannot be decoded, or is larger than the limit."""


@dataclass(frozen=True, slots=True)
class PageImage:
    """Pixels (grey HxW or RGB HxWx3), their dpi, and what the page is.

    `raw_sha256` is the hash of the undecoded image streams (of the decoded pixels for images that are files of their
    own): equal before and after splitting. `own_text`: the file itself holds text for this page.
    """

    pixels: Pixels
    dpi: int
    width: int
    height: int
    raw_sha256: str
    kind: Literal["scan", "digital"]
    own_text: bool


@dataclass(frozen=True, slots=True)
class PageShape:
    """What a page is, without decoding its image.

    `may_hold_code`: there is something on it that a barcode or patch code can be drawn with: an image, a shading, filled
    areas; or there is nothing at all. Text and lines alone are none (codes set in a barcode font are not looked for).
    """

    kind: Literal["scan", "digital"]
    own_text: bool
    raw_sha256: str
    megapixels: float
    characters: int
    may_hold_code: bool


def is_pdf(path: Path) -> bool:
    """Whether the bytes are a PDF (the header may follow some garbage)."""
    with path.open("rb") as file:
        return b"%PDF-" in file.read(1024)


class PageLoader(Protocol):
    """Loads page `page_no` (from 1) of an open file.

    `reduce` 2 or 4 decodes a smaller copy; `dpi` follows. `grey` draws born-digital pages without colour (cheaper).
    Several threads may load pages; only JPEG is then decoded at the same time. Raises PageUnreadable.
    """

    def __call__(self, page_no: int, *, reduce: int = 1, grey: bool = False) -> PageImage: ...


@contextmanager
def open_pages(path: Path) -> Iterator[PageLoader]:
    """The loader of a file that is opened once: of a large batch, opening costs more than a page."""
    if not is_pdf(path):
        with Image.open(path) as image:
            yield partial(_readable, partial(_frame, image))
        return
    with _documents:
        pdf, document = pikepdf.open(path), pdfium.PdfDocument(path)
    try:
        yield partial(_readable, partial(_pdf_page, pdf, document))
    finally:
        with _documents:
            document.close()
            pdf.close()


def load_page(path: Path, page_no: int, *, reduce: int = 1, grey: bool = False) -> PageImage:
    """One page of a file, see PageLoader. Raises PageUnreadable, also for a file that cannot be opened."""
    try:
        with open_pages(path) as load:
            return load(page_no, reduce=reduce, grey=grey)
    except _UNREADABLE as error:
        raise _unreadable(page_no, error) from error


def _readable(load: PageLoader, page_no: int, *, reduce: int = 1, grey: bool = False) -> PageImage:
    try:
        return load(page_no, reduce=reduce, grey=grey)
    except _UNREADABLE as error:
        raise _unreadable(page_no, error) from error


def _unreadable(page_no: int, error: Exception) -> PageUnreadable:
    """What a library's error means here."""
    return PageUnreadable(f"page {page_no} cannot be decoded: {type(error).__name__}")


def page_shape(pdf: pikepdf.Pdf, document: pdfium.PdfDocument, page_no: int) -> PageShape:
    """Kind and image hash of a PDF page; nothing is decoded."""
    page = document[page_no - 1]
    coverage, _ = _coverage(page)
    characters = page.get_textpage().count_chars()
    images = page_images(pdf.pages[page_no - 1])
    pixels = max((int(image.get("/Width", 0)) * int(image.get("/Height", 0)) for image in images), default=0)
    kind: Literal["scan", "digital"] = "scan" if images and coverage >= _SCAN_COVERAGE else "digital"
    may_hold_code = kind == "scan" or _may_hold_code(page)
    return PageShape(kind, characters >= _OWN_TEXT_CHARS, image_hash(images), pixels / 1e6, characters, may_hold_code)


def _may_hold_code(page: pdfium.PdfPage) -> bool:
    objects = list(page.get_objects(max_depth=3))
    if any(item.type not in (pdfium.raw.FPDF_PAGEOBJ_TEXT, pdfium.raw.FPDF_PAGEOBJ_PATH) for item in objects):
        return True
    filled = [item for item in objects if item.type == pdfium.raw.FPDF_PAGEOBJ_PATH and _is_filled(item)]
    segments = sum(pdfium.raw.FPDFPath_CountSegments(item) for item in filled)
    return not objects or len(filled) >= _CODE_AREAS or segments >= _CODE_SEGMENTS


def _is_filled(path: pdfium.PdfObject) -> bool:
    mode, stroke = ctypes.c_int(), ctypes.c_int()
    pdfium.raw.FPDFPath_GetDrawMode(path, mode, stroke)
    return bool(mode.value != pdfium.raw.FPDF_FILLMODE_NONE)


def frame_hash(pixels: Pixels) -> str:
    """Hash of decoded pixels and their shape: the identity of a frame whose container may change."""
    return hashlib.sha256(repr(pixels.shape).encode() + np.ascontiguousarray(pixels).tobytes()).hexdigest()


def _pdf_page(
    pdf: pikepdf.Pdf, document: pdfium.PdfDocument, page_no: int, *, reduce: int = 1, grey: bool = False
) -> PageImage:
    with _documents:
        shape = page_shape(pdf, document, page_no)
        if shape.megapixels > DEFAULT.megapixels:
            raise PageUnreadable("page image over the limit")
        page = document[page_no - 1]
        images = page_images(pdf.pages[page_no - 1])
        is_scan = shape.kind == "scan" and len(images) == 1
        _, inches = _coverage(page)
        dpi = _render_dpi(page) // reduce
        jpeg = _plain_jpeg(images[0]) if is_scan else None
        if jpeg is None:
            pixels = _decoded(images[0], page, reduce) if is_scan else _drawn(page, dpi, grey or shape.kind == "scan")
        page.close()
    if jpeg is not None:
        pixels = _decoded_jpeg(jpeg, reduce)
    height, width = pixels.shape[:2]
    if is_scan:
        dpi = round(width / inches) if inches else RENDER_DPI
    return PageImage(pixels, dpi, width, height, shape.raw_sha256, shape.kind, shape.own_text)


def _frame(
    image: Image.Image, page_no: int, *, reduce: int = 1, grey: bool = False  # noqa: ARG001 nothing is drawn here
) -> PageImage:  # fmt: skip
    with _documents:
        if page_no - 1 != image.tell():
            image.seek(page_no - 1)
        if image.width * image.height > DEFAULT.megapixels * 1_000_000:
            raise PageUnreadable("page image over the limit")
        dpi = told_dpi(image)
        pixels = np.asarray(on_paper(image), np.uint8)
    raw = frame_hash(pixels)
    if reduce > 1:
        pixels = _reduced(pixels, reduce)
        dpi //= reduce
    height, width = pixels.shape[:2]
    return PageImage(pixels, dpi, width, height, raw, "scan", False)


def told_dpi(image: Image.Image) -> int:
    """What the file says of itself, 0 when it says nothing sensible: a TIFF may say 0/0."""
    told = float((image.info.get("dpi") or (0, 0))[0])
    return round(told) if 0 < told <= _HIGHEST_DPI else 0


def page_images(page: pikepdf.Page) -> list[Any]:
    """The page's own image streams, in a stable order; masks of other images are not pages."""
    images = page.get_images(recursive=False)
    return [images[name] for name in sorted(images.keys())]


def image_hash(images: Sequence[Any]) -> str:
    """Hash of undecoded image streams."""
    digest = hashlib.sha256()
    for image in images:
        digest.update(image.read_raw_bytes())
        digest.update(b"\x00")
    return digest.hexdigest()


def _coverage(page: pdfium.PdfPage) -> tuple[float, float]:
    """Share of the page that its images cover together, and the width of the largest in inches."""
    width, height = page.get_size()
    if page.get_rotation() in (90, 270):
        width, height = height, width
    covered, widest = 0.0, 0.0
    for item in page.get_objects(filter=[pdfium.raw.FPDF_PAGEOBJ_IMAGE], max_depth=3):
        left, bottom, right, top = item.get_bounds()
        across = max(0.0, min(right, width) - max(left, 0.0))
        up = max(0.0, min(top, height) - max(bottom, 0.0))
        covered += across * up
        widest = max(widest, right - left)
    return covered / max(1.0, width * height), widest / 72


def _plain_jpeg(image: Any) -> bytes | None:
    """The bytes of an image that is a JPEG in grey or RGB, and nothing around it."""
    filters = image.get("/Filter")
    names = [str(name) for name in filters] if isinstance(filters, pikepdf.Array) else [str(filters)]
    plain = names == ["/DCTDecode"] and str(image.get("/ColorSpace")) in ("/DeviceGray", "/DeviceRGB")
    return bytes(image.read_raw_bytes()) if plain else None


def _decoded_jpeg(jpeg: bytes, reduce: int) -> Pixels:
    flags = {1: cv2.IMREAD_GRAYSCALE, 2: cv2.IMREAD_REDUCED_GRAYSCALE_2, 4: cv2.IMREAD_REDUCED_GRAYSCALE_4}
    mode = flags.get(reduce, cv2.IMREAD_GRAYSCALE) | cv2.IMREAD_IGNORE_ORIENTATION
    decoded = cv2.imdecode(np.frombuffer(jpeg, np.uint8), mode)
    if decoded is not None:
        return np.asarray(decoded, np.uint8)
    with Image.open(io.BytesIO(jpeg)) as image:
        return _reduced(np.asarray(image.convert("L"), np.uint8), reduce)


def _decoded(image: Any, page: pdfium.PdfPage, reduce: int) -> Pixels:
    try:
        pixels = np.asarray(on_paper(pikepdf.PdfImage(image).as_pil_image()).convert("L"), np.uint8)
    except _NOT_TAKEN_OUT:
        pixels = _decoded_by_pdfium(page)
    return _reduced(pixels, reduce)


def _reduced(pixels: Pixels, reduce: int) -> Pixels:
    if reduce <= 1:
        return pixels
    size = (max(1, pixels.shape[1] // reduce), max(1, pixels.shape[0] // reduce))
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)


def _drawn(page: pdfium.PdfPage, dpi: int, grey: bool) -> Pixels:
    pixels = np.asarray(page.render(scale=dpi / 72, grayscale=grey).to_numpy())
    pixels = pixels[:, :, 0] if pixels.ndim == 3 and pixels.shape[2] == 1 else pixels
    return np.ascontiguousarray(pixels[:, :, ::-1]) if pixels.ndim == 3 else pixels


def _decoded_by_pdfium(page: pdfium.PdfPage) -> Pixels:
    objects = list(page.get_objects(filter=[pdfium.raw.FPDF_PAGEOBJ_IMAGE], max_depth=3))
    decoded = np.asarray(objects[0].get_bitmap().to_numpy(), np.uint8)
    if decoded.ndim == 3:
        decoded = np.asarray(decoded[:, :, :3].mean(axis=2), np.uint8)
    return np.where(decoded > 0, 255, 0).astype(np.uint8) if decoded.max(initial=0) == 1 else decoded


def _render_dpi(page: pdfium.PdfPage) -> int:
    """300 dpi, less for posters: no side over _MAX_RENDER_SIDE pixels."""
    longest = max(page.get_size()) / 72
    return max(30, min(RENDER_DPI, int(_MAX_RENDER_SIDE / max(longest, 0.1))))


def jpeg_bytes(pixels: Pixels, quality: int = 80) -> bytes:
    """Pixels as JPEG (for renditions and tests)."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()
