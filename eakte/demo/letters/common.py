"""What all letters share: dates, amounts, numbers with right check digits, senders, our own address, benefit names."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import date, timedelta

from eakte.demo.pools import data
from eakte.demo.register import DemoAddress, DemoPerson

MONTHS = (
    "Januar",
    "Februar",
    "März",
    "April",
    "Mai",
    "Juni",
    "Juli",
    "August",
    "September",
    "Oktober",
    "November",
    "Dezember",
)
OUR_SCAN_ADDRESS = ("Kreis Halvesund, Jobcenter", "Zentrale Scanstelle", "Postfach 12 34", "00810 Halvesund")
_OUR_ADDRESSES = (
    ("Jobcenter Kreis Halvesund", "Postfach 12 34", "00810 Halvesund"),
    ("Kreis Halvesund Jobcenter", "Deichtorplatz 1", "00811 Halvesund"),
    ("An das Jobcenter", "Deichtorplatz", "00811 Halvesund"),
    ("Sozialzentrum Hollmersiel", "z. Hd. Leistungsabteilung", "00821 Hollmersiel"),
    ("Arbeitsamt", "Deichtorplatz 1", "00811 Halvesund"),
    OUR_SCAN_ADDRESS,
)
_SVNR_WEIGHTS = (2, 1, 2, 5, 7, 1, 2, 1, 2, 1, 2, 1)


@dataclass(frozen=True, slots=True)
class Head:
    """A fictional sender."""

    name: str
    lines: tuple[str, ...]
    street: str
    city: str
    by: str
    reference: str
    phone: str

    @property
    def return_line(self) -> str:
        """The small line above the address field."""
        return f"{self.name} · {self.street} · {self.city}"


@dataclass(frozen=True, slots=True)
class Matter:
    """What a letter has to say about its case, as it shall be printed: empty or None = must not be printed.

    `day` is the day of receipt, `written` the date of the letter. `number` is ours, in the spelling of this letter.
    """

    rng: random.Random
    day: date
    written: date
    person: DemoPerson
    number_kind: str = ""
    number: str = ""
    name: str = ""
    birth: str = ""
    address: DemoAddress | None = None
    hand_number: str = ""

    def own_lines(self) -> tuple[str, ...]:
        """Name and address as a private sender writes them."""
        place = (self.address.street, f"{self.address.postal_code} {self.address.city}") if self.address else ()
        birth = (f"geb. am {self.birth}",) if self.birth else ()
        number = (f"BG-Nr. {self.number}",) if self.number and self.rng.random() < 0.3 else ()
        return tuple(line for line in (self.name, *place, *birth, *number) if line)

    def about(self) -> str:
        """One line that says whom it is about, as authorities and firms write it."""
        birth = f"geb. {self.birth}" if self.birth else ""
        place = (
            f"wohnhaft {self.address.street}, {self.address.postal_code} {self.address.city}" if self.address else ""
        )
        return ", ".join(part for part in (self.name, birth, place) if part)

    def numbered(self, label: str = "") -> str:
        """Our number with a label, or nothing."""
        if not self.number:
            return ""
        labels = {"customer_number": ("Kundennummer", "Kd.-Nr."), "file_number": ("Aktenzeichen", "Ihr Zeichen")}
        return f"{label or self.rng.choice(labels.get(self.number_kind, ('BG-Nummer', 'BG-Nr.')))} {self.number}"

    def info(self, head: Head, *more: tuple[str, str]) -> tuple[tuple[str, str], ...]:
        """Rows of the info block of a firm or an authority."""
        rows = [("Ihr Zeichen", self.number)] if self.number else []
        rows += [("Unser Zeichen", head.reference)] if head.reference else []
        return (*rows, *more, ("Telefon", head.phone), ("Datum", short_date(self.written)))

    def window(self) -> tuple[str, ...]:
        """The person in the address field of a copy handed in. Only for letters that print name and address."""
        title = "Frau" if self.person.sex == "w" else "Herrn"
        place = (self.address.street, f"{self.address.postal_code} {self.address.city}") if self.address else ()
        return (title, self.name, *place)


def short_date(day: date) -> str:
    """24.11.2026."""
    return f"{day:%d.%m.%Y}"


def long_date(day: date) -> str:
    """24. November 2026."""
    return f"{day.day}. {MONTHS[day.month - 1]} {day.year}"


def any_date(rng: random.Random, day: date) -> str:
    """A date as people write it."""
    return rng.choice((short_date(day), long_date(day), f"{day.day}.{day.month}.{day.year}"))


def days_before(rng: random.Random, day: date, low: int, high: int) -> date:
    """A day low to high days earlier."""
    return day - timedelta(days=rng.randint(low, high))


def money(rng: random.Random, low: int, high: int) -> str:
    """An amount with German separators: 1.234,56."""
    return money_text(rng.randint(low * 100, high * 100))


def money_text(cents: int) -> str:
    """Cents as German text."""
    return f"{cents / 100:,.2f}".replace(",", "_").replace(".", ",").replace("_", ".")


def head(rng: random.Random, code: str) -> Head:
    """One of the fictional senders of a kind of `senders.yaml`. Raises KeyError for a kind without any."""
    one = rng.choice(data("letterheads")[code])
    reference = f"{rng.randint(100, 999)}/{rng.randint(24, 26)} {one['initials']}" if one["initials"] else ""
    phone = f"0{rng.randint(4000, 4999)} {rng.randint(100, 999)}-{rng.randint(10, 99)}"
    place = f"{one['postal_code']} {one['city']}"
    return Head(one["name"], tuple(one["sub"]), one["street"], place, one["by"], reference, phone)


def to_us(rng: random.Random) -> tuple[str, ...]:
    """Our address in one of the spellings that arrive, sometimes without street or with a mistyped post code."""
    lines = rng.choice(_OUR_ADDRESSES)
    if rng.random() < 0.12:
        return (lines[0], lines[-1].replace("0081", "0018"))
    return lines


def benefit(day: date) -> str:
    """The name of the benefit on a day: Arbeitslosengeld II to 2022, Bürgergeld to June 2026, then
    Grundsicherungsgeld (BGBl. 2026 I Nr. 107).
    """
    if day < date(2023, 1, 1):
        return "Arbeitslosengeld II"
    return "Bürgergeld" if day < date(2026, 7, 1) else "Grundsicherungsgeld"


def spoken_benefit(rng: random.Random, day: date) -> str:
    """What people call it."""
    return rng.choice((benefit(day), benefit(day), "Bürgergeld", "Hartz IV", "ALG 2"))


def spelled(rng: random.Random, kind: str, number: str) -> str:
    """One of the spellings in which a number of ours arrives."""
    if kind == "customer_number":
        return rng.choice((number, number, f"{number[:3]} {number[3]} {number[4:]}"))
    if kind == "bg_number":
        carrier, serial = number[:5], number[7:]
        return rng.choice((number, number, number, f"{carrier} BG {serial}", f"{carrier}//{serial}", f"{number}-01"))
    return number


def insurance_number(rng: random.Random, person: DemoPerson) -> str:
    """An insurance number that obeys § 2 VKVV: area, birth date, letter, serial, check digit. Fictional."""
    letter = next((char for char in person.names[0].family_name.upper() if "A" <= char <= "Z"), "M")
    serial = rng.randint(1, 49) + (50 if person.sex == "w" else 0)
    body = f"65{person.birth_date:%d%m%y}{letter}{serial:02d}"
    digits = body.replace(letter, f"{ord(letter) - 64:02d}")
    total = sum(sum(divmod(int(digit) * weight, 10)) for digit, weight in zip(digits, _SVNR_WEIGHTS, strict=True))
    return f"65 {body[2:8]} {letter} {body[9:]}{total % 10}"


def health_number(rng: random.Random, letter: str = "") -> str:
    """A health insurance number (KVNR) with its check digit. Fictional."""
    letter = letter or rng.choice("ABDEGHKLMNPRST")
    serial = f"{rng.randint(0, 99_999_999):08d}"
    digits = f"{ord(letter) - 64:02d}{serial}"
    total = sum(sum(divmod(int(digit) * (1 + position % 2), 10)) for position, digit in enumerate(digits))
    return f"{letter}{serial}{total % 10}"


def iban(rng: random.Random) -> str:
    """A German IBAN with right check digits and a bank code that nobody has."""
    account = f"{rng.randint(0, 10**10 - 1):010d}"
    rest = f"00099900{account}"
    check = 98 - int(rest + "131400") % 97
    text = f"DE{check:02d}{rest}"
    return " ".join(text[start : start + 4] for start in range(0, len(text), 4))


def named(rng: random.Random, person: DemoPerson) -> str:
    """The person's name as letters print it: first or all given names, now and then family name first."""
    given = person.given_names if rng.random() < 0.3 else person.first_name
    return f"{person.family_name}, {given}" if rng.random() < 0.15 else f"{given} {person.family_name}"
