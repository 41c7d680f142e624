"""Lawyers, guardians and courts (letters.md 3.4)."""

from __future__ import annotations

from datetime import timedelta

from eakte.demo.letters.common import Matter, days_before, head, money, short_date
from eakte.demo.letters.frames import Draft, office_letter
from eakte.demo.letters.model import (
    Field,
    FormRow,
    Gap,
    Info,
    Items,
    Letterhead,
    Page,
    Paragraph,
    Signature,
    Table,
    Ticks,
    Window,
)


def lawyer_objection(m: Matter, subject: str = "", about: str = "") -> Draft:
    """WIDERSPRUCH by a lawyer, with request for the file and power of attorney."""
    rng, firm = m.rng, head(m.rng, m.rng.choice(("ANWALT", "ANWALT", "SOZIALVERBAND")))
    notice = short_date(days_before(rng, m.written, 8, 27))
    number = f", {m.numbered()}" if m.number else ""
    page = office_letter(
        m,
        firm,
        subject or f"{m.name or 'Mandantschaft'} ./. Jobcenter Kreis Halvesund{number}",
        (
            Paragraph(
                "in der vorbezeichneten Angelegenheit zeigen wir unter Vorlage einer Vollmacht an, dass "
                f"wir {about or m.about() or 'die Mandantschaft'} vertreten."
            ),
            Paragraph(f"Namens und in Vollmacht lege ich Widerspruch ein gegen Ihren Bescheid vom {notice}."),
            Paragraph(
                "Zugleich beantragen wir Akteneinsicht nach § 25 SGB X durch "
                "Übersendung der Leistungsakte in unsere Kanzlei."
            ),
            Paragraph("Eine Begründung erfolgt nach Akteneinsicht."),
        ),
        enclosures=("Vollmacht",),
    )
    return Draft((page, *_power(m, firm.name)), "serif")


def _power(m: Matter, firm: str) -> tuple[Page, ...]:
    page: Page = (
        Gap(20),
        Paragraph("Vollmacht", "title"),
        Paragraph(f"Hiermit bevollmächtige ich {firm}, mich zu vertreten."),
        Gap(20),
        Signature((m.name,) if m.name else ("Unterschrift",)),
    )
    return (page,)


def lawyer_reasons(m: Matter) -> Draft:
    """WIDERSPRUCH_BEGRUENDUNG: our objection number as "Ihr Zeichen"."""
    firm = head(m.rng, "ANWALT")
    page = office_letter(
        m,
        firm,
        f"Widerspruchsverfahren {m.name or ''} ./. Jobcenter Kreis Halvesund".replace("  ", " "),
        (
            Paragraph(f"in der Sache {m.about() or 'unserer Mandantschaft'} begründe ich den Widerspruch wie folgt:"),
            Items(
                (
                    "Die Bedarfe für Unterkunft und Heizung nach § 22 Abs. 1 SGB II "
                    "sind in tatsächlicher Höhe anzuerkennen.",
                    "Ein Kostensenkungsverfahren wurde nicht durchgeführt.",
                    "Die Anhörung nach § 24 SGB X fehlt.",
                ),
                numbered=True,
            ),
        ),
    )
    return Draft((page,), "serif")


def file_request(m: Matter) -> Draft:
    """AKTENEINSICHT_ANTRAG."""
    firm = head(m.rng, "ANWALT")
    number = f", {m.numbered()}" if m.number else ""
    page = office_letter(
        m,
        firm,
        f"Akteneinsicht: {m.name or 'Mandantschaft'}{number}",
        (
            Paragraph(f"für {m.about() or 'unsere Mandantschaft'} beantrage ich Akteneinsicht nach § 25 SGB X."),
            Paragraph("Um Übersendung der Verwaltungsakte in unsere Kanzlei wird gebeten."),
        ),
    )
    return Draft((page,), "serif")


