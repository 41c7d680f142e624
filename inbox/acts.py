"""What people do with mail: take, done, forward, defer, file, refile, dismiss. Each act is one transaction and undoable.

Each act names the item's `version` that the person saw; another version means that somebody was faster (ItemChanged).
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
from archive.access import covers_visible, visible_case_files, worked_units
from archive.collective import file_in_collective
from archive.models import CaseFile, Document
from core.actor import Actor, Role
from core.audit import record_act
from core.database import Transaction
from core.errors import InvalidInput, NotAllowed, NotFound
from core.ids import new_id
from inbox import repository
from inbox.delivery import deliver_to_case, end_grants, hand_on
from inbox.errors import ItemChanged
from inbox.models import FollowUp, InboxItem, UndoableAct
from organisation.actors import build_actor, units_upwards, users_as
from organisation.models import OrgUnit, User

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
    row = _open_item(tx, actor, ref)
    if not row.document.filed:
        raise InvalidInput(
            "Das Schreiben liegt noch in keiner Akte. Bitte zuerst ablegen.", "the document is not filed yet"
        )
    _end(tx, actor, row.item, "done")
    end_grants(tx, row.item.id)
    _remember(tx, actor, "finish", row.item, {})
    record_act(
        tx, actor, "inbox.done", "inbox_item", row.item.id, case_file_id=row.item.case_file_id, document=row.document.id
    )
    return row.item


def take(tx: Transaction, actor: Actor, ref: ItemRef) -> InboxItem:
    """Mir zuweisen: a team item becomes a personal one of the actor."""
    row = _open_item(tx, actor, ref)
    if actor.user_id is None or row.item.inbox_kind != "team":
        raise InvalidInput("Nur Schreiben aus dem Teampostkorb lassen sich übernehmen.", "only team items can be taken")
    return _pass_on(tx, actor, row, "take", user_id=actor.user_id, unit_id=None)


def forward(tx: Transaction, actor: Actor, ref: ItemRef, *, to_user: str | None, to_unit: str | None) -> InboxItem:
    """Weiterleiten to a colleague or a team by name or code. They may read this document, not its whole case."""
    row = _open_item(tx, actor, ref)
    user_id = _worker(tx, actor, to_user) if to_user else None
    unit_id = _team(tx, actor, to_unit) if to_unit and not to_user else None
    if user_id is None and unit_id is None:
        raise InvalidInput(
            "Diese Person oder dieses Team gibt es nicht oder arbeitet nicht mit Post. Bitte wählen Sie neu.",
            "unknown recipient, or one without an inbox",
        )
    if not row.document.filed:
        row.document.clearing_scope = "forwarded"
    return _pass_on(tx, actor, row, "forward", user_id=user_id, unit_id=unit_id)


def defer(tx: Transaction, actor: Actor, ref: ItemRef, until: date, text: str = "") -> InboxItem:
    """Wiedervorlage or zurückstellen: out of sight until a day, with a reminder."""
    row = _open_item(tx, actor, ref)
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
    _remember(tx, actor, "defer", item, {"follow_up": str(follow_up.id)})
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
    row = _open_item(tx, actor, ref)
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
    _end(tx, actor, row.item, "done")
    end_grants(tx, row.item.id)
    delivered = deliver_to_case(tx, actor, row.document, case_file)
    _remember(
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
    row = _open_item(tx, actor, ref)
    if row.item.inbox_kind != "clearing" or row.document.filed:
        raise InvalidInput(
            "Nur Schreiben aus der Klärung lassen sich ohne Vorgang beenden.", "only items in clearing can be dismissed"
        )
    text = _dismissal_text(kind, reason)
    row.item.reasons = [*row.item.reasons, {"code": f"dismissed_{kind}", "text": text}]
    row.document.state = "dismissed"
    file_in_collective(tx, actor, row.document.id, tx.today.year)
    _end(tx, actor, row.item, "dismissed")
    _remember(tx, actor, "dismiss", row.item, {})
    record_act(tx, actor, "inbox.dismissed", "inbox_item", row.item.id, document=row.document.id, kind=kind)
    return row.item


def _dismissal_text(kind: str, reason: str) -> str:
    if kind not in DISMISSALS:
        raise InvalidInput("Wählen Sie, was mit dem Schreiben ist.", "unknown kind of dismissal")
    if not reason.strip():
        raise InvalidInput("Bitte geben Sie eine Begründung an.", "a reason is needed")
    if len(reason.strip()) > LONGEST_REASON:
        raise InvalidInput(f"Die Begründung ist zu lang. Höchstens {LONGEST_REASON} Zeichen.", "the reason is too long")
    return f"{DISMISSALS[kind]}: {reason.strip()}"


def _pass_on(
    tx: Transaction, actor: Actor, row: repository.Row, kind: str, *, user_id: UUID | None, unit_id: UUID | None
) -> InboxItem:
    following = hand_on(tx, row.item, row.document, user_id=user_id, unit_id=unit_id)
    _end(tx, actor, row.item, "forwarded")
    end_grants(tx, row.item.id)
    _remember(tx, actor, kind, row.item, {"delivered": str(following.id)})
    record_act(
        tx, actor, f"inbox.{kind}", "inbox_item", row.item.id, case_file_id=row.item.case_file_id,
        document=row.document.id, to_user=user_id, to_unit=unit_id,
    )  # fmt: skip
    return following


def _worker(tx: Transaction, actor: Actor, username: str) -> UUID | None:
    """An active person who works from an inbox: an item must not lie where nobody opens it."""
    user = tx.session.scalar(
        select(User).where(User.agency_id == actor.agency_id, User.username == username, User.active)
    )
    if user is None or not build_actor(tx.session, user, tx.today).has(Role.CASEWORKER, Role.TEAM_LEAD):
        return None
    return user.id


def _team(tx: Transaction, actor: Actor, code: str) -> UUID | None:
    """An active unit with at least one active person who works from its inbox."""
    found = tx.session.scalar(
        select(OrgUnit.id).where(OrgUnit.agency_id == actor.agency_id, OrgUnit.code == code, OrgUnit.active)
    )
    if found is None:
        return None
    above = units_upwards(tx.session, found)  # who works for a unit holds a role there, or leads it from above
    for user in users_as(tx.session, above, Role.CASEWORKER, Role.TEAM_LEAD):
        if found in worked_units(build_actor(tx.session, user, tx.today)):
            return found
    return None


def _open_item(tx: Transaction, actor: Actor, ref: ItemRef) -> repository.Row:
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


def _end(tx: Transaction, actor: Actor, item: InboxItem, state: str) -> None:
    item.state, item.finished_at, item.finished_by = state, tx.now, actor.id
    item.version += 1


def _remember(tx: Transaction, actor: Actor, kind: str, item: InboxItem, payload: dict[str, Any]) -> None:
    if actor.user_id is None:
        raise NotAllowed
    tx.session.add(
        UndoableAct(
            id=new_id(), agency_id=actor.agency_id, user_id=actor.user_id, kind=kind, inbox_item_id=item.id,
            expected_version=item.version, payload=payload, at=tx.now,
        )
    )  # fmt: skip
