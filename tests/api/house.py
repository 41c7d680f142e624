"""A house full of things that most people may not see: every kind of case and letter, two agencies, all roles.

Every thing carries a word that stands nowhere else, so that an answer that holds it has told something.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import func, select

from api.app import create_app
from api.context import COOKIE, Context
from archive import service as records
from archive.models import (
    CaseFile,
    CaseGrant,
    ContentFile,
    Document,
    DocumentVersion,
    Filing,
    Membership,
    Page,
    Person,
    PersonName,
)
from archive.numbers import number_key
from archive.pagetext import PageText, Word, encode
from core.actor import Actor, system_actor
from core.audit.anchors import AnchorFile
from core.database import Transaction
from core.ids import new_id
from core.models import AuditEvent
from core.outbox import emit
from inbox import acts, passing
from inbox.acts import ItemRef
from inbox.delivery import Clearing, deliver_to_case, deliver_to_clearing
from ingest.models import MailItem, Receipt
from organisation.actors import build_actor
from organisation.models import Agency, OrgUnit, RoleAssignment, User
from organisation.sessions import sign_in
from organisation.stations import create_station
from search.indexing import Indexer
from search.service import SearchService
from search.tantivy_index import TantivyIndex
from tests.api.log_requests import make_requests
from tests.web.room import HASH, PASSWORD, TODAY, Room, WhitePage, make_room
from web.router import routers
from web.wording import path_number

# users by what they are in this house
PEOPLE = {
    "worker": "tnommen",  # Leistung 1; responsible for own, health and sealed
    "lead": "kfeddermann",  # leads Leistung 1
    "next_team": "bquistorp",  # Leistung 2, same Sozialzentrum; a filed and an unfiled letter were forwarded to her
    "next_lead": "glevsen",
    "elsewhere": "pclausbrook",  # another Sozialzentrum; responsible for foreign
    "elsewhere_lead": "uharmsdoerfer",
    "head": "wthordsen",  # named for the sealed case
    "clearing": "rhinnerksen",  # clearing and mailroom
    "mailroom": "akurtoglu",
    "records": "mockholm",
    "archivist": "tharksand",  # the team's case is offered
    "auditor": "pruefung1",  # foreign is assigned, until TODAY + 10
    "protection": "gklapproth",
    "admin": "sbahnsand",
    "stranger": "tnommen@zweit",  # same name, another agency in the same database
}
# things -> the people who may read them
DOCUMENTS: Mapping[str, set[str]] = {
    "own": {"worker", "lead"},
    "team": {"worker", "lead", "archivist"},
    "foreign": {"elsewhere", "elsewhere_lead", "auditor"},
    "sealed": {"head"},
    "health": {"worker"},
    "shared": {"worker", "lead", "elsewhere", "elsewhere_lead", "auditor"},
    "forwarded": {"worker", "lead", "next_team"},
    "done": {"worker", "lead"},
    "unfiled": {"next_team"},
    "general": {"clearing", "mailroom"},
    "unit": {"next_team", "next_lead"},
    "restricted": {"lead"},
    "abroad": {"stranger"},
}
CASES: Mapping[str, set[str]] = {
    "own": {"worker", "lead"},
    "team": {"worker", "lead", "archivist"},
    "foreign": {"elsewhere", "elsewhere_lead", "auditor"},
    "sealed": {"head"},
    "health": {"worker"},
    "abroad": {"stranger"},
}
# inbox items -> whose Postkorb or clearing they lie in. The auditor and the archivist read, they have no Postkorb.
ITEMS: Mapping[str, set[str]] = {
    "own": {"worker", "lead"},
    "team": {"worker", "lead"},
    "foreign": {"elsewhere", "elsewhere_lead"},
    "sealed": set(),
    "health": {"worker"},
    "forwarded": {"next_team", "lead"},
    "done": {"lead"},
    "unfiled": {"next_team"},
}
# items in the inboxes of a team or its people -> who may assign them; nobody assigns what lies with another team
LED: Mapping[str, set[str]] = {"own": {"lead"}, "team": {"lead"}, "foreign": {"elsewhere_lead"}}
CLEARING: Mapping[str, set[str]] = {
    "general": {"clearing"},
    "unit": {"next_team", "next_lead"},
    "restricted": {"lead"},
}
ENTRIES: Mapping[str, set[str]] = {"entry": {"clearing", "mailroom"}, "farentry": {"stranger"}}
SHARED_PAGES = {"worker": {1, 2}, "lead": {1, 2}, "elsewhere": {3, 4}, "elsewhere_lead": {3, 4}, "auditor": {3, 4}}
NUMBERS = {
    "own": "99801//0004711",
    "team": "99801//0004712",
    "foreign": "99801//0004713",
    "sealed": "99801//0004720",
    "health": "99801//0004721",
    "abroad": "99802//0009999",
}


def canary(thing: str, page: int = 0) -> str:
    """The word that stands only on this thing (its title, or this page of it)."""
    return f"Kanarienvogel{thing}{page or ''}"


@dataclass
class House:
    """The running application over it."""

    room: Room
    app: FastAPI
    documents: dict[str, UUID] = field(default_factory=dict)
    items: dict[str, UUID] = field(default_factory=dict)
    cases: dict[str, UUID] = field(default_factory=dict)
    requests: dict[str, UUID] = field(default_factory=dict)
    ordinals: dict[str, tuple[str, int]] = field(default_factory=dict)
    clients: dict[str, tuple[TestClient, str]] = field(default_factory=dict)
    abroad: UUID | None = None
    tokens: dict[str, str] = field(default_factory=dict)

    def client(self, who: str) -> TestClient:
        """A signed-in browser, kept; its CSRF token is `token(who)`."""
        if who not in self.clients:
            self.clients[who] = self.fresh(who)
        return self.clients[who][0]

    def token(self, who: str) -> str:
        """The CSRF token of the kept session."""
        self.client(who)
        return self.clients[who][1]

    def fresh(self, who: str) -> tuple[TestClient, str]:
        """A new browser with a session of its own, and the session's CSRF token."""
        name, _, foreign = PEOPLE[who].partition("@")
        agency = self.abroad if foreign else self.room.agency_id
        assert agency is not None
        signed = sign_in(self.room.database, self.room.settings, agency, name, PASSWORD)
        client = self.anonymous()
        client.cookies.set(COOKIE, signed.secret)
        return client, signed.csrf_token

    def anonymous(self) -> TestClient:
        """A browser that nobody signed in with."""
        return TestClient(self.app, base_url="http://testserver", follow_redirects=False)

    def actor(self, who: str) -> Actor:
        """The person with the rights of today."""
        name, _, foreign = PEOPLE[who].partition("@")
        with self.room.database.read() as session:
            agency = self.abroad if foreign else self.room.agency_id
            user = session.scalars(select(User).where(User.agency_id == agency, User.username == name)).one()
            return build_actor(session, user, TODAY)

    def count(self, category: str) -> int:
        """Events of a category (look, act) in the log."""
        with self.room.database.read() as session:
            query = select(func.count()).select_from(AuditEvent).where(AuditEvent.category == category)
            return session.scalar(query) or 0


