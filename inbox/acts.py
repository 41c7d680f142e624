"""What people do with mail: done, defer, file, refile, dismiss. Each act is one transaction and undoable.

Each act names the item's `version` that the person saw; another version means that somebody was faster (ItemChanged).
Passing mail on to others is `inbox.passing`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import select

from archive import repository as archive
from archive import service as records
from archive.access import covers_visible, visible_case_files
from archive.collective import file_in_collective
from archive.models import CaseFile, Document
from core.actor import Actor, Role
from core.audit import record_act
from core.database import Transaction
from core.errors import InvalidInput, NotAllowed, NotFound
from core.ids import new_id
from inbox import repository
from inbox.delivery import deliver_to_case, end_grants
from inbox.errors import ItemChanged
from inbox.models import FollowUp, InboxItem, UndoableAct

LONGEST_REASON = 400
# Why mail belongs to no case -> how its reason begins in the ledger.
DISMISSALS: Mapping[str, str] = {
    "advertising": "Werbung",
    "misdirected": "Irrläufer, weitergeleitet an",
    "returned": "Zurück an Absender",
    "duplicate": "Doppelt",
}


@dataclass(frozen=True, slots=True)
class ItemRef:
    """An item as the person saw it."""

    item_id: UUID
    version: int


@dataclass(frozen=True, slots=True)
class FileInto:
    """Where a document goes: the case's number in any spelling (or its id), keyword, and what the person corrected."""

    case_number: str | None = None
    case_file_id: UUID | None = None
    keyword: str | None = None
    document_type: str | None = None
    received_on: date | None = None


def finish(tx: Transaction, actor: Actor, ref: ItemRef) -> InboxItem:
    """Erledigt: the item leaves the inbox; the document stays in its file."""
    row = open_item(tx, actor, ref)
    if not row.document.filed:
        raise InvalidInput(
            "Das Schreiben liegt noch in keiner Akte. Bitte zuerst ablegen.", "the document is not filed yet"
        )
    end_item(tx, actor, row.item, "done")
    end_grants(tx, row.item.id)
    remember(tx, actor, "finish", row.item, {})
    record_act(
        tx, actor, "inbox.done", "inbox_item", row.item.id, case_file_id=row.item.case_file_id, document=row.document.id
    )
    return row.item


def defer(tx: Transaction, actor: Actor, ref: ItemRef, until: date, text: str = "") -> InboxItem:
    """Wiedervorlage or zurückstellen: out of sight until a day, with a reminder."""
    row = open_item(tx, actor, ref)
    if until <= tx.today:
        raise InvalidInput("Die Wiedervorlage muss in der Zukunft liegen.", "the follow-up must lie in the future")
    if actor.user_id is None:
        raise NotAllowed
    item = row.item
    item.state, item.deferred_until, item.version = "deferred", until, item.version + 1
    follow_up = FollowUp(
        id=new_id(), agency_id=actor.agency_id, user_id=actor.user_id, inbox_item_id=item.id,
        document_id=item.document_id, case_file_id=item.case_file_id, due_on=until, text=text.strip(),
    )  # fmt: skip
    tx.session.add(follow_up)
    remember(tx, actor, "defer", item, {"follow_up": str(follow_up.id)})
    record_act(
        tx, actor, "inbox.deferred", "inbox_item", item.id, case_file_id=item.case_file_id, until=until,
        document=row.document.id,
    )  # fmt: skip
    return item


def file_item(tx: Transaction, actor: Actor, ref: ItemRef, into: FileInto) -> InboxItem:
    """Ablegen: from clearing, or from an inbox, into a case; a document filed elsewhere before moves.

    Returns the item that was delivered to the case's people. A clearing clerk may file into cases whose contents they
    cannot read, a caseworker only into visible ones; sealed cases look as if they were not there.
    """
    row = open_item(tx, actor, ref)
    case_file = _target_case(tx, actor, into)
    before = _correctable(row.document)
    _apply_corrections(tx, actor, row.document, into, case_file)
    ended = [filing.id for filing in archive.active_filings(tx.session, row.document.id)
             if filing.case_file_id == row.item.case_file_id]  # fmt: skip
    for filing_id in ended:
        records.end_filing(tx, actor, filing_id, "moved")
    filing = records.file_document(
        tx,
        actor,
        row.document.id,
        records.FilingTarget(case_file.id, into.keyword or _default_keyword(tx, row.document, case_file)),
    )
    end_item(tx, actor, row.item, "done")
    end_grants(tx, row.item.id)
    delivered = deliver_to_case(tx, actor, row.document, case_file)
    remember(
        tx, actor, "file", row.item,
        {"filing": str(filing.id), "delivered": str(delivered.id), "ended": [str(one) for one in ended],
         "before": before},
    )  # fmt: skip
    return delivered


