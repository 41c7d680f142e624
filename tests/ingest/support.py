"""Pages and hostile functions for tests of the way in."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from eakte.demo.batches import jpeg_pdf
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


def corpora() -> Path | None:
    """The shared corpora beside this checkout, when they are on this machine."""
    places = (folder / "shared" / "corpora" for folder in Path(__file__).resolve().parents)
    return next((place for place in places if place.is_dir()), None)


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


def start_growing_program(path: str) -> None:
    """Let a program of its own grow without end, and wait for it."""
    grow = "import time\nkept = []\nwhile True:\n    kept.append(bytearray(b'x' * 8_000_000)); time.sleep(0.02)"
    _start(path, grow)


def start_hanging_program(path: str) -> None:
    """Let a program of its own hang, and wait for it."""
    _start(path, "import time\ntime.sleep(600)")


def _start(path: str, code: str) -> None:
    program = subprocess.Popen([sys.executable, "-c", code])
    Path(path).write_text(str(program.pid))
    program.wait()


def write_megabytes(path: str, number: int) -> None:
    """Write a file of some size."""
    with Path(path).open("wb") as file:
        for _ in range(number):
            file.write(bytes(1024 * 1024))
