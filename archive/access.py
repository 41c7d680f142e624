"""Who may see what: the one place. Every list, count, search filter, preview and single read shares these conditions.

Default is "no". A condition is SQL, so that counts and pages cannot tell what rows do not show. A role counts only in
the unit in which it is held. The rules:

- A caseworker sees the cases of own responsibility, of those stood in for (of an absence in part: its letters of the
  alphabet only, and nothing forwarded to that person), and named grants; the own team's cases where
  no person is responsible.
- A team lead sees the led units' cases, unless the secrecy class says person only.
- Sealed cases and class SOZ_G open by named grant only; SOZ_B by responsibility, deputy or grant, and to the lead while
  nobody is responsible.
- A grant opens what its reason says and to that role alone: audits and emergencies need an end, offers end with the
  appraisal.
- Clearing sees general unfiled mail; a unit's people its own unit clearing; leads the restricted clearing of their
  units.
- What clearing dismissed (advertising, misdirected mail) is in no list and no search; whoever clears such mail can
  still read it by its address, until it is destroyed. The year's collective file (COLLECTIVE), in which it lies, opens by
  grant only and is nobody's candidate; records managers know its number and dates.
- The mailroom sees its own station's mail until it is filed or dismissed; then no more.
- A document in an inbox is visible to that inbox's people, without the rest of its case.
- Records managers, archivists without an offer, administrators and data protection see no contents.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, false, func, or_, select, true
from sqlalchemy.orm import Session

from archive.models import CaseFile, CaseGrant, Document, DocumentGrant, Filing, Membership, PersonMark, PersonName
from core.actor import Actor, ActorKind, Role
from core.errors import NotFound
from organisation.models import User

NAMED_ONLY = ("SOZ_G",)
PERSON_ONLY = ("SOZ_B", "SOZ_G")
GONE = ("destroyed", "transferred")
COLLECTIVE = "SAMM"
_READERS = (Role.CASEWORKER, Role.TEAM_LEAD)
# reason of a grant -> roles that it opens the case to, and whether it must have an end
_GRANTS = (
    ("named", _READERS, False),
    ("break_glass", _READERS, True),
    ("audit", (Role.AUDITOR,), True),
    ("offer", (Role.ARCHIVIST,), False),
)


def visible_case_files(actor: Actor, on: date) -> ColumnElement[bool]:
    """Condition on CaseFile: the cases whose contents `actor` may read on the day `on`."""
    if actor.kind is not ActorKind.USER or actor.user_id is None:
        return false()
    ways = [_granted(actor, on), _own(actor), _team_without_person(actor), _led(actor)]
    return and_(CaseFile.agency_id == actor.agency_id, CaseFile.state.not_in(GONE), or_(*ways))


def visible_documents(actor: Actor, on: date) -> ColumnElement[bool]:
    """Condition on Document: those of which `actor` may read at least one page."""
    if actor.kind is not ActorKind.USER or actor.user_id is None:
        return false()
    own = and_(Document.agency_id == actor.agency_id, Document.state == "active")
    return and_(own, or_(_in_visible_case(actor, on), wholly_visible_documents(actor)))


def wholly_visible_documents(actor: Actor) -> ColumnElement[bool]:
    """Condition on Document: those of which `actor` may read every page, in whatever case they lie or if in none.

    They lie in an inbox of the actor's, or in a clearing while unfiled.
    """
    if actor.kind is not ActorKind.USER or actor.user_id is None:
        return false()
    ways = [and_(_in_inbox(actor), living()), and_(Document.filed.is_(False), _unfiled(actor))]
    return and_(Document.agency_id == actor.agency_id, Document.state == "active", or_(*ways))


def living() -> ColumnElement[bool]:
    """Condition on Document: unfiled, or filed in at least one case that is not gone. A case takes its documents along in
    the moment of its destruction, although their rows go in parts after it.
    """
    kept = exists().where(
        Filing.document_id == Document.id, Filing.ended_at.is_(None),
        CaseFile.id == Filing.case_file_id, CaseFile.state.not_in(GONE),
    ).correlate(Document)  # fmt: skip
    return or_(Document.filed.is_(False), kept)


def dismissed_documents(actor: Actor) -> ColumnElement[bool]:
    """Condition on Document: what was dismissed from a clearing of the actor's. For single reads; no list shows it."""
    if actor.kind is not ActorKind.USER or actor.user_id is None:
        return false()
    ended = and_(Document.agency_id == actor.agency_id, Document.state == "dismissed", living())
    return and_(ended, _cleared_by(actor))


