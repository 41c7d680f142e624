"""Each mail item's own scan_master: the same pages, the same image streams, proven page by page against the batch.

Deterministic: the same item of the same batch gives the same bytes (I4). Opens received bytes: in a child only.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pikepdf
import pypdfium2 as pdfium
from PIL import Image

from ingest.pageimage import frame_hash, page_shape


class MasterDiffers(ValueError):
    """A page of the master does not hold the image of the batch: nothing may be built on it."""


def write_master(batch: Path, media_type: str, pages: Sequence[int], out: Path) -> list[str]:
    """Write pages (from 1) of `batch` to `out`; returns each page's image hash. Raises MasterDiffers.

    Image streams of a PDF are carried over untouched; frames of a TIFF keep their pixels (lossless).
    """
    return _write_pdf(batch, pages, out) if media_type == "application/pdf" else _write_frames(batch, pages, out)


def _write_pdf(batch: Path, pages: Sequence[int], out: Path) -> list[str]:
    with pikepdf.open(batch) as source, pikepdf.new() as master:
        for number in pages:
            master.pages.append(source.pages[number - 1])
        master.save(
            out,
            deterministic_id=True,
            recompress_flate=False,
            compress_streams=False,
            stream_decode_level=pikepdf.StreamDecodeLevel.none,
        )
    before = _pdf_hashes(batch, pages)
    after = _pdf_hashes(out, range(1, len(pages) + 1))
    if before != after:
        raise MasterDiffers("the master's image streams differ from the batch")
    return after


def _pdf_hashes(path: Path, pages: Sequence[int]) -> list[str]:
    with pikepdf.open(path) as pdf, pdfium.PdfDocument(path) as document:
        return [page_shape(pdf, document, number).raw_sha256 for number in pages]


def _write_frames(batch: Path, pages: Sequence[int], out: Path) -> list[str]:
    with Image.open(batch) as source:
        frames = []
        for number in pages:
            source.seek(number - 1)
            frames.append(source.copy())
    first, *rest = frames
    bilevel = all(frame.mode == "1" for frame in frames)
    first.save(out, "TIFF", save_all=True, append_images=rest, compression="group4" if bilevel else "tiff_lzw")
    before = [frame_hash(np.asarray(frame)) for frame in frames]
    with Image.open(out) as written:
        after = []
        for index in range(len(pages)):
            written.seek(index)
            after.append(frame_hash(np.asarray(written)))
    if before != after:
        raise MasterDiffers("the master's pixels differ from the batch")
    return after
