"""Who may ask for an access log, who is the second person, who reads it until when (ADR 0025). Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final
from uuid import UUID

from core.actor import Actor, ActorKind, Role

ASKED: Final = "asked"
APPROVED: Final = "approved"
REFUSED: Final = "refused"
READ_DAYS: Final = 14
SECOND_PERSONS: Final = (Role.DATA_PROTECTION, Role.RECORDS_MANAGER)


@dataclass(frozen=True, slots=True)
class Standing:
    """What counts of a request: whose agency, who asked, who decided what, and the last day of reading."""

    agency_id: UUID
    requested_by: UUID
    state: str
    decided_by: UUID | None = None
    readable_until: date | None = None


def may_ask(actor: Actor) -> bool:
    """Only a person with the office of data protection."""
    return _person(actor) and actor.has(Role.DATA_PROTECTION)


def may_be_second(actor: Actor) -> bool:
    """Whether this person decides requests of others at all."""
    return _person(actor) and actor.has(*SECOND_PERSONS)


def may_decide(actor: Actor, request: Standing) -> bool:
    """Whether this person is a second one for the request, whether or not it is still open.

    Never whoever asked, with whatever other role; nor whoever stands in for that person today: that would be the same
    office twice. A deputy gains no role (`core.actor`), so standing in for a second person makes nobody one.
    """
    away = actor.stands_in_for | {user_id for user_id, _, _ in actor.stands_in_partly}
    same = request.requested_by == actor.user_id or request.requested_by in away
    return may_be_second(actor) and request.agency_id == actor.agency_id and not same


def may_read(actor: Actor, request: Standing, on: date) -> bool:
    """Only who asked, while holding the office, approved by another person, and until the last day."""
    if not may_ask(actor) or (request.agency_id, request.requested_by) != (actor.agency_id, actor.user_id):
        return False
    second = request.decided_by is not None and request.decided_by != request.requested_by
    open_still = request.readable_until is not None and on <= request.readable_until
    return request.state == APPROVED and second and open_still


def readable_until(decided_on: date) -> date:
    """The last day on which a log opened on `decided_on` may be read."""
    return decided_on + timedelta(days=READ_DAYS)


def _person(actor: Actor) -> bool:
    return actor.kind is ActorKind.USER and actor.user_id is not None
