"""Builds the households and cases of the demo register: ordinary ones by chance, the difficult ones by hand."""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from eakte.demo.allocation import ADULT_AGE, LEADER, Allocation, allocate
from eakte.demo.pools import data, names
from eakte.demo.register import DemoAddress, DemoCase, DemoMark, DemoMember, DemoName, DemoPerson

CARRIER = "99801"
ORDINARY = 122
VERM_SHARE, WID_COUNT, FORD_COUNT, BUT_COUNT, CLOSED_SHARE = 0.5, 34, 30, 18, 0.07
_SHAPES = (((1, 0), 45), ((1, 1), 12), ((1, 2), 8), ((2, 0), 12), ((2, 1), 10), ((2, 2), 9), ((2, 3), 4))


@dataclass(slots=True)
class Builder:
    """Mutable state while building: chance, numbers already given out, cases so far."""

    rng: random.Random
    today: date
    cases: list[DemoCase] = field(default_factory=list)
    special: dict[str, str] = field(default_factory=dict)
    sites: dict[str, str] = field(default_factory=dict)
    taken: set[str] = field(default_factory=set)

    def unique(self, make: str, low: int, high: int) -> str:
        """A number of the form `make` that nobody has yet."""
        while True:
            number = make.format(self.rng.randint(low, high), letter=self.rng.choice("ABCD"))
            if number not in self.taken:
                self.taken.add(number)
                return number

    def address(self, city: str = "", since: date | None = None) -> DemoAddress:
        """An address in the place, or in any place of the demo sites by their share."""
        places = [place for place in data("pool")["places"] if city in ("", place["city"])]
        place = self.rng.choices(places, [place["share"] for place in places])[0]
        self.sites[place["postal_code"]] = place["site"]
        house = f"{self.rng.randint(1, 94)}{self.rng.choice(['', '', '', '', 'a', 'b'])}"
        street = f"{self.rng.choice(place['streets'])} {house}"
        return DemoAddress(street, place["postal_code"], place["city"], valid_from=since)

    def born(self, low: int, high: int) -> date:
        """A birth date of somebody who is low to high years old."""
        return self.today - timedelta(days=self.rng.randint(low * 365 + 30, high * 365 + 300))

    def person(
        self, family: str, address: DemoAddress, *, sex: str = "", given: str = "", born: date | None = None,
        child: bool = False,
    ) -> DemoPerson:  # fmt: skip
        """A person with one name and one address."""
        sex = sex or self.rng.choice("wm")
        if not given:
            given = self.rng.choice(names("women" if sex == "w" else "men"))
            if child:
                given = self.rng.choice(names("children"))
            elif self.rng.random() < 0.25:
                given += " " + self.rng.choice(names("middle_women" if sex == "w" else "middle_men"))
        born = born or (self.born(0, 17) if child else self.born(19, 63))
        number = self.unique("998{letter}{:06d}", 1000, 899_999)
        return DemoPerson(number, family, given, born, sex, (DemoName(family, given),), (address,))

    def benefit_case(self, *members: DemoPerson | DemoMember, number: str = "", opened: date | None = None) -> DemoCase:
        """A benefit case (LEIST) of a community; the first person decides who is responsible."""
        number = number or self.unique(CARRIER + "BG{:07d}", 1001, 98_999)
        self.taken.add(number)
        opened = opened or self.today - timedelta(days=self.rng.randint(60, 3600))
        return self.add("LEIST", number, number, opened, members)

    def add(
        self, unit: str, number: str, bg: str, opened: date, members: tuple[DemoPerson | DemoMember, ...]
    ) -> DemoCase:
        """Lay down a case; persons become members since its opening, the first one its head."""
        joined = tuple(
            one if isinstance(one, DemoMember) else DemoMember(one, "member" if position else "head", opened)
            for position, one in enumerate(members)
        )
        head = joined[0].person
        place = allocate(unit, self.sites[head.address.postal_code], head.family_name, head.age_on(self.today))
        if unit == "LEIST" and self.rng.random() < 0.02:
            place = Allocation(place.org_unit, "")
        secrecy = {"VERM": "SOZ_B"}.get(unit, "SOZ")
        case = DemoCase(number, unit, bg, place.org_unit, place.responsible, opened, None, secrecy, joined)
        self.cases.append(case)
        return case

    def change(self, case: DemoCase, changed: DemoCase) -> DemoCase:
        """Replace a case that was laid down."""
        self.cases[self.cases.index(case)] = changed
        return changed


def build_cases(seed: int, today: date) -> tuple[tuple[DemoCase, ...], dict[str, str]]:
    """All cases and the numbers of the built-in situations."""
    from eakte.demo.situations import add_situations  # situations use the builder of this module

    builder = Builder(random.Random(f"eakte-register-{seed}"), today)
    add_situations(builder)
    for _ in range(ORDINARY):
        _ordinary(builder)
    _close_some(builder)
    _add_placement(builder)
    _add_remedies(builder)
    _add_claims(builder)
    _add_education(builder)
    return tuple(builder.cases), builder.special


def seal(case: DemoCase) -> DemoCase:
    """R6: only the head of the department and the named deputy see the case."""
    return replace(case, org_unit=LEADER[0], responsible=LEADER[1], secrecy="SOZ_G")


