"""Names for ids: small reads that several pages need. They show names of staff, units and covers, never contents."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from importlib import resources
from typing import Any
from uuid import UUID

from sqlalchemy import and_, exists, select
from sqlalchemy.orm import Session

from archive import repository as archive
from archive.models import CaseFile, Membership, Person, PersonAddress, PersonMark
from core.yaml_data import load_yaml
from ingest.models import MailItem
from organisation.models import Agency, OrgUnit, User
from web.wording import date_words


def user_name(session: Session, user_id: UUID | None) -> str:
    """The name of a member of staff, "" for none."""
    found = session.get(User, user_id) if user_id else None
    return found.display_name if found else ""


def unit_title(session: Session, unit_id: UUID | None) -> str:
    """The title of a unit, "" for none."""
    found = session.get(OrgUnit, unit_id) if unit_id else None
    return found.title if found else ""


def agency_name(session: Session, agency_id: UUID) -> str:
    """The name of the agency."""
    found = session.get(Agency, agency_id)
    return found.name if found else ""


def case_names(session: Session, case_files: Iterable[CaseFile | None]) -> dict[UUID, str]:
    """For each case the name shown for it, else its number."""
    found = {one.id: one.file_number for one in case_files if one is not None}
    return {**found, **archive.head_names(session, found)}


def case_details(session: Session, case_ids: Iterable[UUID]) -> Mapping[UUID, str]:
    """Birth date and street of each case's first person („12.05.1991 · Lindenweg 12"); a protected address is not shown."""
    hidden = exists().where(PersonMark.person_id == Person.id, PersonMark.mark == "protected_address")
    rows = session.execute(
        select(Membership.case_file_id, Person.birth_date, PersonAddress.street)
        .join(Person, Person.id == Membership.person_id)
        .outerjoin(
            PersonAddress,
            and_(PersonAddress.person_id == Person.id, PersonAddress.valid_until.is_(None), ~hidden),
        )
        .where(Membership.case_file_id.in_(list(case_ids)), Membership.valid_until.is_(None))
        .order_by(Membership.role, Membership.id)
    )
    details: dict[UUID, str] = {}
    for case_id, born, street in rows:
        words = (date_words(born) if born else "", street or "")
        details.setdefault(case_id, " · ".join(word for word in words if word))
    return details


def with_site(session: Session, unit: OrgUnit) -> str:
    """„Leistung 1, Sozialzentrum Halvesund": teams of different sites bear the same name."""
    site = session.get(OrgUnit, unit.parent_id) if unit.parent_id else None
    return f"{unit.title}, {site.title}" if site is not None and site.kind == "site" else unit.title


def sender_title(code: str | None) -> str:
    """The kind of sender in words, "" when nobody knows."""
    return _sender_titles().get(code or "", "")


@cache
def _sender_titles() -> dict[str, str]:
    data = load_yaml(resources.files("ingest").joinpath("data/senders.yaml").read_text("utf-8"))
    unknown = "UNBEKANNT"
    return {entry["code"]: entry["title"] for entry in data["senders"] if entry["code"] != unknown}


def evidence_about(mail: MailItem | None, cases: Sequence[CaseFile]) -> list[Mapping[str, Any]]:
    """The evidence for and against these cases; what speaks of a case that the person may not see stays unsaid."""
    named = {name for case in cases for name in (str(case.id), case.file_number)}
    return [one for one in (mail.evidence if mail else []) if str(one.get("candidate") or "") in named]
