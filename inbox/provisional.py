"""New applicants have no number yet: a provisional case now, and its merge into the real one later."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import select, update

from archive import repository as archive
from archive import service as records
from archive.access import visible_case_files, worked_units
from archive.models import CaseFile
from core.actor import Actor, Role
from core.database import Transaction
from core.errors import InvalidInput, NotAllowed
from inbox.acts import FileInto, ItemRef, file_item
from inbox.models import FollowUp, InboxItem
from organisation.models import OrgUnit


@dataclass(frozen=True, slots=True)
class Applicant:
    """Who wrote without a number, as far as the letter tells, and which kind of case and unit they will belong to."""

    file_type: str
    unit_code: str
    family_name: str
    given_names: str
    birth_date: date | None = None


def file_into_provisional(
    tx: Transaction, actor: Actor, ref: ItemRef, applicant: Applicant, into: FileInto | None = None
) -> tuple[CaseFile, InboxItem]:
    """Open a provisional case for the applicant and file the item there. Raises InvalidInput, NotAllowed, ItemChanged.

    Clearing opens cases of any unit, others of their own units only: nobody opens a case that they could not see.
    """
    unit = tx.session.scalar(
        select(OrgUnit).where(OrgUnit.agency_id == actor.agency_id, OrgUnit.code == applicant.unit_code, OrgUnit.active)
    )
    if unit is None:
        raise InvalidInput("Diese Organisationseinheit gibt es nicht.", "unknown unit")
    if not actor.has(Role.CLEARING) and unit.id not in worked_units(actor):
        raise NotAllowed
    case_file = records.open_provisional_case(tx, actor, applicant.file_type, unit.id)
    records.add_person(
        tx, actor, case_file.id,
        records.NewPerson(applicant.family_name, applicant.given_names, applicant.birth_date),
    )  # fmt: skip
    corrected = into or FileInto()
    target = FileInto(
        case_file_id=case_file.id, keyword=corrected.keyword, document_type=corrected.document_type,
        received_on=corrected.received_on,
    )  # fmt: skip
    return case_file, file_item(tx, actor, ref, target)


def merge_into(tx: Transaction, actor: Actor, provisional_id: UUID, number: str) -> CaseFile:
    """The applicant got a number: everything of the provisional case, its waiting mail too, moves to that case.

    The old number stays an alias. Raises InvalidInput for a number that names no visible case or several (a hidden case
    and none look the same), NotFound and NotAllowed for the provisional case, Conflict when they cannot be merged.
    """
    ids = [one.id for one in archive.case_files_by_number(tx.session, actor.agency_id, number)]
    visible = select(CaseFile.id).where(CaseFile.id.in_(ids), visible_case_files(actor, tx.today))
    found = tx.session.scalars(visible).all()
    if len(found) != 1:
        raise InvalidInput(
            "Unter dieser Nummer gibt es keine oder mehrere Akten. Bitte geben Sie das vollständige Aktenzeichen an.",
            "the number names no case file or several",
        )
    target_id = found[0]
    records.merge_provisional(tx, actor, provisional_id, target_id)
    for table in (InboxItem, FollowUp):
        tx.session.execute(update(table).where(table.case_file_id == provisional_id).values(case_file_id=target_id))
    return tx.session.get_one(CaseFile, target_id)
