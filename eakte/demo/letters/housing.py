"""Housing and energy (letters.md 3.2 and 3.3): landlord, measuring service, utility."""

from __future__ import annotations

from datetime import timedelta

from eakte.demo.letters.common import MONTHS, Matter, head, money, short_date
from eakte.demo.letters.frames import Draft, handed_in, office_letter, person_rows
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
    Printed,
    Signature,
    Table,
    Ticks,
)


def _tenant(m: Matter) -> str:
    return (
        m.rng.choice(("Mieternummer", "Mieter-Nr."))
        + f" {m.rng.randint(1000, 9999)}.{m.rng.randint(1000, 9999)}.{m.rng.randint(1, 20):02d}"
    )


def _flat(m: Matter) -> str:
    return f"Wohnung {m.address.street}, {m.address.postal_code} {m.address.city}" if m.address else "Ihre Wohnung"


def running_costs(m: Matter) -> Draft:
    """BETRIEBSKOSTEN: result in a box, a table page, a metering sheet with bars; tenant's number, not ours."""
    rng, landlord = m.rng, head(m.rng, "VERMIETER")
    year = m.written.year - 1
    due = m.written + timedelta(days=30)
    result = (
        f"Nachzahlung {money(rng, 35, 480)} Euro, fällig am {short_date(due)}"
        if rng.random() < 0.7
        else f"Guthaben {money(rng, 12, 260)} Euro"
    )
    cover = office_letter(
        m,
        landlord,
        f"Betriebskostenabrechnung {year}, {_tenant(m)}",
        (
            Paragraph(
                f"für die {_flat(m)} erhalten Sie die Abrechnung für den "
                f"Abrechnungszeitraum 01.01.{year} bis 31.12.{year}."
            ),
            Paragraph(result, "box"),
            Paragraph("Einzelheiten entnehmen Sie bitte der Anlage."),
        ),
        window=m.window(),
        info=((("geb.", m.birth),) if m.birth else ()),
    )
    rows = [("Kostenart", "gesamt", "Schlüssel", "Ihr Anteil")]
    rows += [
        (kind, money(rng, 900, 9000), rng.choice(("Wohnfläche", "Personen", "Verbrauch")), money(rng, 15, 320))
        for kind in ("Grundsteuer", "Wasser, Abwasser", "Müllabfuhr", "Hausstrom", "Versicherung", "Heizung")
    ]
    table: tuple[Element, ...] = (
        Paragraph("Anlage: Aufstellung der Kosten", "bold"),
        Table((60, 35, 35, 35), tuple(rows), "lrlr", grid=True),
    )
    meter: tuple[Element, ...] = (
        Paragraph("Verbrauchsablesung", "bold"),
        Paragraph(f"Zählernummer {rng.randint(10**11, 10**12 - 1)}"),
        Chart("bars", 30, 60, 140, 60),
    )
    return Draft((handed_in(m, cover), table, meter)[: rng.choice((1, 2, 3))], "sans")


def rent_certificate(m: Matter) -> Draft:
    """MIETBESCHEINIGUNG: form signed by the landlord."""
    rng, landlord = m.rng, head(m.rng, "VERMIETER")
    page: tuple[Element, ...] = (
        Paragraph("Mietbescheinigung", "title"),
        Paragraph("vom Vermieter auszufüllen · zur Vorlage beim Jobcenter"),
        *person_rows(m),
        Bar("Mietverhältnis"),
        FormRow(
            (
                Field("Einzug", short_date(m.written - timedelta(days=rng.randint(20, 3000)))),
                Field("Personen in der Wohnung", str(rng.randint(1, 5))),
                Field("Wohnfläche", f"{rng.randint(38, 96)} qm"),
            )
        ),
        FormRow(
            (
                Field("Kaltmiete", money(rng, 280, 640)),
                Field("Nebenkosten", money(rng, 70, 170)),
                Field("Heizkosten", money(rng, 60, 150)),
            )
        ),
        Ticks(((rng.random() < 0.2, "Es bestehen Mietrückstände."), (True, "Die Miete ist bezahlt."))),
        Signature((landlord.by, short_date(m.written)), stamp=(landlord.name[:30], landlord.city)),
    )
    return Draft((page,), "sans")


