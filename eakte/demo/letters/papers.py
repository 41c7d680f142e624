"""Papers of offices that persons hand in: registration, residence permit, birth certificate, tax decision."""

from __future__ import annotations

from datetime import timedelta

from eakte.demo.letters.common import (
    Matter,
    days_before,
    head,
    money,
    short_date,
)
from eakte.demo.letters.frames import Draft, handed_in, office_letter
from eakte.demo.letters.model import (
    Chart,
    Element,
    Gap,
    Letterhead,
    Paragraph,
    Printed,
    Signature,
    Table,
)
from eakte.demo.letters.proofs import place_lines


def registration(m: Matter) -> Draft:
    """MELDEBESCHEINIGUNG of the residents' office: always prints birth date and address when it may."""
    rng, office = m.rng, head(m.rng, "MELDEBEHOERDE")
    since = days_before(rng, m.written, 5, 400)
    page: tuple[Element, ...] = (
        Letterhead(office.name, (*office.lines, f"{office.street} · {office.city}"), "right"),
        Chart("arms", 25, 12, 14, 16),
        Gap(18),
        Paragraph("Meldebescheinigung", "title"),
        Table(
            (55, 100),
            tuple(
                row
                for row in (
                    ("Name, Vorname", m.name),
                    ("Geburtsdatum", m.birth),
                    ("alleinige Wohnung", ", ".join(place_lines(m))),
                    ("Einzugsdatum", short_date(since)),
                    ("Ordnungsmerkmal", f"01002{rng.randint(10000, 99999)}"),
                )
                if row[1]
            ),
            "ll",
            size=10,
            header=False,
        ),
        Paragraph(f"{office.city.split()[-1]}, {short_date(m.written)}"),
        Signature((office.by,), stamp=(office.name, "Siegel")),
    )
    return Draft((handed_in(m, page),), "sans")


def residence_permit(m: Matter) -> Draft:
    """AUFENTHALTSTITEL: two card sides photocopied on one sheet, dark."""
    rng = m.rng
    until = m.day + timedelta(days=rng.randint(30, 900))
    lines = tuple(
        line for line in (m.name, f"geb. {m.birth}" if m.birth else "", f"gültig bis {short_date(until)}") if line
    )
    page: tuple[Element, ...] = (
        Chart("photo", 34, 44, 28, 36),
        Printed("AUFENTHALTSTITEL", 68, 46, 10, True),
        *(Printed(line, 68, 54 + 7 * number, 9) for number, line in enumerate(lines)),
        Printed("Aufenthaltserlaubnis", 34, 108, 9, True),
        Printed("Erwerbstätigkeit erlaubt", 34, 116, 9),
        Printed(f"AZR-Nummer 9999{rng.randint(10**7, 10**8 - 1)}", 34, 124, 8),
        *((Printed(", ".join(place_lines(m)), 34, 132, 8),) if m.address else ()),
    )
    return Draft((handed_in(m, page),), "humanist")


def birth_certificate(m: Matter) -> Draft:
    """PERSONENSTAND: certificate with arms and register number."""
    rng, office = m.rng, head(m.rng, "STANDESAMT")
    page: tuple[Element, ...] = (
        Letterhead(
            "Geburtsurkunde",
            (office.name, f"Registernummer G {rng.randint(100, 999)}/{m.person.birth_date.year}"),
            "centre",
        ),
        Chart("arms", 100, 44, 16, 18),
        Gap(36),
        Table(
            (55, 100),
            tuple(
                row
                for row in (
                    ("Name", m.name),
                    ("Geburtstag", m.birth),
                    ("Geburtsort", "Halvesund"),
                    ("Wohnort der Eltern", ", ".join(place_lines(m))),
                )
                if row[1]
            ),
            "ll",
            size=11,
            header=False,
        ),
        Paragraph(f"Halvesund, den {short_date(m.written)}"),
        Signature((office.by,), stamp=("Standesamt", "Halvesund")),
    )
    return Draft((handed_in(m, page),), "serif")


def tax_notice(m: Matter) -> Draft:
    """STEUERBESCHEID: window letter to the person, handed in as a copy; prints name and address."""
    rng, office = m.rng, head(m.rng, "FINANZAMT")
    year = m.written.year - 1
    rows = (
        ("", "Einkommensteuer", "Solidaritätszuschlag"),
        ("festgesetzt", money(rng, 0, 900), "0,00"),
        ("abzuziehen", money(rng, 100, 900), "0,00"),
        ("Steuererstattung", money(rng, 20, 700), "0,00"),
    )
    page = office_letter(
        m,
        office,
        f"Bescheid für {year} über Einkommensteuer und Solidaritätszuschlag",
        (
            Paragraph("Festsetzung", "bold"),
            Table((60, 50, 50), rows, "lrr", grid=True),
            Paragraph("Die Steuererstattung wird auf das Ihnen bekannte Konto überwiesen."),
        ),
        window=m.window(),
        style="right",
        signed=False,
        info=(
            ("Steuernummer", f"{rng.randint(10, 99)}/{rng.randint(100, 999)}/{rng.randint(10000, 99999)}"),
            *((("Geburtsdatum", m.birth),) if m.birth else ()),
        ),
    )
    legal: tuple[Element, ...] = (
        Paragraph("Rechtsbehelfsbelehrung", "bold"),
        Paragraph(
            "Die Festsetzung kann mit dem Einspruch angefochten werden. Der Einspruch "
            "ist beim Finanzamt schriftlich einzureichen."
        ),
    )
    return Draft((page, legal), "serif")
