"""All queries of the Postkorb. Every list is narrowed by `archive.access.visible_documents` as well."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, ScalarResult, Select, and_, case, false, func, or_, select
from sqlalchemy.orm import Session

from archive.access import partly_stood_in_for, visible_case_files, visible_documents, worked_units
from archive.models import CaseFile, Document
from core.actor import Actor, Role
from inbox.models import InboxItem, UndoableAct
from organisation.models import RoleAssignment

URGENCY_ORDER = case({"immediate": 0, "high": 1}, value=InboxItem.urgency, else_=2)


@dataclass(frozen=True, slots=True)
class Box:
    """Which inbox: kind own | team | deputy | members | clearing | unit_clearing | restricted; `id` names user or unit.

    `members`: the inboxes of the people of the led units, with `id` one of them.
    """

    kind: str
    id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """An inbox item with its document and its case: None while unfiled, and for whoever may read just the document."""

    item: InboxItem
    document: Document
    case_file: CaseFile | None


def mine(actor: Actor) -> ColumnElement[bool]:
    """Condition on InboxItem: the items of every inbox that `actor` works from."""
    ways: list[ColumnElement[bool]] = []
    if actor.user_id is not None and actor.has(Role.CASEWORKER, Role.TEAM_LEAD):
        people = {actor.user_id, *actor.stands_in_for}
        units = worked_units(actor)
        ways.append(and_(InboxItem.inbox_kind == "user", InboxItem.user_id.in_(people)))
        theirs = select(CaseFile.id).where(
            CaseFile.responsible_user_id == InboxItem.user_id, partly_stood_in_for(actor)
        )
        partly = InboxItem.case_file_id.in_(theirs.correlate(InboxItem))
        ways.append(and_(InboxItem.inbox_kind == "user", partly))
        ways.append(and_(InboxItem.inbox_kind == "team", InboxItem.unit_id.in_(units)))
        ways.append(
            and_(InboxItem.inbox_kind == "clearing", InboxItem.restricted.is_(False), InboxItem.unit_id.in_(units))
        )
    if actor.has(Role.TEAM_LEAD):
        ways.append(and_(InboxItem.inbox_kind == "user", _belongs_to_led_unit(actor)))
        ways.append(and_(InboxItem.restricted.is_(True), InboxItem.unit_id.in_(actor.led_units)))
    if actor.has(Role.CLEARING):
        ways.append(
            and_(InboxItem.inbox_kind == "clearing", InboxItem.unit_id.is_(None), InboxItem.restricted.is_(False))
        )
    return or_(*ways) if ways else false()


def in_box(actor: Actor, box: Box) -> ColumnElement[bool]:
    """Condition on InboxItem for one box; a box that is not the actor's is empty."""
    conditions: dict[str, ColumnElement[bool]] = {
        "own": and_(InboxItem.inbox_kind == "user", InboxItem.user_id == actor.user_id),
        "team": and_(InboxItem.inbox_kind == "team", InboxItem.unit_id == box.id),
        "deputy": and_(InboxItem.inbox_kind == "user", InboxItem.user_id == box.id),
        "members": and_(InboxItem.inbox_kind == "user", _of_led_people(actor, box.id)),
        "clearing": and_(
            InboxItem.inbox_kind == "clearing", InboxItem.unit_id.is_(None), InboxItem.restricted.is_(False)
        ),
        "unit_clearing": and_(
            InboxItem.inbox_kind == "clearing", InboxItem.unit_id == box.id, InboxItem.restricted.is_(False)
        ),
        "restricted": InboxItem.restricted.is_(True),
    }
    return and_(conditions.get(box.kind, false()), mine(actor))


def _open_rows(actor: Actor, condition: ColumnElement[bool], on: date) -> Select[InboxItem, Document, CaseFile]:
    """The open items of a condition in working order: overdue and urgent first, then by deadline, then by age."""
    return (
        select(InboxItem, Document, CaseFile)
        .join(Document, Document.id == InboxItem.document_id)
        .outerjoin(CaseFile, _visible_case(actor, on))
        .where(condition, InboxItem.agency_id == actor.agency_id, _is_open(on), visible_documents(actor, on))
        .order_by(URGENCY_ORDER, InboxItem.due_on.is_(None), InboxItem.due_on, Document.received_on, InboxItem.id)
    )


def rows(
    session: Session,
    actor: Actor,
    condition: ColumnElement[bool],
    on: date,
    limit: int = 200,
    offset: int = 0,
    order: Sequence[ColumnElement[Any]] = (),
) -> Sequence[Row]:
    """A page of open items, in working order or in `order`."""
    query = _open_rows(actor, condition, on).limit(limit).offset(offset)
    if order:
        query = query.order_by(None).order_by(*order, InboxItem.id)
    return [Row(item, document, case_file) for item, document, case_file in session.execute(query)]


def count(session: Session, actor: Actor, condition: ColumnElement[bool], on: date) -> int:
    """How many open items a condition has for this actor."""
    query = _open_rows(actor, condition, on).order_by(None).with_only_columns(func.count())
    return session.scalar(query) or 0


def people_in(session: Session, actor: Actor, condition: ColumnElement[bool], on: date) -> Sequence[UUID]:
    """In whose inboxes the open items of a condition lie."""
    query = _open_rows(actor, condition, on).order_by(None).with_only_columns(InboxItem.user_id).distinct()
    return [user_id for user_id in session.scalars(query) if user_id is not None]


