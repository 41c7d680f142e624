"""A small authority with closed cases and letters that came through the ledger, all with words to look for afterwards."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cache
from hashlib import sha256
from pathlib import Path
from uuid import UUID

from sqlalchemy import select

from archive.accesslog.models import LogRequest
from archive.blobs import claims
from archive.blobs.local import LocalBlobStore
from archive.blobs.port import BlobStore
from archive.fileplan import load_defaults
from archive.models import (
    CaseAlias,
    CaseFile,
    CaseRelation,
    ContentFile,
    DateCorrection,
    Document,
    DocumentGrant,
    DocumentVersion,
    Filing,
    Membership,
    Note,
    Page,
    Person,
    PersonAddress,
    PersonMark,
    PersonName,
)
from archive.numbers import number_key
from archive.pagetext import PageText, Word, encode
from core.actor import Actor
from core.audit.anchors import AnchorFile
from core.clock import SetClock
from core.database import Database, Transaction
from core.ids import new_id
from core.models import Job
from core.outbox import emit
from core.singletons import settle_index
from inbox.models import FollowUp, InboxItem, UndoableAct
from ingest.models import ItemPage, MailItem, Receipt, ReceiptPage, TransferNote
from organisation.actors import build_actor
from organisation.models import OrgUnit, RoleAssignment, ScanStation, User
from retention.disposal import Stores
from retention.export.case_export import Places
from retention.loading import load_schedule
from retention.pdf import Report
from search.indexing import Indexer
from search.tantivy_index import TantivyIndex
from tests.databases import open_at, rows_with
from tests.support import NOON, make_agency, make_database

PEOPLE = {
    "rita": "records_manager",
    "ralf": "records_manager",
    "arne": "archivist",
    "anna": "caseworker",
    "lena": "team_lead",
    "otto": "caseworker",
    "paula": "clearing",
}
TODAY = date(2026, 11, 24)


@dataclass
class World:
    """Everything a disposal needs; `home` is the data folder that must hold no canary afterwards."""

    home: Path
    clock: SetClock
    database: Database
    blobs: BlobStore
    index: TantivyIndex
    agency: UUID
    unit: UUID
    other_unit: UUID
    station: UUID
    canaries: list[str] = field(default_factory=list)
    disposal: BlobStore | None = None

    @property
    def stores(self) -> Stores:
        return Stores(self.database, self.disposal or self.blobs, self.index, self.catch_up, self.home / "certificates")

    def catch_up(self) -> int:
        """What the index is owed, as the installation's indexer does it."""
        return Indexer(self.database, self.blobs, self.index).catch_up()

    def settle_index(self) -> None:
        assert settle_index(self.database, self.catch_up)

    @property
    def places(self) -> Places:
        """Where an export goes; the folder for work is inside the data folder."""
        return Places(self.home.parent / "out", self.home / "work", AnchorFile(self.home / "anchors" / "audit.jsonl"))

    def actor(self, name: str) -> Actor:
        with self.database.read() as session:
            user = session.scalars(select(User).where(User.username == name)).one()
            return build_actor(session, user, TODAY)

    def canary(self, what: str) -> str:
        """A word that stands nowhere else."""
        word = f"Kanarie{what}{len(self.canaries)}q{sha256(f'{what}{len(self.canaries)}'.encode()).hexdigest()[:6]}"
        self.canaries.append(word)
        return word

    def hits(self, words: Sequence[str] | None = None) -> list[str]:
        """Where a canary still stands, any case: files of the data folder but for certificates (index terms too), rows."""
        found = rows_with(self.database, words or self.canaries)
        for path in self.home.rglob("*"):
            if path.is_file() and "certificates" not in path.parts:
                data = path.read_bytes().lower()
                found += [f"{path.name}:{w}" for w in (words or self.canaries) if w.lower().encode() in data]
        return found

    def later(self, **delta: float) -> None:
        self.clock.instant += timedelta(**delta)


