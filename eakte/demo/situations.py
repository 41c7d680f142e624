"""The difficult households of the demo register, each built on purpose and named in `DemoRegister.special`."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from eakte.demo.households import Builder, mark, move, rename, seal
from eakte.demo.register import DemoMember


def add_situations(builder: Builder) -> None:
    """Lay down all built-in situations. Their days hang on `builder.today`."""
    for add in (_example, _namesakes, _same_name_at_one_address, _separated, _turned_25, _marked, _moved, _renamed):
        add(builder)
    _foreign(builder)


def _name(builder: Builder, label: str, number: str) -> None:
    builder.special[label] = number


def _example(builder: Builder) -> None:
    """The number used all over the documentation."""
    home = builder.address("Halvesund")
    people = [
        builder.person("von der Heide", home, sex="w", given="Telse", born=date(1979, 5, 23)),
        builder.person("von der Heide", home, given="Greta", child=True),
    ]
    _name(builder, "example", builder.benefit_case(*people, number="99801BG0004711").file_number)


def _namesakes(builder: Builder) -> None:
    """Pairs of one name: two of the same birth year (dates far apart, so that no misread digit turns one into the
    other), one of different years.
    """
    pairs = (
        ("namesake", "Petersen", "Petra", "w", date(1984, 3, 12), date(1984, 10, 29), "Halvesund", "Hollmersiel"),
        ("namesake_pl", "Nowakowiak", "Katarzyna", "w", date(1991, 2, 5), date(1991, 8, 27), "Osterwehr", "Halvesund"),
        ("namesake_tr", "Özdemir", "Mehmet", "m", date(1968, 1, 20), date(1987, 9, 6), "Halvesund", "Brakkum"),
        ("namesake_m", "Müller", "Sabine", "w", date(1972, 11, 3), date(1990, 4, 18), "Hollmersiel", "Westerdün"),
    )
    for label, family, given, sex, born_a, born_b, city_a, city_b in pairs:
        for side, born, city in (("a", born_a, city_a), ("b", born_b, city_b)):
            person = builder.person(family, builder.address(city), sex=sex, given=given, born=born)
            _name(builder, f"{label}_{side}", builder.benefit_case(person).file_number)


def _same_name_at_one_address(builder: Builder) -> None:
    """Father and grown son of the same name in one house, each with a case of his own."""
    home = builder.address("Sandöe-Hafen")
    father = builder.person("Hansen", home, sex="m", given="Nils", born=date(1966, 6, 14))
    son = builder.person("Hansen", home, sex="m", given="Nils", born=date(1995, 12, 1))
    _name(builder, "same_house_a", builder.benefit_case(father).file_number)
    _name(builder, "same_house_b", builder.benefit_case(son).file_number)


def _separated(builder: Builder) -> None:
    """A couple that parted: his membership in the old case ended, his own case began the day after."""
    parted = builder.today - timedelta(days=75)
    home = builder.address("Hollmersiel")
    her = builder.person("Jürgensen", home, sex="w", given="Maren", born=date(1986, 7, 30))
    him = builder.person("Jürgensen", home, sex="m", given="Torge", born=date(1983, 2, 17))
    child = builder.person("Jürgensen", home, given="Levke", child=True)
    opened = builder.today - timedelta(days=1400)
    him = move(him, builder.address("Tönnswarf"), parted)
    stayed = builder.benefit_case(
        her, DemoMember(him, "member", opened, parted - timedelta(days=1)), child, opened=opened
    )
    _name(builder, "separated_stayed", stayed.file_number)
    _name(builder, "separated_left", builder.benefit_case(him, opened=parted).file_number)


def _turned_25(builder: Builder) -> None:
    """A child that formed a community of its own at 25, still living with the mother."""
    birthday = builder.today - timedelta(days=40)
    born = birthday.replace(year=birthday.year - 25, day=min(birthday.day, 28))
    birthday = born.replace(year=born.year + 25)
    home = builder.address("Wittenkoog")
    mother = builder.person("Klüver", home, sex="w", given="Birgit", born=date(1970, 9, 9))
    child = builder.person("Klüver", home, sex="m", given="Hauke", born=born)
    opened = builder.today - timedelta(days=2000)
    member = DemoMember(child, "member", opened, birthday - timedelta(days=1))
    _name(builder, "turned_25_parent", builder.benefit_case(mother, member, opened=opened).file_number)
    _name(builder, "turned_25_own", builder.benefit_case(child, opened=birthday).file_number)


def _marked(builder: Builder) -> None:
    """A deceased person, a protected address and a member of staff who draws benefits."""
    since = builder.today - timedelta(days=12)
    home = builder.address("Halvesund")
    gone = mark(builder.person("Rickleffs", home, sex="m", given="Detlef", born=date(1962, 4, 2)), "deceased", since)
    widow = builder.person("Rickleffs", home, sex="w", given="Heike", born=date(1964, 8, 21))
    _name(builder, "deceased", builder.benefit_case(gone, widow).file_number)
    hidden = builder.person(
        "Lindhorst", builder.address("Hollmersiel"), sex="w", given="Jasmina", born=date(1993, 3, 8)
    )
    case = builder.benefit_case(mark(hidden, "protected_address", builder.today - timedelta(days=300)))
    _name(builder, "protected", builder.change(case, seal(case)).file_number)
    staff = builder.person("Wohlers", builder.address("Halvesund"), sex="w", given="Nadine", born=date(1988, 10, 11))
    case = builder.benefit_case(mark(staff, "sealed", builder.today - timedelta(days=500)))
    _name(builder, "sealed", builder.change(case, seal(case)).file_number)


def _moved(builder: Builder) -> None:
    """Moved to another site: the old case is closed, a new number was given; people keep writing the old one."""
    on = builder.today - timedelta(days=110)
    person = builder.person("Steinmetzler", builder.address("Sandöe-Hafen"), sex="m", given="Volker")
    person = move(person, builder.address("Halvesund"), on)
    old = builder.benefit_case(person, opened=builder.today - timedelta(days=1500))
    _name(builder, "moved_old", builder.change(old, replace(old, closed_on=on - timedelta(days=1))).file_number)
    _name(builder, "moved_new", builder.benefit_case(person, opened=on).file_number)


def _renamed(builder: Builder) -> None:
    """Married in summer: letters come in both names."""
    person = builder.person("Callsen", builder.address("Halvesund"), sex="w", given="Wencke", born=date(1994, 1, 25))
    person = rename(person, "Callsen-Özdemir", builder.today - timedelta(days=130))
    _name(builder, "renamed", builder.benefit_case(person).file_number)


def _foreign(builder: Builder) -> None:
    """Names whose letters the usual recognition model does not have."""
    people = (
        ("foreign_tr", "Şahinkaya", "Ayşe", "w"),
        ("foreign_pl", "Łukasiewicz", "Małgorzata", "w"),
        ("foreign_dk", "Sørensen", "Bjørn", "m"),
        ("foreign_hr", "Kovačić", "Renée", "w"),
        ("foreign_tr2", "Arslanoğlu", "Oğuz", "m"),
    )
    for label, family, given, sex in people:
        person = builder.person(family, builder.address(), sex=sex, given=given)
        _name(builder, label, builder.benefit_case(person).file_number)
