"""Use cases of the system of record: filing, ending a filing, closing and reopening, notes, date corrections, cases.

Each function works inside the caller's transaction, checks access first, and writes its audit event there. Moving mail
between inboxes belongs to `inbox`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import delete, select, update

from archive import repository
from archive.access import require_case_file, require_document
from archive.blobs.claims import look_at_locks, look_at_locks_of_case
from archive.models import (
    CaseAlias,
    CaseFile,
    CaseGrant,
    CaseRelation,
    DateCorrection,
    Document,
    DocumentVersion,
    Filing,
    Membership,
    Note,
    Person,
    PersonAddress,
    PersonMark,
    PersonName,
)
from archive.names import name_key
from archive.numbers import number_key
from core.actor import Actor, Role
from core.audit import record_act
from core.clock import agency_date
from core.database import Transaction
from core.errors import Conflict, InvalidInput, NotAllowed, NotFound
from core.ids import new_id
from core.outbox import emit

CORRECTABLE_DATES = ("received_on", "effective_received_on", "document_date", "posted_on")


@dataclass(frozen=True, slots=True)
class FilingTarget:
    """Where pages of a document go: a case, a keyword of its file type (or None), pages from 1 (None = all)."""

    case_file_id: UUID
    keyword: str | None = None
    page_from: int | None = None
    page_to: int | None = None


def file_document(tx: Transaction, actor: Actor, document_id: UUID, target: FilingTarget) -> Filing:
    """Make a filing. Does not check that `actor` may see the case: the caller did (a person) or routing decided.

    The same pages in the same case again return the existing filing. Raises Conflict for a case that is not open and
    InvalidInput for a page range or a keyword that does not exist.
    """
    document = tx.session.get(Document, document_id)
    case_file = tx.session.get(CaseFile, target.case_file_id)
    version = repository.current_version(tx.session, document_id)
    if document is None or case_file is None or version is None:
        raise NotFound
    if case_file.state != "open":
        raise Conflict(
            "Die Akte ist geschlossen. Das Schreiben wurde nicht abgelegt. Öffnen Sie die Akte wieder oder wählen Sie "
            "eine andere.",
            "the case file is not open",
            code="case_closed",
        )
    first, last = _page_range(target, version)
    _require_keyword(tx, case_file, target.keyword)
    for filing in repository.active_filings(tx.session, document_id):
        if (filing.case_file_id, filing.page_from, filing.page_to) == (case_file.id, first, last):
            return filing
    filing = Filing(
        id=new_id(),
        agency_id=document.agency_id,
        document_id=document_id,
        case_file_id=case_file.id,
        keyword=target.keyword,
        page_from=first,
        page_to=last,
        ordinal=repository.next_ordinal(tx.session, case_file.id),
        filed_at=tx.now,
        filed_by=actor.id,
    )
    tx.session.add(filing)
    document.filed, document.filed_at = True, document.filed_at or tx.now
    document.version += 1
    case_file.version += 1
    record_act(
        tx, actor, "document.filed", "document", document_id, case_file_id=case_file.id, filing=filing.id,
        keyword=target.keyword, pages=[first, last],
    )  # fmt: skip
    look_at_locks(tx, [document_id])
    emit(tx, document.agency_id, "document.changed", document_id)
    return filing


def end_filing(tx: Transaction, actor: Actor, filing_id: UUID, reason: str) -> None:
    """Take a filing back (misfiled, filed elsewhere). History stays; the document is unfiled when no filing is left.

    Idempotent: an ended filing stays as it is. The case's people lose sight of the document with this transaction.
    """
    filing = tx.session.get(Filing, filing_id)
    if filing is None:
        raise NotFound
    if filing.ended_at is not None:
        return
    filing.ended_at, filing.ended_by, filing.ended_reason = tx.now, actor.id, reason
    document = tx.session.get_one(Document, filing.document_id)
    tx.session.flush()
    if not repository.active_filings(tx.session, document.id):
        document.filed, document.filed_at = False, None
    document.version += 1
    record_act(
        tx, actor, "document.filing_ended", "document", document.id, case_file_id=filing.case_file_id,
        filing=filing.id, reason=reason,
    )  # fmt: skip
    look_at_locks(tx, [document.id])
    emit(tx, document.agency_id, "document.changed", document.id)


def close_case(tx: Transaction, actor: Actor, case_file_id: UUID, on: date | None = None, reason: str = "") -> CaseFile:
    """zdA: close the case on a day (default today, never in the future). Starts the retention clock.

    A reason is kept as a note of the case.
    """
    case_file = _case_for_work(tx, actor, case_file_id)
    closed_on = on or agency_date(tx.now)
    if closed_on > agency_date(tx.now):
        raise InvalidInput("Das Datum liegt in der Zukunft. Die Akte wurde nicht geschlossen.", "date in the future")
    if case_file.state != "open":
        raise Conflict("Die Akte ist schon geschlossen.", "the case file is closed already", code="case_closed")
    case_file.state, case_file.closed_on = "closed", closed_on
    case_file.version += 1
    if reason.strip():
        add_note(tx, actor, reason, case_file_id=case_file.id)
    record_act(tx, actor, "case.closed", "case_file", case_file.id, case_file_id=case_file.id, on=closed_on)
    look_at_locks_of_case(tx, case_file.id)
    emit(tx, case_file.agency_id, "case_file.changed", case_file.id)
    return case_file


def reopen_case(tx: Transaction, actor: Actor, case_file_id: UUID, reason: str, on: date | None = None) -> CaseFile:
    """Open a closed case again; leads only, with a reason. The retention clock stops until it is closed again.

    `on`: the day of that order (default today), neither in the future nor before the case was closed.
    """
    if not actor.has(Role.TEAM_LEAD):
        raise NotAllowed
    if not reason.strip():
        raise InvalidInput("Bitte geben Sie an, warum die Akte wieder geöffnet wird.", "a reason is needed")
    case_file = _case_for_work(tx, actor, case_file_id)
    if case_file.state != "closed":
        raise Conflict("Die Akte ist nicht geschlossen.", "the case file is not closed", code="case_open")
    today, previous = agency_date(tx.now), case_file.closed_on
    reopened_on = on or today
    if reopened_on > today or (previous is not None and reopened_on < previous):
        raise InvalidInput(
            "Eine Akte wird frühestens am Tag ihrer Schließung und nicht in der Zukunft wieder geöffnet.",
            "the day lies before the closing or in the future",
        )
    case_file.state, case_file.closed_on = "open", None
    case_file.version += 1
    add_note(tx, actor, reason, case_file_id=case_file.id)
    record_act(
        tx, actor, "case.reopened", "case_file", case_file.id, case_file_id=case_file.id, closed_on_before=previous,
        on=reopened_on,
    )  # fmt: skip
    look_at_locks_of_case(tx, case_file.id)
    emit(tx, case_file.agency_id, "case_file.changed", case_file.id)
    return case_file


def add_note(
    tx: Transaction, actor: Actor, text: str, *, document_id: UUID | None = None, case_file_id: UUID | None = None
) -> Note:
    """Write a note on a document or a case that `actor` may see."""
    today = agency_date(tx.now)
    if actor.user_id is None or not actor.has(Role.CASEWORKER, Role.TEAM_LEAD, Role.CLEARING):
        raise NotAllowed
    if not text.strip():
        raise InvalidInput("Die Notiz ist leer.", "the note is empty")
    if document_id is not None:
        require_document(tx.session, actor, document_id, today)
    if case_file_id is not None:
        require_case_file(tx.session, actor, case_file_id, today)
    note = Note(
        id=new_id(),
        agency_id=actor.agency_id,
        document_id=document_id,
        case_file_id=case_file_id,
        author_id=actor.user_id,
        text=text.strip(),
        created_at=tx.now,
    )
    tx.session.add(note)
    target = ("document", document_id) if document_id else ("case_file", case_file_id)
    record_act(tx, actor, "note.added", target[0], target[1], case_file_id=case_file_id, note=note.id)
    return note


def correct_date(
    tx: Transaction, actor: Actor, document_id: UUID, field: str, value: date | None, reason: str,
    case_file_id: UUID | None = None,
) -> None:  # fmt: skip
    """Correct a date of a document; both values and the reason are kept (DESIGN "Dates are many and have a source").

    `case_file_id`: the case in whose log the correction stands.
    """
    document = require_document(tx.session, actor, document_id, agency_date(tx.now))
    if not actor.has(Role.CASEWORKER, Role.TEAM_LEAD, Role.CLEARING):
        raise NotAllowed
    if field not in CORRECTABLE_DATES or (field == "received_on" and value is None):
        raise InvalidInput("Dieses Datum kann nicht geändert werden.", "this date cannot be corrected")
    if not reason.strip():
        raise InvalidInput("Bitte geben Sie einen Grund für die Änderung an.", "a reason is needed")
    if value is not None and value > agency_date(tx.now):
        raise InvalidInput("Das Datum liegt in der Zukunft.", "date in the future")
    tx.session.add(
        DateCorrection(
            document_id=document.id,
            field=field,
            old_value=getattr(document, field),
            new_value=value,
            reason=reason.strip(),
            corrected_by=actor.user_id,
            corrected_at=tx.now,
        )
    )
    setattr(document, field, value)
    if field != "posted_on":
        setattr(document, f"{field}_source", "person")
    document.version += 1
    record_act(
        tx,
        actor,
        "document.date_corrected",
        "document",
        document.id,
        case_file_id=case_file_id,
        field=field,
        value=value,
    )
    emit(tx, document.agency_id, "document.changed", document.id)


def open_provisional_case(tx: Transaction, actor: Actor, file_type: str, org_unit_id: UUID) -> CaseFile:
    """Open a case without a number yet (new applicant). Merged later by number; its number survives as an alias."""
    plan = repository.file_plan_unit(tx.session, actor.agency_id, file_type)
    if plan is None or plan.kind != "file_type":
        raise InvalidInput("Diese Aktenart gibt es nicht.", "unknown file type")
    case_id = new_id()
    number = f"VORL-{case_id.hex[-10:].upper()}"
    case_file = CaseFile(
        id=case_id,
        agency_id=actor.agency_id,
        file_number=number,
        number_key=number_key(number),
        file_plan_unit=file_type,
        org_unit_id=org_unit_id,
        secrecy_class=plan.secrecy_class or "SOZ",
        provisional=True,
        opened_on=agency_date(tx.now),
        created_at=tx.now,
    )
    tx.session.add(case_file)
    tx.session.flush()
    record_act(tx, actor, "case.opened_provisionally", "case_file", case_id, case_file_id=case_id)
    return case_file


@dataclass(frozen=True, slots=True)
class NewPerson:
    """A person who is not in the register yet."""

    family_name: str
    given_names: str
    birth_date: date | None = None


def add_person(tx: Transaction, actor: Actor, case_file_id: UUID, new: NewPerson) -> Person:
    """Note a new person as head of a case that the caller opened. Raises InvalidInput without a name."""
    if not new.family_name.strip() or not new.given_names.strip():
        raise InvalidInput("Bitte geben Sie Vor- und Nachnamen an.", "a name is needed")
    person = Person(id=new_id(), agency_id=actor.agency_id, birth_date=new.birth_date)
    tx.session.add(person)
    tx.session.flush()
    family, given = new.family_name.strip(), new.given_names.strip()
    tx.session.add(PersonName(person_id=person.id, family_name=family, given_names=given, family_key=name_key(family)))
    tx.session.add(Membership(person_id=person.id, case_file_id=case_file_id, role="head", valid_from=tx.today))
    tx.session.flush()
    record_act(tx, actor, "person.added", "person", person.id, case_file_id=case_file_id)
    return person


def merge_provisional(tx: Transaction, actor: Actor, provisional_id: UUID, target_id: UUID) -> None:
    """Move everything of a provisional case into the real one; old number, dates and links survive as an alias.

    Grants end: they were given for the provisional case, and nobody decided that they open the other one.
    """
    source = _case_for_work(tx, actor, provisional_id)
    target = _case_for_work(tx, actor, target_id)
    if not source.provisional or source.merged_into_id is not None or target.provisional:
        raise Conflict("Diese Akten können nicht zusammengeführt werden.", "these case files cannot be merged")
    if target.state != "open":
        raise Conflict("Die Zielakte ist geschlossen. Bitte zuerst wieder öffnen.", "the target case file is closed")
    _move_filings(tx, source, target)
    _move_members(tx, source, target)
    for table, column in (
        (Note, Note.case_file_id),
        (CaseAlias, CaseAlias.case_file_id),
        (CaseRelation, CaseRelation.case_file_id),
        (CaseRelation, CaseRelation.other_case_file_id),
    ):
        tx.session.execute(update(table).where(column == source.id).values({column: target.id}))
    standing = CaseGrant.case_file_id == source.id, CaseGrant.ended_at.is_(None)
    tx.session.execute(update(CaseGrant).where(*standing).values(ended_at=tx.now))
    tx.session.add(
        CaseAlias(
            agency_id=source.agency_id,
            case_file_id=target.id,
            alias=source.file_number,
            number_key=source.number_key,
            kind="provisional",
        )
    )
    source.merged_into_id, source.state = target.id, "transferred"
    target.version += 1
    record_act(tx, actor, "case.merged", "case_file", target.id, case_file_id=target.id, source=source.id)


def _move_filings(tx: Transaction, source: CaseFile, target: CaseFile) -> None:
    """A document that lies in both cases keeps the filing in the target; ended filings stay as the source's history."""
    here = select(Filing).where(Filing.ended_at.is_(None))
    known = {
        (filing.document_id, filing.page_from, filing.page_to)
        for filing in tx.session.scalars(here.where(Filing.case_file_id == target.id))
    }
    for filing in tx.session.scalars(here.where(Filing.case_file_id == source.id).order_by(Filing.ordinal)).all():
        if (filing.document_id, filing.page_from, filing.page_to) in known:
            filing.ended_at, filing.ended_reason = tx.now, "merged"
        else:
            filing.ordinal = repository.next_ordinal(tx.session, target.id)
            filing.case_file_id = target.id
        tx.session.flush()
        look_at_locks(tx, [filing.document_id])
        emit(tx, source.agency_id, "document.changed", filing.document_id)


