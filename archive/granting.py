"""Admitting a person to a case for a time: an auditor to read it, a colleague to work on it.

Who may: the team lead of the case's unit. INTERFACES gives the verb "assign" to team leads alone, and who opens contents
to others must be answerable for them: records managers know the whole register and read no contents, so they may not let
anybody in either. Leads open what leading or their own responsibility opens to them (`access.assignable_case_files`), so
the secrecy classes hold: sealed cases, class SOZ_G and the collective file open by name only and are not theirs to pass
on. Since the audited team's lead is who assigns, audits are better served by a sample: cases in an order that follows
from a number which the auditor names, so that nobody chooses and anybody can draw it again.

What an admission opens is decided by `archive.access` alone, every time: it needs the role of its kind on that day, and
ends after its last day without anybody doing anything. Every act stands in the audit log, with ids; the reason is kept
as a note of the case, as with closing and reopening.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import ColumnElement, and_, or_, select, true
from sqlalchemy.orm import Session

from archive.access import assignable_case_files
from archive.models import CaseFile, CaseGrant
from archive.service import add_note
from core.actor import Actor, Role
from core.audit import record_act
from core.database import Transaction
from core.errors import InvalidInput, NotAllowed, NotFound
from core.ids import new_id
from organisation.actors import build_actor
from organisation.models import OrgUnit, User
from organisation.service import find_user

AUDIT, NAMED = "audit", "named"
PURPOSES = {AUDIT: "zur Prüfung", NAMED: "zur Bearbeitung"}


@dataclass(frozen=True, slots=True)
class Admission:
    """Who is let in from a day (None = today) until a day, both inclusive, and why."""

    username: str
    start: date | None
    until: date
    reason: str


@dataclass(frozen=True, slots=True)
class Sample:
    """So many cases of a unit (its code), open or closed, of the year in which they were opened or closed (None = any)."""

    unit: str
    size: int
    state: str = "open"
    year: int | None = None
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Drawn:
    """A sample: its cases, from how many they were drawn, and by which number."""

    case_ids: tuple[UUID, ...]
    of: int
    seed: int


@dataclass(frozen=True, slots=True)
class Standing:
    """An admission that is not over."""

    grant: CaseGrant
    case_file: CaseFile
    user: User


def admit(
    tx: Transaction, actor: Actor, case_ids: Sequence[UUID], wanted: Admission, drawn: Drawn | None = None
) -> list[str]:
    """Let a person into all of these cases, or into none; their numbers. A new time replaces the old one; the same again
    is no act.

    The kind follows from the person's role on the first day. Raises NotAllowed for who leads nothing, NotFound for a
    case that is not the actor's to open, InvalidInput for a person, a time or a reason that will not do.
    """
    if not actor.has(Role.TEAM_LEAD):
        raise NotAllowed
    start = wanted.start or tx.today
    if not tx.today <= start <= wanted.until:
        raise InvalidInput("Die Freigabe beginnt frühestens heute und endet nicht vor ihrem Anfang.", "wrong days")
    if not wanted.reason.strip():
        raise InvalidInput("Bitte geben Sie an, wofür die Akte freigegeben wird.", "a reason is needed")
    user, kind = _person(tx.session, actor, wanted.username, start)
    numbers = []
    for case_id in dict.fromkeys(case_ids):
        allowed = select(CaseFile).where(CaseFile.id == case_id, assignable_case_files(actor))
        case_file = tx.session.scalar(allowed)
        if case_file is None:
            raise NotFound
        if _replaced(tx, case_file, user, (kind, start, wanted.until)):
            _open(tx, actor, case_file, user, kind, wanted, drawn)
        numbers.append(case_file.file_number)
    return numbers


def end_admission(tx: Transaction, actor: Actor, case_file_id: UUID, username: str) -> None:
    """End a person's admission to a case now. For leads of its unit, and for whoever gave it.

    Raises NotFound when there is none that this actor may end.
    """
    rows = [
        row
        for row in standing(tx.session, actor, tx.today, case_file_id)
        if row.user.username == username.strip().lower()
    ]
    if not rows:
        raise NotFound("Für diese Person ist die Akte nicht freigegeben.", "no such admission")
    for row in rows:
        row.grant.ended_at = tx.now
        record_act(
            tx, actor, "case.grant_ended", "case_file", case_file_id, case_file_id=case_file_id, user=row.user.id,
            kind=row.grant.reason,
        )  # fmt: skip


def may_admit(session: Session, actor: Actor, case_file_id: UUID) -> bool:
    """Whether the case is this actor's to open."""
    if not actor.has(Role.TEAM_LEAD):
        return False
    return bool(session.scalar(select(CaseFile.id).where(CaseFile.id == case_file_id, assignable_case_files(actor))))


