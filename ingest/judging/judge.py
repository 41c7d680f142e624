"""From the pages of a mail item to what shall become of it: the one place where reading the register meets deciding."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from archive import repository as archive
from archive.models import CaseFile
from archive.names import name_key
from archive.pagetext import PageText
from ingest.judging.addressee import addressed_elsewhere
from ingest.judging.candidates import Candidate
from ingest.judging.decide import Sign, Verdict, Weighed, decide
from ingest.judging.document_type import UNCLEAR, TypeGuess, TypeRule, document_type, type_rules
from ingest.judging.facts import DateFact, Facts, read_facts
from ingest.judging.reasons import reason_text
from ingest.judging.register import candidates_for
from ingest.models import MailItem, Receipt
from organisation.models import Agency, OrgUnit, RoleAssignment, User

_MAX_AGE = timedelta(days=400)
_SHOWN = 6
_RESTRICTED = frozenset({"sealed", "protected_address"})
_UNWANTED = {"WERBUNG": "advertising", "IRRLAEUFER": "wrong_addressee"}
_COMPLAINTS = frozenset({"BESCHWERDE", "PETITION"})
_FIRST_APPLICATION = frozenset({"ANTRAG_ERST"})


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
    facts = read_facts(pages)
    guess = _kind(item, facts)
    kind = guess.rule
    candidates = candidates_for(session, item.agency_id, facts, receipt.received_on)
    sheet_case, codes = _sheet_case(session, item, candidates)
    verdict = decide(facts, candidates, guess, sheet_case)
    codes += [] if verdict.code is None or codes else [verdict.code]
    codes += _type_codes(session, item.agency_id, kind, facts, verdict)
    codes += _sheet_unit_codes(item, sheet_case)
    forced = [dict(reason) for reason in item.forced_reasons]
    filed = verdict.case is not None and not codes and not forced
    scope, unit_id = _scope(session, item, verdict, codes)
    return Judgement(
        state="filed" if filed else "clearing",
        case_file_id=verdict.case.candidate.id if filed and verdict.case else None,
        keyword=_keyword(session, item, kind, verdict.case) if filed else None,
        document_type=kind.code,
        title=kind.title,
        direction=kind.direction,
        document_date=_document_date(facts, receipt.received_on),
        effective_received_on=None,
        sender=None,
        confidence=verdict.confidence if filed else min(verdict.confidence, 0.6),
        reasons=forced + [{"code": code, "text": reason_text(code)} for code in codes],
        evidence=[_sign_json(sign) for one in verdict.ranked[:_SHOWN] for sign in one.signs],
        candidates=[_candidate_json(one) for one in verdict.ranked[:_SHOWN] if not one.candidate.sealed],
        clearing_scope=scope,
        clearing_unit_id=unit_id,
    )


def _kind(item: MailItem, facts: Facts) -> TypeGuess:
    told = type_rules().get(str(item.sheet.get("DOC", "")))
    if told is not None:
        return TypeGuess(told, {told.file_type: 1.0} if told.file_type else {})
    guess = document_type(facts.first_page, facts.head)
    # Enclosures follow the letter: only when its first page says nothing may they speak.
    return guess if guess.rule.code != UNCLEAR else document_type(facts.text, facts.head)


def _sheet_case(session: Session, item: MailItem, candidates: list[Candidate]) -> tuple[Candidate | None, list[str]]:
    """The case that the sheet names; a reason when there is none, or not exactly one."""
    number = str(item.sheet.get("CASE", ""))
    if not number:
        return None, []
    case_file = archive.case_file_by_exact_number(session, item.agency_id, number)
    if case_file is None:
        return None, ["sheet_case_unknown"]
    known = next((one for one in candidates if one.id == case_file.id), None)
    return known or _bare_candidate(case_file), []


def _bare_candidate(case_file: CaseFile) -> Candidate:
    return Candidate(
        case_file.id, case_file.file_number, frozenset({case_file.number_key}), case_file.bg_key,
        case_file.file_plan_unit, case_file.org_unit_id, case_file.state,
        case_file.sealed or case_file.secrecy_class == "SOZ_G",
    )  # fmt: skip


def _type_codes(session: Session, agency_id: UUID, kind: TypeRule, facts: Facts, verdict: Verdict) -> list[str]:
    if kind.code in _UNWANTED:
        return [_UNWANTED[kind.code]]
    if addressed_elsewhere(facts.head, facts.window, _our_places(session, agency_id)):
        return ["wrong_addressee"]
    if kind.code in _COMPLAINTS:
        return ["complaint_names_staff"] if _names_staff(session, agency_id, facts) else ["complaint"]
    if kind.code in _FIRST_APPLICATION and verdict.case is None and not any(one.exact for one in verdict.ranked):
        return ["new_applicant"]
    return []


def _our_places(session: Session, agency_id: UUID) -> frozenset[str]:
    """Folded words of our own name and of the places that our units serve."""
    agency = session.get(Agency, agency_id)
    names = [agency.name] if agency else []
    for unit in session.scalars(select(OrgUnit).where(OrgUnit.agency_id == agency_id)):
        names += [*unit.places, unit.title]
    return frozenset(word for name in names for word in name_key(name).split())


def _names_staff(session: Session, agency_id: UUID, facts: Facts) -> bool:
    words = {word.key for word in facts.words}
    for shown in session.scalars(select(User.display_name).where(User.agency_id == agency_id)):
        family = name_key(shown.split()[-1]).split()
        if family and set(family) <= words:
            return True
    return False


def _sheet_unit_codes(item: MailItem, sheet_case: Candidate | None) -> list[str]:
    return ["sheet_unit"] if item.sheet.get("UNIT") and sheet_case is None else []


def _scope(session: Session, item: MailItem, verdict: Verdict, codes: Sequence[str]) -> tuple[str, UUID | None]:
    """General clearing, unless the mail concerns sealed or protected people, names staff, or a sheet named a unit."""
    best = verdict.ranked[0] if verdict.ranked else None
    if best is not None and (best.candidate.sealed or _RESTRICTED & set(codes)) and best.strength >= 6:
        return "restricted", best.candidate.org_unit_id
    if "complaint_names_staff" in codes:
        return "restricted", _head_unit(session, item.agency_id)
    unit = str(item.sheet.get("UNIT", ""))
    if "sheet_unit" in codes and unit:
        query = select(OrgUnit.id).where(OrgUnit.agency_id == item.agency_id, OrgUnit.code == unit, OrgUnit.active)
        unit_id = session.scalar(query)
        if unit_id is not None:
            return "unit", unit_id
    return "general", None


def _head_unit(session: Session, agency_id: UUID) -> UUID | None:
    """The topmost unit with a lead: complaints about staff go to the head of the house."""
    query = (
        select(OrgUnit.id)
        .join(RoleAssignment, RoleAssignment.unit_id == OrgUnit.id)
        .where(OrgUnit.agency_id == agency_id, OrgUnit.parent_id.is_(None), RoleAssignment.role == "team_lead")
    )
    return session.scalars(query.limit(1)).first()


def _keyword(session: Session, item: MailItem, kind: TypeRule, chosen: Weighed | None) -> str | None:
    if chosen is None:
        return None
    known = {row.code for row in archive.keywords(session, item.agency_id, chosen.candidate.file_plan_unit)}
    for code in (str(item.sheet.get("KEY", "")), kind.keyword or ""):
        if code in known:
            return code
    return None


def _document_date(facts: Facts, received_on: date) -> date | None:
    """The letter's own date: on the upper half of page 1, not a birth date, not after receipt, not older than a year."""
    fitting = [fact for fact in facts.dates if _may_date_the_letter(fact, received_on)]
    labelled = [fact for fact in fitting if fact.label.endswith("datum") or fact.label.endswith("den")]
    chosen = labelled or fitting
    return chosen[0].value if chosen else None


def _may_date_the_letter(fact: DateFact, received_on: date) -> bool:
    if fact.place.page != 1 or fact.height > 0.5 or "geb" in fact.label:
        return False
    return received_on - _MAX_AGE <= fact.value <= received_on


def _sign_json(sign: Sign) -> dict[str, Any]:
    return {
        "kind": sign.kind,
        "verdict": sign.verdict,
        "page": sign.place.page,
        "box": list(sign.place.box),
        "text": sign.text,
        "candidate": sign.candidate,
    }


def _candidate_json(one: Weighed) -> dict[str, Any]:
    return {
        "case_file_id": str(one.candidate.id),
        "file_number": one.candidate.file_number,
        "file_plan_unit": one.candidate.file_plan_unit,
        "strength": one.strength,
        "sure": one.sure,
    }
