"""Born-digital papers through the whole chain, and one letter into an idle system (docs/benchmarks.md).

python -m bench.digital [--papers 60] [--one-page]
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path

from bench.drawing import draw_batch, draw_papers
from eakte.benching import bench_pipeline


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--papers", type=int, default=60)
    parser.add_argument("--one-page", action="store_true", help="only papers of one page, as the target is named")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        papers = Path(folder) / "papers"
        draw_papers(papers, arguments.papers, one_page=arguments.one_page)
        digital = bench_pipeline([papers])
        single = Path(folder) / "letter.pdf"
        draw_batch(single, 1, 6, separators="none")
        one = bench_pipeline([single])
    seconds = round(one["pages"] / one["pages_per_second"], 2)
    print(json.dumps({"born_digital": digital, "one_letter": {"pages": one["pages"], "seconds": seconds}}, indent=1))


if __name__ == "__main__":
    main()