def make_house(folder: Path) -> House:
    """Fill the house."""
    room = make_room(folder)
    index = TantivyIndex(room.settings.index_folder)
    search = SearchService(room.database, room.blobs, index)
    anchors = AnchorFile(room.settings.anchor_file)
    context = Context(room.settings, room.database, room.blobs, search, WhitePage(), room.agency_id, anchors)
    house = House(room, create_app(context, routers()))
    house.cases = {"own": room.cases["dirks"], "team": room.cases["harms"], "foreign": room.cases["gerdes"]}
    with room.database.write() as tx:
        _grow(tx, house)
    with room.database.write() as tx:
        _forward(tx, house)
        officer, second, far = house.actor("protection"), house.actor("records"), house.actor("stranger")
        house.requests = make_requests(tx, officer, second, far, NUMBERS["foreign"], house.cases["abroad"])
    Indexer(room.database, room.blobs, index).catch_up()
    return house


def _grow(tx: Transaction, house: House) -> None:
    machine = system_actor(house.room.agency_id)
    unit, user = _units(tx, house.room.agency_id), _users(tx, house.room.agency_id)
    house.cases["sealed"] = _case(tx, machine, NUMBERS["sealed"], unit["SZ-HAL-L1"], user["tnommen"], "SOZ_G")
    house.cases["health"] = _case(tx, machine, NUMBERS["health"], unit["SZ-HAL-L1"], user["tnommen"], "SOZ_B")
    _grant(tx, house, "sealed", user["wthordsen"], "named")
    _grant(tx, house, "team", user["tharksand"], "offer")
    _grant(tx, house, "foreign", user["pruefung1"], "audit", 10)
    for thing in ("own", "team", "foreign", "sealed", "health", "forwarded", "done"):
        case = house.cases["own" if thing in ("forwarded", "done") else thing]
        _filed(tx, house, machine, thing, case)
    _shared(tx, house, machine)
    scopes = {"general": None, "unfiled": None, "unit": unit["SZ-HAL-L2"], "restricted": unit["SZ-HAL-L1"]}
    for thing, place in scopes.items():
        letter = _letter(tx, house, machine, thing, 1)
        letter.station_unit_id = unit["JC-POST"]
        reason = {"code": "test", "text": "Zum Testen."}
        scope = "general" if place is None else thing
        house.items[thing] = deliver_to_clearing(tx, machine, letter, Clearing(scope, place, [reason])).id
    station, house.tokens["own"] = create_station(tx, machine, "SCAN-A", "JC-POST")
    _quarantined(tx, house, machine, "entry", station.id)
    _, house.tokens["other"] = create_station(tx, machine, "SCAN-B", "JC-POST")
    _abroad(tx, house)


