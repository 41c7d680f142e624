"""Letters of other bodies, lawyers, guardians and courts (letters.md 3.3 and 3.4)."""

from __future__ import annotations

from datetime import timedelta

from eakte.demo.letters.common import Matter, days_before, head, health_number, insurance_number, money, short_date
from eakte.demo.letters.frames import Draft, handed_in, office_letter
from eakte.demo.letters.model import (
    Code,
    Element,
    Field,
    FormRow,
    Gap,
    Info,
    Items,
    Letterhead,
    Page,
    Paragraph,
    Signature,
    Stamp,
    Table,
    Ticks,
    Window,
)

REMEDY = "Rechtsbehelfsbelehrung"


def _born(m: Matter) -> tuple[tuple[str, str], ...]:
    return (("Geburtsdatum", m.birth),) if m.birth else ()


def _remedy_page(office: str) -> tuple[Element, ...]:
    return (
        Paragraph(REMEDY, "bold"),
        Paragraph(
            "Gegen diesen Bescheid kann innerhalb eines Monats nach Bekanntgabe "
            f"Widerspruch bei {office} erhoben werden."
        ),
        Paragraph("Bitte teilen Sie alle Änderungen unverzüglich mit (§ 60 Abs. 1 SGB I)."),
    )


def unemployment_decision(m: Matter) -> Draft:
    """BESCHEID_ALG1: copy handed in by the person; the agency's customer number is the person's own."""
    rng, agency = m.rng, head(m.rng, "AGENTUR_FUER_ARBEIT")
    page = office_letter(
        m,
        agency,
        "Bewilligungsbescheid Arbeitslosengeld",
        (
            Paragraph(
                f"auf Ihren Antrag wird Arbeitslosengeld ab {short_date(m.written)} bewilligt. "
                f"Anspruchsdauer: {rng.randint(90, 360)} Kalendertage."
            ),
            Table(
                (60, 40), (("Leistungsbetrag täglich", money(rng, 14, 39)), ("Steuerklasse", "1")), "lr", header=False
            ),
        ),
        window=m.window(),
        info=_born(m),
        signed=False,
    )
    return Draft((handed_in(m, page), _remedy_page("der Agentur für Arbeit")), "sans")


def child_benefit(m: Matter) -> Draft:
    """BESCHEID_KINDERGELD with a Kindergeldnummer."""
    rng, fund = m.rng, head(m.rng, "FAMILIENKASSE")
    page = office_letter(
        m,
        fund,
        "Bescheid über Kindergeld",
        (
            Paragraph(f"Kindergeldnummer {rng.randint(100, 999)}FK{rng.randint(100000, 999999)}"),
            Paragraph(
                f"das Kindergeld wird festgesetzt ab {short_date(m.written)} in Höhe von monatlich 255,00 Euro je Kind."
            ),
        ),
        window=m.window(),
        info=_born(m),
        signed=False,
    )
    return Draft((handed_in(m, page), _remedy_page("der Familienkasse")), "sans")


def pension_decision(m: Matter) -> Draft:
    """BESCHEID_RENTE: insurance number in the info block, arrears withheld for claims of other bodies."""
    rng, insurer = m.rng, head(m.rng, "RENTENVERSICHERUNG")
    info = (*_born(m), *((("Versicherungsnr.", insurance_number(rng, m.person)),) if m.birth else ()))
    page = office_letter(
        m,
        insurer,
        "Rentenbescheid: Rente wegen voller Erwerbsminderung",
        (
            Paragraph(
                f"Sie erhalten Rente wegen voller Erwerbsminderung in Höhe von {money(rng, 420, 990)} Euro monatlich."
            ),
            Paragraph(
                "Die Nachzahlung wird vorläufig nicht ausgezahlt, weil Ansprüche anderer Stellen zu klären sind."
            ),
        ),
        window=m.window(),
        info=info,
        signed=False,
    )
    annex: tuple[Element, ...] = (
        Paragraph("Anlage 1: Berechnung der Rente", "bold"),
        Paragraph("Persönliche Entgeltpunkte und Zugangsfaktor."),
    )
    return Draft((handed_in(m, page), annex, _remedy_page("der Deutschen Rentenversicherung")), "humanist")


def housing_benefit(m: Matter) -> Draft:
    """BESCHEID_WOHNGELD."""
    rng, office = m.rng, head(m.rng, "WOHNGELDBEHOERDE")
    page = office_letter(
        m,
        office,
        "Wohngeldbescheid",
        (
            Paragraph(f"Wohngeldnummer: 0105 {rng.randint(1000, 9999)} {rng.randint(100000, 999999)}"),
            Paragraph("Ihr Antrag auf Mietzuschuss wird abgelehnt, weil Sie Leistungen nach dem SGB II beziehen."),
        ),
        window=m.window(),
        info=_born(m),
        style="right",
    )
    return Draft((handed_in(m, page),), "serif")


