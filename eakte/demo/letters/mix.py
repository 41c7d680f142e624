"""A day's mail as letters: who writes what, which facts are printed, and the truth about where it belongs.

The truth comes from the register and from how the letter was made; nothing here asks the router.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Literal

from eakte.demo.letters.common import Matter, days_before, named, short_date, spelled
from eakte.demo.letters.frames import Draft
from eakte.demo.letters.kinds import KINDS, OWN_KINDS, Kind, file_type
from eakte.demo.letters.model import Fact, Info, Letter, LetterTruth, Stamp
from eakte.demo.pools import names
from eakte.demo.register import DemoAddress, DemoCase, DemoPerson, DemoRegister

TRAP_SHARE = 0.14
PLANS = (
    (("bg_number", "name"), 30),
    (("bg_number", "name", "address"), 16),
    (("bg_number", "name", "birth_date"), 9),
    (("customer_number", "name"), 6),
    (("file_number", "name"), 7),
    (("name", "birth_date"), 13),
    (("name", "birth_date", "address"), 6),
    (("name", "address"), 4),
    (("name",), 4),
    (("bg_number",), 2),
    (("hand", "name"), 3),
)
NUMBERS = ("bg_number", "customer_number", "file_number")


def make_letters(register: DemoRegister, count: int, seed: int, day: date) -> list[Letter]:
    """`count` letters received on `day`: the day mix with its traps (TRAP_SHARE, each trap before any comes again)."""
    from eakte.demo.letters.traps import TRAPS

    rng = random.Random(f"eakte-letters-{seed}-{day.isoformat()}")
    traps = [rng.random() < TRAP_SHARE for _ in range(count)]
    order = list(TRAPS)
    rng.shuffle(order)
    letters, used = [], 0
    for trap in traps:
        own = random.Random(rng.getrandbits(64))
        if trap:
            letters.append(TRAPS[order[used % len(order)]](register, own, day))
            used += 1
        else:
            kind = own.choices(KINDS, [one.share for one in KINDS])[0]
            letters.append(make_letter(register, kind, own, day))
    return letters


def make_own_letters(register: DemoRegister, count: int, seed: int, day: date) -> list[Letter]:
    """Decisions and other papers of our own, as the line-of-business system delivers them born digital."""
    rng = random.Random(f"eakte-own-{seed}-{day.isoformat()}")
    kinds = [OWN_KINDS[number % len(OWN_KINDS)] for number in range(count)]
    return [own_letter(register, kind, random.Random(rng.getrandbits(64)), day) for kind in kinds]


def own_letter(register: DemoRegister, kind: Kind, rng: random.Random, day: date) -> Letter:
    """One paper of our own about an ordinary case: number, name and address printed."""
    person = pick_person(register, kind, rng, day)
    case = register.right_case(person, file_type(kind.document_type), day)
    wanted = {"bg_number", "name", *kind.always}
    matter = make_matter(rng, day, person, wanted, case)
    matter = replace(matter, name=person.full_name, number=case.bg_nummer if case else "", written=day)
    return finish(register, kind.make(matter), matter, kind.document_type)


def make_letter(register: DemoRegister, kind: Kind, rng: random.Random, day: date, plan: Sequence[str] = ()) -> Letter:
    """One ordinary letter of a kind, with the facts of `plan`, or those that chance prints."""
    if kind.of in ("nobody", "stranger", "stray"):
        return _foreign_letter(register, kind, rng, day)
    person = pick_person(register, kind, rng, day)
    plan = plan or rng.choices([facts for facts, _ in PLANS], [weight for _, weight in PLANS])[0]
    wanted = (set(plan) | kind.always) - kind.never
    case = register.right_case(person, file_type(kind.document_type), day)
    if "file_number" in wanted and (case is None or case.file_plan_unit == "LEIST"):
        wanted = wanted - {"file_number"} | {"bg_number"}
    matter = make_matter(rng, day, person, wanted, case)
    return finish(register, kind.make(matter), matter, kind.document_type)


def pick_person(register: DemoRegister, kind: Kind, rng: random.Random, day: date) -> DemoPerson:
    """An unmarked person with an open case that fits the kind; special households stay with the traps."""
    reserved = set(register.special.values()) - {register.special["example"]}
    wanted = {"worker": "VERM", "claimant": file_type(kind.document_type)}.get(kind.of, "LEIST")
    cases = [
        case
        for case in register.cases
        if case.file_plan_unit in (wanted, "LEIST")
        and case.closed_on is None
        and case.file_number not in reserved
        and case.opened_on < day
    ]
    if kind.of in ("worker", "claimant") and rng.random() < 0.8:
        cases = [case for case in cases if case.file_plan_unit == wanted] or cases
    if kind.of == "claimant":
        claimed = _claimed(register, wanted)
        cases = [case for case in cases if case.file_plan_unit == wanted or case.bg_nummer not in claimed]
    people = [
        person
        for case in rng.sample(cases, min(12, len(cases)))
        for person in case.members_on(day)
        if not person.marked() and _fits(person, kind.of, day)
    ]
    return rng.choice(people) if people else pick_person(register, replace(kind, of="adult"), rng, day)


def _claimed(register: DemoRegister, unit: str) -> set[str]:
    """BG numbers under which a case of the unit is open: mail of other members there would be anybody's guess."""
    return {case.bg_nummer for case in register.cases if case.file_plan_unit == unit and case.closed_on is None}