def lease(m: Matter) -> Draft:
    """MIETVERTRAG: numbered paragraphs over three or four pages, initials on each."""
    rng, landlord = m.rng, head(m.rng, "VERMIETER")
    texts = (
        ("Mieträume", f"Vermietet werden in der {_flat(m)} {rng.randint(1, 4)} Zimmer, Küche, Bad."),
        (
            "Mietzeit",
            f"Mietbeginn ist der {short_date(m.written + timedelta(days=20))}. Der Vertrag läuft auf unbestimmte Zeit.",
        ),
        (
            "Miete",
            f"Die Nettokaltmiete beträgt {money(rng, 300, 640)} Euro, die Vorauszahlung {money(rng, 100, 220)} Euro.",
        ),
        ("Kaution", "Der Mieter leistet eine Mietsicherheit von drei Monatsmieten."),
        ("Schönheitsreparaturen", "Die Kosten der Instandhaltung innerhalb der Wohnung richten sich nach dem Gesetz."),
        ("Hausordnung", "Die Hausordnung ist Bestandteil des Vertrages. Das Treppenhaus ist freizuhalten."),
        ("Tierhaltung", "Kleintiere sind erlaubt, größere Tiere nur mit Zustimmung."),
        ("Untervermietung", "Die Untervermietung bedarf der Erlaubnis des Vermieters."),
        ("Beendigung", "Bei Beendigung sind alle Schlüssel zurückzugeben."),
    )
    pages: list[tuple[Element, ...]] = []
    opening: tuple[Element, ...] = (
        Paragraph("Wohnungsmietvertrag", "title"),
        Paragraph(f"zwischen {landlord.name}, {landlord.street}, {landlord.city} (Vermieter)"),
        Paragraph(f"und {m.about() or 'dem Mieter'} (Mieter)"),
    )
    for start in range(0, 9, 3):
        part: list[Element] = []
        for number, (title, text) in enumerate(texts[start : start + 3], start=start + 1):
            part += [Paragraph(f"§ {number} {title}", "bold"), Paragraph(text)]
        pages.append((*(opening if start == 0 else ()), *part, Printed(f"Seite {start // 3 + 1}", 180, 285, 8)))
    pages[-1] = (
        *pages[-1],
        Paragraph(f"{landlord.city}, {short_date(m.written)}"),
        Signature(("Vermieter",)),
        Signature(("Mieter",)),
    )
    return Draft((handed_in(m, pages[0]), *pages[1:]), "serif")


def notice_to_quit(m: Matter) -> Draft:
    """KUENDIGUNG_WOHNUNG: without notice, alternatively with notice; table of arrears."""
    landlord = head(m.rng, "VERMIETER")
    rows = (("Monat", "Soll", "gezahlt", "Rückstand"), *((name, "612,00", "0,00", "612,00") for name in MONTHS[7:10]))
    leave = short_date(m.written + timedelta(days=21))
    page = office_letter(
        m,
        landlord,
        f"Kündigung des Mietverhältnisses, {_tenant(m)}",
        (
            Paragraph(f"Sie bewohnen unsere {_flat(m)}. Trotz Mahnung besteht ein Mietrückstand von 1.836,00 Euro:"),
            Table((45, 35, 35, 35), rows, "lrrr", grid=True),
            Paragraph(
                "Wir kündigen das Mietverhältnis fristlos, hilfsweise fristgemäß (fristlose "
                "Kündigung, hilfsweise ordentliche Kündigung)."
            ),
            Paragraph(f"Räumung und Herausgabe bis spätestens {leave}.", "bold"),
        ),
        window=m.window(),
        info=((("geb.", m.birth),) if m.birth else ()),
    )
    return Draft((handed_in(m, page),), "sans")


def rent_increase(m: Matter) -> Draft:
    """MIETERHOEHUNG."""
    rng, landlord = m.rng, head(m.rng, "VERMIETER")
    page = office_letter(
        m,
        landlord,
        f"Mieterhöhung, {_tenant(m)}",
        (
            Paragraph(f"für die {_flat(m)} bitten wir um Ihre Zustimmung zum Mieterhöhungsverlangen nach § 558 BGB."),
            Paragraph(
                f"Die neue Miete ab {short_date(m.written + timedelta(days=70))} beträgt {money(rng, 320, 690)} Euro."
            ),
        ),
        window=m.window(),
        info=((("geb.", m.birth),) if m.birth else ()),
    )
    return Draft((handed_in(m, page),), "humanist")


