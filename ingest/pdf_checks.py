"""What a PDF hides, found without decoding pages: bombs, oversize images, programs and attachments. In a child only."""

from __future__ import annotations

import base64
import binascii
import zlib
from collections.abc import Iterator
from typing import Any, Final

import pikepdf

from core.progress import paced
from ingest.limits import Limits

_FLATE: Final = frozenset({"/FlateDecode", "/Fl"})
_BEST_RATIO: Final = 1032  # deflate cannot expand further than this
_CHUNK: Final = 1 << 20
_SAMPLE: Final = 1 << 16
_LOWEST_DPI: Final = 30  # a page is never drawn coarser than this
_ACTING: Final = frozenset(
    {
        "/JavaScript", "/Launch", "/SubmitForm", "/ImportData", "/GoToE", "/Rendition", "/Movie", "/Sound",
        "/RichMediaExecute",
    }
)  # fmt: skip
_CARRYING: Final = frozenset({"/FileAttachment", "/RichMedia", "/Screen", "/Movie", "/Sound", "/3D"})
_LONGEST_CHAIN: Final = 20


def oversize(pdf: pikepdf.Pdf, limits: Limits) -> str | None:
    """`too_many_pixels` or `decompression_bomb` when an image, a page or a stream is over the limits, else None."""
    for page in pdf.pages:
        if _page_megapixels(page) > limits.megapixels:
            return "too_many_pixels"
    for stream in paced(pdf.objects):
        if not isinstance(stream, pikepdf.Stream):
            continue
        if stream.get("/Subtype") == "/Image" and _image_megapixels(stream) > limits.megapixels:
            return "too_many_pixels"
        if _expands_beyond(stream, limits.stream_mb * _CHUNK):
            return "decompression_bomb"
    return None


def has_active_content(pdf: pikepdf.Pdf) -> bool:
    """Whether the file carries programs, actions that leave the reader, or attachments. A jump to a page is none."""
    root = pdf.Root
    names = _dictionary(root.get("/Names"))
    if "/JavaScript" in names or "/EmbeddedFiles" in names or "/AF" in root or "/AA" in root:
        return True
    return _acts(root.get("/OpenAction")) or any(_page_acts(page) for page in pdf.pages)


def lost_pages(pdf: pikepdf.Pdf) -> bool:
    """Whether the page tree promises more pages than were found in it."""
    told = _dictionary(pdf.Root.get("/Pages")).get("/Count")
    return isinstance(told, int) and told > len(pdf.pages)


def _page_acts(page: pikepdf.Page) -> bool:
    if "/AA" in page.obj:
        return True
    annotations = page.obj.get("/Annots")
    if not isinstance(annotations, pikepdf.Array):
        return False
    return any(_annotation_acts(_dictionary(one)) for one in annotations)


def _annotation_acts(annotation: Any) -> bool:
    kind = annotation.get("/Subtype")
    return str(kind) in _CARRYING or "/AA" in annotation or _acts(annotation.get("/A"))


def _acts(action: Any) -> bool:
    for _ in range(_LONGEST_CHAIN):
        known = _dictionary(action)
        if str(known.get("/S")) in _ACTING:
            return True
        action = known.get("/Next")
        if action is None:
            return False
    return True  # nobody needs a chain this long


def _dictionary(value: Any) -> Any:
    """The dictionary itself, or an empty one for whatever a broken file put in its place."""
    return value if isinstance(value, pikepdf.Dictionary) else {}


def _page_megapixels(page: pikepdf.Page) -> float:
    """Of the page drawn as coarsely as it ever is: a wall of a page is a bomb even when it is empty."""
    try:
        left, bottom, right, top = (float(side) for side in page.mediabox)
    except (ValueError, TypeError, ArithmeticError):
        return 0.0  # nothing usable: PDFium takes a letter page then
    return abs(right - left) * abs(top - bottom) * (_LOWEST_DPI / 72) ** 2 / 1e6


def _image_megapixels(image: Any) -> float:
    try:
        return int(image.get("/Width", 0)) * int(image.get("/Height", 0)) / 1e6
    except (ValueError, TypeError):
        return 0.0


def _expands_beyond(stream: Any, limit: int) -> bool:
    filters = stream.get("/Filter")
    names = [str(one) for one in filters] if isinstance(filters, pikepdf.Array) else [str(filters)]
    layers = sum(name in _FLATE for name in names)
    if layers == 0:
        return False  # nothing that expands, or something that only the child's memory limit can stop
    try:
        data = stream.read_raw_bytes()
    except pikepdf.PdfError:
        return False  # unreadable: the page that needs it will say so
    if len(data) * _BEST_RATIO**layers <= limit:
        return False
    if names == ["/FlateDecode"] and _estimate(data) <= limit:
        return False  # an honest scan need not be inflated twice; a bomb behind a honest start meets the memory limit
    return _peel(data, names, limit)


def _estimate(data: bytes) -> float:
    """How much would come out, if all of it were like its beginning."""
    sample = data[:_SAMPLE]
    return sum(len(part) for part in _inflated(sample)) / len(sample) * len(data)


def _peel(data: bytes, names: list[str], limit: int) -> bool:
    """Undo filter after filter; True as soon as one result is over the limit. Other filters end the search."""
    for position, name in enumerate(names):
        if name in _FLATE:
            last = position == len(names) - 1
            total, parts = 0, []
            for part in _inflated(data):
                total += len(part)
                if total > limit:
                    return True
                if not last:
                    parts.append(part)
            data = b"".join(parts)
        elif name == "/ASCIIHexDecode":
            data = _unhexed(data)
        elif name == "/ASCII85Decode":
            data = _un85(data)
        else:
            return False
    return False


def _inflated(data: bytes) -> Iterator[bytes]:
    """What deflate gives, in chunks; a damaged stream ends early, as it does for readers."""
    inflater = zlib.decompressobj()
    try:
        while data and not inflater.eof:
            yield inflater.decompress(data, _CHUNK)
            data = inflater.unconsumed_tail
    except zlib.error:
        return


def _unhexed(data: bytes) -> bytes:
    digits = bytes(one for one in data.partition(b">")[0] if one in b"0123456789abcdefABCDEF")
    return binascii.unhexlify(digits[: len(digits) // 2 * 2])


def _un85(data: bytes) -> bytes:
    try:
        return base64.a85decode(data.partition(b"~>")[0])
    except ValueError:
        return b""