def _fits(person: DemoPerson, of: str, day: date) -> bool:
    age = person.age_on(day)
    return 6 <= age < 18 if of == "child" else age >= 18


def make_matter(
    rng: random.Random, day: date, person: DemoPerson, wanted: set[str] | frozenset[str], case: DemoCase | None
) -> Matter:
    """What the letter prints, in one spelling each."""
    kind = next((one for one in NUMBERS if one in wanted), "")
    known = {
        "bg_number": case.bg_nummer if case else "",
        "customer_number": person.customer_number,
        "file_number": case.file_number if case else "",
        "": "",
    }
    born = person.birth_date
    birth = rng.choice((short_date(born), short_date(born), f"{born.day}.{born.month}.{born.year}"))
    return Matter(
        rng,
        day,
        days_before(rng, day, 1, 9),
        person,
        kind,
        spelled(rng, kind, known[kind]),
        named(rng, person) if "name" in wanted else "",
        birth if "birth_date" in wanted else "",
        person.address if "address" in wanted else None,
        case.bg_nummer[7:].lstrip("0") if "hand" in wanted and case else "",
    )


def _foreign_letter(register: DemoRegister, kind: Kind, rng: random.Random, day: date) -> Letter:
    """A letter that no case waits for: new applicants, advertising, mail for others."""
    person = stranger(rng)
    wanted: set[str] = set()
    if kind.of == "stranger":
        wanted = {"name", "birth_date", "address"}
    elif kind.of == "stray":
        if rng.random() < 0.5:
            person = pick_person(register, replace(kind, of="adult"), rng, day)
        wanted = {"name", "address"} | ({"birth_date"} if rng.random() < 0.5 else set())
    matter = make_matter(rng, day, person, wanted, None)
    why = {
        "stranger": "first application, nobody of this name and birth date in the register",
        "stray": "addressed to another authority",
        "nobody": "no person, no case",
    }[kind.of]
    case = register.right_case(person, "LEIST", day)
    enough = holds_enough(register, matter, case)
    return clearing(kind.make(matter), matter, kind.document_type, why, enough=enough)


def stranger(rng: random.Random) -> DemoPerson:
    """Somebody who is not in the register (a customer number of its own keeps them apart)."""
    sex = rng.choice("wm")
    given = rng.choice(names("women" if sex == "w" else "men"))
    family = f"{rng.choice(names('family_names')).replace('-', '')}hofen"
    born = date(rng.randint(1965, 2004), rng.randint(1, 12), rng.randint(1, 28))
    address = DemoAddress(f"{rng.choice(['Deichstraße', 'Lindenallee'])} {rng.randint(95, 140)}", "00811", "Halvesund")
    return DemoPerson("", family, given, born, sex, (), (address,))