def refund_claim(m: Matter) -> Draft:
    """ERSTATTUNGSANZEIGE: name, birth date, address, both references."""
    rng, body = m.rng, head(m.rng, m.rng.choice(("SOZIALAMT", "RENTENVERSICHERUNG", "JUGENDAMT")))
    page = office_letter(
        m,
        body,
        "Erstattungsanspruch nach §§ 102 ff. SGB X",
        (
            Paragraph(m.about() or "Leistungsfall", "bold"),
            Paragraph(
                "wir melden einen Erstattungsanspruch an: für die Zeit ab "
                f"{short_date(days_before(rng, m.written, 60, 200))} "
                "melden wir einen Erstattungsanspruch an (§ 104 SGB X)."
            ),
            Paragraph(
                "Bitte teilen Sie die Höhe Ihrer Leistungen bis zur Bezifferung des Erstattungsanspruchs umgehend mit."
            ),
        ),
        style="right",
    )
    return Draft((page,), "sans")


def inquiry(m: Matter) -> Draft:
    """TRAEGER_ANFRAGE of the police or the foreigners' office: polite and short."""
    rng, body = m.rng, head(m.rng, m.rng.choice(("POLIZEI", "AUSLAENDERBEHOERDE")))
    page = office_letter(
        m,
        body,
        "Auskunftsersuchen",
        (
            Paragraph(m.about() or "Person wie oben", "bold"),
            Paragraph(
                "im Wege der Amtshilfe bitten wir um Auskunft nach § 68 SGB X, ob und "
                "in welcher Höhe Leistungen bezogen werden."
            ),
            Paragraph(f"Zeitraum: {short_date(days_before(rng, m.written, 200, 400))} bis heute."),
        ),
        style="right",
    )
    return Draft((page,), "sans", "A")


def membership(m: Matter) -> Draft:
    """KK_MITGLIEDSCHAFT: automatic letter, copied to us."""
    rng, fund = m.rng, head(m.rng, "KRANKENKASSE")
    info = (("Versicherten-Nr.", health_number(rng)), *_born(m))
    page = office_letter(
        m,
        fund,
        "Ihre Mitgliedschaft",
        (
            Paragraph(f"Mitgliedsbescheinigung für {m.about() or 'unser Mitglied'}"),
            Paragraph(f"Beginn der Versicherungspflicht: {short_date(days_before(rng, m.written, 10, 90))}."),
        ),
        info=info,
        signed=False,
    )
    return Draft((page,), "humanist", "A")


def insurer_question(m: Matter) -> Draft:
    """KK_RUECKFRAGE."""
    rng, fund = m.rng, head(m.rng, "KRANKENKASSE")
    page = office_letter(
        m,
        fund,
        "Klärung des Versicherungsverhältnisses",
        (
            Paragraph(f"Versicherte Person: {m.about() or 'siehe oben'}"),
            Paragraph(
                "die Meldung nach § 203a SGB V überschneidet sich mit einer Familienversicherung. "
                "Bitte prüfen Sie einen Meldefehler."
            ),
        ),
        info=(("Versicherten-Nr.", health_number(rng)),),
    )
    return Draft((page,), "sans", "A")


def provider_report(m: Matter) -> Draft:
    """TRAEGERBERICHT: measure number, attendance grid, free text."""
    rng, provider = m.rng, head(m.rng, "TRAEGER")
    days = tuple(str(day) for day in range(1, 16))
    grid = (days, tuple(rng.choice("aaaaaaku") for _ in days))
    identity = tuple(
        row
        for row in (
            ("Teilnehmer", m.name),
            ("Geburtsdatum", m.birth),
            ("Anschrift", f"{m.address.street}, {m.address.city}" if m.address else ""),
        )
        if row[1]
    )
    page = office_letter(
        m,
        provider,
        f"Teilnehmerbericht, Maßnahmenummer 998/{rng.randint(10, 99)}/2026",
        (
            *((Table((40, 110), identity, "ll", header=False),) if identity else ()),
            Paragraph("Anwesenheitsliste (a anwesend, k krank, u unentschuldigt)"),
            Table((10.5,) * 15, grid, "c" * 15, size=8, grid=True),
            Paragraph(
                rng.choice(
                    (
                        "Die Mitarbeit ist gut, Bewerbungen werden selbständig geschrieben.",
                        "Es gab mehrere Fehlzeiten. Ein Gespräch blieb ohne Wirkung.",
                        "Wir empfehlen eine Verlängerung der Maßnahme.",
                    )
                )
            ),
            Paragraph("Verlaufsbericht: Die Ziele des Förderplans wurden teilweise erreicht."),
        ),
    )
    return Draft((page,), "sans")


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
