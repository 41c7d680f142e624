"""JPEG 2000 in PDF/A-2 (ISO 19005-2, 6.2.8.3): a narrow allow-list of what scanners write. Pure on bytes.

The general check does not judge this format. Approved: a JP2 file with one image header of 1 or 3 channels of 8 bits
and one colour box that names sRGB or grey. Palettes, alpha, other depths and bare code streams are not.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Final

import pikepdf
from pikepdf import Array, Name, Stream

SIGNATURE: Final = b"\x00\x00\x00\x0cjP  \r\n\x87\n"
COLOURS: Final = {16: 3, 17: 1}  # enumerated colour space: channels (ISO 15444-1, table I.10)
HEADER_BOXES: Final = [b"ihdr", b"colr"]
MAX_BOXES: Final = 64


def all_conform(pdf: pikepdf.Pdf) -> bool:
    """Do all JPEG 2000 images of the file fit the allow-list?"""
    images = [thing for thing in pdf.objects if isinstance(thing, Stream) and is_jpx(thing)]
    return all("/SMaskInData" not in image and conforms(image.read_raw_bytes()) for image in images)


def conforms(data: bytes) -> bool:
    """Is this a JP2 file of the allowed kind? False for anything broken."""
    return channels(data) is not None


def channels(data: bytes) -> int | None:
    """1 (grey) or 3 (sRGB) for a JP2 file of the allowed kind, else None."""
    if not data.startswith(SIGNATURE):
        return None
    try:
        boxes = dict(_boxes(data))
        inner = list(_boxes(boxes[b"jp2h"]))
        parts = [(kind, body) for kind, body in inner if kind != b"res "]
        if [kind for kind, _ in parts] != HEADER_BOXES:
            return None
        count, depth = struct.unpack(">HB", parts[0][1][8:11])
        method, _, _, space = struct.unpack(">BBBI", parts[1][1][:7])
    except (KeyError, struct.error, ValueError):
        return None
    return int(count) if depth == 7 and method == 1 and COLOURS.get(space) == count else None


def is_jpx(stream: Stream) -> bool:
    """Is JPEG 2000 among the filters of the stream?"""
    filters = stream.get("/Filter")
    if isinstance(filters, Array):
        return any(item == Name.JPXDecode for item in filters)
    return bool(filters == Name.JPXDecode)


def _boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    position = 0
    for _ in range(MAX_BOXES):
        if position + 8 > len(data):
            return
        length, kind = struct.unpack(">I4s", data[position : position + 8])
        head = 8
        if length == 1:
            length, head = struct.unpack(">Q", data[position + 8 : position + 16])[0], 16
        if length == 0:
            length = len(data) - position
        if length < head:
            raise ValueError("a box shorter than its head")
        yield kind, data[position + head : position + length]
        position += length
