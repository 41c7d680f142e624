"""Step "assemble": render, tag, route, file or clear, deliver. Document, inbox item, audit and outbox are one commit.

Everything expensive happens before the transaction. If the register changed meanwhile (the case was closed), filing
raises Conflict and the step is repeated with the new state. Killed anywhere, it starts again and ends the same, once.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from sqlalchemy.orm import Session

from archive import repository as archive
from archive import service as records
from archive.blobs import claims
from archive.blobs.port import BlobStore, StoredBlob
from archive.models import CaseFile, ContentFile, Document, DocumentVersion, Page
from archive.pagetext import PageText, decode
from core import jobs
from core.actor import Actor, system_actor
from core.audit import record_act
from core.database import Database, Transaction
from core.ids import new_id
from core.jobs import LeasedJob
from core.outbox import emit
from core.progress import ahead, paced
from inbox.delivery import Clearing, deliver_to_case, deliver_to_clearing, end_grants
from inbox.listing import inbox_name
from inbox.models import InboxItem
from inbox.repository import open_items_of_document
from ingest import repository
from ingest.judging import Judgement, judge
from ingest.models import ItemPage, MailItem, Receipt, TransferNote
from ingest.outcomes import finish_receipt
from ingest.rendition import RenditionInfo, RenditionPage, RenditionResult, render
from ingest.transfer_note import NotedPage, NoteFacts, note_hash, transfer_note
from organisation.models import ScanStation


@dataclass(frozen=True, slots=True)
class Workshop:
    """What a step works with; renditions are made below `folder`."""

    database: Database
    store: BlobStore
    folder: Path


@dataclass(frozen=True, slots=True)
class Work:
    """What the step knows before it computes."""

    item: MailItem
    receipt: Receipt
    pages: Sequence[ItemPage]
    station: ScanStation | None


@dataclass(frozen=True, slots=True)
class Made:
    """What the step computed and stored outside the transaction. `contents`: bytes that the version holds, by role, and
    their media types; `texts`: those of its pages, by number; `again`: see `claims.revived`.
    """

    judgement: Judgement
    result: RenditionResult
    contents: Mapping[str, tuple[StoredBlob, str]]
    texts: Mapping[int, StoredBlob]
    again: claims.Revived


PageContent = tuple[PageText, StoredBlob | None]


def assemble(database: Database, store: BlobStore, work_folder: Path, job: LeasedJob) -> None:
    """Make the record of a mail item whose pages are all read, and lay it before the right people."""
    with database.read() as session:
        work = _load(session, job.subject_id)
    texts = [_text(store, page) for page in paced(work.pages)]
    with store.local_copy(work.item.master_sha256 or "") as master:
        made = make(Workshop(database, store, work_folder), work, master, texts)
    ahead(len(texts))
    with database.write() as tx:
        work = _load(tx.session, job.subject_id)
        if work.item.state == "in_work" and all(page.read_at for page in work.pages):
            commit(tx, work, made)
        jobs.finish(tx, job)


def station_of(session: Session, receipt: Receipt) -> ScanStation | None:
    """The station that a receipt came from, if one did."""
    return session.get(ScanStation, receipt.station_id) if receipt.station_id else None


def make(shop: Workshop, work: Work, master: Path, texts: Sequence[PageContent]) -> Made:
    """Judge the item, render it and store the rendition. `master`: a copy of the item's master; `texts`: what was read,
    page by page. Changes no row.
    """
    ahead(len(texts))
    with shop.database.read() as session:
        judgement = judge(session, work.receipt, work.item, [text for text, _ in texts])
    result, rendition = _render(shop, work, master, [text for text, _ in texts], judgement)
    contents = {"scan_master": (_master(work.item), work.item.master_media_type or "")}
    if rendition is not None:
        contents["rendition"] = rendition, "application/pdf"
    stored = {page.page_no: blob for page, (_, blob) in zip(work.pages, texts, strict=True) if blob is not None}
    put = [blob for blob, _ in contents.values()]
    again = claims.revived(shop.database, shop.store, [*put, *stored.values()])
    return Made(judgement, result, contents, stored, again)


def _load(session: Session, item_id: UUID) -> Work:
    item = session.get_one(MailItem, item_id)
    receipt = session.get_one(Receipt, item.receipt_id)
    return Work(item, receipt, repository.item_pages(session, item_id), station_of(session, receipt))


def _text(store: BlobStore, page: ItemPage) -> PageContent:
    if page.text_sha256 is None:
        return PageText(page.width, page.height, page.dpi, page.rotation, "none", ()), None
    with store.open(page.text_sha256) as file:
        data = file.read()
    return decode(data), StoredBlob(page.text_sha256, len(data))


def _master(item: MailItem) -> StoredBlob:
    return StoredBlob(item.master_sha256 or "", item.master_size or 0)


def _render(
    shop: Workshop, work: Work, master: Path, texts: Sequence[PageText], judgement: Judgement
) -> tuple[RenditionResult, StoredBlob | None]:
    shown = [
        RenditionPage(page.page_no, text) for page, text in zip(work.pages, texts, strict=True) if _shown(work, page)
    ]
    info = RenditionInfo(title=judgement.title, created=work.receipt.accepted_at)
    with tempfile.TemporaryDirectory(dir=shop.folder, prefix="render-") as temporary:
        out = Path(temporary) / "rendition.pdf"
        result = render(master, shown, out, info)
        return result, shop.store.put_bytes(out.read_bytes()) if result.conformance != "none" else None


def _shown(work: Work, page: ItemPage) -> bool:
    return not page.blank or len(work.pages) == 1


def commit(tx: Transaction, work: Work, made: Made) -> None:
    """Write the record of an item: its document, version and pages, its place, its inbox, and what tells of it."""
    if _settled(tx, work):
        return
    actor = system_actor(work.item.agency_id)
    # Rows go out where others refer to them: a flush at each question costs more than they do.
    with tx.session.no_autoflush:
        document, number = _document(tx, work, made.judgement)
        _version(tx, work, document, number, made)
        if number == 1:  # the note is of the first reading, and stays
            _note(tx, work, document, made)
        inbox_item = _place(tx, actor, document, made.judgement)
        _finish_item(tx, work, document, made.judgement, inbox_name(tx.session, inbox_item))
    record_act(
        tx, actor, "item.assembled", "mail_item", work.item.id, case_file_id=made.judgement.case_file_id,
        document=document.id, version=number, state=made.judgement.state,
    )  # fmt: skip
    emit(tx, work.item.agency_id, "document.changed", document.id)
    finish_receipt(tx, work.receipt)


def _settled(tx: Transaction, work: Work) -> bool:
    """A person filed or dismissed the letter while it was read once more: their decision stands."""
    document = tx.session.get(Document, work.item.document_id) if work.item.document_id else None
    if document is None or not repository.decided(document):
        return False
    work.item.state, work.item.final_at = "clearing", tx.now  # what it was before; the document tells the rest
    finish_receipt(tx, work.receipt)
    return True


def _document(tx: Transaction, work: Work, judgement: Judgement) -> tuple[Document, int]:
    """The item's document, made or brought up to date, and the number of its next version."""
    document, number = tx.session.get(Document, work.item.document_id) if work.item.document_id else None, 1
    if document is None:
        document = Document(id=new_id(), agency_id=work.item.agency_id, mail_item_id=work.item.id, created_at=tx.now)
        document.received_on = work.receipt.received_on
        document.received_on_source = work.receipt.received_on_source
        tx.session.add(document)
    else:
        latest = archive.current_version(tx.session, document.id)
        number = latest.number + 1 if latest else 1
        for waiting in open_items_of_document(tx.session, document.id):
            waiting.state, waiting.finished_at, waiting.version = "withdrawn", tx.now, waiting.version + 1
            end_grants(tx, waiting.id)
    document.title, document.document_type = judgement.title, judgement.document_type
    document.direction = judgement.direction
    document.station_unit_id = work.station.unit_id if work.station else None
    document.document_date = judgement.document_date
    document.document_date_source = "letter" if judgement.document_date else None
    document.effective_received_on = judgement.effective_received_on
    document.effective_received_on_source = "stamp" if judgement.effective_received_on else None
    document.sender = judgement.sender
    tx.session.flush()
    return document, number


