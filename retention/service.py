"""Use cases before disposal: the second person's release of a frozen list, and what all who work on lists need.

Records managers see dates and numbers, no contents. Each function works inside the caller's transaction, checks the role
first, and writes its audit event there. What is due tells `retention.due`; proposing is `retention.proposing`, the
archive's decision `retention.appraising`; holds and triggers are `retention.holding`, execution is `retention.disposal`.
"""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session

from archive.models import CaseGrant
from core.actor import Actor, Role
from core.audit import record_act
from core.database import Transaction
from core.errors import NotAllowed, NotFound
from retention import repository
from retention.errors import SecondPerson, WrongListState
from retention.models import DisposalList, DisposalObject


def approve(tx: Transaction, actor: Actor, name: str) -> int:
    """The second person's release of a frozen list. Returns how many objects lack the archive's decision: those will be
    refused at execution. Raises SecondPerson for whoever proposed it.
    """
    user = require_role(actor, Role.RECORDS_MANAGER)
    listed = require_list(tx.session, actor, name)
    require_frozen(listed)
    if listed.proposed_by == user:
        raise SecondPerson
    listed.state, listed.approved_by, listed.approved_at = "approved", user, tx.now
    objects, undecided = repository.count_objects(tx.session, listed.id)
    end_offer(tx, DisposalObject.list_id == listed.id)
    record_act(tx, actor, "disposal.approved", "disposal_list", listed.id, objects=objects)
    return undecided


def require_list(session: Session, actor: Actor, name: str) -> DisposalList:
    """The agency's list of that name. Raises NotFound."""
    listed = repository.disposal_list(session, actor.agency_id, name.strip())
    if listed is None:
        raise NotFound("Eine Liste mit diesem Namen gibt es nicht.", "no such disposal list")
    return listed


def end_offer(tx: Transaction, objects: ColumnElement[bool]) -> None:
    """Archivists no longer read the files of these DisposalObjects. Idempotent."""
    offered = select(DisposalObject.case_file_id).where(objects)
    standing = CaseGrant.case_file_id.in_(offered), CaseGrant.reason == "offer", CaseGrant.ended_at.is_(None)
    tx.session.execute(update(CaseGrant).where(*standing).values(ended_at=tx.now))


def require_role(actor: Actor, role: Role) -> UUID:
    """The acting person's id. Raises NotAllowed without the role, and for machines."""
    if actor.user_id is None or not actor.has(role):
        raise NotAllowed
    return actor.user_id


def require_frozen(listed: DisposalList) -> None:
    """Raises WrongListState for a list that is still being collected, or was approved."""
    if listed.state == "collecting":
        raise WrongListState("Die Liste wird noch zusammengestellt. Bitte gleich noch einmal versuchen.")
    if listed.state != "frozen":
        raise WrongListState("Die Liste ist schon freigegeben.")
