"""Bringing to light what would lie unseen: somebody left or is away without a deputy, and nobody may look into the case.

An unseen item goes to the nearest team lead upwards who is there today, with a grant to read just this document: a lead
answers for the unit, and secrecy classes forbid to open a person-only letter to the whole team. Where no lead is there
at all the item stays, and `eakte doctor` names it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from archive.models import CaseFile, Document
from core.actor import Actor, Role, system_actor
from core.audit import record_act
from core.database import Database
from inbox.checks import WAITING, people_there, unseen_items
from inbox.delivery import end_grants, hand_on
from inbox.models import InboxItem
from organisation.actors import units_upwards
from organisation.models import OrgUnit, User


def bring_to_light(database: Database) -> int:
    """Hand every unseen item to a lead who is there; returns how many moved. Idempotent.

    Who sees what and who is there is worked out beforehand, in a read transaction; the one that moves an item only checks
    that it still waits as it did. Somebody who came back in between finds it with the lead: nothing is lost by that.
    """
    with database.read() as session:
        found = unseen_items(session, database.clock.now())
        if not found:
            return 0
        leads = [actor for actor in people_there(session, database.clock.now()) if actor.has(Role.TEAM_LEAD)]
        moves = [move for item_id in found if (move := _planned(session, item_id, leads)) is not None]
    return sum(_move(database, move) for move in moves)


@dataclass(frozen=True, slots=True)
class _Planned:
    """An unseen item as it was found, and the lead for it."""

    item_id: UUID
    version: int
    lead_id: UUID


def _planned(session: Session, item_id: UUID, leads: Sequence[Actor]) -> _Planned | None:
    item = session.get_one(InboxItem, item_id)
    document = session.get_one(Document, item.document_id)
    lead = _nearest_lead(session, _unit_of(session, item, document), leads)
    return _Planned(item_id, item.version, lead.user_id) if lead and lead.user_id else None


def _move(database: Database, planned: _Planned) -> bool:
    with database.write() as tx:
        item = tx.session.get_one(InboxItem, planned.item_id)
        lead = tx.session.get_one(User, planned.lead_id)
        document = tx.session.get_one(Document, item.document_id)
        if item.state not in WAITING or item.version != planned.version:
            return False
        if not lead.active or document.state != "active":
            return False
        following = hand_on(tx, item, document, user_id=lead.id, unit_id=None)
        item.state, item.finished_at, item.version = "forwarded", tx.now, item.version + 1
        end_grants(tx, item.id)
        record_act(
            tx, system_actor(item.agency_id), "inbox.rescued", "inbox_item", item.id, case_file_id=item.case_file_id,
            document=document.id, to_user=lead.id, following=following.id,
        )  # fmt: skip
        return True


def _unit_of(session: Session, item: InboxItem, document: Document) -> UUID | None:
    case_file = session.get(CaseFile, item.case_file_id) if item.case_file_id else None
    return case_file.org_unit_id if case_file else item.unit_id or document.org_unit_id or document.station_unit_id


def _nearest_lead(session: Session, unit_id: UUID | None, leads: Sequence[Actor]) -> Actor | None:
    for unit in _upwards(session, unit_id):
        for lead in leads:
            if unit in lead.led_units:
                return lead
    return None


def _upwards(session: Session, unit_id: UUID | None) -> Iterator[UUID]:
    """The unit and those above it; a letter that names no unit belongs to the top of the tree."""
    if unit_id is None:
        yield from session.scalars(select(OrgUnit.id).where(OrgUnit.parent_id.is_(None)))
    else:
        yield from units_upwards(session, unit_id)