def _version(tx: Transaction, work: Work, document: Document, number: int, made: Made) -> None:
    """The version with its contents and pages. The document claims their bytes, the item no longer needs any."""
    version = DocumentVersion(
        id=new_id(), document_id=document.id, number=number, page_count=len(work.pages),
        rendition_conformance=made.result.conformance, rendition_reason=made.result.reason, created_at=tx.now,
    )  # fmt: skip
    tx.session.add(version)
    tx.session.flush()
    wanted = {f"{role}-{number}": blob for role, (blob, _) in made.contents.items()}
    wanted |= {f"text-{number}-{page_no}": blob for page_no, blob in made.texts.items()}
    claims.claim(tx, claims.DOCUMENT, document.id, wanted, made.again)
    claims.release(tx, claims.MAIL_ITEM, work.item.id)
    tx.session.add_all(
        ContentFile(version_id=version.id, role=role, sha256=blob.sha256, media_type=media_type, size=blob.size)
        for role, (blob, media_type) in made.contents.items()
    )
    shown = 0
    for page in work.pages:
        visible = _shown(work, page)
        shown += visible
        tx.session.add(_page(version, page, shown if visible else None))


def _page(version: DocumentVersion, page: ItemPage, shown: int | None) -> Page:
    return Page(
        version_id=version.id, page_no=page.page_no, rendition_page_no=shown, text_sha256=page.text_sha256,
        image_sha256=page.image_sha256, width=page.width, height=page.height, dpi=page.dpi,
        rotation=page.rotation, blank=page.blank, confidence=page.confidence,
    )  # fmt: skip