def _forward(tx: Transaction, house: House) -> None:
    other = house.actor("next_team")
    for thing, by in (("forwarded", "worker"), ("done", "worker"), ("unfiled", "clearing")):
        version = house.room.item(house.items[thing]).version
        following = passing.forward(
            tx, house.actor(by), ItemRef(house.items[thing], version), to_user="bquistorp", to_unit=None
        )
        tx.session.flush()
        house.items[thing] = following.id
        if thing == "done":
            acts.finish(tx, other, ItemRef(following.id, 1))


def _abroad(tx: Transaction, house: House) -> None:
    agency = Agency(id=new_id(), code="ZWEIT", name="Zweite Behörde")
    place = OrgUnit(id=new_id(), agency_id=agency.id, code="SZ-HAL-L1", title="Leistung 1", kind="team")
    user = User(id=new_id(), agency_id=agency.id, username="tnommen", display_name="Tjark Nommen", password_hash=HASH)
    for row in (agency, place, user):
        tx.session.add(row)
        tx.session.flush()
    for role in ("caseworker", "clearing", "mailroom"):
        tx.session.add(RoleAssignment(agency_id=agency.id, user_id=user.id, role=role, unit_id=place.id))
    machine = system_actor(agency.id)
    house.abroad = agency.id
    house.cases["abroad"] = _case(tx, machine, NUMBERS["abroad"], place.id, user.id, "SOZ")
    _filed(tx, house, machine, "abroad", house.cases["abroad"])
    station, house.tokens["abroad"] = create_station(tx, machine, "SCAN-A", "SZ-HAL-L1")
    _quarantined(tx, house, machine, "farentry", station.id)


def _case(tx: Transaction, machine: Actor, number: str, unit_id: UUID, user_id: UUID, secrecy: str) -> UUID:
    case = CaseFile(
        id=new_id(), agency_id=machine.agency_id, file_number=number, number_key=number_key(number),
        file_plan_unit="LEIST", org_unit_id=unit_id, responsible_user_id=user_id, secrecy_class=secrecy,
        sealed=secrecy == "SOZ_G", created_at=tx.now,
    )  # fmt: skip
    customer = f"999A{number[-6:]}"
    person = Person(id=new_id(), agency_id=machine.agency_id, customer_number=customer, customer_key=customer)
    for row in (case, person):
        tx.session.add(row)
        tx.session.flush()
    name = canary(f"name{secrecy.lower()}")
    tx.session.add(PersonName(person_id=person.id, family_name=name, given_names="Ada", family_key=name.lower()))
    tx.session.add(Membership(person_id=person.id, case_file_id=case.id, role="head"))
    tx.session.flush()
    return case.id


