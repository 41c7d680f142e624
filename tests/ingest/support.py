"""Pages and hostile functions for tests of the way in."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from eakte.demo.batches import jpeg_pdf
from ingest.opening import inspect
from ingest.pageimage import jpeg_bytes

Pixels = npt.NDArray[np.uint8]


def letter_pixels(seed: int = 0) -> Pixels:
    """A grey page with lines of blobs, different for each seed."""
    rng = np.random.default_rng(seed)
    page = np.full((1100, 800), 245, np.uint8)
    for top in range(100, 1000, 40):
        for left in range(80, 700, 30):
            if rng.random() < 0.7:
                page[top : top + 14, left : left + 18] = 30
    return page


def grey_pdf(path: Path, pages: Sequence[Pixels]) -> Path:
    """A PDF with one JPEG per page."""
    path.write_bytes(jpeg_pdf([jpeg_bytes(page) for page in pages]))
    return path


def inspect_file(path: str) -> dict[str, object]:
    """`inspect` as a child can be asked for it."""
    found = inspect(Path(path), path)
    if found.reason is not None and not found.reason.text:
        raise AssertionError(path)
    return {"state": found.state, "code": found.reason.code if found.reason else None}


def kill_myself() -> None:
    """As if somebody else had sent it."""
    os.kill(os.getpid(), signal.SIGKILL)


def sleep_long() -> None:
    """Hang."""
    time.sleep(60)


def eat_memory() -> int:
    """Grow without end."""
    kept = []
    while True:
        kept.append(np.ones(4_000_000))
        time.sleep(0.01)
