"""The Postkörbe that a person works from, each with its own address: own, teams, people led, people stood in for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from archive.access import worked_units
from core.actor import Actor, Role
from core.errors import NotFound
from inbox.models import InboxItem
from inbox.repository import Box
from organisation.models import OrgUnit
from web.mapping_lookup import user_name, with_site
from web.texts import Texts


@dataclass(frozen=True, slots=True)
class OpenBox:
    """A Postkorb that the person works from: its address, its words, and which items lie in it."""

    box: Box
    href: str
    tab: str
    heading: str
    list_title: str


def boxes_of(session: Session, actor: Actor, texts: Texts) -> list[OpenBox]:
    """The person's own Postkorb, those of the teams, and those of the people stood in for."""
    own = OpenBox(Box("own"), "/postkorb", texts("postkorb.mein"), texts("raum.postkorb"), texts("postkorb.liste_mein"))
    boxes = [own]
    if not actor.has(Role.CASEWORKER, Role.TEAM_LEAD):
        return boxes
    teams = select(OrgUnit).where(OrgUnit.id.in_(worked_units(actor)), OrgUnit.active, OrgUnit.kind == "team")
    units = session.scalars(teams.order_by(OrgUnit.code)).all()
    titles = Counter(unit.title for unit in units)
    for unit in units:
        shown = unit.title if titles[unit.title] == 1 else with_site(session, unit)
        tab = texts("postkorb.team", team=shown)
        href = f"/postkorb/team/{unit.code}"
        boxes.append(OpenBox(Box("team", unit.id), href, tab, tab, texts("postkorb.liste_team", team=shown)))
    if actor.led_units:
        heading, listed = texts("postkorb.ueberschrift_personen"), texts("postkorb.liste_personen")
        boxes.append(OpenBox(Box("members"), "/postkorb/personen", texts("postkorb.personen"), heading, listed))
    for user_id in sorted(actor.stands_in_for | {user_id for user_id, _, _ in actor.stands_in_partly}):
        name = user_name(session, user_id)
        boxes.append(
            OpenBox(
                Box("deputy", user_id),
                f"/postkorb/vertretung/{user_id}",
                texts("postkorb.vertretung", name=name),
                texts("postkorb.ueberschrift_vertretung", name=name),
                texts("postkorb.liste_vertretung", name=name),
            )
        )
    return boxes


def box_at(boxes: Sequence[OpenBox], href: str) -> OpenBox:
    """The box with this address. Raises NotFound: not there and not yours look the same."""
    for one in boxes:
        if one.href == href:
            return one
    raise NotFound


def box_of_item(boxes: Sequence[OpenBox], item: InboxItem, actor: Actor) -> OpenBox:
    """The box in which an item lies; else that of all people led, else the own one."""
    kind = "team" if item.inbox_kind == "team" else ("own" if item.user_id == actor.user_id else "deputy")
    owner = {"team": item.unit_id, "deputy": item.user_id}.get(kind)
    for one in boxes:
        if one.box.kind == kind and one.box.id == owner:
            return one
    return next((one for one in boxes if one.box.kind == "members"), boxes[0])
