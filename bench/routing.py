"""Routing on generated letters with simulated recognition noise: wrong cases, automatic share, document types.

    python -m bench.routing [--letters 500] [--seed 1] [--noise 0.01] [--show]

Every number is scored against the truth written by the generator, never by the router. The day mix and the traps are
those of eakte/demo/letters; `enough` counts letters whose printed text holds two agreeing facts for one open case and
that a machine may file at all.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

from archive.models import CaseFile
from core.clock import SetClock
from core.ids import new_id
from core.settings import Settings
from eakte.bootstrap import Services, agency_id, open_services
from eakte.demo.drawing.recognise import letter_text
from eakte.demo.letters.mix import make_letters
from eakte.demo.letters.model import Letter
from eakte.demo.load import SEED, load_demo
from eakte.demo.register import make_register
from ingest.judging import Judgement, judge
from ingest.models import MailItem, Receipt

NOON = datetime(2026, 11, 24, 11, 0, tzinfo=UTC)


def main() -> None:
    """Run and print one JSON object."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--letters", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--noise", type=float, default=0.01)
    parser.add_argument("--show", action="store_true")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["EAKTE_HOME"] = folder
        services = open_services(Settings(home=Path(folder)), SetClock(NOON), migrate=True)
        load_demo(services, with_mail=False)
        print(json.dumps(score(services, arguments.letters, arguments.seed, arguments.noise, show=arguments.show)))


def score(services: Services, count: int, seed: int, noise: float, *, show: bool = False) -> dict[str, object]:
    """Judge `count` letters and hold the result against their truth."""
    day = NOON.date()
    letters = make_letters(make_register(SEED, day), count, seed, day)
    agency = agency_id(services)
    tally: Counter[str] = Counter()
    started = time.process_time()
    for number, letter in enumerate(letters):
        judgement, filed_in = _judge(services, agency, letter, noise, seed * 100_000 + number)
        _count(tally, letter, judgement, filed_in, show=show)
    elapsed = time.process_time() - started
    return {
        "letters": count,
        "seed": seed,
        "noise": noise,
        "wrong_case": tally["wrong"],
        "filed_though_a_person_should": tally["should_clear"],
        "automatic_of_enough": round(tally["auto_enough"] / max(1, tally["enough"]), 3),
        "automatic_raw": round(tally["filed"] / count, 3),
        "document_type_right": round(tally["type"] / count, 3),
        "ms_per_letter": round(elapsed / count * 1000, 1),
    }


def _judge(services: Services, agency: object, letter: Letter, noise: float, seed: int) -> tuple[Judgement, str | None]:
    receipt = Receipt(id=new_id(), agency_id=agency, received_on=NOON.date())
    item = MailItem(id=new_id(), agency_id=agency, sheet={}, forced_reasons=[])
    with services.database.read() as session:
        judgement = judge(session, receipt, item, letter_text(letter, noise, seed))
        number = None
        if judgement.case_file_id is not None:
            number = session.get_one(CaseFile, judgement.case_file_id).file_number
    return judgement, number


def _count(tally: Counter[str], letter: Letter, judgement: Judgement, filed_in: str | None, *, show: bool) -> None:
    truth = letter.truth
    may = truth.expected == "file"
    tally["enough"] += may
    tally["type"] += judgement.document_type == truth.document_type
    tally["filed"] += filed_in is not None
    tally["auto_enough"] += may and filed_in is not None
    wrong = filed_in is not None and filed_in != truth.file_number
    tally["wrong"] += wrong
    tally["should_clear"] += filed_in is not None and not may and not wrong
    if show and (wrong or (may and filed_in is None) or (filed_in is not None and not may)):
        codes = [reason["code"] for reason in judgement.reasons]
        label = "WRONG" if wrong else "missed" if filed_in is None else "bold"
        print(label, truth.kind, truth.trap, truth.facts, truth.file_number, filed_in, codes, judgement.document_type,
              file=sys.stderr)  # fmt: skip


if __name__ == "__main__":
    main()