def dismiss(tx: Transaction, actor: Actor, ref: ItemRef, kind: str, reason: str) -> InboxItem:
    """Kein Vorgang: end a letter in clearing that belongs to no case. `kind` is one of DISMISSALS, `reason` free text.

    The ledger counts it as rejected with that reason, search drops it, and the post room loses sight of it: only who
    clears such mail can still read it, by its address, to answer for what they did. It lies in the year's collective
    file from now on and goes with it (`archive.collective`). The audit event holds the kind, not the text. Raises
    InvalidInput.
    """
    row = open_item(tx, actor, ref)
    if row.item.inbox_kind != "clearing" or row.document.filed:
        raise InvalidInput(
            "Nur Schreiben aus der Klärung lassen sich ohne Vorgang beenden.", "only items in clearing can be dismissed"
        )
    text = _dismissal_text(kind, reason)
    row.item.reasons = [*row.item.reasons, {"code": f"dismissed_{kind}", "text": text}]
    row.document.state = "dismissed"
    file_in_collective(tx, actor, row.document.id, tx.today.year)
    end_item(tx, actor, row.item, "dismissed")
    remember(tx, actor, "dismiss", row.item, {})
    record_act(tx, actor, "inbox.dismissed", "inbox_item", row.item.id, document=row.document.id, kind=kind)
    return row.item


def _dismissal_text(kind: str, reason: str) -> str:
    if kind not in DISMISSALS:
        raise InvalidInput("Wählen Sie, was mit dem Schreiben ist.", "unknown kind of dismissal")
    return f"{DISMISSALS[kind]}: {checked_reason(reason)}"


def checked_reason(reason: str) -> str:
    """The reason without blanks around it. Raises InvalidInput when there is none, or a novel."""
    text = reason.strip()
    if not text:
        raise InvalidInput("Bitte geben Sie eine Begründung an.", "a reason is needed")
    if len(text) > LONGEST_REASON:
        raise InvalidInput(f"Die Begründung ist zu lang. Höchstens {LONGEST_REASON} Zeichen.", "the reason is too long")
    return text


def open_item(tx: Transaction, actor: Actor, ref: ItemRef) -> repository.Row:
    """The item that an act works on. Raises NotFound, and ItemChanged when it is no longer as the person saw it."""
    row = repository.visible_item(tx.session, actor, ref.item_id, tx.today)
    if row is None:
        raise NotFound
    if row.item.version != ref.version or row.item.state not in ("open", "deferred"):
        raise ItemChanged
    return row


def _target_case(tx: Transaction, actor: Actor, into: FileInto) -> CaseFile:
    allowed = covers_visible(actor, tx.today)
    if not actor.has(Role.CLEARING):
        allowed = visible_case_files(actor, tx.today)
    found: Sequence[CaseFile] = ()
    if into.case_file_id is not None:
        found = tx.session.scalars(select(CaseFile).where(CaseFile.id == into.case_file_id, allowed)).all()
    elif into.case_number:
        ids = [case.id for case in archive.case_files_by_number(tx.session, actor.agency_id, into.case_number)]
        found = tx.session.scalars(select(CaseFile).where(CaseFile.id.in_(ids), allowed)).all()
    if len(found) > 1:
        raise InvalidInput(
            "Unter dieser Nummer gibt es mehrere Akten. Bitte geben Sie das vollständige Aktenzeichen an.",
            "the number names several case files",
        )
    if not found:
        raise NotFound
    return found[0]


def _correctable(document: Document) -> dict[str, str]:
    """What filing may correct, as it is: taking the filing back takes the corrections back."""
    return {
        "document_type": document.document_type, "title": document.title,
        "received_on": document.received_on.isoformat(), "received_on_source": document.received_on_source,
    }  # fmt: skip


def _apply_corrections(
    tx: Transaction, actor: Actor, document: Document, into: FileInto, case_file: CaseFile
) -> None:  # fmt: skip
    if into.document_type and into.document_type != document.document_type:
        kind = archive.document_type(tx.session, actor.agency_id, into.document_type)
        if kind is None:
            raise InvalidInput("Diese Dokumentart gibt es nicht.", "unknown document type")
        document.document_type, document.title = kind.code, kind.title
    if into.received_on and into.received_on != document.received_on:
        records.correct_date(tx, actor, document.id, "received_on", into.received_on, "Klärung", case_file.id)


def _default_keyword(tx: Transaction, document: Document, case_file: CaseFile) -> str | None:
    kind = archive.document_type(tx.session, document.agency_id, document.document_type)
    return kind.keyword if kind and kind.file_type == case_file.file_plan_unit else None


def end_item(tx: Transaction, actor: Actor, item: InboxItem, state: str) -> None:
    """The item leaves its inbox; its version tells whoever comes later."""
    item.state, item.finished_at, item.finished_by = state, tx.now, actor.id
    item.version += 1


def remember(tx: Transaction, actor: Actor, kind: str, item: InboxItem, payload: dict[str, Any]) -> None:
    """Keep what undo needs. Raises NotAllowed: machines take nothing back."""
    if actor.user_id is None:
        raise NotAllowed
    tx.session.add(
        UndoableAct(
            id=new_id(), agency_id=actor.agency_id, user_id=actor.user_id, kind=kind, inbox_item_id=item.id,
            expected_version=item.version, payload=payload, at=tx.now,
        )
    )  # fmt: skip