def visible_filings(actor: Actor, on: date) -> ColumnElement[bool]:
    """Condition on Filing: active filings in visible cases."""
    cases = select(CaseFile.id).where(visible_case_files(actor, on))
    return and_(Filing.ended_at.is_(None), Filing.case_file_id.in_(cases))


def covers_visible(actor: Actor, on: date) -> ColumnElement[bool]:
    """Condition on CaseFile: cover data (number, names, unit) of visible cases and, for clearing, of all candidates.

    Clearing must know its candidates; sealed cases, and those of a sealed person, are none.
    """
    seen = visible_case_files(actor, on)
    if not actor.has(Role.CLEARING):
        return seen
    sealed_person = exists().where(
        Membership.case_file_id == CaseFile.id,
        PersonMark.person_id == Membership.person_id,
        PersonMark.mark == "sealed",
        or_(PersonMark.valid_until.is_(None), PersonMark.valid_until >= on),
    )
    candidate = and_(CaseFile.state.not_in(GONE), _open_class(NAMED_ONLY), ~sealed_person)
    return and_(CaseFile.agency_id == actor.agency_id, or_(candidate, seen))


def stricter(first: str, second: str) -> str:
    """The secrecy class that opens to fewer people; `first` where both open to the same."""
    return max(first, second, key=lambda one: (one in PERSON_ONLY) + (one in NAMED_ONLY))


def registered(actor: Actor, on: date) -> ColumnElement[bool]:
    """Condition on CaseFile: what the register tells a person (number, unit, dates, holds; no contents, no names).

    Records managers keep the whole register, sealed cases too, or nobody would ever dispose of those.
    """
    if actor.has(Role.RECORDS_MANAGER):
        return CaseFile.agency_id == actor.agency_id
    return visible_case_files(actor, on)


def assignable_case_files(actor: Actor) -> ColumnElement[bool]:
    """Condition on CaseFile: those to which `actor` may admit others. Cases of the units that the actor leads, as far as
    leading or own responsibility opens them: what opens by name only is nobody's to pass on, a grant neither.
    """
    if actor.kind is not ActorKind.USER or actor.user_id is None:
        return false()
    responsible = and_(CaseFile.responsible_user_id == actor.user_id, _open_class(NAMED_ONLY))
    ways = or_(_led(actor), and_(CaseFile.org_unit_id.in_(actor.led_units), responsible))
    return and_(CaseFile.agency_id == actor.agency_id, CaseFile.state.not_in(GONE), ways)


def worked_units(actor: Actor) -> frozenset[UUID]:
    """The units whose Postkorb and clearing this person works from."""
    return actor.units_as(*_READERS) | actor.led_units


def partly_stood_in_for(actor: Actor) -> ColumnElement[bool]:
    """Condition on CaseFile: the responsible person is away for the letters with which the name shown for it begins."""
    ways = [
        and_(CaseFile.responsible_user_id == user_id, _named_between(first, last))
        for user_id, first, last in sorted(actor.stands_in_partly)
    ]
    return or_(*ways) if ways else false()


def _named_between(first: str, last: str) -> ColumnElement[bool]:
    """Condition on CaseFile: the family name of its head (of any member when it has none) lies in a range, inclusive."""
    open_now = (Membership.valid_until.is_(None), PersonName.valid_until.is_(None))
    ids = (
        select(Membership.case_file_id).join(PersonName, PersonName.person_id == Membership.person_id).where(*open_now)
    )
    key = PersonName.family_key
    fits = ids.where(func.substr(key, 1, len(first)) >= first, func.substr(key, 1, len(last)) <= last)
    heads = ids.where(Membership.role == "head")
    return or_(
        CaseFile.id.in_(fits.where(Membership.role == "head")), and_(CaseFile.id.not_in(heads), CaseFile.id.in_(fits))
    )


@dataclass(frozen=True, slots=True)
class PageRange:
    """Pages `first` to `last` of a document, inclusive, from 1."""

    first: int
    last: int


def visible_pages(session: Session, actor: Actor, document_id: UUID, on: date) -> Sequence[PageRange] | None:
    """Which pages of the document `actor` may read: None = all of them, an empty list = none.

    A filing by page range opens only its pages; an inbox, or clearing while unfiled, opens the whole document.
    """
    whole = and_(Document.id == document_id, Document.agency_id == actor.agency_id)
    if actor.kind is not ActorKind.USER or actor.user_id is None:
        return []
    every_page = or_(wholly_visible_documents(actor), dismissed_documents(actor))
    if session.scalar(select(Document.id).where(whole, every_page)) is not None:
        return None
    rows = session.execute(
        select(Filing.page_from, Filing.page_to)
        .join(Document, Document.id == Filing.document_id)
        .where(whole, Document.state == "active", Filing.document_id == document_id, visible_filings(actor, on))
    )
    return [PageRange(first, last) for first, last in rows]


