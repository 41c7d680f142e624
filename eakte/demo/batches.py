"""Letters as a scanning station delivers them: PDFs with one grey JPEG per page and separator sheets between letters.

`make_demo_mail` is the day's mail of the demo authority: three scanned batches and the born-digital papers of the
line-of-business system, with the truth of every item. A pure function of register, seed and day.
"""

from __future__ import annotations

import io
import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Literal

import pikepdf
from PIL import Image

from eakte.demo.demo_mail import BATCHES, OWN_COUNT, BatchPlan
from eakte.demo.drawing.born_digital import born_digital_pdf
from eakte.demo.drawing.fonts import DPI
from eakte.demo.drawing.paint import draw_clean
from eakte.demo.drawing.scan import blank_back, scan
from eakte.demo.drawing.separator import separator_sheet
from eakte.demo.letters.mix import make_own_letters
from eakte.demo.letters.model import Letter, LetterTruth
from eakte.demo.register import DemoRegister

Separators = Literal["patch", "code", "both", "none"]


@dataclass(frozen=True, slots=True)
class DemoItem:
    """One mail item of a batch: `pages` with blanks and without separators, `blank_pages` numbered from 1."""

    truth: LetterTruth
    pages: int
    blank_pages: tuple[int, ...]
    profile: str


@dataclass(frozen=True, slots=True)
class DemoBatch:
    """A delivery of a station: the bytes of one file and the truth of its items in order.

    `sheets` is the number of physical sheets without separators, as a station would tell it.
    """

    station: str
    received_on: date
    filename: str
    content_type: str
    data: bytes
    sheets: int
    items: tuple[DemoItem, ...]


def make_demo_mail(register: DemoRegister, seed: int, day: date) -> list[DemoBatch]:
    """About 40 mail items of the day in three scanned batches and single born-digital papers."""
    batches = [_scanned(register, plan, seed, day) for plan in BATCHES]
    for number, letter in enumerate(make_own_letters(register, OWN_COUNT, seed, day), start=1):
        data = born_digital_pdf(letter)
        pages = len(pikepdf.open(io.BytesIO(data)).pages)
        item = DemoItem(letter.truth, pages, (), "born_digital")
        name = f"fachverfahren-{day.isoformat()}-{number:02d}.pdf"
        batches.append(DemoBatch("FACHVERFAHREN", day, name, "application/pdf", data, pages, (item,)))
    return batches


def _scanned(register: DemoRegister, plan: BatchPlan, seed: int, day: date) -> DemoBatch:
    made = plan.letters(register, seed, day)
    letters, profiles = [letter for letter, _ in made], [profile for _, profile in made]
    data, items = scan_batch(letters, profiles, separators=plan.separators, duplex=plan.duplex, seed=seed)
    sheets = sum(-(-item.pages // 2) if plan.duplex else item.pages for item in items)
    name = f"{plan.station.lower()}-{day.isoformat()}-stapel.pdf"
    return DemoBatch(plan.station, day, name, "application/pdf", data, sheets, tuple(items))


def write_scan_batch(
    letters: Sequence[Letter], path: Path, *, separators: Separators = "both", profile: str = "office",
    duplex: bool = False, seed: int = 0,
) -> list[DemoItem]:  # fmt: skip
    """Write one batch PDF; returns what is in it. Raises KeyError for an unknown profile, OSError of the disk."""
    data, items = scan_batch(letters, [profile] * len(letters), separators=separators, duplex=duplex, seed=seed)
    path.write_bytes(data)
    return items


def scan_batch(
    letters: Sequence[Letter], profiles: Sequence[str], *, separators: Separators = "both", duplex: bool = False,
    seed: int = 0,
) -> tuple[bytes, list[DemoItem]]:  # fmt: skip
    """A batch as PDF bytes: a separator before every letter, backs of single-sided sheets blank when duplex.

    In duplex the pages of a letter fill fronts and backs; the last back may be blank, a separator's back always is.
    """
    pages: list[bytes] = []
    items: list[DemoItem] = []
    for number, (letter, profile) in enumerate(zip(letters, profiles, strict=True)):
        if separators != "none":
            pages += [_separator(separators)] + ([blank_back("office", seed + number)] if duplex else [])
        drawn = scan(draw_clean(letter), profile, random.Random(f"{seed}-{number}").getrandbits(31))
        blanks: tuple[int, ...] = ()
        if duplex and len(drawn) % 2:
            drawn.append(blank_back(profile, seed + 500 + number))
            blanks = (len(drawn),)
        pages += drawn
        items.append(DemoItem(letter.truth, len(drawn), blanks, profile))
    return jpeg_pdf(pages), items


@cache
def _separator(kind: Separators) -> bytes:
    payload = "PATCHT" if kind == "patch" else "EA1|SEP"
    return scan([separator_sheet(payload, patch=kind != "code")], "office", 1)[0]


def jpeg_pdf(pages: Sequence[bytes]) -> bytes:
    """A PDF whose pages are the given JPEG streams, byte for byte (DCTDecode), at 300 dpi. Same pages, same bytes.

    Raises PIL.UnidentifiedImageError for bytes that are no image.
    """
    pdf = pikepdf.new()
    for data in pages:
        with Image.open(io.BytesIO(data)) as image:
            wide, high, mode = image.width, image.height, image.mode
        picture = pikepdf.Stream(pdf, data)
        picture.Type, picture.Subtype = pikepdf.Name.XObject, pikepdf.Name.Image
        picture.Width, picture.Height, picture.BitsPerComponent = wide, high, 8
        picture.ColorSpace = pikepdf.Name.DeviceGray if mode == "L" else pikepdf.Name.DeviceRGB
        picture.Filter = pikepdf.Name.DCTDecode
        box = (wide * 72 / DPI, high * 72 / DPI)
        page = pdf.add_blank_page(page_size=box)
        page.Resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(Im0=pdf.make_indirect(picture)))
        page.Contents = pikepdf.Stream(pdf, b"q %.4f 0 0 %.4f 0 0 cm /Im0 Do Q" % box)
    out = io.BytesIO()
    pdf.save(out, deterministic_id=True)
    return out.getvalue()
