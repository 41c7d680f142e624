"""Mail changes hands: take, forward, assign, give back to clearing. Each act is one transaction and undoable.

Whoever gets a letter may read this letter, not its whole case; whoever had it only by passing on no longer can.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from archive.access import worked_units
from core.actor import Actor, Role
from core.audit import record_act
from core.database import Transaction
from core.errors import InvalidInput, NotAllowed
from inbox import repository
from inbox.acts import ItemRef, checked_reason, end_item, open_item, remember
from inbox.delivery import end_grants, give_back_to, hand_on
from inbox.models import InboxItem
from organisation.actors import absent_users, build_actor, build_actors, units_upwards, users_as
from organisation.models import OrgUnit, RoleAssignment, User

WORKERS = (Role.CASEWORKER, Role.TEAM_LEAD)


def take(tx: Transaction, actor: Actor, ref: ItemRef) -> InboxItem:
    """Mir zuweisen: a team item becomes a personal one of the actor."""
    row = open_item(tx, actor, ref)
    if actor.user_id is None or row.item.inbox_kind != "team":
        raise InvalidInput("Nur Schreiben aus dem Teampostkorb lassen sich übernehmen.", "only team items can be taken")
    return _pass_on(tx, actor, row, "take", user_id=actor.user_id, unit_id=None)


def forward(tx: Transaction, actor: Actor, ref: ItemRef, *, to_user: str | None, to_unit: str | None) -> InboxItem:
    """Weiterleiten to a colleague or a team by name or code. They may read this document, not its whole case."""
    row = open_item(tx, actor, ref)
    user_id = _worker(tx, actor, to_user) if to_user else None
    unit_id = _team(tx, actor, to_unit) if to_unit and not to_user else None
    if user_id is None and unit_id is None:
        raise InvalidInput(
            "Diese Person oder dieses Team gibt es nicht oder arbeitet nicht mit Post. Bitte wählen Sie neu.",
            "unknown recipient, or one without an inbox",
        )
    if not row.document.filed:
        row.document.clearing_scope = "forwarded"
    return _pass_on(tx, actor, row, "forward", user_id=user_id, unit_id=unit_id)


def assign(tx: Transaction, actor: Actor, ref: ItemRef, *, to_user: str | None) -> InboxItem:
    """Zuteilen: who leads a team lays mail of the team, or of a person of it, before a person of the team who is there.

    Raises NotFound and ItemChanged as every act, NotAllowed for who does not lead there, InvalidInput for a recipient
    who is not of that team, is away, or has the letter already.
    """
    row = open_item(tx, actor, ref)
    if not led_places(tx.session, actor, row.item):
        raise NotAllowed(
            "Zuteilen können Sie Schreiben aus den Postkörben der Teams, die Sie leiten.",
            "only mail in the inboxes of teams that you lead can be assigned",
        )
    people = {user.username: user.id for user in assignable(tx.session, actor, row.item, tx.today)}
    if to_user not in people:
        raise InvalidInput(
            "Zuteilen können Sie nur an Personen des Teams, die da sind und mit Post arbeiten. Bitte wählen Sie neu.",
            "not a person of that team who works from an inbox and is there",
        )
    return _pass_on(tx, actor, row, "assign", user_id=people[to_user], unit_id=None)


def give_back(tx: Transaction, actor: Actor, ref: ItemRef, reason: str) -> InboxItem:
    """Zurück an die Klärung: an unfiled letter goes back to the very clearing that it came from, with the reason why.

    Raises InvalidInput for a filed letter, for one that lies in clearing, and without a reason.
    """
    row = open_item(tx, actor, ref)
    origin = repository.clearing_before(tx.session, row.item)
    if row.document.filed or origin is None:
        raise InvalidInput(
            "Nur Schreiben, die aus der Klärung kamen und in keiner Akte liegen, gehen dorthin zurück.",
            "only unfiled mail that came from clearing can be given back",
        )
    why = {"code": "given_back", "text": f"Zurück aus einem Postkorb: {checked_reason(reason)}"}
    following = give_back_to(tx, row.item, row.document, origin, why)
    _hand_over(tx, actor, row, "give_back", following)
    return following


def led_places(session: Session, actor: Actor, item: InboxItem) -> frozenset[UUID]:
    """The units led by `actor` whose mail the item is: its team's, or those of the person in whose inbox it lies.

    In the own inbox of a lead everything is mail of the led units: what the rescue brought there goes on from there.
    """
    if item.inbox_kind == "team" and item.unit_id is not None:
        return actor.led_units & {item.unit_id}
    if item.inbox_kind != "user" or item.user_id is None:
        return frozenset()
    if item.user_id == actor.user_id:
        return actor.led_units
    held = select(RoleAssignment.unit_id).where(
        RoleAssignment.user_id == item.user_id, RoleAssignment.role.in_(WORKERS)
    )
    return actor.led_units & set(session.scalars(held))  # on whatever day: mail of somebody who left waits too


def assignable(session: Session, actor: Actor, item: InboxItem, on: date) -> Sequence[User]:
    """Who may get the item from this lead: people of the led team that are there today and work from an inbox, by name."""
    units = led_places(session, actor, item)
    above = {unit_id for unit in units for unit_id in units_upwards(session, unit)}
    users = users_as(session, above, *WORKERS)
    away = absent_users(session, actor.agency_id, on)
    return [
        user
        for user, person in zip(users, build_actors(session, users, on), strict=True)
        if not units.isdisjoint(worked_units(person)) and user.id not in away and user.id != item.user_id
    ]


def _pass_on(
    tx: Transaction, actor: Actor, row: repository.Row, kind: str, *, user_id: UUID | None, unit_id: UUID | None
) -> InboxItem:
    following = hand_on(tx, row.item, row.document, user_id=user_id, unit_id=unit_id)
    _hand_over(tx, actor, row, kind, following)
    return following


def _hand_over(tx: Transaction, actor: Actor, row: repository.Row, kind: str, following: InboxItem) -> None:
    """The old item ends, and with it the sight of who had it only by passing on."""
    end_item(tx, actor, row.item, "forwarded")
    end_grants(tx, row.item.id)
    remember(tx, actor, kind, row.item, {"delivered": str(following.id)})
    record_act(
        tx, actor, f"inbox.{kind}", "inbox_item", row.item.id, case_file_id=row.item.case_file_id,
        document=row.document.id, to_user=following.user_id, to_unit=following.unit_id,
    )  # fmt: skip


def _worker(tx: Transaction, actor: Actor, username: str) -> UUID | None:
    """An active person who works from an inbox: an item must not lie where nobody opens it."""
    user = tx.session.scalar(
        select(User).where(User.agency_id == actor.agency_id, User.username == username, User.active)
    )
    if user is None or not build_actor(tx.session, user, tx.today).has(*WORKERS):
        return None
    return user.id


def _team(tx: Transaction, actor: Actor, code: str) -> UUID | None:
    """An active unit with at least one active person who works from its inbox."""
    found = tx.session.scalar(
        select(OrgUnit.id).where(OrgUnit.agency_id == actor.agency_id, OrgUnit.code == code, OrgUnit.active)
    )
    if found is None:
        return None
    above = units_upwards(tx.session, found)  # who works for a unit holds a role there, or leads it from above
    people = build_actors(tx.session, users_as(tx.session, above, *WORKERS), tx.today)
    return found if any(found in worked_units(person) for person in people) else None
