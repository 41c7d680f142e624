"""Born-digital papers through the whole chain, and one letter into an idle system (docs/benchmarks.md).

python -m bench.digital [--papers 60]
"""

from __future__ import annotations

import argparse
import json
import tempfile
from datetime import date
from pathlib import Path

from eakte.benching import bench_pipeline
from eakte.demo.batches import write_scan_batch
from eakte.demo.drawing.born_digital import born_digital_pdf
from eakte.demo.letters.mix import make_letters, make_own_letters
from eakte.demo.load import SEED
from eakte.demo.register import make_register


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--papers", type=int, default=60)
    arguments = parser.parse_args()
    day = date.today()  # noqa: DTZ011 (any day will do: it only dates the letters)
    register = make_register(SEED, day)
    with tempfile.TemporaryDirectory() as folder:
        papers = Path(folder) / "papers"
        papers.mkdir()
        for number, letter in enumerate(make_own_letters(register, arguments.papers, 5, day)):
            (papers / f"{number:03d}.pdf").write_bytes(born_digital_pdf(letter))
        digital = bench_pipeline([papers])
        single = Path(folder) / "letter.pdf"
        write_scan_batch(make_letters(register, 1, 6, day), single, separators="none", profile="office", seed=6)
        one = bench_pipeline([single])
    seconds = round(one["pages"] / one["pages_per_second"], 2)
    print(json.dumps({"born_digital": digital, "one_letter": {"pages": one["pages"], "seconds": seconds}}, indent=1))


if __name__ == "__main__":
    main()
