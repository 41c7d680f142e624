"""A small agency for route tests: the demo organisation, three cases, letters made by hand, the real application."""

from __future__ import annotations

import atexit
import re
import shutil
import tempfile
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from argon2 import PasswordHasher
from fastapi.testclient import TestClient
from httpx import Response
from sqlalchemy import select

from api.app import create_app
from api.context import Context
from archive import service as records
from archive.blobs.local import LocalBlobStore
from archive.fileplan import load_defaults
from archive.models import CaseFile, Document, DocumentVersion, Page
from archive.pagetext import PageText, Word, encode
from archive.register_import import HEADER, import_register
from core.actor import system_actor
from core.audit.anchors import AnchorFile
from core.clock import SetClock
from core.database import Database
from core.ids import new_id
from core.settings import Settings
from core.yaml_data import load_yaml
from inbox.delivery import Clearing, deliver_to_case, deliver_to_clearing
from inbox.models import InboxItem
from ingest.models import MailItem, Receipt
from organisation.loading import load_organisation
from organisation.models import User
from tests.databases import copy_home, kept, open_at, settings_at
from tests.support import NOON, make_database
from web.router import routers

ORG = Path(__file__).parents[2] / "eakte" / "demo" / "data" / "org.yaml"
PASSWORD = "richtig-und-lang-genug"
HASH = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
"""Cheap to check: people sign in some thousand times in these tests, and a hash says itself what it costs."""
TODAY = date(2026, 11, 24)
NUMBERS = {"dirks": "99801//0004711", "harms": "99801//0004712", "gerdes": "99801//0004713"}
# Dirks: Nommen (Leistung 1) · Harms: the team Leistung 1 · Gerdes: Clausbrook in the other Sozialzentrum
REGISTER = (
    "99801//0004711,LEIST,99801//0004711,123A456789,Dirks,Anna,1991-05-12,Lindenweg 12,00811,Halvesund,SZ-HAL-L1,tnommen",
    "99801//0004712,LEIST,99801//0004712,123A456790,Harms,Uwe,1968-02-03,Markt 3,00811,Halvesund,SZ-HAL-L1,",
    "99801//0004713,LEIST,99801//0004713,123A456791,Gerdes,Ida,1980-01-11,Deich 1,00815,Hollmersiel,SZ-HOL-L,pclausbrook",
)


