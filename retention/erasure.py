"""Erasing one case file from the database, in parts. Bytes, index and log follow after commit.

`strike` is the moment of destruction: from that transaction on the case and the documents whose last filing is in it are
gone for everybody (`archive.access` decides that by the case's state); nobody sees, finds, files or holds them. It writes
one row, however large the case is. The documents go after it, some in each transaction (`erase_part`), the rest of the
case last (`erase_rest`). Each may run again.

Destroyed with the case: its filings, and every document whose last filing goes (versions, pages, notes, corrections,
inbox items, grants, jobs, ledger traces, claims on bytes); memberships, and persons who belong to no other case; aliases,
grants, notes, follow-ups, holds, recorded triggers, requests for its
access log. A document that is filed elsewhere stays there, whole; only what the way in noted about this case goes.

What stays: an empty row of the case and of each document, so that ids in the audit log, the ledger and in relations of
other cases still lead somewhere; the audit events (ids, no contents, I6); the object on its disposal list.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, delete, exists, func, literal, or_, select, update
from sqlalchemy.orm import Session

from archive.accesslog.models import LogRequest
from archive.blobs import claims
from archive.models import (
    BlobClaim,
    CaseAlias,
    CaseFile,
    CaseGrant,
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
from archive.repository import merged_ids
from core.database import Base, Transaction
from core.models import Job
from core.outbox import emit
from inbox.models import FollowUp, InboxItem, UndoableAct
from retention import ledger
from retention.models import DisposalHold, TriggerFact

DESTROYED = "destroyed"


PART: Final = 10


@dataclass(frozen=True, slots=True)
class Erased:
    """Documents that went, as the certificate lists them; addresses of bytes given up; how many documents stay because
    they are filed elsewhere too.
    """

    documents: Sequence[dict[str, Any]]
    released: Sequence[str]
    surviving: int


def ledger_busy(tx: Transaction, case_file_id: UUID) -> bool:
    """Whether a batch that holds a letter of this case is still being worked on: its bytes can't go yet."""
    here = Filing.case_file_id.in_(merged_ids(tx.session, case_file_id)), Filing.ended_at.is_(None)
    return ledger.unfinished(tx, select(Filing.document_id).where(*here))


def strike(tx: Transaction, case_file_id: UUID) -> None:
    """Destroy the case: from this transaction on it is closed to everybody and everything.

    Decides nothing and asks nobody: `retention.disposal` checked holds, period, appraisal and approval in this same
    transaction. What remains as filings of the case are its documents, until `erase_part` took them.
    """
    for one in merged_ids(tx.session, case_file_id):
        _empty_case(tx, one)


def erase_part(tx: Transaction, case_file_id: UUID) -> Erased | None:
    """Take the next documents of a struck case: erase those whose last filing is in it, let go of those that are filed
    elsewhere too, forget those that were here once. None when there is none left.
    """
    here = Filing.case_file_id.in_(merged_ids(tx.session, case_file_id))
    part = list(
        tx.session.scalars(select(Filing.document_id).where(here).distinct().order_by(Filing.document_id).limit(PART))
    )
    if not part:
        return None
    last, surviving = _documents(tx.session, here, part)
    documents = [_described(tx.session, one) for one in last]
    ledger.settle(tx, _states(tx.session, last))
    _erase_inbox(tx, list(tx.session.scalars(select(InboxItem.id).where(InboxItem.document_id.in_(last)))), last)
    _empty_documents(tx, last)
    released = _erase_documents(tx, last)
    tx.session.execute(delete(Filing).where(here, Filing.document_id.in_(part)))
    for one in surviving:
        ledger.forget_case(tx, one, _remaining_case(tx.session, one))
    for one in (*last, *surviving):
        emit(tx, _agency_of(tx, case_file_id), "document.changed", one)
    return Erased(documents, sorted(set(released)), len(surviving))


