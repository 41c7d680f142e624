"""A small authority with two teams and a post room, letters with searchable words, and the services over it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import select

from archive.blobs import claims
from archive.blobs.local import LocalBlobStore
from archive.fileplan import load_defaults
from archive.models import CaseFile, ContentFile, Document, DocumentVersion, Page
from archive.numbers import number_key
from archive.pagetext import PageText, Word, encode
from archive.service import FilingTarget, file_document
from core.actor import Actor, system_actor
from core.clock import SetClock, agency_date
from core.database import Database, Transaction
from core.ids import new_id
from core.outbox import emit
from inbox import repository
from inbox.acts import ItemRef
from inbox.delivery import Clearing, deliver_to_case, deliver_to_clearing
from inbox.models import InboxItem
from organisation.actors import build_actor
from organisation.loading import load_organisation
from organisation.models import OrgUnit, User
from search.indexing import Indexer
from search.service import SearchService
from search.tantivy_index import TantivyIndex
from tests.databases import copy_home, open_at
from tests.support import NOON, make_database

TODAY = date(2026, 11, 24)


def _position(number: int, function: str, unit: str, user: str, deputy: int | None = None) -> dict[str, Any]:
    return {
        "code": f"P{number}", "function": function, "unit": unit, "name": user.title(), "user": user,
        "deputy": f"P{deputy}" if deputy else None,
    }  # fmt: skip


ORGANISATION: dict[str, Any] = {
    "authority": {"code": "TEST", "name": "Testbehörde"},
    "functions": [
        {"code": "LEAD", "system_roles": ["team_lead", "caseworker"]},
        {"code": "HEAD", "system_roles": ["team_lead"]},
        {"code": "WORK", "system_roles": ["caseworker"]},
        {"code": "POST", "system_roles": ["mailroom", "clearing"]},
        {"code": "ADMIN", "system_roles": ["org_admin", "system_admin"]},
    ],
    "units": [
        {"code": "JC", "title": "Jobcenter", "kind": "department", "parent": None},
        {"code": "T1", "title": "Team 1", "kind": "team", "parent": "JC"},
        {"code": "T2", "title": "Team 2", "kind": "team", "parent": "JC"},
        {"code": "POST", "title": "Post", "kind": "mailroom", "parent": "JC"},
    ],
    "positions": [
        _position(1, "HEAD", "JC", "hilde"),
        _position(2, "LEAD", "T1", "lena", 3),
        _position(3, "WORK", "T1", "anna", 4),
        _position(4, "WORK", "T1", "bert", 2),
        _position(5, "LEAD", "T2", "lukas", 6),
        _position(6, "WORK", "T2", "carla", 5),
        _position(7, "POST", "POST", "paula", 8),
        _position(8, "POST", "POST", "piet", 7),
        _position(9, "ADMIN", "JC", "adam"),
    ],
}
WORKERS = ("hilde", "lena", "anna", "bert", "lukas", "carla", "paula", "piet")


@dataclass
class World:
    """The stores, and short ways to do what the tests do all the time."""

    clock: SetClock
    database: Database
    blobs: LocalBlobStore
    index: TantivyIndex
    agency: UUID
    cases: dict[str, UUID] = field(default_factory=dict)
    serial: int = 0

    @property
    def today(self) -> date:
        """The agency's date."""
        return agency_date(self.clock.now())

    def actor(self, username: str) -> Actor:
        """A person with the rights of today."""
        with self.database.read() as session:
            user = session.scalars(select(User).where(User.username == username)).one()
            return build_actor(session, user, self.today)

    def user_id(self, username: str) -> UUID:
        """A person's id."""
        with self.database.read() as session:
            return session.scalars(select(User.id).where(User.username == username)).one()

    def unit_id(self, code: str) -> UUID:
        """A unit's id."""
        with self.database.read() as session:
            return session.scalars(select(OrgUnit.id).where(OrgUnit.code == code)).one()

    def case(self, number: str, unit: str, responsible: str | None = None, secrecy: str = "SOZ") -> UUID:
        """An open LEIST case."""
        case_id = new_id()
        with self.database.write() as tx:
            tx.session.add(
                CaseFile(
                    id=case_id, agency_id=self.agency, file_number=number, number_key=number_key(number),
                    file_plan_unit="LEIST", org_unit_id=self.unit_id(unit), secrecy_class=secrecy,
                    responsible_user_id=self.user_id(responsible) if responsible else None, created_at=tx.now,
                )
            )  # fmt: skip
        self.cases[number] = case_id
        return case_id

    def filed(self, number: str, word: str = "Brief") -> ItemRef:
        """A letter that routing filed in a case and delivered."""
        with self.database.write() as tx:
            document = self._document(tx, word)
            actor = system_actor(self.agency)
            file_document(tx, actor, document.id, FilingTarget(self.cases[number]))
            item = deliver_to_case(tx, actor, document, tx.session.get_one(CaseFile, self.cases[number]))
            return ItemRef(item.id, item.version)

    def in_clearing(self, word: str = "Brief", scope: str = "general", unit: str | None = None) -> ItemRef:
        """A letter that routing could not place."""
        where = Clearing(scope, self.unit_id(unit) if unit else None, [{"code": "no_number", "text": "Keine Nummer."}])
        with self.database.write() as tx:
            document = self._document(tx, word)
            item = deliver_to_clearing(tx, system_actor(self.agency), document, where)
            return ItemRef(item.id, item.version)

    def item(self, ref: ItemRef) -> InboxItem:
        """The row as it is now."""
        with self.database.read() as session:
            return session.get_one(InboxItem, ref.item_id)

    def document_of(self, ref: ItemRef) -> UUID:
        """The document that lies there."""
        return self.item(ref).document_id

    def box(self, username: str) -> set[UUID]:
        """Documents in all of a person's inboxes today."""
        actor = self.actor(username)
        with self.database.read() as session:
            rows = repository.rows(session, actor, repository.mine(actor), self.today)
        return {row.document.id for row in rows}

    def ref_of(self, username: str, document_id: UUID) -> ItemRef:
        """The open item of a document as a person sees it."""
        actor = self.actor(username)
        with self.database.read() as session:
            rows = repository.rows(session, actor, repository.mine(actor), self.today)
        (item,) = [row.item for row in rows if row.document.id == document_id]
        return ItemRef(item.id, item.version)

    def who_finds(self, word: str) -> set[str]:
        """Everybody who finds a word, the index being up to date."""
        Indexer(self.database, self.blobs, self.index).catch_up()
        service = SearchService(self.database, self.blobs, self.index)
        return {name for name in WORKERS if service.answer(self.actor(name), word, limit=10)["total"]}

    def who_sees(self, document_id: UUID) -> set[str]:
        """Everybody in whose inbox the document lies."""
        return {name for name in WORKERS if document_id in self.box(name)}

    def _document(self, tx: Transaction, word: str) -> Document:
        self.serial += 1
        words = tuple(
            Word(text, (10, 10 * line, 90, 10 * line + 9), 95, line)
            for line, text in enumerate((word, f"Serie{self.serial}"))
        )
        text = self.blobs.put_bytes(encode(PageText(100, 100, 300, 0, "test", words)))
        document = Document(
            id=new_id(), agency_id=self.agency, title="Schreiben", document_type="SONST_SCHREIBEN",
            received_on=self.today, received_on_source="told", created_at=tx.now,
            station_unit_id=self.unit_id("POST"),
        )  # fmt: skip
        version = DocumentVersion(id=new_id(), document_id=document.id, page_count=1, created_at=tx.now)
        tx.session.add(document)
        tx.session.flush()
        tx.session.add(version)
        tx.session.flush()
        tx.session.add(Page(version_id=version.id, page_no=1, rendition_page_no=1, text_sha256=text.sha256))
        tx.session.add(
            ContentFile(
                version_id=version.id, role="scan_master", sha256=text.sha256, media_type="image/png", size=text.size
            )
        )
        claims.claim(tx, claims.DOCUMENT, document.id, {"text-1-1": text})
        emit(tx, self.agency, "document.changed", document.id)
        return document


def copy_world(template: World, source: Path, folder: Path) -> World:
    """The same world in another folder, its clock at noon again."""
    copy_home(source, folder)
    clock = SetClock(NOON)
    database, blobs = open_at(folder, clock), LocalBlobStore(folder / "blobs", folder / "work")
    return World(clock, database, blobs, TantivyIndex(folder / "index"), template.agency, dict(template.cases))


def make_world(folder: Path) -> World:
    """Fresh stores with the organisation and four cases."""
    clock = SetClock(NOON)
    database = make_database(folder, clock)
    with database.write() as tx:
        agency = load_organisation(tx, ORGANISATION)
        load_defaults(tx, agency)
    blobs = LocalBlobStore(folder / "blobs", folder / "work")
    (folder / "index").mkdir()
    world = World(clock, database, blobs, TantivyIndex(folder / "index"), agency)
    world.case("A-1", "T1", "anna")
    world.case("B-2", "T1", "bert")
    world.case("T-3", "T2")
    world.case("C-4", "T2", "carla")
    database.dispose()
    return world
