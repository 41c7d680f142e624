"""Opening records: access first, then the look in the audit log, then the content. No audit, no content.

The look is one short INSERT before the first byte leaves (`core.audit.looking`).
"""

from __future__ import annotations

from collections.abc import Sequence, Set
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import BinaryIO
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from archive import repository
from archive.access import (
    PageRange,
    require_document,
    visible_case_files,
    visible_filings,
    visible_pages,
)
from archive.blobs.port import BlobStore, missing
from archive.models import (
    CaseFile,
    ContentFile,
    Document,
    DocumentVersion,
    Filing,
    Membership,
    Note,
    Page,
    Person,
    PersonAddress,
    PersonName,
)
from archive.pagetext import PageText, decode
from core.actor import Actor
from core.audit import Seen, look
from core.clock import agency_date
from core.database import Database
from core.errors import NotFound

MASTER = "scan_master"
RENDITION = "rendition"


@dataclass(frozen=True, slots=True)
class OpenedDocument:
    """A document with what `actor` may read of it. `pages` are only the visible ones."""

    document: Document
    version: DocumentVersion
    pages: Sequence[Page]
    filings: Sequence[Filing]
    case_files: Sequence[CaseFile]
    notes: Sequence[Note]
    whole: bool

    @property
    def page_count(self) -> int:
        """How many pages may be read; how many there are otherwise stays unsaid."""
        return self.version.page_count if self.whole else len(self.pages)

    @property
    def last_page(self) -> int:
        """The number of the last page that may be read; whether more follow stays unsaid."""
        return self.version.page_count if self.whole else max((page.page_no for page in self.pages), default=0)


@dataclass(frozen=True, slots=True)
class OpenedContent:
    """Bytes ready to be sent: their address (a strong ETag), size, media type and a plain name, and how to get them.

    `vouched`: written by us, so that a browser may show them; received bytes are only ever downloaded.
    """

    store: BlobStore
    sha256: str
    size: int
    media_type: str
    filename: str = ""
    vouched: bool = False

    def stream(self, start: int = 0, length: int | None = None) -> BinaryIO:
        """The bytes, or a part of them, to be read once. Raises BlobMissing when they vanished meanwhile."""
        return self.store.open(self.sha256, start, length)

    def local_copy(self) -> AbstractContextManager[Path]:
        """The bytes as a read-only file while the context lasts, for children that draw or convert."""
        return self.store.local_copy(self.sha256)


@dataclass(frozen=True, slots=True)
class MemberFacts:
    """A person of a case as its cover shows it."""

    membership: Membership
    person: Person
    name: PersonName | None
    address: PersonAddress | None


@dataclass(frozen=True, slots=True)
class OpenedCase:
    """A case file's cover with its active filings, newest first, and their documents."""

    case_file: CaseFile
    members: Sequence[MemberFacts]
    filings: Sequence[tuple[Filing, Document]]
    total: int
    notes: Sequence[Note]


def open_document(database: Database, actor: Actor, document_id: UUID) -> OpenedDocument:
    """The document's data and page list. Raises NotFound when it is not there or not visible."""
    today = agency_date(database.clock.now())
    with database.read() as session:
        opened = _opened_document(session, actor, document_id, today)
    _look(database, actor, "document", "document", document_id, opened.case_files)
    return opened


def open_page_text(database: Database, store: BlobStore, actor: Actor, document_id: UUID, page_no: int) -> PageText:
    """The text of a page of the master. Raises NotFound; a page that was never read is empty."""
    today = agency_date(database.clock.now())
    with database.read() as session:
        opened = _opened_document(session, actor, document_id, today)
    page = _page(opened, page_no)
    _look(database, actor, "text", "document", document_id, opened.case_files)
    if page.text_sha256 is None:
        return PageText(page.width, page.height, page.dpi, page.rotation, "none", ())
    with store.open(page.text_sha256) as file:
        return decode(file.read())


def open_text(database: Database, store: BlobStore, actor: Actor, document_id: UUID) -> str:
    """The text of the rendition's pages, separated by form feeds (blank pages are not in the rendition)."""
    today = agency_date(database.clock.now())
    with database.read() as session:
        opened = _opened_document(session, actor, document_id, today)
    _look(database, actor, "text", "document", document_id, opened.case_files)
    texts = []
    for page in opened.pages:
        if page.rendition_page_no is None or page.text_sha256 is None:
            continue
        with store.open(page.text_sha256) as file:
            texts.append(decode(file.read()).text())
    return "\f".join(texts)


def open_content(database: Database, store: BlobStore, actor: Actor, document_id: UUID, role: str) -> OpenedContent:
    """The bytes of the current version in a role. Whole files only for those who may read every page."""
    today = agency_date(database.clock.now())
    with database.read() as session:
        opened = _opened_document(session, actor, document_id, today)
        content = repository.content_file(session, opened.version.id, role)
        if content is None and role == RENDITION:
            content = repository.content_file(session, opened.version.id, MASTER)
    if not opened.whole or content is None:
        raise NotFound
    opened_bytes = _stored(store, content)
    _look(database, actor, "content", "document", document_id, opened.case_files)
    filename = f"{document_id}{_suffix(content)}"
    return replace(opened_bytes, filename=filename, vouched=content.role == RENDITION)


def open_page_image(
    database: Database, store: BlobStore, actor: Actor, document_id: UUID, page_no: int
) -> OpenedContent:
    """The master whose page is to be drawn, and permission to draw that page. Raises NotFound."""
    today = agency_date(database.clock.now())
    with database.read() as session:
        opened = _opened_document(session, actor, document_id, today)
        content = repository.content_file(session, opened.version.id, MASTER)
    _page(opened, page_no)
    if content is None:
        raise NotFound
    opened_bytes = _stored(store, content)
    _look(database, actor, "page", "document", document_id, opened.case_files)
    return opened_bytes