def _note(tx: Transaction, work: Work, document: Document, made: Made) -> None:
    note = transfer_note(
        NoteFacts(
            document_id=document.id, receipt_id=work.receipt.id, item_no=work.item.item_no,
            station=work.station.code if work.station else None, operator=work.receipt.operator,
            channel=work.receipt.channel, received_on=work.receipt.received_on, accepted_at=work.receipt.accepted_at,
            processed_at=tx.now, master_sha256=work.item.master_sha256 or "",
            rendition_sha256=made.contents["rendition"][0].sha256 if "rendition" in made.contents else None,
            conformance=made.result.conformance,
            conformance_reason=made.result.reason,
            pages=[
                NotedPage(page.page_no, page.image_sha256, page.blank, page.rotation, page.dpi, page.engine,
                          page.confidence, page.notes)
                for page in work.pages
            ],
            anomalies=[str(note["code"]) for note in work.item.notes],
        )
    )  # fmt: skip
    tx.session.add(
        TransferNote(
            agency_id=document.agency_id, document_id=document.id, mail_item_id=work.item.id, note=note,
            sha256=note_hash(note), created_at=tx.now,
        )
    )  # fmt: skip


def _place(tx: Transaction, actor: Actor, document: Document, judgement: Judgement) -> InboxItem:
    if judgement.state == "filed" and judgement.case_file_id is not None:
        case_file = tx.session.get_one(CaseFile, judgement.case_file_id)
        target = records.FilingTarget(case_file.id, judgement.keyword)
        records.file_document(tx, actor, document.id, target)
        return deliver_to_case(tx, actor, document, case_file)
    clearing = Clearing(judgement.clearing_scope, judgement.clearing_unit_id, judgement.reasons)
    return deliver_to_clearing(tx, actor, document, clearing)


def _finish_item(tx: Transaction, work: Work, document: Document, judgement: Judgement, inbox: str) -> None:
    item = work.item
    item.state = judgement.state
    item.document_id = document.id
    item.case_file_id = judgement.case_file_id
    item.document_type, item.keyword = judgement.document_type, judgement.keyword
    item.inbox = inbox
    item.confidence = judgement.confidence
    item.reasons, item.evidence = list(judgement.reasons), list(judgement.evidence)
    item.candidates = list(judgement.candidates)
    item.blank_pages = [page.page_no for page in work.pages if page.blank]
    item.final_at = tx.now