def standing(session: Session, actor: Actor, on: date, case_file_id: UUID | None = None) -> list[Standing]:
    """The admissions (to one case, or to all), begun or to come, that this lead may end: by case number, then by person."""
    if not actor.has(Role.TEAM_LEAD):
        return []
    one = true() if case_file_id is None else CaseGrant.case_file_id == case_file_id
    mine = or_(assignable_case_files(actor), CaseGrant.granted_by == actor.user_id)
    rows = session.execute(
        select(CaseGrant, CaseFile, User)
        .join(CaseFile, CaseFile.id == CaseGrant.case_file_id)
        .join(User, User.id == CaseGrant.user_id)
        .where(CaseGrant.agency_id == actor.agency_id, CaseGrant.reason.in_(PURPOSES), _not_over(on), mine, one)
        .order_by(CaseFile.file_number, User.username, CaseGrant.id)
    )
    return [Standing(grant, case_file, user) for grant, case_file, user in rows]


def draw(session: Session, actor: Actor, wanted: Sample) -> Drawn:
    """Draw a sample from what this lead may open: ordered by SHA-256 of "seed|file number", the first ones.

    Raises InvalidInput when there are fewer cases than wanted; no number is told of units that the actor does not lead.
    """
    dated = CaseFile.closed_on if wanted.state == "closed" else CaseFile.opened_on
    query = (
        select(CaseFile.id, CaseFile.file_number)
        .join(OrgUnit, OrgUnit.id == CaseFile.org_unit_id)
        .where(OrgUnit.code == wanted.unit, CaseFile.state == wanted.state, assignable_case_files(actor))
    )
    if wanted.year is not None:
        query = query.where(dated.between(date(wanted.year, 1, 1), date(wanted.year, 12, 31)))
    found = {number: case_id for case_id, number in session.execute(query)}
    if not 1 <= wanted.size <= len(found):
        raise InvalidInput(
            f"Aus {len(found)} passenden Akten lassen sich nicht {wanted.size} ziehen.", "not enough case files"
        )
    order = sorted(found, key=lambda number: hashlib.sha256(f"{wanted.seed}|{number}".encode()).hexdigest())
    return Drawn(tuple(found[number] for number in order[: wanted.size]), len(found), wanted.seed)


def _person(session: Session, actor: Actor, username: str, start: date) -> tuple[User, str]:
    """The person and the kind of admission. Who works on cases is no auditor of them: audits are read only."""
    user = find_user(session, actor.agency_id, username)
    if user is None or not user.active or user.id == actor.user_id:
        raise InvalidInput("Bitte nennen Sie eine andere Person, die angemeldet sein darf.", "unknown user, or oneself")
    person = build_actor(session, user, start)
    audits, works = person.has(Role.AUDITOR), person.has(Role.CASEWORKER, Role.TEAM_LEAD)
    if audits and works:
        raise InvalidInput(
            "Wer selbst Akten bearbeitet, prüft nicht. Die Person braucht dafür einen eigenen Zugang.",
            "an auditor must not work on cases",
        )
    if not audits and not works:
        raise InvalidInput("Mit den Rollen dieser Person lassen sich keine Akten lesen.", "no role that reads cases")
    return user, AUDIT if audits else NAMED


def _replaced(tx: Transaction, case_file: CaseFile, user: User, wanted: tuple[str, date, date]) -> bool:
    """End what stands for the person in the case, unless it is just that. Whether a new one is needed."""
    mine = CaseGrant.case_file_id == case_file.id, CaseGrant.user_id == user.id, CaseGrant.reason.in_(PURPOSES)
    for grant in tx.session.scalars(select(CaseGrant).where(*mine, _not_over(tx.today))).all():
        if (grant.reason, grant.valid_from, grant.valid_until) == wanted:
            return False
        grant.ended_at = tx.now
    return True


def _open(
    tx: Transaction, actor: Actor, case_file: CaseFile, user: User, kind: str, wanted: Admission, drawn: Drawn | None
) -> None:
    start = wanted.start or tx.today
    tx.session.add(
        CaseGrant(
            id=new_id(), agency_id=actor.agency_id, case_file_id=case_file.id, user_id=user.id, reason=kind,
            granted_by=actor.user_id, valid_from=start, valid_until=wanted.until,
        )
    )  # fmt: skip
    told = {"sample": f"{len(drawn.case_ids)}/{drawn.of}", "seed": drawn.seed} if drawn else {}
    record_act(
        tx, actor, "case.granted", "case_file", case_file.id, case_file_id=case_file.id, user=user.id, kind=kind,
        start=start, until=wanted.until, **told,
    )  # fmt: skip
    words = f"Freigegeben {PURPOSES[kind]} für {user.display_name} bis {wanted.until:%d.%m.%Y}: {wanted.reason.strip()}"
    if drawn:
        words += f" (Stichprobe: {len(drawn.case_ids)} von {drawn.of} Akten, Zufallszahl {drawn.seed})"
    add_note(tx, actor, words, case_file_id=case_file.id)


def _not_over(on: date) -> ColumnElement[bool]:
    return and_(CaseGrant.ended_at.is_(None), or_(CaseGrant.valid_until.is_(None), CaseGrant.valid_until >= on))