def require_document(session: Session, actor: Actor, document_id: UUID, on: date) -> Document:
    """The document, or NotFound when it is not there or not visible."""
    readable = or_(visible_documents(actor, on), dismissed_documents(actor))
    document = session.scalar(select(Document).where(Document.id == document_id, readable))
    if document is None:
        raise NotFound
    return document


def require_case_file(session: Session, actor: Actor, case_file_id: UUID, on: date) -> CaseFile:
    """The case file, or NotFound when it is not there or not visible."""
    case_file = session.scalar(select(CaseFile).where(CaseFile.id == case_file_id, visible_case_files(actor, on)))
    if case_file is None:
        raise NotFound
    return case_file


def _granted(actor: Actor, on: date) -> ColumnElement[bool]:
    reasons = [
        and_(CaseGrant.reason == reason, CaseGrant.valid_until.is_not(None) if ends else true())
        for reason, roles, ends in _GRANTS
        if actor.has(*roles)
    ]
    if not reasons:
        return false()
    return exists().where(
        CaseGrant.case_file_id == CaseFile.id,
        CaseGrant.user_id == actor.user_id,
        CaseGrant.ended_at.is_(None),
        or_(CaseGrant.valid_from.is_(None), CaseGrant.valid_from <= on),
        or_(CaseGrant.valid_until.is_(None), CaseGrant.valid_until >= on),
        or_(*reasons),
    )


def _own(actor: Actor) -> ColumnElement[bool]:
    if not actor.has(*_READERS):
        return false()
    people = {actor.user_id, *actor.stands_in_for}
    mine = or_(CaseFile.responsible_user_id.in_(people), partly_stood_in_for(actor))
    return and_(mine, _open_class(NAMED_ONLY))


def _team_without_person(actor: Actor) -> ColumnElement[bool]:
    if not actor.has(Role.CASEWORKER):
        return false()
    units = actor.units_as(Role.CASEWORKER)
    return and_(_nobody_responsible(), CaseFile.org_unit_id.in_(units), _open_class(PERSON_ONLY))


def _led(actor: Actor) -> ColumnElement[bool]:
    if not actor.has(Role.TEAM_LEAD):
        return false()
    nobody = and_(_nobody_responsible(), _open_class(NAMED_ONLY))
    return and_(CaseFile.org_unit_id.in_(actor.led_units), or_(_open_class(PERSON_ONLY), nobody))


def _nobody_responsible() -> ColumnElement[bool]:
    """A person who left is responsible for nothing any more: the team takes over without anybody touching the case."""
    gone = select(User.id).where(User.active.is_(False))
    return or_(CaseFile.responsible_user_id.is_(None), CaseFile.responsible_user_id.in_(gone))


def _open_class(closed: Sequence[str]) -> ColumnElement[bool]:
    mixed = CaseFile.file_plan_unit == COLLECTIVE
    return and_(CaseFile.sealed.is_(False), ~mixed, CaseFile.secrecy_class.not_in(closed))


def _in_visible_case(actor: Actor, on: date) -> ColumnElement[bool]:
    return Document.id.in_(select(Filing.document_id).where(visible_filings(actor, on)))


def _in_inbox(actor: Actor) -> ColumnElement[bool]:
    if not actor.has(*_READERS):
        return false()
    people = {actor.user_id, *actor.stands_in_for}
    return exists().where(
        DocumentGrant.document_id == Document.id,
        DocumentGrant.ended_at.is_(None),
        or_(DocumentGrant.user_id.in_(people), DocumentGrant.unit_id.in_(worked_units(actor))),
    )


def _unfiled(actor: Actor) -> ColumnElement[bool]:
    if not actor.has(Role.MAILROOM):
        return _cleared_by(actor)
    station = Document.station_unit_id.in_(actor.units_as(Role.MAILROOM))
    return or_(_cleared_by(actor), and_(Document.clearing_scope == "general", station))


def _cleared_by(actor: Actor) -> ColumnElement[bool]:
    ways: list[ColumnElement[bool]] = []
    if actor.has(Role.CLEARING):
        ways.append(Document.clearing_scope == "general")
    if actor.has(*_READERS):
        ways.append(and_(Document.clearing_scope == "unit", Document.org_unit_id.in_(worked_units(actor))))
    if actor.has(Role.TEAM_LEAD):
        ways.append(and_(Document.clearing_scope == "restricted", Document.org_unit_id.in_(actor.led_units)))
    return or_(*ways) if ways else false()