def mark(person: DemoPerson, kind: str, since: date) -> DemoPerson:
    """The person with a mark added."""
    return replace(person, marks=(*person.marks, DemoMark(kind, since)))


def move(person: DemoPerson, to: DemoAddress, on: date) -> DemoPerson:
    """The person after a move: the old address ends the day before."""
    old = replace(person.addresses[-1], valid_until=on - timedelta(days=1))
    return replace(person, addresses=(*person.addresses[:-1], old, replace(to, valid_from=on)))


def rename(person: DemoPerson, family: str, on: date) -> DemoPerson:
    """The person after a change of the family name: the old name ends the day before."""
    old = replace(person.names[-1], valid_until=on - timedelta(days=1))
    new = DemoName(family, person.given_names, valid_from=on)
    return replace(person, family_name=family, names=(*person.names[:-1], old, new))


def _family_name(builder: Builder) -> str:
    name = builder.rng.choice(names("family_names"))
    draw = builder.rng.random()
    if draw < 0.06 and "-" not in name:
        return f"{name}-{builder.rng.choice([n for n in names('family_names') if '-' not in n and n != name])}"
    return f"von der {name}" if draw > 0.985 and name.isascii() else name


def _ordinary(builder: Builder) -> None:
    """One community of usual shape, with a move or a former name now and then."""
    rng = builder.rng
    adults, children = rng.choices([shape for shape, _ in _SHAPES], [weight for _, weight in _SHAPES])[0]
    family, address = _family_name(builder), builder.address()
    people = [builder.person(family, address)]
    if adults == 2:
        other = _family_name(builder) if rng.random() < 0.3 else family
        people.append(builder.person(other, address, sex="m" if people[0].sex == "w" else "w"))
    people += [builder.person(family, address, child=True) for _ in range(children)]
    changed_on = builder.today - timedelta(days=rng.randint(40, 900))
    if rng.random() < 0.14:
        old = builder.address()
        people = [move(replace(one, addresses=(old,)), address, changed_on) for one in people]
    if people[0].sex == "w" and rng.random() < 0.15:
        maiden = rng.choice(names("family_names"))
        if maiden != family:
            born_as = replace(people[0], family_name=maiden, names=(DemoName(maiden, people[0].given_names),))
            people[0] = rename(born_as, family, changed_on)
    builder.benefit_case(*people)


def _ordinary_cases(builder: Builder) -> list[DemoCase]:
    """Open benefit cases that nothing special is built on."""
    reserved = set(builder.special.values())
    return [
        c for c in builder.cases if c.file_plan_unit == "LEIST" and not c.closed_on and c.file_number not in reserved
    ]


def _close_some(builder: Builder) -> None:
    for case in _ordinary_cases(builder):
        chosen = builder.rng.random() < CLOSED_SHARE or "closed" not in builder.special
        if chosen and case.opened_on < builder.today - timedelta(days=200):
            ended = builder.today - timedelta(days=builder.rng.randint(20, 180))
            builder.change(case, replace(case, closed_on=ended))
            builder.special.setdefault("closed", case.file_number)


def _add_placement(builder: Builder) -> None:
    """One placement case per employable person, for about half of them."""
    for case in _ordinary_cases(builder):
        for person in case.members_on(builder.today):
            if person.age_on(builder.today) >= 15 and builder.rng.random() < VERM_SHARE:
                number = f"V-{person.customer_number}"
                builder.add("VERM", number, case.bg_nummer, case.opened_on + timedelta(days=14), (person,))


def _add_remedies(builder: Builder) -> None:
    """Objections, mostly of this year; some are decided and closed."""
    for case in builder.rng.sample(_ordinary_cases(builder), WID_COUNT):
        opened = builder.today - timedelta(days=builder.rng.randint(10, 300))
        number = builder.unique("W-{:05d}/" + f"{opened:%y}", 101, 990)
        adult = case.members_on(builder.today)[0]
        remedy = builder.add("WID", number, case.bg_nummer, opened, (adult,))
        if builder.rng.random() < 0.2:
            builder.change(remedy, replace(remedy, closed_on=min(builder.today, opened + timedelta(days=9))))
        else:
            builder.special.setdefault("remedy", number)


def _add_claims(builder: Builder) -> None:
    for case in builder.rng.sample(_ordinary_cases(builder), FORD_COUNT):
        opened = builder.today - timedelta(days=builder.rng.randint(30, 1500))
        number = builder.unique("F-{:06d}", 1001, 98_999)
        builder.add("FORD", number, case.bg_nummer, opened, (case.members_on(builder.today)[0],))


def _add_education(builder: Builder) -> None:
    """Files on education and participation, one per family as the numbering of the file plan has it."""
    fitting = [case for case in _ordinary_cases(builder) if _children(case, builder.today)]
    for case in builder.rng.sample(fitting, min(BUT_COUNT, len(fitting))):
        parent = case.members_on(builder.today)[0]
        opened = builder.today - timedelta(days=builder.rng.randint(30, 700))
        people = (*_children(case, builder.today), parent)
        builder.add("BUT", f"{case.bg_nummer}-BUT", case.bg_nummer, opened, people)


def _children(case: DemoCase, today: date) -> tuple[DemoPerson, ...]:
    return tuple(person for person in case.members_on(today) if 5 <= person.age_on(today) < min(18, ADULT_AGE))
