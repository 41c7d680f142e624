"""Bringing to light what would lie unseen: somebody left or is away without a deputy, and nobody may look into the case.

An unseen item goes to the nearest team lead upwards who is there today, with a grant to read just this document: a lead
answers for the unit, and secrecy classes forbid to open a person-only letter to the whole team. Where no lead is there
at all the item stays, and `eakte doctor` names it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from uuid import UUID

from sqlalchemy import select

from archive.models import CaseFile, Document
from core.actor import Actor, Role, system_actor
from core.audit import record_act
from core.database import Database, Transaction
from inbox.checks import people_there, unseen_items
from inbox.delivery import end_grants, hand_on
from inbox.models import InboxItem
from organisation.models import OrgUnit


def bring_to_light(database: Database) -> int:
    """Hand every unseen item to a lead who is there; returns how many moved. Idempotent."""
    with database.read() as session:
        unseen = unseen_items(session, database.clock.now())
    return sum(_move(database, item_id) for item_id in unseen)


def _move(database: Database, item_id: UUID) -> bool:
    with database.write() as tx:
        if item_id not in unseen_items(tx.session, tx.now):
            return False
        item = tx.session.get_one(InboxItem, item_id)
        document = tx.session.get_one(Document, item.document_id)
        lead = _nearest_lead(tx, _unit_of(tx, item, document), list(people_there(tx.session, tx.now)))
        if lead is None:
            return False
        following = hand_on(tx, item, document, user_id=lead.user_id, unit_id=None)
        item.state, item.finished_at, item.version = "forwarded", tx.now, item.version + 1
        end_grants(tx, item.id)
        record_act(
            tx, system_actor(item.agency_id), "inbox.rescued", "inbox_item", item.id, case_file_id=item.case_file_id,
            document=document.id, to_user=lead.user_id, following=following.id,
        )  # fmt: skip
        return True


def _unit_of(tx: Transaction, item: InboxItem, document: Document) -> UUID | None:
    case_file = tx.session.get(CaseFile, item.case_file_id) if item.case_file_id else None
    return case_file.org_unit_id if case_file else item.unit_id or document.org_unit_id or document.station_unit_id


def _nearest_lead(tx: Transaction, unit_id: UUID | None, people: Sequence[Actor]) -> Actor | None:
    leads = [actor for actor in people if actor.has(Role.TEAM_LEAD)]
    for unit in _upwards(tx, unit_id):
        for lead in leads:
            if unit in lead.led_units:
                return lead
    return None


def _upwards(tx: Transaction, unit_id: UUID | None) -> Iterator[UUID]:
    """The unit and those above it; a letter that names no unit belongs to the top of the tree."""
    if unit_id is None:
        yield from tx.session.scalars(select(OrgUnit.id).where(OrgUnit.parent_id.is_(None)))
        return
    seen: set[UUID] = set()
    above: UUID | None = unit_id
    while above is not None and above not in seen:
        seen.add(above)
        yield above
        above = tx.session.get_one(OrgUnit, above).parent_id
