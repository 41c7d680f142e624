"""Who has a letter open in clearing: a courtesy for colleagues, never a lock. Versions decide who was first."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from core.actor import Actor
from core.database import Transaction
from core.errors import NotFound
from inbox import repository
from inbox.models import InboxItem

LEASE = timedelta(minutes=2)


def holder(item: InboxItem, now: datetime) -> UUID | None:
    """Who holds the item at the moment."""
    return item.taken_by if item.taken_until is not None and now < item.taken_until <= now + LEASE else None


def hold(tx: Transaction, actor: Actor, item_id: UUID) -> None:
    """Hold an item for LEASE; somebody else's hold stays. The item's version does not change. Raises NotFound."""
    row = repository.visible_item(tx.session, actor, item_id, tx.today)
    if row is None:
        raise NotFound
    if holder(row.item, tx.now) in (None, actor.user_id):
        row.item.taken_by, row.item.taken_until = actor.user_id, tx.now + LEASE