class NoSearch:
    """A search that finds what a test told it to."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.found: dict[str, Any] = {"total": 0, "results": [], "facets": {}, "understood": "", "next_cursor": None}

    def ready(self) -> bool:
        return True

    def answer(self, actor: object, text: str, *, limit: int = 20, cursor: str | None = None) -> dict[str, Any]:
        self.asked.append(text)
        return self.found


class WhitePage:
    """Draws nothing: the isolated child has its own tests."""

    def page(self, path: str, page_no: int, width: int, rotation: int) -> bytes:
        return b"RIFF"


@dataclass
class Room:
    """The agency and its application."""

    database: Database
    clock: SetClock
    agency_id: UUID
    blobs: LocalBlobStore
    settings: Settings
    search: NoSearch
    app: Any
    cases: dict[str, UUID] = field(default_factory=dict)

    def client(self, user: str = "") -> TestClient:
        """A browser, signed in when `user` is given."""
        client = TestClient(self.app, base_url="http://testserver", follow_redirects=False)
        if user:
            answer = client.post("/anmelden", data={"benutzer": user, "passwort": PASSWORD})
            assert answer.status_code == 303, answer.text
        return client

    def document(self, tx: Any, title: str = "Mitteilung", **values: Any) -> Document:
        """An unfiled document of two pages with text."""
        document = Document(
            id=new_id(), agency_id=self.agency_id, title=title, document_type="MITTEILUNG", received_on=TODAY,
            received_on_source="told", created_at=tx.now, **values,
        )  # fmt: skip
        version = DocumentVersion(id=new_id(), document_id=document.id, page_count=2, created_at=tx.now)
        tx.session.add(document)
        tx.session.flush()
        tx.session.add(version)
        tx.session.flush()
        words = (Word("Sehr", (10, 10, 90, 40), 95, 0), Word("gehrte", (100, 10, 190, 40), 30, 0))
        blob = self.blobs.put_bytes(encode(PageText(1000, 1400, 150, 0, "test", words)))
        for number in (1, 2):
            tx.session.add(
                Page(
                    version_id=version.id, page_no=number, rendition_page_no=number, width=1000, height=1400, dpi=150,
                    text_sha256=blob.sha256,
                )
            )  # fmt: skip
        tx.session.flush()
        return document

    def filed(self, case: str, title: str = "Mitteilung") -> UUID:
        """A letter filed in a case and delivered; its inbox item."""
        with self.database.write() as tx:
            document = self.document(tx, title)
            actor = system_actor(self.agency_id)
            records.file_document(tx, actor, document.id, records.FilingTarget(self.cases[case]))
            case_file = tx.session.get_one(CaseFile, self.cases[case])
            return deliver_to_case(tx, actor, document, case_file).id

    def unclear(
        self,
        title: str = "Unklar",
        candidates: Any = (),
        evidence: Any = (),
        scope: str = "general",
        unit_id: UUID | None = None,
    ) -> UUID:
        """A letter in clearing with what was read on it; its inbox item."""
        with self.database.write() as tx:
            document = self.document(tx, title)
            receipt = Receipt(
                id=new_id(), agency_id=self.agency_id, sha256="0" * 64, size=1, channel="station",
                idempotency_key=str(new_id()), received_on=TODAY, received_on_source="told", accepted_at=tx.now,
                state="split",
            )  # fmt: skip
            tx.session.add(receipt)
            tx.session.flush()
            mail = MailItem(
                id=new_id(), agency_id=self.agency_id, receipt_id=receipt.id, item_no=1, page_count=2,
                state="clearing", document_id=document.id, candidates=list(candidates), evidence=list(evidence),
            )  # fmt: skip
            tx.session.add(mail)
            document.mail_item_id = mail.id
            reason = {"code": "several_cases", "text": "Das Schreiben passt zu mehreren Akten."}
            actor = system_actor(self.agency_id)
            return deliver_to_clearing(tx, actor, document, Clearing(scope, unit_id, [reason])).id

    def item(self, item_id: UUID) -> InboxItem:
        """The row as it is now."""
        with self.database.read() as session:
            return session.get_one(InboxItem, item_id)

    def items_of(self, item_id: UUID) -> list[InboxItem]:
        """All items of the same document."""
        with self.database.read() as session:
            item = session.get_one(InboxItem, item_id)
            query = (
                select(InboxItem)
                .where(InboxItem.document_id == item.document_id)
                .order_by(InboxItem.created_at, InboxItem.id)
            )
            return list(session.scalars(query))


@cache
def _prepared() -> tuple[Path, UUID]:
    """An installation with organisation, file plan and register, made once per test run."""
    folder = Path(tempfile.mkdtemp())
    atexit.register(shutil.rmtree, folder)
    with kept():
        database = make_database(folder)
        with database.write() as tx:
            agency_id = load_organisation(tx, load_yaml(ORG.read_text("utf-8")))
            load_defaults(tx, agency_id)
            tx.session.flush()
            data = "\n".join((",".join(HEADER), *REGISTER)).encode()
            import_register(tx, system_actor(agency_id), data)
            for user in tx.session.scalars(select(User)):
                user.password_hash = HASH
        database.dispose()
        return folder, agency_id


def make_room(folder: Path) -> Room:
    """A fresh agency in `folder`."""
    template, agency_id = _prepared()
    settings = settings_at(copy_home(template, folder))
    clock = SetClock(NOON)
    database = open_at(folder, clock)
    blobs = LocalBlobStore(settings.blob_folder, settings.work_folder)
    with database.read() as session:
        found = {case.file_number: case.id for case in session.scalars(select(CaseFile))}
    search = NoSearch()
    anchors = AnchorFile(settings.anchor_file)
    context = Context(settings, database, blobs, search, WhitePage(), agency_id, anchors)  # type: ignore[arg-type]
    cases = {name: found[number] for name, number in NUMBERS.items()}
    return Room(database, clock, agency_id, blobs, settings, search, create_app(context, routers()), cases)


def fields(page: str, action: str) -> dict[str, str]:
    """The hidden fields of the form that posts to `action`, as a browser without JavaScript would send them."""
    found = re.search(rf'<form[^>]*action="{re.escape(action)}"[^>]*>(.*?)</form>', page, re.DOTALL)
    assert found, f"no form for {action}"
    hidden = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', found[1])
    return dict(hidden)


def csrf_of(client: TestClient) -> str:
    """The token that the pages of this session carry."""
    return fields(client.get("/einstellungen").text, "/einstellungen")["csrf"]


def post(client: TestClient, path: str, htmx: bool = False, **data: str) -> Response:
    """A form as a browser sends it: from the first version, unless told otherwise."""
    form = {"csrf": csrf_of(client), "version": "1", "kennung": str(uuid4()), **data}
    answer: Response = client.post(path, data=form, headers={"HX-Request": "true"} if htmx else {})
    return answer


def undo_of(page: str) -> str:
    """Where the page's "Rückgängig" leads."""
    return next(part for part in page.split('"') if part.startswith("/aktionen/"))
