"""Letters of other bodies, lawyers, guardians and courts (letters.md 3.3 and 3.4)."""

from __future__ import annotations

from eakte.demo.letters.common import Matter, days_before, head, health_number, insurance_number, money, short_date
from eakte.demo.letters.frames import Draft, handed_in, office_letter
from eakte.demo.letters.model import (
    Element,
    Paragraph,
    Table,
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
