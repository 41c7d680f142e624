"""The mail that is measured with: scans of demo letters behind sheets, and decisions of the line-of-business system."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from itertools import islice
from pathlib import Path

import pikepdf

from eakte.demo.batches import Separators, write_scan_batch
from eakte.demo.drawing.born_digital import born_digital_pdf
from eakte.demo.letters.mix import make_letters, make_own_letters
from eakte.demo.load import SEED
from eakte.demo.register import DemoRegister, make_register

MAIL_SEED = 5
_FEW_LETTERS = 12


def draw_batch(path: Path, count: int, seed: int = MAIL_SEED, *, separators: Separators = "both") -> Sequence[int]:
    """Letters of the demo in one batch of 300-dpi grey scans; the number of pages of each letter."""
    day = _day()
    drawn = make_letters(make_register(SEED, day), count, seed, day)
    items = write_scan_batch(drawn, path, separators=separators, profile="office", seed=seed)
    return [item.pages for item in items]


def draw_long_batch(path: Path, pages: int, seed: int) -> None:
    """A batch of about so many pages without the work of drawing them all: a few letters again and again, behind sheets."""
    with tempfile.TemporaryDirectory() as folder:
        few = Path(folder) / "few.pdf"
        draw_batch(few, _FEW_LETTERS, seed)
        with pikepdf.open(few) as source, pikepdf.new() as made:
            while len(made.pages) < pages:
                made.pages.extend(source.pages)
            made.save(path)


def draw_papers(folder: Path, count: int, *, one_page: bool) -> None:
    """Born-digital papers, a file each; of one page each if wanted."""
    folder.mkdir()
    day = _day()
    for number, paper in enumerate(_papers(make_register(SEED, day), count, day, one_page=one_page)):
        (folder / f"{number:03d}.pdf").write_bytes(paper)


def _papers(register: DemoRegister, count: int, day: date, *, one_page: bool) -> Iterator[bytes]:
    """All different: of two with the same bytes from one station on one day the ledger takes one."""
    letters = make_own_letters(register, count * (4 if one_page else 2), MAIL_SEED, day)
    drawn = (born_digital_pdf(letter) for letter in letters)
    found = list(islice(_different(paper for paper in drawn if not one_page or _is_one_page(paper)), count))
    if len(found) < count:
        raise SystemExit(f"only {len(found)} different papers could be drawn")
    yield from found


def _different(papers: Iterable[bytes]) -> Iterator[bytes]:
    seen: set[bytes] = set()
    for paper in papers:
        if paper not in seen:
            seen.add(paper)
            yield paper


def _is_one_page(paper: bytes) -> bool:
    with pikepdf.open(io.BytesIO(paper)) as pdf:
        return len(pdf.pages) == 1


def _day() -> date:
    return date.today()  # noqa: DTZ011 (any day will do: it only dates the letters)
