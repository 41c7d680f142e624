"""A profile for device CMYK, made here: the plain conversion that viewers use when a file says nothing.

PDF/A asks that CMYK has a meaning of its own when the output intent is RGB (ISO 19005-2, 6.2.4.3). The profile is an
ICC version 2 input profile with one table of 9 points per ink, CMYK to CIE Lab; it replaces no printing condition.
"""

from __future__ import annotations

import struct
from functools import cache
from typing import Final

import numpy as np
import pikepdf
from pikepdf import Array, Name

POINTS: Final = 9
WHITE: Final = (0.9642, 1.0, 0.8249)  # D50
SRGB_TO_XYZ: Final = ((0.4360, 0.3851, 0.1431), (0.2225, 0.7169, 0.0606), (0.0139, 0.0971, 0.7141))  # adapted to D50
DESCRIPTION: Final = b"E-Akte plain CMYK"


def cmyk_space(pdf: pikepdf.Pdf) -> Array:
    """`[/ICCBased stream]` with the profile, as a value for /DefaultCMYK."""
    return Array([Name.ICCBased, pdf.make_indirect(pdf.make_stream(cmyk_profile(), N=4))])


@cache
def cmyk_profile() -> bytes:
    """The bytes of the profile; always the same."""
    tags = {b"desc": _description(), b"cprt": _text(b"Public domain"), b"wtpt": _xyz(WHITE), b"A2B0": _table()}
    offset = 128 + 4 + 12 * len(tags)
    index, body = struct.pack(">I", len(tags)), b""
    for signature, data in tags.items():
        index += signature + struct.pack(">II", offset + len(body), len(data))
        body += data + b"\0" * (-len(data) % 4)
    size = offset + len(body)
    header = struct.pack(">I4sI4s4s4s", size, b"\0" * 4, 0x02400000, b"scnr", b"CMYK", b"Lab ")
    header += struct.pack(">6H", 2026, 1, 1, 0, 0, 0) + b"acsp" + b"\0" * 28
    header += struct.pack(">3i", *(round(value * 65536) for value in WHITE))
    return header.ljust(128, b"\0") + index + body


def _table() -> bytes:
    """The tag A2B0 of type lut8: inks vary from the first (slowest) to the last."""
    grid = np.linspace(0.0, 1.0, POINTS)
    cyan, magenta, yellow, black = np.meshgrid(grid, grid, grid, grid, indexing="ij")
    rgb = np.stack([(1 - ink) * (1 - black) for ink in (cyan, magenta, yellow)], axis=-1)
    lab = _lab(rgb)
    encoded = np.stack([lab[..., 0] * 2.55, lab[..., 1] + 128, lab[..., 2] + 128], axis=-1)
    table = np.clip(np.rint(encoded), 0, 255).astype(np.uint8).tobytes()
    straight = bytes(range(256))
    matrix = struct.pack(">9i", *(65536 if place % 4 == 0 else 0 for place in range(9)))
    head = b"mft1" + b"\0" * 4 + bytes((4, 3, POINTS, 0)) + matrix
    return head + straight * 4 + table + straight * 3


def _lab(rgb: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    xyz = linear @ np.array(SRGB_TO_XYZ).T / np.array(WHITE)
    root = np.where(xyz > 216 / 24389, np.cbrt(xyz), (24389 / 27 * xyz + 16) / 116)
    lightness = 116 * root[..., 1] - 16
    return np.stack([lightness, 500 * (root[..., 0] - root[..., 1]), 200 * (root[..., 1] - root[..., 2])], axis=-1)


def _description() -> bytes:
    text = DESCRIPTION + b"\0"
    return b"desc" + b"\0" * 4 + struct.pack(">I", len(text)) + text + b"\0" * 78


def _text(text: bytes) -> bytes:
    return b"text" + b"\0" * 4 + text + b"\0"


def _xyz(values: tuple[float, float, float]) -> bytes:
    return b"XYZ " + b"\0" * 4 + struct.pack(">3i", *(round(value * 65536) for value in values))