def open_case(database: Database, actor: Actor, number: str, limit: int = 100, before: int | None = None) -> OpenedCase:
    """A case file by its number in any spelling. `before` = ordinal of the last filing shown (keyset paging)."""
    today = agency_date(database.clock.now())
    with database.read() as session:
        named = require_case_named(session, actor, number, today)
        opened = _opened_case(session, named, limit, before)
    _look(database, actor, "case", "case_file", opened.case_file.id, [opened.case_file])
    return opened


def require_case_named(session: Session, actor: Actor, number: str, on: date) -> CaseFile:
    """The one visible case with this number, in any spelling, or with a number that it had before. Raises NotFound.

    Cases that the actor may not see do not even make a spelling ambiguous.
    """
    ids = [one.id for one in repository.case_files_named(session, actor.agency_id, number)]
    found = session.scalars(select(CaseFile).where(CaseFile.id.in_(ids), visible_case_files(actor, on))).all()
    if len(found) != 1:
        raise NotFound
    return found[0]


def look_at_covers(database: Database, actor: Actor, case_file_ids: Sequence[UUID]) -> None:
    """Log that covers (number, names, birth date) are about to be shown, as candidates or hits."""
    look(database, actor, "cover", [Seen("case_file", one, one) for one in case_file_ids])


def _opened_document(session: Session, actor: Actor, document_id: UUID, on: date) -> OpenedDocument:
    document = require_document(session, actor, document_id, on)
    version = repository.current_version(session, document_id)
    if version is None:
        raise NotFound
    ranges = visible_pages(session, actor, document_id, on)
    filings = session.scalars(
        select(Filing)
        .where(Filing.document_id == document_id, visible_filings(actor, on))
        .order_by(Filing.filed_at, Filing.id)
    ).all()
    case_files = session.scalars(
        select(CaseFile).where(CaseFile.id.in_({one.case_file_id for one in filings}), visible_case_files(actor, on))
    ).all()
    pages = [page for page in repository.pages(session, version.id) if _readable(page.page_no, ranges)]
    whole = ranges is None or len(pages) == version.page_count
    notes = _notes(session, actor, document_id, {one.id for one in case_files}, whole)
    return OpenedDocument(document, version, pages, filings, case_files, notes, whole)


def _notes(session: Session, actor: Actor, document_id: UUID, visible: Set[UUID], whole: bool) -> list[Note]:
    """Notes on the document: those of visible cases, one's own, and general ones for whoever reads every page.

    A letter may concern several cases; what one case's people noted on it is not for the others. A note of a case that
    no longer holds the document has become a general one.
    """
    rows = session.scalars(select(Note).where(Note.document_id == document_id).order_by(Note.created_at, Note.id)).all()
    holding = {filing.case_file_id for filing in repository.active_filings(session, document_id)}
    return [
        note
        for note in rows
        if note.author_id == actor.user_id
        or note.case_file_id in visible
        or (whole and note.case_file_id not in holding)
    ]


def _opened_case(session: Session, case_file: CaseFile, limit: int, before: int | None) -> OpenedCase:
    active = select(Filing, Document).join(Document, Document.id == Filing.document_id)
    active = active.where(Filing.case_file_id == case_file.id, Filing.ended_at.is_(None), Document.state == "active")
    total = session.scalar(select(func.count()).select_from(active.subquery())) or 0
    page = active if before is None else active.where(Filing.ordinal < before)
    filings = [(filing, document) for filing, document in session.execute(
        page.order_by(Filing.ordinal.desc()).limit(limit))]  # fmt: skip
    on_case = select(Note).where(Note.case_file_id == case_file.id, Note.document_id.is_(None))
    notes = session.scalars(on_case.order_by(Note.created_at, Note.id)).all()
    return OpenedCase(case_file, _members(session, case_file.id), filings, total, notes)


def _members(session: Session, case_file_id: UUID) -> list[MemberFacts]:
    rows = session.execute(
        select(Membership, Person)
        .join(Person, Person.id == Membership.person_id)
        .where(Membership.case_file_id == case_file_id)
        .order_by(Membership.valid_until.is_not(None), Membership.role, Membership.id)
    )
    return [
        MemberFacts(
            membership,
            person,
            session.scalars(
                select(PersonName)
                .where(PersonName.person_id == person.id)
                .order_by(PersonName.valid_until.is_not(None), PersonName.id)
            ).first(),
            session.scalars(
                select(PersonAddress)
                .where(PersonAddress.person_id == person.id)
                .order_by(PersonAddress.valid_until.is_not(None), PersonAddress.id)
            ).first(),
        )
        for membership, person in rows
    ]


def _page(opened: OpenedDocument, page_no: int) -> Page:
    for page in opened.pages:
        if page.page_no == page_no:
            return page
    raise NotFound


def _readable(page_no: int, ranges: Sequence[PageRange] | None) -> bool:
    return ranges is None or any(pages.first <= page_no <= pages.last for pages in ranges)


def _stored(store: BlobStore, content: ContentFile) -> OpenedContent:
    """The content, known to be there: what is missing must not be logged as seen."""
    if not store.exists(content.sha256):
        raise missing(content.sha256)
    return OpenedContent(store, content.sha256, content.size, content.media_type)


def _suffix(content: ContentFile) -> str:
    return {"application/pdf": ".pdf", "image/jpeg": ".jpg", "image/png": ".png", "image/tiff": ".tif"}.get(
        content.media_type, ""
    )


def _look(
    database: Database, actor: Actor, what: str, kind: str, object_id: UUID, case_files: Sequence[CaseFile]
) -> None:
    look(database, actor, what, [Seen(kind, object_id, case_files[0].id if case_files else None)])
