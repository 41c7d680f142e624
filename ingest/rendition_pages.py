"""Pages of a rendition: the scanned image with its text layer, a page kept as it is, a page redrawn as an image."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
import numpy.typing as npt
import pikepdf
import pypdfium2
from pikepdf import Array, Dictionary, Name, Stream

from archive.pagetext import PageText
from ingest import jpx, textlayer
from ingest.engines import digital
from ingest.rendition_colour import cmyk_space
from ingest.rendition_images import SPACES, image_object
from ingest.rendition_repair import add_default_cmyk

POINTS_PER_INCH: Final = 72
IMAGE_KEYS: Final = (
    *("/Type", "/Subtype", "/Width", "/Height", "/ColorSpace", "/BitsPerComponent", "/Decode", "/Filter"),
    *("/DecodeParms", "/Length", "/ImageMask", "/Intent"),
)
SHOWS_TEXT: Final = frozenset({"Tj", "TJ", "'", '"'})
PAINTS: Final = frozenset({"f", "F", "f*", "B", "B*", "b", "b*", "S", "s", "sh", "INLINE IMAGE"})
INVISIBLE: Final = 3
MAX_SCAN_CONTENT: Final = 4_000_000
SCAN_COVER: Final = 0.75  # of the page that the one image covers
SIDES: Final = (3.0, 14_400.0)  # points that a page may measure
REDRAW_DPI: Final = 200
REDRAW_PIXELS: Final = 24_000_000
JPEG_QUALITY: Final = 80
GREY_TOLERANCE: Final = 12
Matrix = tuple[float, float, float, float, float, float]


@dataclass(frozen=True, slots=True)
class ScanImage:
    """The one image that makes up a scanned page, and its size as placed, in points."""

    image: Stream
    width: int
    height: int
    points: tuple[float, float]


def scan_image(page: pikepdf.Page) -> ScanImage | None:
    """The image, when the page shows nothing but one image that covers it; invisible text does not count."""
    try:
        drawn = _drawn_images(page)
    except (pikepdf.PdfError, TypeError, ValueError, KeyError, AttributeError):
        return None
    if drawn is None or len(drawn) != 1:
        return None
    matrix, image = drawn[0]
    if any(key in image for key in ("/SMask", "/Mask")) or image.get_bool("/ImageMask"):
        return None
    box = [float(value) for value in page.cropbox]
    area = abs((box[2] - box[0]) * (box[3] - box[1]))
    if abs(matrix[0] * matrix[3] - matrix[1] * matrix[2]) < SCAN_COVER * area:
        return None
    points = math.hypot(matrix[0], matrix[1]), math.hypot(matrix[2], matrix[3])
    return ScanImage(image, int(image["/Width"]), int(image["/Height"]), points)


def _drawn_images(page: pikepdf.Page) -> list[tuple[Matrix, Any]] | None:
    """Images with their matrices; None when something else is visible above them or the page is no simple one."""
    objects = page.obj.get("/Resources", Dictionary()).get("/XObject", Dictionary())
    if _content_size(page) > MAX_SCAN_CONTENT or _has_looks(page):
        return None
    found: list[tuple[Matrix, Any]] = []
    state = _State()
    for item in pikepdf.parse_content_stream(page):
        name = str(item.operator)
        state.follow(name, item.operands)
        if _shows(name, state.render, bool(found)):
            return None
        if name == "Do":
            target = objects[str(item.operands[0])]
            if target.get("/Subtype") != Name.Image:
                return None
            found.append((state.matrix, target))
    return found


def _shows(name: str, render: int, above: bool) -> bool:
    """Does the operator show text, or paint over an image?"""
    return (name in SHOWS_TEXT and render != INVISIBLE) or (name in PAINTS and above)


@dataclass(slots=True)
class _State:
    """The part of the graphics state that matters here, as the content goes on."""

    matrix: Matrix = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)
    render: int = 0
    saved: list[tuple[Matrix, int]] = field(default_factory=list)

    def follow(self, name: str, operands: Any) -> None:
        if name == "q":
            self.saved.append((self.matrix, self.render))
        elif name == "Q" and self.saved:
            self.matrix, self.render = self.saved.pop()
        elif name == "cm":
            self.matrix = _times(tuple(float(value) for value in operands), self.matrix)
        elif name == "Tr":
            self.render = int(operands[0])


def _content_size(page: pikepdf.Page) -> int:
    contents = page.obj.get("/Contents")
    parts = contents if isinstance(contents, Array) else [contents] if contents is not None else []
    return sum(int(part.get("/Length", 0)) for part in parts)


def _has_looks(page: pikepdf.Page) -> bool:
    annotations = page.obj.get("/Annots", Array())
    return any("/AP" in annotation for annotation in annotations if isinstance(annotation, Dictionary))


def _times(first: Any, second: Matrix) -> Matrix:
    a, b, c, d, e, f = first
    g, h, i, j, k, m = second
    return a * g + b * i, a * h + b * j, c * g + d * i, c * h + d * j, e * g + f * i + k, e * h + f * j + m


def add_scan(pdf: pikepdf.Pdf, scan: ScanImage, text: PageText | None, layer: textlayer.Layer, rotation: int) -> None:
    """Appends a page that shows the image untouched, unturned in the file, with its text; `rotation` for viewers."""
    image: Any = scan.image if scan.image.is_owned_by(pdf) else pdf.copy_foreign(scan.image)
    for key in list(image.keys()):
        if key not in IMAGE_KEYS:
            del image[key]
    if jpx.is_jpx(image) and "/ColorSpace" not in image:
        # The format says it inside; the check wants to see it outside. The stream itself stays as it is.
        image["/ColorSpace"] = SPACES[jpx.channels(image.read_raw_bytes()) or 3]
    _add_image_page(pdf, image, _fitting(scan, text), text, layer, rotation)


def _fitting(scan: ScanImage, text: PageText | None) -> tuple[float, float]:
    """The size as placed, or after the dpi where the file's own is out of bounds."""
    if all(SIDES[0] <= side <= SIDES[1] for side in scan.points):
        return scan.points
    dpi = text.dpi if text else 300
    return scan.width * POINTS_PER_INCH / dpi, scan.height * POINTS_PER_INCH / dpi


