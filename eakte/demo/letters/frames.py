"""Frames of letters: a firm's or authority's window letter, a private letter, a copy handed in, a form."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from eakte.demo.letters.common import Head, Matter, any_date, to_us
from eakte.demo.letters.model import (
    Element,
    Face,
    Field,
    Footer,
    FormRow,
    Gap,
    Info,
    Letterhead,
    Note,
    Page,
    Paragraph,
    Printed,
    Sender,
    Signature,
    Subject,
    Window,
)
from eakte.demo.pools import data

GREETINGS = ("Mit freundlichen Grüßen", "Mit freundlichem Gruß", "Freundliche Grüße", "Hochachtungsvoll")
SALUTATION = "Sehr geehrte Damen und Herren,"


@dataclass(frozen=True, slots=True)
class Draft:
    """Pages of a letter before its truth is known; `hand` says that handwriting carries the text."""

    pages: tuple[Page, ...]
    face: Face = "sans"
    form: Literal["A", "B"] = "B"
    size: float = 10.5
    direction: Literal["in", "out"] = "in"
    dated: bool = True


def office_letter(
    m: Matter,
    sender: Head,
    subject: str,
    body: Sequence[Element],
    *,
    style: Literal["left", "centre", "right"] = "left",
    info: Sequence[tuple[str, str]] = (),
    window: Sequence[str] = (),
    enclosures: Sequence[str] = (),
    signed: bool = True,
) -> Page:
    """A window letter. Without `window` it is addressed to us."""
    end: list[Element] = [Paragraph(m.rng.choice(GREETINGS)), Signature((sender.by,) if sender.by else (), signed)]
    if enclosures:
        end.append(Paragraph("Anlagen\n" + "\n".join(enclosures), "small"))
    bank = ("Sparkasse Halvesund", "BIC NOLADEDEMO1", "Steuer-Nr. 00/000/00000")
    return (
        Letterhead(sender.name, sender.lines, style),
        Window(sender.return_line, tuple(window) or to_us(m.rng)),
        Info(m.info(sender, *info)),
        Subject(subject),
        Paragraph(SALUTATION),
        *body,
        *filler(m, "office", 1, 4),
        *end,
        Footer(
            (
                (sender.name, sender.street, sender.city),
                ("Telefon " + sender.phone, "Mo bis Do 8.30 bis 15.30 Uhr"),
                bank,
            )
        ),
    )


def private_letter(
    m: Matter, subject: str, body: Sequence[Element], *, dated: bool = True, signed: bool = True
) -> Page:
    """A letter of the person, without window geometry."""
    place = m.address.city if m.address else m.person.address.city
    when: list[Element] = [Paragraph(f"{place}, {any_date(m.rng, m.written)}", "right")] if dated else []
    salutation = m.rng.choice((SALUTATION, SALUTATION, "Guten Tag,", "Hallo,"))
    elements: list[Element] = [
        Sender(m.own_lines(), right=m.rng.random() < 0.25),
        Gap(4),
        Paragraph("\n".join(to_us(m.rng))),
        Gap(5),
        *when,
        *([Subject(subject)] if subject else []),
        Paragraph(salutation),
        *body,
        *filler(m, "private", 0, 4),
        Paragraph(m.rng.choice(GREETINGS)),
        Signature((m.name,) if m.name else (), signed),
    ]
    return (*hand_notes(m), *elements)


def handed_in(m: Matter, page: Sequence[Element]) -> Page:
    """A proof that never carries our number: the person typed it on the top edge, or wrote it there by hand."""
    label = {"customer_number": "Kundennummer", "file_number": "Aktenzeichen"}.get(m.number_kind, "BG-Nummer")
    top: tuple[Element, ...] = ()
    if m.number:
        top = (Printed(f"zu {label} {m.number}", 118, 8.5, 9.5),)
    return (*top, *hand_notes(m), *page)


def filler(m: Matter, kind: str, low: int, high: int) -> tuple[Paragraph, ...]:
    """Sentences that fill a letter without saying anything about case or type, in one paragraph; maybe none."""
    chosen = m.rng.sample(list(data("phrases")[kind]), m.rng.randint(low, high))
    return (Paragraph(" ".join(chosen)),) if chosen else ()


def hand_notes(m: Matter) -> tuple[Element, ...]:
    """Our number written on by hand, where the letter has it only so."""
    return (Note(f"BG {m.hand_number}", 122, 12, 17),) if m.hand_number else ()


def number_field(m: Matter, share: float = 1.0) -> Field:
    """The form field of our number; empty when the letter has none."""
    label = {"customer_number": "Kundennummer", "file_number": "Aktenzeichen"}.get(
        m.number_kind, "Nummer der Bedarfsgemeinschaft"
    )
    return Field(label, m.number, share)


def person_rows(m: Matter) -> tuple[Element, ...]:
    """Rows of a form with number, name, birth date and address; fields that must not be printed stay empty."""
    place = m.address
    hint = filler(m, "form", 0, 2)
    return (
        *(Paragraph(one.text, "small") for one in hint),
        FormRow((number_field(m, 1.2), Field("Geburtsdatum", m.birth, 0.8))),
        FormRow((Field("Name, Vorname", m.name, 2),)),
        FormRow(
            (
                Field("Straße, Hausnummer", place.street if place else "", 1),
                Field("PLZ, Wohnort", f"{place.postal_code} {place.city}" if place else "", 1),
            )
        ),
    )