def _letter(tx: Transaction, house: House, machine: Actor, thing: str, pages: int) -> Document:
    room, number = house.room, 0
    letter = Document(
        id=new_id(), agency_id=machine.agency_id, title=canary(thing), document_type="MITTEILUNG", received_on=TODAY,
        received_on_source="told", created_at=tx.now,
    )  # fmt: skip
    version = DocumentVersion(id=new_id(), document_id=letter.id, page_count=pages, created_at=tx.now)
    for row in (letter, version):
        tx.session.add(row)
        tx.session.flush()
    for number in range(1, pages + 1):
        words = (Word("Vogelkunde", (10, 10, 90, 40), 95, 0), Word(canary(thing, number), (100, 10, 190, 40), 90, 0))
        text = room.blobs.put_bytes(encode(PageText(1000, 1400, 150, 0, "test", words)))
        tx.session.add(
            Page(
                version_id=version.id, page_no=number, rendition_page_no=number, width=1000, height=1400, dpi=150,
                text_sha256=text.sha256,
            )
        )  # fmt: skip
    data = f"%PDF-1.7 {canary(thing)} {canary(thing, number)}".encode()
    for role in ("scan_master", "rendition"):
        blob = room.blobs.put_bytes(data + role.encode())
        tx.session.add(
            ContentFile(
                version_id=version.id, role=role, sha256=blob.sha256, media_type="application/pdf", size=blob.size
            )
        )
    tx.session.flush()
    house.documents[thing] = letter.id
    emit(tx, machine.agency_id, "document.changed", letter.id)
    return letter


def _filed(tx: Transaction, house: House, machine: Actor, thing: str, case_id: UUID) -> None:
    letter = _letter(tx, house, machine, thing, 1)
    filing = records.file_document(tx, machine, letter.id, records.FilingTarget(case_id))
    case_file = tx.session.get_one(CaseFile, case_id)
    house.items[thing] = deliver_to_case(tx, machine, letter, case_file).id
    house.ordinals[thing] = (case_file.file_number, filing.ordinal)


def _shared(tx: Transaction, house: House, machine: Actor) -> None:
    letter = _letter(tx, house, machine, "shared", 4)
    for case, first, last in (("own", 1, 2), ("foreign", 3, 4)):
        target = records.FilingTarget(house.cases[case], None, first, last)
        records.file_document(tx, machine, letter.id, target)


def _quarantined(tx: Transaction, house: House, machine: Actor, thing: str, station_id: UUID) -> None:
    receipt = Receipt(
        id=new_id(), agency_id=machine.agency_id, sha256="0" * 64, size=1, channel="station", station_id=station_id,
        idempotency_key=thing, received_on=TODAY, received_on_source="told", accepted_at=tx.now,
        source_name=canary(thing), state="quarantined",
    )  # fmt: skip
    tx.session.add(receipt)
    tx.session.flush()
    item = MailItem(
        id=new_id(), agency_id=machine.agency_id, receipt_id=receipt.id, item_no=0, page_count=1, state="quarantined"
    )
    tx.session.add(item)
    tx.session.flush()
    house.items[thing] = item.id


def _grant(tx: Transaction, house: House, case: str, user_id: UUID, reason: str, days: int | None = None) -> None:
    until = TODAY + timedelta(days=days) if days is not None else None
    tx.session.add(
        CaseGrant(
            agency_id=house.room.agency_id, case_file_id=house.cases[case], user_id=user_id, reason=reason,
            valid_from=TODAY, valid_until=until,
        )
    )  # fmt: skip


def _units(tx: Transaction, agency_id: UUID) -> dict[str, UUID]:
    return dict(tx.session.execute(select(OrgUnit.code, OrgUnit.id).where(OrgUnit.agency_id == agency_id)).all())


def _users(tx: Transaction, agency_id: UUID) -> dict[str, UUID]:
    return dict(tx.session.execute(select(User.username, User.id).where(User.agency_id == agency_id)).all())


def ordinal_of(house: House, document: str, case: str) -> int:
    """The running number of a document in a case."""
    with house.room.database.read() as session:
        query = select(Filing.ordinal).where(
            Filing.document_id == house.documents[document], Filing.case_file_id == house.cases[case]
        )
        return session.scalars(query).one()


def customer_of(case: str) -> str:
    """The customer number of the case's person: of the register, or made like one."""
    return {"own": "123A456789", "team": "123A456790", "foreign": "123A456791"}.get(case, f"999A{NUMBERS[case][-6:]}")


def case_path(case: str) -> str:
    """The case's number as it stands in a path."""
    return path_number(NUMBERS[case])


@contextmanager
def at(house: House, **later: Any) -> Iterator[None]:
    """Some time later, for the block only."""
    before = house.room.clock.instant
    house.room.clock.instant = before + timedelta(**later)
    try:
        yield
    finally:
        house.room.clock.instant = before


__all__: Sequence[str] = ("CASES", "CLEARING", "DOCUMENTS", "ITEMS", "PEOPLE", "House", "at", "canary", "make_house")