def make_home(home: Path) -> None:
    """A data folder with the authority, its people, plan and schedule, and no case."""
    home.mkdir()
    database = make_database(home, SetClock(NOON))
    with database.write() as tx:
        agency = make_agency(tx)
        load_defaults(tx, agency)
        load_schedule(tx, agency)
        units = [OrgUnit(id=new_id(), agency_id=agency, code=f"T{n}", title=f"Team {n}", kind="team") for n in (1, 2)]
        tx.session.add_all(units)
        tx.session.flush()
        for name, role in PEOPLE.items():
            user = User(id=new_id(), agency_id=agency, username=name, display_name=f"{name.title()} Beispiel")
            tx.session.add(user)
            tx.session.flush()
            unit = units[1] if name == "otto" else units[0]
            tx.session.add(RoleAssignment(agency_id=agency, user_id=user.id, role=role, unit_id=unit.id))
        tx.session.add(ScanStation(id=new_id(), agency_id=agency, code="S1", unit_id=units[0].id))
    database.dispose()


def open_world(home: Path) -> World:
    """The world in a data folder that `make_home` made, or a copy of one."""
    clock = SetClock(NOON)
    database = open_at(home, clock)
    blobs = LocalBlobStore(home / "blobs", home / "work")
    with database.read() as session:
        units = session.scalars(select(OrgUnit).order_by(OrgUnit.code)).all()
        station = session.scalars(select(ScanStation.id)).one()
    ids = units[0].agency_id, units[0].id, units[1].id, station
    return World(home, clock, database, blobs, TantivyIndex(home / "index"), *ids)


def add_case(
    world: World, number: str, file_type: str = "LEIST", closed_on: date | None = date(2010, 5, 5),
    person: UUID | None = None,
) -> UUID:  # fmt: skip
    """A case with one member (a new person with canaries, unless given), a note, an alias, a reminder, a log request."""
    with world.database.write() as tx:
        anna = tx.session.scalars(select(User.id).where(User.username == "anna")).one()
        case = CaseFile(
            id=new_id(), agency_id=world.agency, file_number=number, number_key=number_key(number),
            file_plan_unit=file_type, bg_nummer=world.canary("bg"), bg_key=world.canary("bgkey"),
            org_unit_id=world.unit, responsible_user_id=anna, state="closed" if closed_on else "open",
            closed_on=closed_on, opened_on=date(2005, 1, 1), created_at=tx.now,
        )  # fmt: skip
        tx.session.add(case)
        tx.session.flush()
        tx.session.add(Membership(person_id=person or _person(world, tx), case_file_id=case.id))
        tx.session.add(Note(agency_id=world.agency, case_file_id=case.id, author_id=anna, text=world.canary("note"),
                            created_at=tx.now))  # fmt: skip
        tx.session.add(CaseAlias(agency_id=world.agency, case_file_id=case.id, alias=world.canary("alias"),
                                 number_key=world.canary("aliaskey"), kind="former"))  # fmt: skip
        tx.session.add(LogRequest(agency_id=world.agency, case_file_id=case.id, requested_by=anna, requested_at=tx.now,
                                  reason=world.canary("logreason")))  # fmt: skip
        tx.session.add(FollowUp(agency_id=world.agency, user_id=anna, case_file_id=case.id, due_on=TODAY,
                                text=world.canary("reminder")))  # fmt: skip
        return case.id


def relate(world: World, child: UUID, parent: UUID, kind: str = "refers_to") -> None:
    with world.database.write() as tx:
        tx.session.add(CaseRelation(case_file_id=child, other_case_file_id=parent, kind=kind))


def person_of(world: World, case: UUID) -> UUID:
    with world.database.read() as session:
        return session.scalars(select(Membership.person_id).where(Membership.case_file_id == case)).one()


def _person(world: World, tx: Transaction) -> UUID:
    person = Person(id=new_id(), agency_id=world.agency, customer_number=world.canary("customer"))
    person.customer_key, person.birth_date = person.customer_number, date(1980, 1, 1)
    tx.session.add(person)
    tx.session.flush()
    tx.session.add(PersonName(person_id=person.id, family_name=world.canary("family"), given_names=world.canary("given"),
                              family_key=world.canary("familykey")))  # fmt: skip
    tx.session.add(PersonAddress(person_id=person.id, street=world.canary("street"), postal_code="00811",
                                 city=world.canary("city")))  # fmt: skip
    tx.session.add(PersonMark(person_id=person.id, mark="protected_address"))
    return person.id


