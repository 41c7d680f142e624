"""A running installation for browser tests: the demo authority, a few real scanned letters, the real server."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from sqlalchemy import select

from archive.models import CaseFile, Document, Filing
from core.clock import agency_date
from eakte.bootstrap import Services, open_services
from eakte.demo.batches import write_scan_batch
from eakte.demo.letters.kinds import KINDS
from eakte.demo.letters.mix import make_letter
from eakte.demo.letters.model import Letter
from eakte.demo.letters.traps import TRAPS
from eakte.demo.load import SEED, demo_password, load_demo
from eakte.demo.register import DemoRegister, make_register
from eakte.intake import take_in
from eakte.serve import build_app
from inbox.models import InboxItem
from ingest.models import MailItem
from organisation.models import User
from tests.databases import settings_at
from tests.eakte.support import agency_of, work_off
from tests.web.serving import served
from web.mapping_clearing import preselected

CLERK, LEAD, SCANNER, AUDITOR, OFFICER = "rhinnerksen", "kfeddermann", "akurtoglu", "pruefung1", "gklapproth"
ONE_PAGE = ("VERAENDERUNG", "MITWIRKUNG_ANTWORT")
SURE_FACTS = ("bg_number", "name", "birth_date")


@dataclass
class House:
    """The address, the log-ins, and who has work."""

    url: str
    services: Services
    password: str
    worker: str
    case_number: str

    def asks(self) -> dict[str, str]:
        """Addresses of open letters in clearing by what they ask: sure (one answer marked), tie, none."""
        found: dict[str, str] = {}
        with self.services.database.read() as session:
            rows = session.execute(
                select(InboxItem.id, MailItem)
                .join(MailItem, MailItem.document_id == InboxItem.document_id)
                .where(InboxItem.inbox_kind == "clearing", InboxItem.state == "open")
                .order_by(InboxItem.id)
            )
            for item_id, mail in rows:
                marked = preselected(mail.candidates, mail.evidence)
                kind = "sure" if marked else "tie" if mail.candidates else "none"
                found.setdefault(kind, f"/klaerung/{item_id}")
        return found


@contextmanager
def open_house(folder: Path) -> Iterator[House]:
    """Load, receive and read the letters with the real engine, then serve. Eight pages are recognised."""
    services = open_services(settings_at(folder / "home"), migrate=True)
    load_demo(services, with_mail=False)
    day = agency_date(services.database.clock.now())
    register = make_register(SEED, day)
    write_scan_batch(_letters(register, day), folder / "stapel.pdf", separators="patch", profile="office", seed=5)
    (folder / "leer.pdf").touch()
    take_in(services, agency_of(services), [folder / "stapel.pdf", folder / "leer.pdf"], "SCAN-1", None, None)
    work_off(services)
    worker, number = _busiest(services)
    with served(build_app(services)) as url:
        yield House(url, services, demo_password(services), worker, number)


def _letters(register: DemoRegister, day: date) -> list[Letter]:
    """Three sure letters for one person's Postkorb, two on a deceased person, one for two clients, one new applicant.

    Letters are values and cheap: they are made until three belong to the same person; only the chosen ones are drawn.
    """
    rng = random.Random(11)
    kinds = [kind for kind in KINDS if kind.document_type in ONE_PAGE]
    responsible = {case.file_number: case.responsible for case in register.cases}
    made = [make_letter(register, rng.choice(kinds), random.Random(n), day, SURE_FACTS) for n in range(60)]
    of = [responsible.get(one.truth.file_number or "") for one in made]
    owner = Counter(name for name in of if name).most_common(1)[0][0]
    mine = [one for one, name in zip(made, of, strict=True) if name == owner][:3]
    deceased = [TRAPS["deceased"](register, random.Random(n), day) for n in (1, 2)]
    first = next(kind for kind in KINDS if kind.document_type == "ANTRAG_ERST")
    new = make_letter(register, first, random.Random(7), day)
    return [*mine, *deceased, TRAPS["two_clients"](register, random.Random(3), day), new]


def _busiest(services: Services) -> tuple[str, str]:
    with services.database.read() as session:
        rows = session.execute(
            select(User.username, CaseFile.file_number)
            .join(InboxItem, InboxItem.user_id == User.id)
            .join(Document, Document.id == InboxItem.document_id)
            .join(Filing, Filing.document_id == Document.id)
            .join(CaseFile, CaseFile.id == Filing.case_file_id)
        ).all()
    name = Counter(user for user, _ in rows).most_common(1)[0][0]
    return name, next(number for user, number in rows if user == name)
