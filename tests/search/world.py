"""A small authority to search in: two teams, their cases, letters with text, an index folder."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import select

from archive.blobs.local import LocalBlobStore
from archive.models import (
    CaseFile,
    Document,
    DocumentGrant,
    DocumentVersion,
    Filing,
    Membership,
    Page,
    Person,
    PersonName,
)  # fmt: skip
from archive.numbers import number_key
from archive.pagetext import PageText, Word, encode
from core import outbox
from core.actor import Actor
from core.clock import SetClock
from core.database import Database
from core.ids import new_id
from inbox.models import InboxItem
from organisation.actors import build_actor
from organisation.models import OrgUnit, RoleAssignment, User
from search.index import SearchIndex
from search.indexing import Indexer
from search.service import SearchService
from tests.databases import open_at
from tests.search.engines import MakeIndex, embedded
from tests.support import NOON, make_agency, make_database

TODAY = date(2026, 11, 24)
PEOPLE = {
    "anna": ("caseworker", 0),
    "lena": ("team_lead", 0),
    "otto": ("caseworker", 1),
    "rita": ("records_manager", 0),
}


@dataclass
class World:
    """Stores, units and people."""

    home: Path
    clock: SetClock
    database: Database
    blobs: LocalBlobStore
    agency: UUID
    units: Sequence[UUID]
    make_index: MakeIndex = embedded

    @property
    def index(self) -> SearchIndex:
        return self.make_index(self.home)

    @property
    def indexer(self) -> Indexer:
        return Indexer(self.database, self.blobs, self.index)

    def actor(self, name: str) -> Actor:
        with self.database.read() as session:
            user = session.scalars(select(User).where(User.username == name)).one()
            return build_actor(session, user, TODAY)

    def answer(self, name: str, text: str, **more: Any) -> dict[str, Any]:
        return SearchService(self.database, self.blobs, self.index).answer(self.actor(name), text, **more)

    def titles(self, name: str, text: str) -> list[str]:
        return [one["title"] for one in self.answer(name, text)["results"]]

    def later(self, seconds: float) -> None:
        self.clock.instant += timedelta(seconds=seconds)


def open_world(home: Path, agency: UUID, units: Sequence[UUID]) -> World:
    """The same stores in another process."""
    clock = SetClock(NOON)
    database = open_at(home, clock)
    return World(home, clock, database, LocalBlobStore(home / "blobs", home / "work"), agency, units)


def make_world(home: Path) -> World:
    """The authority without cases."""
    database = make_database(home, SetClock(NOON))
    with database.write() as tx:
        agency = make_agency(tx)
        units = [OrgUnit(id=new_id(), agency_id=agency, code=f"T{n}", title=f"Team {n}", kind="team") for n in (1, 2)]
        tx.session.add_all(units)
        tx.session.flush()
        for name, (role, number) in PEOPLE.items():
            user = User(id=new_id(), agency_id=agency, username=name, display_name=f"{name.title()} Beispiel")
            tx.session.add(user)
            tx.session.flush()
            tx.session.add(RoleAssignment(agency_id=agency, user_id=user.id, role=role, unit_id=units[number].id))
        ids = [unit.id for unit in units]
    database.dispose()
    return open_world(home, agency, ids)


def add_case(world: World, number: str, owner: str = "anna", *, family: str = "", customer: str | None = None) -> UUID:
    """A case of this caseworker, with one member when a name is given."""
    with world.database.write() as tx:
        user = tx.session.scalars(select(User.id).where(User.username == owner)).one()
        case = CaseFile(
            id=new_id(), agency_id=world.agency, file_number=number, number_key=number_key(number),
            file_plan_unit="LEIST", org_unit_id=world.units[PEOPLE[owner][1]], responsible_user_id=user, created_at=tx.now,
        )  # fmt: skip
        tx.session.add(case)
        tx.session.flush()
        if family:
            key = number_key(customer) if customer else None
            person = Person(id=new_id(), agency_id=world.agency, customer_number=customer, customer_key=key)
            tx.session.add(person)
            tx.session.flush()
            tx.session.add(PersonName(person_id=person.id, family_name=family, given_names="Ada", family_key=family))
            tx.session.add(Membership(person_id=person.id, case_file_id=case.id))
        return case.id


def add_letter(
    world: World, title: str, pages: Sequence[str], *filings: tuple[UUID, int, int], kind: str = "SCHREIBEN",
    day: date = date(2026, 3, 1), keyword: str | None = None,
) -> UUID:  # fmt: skip
    """A letter with these page texts, filed by page range, and its outbox event."""
    with world.database.write() as tx:
        document = Document(
            id=new_id(), agency_id=world.agency, title=title, document_type=kind, filed=bool(filings), received_on=day,
            received_on_source="told", created_at=tx.now, org_unit_id=world.units[0], clearing_scope="restricted",
        )  # fmt: skip
        tx.session.add(document)
        tx.session.flush()
        version = DocumentVersion(id=new_id(), document_id=document.id, page_count=len(pages), created_at=tx.now)
        tx.session.add(version)
        tx.session.flush()
        for number, text in enumerate(pages, 1):
            words = tuple(Word(word, (10 * at, 0, 10 * at + 9, 9), 90, 0) for at, word in enumerate(text.split()))
            stored = world.blobs.put_bytes(encode(PageText(1000, 100, 300, 0, "test", words)))
            tx.session.add(Page(version_id=version.id, page_no=number, text_sha256=stored.sha256))
        for case, first, last in filings:
            ordinal = len(tx.session.scalars(select(Filing.id).where(Filing.case_file_id == case)).all()) + 1
            tx.session.add(
                Filing(agency_id=world.agency, document_id=document.id, case_file_id=case, page_from=first, page_to=last,
                       ordinal=ordinal, filed_at=tx.now, keyword=keyword)
            )  # fmt: skip
            tx.session.flush()
        outbox.emit(tx, world.agency, "document.changed", document.id)
        return document.id


def put_into_inbox(world: World, document: UUID, name: str) -> None:
    """The document lies in this person's Postkorb."""
    with world.database.write() as tx:
        user = tx.session.scalars(select(User.id).where(User.username == name)).one()
        item = InboxItem(id=new_id(), agency_id=world.agency, inbox_kind="user", user_id=user, document_id=document,
                         created_at=tx.now)  # fmt: skip
        tx.session.add(item)
        tx.session.flush()
        tx.session.add(DocumentGrant(agency_id=world.agency, document_id=document, user_id=user, inbox_item_id=item.id))


def owed(world: World) -> int:
    """How many events the index owes."""
    with world.database.read() as session:
        return len(outbox.unprocessed(session, outbox.INDEX, 10_000))


def stop_before_marking(home: str, agency: str, unit: str) -> None:
    """What a child process does: index, then wait to be killed where the events would be marked."""
    world = open_world(Path(home), UUID(agency), [UUID(unit)])
    indexer = world.indexer

    def wait(_: object) -> int:
        sys.stdout.write("committed\n")
        sys.stdout.flush()
        sys.stdin.read()
        return 0

    indexer._close = wait  # type: ignore[method-assign,assignment]
    indexer.catch_up()
