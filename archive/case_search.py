"""Finding a case by what stands on a letter: number in any spelling, name, birth date. Covers only, never contents.

Also by the numbers that the line-of-business system links with.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, and_, exists, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from archive.access import covers_visible, visible_case_files
from archive.models import CaseAlias, CaseFile, Membership, Person, PersonName
from archive.names import name_key
from archive.numbers import number_key
from core.actor import Actor

_DAY = re.compile(r"\b(\d{1,2})\.(\d{1,2})\.(\d{4})\b")
_MIN_DIGITS = 3
BENEFITS = "LEIST"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a search text asks for: the key of a number, words of a name as typed, a birth date."""

    number: str | None
    names: tuple[str, ...]
    born: date | None


def understand(text: str) -> Wanted:
    """What the text asks for. Pure; any text is allowed, an impossible date is ignored."""
    found = _DAY.search(text)
    born = _day(found) if found else None
    rest = _DAY.sub(" ", text)
    numbers = " ".join(word for word in rest.split() if any(c.isdigit() for c in word) or word.upper() == "BG")
    digits = sum(c.isdigit() for c in numbers)
    names = tuple(word for word in rest.split() if not any(c.isdigit() for c in word) and name_key(word))
    number = number_key(numbers) if digits >= _MIN_DIGITS else None
    return Wanted(number, () if number and [name_key(word) for word in names] == ["bg"] else names, born)


def find_cases(session: Session, actor: Actor, text: str, on: date, limit: int = 6) -> Sequence[CaseFile]:
    """Open cases whose cover `actor` may see and which the text names; an empty text names none."""
    return _named(session, text, limit, covers_visible(actor, on), CaseFile.state == "open")


def readable_cases(session: Session, actor: Actor, text: str, on: date, limit: int = 6) -> Sequence[CaseFile]:
    """Cases, closed ones too, that `actor` may read and which the text names; an empty text names none."""
    return _named(session, text, limit, visible_case_files(actor, on))


def _named(session: Session, text: str, limit: int, *among: ColumnElement[bool]) -> Sequence[CaseFile]:
    wanted = understand(text)
    conditions = [*_number(wanted), *_persons(wanted)]
    if not conditions:
        return ()
    query = select(CaseFile).where(*among, *conditions)
    return session.scalars(query.order_by(CaseFile.file_number).limit(limit)).all()


def linked_cases(
    session: Session, actor: Actor, on: date, *, bg_nummer: str = "", customer_number: str = ""
) -> Sequence[CaseFile]:
    """Cases that `actor` may read of a benefit community, or of a customer: today's, else those of the past.

    What the actor may not see counts for nothing: it is neither found nor makes a number ambiguous.
    """
    seen = select(CaseFile).where(visible_case_files(actor, on)).order_by(CaseFile.file_number)
    if bg := number_key(bg_nummer):
        return session.scalars(seen.where(or_(CaseFile.bg_key == bg, CaseFile.number_key == bg))).all()
    customer = number_key(customer_number)
    of_customer = (
        select(Membership.case_file_id)
        .join(Person, Person.id == Membership.person_id)
        .where(Person.agency_id == actor.agency_id, Person.customer_key == customer)
    )
    today = of_customer.where(
        or_(Membership.valid_from.is_(None), Membership.valid_from <= on),
        or_(Membership.valid_until.is_(None), Membership.valid_until >= on),
    )
    for ids in (today, of_customer) if customer else ():
        if found := session.scalars(seen.where(CaseFile.id.in_(ids))).all():
            return found
    return ()


def main_case(cases: Sequence[CaseFile]) -> CaseFile | None:
    """The one that a link means: the only one, else the only open one, else the only open benefits file. Pure."""
    is_open = [one for one in cases if one.state == "open"]
    benefits = [one for one in is_open if one.file_plan_unit == BENEFITS]
    return next((some[0] for some in (cases, is_open, benefits) if len(some) == 1), None)


def _number(wanted: Wanted) -> list[ColumnElement[bool]]:
    if wanted.number is None:
        return []
    alias = select(CaseAlias.case_file_id).where(CaseAlias.number_key == wanted.number)
    customer = (
        select(Membership.case_file_id)
        .join(Person, Person.id == Membership.person_id)
        .where(Person.customer_key == wanted.number)
    )
    part = wanted.number
    ways = (
        CaseFile.number_key.contains(part, autoescape=True),
        CaseFile.bg_key.contains(part, autoescape=True),
        CaseFile.id.in_(alias),
        CaseFile.id.in_(customer),
    )
    return [or_(*ways)]


def _persons(wanted: Wanted) -> list[ColumnElement[bool]]:
    if not wanted.names and wanted.born is None:
        return []
    facts: list[ColumnElement[bool]] = [
        Membership.case_file_id == CaseFile.id,
        Person.id == Membership.person_id,
        PersonName.person_id == Person.id,
    ]
    for word in wanted.names:
        facts.append(or_(*_begins(PersonName.family_key, word), *_begins(PersonName.given_key, word)))
    if wanted.born is not None:
        facts.append(Person.birth_date == wanted.born)
    return [exists().where(and_(*facts))]


def _begins(key: InstrumentedAttribute[str], word: str) -> tuple[ColumnElement[bool], ...]:
    """A name, the second of several too, that begins with the word."""
    folded = name_key(word)
    return key.startswith(folded, autoescape=True), key.contains(f" {folded}", autoescape=True)


def _day(found: re.Match[str]) -> date | None:
    try:
        return date(int(found[3]), int(found[2]), int(found[1]))
    except ValueError:
        return None
