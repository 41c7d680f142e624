"""Which letters make up the demo's mail: batch by batch, with the facts they print and the fault of their scan."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from eakte.demo.letters.kinds import KINDS
from eakte.demo.letters.mix import make_letter
from eakte.demo.letters.model import Letter
from eakte.demo.letters.traps import TRAPS
from eakte.demo.register import DemoRegister

OWN_COUNT = 6
_NUMBER = ("bg_number", "name")
_BIRTH = ("name", "birth_date")
_FULL = ("bg_number", "name", "address")


@dataclass(frozen=True, slots=True)
class Wanted:
    """A letter of the demo: a document type or the name of a trap, the facts it prints, the profile of its scan."""

    what: str
    facts: tuple[str, ...] = _NUMBER
    profile: str = "office"


@dataclass(frozen=True, slots=True)
class BatchPlan:
    """A scanned batch: station, kind of separator sheets, simplex or duplex, and its letters."""

    station: str
    separators: Literal["patch", "code", "both", "none"]
    duplex: bool
    wanted: Sequence[Wanted]

    def letters(self, register: DemoRegister, seed: int, day: date) -> list[tuple[Letter, str]]:
        """The letters with their profiles."""
        rng = random.Random(f"eakte-demo-{self.station}-{seed}-{day.isoformat()}")
        return [(_letter(register, one, random.Random(rng.getrandbits(64)), day), one.profile) for one in self.wanted]


def _letter(register: DemoRegister, wanted: Wanted, rng: random.Random, day: date) -> Letter:
    if wanted.what in TRAPS:
        return TRAPS[wanted.what](register, rng, day)
    kind = rng.choice([kind for kind in KINDS if kind.document_type == wanted.what])
    return make_letter(register, kind, rng, day, wanted.facts)


BATCHES: tuple[BatchPlan, ...] = (
    BatchPlan("SCAN-1", "both", False, (
        Wanted("VERAENDERUNG"),
        Wanted("ANTRAG_WBA", ("bg_number", "name", "birth_date")),
        Wanted("LOHNABRECHNUNG", _BIRTH, "skewed"),
        Wanted("KONTOAUSZUG", _FULL),
        Wanted("AU_BESCHEINIGUNG", ("customer_number", "name")),
        Wanted("WIDERSPRUCH", ("file_number", "name")),
        Wanted("MITWIRKUNG_ANTWORT"),
        Wanted("namesakes"),
        Wanted("ENERGIE_SPERRE", _FULL, "marker"),
        Wanted("MIETBESCHEINIGUNG", ("name", "birth_date", "address"), "grey"),
        Wanted("ANTRAG_ERST"),
        Wanted("WERBUNG"),
        Wanted("IRRLAEUFER"),
        Wanted("EINKOMMENSBESCHEINIGUNG", ("bg_number", "name", "birth_date"), "upside_down"),
        Wanted("foreign_name"),
    )),
    BatchPlan("SCAN-1-DUPLEX", "both", True, (
        Wanted("SCHULBESCHEINIGUNG", _BIRTH),
        Wanted("BETRIEBSKOSTEN", _FULL, "coffee"),
        Wanted("TRAEGERBERICHT", ("customer_number", "name")),
        Wanted("separated"),
        Wanted("namesake_with_birth_date", (), "skewed"),
        Wanted("ERSTATTUNGSANZEIGE", ("bg_number", "name", "birth_date")),
        Wanted("ANLAGE_KDU", _NUMBER, "shaded"),
        Wanted("two_clients"),
        Wanted("RAEUMUNGSKLAGE_MITTEILUNG", ("name", "address")),
        Wanted("turned_25_own_number"),
    )),
    BatchPlan("SCAN-SAN", "code", False, (
        Wanted("complaint"),
        Wanted("protected"),
        Wanted("ANTRAG_UMZUG", _NUMBER, "faint"),
        Wanted("fax_header", (), "fax"),
        Wanted("KK_MITGLIEDSCHAFT", ("bg_number", "name", "address")),
        Wanted("town_hall", (), "grey"),
        Wanted("GERICHT_VERFUEGUNG"),
        Wanted("contradiction"),
        Wanted("WIDERSPRUCH_BEGRUENDUNG", ("file_number", "name"), "skewed"),
    )),
)  # fmt: skip
