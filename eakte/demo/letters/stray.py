"""Mail that no case waits for: invoices, advertising, letters to other authorities."""

from __future__ import annotations

from eakte.demo.letters.common import Matter, head, money, short_date
from eakte.demo.letters.frames import Draft, office_letter
from eakte.demo.letters.model import (
    Code,
    Gap,
    Items,
    Page,
    Paragraph,
    Signature,
    Stamp,
    Table,
)


def invoice(m: Matter) -> Draft:
    """RECHNUNG of a supplier: no case at all; postage matrix code."""
    rng, firm = m.rng, head(m.rng, "UNTERNEHMEN")
    rows = (
        ("Pos", "Artikel", "Menge", "Euro"),
        ("1", "Ordner breit", str(rng.randint(5, 90)), money(rng, 20, 210)),
        ("2", "Kopierpapier A4", str(rng.randint(5, 90)), money(rng, 40, 310)),
    )
    page = office_letter(
        m,
        firm,
        f"Rechnung Nr. 2026-{rng.randint(10000, 99999)}",
        (
            Paragraph("Rechnungsnummer und Lieferdatum wie Bestellung. Leitweg-ID 991-03730-19."),
            Table((12, 90, 22, 30), rows, "lllr", grid=True),
            Paragraph("zahlbar bis Monatsende ohne Abzug"),
        ),
        signed=False,
    )
    return Draft(((*page, Code("DataMatrix", f"DEA{rng.randint(10**9, 10**10)}", 92, 50, 14)),), "sans")


def advertising(m: Matter) -> Draft:
    """WERBUNG."""
    rng, firm = m.rng, head(m.rng, "UNTERNEHMEN")
    page = office_letter(
        m,
        firm,
        rng.choice(
            ("Sonderangebot: Schreibtische bis 40 % günstiger", "Seminarangebot: Bescheide verständlich schreiben")
        ),
        (
            Paragraph("nutzen Sie unser Sonderangebot. Im neuen Katalog finden Sie alles für Ihr Büro."),
            Paragraph("Nur solange der Vorrat reicht!", "box"),
            Items(("versandfrei ab 50 Euro", "Newsletter mit Rabatt", "30 Tage Rückgabe")),
        ),
        signed=False,
    )
    return Draft(((*page, Stamp(("AKTION",), 150, 60, 12.0, "red", round=True)),), "sans")


def wrong_addressee(m: Matter) -> Draft:
    """IRRLAEUFER: a letter to another authority in our envelope; it may well name one of our persons."""
    rng = m.rng
    to = rng.choice(
        (
            ("Agentur für Arbeit Halvesund", "Arbeitsweg 2", "00817 Halvesund"),
            ("Finanzamt Halvesund", "Zehntweg 20", "00818 Halvesund"),
            ("Sozialamt Geestmoor", "Kreishausallee 1", "00651 Geestmoor"),
        )
    )
    text = rng.choice(
        (
            "anbei meine Steuererklärung mit allen Belegen.",
            "ich melde mich hiermit arbeitslos und beantrage Arbeitslosengeld I.",
            "ich bitte um Grundsicherung im Alter für meine Mutter.",
        )
    )
    page: Page = (
        Paragraph("\n".join(m.own_lines()) or "Absender unleserlich"),
        Gap(6),
        Paragraph("\n".join((f"An: {to[0]}", *to[1:]))),
        Gap(8),
        Paragraph(short_date(m.written), "right"),
        Paragraph("Sehr geehrte Damen und Herren,"),
        Paragraph(text),
        Paragraph("Mit freundlichen Grüßen"),
        Signature((m.name,) if m.name else ()),
    )
    return Draft((page,), "serif")