def types_in(session: Session, actor: Actor, condition: ColumnElement[bool], on: date) -> Sequence[str]:
    """The document types of the open items of a condition."""
    query = _open_rows(actor, condition, on).order_by(None).with_only_columns(Document.document_type).distinct()
    return session.scalars(query.order_by(Document.document_type)).all()


def visible_item(session: Session, actor: Actor, item_id: UUID, on: date) -> Row | None:
    """One item of the actor's inboxes in any state, or None."""
    query = (
        select(InboxItem, Document, CaseFile)
        .join(Document, Document.id == InboxItem.document_id)
        .outerjoin(CaseFile, _visible_case(actor, on))
        .where(InboxItem.id == item_id, InboxItem.agency_id == actor.agency_id, mine(actor))
        .where(visible_documents(actor, on))
    )
    found = session.execute(query).first()
    return Row(*found) if found else None


def open_items_of_document(session: Session, document_id: UUID) -> Sequence[InboxItem]:
    """Items of a document that still wait in some inbox."""
    query = select(InboxItem).where(InboxItem.document_id == document_id, InboxItem.state.in_(("open", "deferred")))
    return session.scalars(query).all()


def clearing_before(session: Session, item: InboxItem) -> InboxItem | None:
    """The item in clearing from which a letter was passed on until it came to `item`, or None."""
    found = item
    while found.previous_item_id is not None:
        found = session.get_one(InboxItem, found.previous_item_id)
        if found.inbox_kind == "clearing":
            return found
    return None


def dismissal_of(session: Session, document_id: UUID) -> InboxItem | None:
    """The item by which a person ended a document as belonging to no case, or None."""
    return dismissals_of(session, [document_id]).first()


def dismissals_of(session: Session, documents: Sequence[UUID] | Select[UUID | None]) -> ScalarResult[InboxItem]:
    """Those items of these documents, given by their ids or as a query for them."""
    query = select(InboxItem).where(InboxItem.document_id.in_(documents), InboxItem.state == "dismissed")
    return session.scalars(query)


def last_acts(session: Session, user_id: UUID, limit: int = 20) -> Sequence[UndoableAct]:
    """What a user did last and has not taken back, newest first."""
    query = select(UndoableAct).where(UndoableAct.user_id == user_id, UndoableAct.undone_at.is_(None))
    return session.scalars(query.order_by(UndoableAct.at.desc(), UndoableAct.id.desc()).limit(limit)).all()


def put_aside(
    session: Session, actor: Actor, condition: ColumnElement[bool], on: date, limit: int = 200
) -> Sequence[Row]:
    """Items of a condition that were deferred to a later day, the earliest day first."""
    query = (
        select(InboxItem, Document, CaseFile)
        .join(Document, Document.id == InboxItem.document_id)
        .outerjoin(CaseFile, _visible_case(actor, on))
        .where(condition, InboxItem.agency_id == actor.agency_id, visible_documents(actor, on))
        .where(InboxItem.state == "deferred", InboxItem.deferred_until > on)
        .order_by(InboxItem.deferred_until, InboxItem.id)
    )
    return [Row(*found) for found in session.execute(query.limit(limit))]


def act_on(session: Session, user_id: UUID, item_id: UUID, version: int) -> UndoableAct | None:
    """The user's act that brought an item to `version`."""
    query = select(UndoableAct).where(UndoableAct.user_id == user_id, UndoableAct.inbox_item_id == item_id)
    return session.scalars(query.where(UndoableAct.expected_version == version)).first()


def filed_since(session: Session, user_id: UUID, since: datetime) -> int:
    """How many letters a user cleared (filed or dismissed) since an instant and did not take back."""
    query = (
        select(func.count())
        .select_from(UndoableAct)
        .join(InboxItem, InboxItem.id == UndoableAct.inbox_item_id)
        .where(
            UndoableAct.user_id == user_id, UndoableAct.kind.in_(("file", "dismiss")), UndoableAct.undone_at.is_(None)
        )
        .where(UndoableAct.at >= since, InboxItem.inbox_kind == "clearing")
    )
    return session.scalar(query) or 0


def _visible_case(actor: Actor, on: date) -> ColumnElement[bool]:
    return and_(CaseFile.id == InboxItem.case_file_id, visible_case_files(actor, on))


def _is_open(on: date) -> ColumnElement[bool]:
    due = and_(InboxItem.state == "deferred", InboxItem.deferred_until <= on)
    return or_(InboxItem.state == "open", due)


def _belongs_to_led_unit(actor: Actor) -> ColumnElement[bool]:
    cases = select(CaseFile.id).where(CaseFile.org_unit_id.in_(actor.led_units))
    return InboxItem.case_file_id.in_(cases)


def _of_led_people(actor: Actor, user_id: UUID | None) -> ColumnElement[bool]:
    """Who works in a unit of the lead's, or did: mail of somebody who moved or left waits too."""
    people = select(RoleAssignment.user_id).where(
        RoleAssignment.unit_id.in_(actor.led_units), RoleAssignment.role.in_((Role.CASEWORKER, Role.TEAM_LEAD))
    )
    others = and_(InboxItem.user_id != actor.user_id, InboxItem.user_id.in_(people))
    return and_(others, InboxItem.user_id == user_id) if user_id else others