def facts_of(matter: Matter) -> tuple[Fact, ...]:
    """The facts about the case that the letter prints."""
    pairs = (
        (matter.number_kind, matter.number),
        ("name", matter.name),
        ("birth_date", matter.birth),
        ("address", matter.address.street if matter.address else ""),
    )
    return tuple(Fact(kind, text) for kind, text in pairs if text)


def holds_enough(register: DemoRegister, matter: Matter, case: DemoCase | None) -> bool:
    """Whether two independent facts are printed that agree on one person of one open case: a number of ours with
    name, birth date or address; name with birth date; name with address, when nobody else has both.
    """
    kinds = {fact.kind for fact in facts_of(matter)}
    if case is None:
        return False
    if kinds & set(NUMBERS):
        return bool(kinds & {"name", "birth_date", "address"})
    if "name" not in kinds:
        return False
    for kind, same in (("birth_date", _same_birth), ("address", _same_address)):
        if kind in kinds and sum(same(one, matter.person) for one in register.persons) == 1:
            return True
    return False


def _same_name(one: DemoPerson, other: DemoPerson) -> bool:
    return (one.first_name, one.family_name) == (other.first_name, other.family_name)


def _same_birth(one: DemoPerson, other: DemoPerson) -> bool:
    return _same_name(one, other) and one.birth_date == other.birth_date


def _same_address(one: DemoPerson, other: DemoPerson) -> bool:
    return _same_name(one, other) and any(
        (place.street, place.city) == (other.address.street, other.address.city) for place in one.addresses
    )


def finish(register: DemoRegister, draft: Draft, matter: Matter, document_type: str, trap: str = "") -> Letter:
    """The letter with the truth of an ordinary case: filed where the register says, if enough is printed."""
    case = register.right_case(matter.person, file_type(document_type), matter.day)
    enough = holds_enough(register, matter, case)
    kinds = " + ".join(fact.kind for fact in facts_of(matter)) or "nothing"
    why = f"{kinds} agree on one person with one fitting open case" if enough else f"only {kinds} printed"
    truth = LetterTruth(
        file_number=case.file_number if case else None,
        expected="file" if enough else "clearing",
        holds_enough=enough,
        why=why,
        document_type=document_type,
        document_date=matter.written if draft.dated else None,
        kind=document_type.lower(),
        facts=facts_of(matter),
        trap=trap,
    )
    return _letter(draft, matter, truth)


def clearing(
    draft: Draft,
    matter: Matter,
    document_type: str,
    why: str,
    trap: str = "",
    case: DemoCase | None = None,
    enough: bool = False,
) -> Letter:
    """The letter with the truth that a person has to decide; `case` is where that person should file it."""
    truth = LetterTruth(
        file_number=case.file_number if case else None,
        expected="clearing",
        holds_enough=enough,
        why=why,
        document_type=document_type,
        document_date=matter.written if draft.dated else None,
        kind=document_type.lower(),
        facts=facts_of(matter),
        trap=trap,
    )
    return _letter(draft, matter, truth)


def _letter(draft: Draft, matter: Matter, truth: LetterTruth) -> Letter:
    """Close the envelope; the post room may have stamped its receipt on it."""
    rng, pages = matter.rng, draft.pages
    if draft.direction == "in" and rng.random() < 0.45:
        pages = ((*pages[0], _receipt_stamp(draft, matter)), *pages[1:])
    return Letter(pages, draft.face, draft.form, rng.getrandbits(32), truth, draft.direction, draft.size)


def _receipt_stamp(draft: Draft, matter: Matter) -> Stamp:
    """Upper right and askew; further left where form A has its info block there."""
    rng = matter.rng
    lines = ("Kreis Halvesund", "EINGEGANGEN", short_date(matter.day), "Jobcenter")
    crowded = draft.form == "A" and any(isinstance(element, Info) for element in draft.pages[0])
    left = 78.0 if crowded else 140.0
    colour: Literal["blue", "red"] = "blue" if rng.random() < 0.7 else "red"
    place = (left + rng.uniform(-8, 6), 12 + rng.uniform(0, 3), rng.uniform(-10, 10))
    return Stamp(lines, *place, colour, round=rng.random() < 0.3)