def _move_members(tx: Transaction, source: CaseFile, target: CaseFile) -> None:
    """People move along; whoever the target's register knows already (same name and birth date) is not kept twice."""
    known = _people_of(tx, target.id)
    for person_id, key in _people_of(tx, source.id).items():
        own = (Membership.person_id == person_id, Membership.case_file_id == source.id)
        if key in known.values() and person_id not in known:
            tx.session.execute(delete(Membership).where(*own))
            if tx.session.scalar(select(Membership.id).where(Membership.person_id == person_id).limit(1)) is None:
                for table in (PersonName, PersonAddress, PersonMark):
                    tx.session.execute(delete(table).where(table.person_id == person_id))
                tx.session.execute(delete(Person).where(Person.id == person_id))
        else:
            tx.session.execute(update(Membership).where(*own).values(case_file_id=target.id))


def _people_of(tx: Transaction, case_file_id: UUID) -> dict[UUID, tuple[str, str, date | None]]:
    rows = tx.session.execute(
        select(Person.id, PersonName.family_key, PersonName.given_names, Person.birth_date)
        .join(PersonName, PersonName.person_id == Person.id)
        .join(Membership, Membership.person_id == Person.id)
        .where(Membership.case_file_id == case_file_id)
    )
    return {person_id: (family, given, born) for person_id, family, given, born in rows}


def _case_for_work(tx: Transaction, actor: Actor, case_file_id: UUID) -> CaseFile:
    if not actor.has(Role.CASEWORKER, Role.TEAM_LEAD):
        raise NotAllowed
    return require_case_file(tx.session, actor, case_file_id, agency_date(tx.now))


def _page_range(target: FilingTarget, version: DocumentVersion) -> tuple[int, int]:
    first, last = target.page_from or 1, target.page_to or version.page_count
    if not 1 <= first <= last <= version.page_count:
        raise InvalidInput("Diese Seiten gibt es in dem Schreiben nicht.", "page range outside the document")
    return first, last


def _require_keyword(tx: Transaction, case_file: CaseFile, keyword: str | None) -> None:
    if keyword is None:
        return
    if not repository.has_keyword(tx.session, case_file.agency_id, case_file.file_plan_unit, keyword):
        raise InvalidInput(
            "Dieses Schlagwort gehört nicht zur Aktenart. Bitte wählen Sie eines aus der Liste.",
            "the keyword is not in the catalogue of this file type",
        )
