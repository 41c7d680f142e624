"""Mail for the load: mostly one page with its own text, sometimes two, now and then a scan. Every batch is unique."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from archive.access import NAMED_ONLY
from eakte.demo.register import DemoCase, DemoRegister
from tests.eakte.killing import letters_pdf
from tests.ingest.door import book, letter

TWO_PAGES = 4
SCAN = 15
"""Every so manieth batch has two pages, or is a scanned one: recognition is not what is tested here."""


@dataclass(frozen=True, slots=True)
class Post:
    """Makes the batch of a number. `cases` are those the letters with own text belong to."""

    register: DemoRegister
    cases: Sequence[DemoCase]

    def batch(self, serial: int) -> bytes:
        """One letter as PDF, the same words for the same number; the bytes are made once and kept by the sender."""
        if serial % SCAN == SCAN - 1:
            return letters_pdf(self.register, [serial])
        case = self.cases[serial % len(self.cases)]
        person = case.persons[0].person
        first = letter(
            f"{person.full_name}, geb. {person.birth_date:%d.%m.%Y}", f"Aktenzeichen {case.file_number}",
            f"Nummer der Bedarfsgemeinschaft {case.bg_nummer}", f"Mietbescheinigung Nr. {serial}",
        )  # fmt: skip
        return book(first, letter("Seite 2")) if serial % TWO_PAGES == 0 else book(first)


def post(register: DemoRegister, responsible: str) -> Post:
    """Mail for the cases of one person, whose Postkorb it fills; names that a standard font can write."""
    mine = [case for case in register.cases if _fits(case) and case.responsible == responsible]
    return Post(register, mine)


def busiest(register: DemoRegister) -> str:
    """The user who is responsible for most open cases."""
    names = [case.responsible for case in register.cases if _fits(case) and case.responsible]
    return max(sorted(set(names)), key=names.count)


def _fits(case: DemoCase) -> bool:
    person = case.persons[0].person
    if person.marks or case.closed_on or case.secrecy in NAMED_ONLY or case.file_plan_unit != "LEIST":
        return False
    return all(ord(letter) < 256 for letter in person.full_name)