def _add_image_page(
    pdf: pikepdf.Pdf,
    image: Any,
    points: tuple[float, float],
    text: PageText | None,
    layer: textlayer.Layer,
    rotation: int,
) -> None:
    resources = Dictionary(XObject=Dictionary(Scan=image))
    if image.get("/ColorSpace") == Name.DeviceCMYK:
        add_default_cmyk(resources, pdf.make_indirect(cmyk_space(pdf)))
    drawing = f"q {points[0]:.3f} 0 0 {points[1]:.3f} 0 0 cm /Scan Do Q\n".encode("ascii")
    if text is not None and text.words:
        resources["/Font"] = Dictionary({textlayer.RESOURCE: layer.font})
        drawing += textlayer.content(text, layer, points=points)
    page = Dictionary(
        Type=Name.Page,
        MediaBox=Array([0, 0, round(points[0], 3), round(points[1], 3)]),
        Resources=resources,
        Contents=pdf.make_stream(drawing),
        Rotate=rotation,
    )
    pdf.pages.append(pikepdf.Page(pdf.make_indirect(page)))


def add_text(pdf: pikepdf.Pdf, page: pikepdf.Page, text: PageText, layer: textlayer.Layer) -> None:
    """Lays recognised text over a page that is kept; `text` is in pixels of the page as shown."""
    drop_hidden_text(pdf, page)
    box = [float(value) for value in page.cropbox]
    turn = int(page.obj.get("/Rotate", 0)) % 360
    size = box[2] - box[0], box[3] - box[1]
    shown = size if turn in (0, 180) else (size[1], size[0])
    placed: dict[int, tuple[float, ...]] = {
        0: (1, 0, 0, 1, box[0], box[1]),
        90: (0, 1, -1, 0, box[2], box[1]),
        180: (-1, 0, 0, -1, box[2], box[3]),
        270: (0, -1, 1, 0, box[0], box[3]),
    }
    matrix = " ".join(f"{value:g}" for value in placed[turn])
    page.contents_add(b"q", prepend=True)
    page.contents_add(f"Q q {matrix} cm\n".encode("ascii") + textlayer.content(text, layer, points=shown) + b"\nQ")
    resources = page.obj.get("/Resources")
    if not isinstance(resources, Dictionary):
        resources = page.obj["/Resources"] = Dictionary()
    if not isinstance(resources.get("/Font"), Dictionary):
        resources["/Font"] = Dictionary()
    resources["/Font"][textlayer.RESOURCE] = layer.font


