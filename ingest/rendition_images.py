"""Image files as masters: each frame becomes one image in the rendition, without loss.

JPEG data is taken as it is, PNG data too where its layout is one that PDF knows; everything else is packed anew without
loss (fax coding for black and white).
"""

from __future__ import annotations

import io
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np
import pikepdf
from pikepdf import Array, Dictionary, Name
from PIL import Image

from ingest.pageimage import told_dpi
from ingest.picture import on_paper

PNG_MAGIC: Final = b"\x89PNG\r\n\x1a\n"
PNG_COLOURS: Final = {0: ("L", 1), 2: ("RGB", 3)}
SPACES: Final = {1: Name.DeviceGray, 3: Name.DeviceRGB}
DEFAULT_DPI: Final = 300


@dataclass(frozen=True, slots=True)
class Frame:
    """One image of the file as an image object of `pdf`; `dpi` as told by the file, or 0."""

    image: pikepdf.Stream
    width: int
    height: int
    dpi: int


def frame(pdf: pikepdf.Pdf, path: Path, page_no: int) -> Frame:
    """Frame `page_no` (from 1) of an image file. Raises Pillow's errors for what it cannot read."""
    with Image.open(path) as picture:
        picture.seek(page_no - 1)
        image = _as_it_is(pdf, path, picture)
        if image is None:
            image = _packed(pdf, picture)
        return Frame(image, picture.width, picture.height, told_dpi(picture))


def frames(path: Path) -> int:
    """How many images the file holds."""
    with Image.open(path) as picture:
        return int(getattr(picture, "n_frames", 1))


def image_object(pdf: pikepdf.Pdf, data: bytes, size: tuple[int, int], channels: int, **more: object) -> pikepdf.Stream:
    """An image XObject of `size` (width, height) around encoded data; `more` says how it is encoded."""
    stream = pdf.make_stream(data)
    stream.stream_dict = Dictionary(
        Type=Name.XObject,
        Subtype=Name.Image,
        Width=size[0],
        Height=size[1],
        ColorSpace=SPACES[channels],
        BitsPerComponent=8,
    )
    for key, value in more.items():
        stream[f"/{key}"] = value
    return stream


def _as_it_is(pdf: pikepdf.Pdf, path: Path, picture: Image.Image) -> pikepdf.Stream | None:
    if picture.format == "JPEG" and picture.mode in {"L", "RGB"}:
        channels = len(picture.getbands())
        return image_object(pdf, path.read_bytes(), picture.size, channels, Filter=Name.DCTDecode)
    if picture.format == "PNG":
        return _png(pdf, path.read_bytes())
    return None


def _png(pdf: pikepdf.Pdf, data: bytes) -> pikepdf.Stream | None:
    """The compressed lines of a plain PNG (8 bit, grey or RGB, not interlaced, nothing transparent)."""
    width, height, depth, colour, _, _, interlaced = struct.unpack(">IIBBBBB", data[16:29])
    if depth != 8 or colour not in PNG_COLOURS or interlaced:
        return None
    parts, position = [], len(PNG_MAGIC)
    while position + 8 <= len(data):
        length, kind = struct.unpack(">I4s", data[position : position + 8])
        if kind == b"tRNS":
            return None
        if kind == b"IDAT":
            parts.append(data[position + 8 : position + 8 + length])
        position += length + 12
    channels = PNG_COLOURS[colour][1]
    parameters = Dictionary(Predictor=15, Colors=channels, BitsPerComponent=8, Columns=width)
    return image_object(
        pdf, b"".join(parts), (width, height), channels, Filter=Name.FlateDecode, DecodeParms=parameters
    )


def _packed(pdf: pikepdf.Pdf, picture: Image.Image) -> pikepdf.Stream:
    if picture.mode == "1":
        return _fax(pdf, picture)
    pixels = np.asarray(on_paper(picture))
    if pixels.ndim == 3:
        pixels = np.ascontiguousarray(pixels[:, :, ::-1])
    _, data = cv2.imencode(".png", pixels, [cv2.IMWRITE_PNG_COMPRESSION, 1])
    stream = _png(pdf, data.tobytes())
    if stream is None:
        raise ValueError("the image cannot be packed")
    return stream


def _fax(pdf: pikepdf.Pdf, picture: Image.Image) -> pikepdf.Stream:
    """Black and white by ITU-T T.6, through a TIFF of one strip."""
    target = io.BytesIO()
    picture.save(target, "TIFF", compression="group4", tiffinfo={278: picture.height})
    with Image.open(target) as tiff:
        tags = tiff.tag_v2  # type: ignore[attr-defined]
        start, length, photometric = tags[273][0], tags[279][0], tags[262]
    data = target.getvalue()[start : start + length]
    parameters = Dictionary(K=-1, Columns=picture.width, Rows=picture.height, BlackIs1=photometric == 1)
    stream = image_object(
        pdf, data, picture.size, 1, Filter=Name.CCITTFaxDecode, DecodeParms=Array([parameters]), BitsPerComponent=1
    )
    stream["/Filter"] = Array([Name.CCITTFaxDecode])
    return stream
