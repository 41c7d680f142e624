"""Each mail item's own scan_master: the same pages, the same image streams, proven page by page against the batch, and
nothing that only pages of other letters show.

Deterministic: the same item of the same batch gives the same bytes (I4). Opens received bytes: in a child only.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Protocol

import numpy as np
import pikepdf
from PIL import Image

from ingest.pageimage import frame_hash, image_hash, page_images


class MasterDiffers(ValueError):
    """A page of the master does not hold the image of the batch: nothing may be built on it."""


class MasterWriter(Protocol):
    """Writes pages (from 1) of an open batch to `out`; returns each page's image hash. Raises MasterDiffers.

    Image streams of a PDF are carried over untouched; frames of a TIFF keep their pixels (lossless).
    """

    def __call__(self, pages: Sequence[int], out: Path) -> list[str]: ...


@contextmanager
def open_batch(batch: Path, media_type: str) -> Iterator[MasterWriter]:
    """The writer of a batch that is opened once: of thousands of pages, opening costs more than a letter."""
    if media_type == "application/pdf":
        with pikepdf.open(batch) as pdf:
            pdf.remove_unreferenced_resources()  # one list of images for all pages would put all letters into each
            yield partial(_write_pdf, pdf)
    else:
        with Image.open(batch) as image:
            yield partial(_write_frames, image)


def _write_pdf(source: pikepdf.Pdf, pages: Sequence[int], out: Path) -> list[str]:
    with pikepdf.new() as master:
        for number in pages:
            master.pages.append(source.pages[number - 1])
        master.save(
            out,
            deterministic_id=True,
            recompress_flate=False,
            compress_streams=False,
            stream_decode_level=pikepdf.StreamDecodeLevel.none,
        )
    before = [image_hash(page_images(source.pages[number - 1])) for number in pages]
    with pikepdf.open(out) as written:
        after = [image_hash(page_images(page)) for page in written.pages]
    if before != after:
        raise MasterDiffers("the master's image streams differ from the batch")
    return after


def _write_frames(source: Image.Image, pages: Sequence[int], out: Path) -> list[str]:
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