def power_cut(m: Matter) -> Draft:
    """ENERGIE_SPERRE: bold heading, date of the cut, fees, QR code for payment; the meter number looks like ours."""
    rng, utility = m.rng, head(m.rng, "VERSORGER")
    amount = money(rng, 120, 690)
    page = office_letter(
        m,
        utility,
        "Androhung der Versorgungsunterbrechung",
        (
            Paragraph(
                f"Vertragskonto {rng.randint(10**8, 10**9 - 1)}, Zählernummer "
                f"{rng.randint(10**11, 10**12 - 1)}, Verbrauchsstelle: {_flat(m)}"
            ),
            Paragraph(f"LETZTE MAHNUNG: offener Betrag {amount} Euro", "box"),
            Paragraph(
                "Ohne Zahlung erfolgt die Unterbrechung der Versorgung am "
                f"{short_date(m.written + timedelta(days=9))}. "
                "Der Sperrauftrag ist erteilt."
            ),
            Table(
                (80, 40),
                (("Gebühr", "Euro"), ("Mahnung", "5,00"), ("Sperrgang", "48,60"), ("Wiederanschluss", "52,10")),
                "lr",
            ),
        ),
        window=m.window(),
        info=((("geb.", m.birth),) if m.birth else ()),
        signed=False,
    )
    code = Code("QRCode", f"BCD\n002\n1\nSCT\n\nNordwatt\nDE00000000000000000000\nEUR{amount}", 160, 226, 24)
    return Draft((handed_in(m, (*page, code)),), "sans")


def energy_bill(m: Matter) -> Draft:
    """ENERGIE_RECHNUNG: yearly bill with a new advance payment."""
    rng, utility = m.rng, head(m.rng, "VERSORGER")
    rows = (
        ("Zeitraum", "kWh", "Betrag"),
        ("01.10.2025 bis 30.09.2026", str(rng.randint(900, 4200)), money(rng, 420, 1600)),
    )
    page = office_letter(
        m,
        utility,
        "Jahresverbrauchsabrechnung Strom",
        (
            Paragraph(f"Vertragskonto {rng.randint(10**8, 10**9 - 1)}, Verbrauchsstelle: {_flat(m)}"),
            Table((70, 30, 40), rows, "lrr", grid=True),
            Paragraph(f"Ihr neuer Abschlag beträgt {money(rng, 40, 160)} Euro monatlich."),
        ),
        window=m.window(),
        signed=False,
        info=((("geb.", m.birth),) if m.birth else ()),
    )
    return Draft((handed_in(m, page),), "humanist")


def eviction_notice(m: Matter) -> Draft:
    """RAEUMUNGSKLAGE_MITTEILUNG of the local court: no number of ours, tenant's name and address of the flat."""
    rng, court = m.rng, head(m.rng, "AMTSGERICHT")
    rows = tuple(
        row
        for row in (
            ("Beklagte Partei", m.about()),
            ("Zustellung der Klage", short_date(m.written - timedelta(days=6))),
            ("Mietrückstand", f"{money(rng, 900, 3400)} Euro"),
            ("monatliche Miete", f"{money(rng, 410, 820)} Euro"),
            ("Ihr Zeichen", m.number),
        )
        if row[1]
    )
    page: tuple[Element, ...] = (
        Letterhead(court.name, (*court.lines, f"{court.street} · {court.city}"), "centre"),
        Paragraph(f"Geschäfts-Nr. {rng.randint(2, 40)} C {rng.randint(100, 999)}/26", "right"),
        Paragraph("Mitteilung nach § 22 Abs. 9 SGB II", "title"),
        Paragraph("Mitteilung über Klage auf Räumung von Wohnraum"),
        Gap(4),
        Table((60, 100), rows, "ll", size=10, header=False),
        Paragraph(f"{short_date(m.written)}\nAuf richterliche Anordnung\n{court.by}\nohne Unterschrift gültig"),
    )
    return Draft((page,), "serif")
