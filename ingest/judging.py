"""From the pages of a mail item to what shall become of it: where the pure parts (tagging, routing) meet the register."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from archive.pagetext import PageText
from ingest.models import MailItem, Receipt
from ingest.register_lookup import ArchiveRegister
from ingest.routing import candidates_for, route
from ingest.routing_model import Evidence, RankedCandidate, RoutingContext, RoutingDecision, SheetFields
from ingest.tagging.addresses import OwnAddress
from ingest.tagging.document_type import type_rules
from ingest.tagging.extract import Extraction, HouseKnowledge, extract
from ingest.texts import reason
from organisation.models import Agency, OrgUnit, User


@dataclass(frozen=True, slots=True)
class Judgement:
    """What shall become of a mail item. Lists are plain JSON data as INTERFACES gives them."""

    state: str
    case_file_id: UUID | None
    keyword: str | None
    document_type: str
    title: str
    direction: str
    document_date: date | None
    effective_received_on: date | None
    sender: str | None
    confidence: float
    reasons: Sequence[dict[str, Any]]
    evidence: Sequence[dict[str, Any]]
    candidates: Sequence[dict[str, Any]]
    clearing_scope: str
    clearing_unit_id: UUID | None


def judge(session: Session, receipt: Receipt, item: MailItem, pages: Sequence[PageText]) -> Judgement:
    """Judge an item by its text, its separator sheet and the register as of the day of receipt."""
    house = house_knowledge(session, item.agency_id)
    extraction = extract(pages, receipt.received_on, house)
    context = RoutingContext(
        received_on=receipt.received_on,
        sheet=_sheet(item),
        staff=house.staff,
        forced=tuple((str(one["code"]), str(one["text"])) for one in item.forced_reasons),
    )
    register = ArchiveRegister(session, item.agency_id, receipt.received_on)
    decision = route(extraction, candidates_for(extraction, context, register), context)
    return _judgement(session, item.agency_id, extraction, decision)


def house_knowledge(session: Session, agency_id: UUID) -> HouseKnowledge:
    """What the agency tells tagging about itself: names, addresses, places, people."""
    agency = session.get_one(Agency, agency_id)
    details = agency.details or {}
    seats = [details.get("address") or {}, details.get("scan_address") or {}]
    columns = select(OrgUnit.kind, OrgUnit.title, OrgUnit.places).where(OrgUnit.agency_id == agency_id)
    units = session.execute(columns.order_by(OrgUnit.code)).all()
    staff = tuple(session.scalars(select(User.display_name).where(User.agency_id == agency_id).order_by(User.username)))
    own = OwnAddress(
        names=(
            f"Jobcenter {agency.name}",
            f"{agency.name} Jobcenter",
            *(unit.title for unit in units if unit.kind == "site"),
        ),
        streets=tuple(str(seat[name]).rsplit(" ", 1)[0] for seat in seats for name in ("street",) if seat.get(name))
        + tuple(str(seat["po_box"]) for seat in seats if seat.get("po_box")),
        postal_codes=tuple(str(seat["postal_code"]) for seat in seats if seat.get("postal_code")),
        place_names=(
            agency.name,
            *(str(seat["city"]) for seat in seats if seat.get("city")),
            *(place for unit in units for place in unit.places),
        ),
        staff=staff,
    )
    return HouseKnowledge(own, staff)


def _sheet(item: MailItem) -> SheetFields:
    fields = {name: str(item.sheet.get(name, "")) for name in ("CASE", "DOC", "KEY", "UNIT")}
    return SheetFields(fields["CASE"], fields["DOC"], fields["KEY"], fields["UNIT"])


def _judgement(session: Session, agency_id: UUID, extraction: Extraction, decision: RoutingDecision) -> Judgement:
    kind = type_rules()[decision.document_type]
    written, stamped = extraction.document_date, extraction.earlier_receipt
    unit_id = _unit(session, agency_id, decision)
    lost = decision.scope == "unit" and unit_id is None  # the sheet names a unit that nobody works in
    reasons = [{"code": code, "text": text} for code, text in decision.reasons]
    return Judgement(
        state=decision.state,
        case_file_id=decision.case_file_id,
        keyword=decision.keyword,
        document_type=decision.document_type,
        title=kind.title,
        direction=kind.direction,
        document_date=written.value if written else None,
        effective_received_on=stamped.value if stamped else None,
        sender=extraction.sender,
        confidence=decision.confidence,
        reasons=[*reasons, reason("sheet_unit_unknown")] if lost else reasons,
        evidence=[_evidence(one) for one in decision.evidence if one.page > 0],
        candidates=[_candidate(one) for one in decision.candidates],
        clearing_scope="general" if lost else decision.scope,
        clearing_unit_id=unit_id,
    )


def _unit(session: Session, agency_id: UUID, decision: RoutingDecision) -> UUID | None:
    """The unit that clears; a restricted letter that names none goes to the head of the house (its topmost unit)."""
    units = select(OrgUnit.id).where(OrgUnit.agency_id == agency_id)
    if decision.scope_unit:
        return session.scalar(units.where(OrgUnit.code == decision.scope_unit))
    if decision.scope == "restricted":
        return session.scalars(units.where(OrgUnit.parent_id.is_(None)).order_by(OrgUnit.code).limit(1)).first()
    return None


def _evidence(one: Evidence) -> dict[str, Any]:
    return {
        "kind": one.kind,
        "verdict": one.verdict,
        "page": one.page,
        "box": list(one.box),
        "text": one.sentence_de,
        "candidate": one.candidate or "",
    }


def _candidate(one: RankedCandidate) -> dict[str, Any]:
    return {
        "case_file_id": str(one.case_file_id),
        "file_number": one.file_number,
        "file_plan_unit": one.file_plan_unit,
        "strength": one.strength,
    }