def erase_rest(tx: Transaction, case_file_id: UUID) -> int:
    """Erase what hangs on the struck case itself; returns how many persons went. Idempotent.

    At the end, once for each case, the index is asked for erasure, which may be a rebuild: also where only number and
    names went.
    """
    case_ids = merged_ids(tx.session, case_file_id)
    _end_deliveries(tx, case_ids)
    persons = _erase_people(tx, case_ids)
    for model in (CaseAlias, CaseGrant, CaseRelation, Note, DisposalHold, TriggerFact, LogRequest):
        tx.session.execute(delete(model).where(model.case_file_id.in_(case_ids)))
    emit(tx, _agency_of(tx, case_file_id), "document.destroyed", case_file_id)
    return persons


def left_over(session: Session, case_file_id: UUID, document_ids: Sequence[UUID]) -> list[str]:
    """Rows that still hold something of a destroyed case or its documents, as `table`; empty when erased."""
    found = [
        _table(model)
        for model in (
            CaseAlias,
            CaseGrant,
            CaseRelation,
            Note,
            DisposalHold,
            TriggerFact,
            LogRequest,
            Filing,
            Membership,
            FollowUp,
        )
        if session.scalar(select(exists().where(model.case_file_id == case_file_id)))
    ]
    by_document = (DocumentVersion, DateCorrection, DocumentGrant, Note, InboxItem, FollowUp, TriggerFact)
    found += [
        _table(model)
        for model in by_document
        if session.scalar(select(exists().where(model.document_id.in_(document_ids))))
    ]
    active = select(Document.id).where(
        Document.id.in_(document_ids), or_(Document.state != DESTROYED, Document.title != "")
    )
    found += ["document"] if session.scalars(active.limit(1)).first() else []
    claimed = select(BlobClaim.id).where(BlobClaim.owner_type == claims.DOCUMENT, BlobClaim.owner_id.in_(document_ids))
    found += ["blob_claim"] if session.scalars(claimed.limit(1)).first() else []
    case_file = session.get(CaseFile, case_file_id)
    if case_file is not None and (case_file.state != DESTROYED or case_file.bg_nummer is not None):
        found.append("case_file")
    return sorted({*found, *ledger.traces(session, document_ids)})


def _documents(session: Session, here: ColumnElement[bool], part: Sequence[UUID]) -> tuple[list[UUID], list[UUID]]:
    """Which of these documents have their last active filing here, and which are actively filed elsewhere too."""
    active = select(Filing.document_id).where(Filing.document_id.in_(part), Filing.ended_at.is_(None))
    mine, elsewhere = set(session.scalars(active.where(here))), set(session.scalars(active.where(~here)))
    return sorted(mine - elsewhere), sorted(mine & elsewhere)


def _states(session: Session, ids: Sequence[UUID]) -> dict[UUID, str]:
    query = select(Document.id, Document.state).where(Document.id.in_(ids))
    return dict(session.execute(query).all())


def _remaining_case(session: Session, document_id: UUID) -> UUID | None:
    """A case that the document still lies in; None when its other filing was taken back meanwhile."""
    query = select(Filing.case_file_id).where(Filing.document_id == document_id, Filing.ended_at.is_(None))
    return session.scalars(query.order_by(Filing.id).limit(1)).first()


def _described(session: Session, document_id: UUID) -> dict[str, Any]:
    """Id, page count and hashes of a document: what the certificate may say of it."""
    versions = session.scalars(
        select(DocumentVersion).where(DocumentVersion.document_id == document_id).order_by(DocumentVersion.number)
    ).all()
    files = session.execute(
        select(ContentFile.role, ContentFile.sha256)
        .where(ContentFile.version_id.in_([version.id for version in versions]))
        .order_by(ContentFile.role, ContentFile.sha256)
    )
    return {
        "id": str(document_id),
        "versions": len(versions),
        "pages": versions[-1].page_count if versions else 0,
        "files": [{"role": role, "sha256": sha256} for role, sha256 in files],
    }