@cache
def _blank_pdf(length: int, pages: int) -> bytes:
    report = Report("x" * length, datetime(2020, 1, 1, tzinfo=UTC))
    for number in range(1, pages):
        report._pdf.add_page()
        report.paragraph(f"Seite {number + 1}")
    return report.to_bytes()


def letter_pdf(text: str, pages: int = 1) -> bytes:
    """A PDF/A whose title shows its text in plain bytes. Drawn once for each length: drawing is what costs."""
    plain = _blank_pdf(len(text), pages)
    changed = plain.replace(b"x" * len(text), text.encode())
    assert changed != plain
    return changed


@dataclass(frozen=True)
class Letter:
    """Ids and addresses of a letter."""

    document: UUID
    item: UUID
    receipt: UUID
    blobs: tuple[str, ...]


def add_letter(
    world: World, *targets: UUID | tuple[UUID, int, int], pages: int = 2, keyword: str | None = None,
    state: str = "filed", title: str | None = None,
) -> Letter:  # fmt: skip
    """A letter through the ledger into these cases (with page ranges), with everything that hangs on a record."""
    word = world.canary("word")
    master = world.blobs.put_bytes(f"%PDF-1.4 {word} {new_id()}".encode())
    batch = world.blobs.put_bytes(f"%PDF-1.4 batch {word} {new_id()}".encode())
    rendition = world.blobs.put_bytes(letter_pdf(word, pages))
    texts = [
        world.blobs.put_bytes(encode(PageText(100, 100, 300, 0, "t", (Word(f"{word}s{n}", (0, 0, 9, 9), 90, 0),))))
        for n in range(pages)
    ]
    filings = [one if isinstance(one, tuple) else (one, 1, pages) for one in targets]
    with world.database.write() as tx:
        anna = tx.session.scalars(select(User.id).where(User.username == "anna")).one()
        receipt = Receipt(
            id=new_id(), agency_id=world.agency, sha256=batch.sha256, size=batch.size, channel="station",
            station_id=world.station, idempotency_key=world.canary("key"), source_name=world.canary("file") + ".pdf",
            received_on=date(2009, 3, 1), received_on_source="told", accepted_at=tx.now, state="split",
            page_count=pages, final_at=tx.now, reasons=[{"code": "x", "text": world.canary("receiptreason")}],
        )  # fmt: skip
        tx.session.add(receipt)
        tx.session.flush()
        item = MailItem(
            id=new_id(), agency_id=world.agency, receipt_id=receipt.id, item_no=1, page_count=pages, state=state,
            master_sha256=master.sha256, master_media_type="application/pdf", master_size=master.size,
            case_file_id=filings[0][0] if filings else None, document_type="ATTEST", inbox="user:anna",
            sheet={"KEY": world.canary("sheet")}, final_at=tx.now,
            reasons=[{"code": "x", "text": world.canary("reason")}], evidence=[{"text": world.canary("evidence")}],
            candidates=[{"name": world.canary("candidate")}], notes=[{"text": world.canary("itemnote")}],
        )  # fmt: skip
        tx.session.add(item)
        tx.session.flush()
        document = Document(
            id=new_id(), agency_id=world.agency, mail_item_id=item.id, title=title or world.canary("title"),
            document_type="ATTEST", filed=bool(filings), received_on=date(2009, 3, 1), received_on_source="told",
            document_date=date(2009, 2, 27), sender=world.canary("sender")[:40], created_at=tx.now,
            org_unit_id=world.unit,
        )  # fmt: skip
        tx.session.add(document)
        item.document_id = document.id
        tx.session.flush()
        version = DocumentVersion(document_id=document.id, page_count=pages, rendition_conformance="pdfa-2b",
                                  created_at=tx.now)  # fmt: skip
        tx.session.add(version)
        tx.session.flush()
        claims.claim(tx, claims.RECEIPT, receipt.id, {"batch": batch})
        for role, blob in (("scan_master", master), ("rendition", rendition)):
            claims.claim(tx, claims.DOCUMENT, document.id, {role: blob})
            tx.session.add(ContentFile(version_id=version.id, role=role, sha256=blob.sha256,
                                       media_type="application/pdf", size=blob.size))  # fmt: skip
        for number, text in enumerate(texts, 1):
            claims.claim(tx, claims.DOCUMENT, document.id, {f"text-{number}": text})
            tx.session.add(Page(version_id=version.id, page_no=number, rendition_page_no=number,
                                text_sha256=text.sha256))  # fmt: skip
            tx.session.add(ItemPage(mail_item_id=item.id, page_no=number, text_sha256=text.sha256, read_at=tx.now,
                                    notes=[world.canary("pagenote")]))  # fmt: skip
            tx.session.add(ReceiptPage(receipt_id=receipt.id, page_no=number, kind="item", mail_item_id=item.id,
                                       item_page_no=number, image_sha256=text.sha256))  # fmt: skip
        for case, first, last in filings:
            highest = len(tx.session.scalars(select(Filing.id).where(Filing.case_file_id == case)).all())
            tx.session.add(
                Filing(agency_id=world.agency, document_id=document.id, case_file_id=case, page_from=first,
                       page_to=last, ordinal=highest + 1, filed_at=tx.now, keyword=keyword)
            )  # fmt: skip
            tx.session.flush()
        _work(world, tx, document.id, anna, filings[0][0] if filings else None)
        note = {"operator": world.canary("operator")}
        tx.session.add(TransferNote(agency_id=world.agency, document_id=document.id, mail_item_id=item.id, note=note,
                                    sha256="0" * 64, created_at=tx.now))  # fmt: skip
        tx.session.add(Job(agency_id=world.agency, kind="assemble", subject_id=item.id, state="done", created_at=tx.now,
                           payload={"name": world.canary("payload")}, last_error=world.canary("error")))  # fmt: skip
        emit(tx, world.agency, "document.changed", document.id)
        return Letter(document.id, item.id, receipt.id,
                      (master.sha256, batch.sha256, rendition.sha256, *(text.sha256 for text in texts)))  # fmt: skip


