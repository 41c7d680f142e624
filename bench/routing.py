"""Routing figures on generated letters: wrong cases, automatic share, document types, milliseconds per letter.

`python -m bench.routing --seeds 11 12 --count 500 --noise 0.01` makes a register and a day's mail per seed, reads the
letters with simulated recognition errors, routes them and compares with the truth the generator noted. `--scanned 40`
draws the first 40 letters of each seed as degraded scans and reads them with the real engine instead. The truth is read
for scoring only. Exit status 1 when a letter landed in a wrong case.
"""

from __future__ import annotations

import argparse
import io
import json
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from functools import cache
from uuid import UUID, uuid5

import numpy as np
from PIL import Image

from archive.pagetext import PageText
from eakte.demo.drawing.fonts import DPI
from eakte.demo.drawing.paint import draw_clean
from eakte.demo.drawing.recognise import letter_text
from eakte.demo.drawing.scan import scan
from eakte.demo.letters.mix import make_letters
from eakte.demo.letters.model import Letter
from eakte.demo.load import demo_organisation
from eakte.demo.register import DemoCase, DemoMember, DemoRegister, make_register
from ingest.engines.choice import usual_engine
from ingest.engines.port import OcrEngine
from ingest.reading import read_image
from ingest.register_view import AddressFact, CaseCandidate, MemoryRegister, NameFact, PersonFact
from ingest.routing import candidates_for, route
from ingest.routing_model import RoutingContext, RoutingDecision
from ingest.tagging.addresses import OwnAddress
from ingest.tagging.extract import Extraction, HouseKnowledge, extract

DAY = date(2026, 11, 24)
PROFILES = ("office", "skewed", "grey", "shaded", "faint", "coffee", "marker", "upside_down")
_SPACE = UUID("5b1f8a52-5a0b-4a51-9a52-0f5f3d1c7e11")


@dataclass(slots=True)
class Figures:
    """Figures of one run. `due` letters hold enough and may be filed by machine."""

    seed: int
    noise: float
    scanned: int = 0
    letters: int = 0
    filed: int = 0
    wrong: int = 0
    unwanted: int = 0
    due: int = 0
    due_filed: int = 0
    types_right: int = 0
    dates_right: int = 0
    ms_per_letter: float = 0.0
    reasons: dict[str, int] = field(default_factory=dict)
    confused_types: dict[str, int] = field(default_factory=dict)

    @property
    def automatic_of_due(self) -> float:
        """Share of the letters that hold enough which were filed in the right case."""
        return self.due_filed / self.due if self.due else 0.0


@dataclass(frozen=True, slots=True)
class Routed:
    """A letter, what was read from it, and what became of it."""

    letter: Letter
    extraction: Extraction
    decision: RoutingDecision
    number: str | None
    seconds: float


def house() -> HouseKnowledge:
    """What the demo authority tells tagging about itself, from its organisation file."""
    org = demo_organisation()
    authority = org["authority"]
    sites = [unit for unit in org["units"] if unit["kind"] == "site"]
    scan, seat = authority["scan_address"], authority["address"]
    own = OwnAddress(
        names=(f"Jobcenter {authority['name']}", f"{authority['name']} Jobcenter", *(unit["title"] for unit in sites)),
        streets=(seat["street"].rsplit(" ", 1)[0], scan["po_box"]),
        postal_codes=(seat["postal_code"], scan["postal_code"]),
        place_names=(authority["name"], seat["city"], *(place for unit in sites for place in unit["places"])),
        staff=tuple(one["name"] for one in org["positions"]),
    )
    return HouseKnowledge(own, own.staff)


def memory_register(register: DemoRegister) -> tuple[MemoryRegister, dict[UUID, str]]:
    """The demo register behind the port of routing, and the file number of each id."""
    cases = [_case(case) for case in register.cases]
    return MemoryRegister(cases), {case.case_file_id: case.file_number for case in cases}


def run(seed: int, count: int, noise: float, scanned: int = 0, day: date = DAY) -> Iterator[Routed]:
    """Route `count` letters of a fresh register; the first `scanned` of them are drawn, scanned and really read."""
    register = make_register(seed, day)
    lookup, numbers = memory_register(register)
    known = house()
    for number, letter in enumerate(make_letters(register, count, seed, day)):
        pages = (
            scanned_text(letter, seed + number)
            if number < scanned
            else letter_text(letter, noise, seed * 1000 + number)
        )
        started = time.perf_counter()
        extraction = extract(pages, day, known)
        context = RoutingContext(day)
        decision = route(extraction, candidates_for(extraction, context, lookup), context)
        seconds = time.perf_counter() - started
        filed = numbers[decision.case_file_id] if decision.case_file_id else None
        yield Routed(letter, extraction, decision, filed, seconds)