def drop_hidden_text(pdf: pikepdf.Pdf, page: pikepdf.Page) -> None:
    """Removes invisible text that another program laid over the page, so that words are not found twice."""
    kept, found, state = [], False, _State()
    for item in pikepdf.parse_content_stream(page):
        name = str(item.operator)
        state.follow(name, item.operands)
        if name in SHOWS_TEXT and state.render == INVISIBLE:
            found = True
        else:
            kept.append(item)
    if found:
        page.obj["/Contents"] = pdf.make_stream(pikepdf.unparse_content_stream(kept))


def add_redrawn(pdf: pikepdf.Pdf, path: Path, page_no: int, text: PageText | None, layer: textlayer.Layer) -> None:
    """Appends a page of a PDF as an image, as PDFium shows it, with its text; `text` is in pixels of the page shown."""
    document = pypdfium2.PdfDocument(path)
    try:
        page = document[page_no - 1]
        width, height = (min(SIDES[1], max(SIDES[0], side)) for side in page.get_size())
        inches = width * height / POINTS_PER_INCH**2
        dpi = min(REDRAW_DPI, math.sqrt(REDRAW_PIXELS / inches))
        bitmap = page.render(scale=dpi / POINTS_PER_INCH, may_draw_forms=True, rev_byteorder=True)
        pixels = np.array(bitmap.to_numpy()[:, :, :3])
    finally:
        document.close()
    add_pixels(pdf, pixels, (width, height), text, layer, 0)


def add_pixels(
    pdf: pikepdf.Pdf,
    pixels: npt.NDArray[np.uint8],
    points: tuple[float, float],
    text: PageText | None,
    layer: textlayer.Layer,
    rotation: int,
) -> None:
    """Appends a page that shows pixels (grey or RGB) as a JPEG, in grey where the page has no colours."""
    if pixels.ndim == 3 and not has_colour(pixels):
        pixels = np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), np.uint8)
    shown = pixels if pixels.ndim == 2 else np.ascontiguousarray(pixels[:, :, ::-1])
    _, data = cv2.imencode(".jpg", shown, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    size = pixels.shape[1], pixels.shape[0]
    image = image_object(pdf, data.tobytes(), size, 1 if pixels.ndim == 2 else 3, Filter=Name.DCTDecode)
    _add_image_page(pdf, image, points, text, layer, rotation)


def has_colour(pixels: npt.NDArray[np.uint8]) -> bool:
    """Does any visible part of the page differ between red, green and blue?"""
    small = cv2.resize(pixels, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA).astype(np.int16)
    return bool((small.max(axis=2) - small.min(axis=2) > GREY_TOLERANCE).mean() > 0.0002)


def is_own(text: PageText | None) -> bool:
    """Is the text the page's own, so that it needs no layer on a page that is kept?"""
    return text is None or not text.words or text.engine == digital.ENGINE
