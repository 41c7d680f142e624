"""Born-digital papers through the whole chain, and one letter into an idle system (docs/benchmarks.md).

python -m bench.digital [--papers 60] [--one-page]
"""

from __future__ import annotations

import argparse
import io
import json
import tempfile
from collections.abc import Iterable, Iterator
from datetime import date
from itertools import islice
from pathlib import Path

import pikepdf

from eakte.benching import bench_pipeline
from eakte.demo.batches import write_scan_batch
from eakte.demo.drawing.born_digital import born_digital_pdf
from eakte.demo.letters.mix import make_letters, make_own_letters
from eakte.demo.load import SEED
from eakte.demo.register import DemoRegister, make_register


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--papers", type=int, default=60)
    parser.add_argument("--one-page", action="store_true", help="only papers of one page, as the target is named")
    arguments = parser.parse_args()
    day = date.today()  # noqa: DTZ011 (any day will do: it only dates the letters)
    register = make_register(SEED, day)
    with tempfile.TemporaryDirectory() as folder:
        papers = Path(folder) / "papers"
        papers.mkdir()
        drawn = _papers(register, arguments.papers, day, one_page=arguments.one_page)
        for number, paper in enumerate(drawn):
            (papers / f"{number:03d}.pdf").write_bytes(paper)
        digital = bench_pipeline([papers])
        single = Path(folder) / "letter.pdf"
        write_scan_batch(make_letters(register, 1, 6, day), single, separators="none", profile="office", seed=6)
        one = bench_pipeline([single])
    seconds = round(one["pages"] / one["pages_per_second"], 2)
    print(json.dumps({"born_digital": digital, "one_letter": {"pages": one["pages"], "seconds": seconds}}, indent=1))


def _papers(register: DemoRegister, count: int, day: date, *, one_page: bool) -> list[bytes]:
    """As many papers, all different: of two with the same bytes from one station on one day the ledger takes one."""
    letters = make_own_letters(register, count * (4 if one_page else 2), 5, day)
    drawn = (born_digital_pdf(letter) for letter in letters)
    wanted = (paper for paper in drawn if not one_page or _is_one_page(paper))
    found = list(islice(_different(wanted), count))
    if len(found) < count:
        raise SystemExit(f"only {len(found)} different papers could be drawn")
    return found


def _different(papers: Iterable[bytes]) -> Iterator[bytes]:
    seen: set[bytes] = set()
    for paper in papers:
        if paper not in seen:
            seen.add(paper)
            yield paper


def _is_one_page(paper: bytes) -> bool:
    with pikepdf.open(io.BytesIO(paper)) as pdf:
        return len(pdf.pages) == 1


if __name__ == "__main__":
    main()
