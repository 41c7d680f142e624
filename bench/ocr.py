"""Reading figures: `python -m bench.ocr [--pages N] [--language deu] [--tessdata DIR] [--json]`.

On clean letters drawn at 300 dpi (`bench.letters`): CPU seconds per page of the bare engine at 300 dpi and of
`read_image`, character error rate against the drawn text, share of "§" and of "SGB II" read right before and after the
repair of citations, and citations invented on a negative set (must be 0).
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from difflib import SequenceMatcher
from pathlib import Path

import jiwer

from archive.pagetext import Word
from bench.letters import Letter, fonts, letters
from ingest.citations import repair
from ingest.engines.tesserocr_engine import TesserocrEngine
from ingest.reading import read_image

NEGATIVE = (
    "Lindenstraße 8 22 SGB II",
    "Zimmer 8 22 Uhr",
    "Wir zahlen 8 22 Euro nach SGB II",
    "S 22 AS 345/24 SGB II",
    "848,20 Euro nach SGB II",
    "Tel. 0421 8 22 34 SGB II",
    "Kinder 8 9 und 11 Jahre alt, Leistungen nach SGB II",
    "nach SGB 2 und SGB 11",
    "Größe 8 38 Abs. Schuhe",
    "am 8. 3. 2024 Abs. 1",
    "87 SGB II",
    "5 Personen SGB II",
)


@dataclass(frozen=True, slots=True)
class Figures:
    """Seconds are CPU seconds per page; rates are percentages."""

    engine: str
    fonts: int
    pages: int
    words_per_page: float
    bare_cpu_seconds: float
    reading_cpu_seconds: float
    reading_against_bare: float
    cer_bare: float
    cer: float
    section_signs: int
    section_signs_right_raw: float
    section_signs_right: float
    sgb_ii: int
    sgb_ii_right_raw: float
    sgb_ii_right: float
    invented: int


def measure(pages: Sequence[Letter], engine: TesserocrEngine) -> Figures:
    """All figures on the same pages in one run."""
    bare, bare_cpu = [], 0.0
    read, read_cpu = [], 0.0
    for page in pages:
        start = time.process_time()
        bare.append(_text(engine.recognise(page.pixels, 300)))
        between = time.process_time()
        read.append(_text(read_image(page.pixels, 300, engine).text.words))
        bare_cpu, read_cpu = bare_cpu + between - start, read_cpu + time.process_time() - between
    truth = [" ".join(page.text().split()) for page in pages]
    count = len(pages)
    return Figures(
        engine=engine.name,
        fonts=len({page.font for page in pages}),
        pages=count,
        words_per_page=round(sum(len(text.split()) for text in truth) / count, 1),
        bare_cpu_seconds=round(bare_cpu / count, 3),
        reading_cpu_seconds=round(read_cpu / count, 3),
        reading_against_bare=round(read_cpu / bare_cpu, 3),
        cer_bare=_percent(jiwer.cer(truth, bare)),
        cer=_percent(jiwer.cer(truth, read)),
        section_signs=sum(text.count("§") for text in truth),
        section_signs_right_raw=_right(truth, bare, r"§+"),
        section_signs_right=_right(truth, read, r"§+"),
        sgb_ii=sum(len(re.findall(r"SGB II\b", text)) for text in truth),
        sgb_ii_right_raw=_right(truth, bare, r"SGB II\b"),
        sgb_ii_right=_right(truth, read, r"SGB II\b"),
        invented=invented(),
    )


def _text(words: Sequence[Word]) -> str:
    return " ".join(word.text for word in words)


def _percent(share: float) -> float:
    return round(share * 100, 3)


def _right(truth: Sequence[str], read: Sequence[str], pattern: str) -> float:
    """Share of the places where the truth matches and the reading, aligned with it, has the same characters there."""
    wanted = got = 0
    for expected, actual in zip(truth, read, strict=True):
        same = _kept(expected, actual)
        for match in re.finditer(pattern, expected):
            wanted += 1
            got += all(index in same for index in range(*match.span()))
    return _percent(got / wanted) if wanted else 100.0


def _kept(expected: str, actual: str) -> set[int]:
    """Positions of `expected` that `actual` has too."""
    matcher = SequenceMatcher(None, expected, actual, autojunk=False)
    return {block.a + step for block in matcher.get_matching_blocks() for step in range(block.size)}


def invented() -> int:
    """How many texts of the negative set the repair turns into a citation."""
    changed = 0
    for text in NEGATIVE:
        words = tuple(Word(token, (0, 0, 1, 1), 90, 0) for token in text.split())
        changed += _text(repair(words)) != text
    return changed


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line; 0 when the targets are met, 1 when not."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pages", type=int, default=24)
    parser.add_argument("--seed", type=int, default=11)
    parser.add_argument("--points", type=float, default=11)
    parser.add_argument("--language", default="deu")
    parser.add_argument("--tessdata", type=Path)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(arguments)
    if not fonts():
        print("no text font found", file=sys.stderr)
        return 2
    with TesserocrEngine(options.language, tessdata=options.tessdata) as engine:
        pages = list(letters(options.pages, seed=options.seed, points=options.points))
        figures = measure(pages, engine)
    if options.json:
        print(json.dumps(asdict(figures)))
    else:
        for name, value in asdict(figures).items():
            print(f"{name:28}{value}")
    met = figures.cer <= 0.3 and figures.section_signs_right >= 95 and figures.sgb_ii_right >= 98
    return 0 if met and not figures.invented else 1


if __name__ == "__main__":
    raise SystemExit(main())
