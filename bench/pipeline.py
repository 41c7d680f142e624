"""The chain against the bare engine on the same pages in the same run (docs/benchmarks.md).

    python -m bench.pipeline [--pages 40] [--prose [--sentences 21] [--batch]]

Draws letters of the demo as 300-dpi grey scans with a separator sheet before each, reads the letters' pages with two bare
`deu` processes at 300 dpi, then sends the batch through the whole chain with two workers (split, read, rendered, routed,
filed or to clearing, found), and prints both and their ratios as JSON. The sheets' work counts for the chain, not as pages.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

os.environ["OMP_THREAD_LIMIT"] = "1"

import numpy as np

from bench.drawing import draw_batch
from bench.letters import SENTENCES_PER_LETTER, letters
from eakte.benching import bench_pipeline
from eakte.demo.batches import jpeg_pdf
from eakte.demo.drawing.separator import separator_sheet
from ingest.engines.tesserocr_engine import TesserocrEngine
from ingest.pageimage import jpeg_bytes, load_page
from ingest.reading import as_grey

_engine: TesserocrEngine | None = None


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--pages", type=int, default=40, help="letters to draw")
    parser.add_argument("--prose", action="store_true", help="pages of prose (bench.letters), each a file of its own")
    parser.add_argument("--sentences", type=int, default=SENTENCES_PER_LETTER, help="with --prose: how full a page is")
    parser.add_argument("--batch", action="store_true", help="with --prose: one batch with a sheet before each page")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        # Drawn in a process of its own, whose memory is not the chain's.
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
            if arguments.prose:
                wanted = pool.submit(_prose, folder, arguments.pages, arguments.sentences, arguments.batch).result()
            else:
                wanted = pool.submit(_demo_batch, folder, arguments.pages).result()
        bare = _bare(wanted)
        chain = bench_pipeline([folder])
    ratios = {
        "speed": round(chain["pages_per_second"] / bare["pages_per_second"], 2),
        "cpu": round(chain["cpu_seconds_per_page"] / bare["cpu_seconds_per_page"], 2),
    }
    print(json.dumps({"bare": bare, "chain": chain, "ratios": ratios}, indent=1))


def _demo_batch(folder: Path, count: int) -> list[tuple[str, int]]:
    """Letters of the demo in one batch; returns (file, page) of every letter's page."""
    batch = folder / "batch.pdf"
    pages = draw_batch(batch, count)
    return [(str(batch), number) for number in _letter_pages(pages)]


def _prose(folder: Path, count: int, sentences: int, batch: bool) -> list[tuple[str, int]]:
    """Pages of prose, each in a PDF of its own or all in one behind sheets; returns (file, page)."""
    pages = [jpeg_bytes(page.pixels, 75) for page in letters(count, seed=11, sentences=sentences)]
    if batch:
        sheet = jpeg_bytes(np.asarray(separator_sheet().convert("L")), 75)
        path = folder / "batch.pdf"
        path.write_bytes(jpeg_pdf([part for page in pages for part in (sheet, page)]))
        return [(str(path), number) for number in _letter_pages([1] * len(pages))]
    made = []
    for number, page in enumerate(pages):
        path = folder / f"{number:03d}.pdf"
        path.write_bytes(jpeg_pdf([page]))
        made.append((str(path), 1))
    return made


def _letter_pages(counts: Sequence[int]) -> Iterator[int]:
    """Page numbers in the batch that are no sheets: one sheet stands before each letter."""
    page_no = 0
    for count in counts:
        page_no += 1
        for _ in range(count):
            page_no += 1
            yield page_no


def _bare(wanted: Sequence[tuple[str, int]]) -> dict[str, float]:
    with ProcessPoolExecutor(2, mp_context=get_context("spawn"), initializer=_load) as pool:
        list(pool.map(_read, wanted[:2]))
        started = time.monotonic()
        spent = list(pool.map(_read, wanted))
        elapsed = time.monotonic() - started
    return {
        "pages_per_second": round(len(wanted) / elapsed, 3),
        "cpu_seconds_per_page": round(sum(spent) / len(wanted), 3),
    }


def _load() -> None:
    global _engine
    _engine = TesserocrEngine("deu")


def _read(wanted: tuple[str, int]) -> float:
    path, page_no = wanted
    if _engine is None:
        raise RuntimeError("the engine is loaded by the pool's initialiser")
    page = load_page(Path(path), page_no)
    before = _cpu(0)
    _engine.recognise(as_grey(page.pixels), page.dpi)
    return _cpu(0) - before


def _cpu(_: int) -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main()
