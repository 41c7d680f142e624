"""Our own papers (letters.md 3.5), born digital from the line-of-business system: form B, number as Aktenzeichen."""

from __future__ import annotations

from datetime import timedelta

from eakte.demo.letters.common import MONTHS, Matter, benefit, money, money_text, short_date
from eakte.demo.letters.frames import Draft
from eakte.demo.letters.model import (
    Chart,
    Element,
    Info,
    Items,
    Letterhead,
    Page,
    Paragraph,
    Printed,
    Subject,
    Table,
    Ticks,
    Window,
)

_RETURN = "Kreis Halvesund · Deichtorplatz 1 · 00811 Halvesund"
_REMEDY = (
    "Gegen diesen Bescheid kann innerhalb eines Monats nach Bekanntgabe Widerspruch erhoben werden. Der Widerspruch "
    "ist schriftlich oder zur Niederschrift beim Kreis Halvesund, Jobcenter, "
    "Deichtorplatz 1, 00811 Halvesund einzulegen."
)


def _front(m: Matter, subject: str, body: tuple[Element, ...]) -> Page:
    name = m.name.split()[-1]
    greeting = f"Sehr geehrte Frau {name}," if m.person.sex == "w" else f"Sehr geehrter Herr {name},"
    info = (
        ("Aktenzeichen", m.number),
        *((("Geburtsdatum", m.birth),) if m.birth else ()),
        ("Auskunft", "Leistung"),
        ("Telefon", "04000 100-0"),
        ("Datum", short_date(m.written)),
    )
    return (
        Chart("arms", 25, 14, 12, 14),
        Letterhead("Kreis Halvesund", ("Der Landrat", "Jobcenter"), "right"),
        Window(_RETURN, m.window()),
        Info(tuple(row for row in info if row[1])),
        Subject(subject),
        Paragraph(greeting),
        *body,
        Paragraph("Mit freundlichen Grüßen\nIm Auftrag\nDieses Schreiben wurde maschinell erstellt."),
    )


def approval(m: Matter) -> Draft:
    """BESCHEID_BEWILLIGUNG: amounts by month, instruction on remedies, calculation sheet."""
    rng = m.rng
    need, rent = rng.choice((56300, 50600, 101200)), rng.randint(38000, 64000)
    months = [MONTHS[(m.written.month + offset) % 12] for offset in range(6)]
    rows = (
        ("Monat", "Regelbedarf", "Unterkunft und Heizung", "gesamt"),
        *((month, money_text(need), money_text(rent), money_text(need + rent)) for month in months),
    )
    front = _front(
        m,
        f"Bewilligungsbescheid: Leistungen zur Sicherung des Lebensunterhalts ({benefit(m.written)})",
        (
            Paragraph("auf Ihren Antrag bewilligen wir Ihnen Leistungen nach dem SGB II in folgender Höhe:"),
            Table((45, 35, 50, 35), rows, "lrrr", grid=True),
            Paragraph("Die Bewilligung beruht auf §§ 7, 9, 11, 19 ff. und 22 SGB II."),
            Paragraph("Bitte teilen Sie Änderungen unverzüglich mit (§ 60 Abs. 1 SGB I)."),
        ),
    )
    sheet: Page = (
        Paragraph("Berechnungsbogen", "title"),
        Table((70, 45), (("Gesamtbedarf", money_text(need + rent)), ("zu berücksichtigendes Einkommen", "0,00")), "lr"),
        Paragraph("Rechtsbehelfsbelehrung", "bold"),
        Paragraph(_REMEDY),
    )
    return Draft((front, sheet), "humanist", direction="out")


def reversal(m: Matter) -> Draft:
    """BESCHEID_AUFHEBUNG."""
    sum_ = money(m.rng, 80, 990)
    front = _front(
        m,
        "Aufhebungs- und Erstattungsbescheid",
        (
            Paragraph(
                "die Bewilligung wird nach § 48 Abs. 1 Satz 2 Nr. 3 SGB X für den Vormonat teilweise aufgehoben."
            ),
            Paragraph(f"Überzahlte Leistungen in Höhe von {sum_} Euro sind zu erstatten (§ 50 SGB X)."),
            Paragraph("Rechtsbehelfsbelehrung", "bold"),
            Paragraph(_REMEDY),
        ),
    )
    return Draft((front,), "humanist", direction="out")


def request(m: Matter) -> Draft:
    """MITWIRKUNG_AUFFORDERUNG: deadline as a date in bold, list, consequences."""
    until = short_date(m.written + timedelta(days=17))
    front = _front(
        m,
        "Aufforderung zur Mitwirkung",
        (
            Paragraph("um über Ihren Antrag entscheiden zu können, reichen Sie bitte folgende Unterlagen ein:"),
            Items(("Kontoauszüge der letzten drei Monate", "Mietbescheinigung", "Nachweis über Einkommen")),
            Paragraph(f"Frist: {until}", "bold"),
            Paragraph("Ohne Mitwirkung können die Leistungen nach §§ 60, 66 SGB I ganz oder teilweise versagt werden."),
        ),
    )
    return Draft((front,), "humanist", direction="out")


def hearing(m: Matter) -> Draft:
    """ANHOERUNG with an answer sheet."""
    front = _front(
        m,
        "Anhörung nach § 24 SGB X",
        (
            Paragraph("nach unseren Unterlagen haben Sie Einkommen erzielt, das noch nicht berücksichtigt wurde."),
            Paragraph(f"Sie haben Gelegenheit, sich bis zum {short_date(m.written + timedelta(days=16))} zu äußern."),
        ),
    )
    answer: Page = (
        Paragraph("Anhörungsbogen", "title"),
        Ticks(((False, "Ich stimme zu."), (False, "Ich äußere mich wie folgt:"))),
    )
    return Draft((front, answer), "humanist", direction="out")


def note(m: Matter) -> Draft:
    """VERMERK: numbered disposals."""
    follow = short_date(m.written + timedelta(days=20))
    page: Page = (
        Printed("Kreis Halvesund · Jobcenter", 25, 14, 9, True),
        Paragraph(f"{m.numbered('Aktenzeichen')}   {short_date(m.written)}"),
        Paragraph("Aktenvermerk", "title"),
        Paragraph(f"Betrifft: {m.about()}"),
        Items(
            ("Vermerk: Vorsprache wegen fehlender Unterlagen.", "Schreiben absenden.", f"Wv. {follow}", "z. d. A."),
            numbered=True,
        ),
    )
    return Draft((page,), "humanist", direction="out")