def _work(world: World, tx: Transaction, document: UUID, user: UUID, case: UUID | None) -> None:
    first = InboxItem(id=new_id(), agency_id=world.agency, inbox_kind="user", user_id=user, document_id=document,
                      case_file_id=case, state="done", reasons=[{"text": world.canary("inbox")}],
                      created_at=tx.now)  # fmt: skip
    tx.session.add(first)
    tx.session.flush()
    second = InboxItem(id=new_id(), agency_id=world.agency, inbox_kind="user", user_id=user, document_id=document,
                       case_file_id=case, previous_item_id=first.id, created_at=tx.now)  # fmt: skip
    tx.session.add(second)
    tx.session.flush()
    tx.session.add(UndoableAct(agency_id=world.agency, user_id=user, kind="file", inbox_item_id=first.id,
                               expected_version=1, payload={"x": world.canary("undo")}, at=tx.now))  # fmt: skip
    tx.session.add(FollowUp(agency_id=world.agency, user_id=user, inbox_item_id=second.id, document_id=document,
                            due_on=TODAY, text=world.canary("itemreminder")))  # fmt: skip
    tx.session.add(DocumentGrant(agency_id=world.agency, document_id=document, user_id=user, inbox_item_id=second.id))
    tx.session.add(Note(agency_id=world.agency, document_id=document, author_id=user, text=world.canary("docnote"),
                        created_at=tx.now))  # fmt: skip
    tx.session.add(DateCorrection(document_id=document, field="received_on", reason=world.canary("correction"),
                                  corrected_by=user, corrected_at=tx.now))  # fmt: skip


def stored(world: World) -> Iterator[str]:
    """Addresses in the blob store."""
    return (address for address, _ in world.blobs.all())