def _erase_documents(tx: Transaction, ids: Sequence[UUID]) -> list[str]:
    versions = list(tx.session.scalars(select(DocumentVersion.id).where(DocumentVersion.document_id.in_(ids))))
    tx.session.execute(delete(Page).where(Page.version_id.in_(versions)))
    tx.session.execute(delete(ContentFile).where(ContentFile.version_id.in_(versions)))
    for model in (DocumentVersion, DateCorrection, DocumentGrant, Note, TriggerFact):
        tx.session.execute(delete(model).where(model.document_id.in_(ids)))
    items = ledger.items_of(tx, ids)
    released = ledger.erase(tx, ids, items)
    for one in ids:
        released += claims.release(tx, claims.DOCUMENT, one)
    tx.session.execute(delete(Job).where(Job.subject_id.in_([*ids, *items])))
    return released


def _empty_documents(tx: Transaction, ids: Sequence[UUID]) -> None:
    tx.session.execute(
        update(Document)
        .where(Document.id.in_(ids))
        .values(
            state=DESTROYED, title="", document_type="", sender=None, filed=False, filed_at=None, document_date=None,
            document_date_source=None, effective_received_on=None, effective_received_on_source=None, posted_on=None,
            org_unit_id=None, station_unit_id=None, version=Document.version + 1,
        )
    )  # fmt: skip


def _erase_inbox(tx: Transaction, items: Sequence[UUID], document_ids: Sequence[UUID]) -> None:
    """Items of destroyed documents go, with what hangs on them."""
    _let_go(tx, items, FollowUp.document_id.in_(document_ids))
    tx.session.execute(update(InboxItem).where(InboxItem.previous_item_id.in_(items)).values(previous_item_id=None))
    tx.session.execute(delete(InboxItem).where(InboxItem.id.in_(items)))


def _end_deliveries(tx: Transaction, case_ids: Sequence[UUID]) -> None:
    """Items by which a surviving document was delivered for this case stay, ended, without naming it: that it was
    delivered stays true. What hangs on them goes.
    """
    items = list(tx.session.scalars(select(InboxItem.id).where(InboxItem.case_file_id.in_(case_ids))))
    finished = func.coalesce(InboxItem.finished_at, literal(tx.now, InboxItem.finished_at.type))
    tx.session.execute(
        update(InboxItem)
        .where(InboxItem.id.in_(items))
        .values(case_file_id=None, state="done", reasons=[], finished_at=finished)
    )
    _let_go(tx, items, FollowUp.case_file_id.in_(case_ids))


def _let_go(tx: Transaction, items: Sequence[UUID], reminders: ColumnElement[bool]) -> None:
    tx.session.execute(delete(UndoableAct).where(UndoableAct.inbox_item_id.in_(items)))
    tx.session.execute(delete(FollowUp).where(or_(FollowUp.inbox_item_id.in_(items), reminders)))
    tx.session.execute(delete(DocumentGrant).where(DocumentGrant.inbox_item_id.in_(items)))


def _erase_people(tx: Transaction, case_ids: Sequence[UUID]) -> int:
    """End the memberships; persons who belong to no other case, also not formerly, go."""
    members = set(tx.session.scalars(select(Membership.person_id).where(Membership.case_file_id.in_(case_ids))))
    tx.session.execute(delete(Membership).where(Membership.case_file_id.in_(case_ids)))
    elsewhere = set(tx.session.scalars(select(Membership.person_id).where(Membership.person_id.in_(members))))
    gone = sorted(members - elsewhere)
    for model in (PersonName, PersonAddress, PersonMark):
        tx.session.execute(delete(model).where(model.person_id.in_(gone)))
    tx.session.execute(delete(Person).where(Person.id.in_(gone)))
    return len(gone)


def _empty_case(tx: Transaction, case_file_id: UUID) -> None:
    placeholder = f"destroyed-{case_file_id}"
    tx.session.execute(
        update(CaseFile)
        .where(CaseFile.id == case_file_id)
        .values(
            state=DESTROYED, file_number=placeholder, number_key=placeholder, bg_nummer=None, bg_key=None,
            responsible_user_id=None, opened_on=None, closed_on=None, version=CaseFile.version + 1,
        )
    )  # fmt: skip


def _agency_of(tx: Transaction, case_file_id: UUID) -> UUID:
    return tx.session.get_one(CaseFile, case_file_id).agency_id


def _table(model: type[Base]) -> str:
    return str(model.__tablename__)