def court_order(m: Matter) -> Draft:
    """GERICHT_VERFUEGUNG: parties in the middle, own reference of the court, ours as "Ihr Zeichen"."""
    rng, court = m.rng, head(m.rng, "SOZIALGERICHT")
    until = short_date(m.written + timedelta(days=28))
    page: Page = (
        Letterhead(court.name, (*court.lines, f"{court.street} · {court.city}"), "centre"),
        Window(court.return_line, ("Kreis Halvesund", "Jobcenter", "Deichtorplatz 1", "00811 Halvesund")),
        Info(
            (
                ("Aktenzeichen", f"S {rng.randint(3, 30)} AS {rng.randint(100, 999)}/26"),
                *((("Ihr Zeichen", m.number),) if m.number else ()),
                ("Datum", short_date(m.written)),
            )
        ),
        Paragraph("In dem Rechtsstreit", "centre"),
        Paragraph(f"{m.about() or 'Klägerin'}", "centre"),
        Paragraph("gegen", "centre"),
        Paragraph("Kreis Halvesund, Der Landrat, Jobcenter", "centre"),
        Paragraph(
            f"werden Sie gebeten, binnen vier Wochen, spätestens bis {until}, zum Schriftsatz Stellung zu nehmen."
        ),
        Paragraph("Um Stellungnahme wird gebeten. Zwei Abschriften sind beizufügen."),
        Paragraph(f"Auf richterliche Anordnung\n{court.by}\nDas Schreiben ist ohne Unterschrift gültig."),
    )
    return Draft((page,), "serif")


def receipt_of_service(m: Matter) -> Draft:
    """ZUSTELLURKUNDE: yellow form, our reference, boxes ticked by hand."""
    page: Page = (
        Paragraph("Zustellungsurkunde", "title"),
        FormRow((Field("Aktenzeichen", m.number),)),
        FormRow((Field("Empfänger", m.about()),)),
        Ticks(
            (
                (False, "1  Das Schriftstück wurde der empfangenden Person übergeben."),
                (False, "2  Ersatzperson"),
                (True, "3  Weil die Übergabe nicht möglich war, in den zur Wohnung gehörenden Briefkasten eingelegt."),
                (False, "4  Niederlegung"),
            )
        ),
        FormRow((Field("Datum", short_date(m.written), ink="hand"), Field("Uhrzeit", "10:40", ink="hand"))),
        Signature(("Unterschrift Zusteller/in",)),
    )
    return Draft((page,), "sans")


def guardian(m: Matter) -> Draft:
    """BETREUER_ANFRAGE of a professional guardian with the copy of the certificate."""
    office = head(m.rng, "BETREUER")
    page = office_letter(
        m,
        office,
        f"{m.name or 'Betreute Person'}{', ' + m.numbered() if m.number else ''}",
        (
            Paragraph(
                f"als rechtliche Betreuerin von {m.about() or 'der genannten Person'} bitte "
                "ich, Schriftverkehr nur noch an mich zu senden."
            ),
            Paragraph("In Sachen meiner Betreuten bitte ich um eine Leistungsübersicht."),
        ),
        enclosures=("Betreuerausweis in Kopie",),
    )
    return Draft((page,), "humanist")


def attachment(m: Matter) -> Draft:
    """PFAENDUNG: order of the enforcement court; third-party debtor are we."""
    rng, court = m.rng, head(m.rng, "AMTSGERICHT")
    order: Page = (
        Letterhead(court.name, ("Vollstreckungsgericht", f"{court.street} · {court.city}"), "centre"),
        Paragraph(f"Geschäfts-Nr. {rng.randint(2, 20)} M {rng.randint(100, 999)}/26", "right"),
        Paragraph("Pfändungs- und Überweisungsbeschluss", "title"),
        Table(
            (45, 115),
            tuple(
                row
                for row in (
                    ("Gläubiger", "Nordwatt Energieversorgung AG"),
                    ("Schuldner", m.about()),
                    ("Drittschuldner", "Kreis Halvesund, Jobcenter"),
                    ("Forderung", f"{money(rng, 300, 2900)} Euro"),
                    ("Zeichen Drittschuldner", m.number),
                )
                if row[1]
            ),
            "ll",
            size=10,
            header=False,
        ),
        Paragraph(
            "Die angebliche Forderung des Schuldners gegen den Drittschuldner "
            "wird gepfändet und zur Einziehung überwiesen."
        ),
        Paragraph(f"Halvesund, {short_date(m.written)}"),
        Signature(("Rechtspflegerin",), stamp=("Amtsgericht", "Halvesund")),
    )
    reply: Page = (
        Paragraph("Drittschuldnererklärung (§ 840 ZPO)", "bold"),
        Items(
            ("Erkennen Sie die Forderung an?", "Bestehen andere Ansprüche?", "Liegen weitere Pfändungen vor?"),
            numbered=True,
        ),
        Paragraph("Frist: zwei Wochen ab Zustellung."),
    )
    return Draft((order, reply), "serif")
