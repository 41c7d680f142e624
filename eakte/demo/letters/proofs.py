"""Proofs that come back (letters.md 3.2): pay slips, account statements, school, doctor, identity, registry papers."""

from __future__ import annotations

from datetime import timedelta

from eakte.demo.letters.common import (
    MONTHS,
    Matter,
    days_before,
    head,
    health_number,
    iban,
    insurance_number,
    money,
    money_text,
    short_date,
)
from eakte.demo.letters.frames import Draft, handed_in, person_rows
from eakte.demo.letters.model import (
    Bar,
    Chart,
    Code,
    Element,
    Field,
    FormRow,
    Gap,
    Letterhead,
    Paragraph,
    Sender,
    Signature,
    Stamp,
    Table,
    Ticks,
)


def pay_slip(m: Matter) -> Draft:
    """LOHNABRECHNUNG: one page, dense table; the birth date stands in it, and in the insurance number."""
    rng, firm = m.rng, head(m.rng, "ARBEITGEBER")
    gross = rng.randint(52_000, 210_000)
    taken = [
        ("Lohnsteuer", gross // 40),
        ("KV-Beitrag", gross * 8 // 100),
        ("PV-Beitrag", gross * 2 // 100),
        ("RV-Beitrag", gross * 93 // 1000),
        ("AV-Beitrag", gross * 13 // 1000),
    ]
    month = MONTHS[(m.written.month - 2) % 12]
    rows = [
        ("Lohnart", "Bezeichnung", "Std", "Betrag"),
        ("1000", "Grundlohn", str(rng.randint(60, 168)), money_text(gross)),
        ("", "Gesamtbrutto", "", money_text(gross)),
    ]
    rows += [(str(2000 + number), label, "", f"-{money_text(value)}") for number, (label, value) in enumerate(taken)]
    rows.append(("", "Auszahlungsbetrag", "", money_text(gross - sum(value for _, value in taken))))
    identity = [
        ("Personal-Nr.", f"{rng.randint(100, 9999):05d}"),
        ("Steuerklasse", rng.choice("145")),
        ("Krankenkasse", "Nordmark Krankenkasse"),
    ]
    if m.birth:
        identity += [("Geburtsdatum", m.birth), ("SV-Nummer", insurance_number(rng, m.person))]
    page: tuple[Element, ...] = (
        Letterhead(firm.name, (f"{firm.street} · {firm.city}", *firm.lines), "left"),
        Paragraph(f"Entgeltabrechnung {month} {m.written.year}", "bold"),
        Sender(tuple(line for line in (m.name, *place_lines(m)) if line)),
        Table((38, 60), tuple((a, b) for a, b in identity), "ll", size=8, header=False),
        Table((22, 80, 22, 40), tuple(rows), "llrr", size=8, grid=True),
        Paragraph(f"Überweisung auf {iban(rng)}", "small"),
    )
    return Draft((handed_in(m, page),), rng.choice(("mono", "sans")), "A")


def place_lines(m: Matter) -> tuple[str, ...]:
    """Street and town, where the letter may print them."""
    return (m.address.street, f"{m.address.postal_code} {m.address.city}") if m.address else ()


def income_certificate(m: Matter) -> Draft:
    """EINKOMMENSBESCHEINIGUNG (§ 58 SGB II): upper part by the person, lower by the employer."""
    rng, firm = m.rng, head(m.rng, "ARBEITGEBER")
    rows = (
        ("Monat", "Brutto", "Netto", "Zufluss"),
        *((name, money(rng, 500, 1700), money(rng, 400, 1400), "letzter Werktag") for name in MONTHS[6:10]),
    )
    page: tuple[Element, ...] = (
        Paragraph("Einkommensbescheinigung", "title"),
        Paragraph("Nachweis über die Höhe des Arbeitsentgelts nach § 58 SGB II"),
        Bar("Von der antragstellenden Person auszufüllen"),
        *person_rows(m),
        Bar("Vom Arbeitgeber auszufüllen"),
        Paragraph("laufendes Bruttoarbeitsentgelt in den letzten Monaten"),
        Table((40, 40, 40, 45), rows, "lrrl", grid=True),
        Signature((firm.by, short_date(m.written)), stamp=(firm.name.split(" GmbH")[0][:28], firm.city)),
    )
    return Draft((page,), "sans")


def account_statement(m: Matter) -> Draft:
    """KONTOAUSZUG: two to four sheets, some payees blacked out."""
    rng, bank = m.rng, head(m.rng, "BANK")
    account, sheets, balance = iban(rng), rng.randint(2, 4), rng.randint(4_000, 90_000)
    number = rng.randint(1, 11)
    pages = []
    for sheet in range(1, sheets + 1):
        rows, balance = _bookings(m, balance)
        old = "alter Kontostand" if sheet == 1 else "Übertrag"
        end: list[Element] = (
            [Paragraph(f"neuer Kontostand {money_text(balance)} EUR", "bold")] if sheet == sheets else []
        )
        page: tuple[Element, ...] = (
            Letterhead(bank.name, (f"{bank.street} · {bank.city}",), "left"),
            Paragraph(f"Kontoauszug {number}/{m.written.year}   Blatt {sheet} von {sheets}", "bold"),
            *((Sender((m.name, *place_lines(m))),) if sheet == 1 and m.name else ()),
            Paragraph(f"IBAN {account}   {old} {money_text(balance)} EUR"),
            Table((24, 24, 84, 32), rows, "lllr", size=9),
            *end,
            *((Chart("blackout", 75, 118 + 9 * sheet, rng.uniform(20, 45), 4.6),) if rng.random() < 0.4 else ()),
        )
        pages.append(handed_in(m, page) if sheet == 1 else page)
    return Draft(tuple(pages), rng.choice(("mono", "humanist")), "A")


def _bookings(m: Matter, balance: int) -> tuple[tuple[tuple[str, ...], ...], int]:
    shops = (
        "Kartenzahlung KAUFHALLE NORD",
        "Miete Wohnungsbau Halvesund",
        "Stadtwerke Abschlag",
        "Barabhebung Marktplatz",
        "Lastschrift MOBILNETZ",
        "Apotheke am Siel",
        "Bäckerei Grootmann",
        "Überweisung privat",
    )
    rows = [("Buchungstag", "Wertstellung", "Verwendungszweck", "Betrag")]
    day = m.written - timedelta(days=m.rng.randint(40, 70))
    for _ in range(m.rng.randint(7, 13)):
        day += timedelta(days=m.rng.randint(0, 3))
        paid = m.rng.randint(390, 9_900)
        income = m.rng.random() < 0.15
        balance += paid * 4 if income else -paid
        what = "Gutschrift Kreiskasse Halvesund Leistungen" if income else m.rng.choice(shops)
        text = f"{money_text(paid * 4)}+" if income else f"{money_text(paid)}-"
        rows.append((f"{day:%d.%m.}", f"{day:%d.%m.}", what, text))
    return tuple(rows), balance


def school_certificate(m: Matter) -> Draft:
    """SCHULBESCHEINIGUNG: five lines and a school stamp."""
    rng, school = m.rng, head(m.rng, "SCHULE")
    year = m.written.year if m.written.month > 7 else m.written.year - 1
    who = m.about() or "Das Kind"
    page: tuple[Element, ...] = (
        Letterhead(school.name, (*school.lines, f"{school.street} · {school.city}"), "left"),
        Gap(20),
        Paragraph("Schulbescheinigung", "title"),
        Gap(6),
        Paragraph(
            f"{who} besucht im Schuljahr {year}/{year + 1} die Klasse "
            f"{rng.randint(5, 10)}{rng.choice('abc')} unserer Schule."
        ),
        Paragraph(f"Die voraussichtliche Entlassung ist am 31.07.{year + rng.randint(1, 6)}."),
        Paragraph(f"{school.city.split()[-1]}, den {short_date(m.written)}"),
        Signature((school.by,), stamp=(school.name[:26], school.city)),
    )
    return Draft((handed_in(m, page),), rng.choice(("mono", "serif")))


def sick_note(m: Matter) -> Draft:
    """AU_BESCHEINIGUNG: A5 sheet in columns, insurer top left, doctor's stamp bottom right."""
    rng, doctor = m.rng, head(m.rng, "ARZT")
    start = days_before(rng, m.written, 0, 2)
    end = start + timedelta(days=rng.randint(3, 21))
    first = rng.random() < 0.65
    page: tuple[Element, ...] = (
        Paragraph("Arbeitsunfähigkeitsbescheinigung", "title"),
        Paragraph("Ausfertigung zur Vorlage beim Arbeitgeber", "small"),
        FormRow((Field("Krankenkasse", "Nordmark Krankenkasse"), Field("Versicherten-Nr.", health_number(rng)))),
        FormRow((Field("Name, Vorname des Versicherten", m.name, 1.4), Field("geb. am", m.birth, 0.6))),
        *((FormRow((Field("Anschrift", ", ".join(place_lines(m))),)),) if m.address else ()),
        Ticks(((first, "Erstbescheinigung"), (not first, "Folgebescheinigung"), (False, "Arbeitsunfall"))),
        FormRow(
            (
                Field("arbeitsunfähig seit", short_date(start)),
                Field("voraussichtlich arbeitsunfähig bis", short_date(end)),
                Field("festgestellt am", short_date(m.written)),
            )
        ),
        Stamp((doctor.name[:30], doctor.street, doctor.city), 118, 112, -3.0, "blue"),
        Signature(("Unterschrift des Arztes",)),
        Code("DataMatrix", f"01|{rng.randint(10**8, 10**9)}", 172, 12, 16),
    )
    return Draft((handed_in(m, page),), "sans", "A")


def doctors_letter(m: Matter) -> Draft:
    """ATTEST: half a page on the practice's letterhead."""
    rng, doctor = m.rng, head(m.rng, "ARZT")
    finding = rng.choice(
        (
            "ist aus ärztlicher Sicht derzeit nur leichte Tätigkeit bis zu drei Stunden täglich möglich.",
            "besteht eine Erkrankung, die eine kostenaufwändige Ernährung erfordert.",
            "ist die Teilnahme an der Maßnahme bis auf Weiteres nicht möglich.",
        )
    )
    page: tuple[Element, ...] = (
        Letterhead(doctor.name, (*doctor.lines, f"{doctor.street} · {doctor.city}"), "centre"),
        Gap(12),
        Paragraph(short_date(m.written), "right"),
        Paragraph("Ärztliches Attest zur Vorlage beim Jobcenter", "bold"),
        Paragraph(f"Bei {m.about() or 'meinem Patienten'} {finding}"),
        *((Paragraph(f"Ihr Zeichen: {m.number}"),) if m.number else ()),
        Signature((doctor.by,), stamp=(doctor.name[:30], doctor.city)),
    )
    return Draft((page,), "serif")


def work_contract(m: Matter) -> Draft:
    """ARBEITSVERTRAG: two pages of numbered paragraphs."""
    rng, firm = m.rng, head(m.rng, "ARBEITGEBER")
    start = m.written + timedelta(days=rng.randint(5, 30))
    first: tuple[Element, ...] = (
        Paragraph("Arbeitsvertrag", "title"),
        Paragraph(f"zwischen {firm.name}, {firm.street}, {firm.city}"),
        Paragraph(f"und {m.about() or 'der unterzeichnenden Person'}"),
        Paragraph("§ 1 Beginn und Tätigkeit", "bold"),
        Paragraph(f"Das Arbeitsverhältnis beginnt am {short_date(start)}. Die Probezeit beträgt sechs Monate."),
        Paragraph("§ 2 Arbeitszeit", "bold"),
        Paragraph(f"Die regelmäßige Arbeitszeit beträgt {rng.randint(8, 38)} Stunden in der Woche."),
        Paragraph("§ 3 Vergütung", "bold"),
        Paragraph(f"Die Vergütung beträgt {money(rng, 13, 19)} Euro brutto je Stunde und ist am Monatsende fällig."),
    )
    second: tuple[Element, ...] = (
        Paragraph("§ 4 Urlaub", "bold"),
        Paragraph("Der Urlaub richtet sich nach dem Gesetz."),
        Paragraph("§ 5 Kündigung", "bold"),
        Paragraph("In der Probezeit kann mit einer Frist von zwei Wochen gekündigt werden."),
        Paragraph(f"{firm.city}, {short_date(m.written)}"),
        Signature((firm.name,), stamp=(firm.name[:28], firm.city)),
        Signature(("Arbeitnehmer/in",)),
    )
    return Draft((handed_in(m, first), second), "serif")