def scanned_text(letter: Letter, seed: int) -> list[PageText]:
    """The letter drawn, degraded as an office scanner does, and read as the pipeline reads it."""
    pages = []
    for data in scan(draw_clean(letter), PROFILES[seed % len(PROFILES)], seed):
        with Image.open(io.BytesIO(data)) as image:
            pages.append(read_image(np.asarray(image.convert("L"), np.uint8), DPI, _engine()).text)
    return pages


@cache
def _engine() -> OcrEngine:
    return usual_engine("deu", latin=False)


def measure(seed: int, count: int, noise: float, scanned: int = 0) -> tuple[Figures, list[Routed]]:
    """Figures of one run, and the letters that went wrong or were not filed though they hold enough."""
    figures = Figures(seed, noise, scanned)
    misses: list[Routed] = []
    reasons: Counter[str] = Counter()
    types: Counter[str] = Counter()
    seconds = 0.0
    for one in run(seed, count, noise, scanned):
        truth, decision = one.letter.truth, one.decision
        due, right = truth.expected == "file", one.number is not None and one.number == truth.file_number
        figures.letters += 1
        figures.filed += one.number is not None
        figures.wrong += one.number is not None and not right
        figures.unwanted += right and not due
        figures.due += due
        figures.due_filed += due and right
        figures.types_right += decision.document_type == truth.document_type
        read = one.extraction.document_date
        figures.dates_right += (read.value if read else None) == truth.document_date
        seconds += one.seconds
        if decision.document_type != truth.document_type:
            types[f"{truth.document_type} as {decision.document_type}"] += 1
        if due and one.number is None:
            reasons.update(code for code, _ in decision.reasons)
        if (due and not right) or (one.number is not None and not (right and due)):
            misses.append(one)
    figures.ms_per_letter = round(1000 * seconds / max(figures.letters, 1), 1)
    figures.reasons, figures.confused_types = dict(reasons.most_common()), dict(types.most_common(12))
    return figures, misses


def _case(case: DemoCase) -> CaseCandidate:
    return CaseCandidate(
        uuid5(_SPACE, case.file_number), case.file_number, case.file_plan_unit, case.bg_nummer or None, case.org_unit,
        case.closed_on, case.secrecy, case.secrecy == "SOZ_G", tuple(_person(one) for one in case.persons),
    )  # fmt: skip


def _person(member: DemoMember) -> PersonFact:
    person = member.person
    return PersonFact(
        uuid5(_SPACE, person.customer_number),
        person.customer_number,
        tuple(NameFact(n.family_name, n.given_names, n.valid_from, n.valid_until) for n in person.names),
        person.birth_date,
        tuple(AddressFact(a.street, a.postal_code, a.city, a.valid_from, a.valid_until) for a in person.addresses),
        frozenset(mark.mark for mark in person.marks),
        member.valid_from,
        member.valid_until,
        member.role,
    )


def _print(figures: Figures) -> None:
    print(
        f"seed {figures.seed:>4}  noise {figures.noise:<6} letters {figures.letters}  wrong {figures.wrong}  "
        f"unwanted {figures.unwanted}  automatic {figures.due_filed}/{figures.due} = {figures.automatic_of_due:.1%}  "
        f"raw {figures.filed / max(figures.letters, 1):.1%}  types {figures.types_right / max(figures.letters, 1):.1%}  "
        f"dates {figures.dates_right / max(figures.letters, 1):.1%}  {figures.ms_per_letter} ms/letter"
    )
    print("   not filed though due:", figures.reasons)
    print("   confused types:", figures.confused_types)


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line; prints one block per seed and noise."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, nargs="+", default=[101, 102, 103])
    parser.add_argument("--count", type=int, default=500)
    parser.add_argument("--noise", type=float, nargs="+", default=[0.003, 0.01, 0.02])
    parser.add_argument("--scanned", type=int, default=0, help="letters of each seed to draw and read with the engine")
    parser.add_argument("--json", action="store_true", help="one JSON line per run")
    parser.add_argument("--misses", action="store_true", help="also name the letters not filed, and why")
    options = parser.parse_args(arguments)
    wrong = 0
    for noise in options.noise:
        for seed in options.seeds:
            figures, misses = measure(seed, options.count, noise, options.scanned)
            wrong += figures.wrong
            if options.json:
                print(json.dumps(asdict(figures), ensure_ascii=False))
            else:
                _print(figures)
            for one in misses if options.misses else ():
                truth = one.letter.truth
                codes = [code for code, _ in one.decision.reasons]
                print(f"   {truth.document_type} {truth.trap} {truth.file_number} -> {one.number} {codes} {truth.why}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
