"""Applications and annexes on forms (letters.md 3.1): grey bars, boxes, ticks, form codes at the foot."""

from __future__ import annotations

from datetime import timedelta

from eakte.demo.letters.common import Matter, benefit, iban, money, short_date
from eakte.demo.letters.frames import Draft, person_rows, private_letter
from eakte.demo.letters.model import (
    Bar,
    Element,
    Field,
    FormRow,
    Gap,
    Items,
    Page,
    Paragraph,
    Printed,
    Signature,
    Stamp,
    Table,
    Ticks,
)


def _foot(code: str, page: int, pages: int) -> tuple[Element, ...]:
    return (Printed(code, 25, 287, 7), Printed(f"Seite {page} von {pages}", 172, 287, 7))


def _declaration(m: Matter) -> tuple[Element, ...]:
    return (
        Bar("Erklärung"),
        Paragraph(
            "Ich bestätige, dass die Angaben richtig sind. Änderungen teile ich unaufgefordert und unverzüglich mit."
        ),
        FormRow(
            (
                Field("Ort, Datum", f"{m.person.address.city}, {short_date(m.written)}", ink="hand"),
                Field("Unterschrift", ""),
            )
        ),
        Signature(()),
    )


def main_application(m: Matter) -> Draft:
    """ANTRAG_ERST on the form: number empty on a first application; the person's data typed in."""
    first: Page = (
        Printed("Nur vom Jobcenter auszufüllen", 140, 12, 7.5, True),
        Printed("Eingang:          Kürzel:", 140, 18, 7.5),
        Paragraph(f"Antrag auf {benefit(m.day)}", "title"),
        Paragraph("Hauptantrag · Antrag auf Leistungen zur Sicherung des Lebensunterhalts nach dem SGB II"),
        Bar("A  Persönliche Daten"),
        *person_rows(m),
        FormRow(
            (
                Field("Familienstand", m.rng.choice(("ledig", "geschieden", "verheiratet"))),
                Field("Telefon (freiwillig)", ""),
            )
        ),
        Bar("B  Tag der Antragstellung"),
        Ticks(
            (
                (True, "Ich beantrage die Leistungen ab sofort."),
                (False, "Ich beantrage die Leistungen ab einem späteren Zeitpunkt."),
            )
        ),
        *_foot("HA 07/2026", 1, 3),
    )
    second: Page = (
        Bar("C  Personen im Haushalt"),
        Ticks(((m.rng.random() < 0.5, "Ich lebe allein."), (False, "Mit mir leben weitere Personen (Anlage WEP)."))),
        Bar("D  Einkommen und Vermögen"),
        Ticks(
            (
                (False, "Ich habe Einkommen (Anlage EK)."),
                (True, "Ich habe kein Einkommen."),
                (True, "Kein erhebliches Vermögen"),
            )
        ),
        Bar("E  Unterkunft und Heizung"),
        FormRow(
            (Field("Gesamtmiete monatlich", money(m.rng, 380, 820)), Field("Wohnfläche", f"{m.rng.randint(30, 80)} qm"))
        ),
        *_foot("HA 07/2026", 2, 3),
    )
    third: Page = (
        Bar("F  Kranken- und Pflegeversicherung"),
        FormRow((Field("Krankenkasse", "Nordmark Krankenkasse"),)),
        Bar("G  Bankverbindung"),
        FormRow((Field("IBAN", iban(m.rng)),)),
        *_declaration(m),
        *_foot("HA 07/2026", 3, 3),
    )
    return Draft((first, second, third), "sans")


def informal_application(m: Matter) -> Draft:
    """ANTRAG_ERST as half a page."""
    text = m.rng.choice(
        (
            "hiermit beantrage ich ab sofort Leistungen nach dem SGB II.",
            f"hiermit stelle ich einen Antrag auf {benefit(m.day)}. Mein letzter Lohn war im vorigen Monat.",
        )
    )
    body = (Paragraph(text), Paragraph("Bitte schicken Sie mir die Formulare zu."))
    return Draft((private_letter(m, "Antrag auf Leistungen", body),), "serif")


def renewal(m: Matter, extra: tuple[Element, ...] = ()) -> Draft:
    """ANTRAG_WBA: name and number pre-printed by the line-of-business system."""
    end = m.written + timedelta(days=m.rng.randint(5, 60))
    page: Page = (
        Printed("Kreis Halvesund · Jobcenter", 25, 12, 9, True),
        Paragraph("Antrag auf Weiterbewilligung", "title"),
        Paragraph(f"der Leistungen zur Sicherung des Lebensunterhalts ({benefit(m.day)})"),
        *person_rows(m),
        Paragraph(f"Ihr Bewilligungszeitraum endet am {short_date(end)}", "bold"),
        Bar("1  Änderungen"),
        Ticks(
            ((not extra, "Es haben sich keine Änderungen ergeben."), (bool(extra), "Es haben sich Änderungen ergeben:"))
        ),
        *extra,
        Bar("2  Einkommen"),
        Ticks(
            (
                (m.rng.random() < 0.3, "Ich oder eine Person im Haushalt hat Einkommen."),
                (False, "Lohnabrechnungen liegen bei."),
            )
        ),
        *_declaration(m),
        *_foot("WBA 07/2026", 1, 2),
    )
    back: Page = (
        Bar("3  Hinweise"),
        Paragraph(
            "Bitte stellen Sie den Antrag rechtzeitig vor Ablauf. Ihre "
            "Mitwirkungspflichten ergeben sich aus §§ 60 ff. SGB I."
        ),
        Paragraph(
            "Die Daten werden nach § 67a SGB X erhoben und nur für die Entscheidung über Ihren Antrag verwendet."
        ),
        *_foot("WBA 07/2026", 2, 2),
    )
    return Draft((page, back), "sans")


def housing_annex(m: Matter) -> Draft:
    """ANLAGE_KDU."""
    rng = m.rng
    page: Page = (
        Paragraph("Anlage KDU", "title"),
        Paragraph("Anlage zur Feststellung der angemessenen Bedarfe für Unterkunft und Heizung"),
        *person_rows(m),
        Bar("1  Miete"),
        FormRow(
            (
                Field("Grundmiete", money(rng, 250, 620)),
                Field("Nebenkosten", money(rng, 60, 170)),
                Field("Heizkosten", money(rng, 50, 150)),
            )
        ),
        Ticks(
            ((True, "Die Miete wird überwiesen."), (False, "Direktzahlung an den Vermieter"), (False, "Wohneigentum"))
        ),
        Bar("2  Heizung und Warmwasser"),
        Ticks(((rng.random() < 0.5, "Warmwasser über Heizung"), (rng.random() < 0.5, "Warmwasser mit Strom (Boiler)"))),
        *_declaration(m),
        *_foot("KDU 07/2026", 1, 1),
    )
    return Draft((page,), "sans")


def income_annex(m: Matter) -> Draft:
    """ANLAGE_EK."""
    rng = m.rng
    rows = (
        ("Art", "Betrag", "seit"),
        ("Arbeitsentgelt", money(rng, 400, 1500), "01/2026"),
        ("Kindergeld", "255,00", "01/2025"),
        ("Unterhalt", "-", "-"),
    )
    page: Page = (
        Paragraph("Anlage EK", "title"),
        Paragraph("Angaben zum Einkommen jeder Person der Bedarfsgemeinschaft. Zutreffendes bitte ankreuzen."),
        *person_rows(m),
        Bar("1  Einkommen"),
        Table((80, 45, 40), rows, "lrl", grid=True),
        Ticks(((True, "Ich habe Einkommen aus Beschäftigung."), (False, "Ich habe einmalige Einnahmen."))),
        *_declaration(m),
        *_foot("EK 07/2026", 1, 1),
    )
    return Draft((page,), "sans")


def business_annex(m: Matter) -> Draft:
    """ANLAGE_EKS: months as columns, receipts and expenses, sums."""
    rng = m.rng
    months = ("Jul", "Aug", "Sep", "Okt", "Nov", "Dez")

    def row(label: str, low: int, high: int) -> tuple[str, ...]:
        return (label, *(f"{rng.randint(low, high)},00" for _ in months))

    rows = (
        ("", *months),
        row("Betriebseinnahmen", 900, 2600),
        row("Privatentnahmen", 0, 100),
        row("Wareneinkauf", 100, 700),
        row("Raumkosten", 150, 160),
        row("Kfz-Kosten", 60, 220),
        row("Telefon", 20, 45),
        row("Summe Betriebsausgaben", 400, 990),
    )
    page: Page = (
        Paragraph("Anlage EKS", "title"),
        Paragraph("Erklärung zum Einkommen aus selbständiger Tätigkeit im Bewilligungszeitraum"),
        *person_rows(m),
        Ticks(((True, "vorläufige EKS"), (False, "abschließende EKS"))),
        Table((45, 20, 20, 20, 20, 20, 20), rows, "lrrrrrr", size=8.5, grid=True),
        *_declaration(m),
        *_foot("EKS 07/2026", 1, 1),
    )
    return Draft((page,), "sans")


def education(m: Matter) -> Draft:
    """ANTRAG_BUT: for a child; the school's stamp for a class trip."""
    rng = m.rng
    page: Page = (
        Paragraph("Antrag auf Leistungen für Bildung und Teilhabe", "title"),
        *person_rows(m),
        Bar("Beantragt wird"),
        Ticks(
            (
                (rng.random() < 0.5, "mehrtägige Klassenfahrt"),
                (rng.random() < 0.5, "gemeinschaftliche Mittagsverpflegung"),
                (rng.random() < 0.4, "Schülerbeförderung"),
                (False, "Lernförderung"),
                (rng.random() < 0.3, "Teilhabe: Verein, Musikschule"),
            )
        ),
        Bar("Bestätigung der Schule"),
        Paragraph(f"Die Kosten der Fahrt betragen {money(rng, 90, 340)} Euro."),
        Signature(("Schule",), stamp=("Gemeinschaftsschule", "Am Norderring")),
        *_declaration(m),
        *_foot("BuT 08/2026", 1, 1),
    )
    return Draft((page,), "sans")


def authorisation(m: Matter) -> Draft:
    """VOLLMACHT on its own form with a shaky signature."""
    page: Page = (
        Gap(10),
        Paragraph("Vollmacht", "title"),
        Paragraph("Rechtsanwälte Brandtmöller & Siewert, Neuer Markt 4, 00812 Halvesund"),
        Paragraph("wird hiermit Vollmacht erteilt in Sachen"),
        Paragraph(
            f"{m.about()} ./. Jobcenter Kreis Halvesund" if m.name else "Widerspruch ./. Jobcenter Kreis Halvesund",
            "bold",
        ),
        *((Paragraph(f"wegen SGB II, {m.numbered()}"),) if m.number else ()),
        Items(
            (
                "zur Vertretung im Verwaltungs- und Widerspruchsverfahren,",
                "zur Akteneinsicht,",
                "zur Empfangnahme von Zustellungen.",
            ),
            numbered=True,
        ),
        Paragraph(f"Halvesund, den {short_date(m.written)}"),
        Signature(("Unterschrift",)),
    )
    return Draft((page,), "serif")


def consent(m: Matter) -> Draft:
    """SCHWEIGEPFLICHT: release of doctors from secrecy, for the placement file."""
    page: Page = (
        Paragraph("Entbindung von der Schweigepflicht", "title"),
        *person_rows(m),
        Paragraph(
            "Hiermit entbinde ich die nachstehend genannten Ärztinnen und Ärzte von der "
            "Schweigepflicht gegenüber dem Ärztlichen Dienst."
        ),
        FormRow((Field("Praxis", "Praxis Dr. med. Vollertsen, Halvesund", ink="hand"),)),
        *_declaration(m),
        *_foot("SPE 01/2026", 1, 1),
    )
    return Draft((page,), "sans")


def town_hall_stamp(m: Matter, days: int) -> Stamp:
    """The receipt stamp of a town hall, some days before ours."""
    return Stamp(("EINGEGANGEN", short_date(m.day - timedelta(days=days)), "Amt Hollmersiel"), 128, 34, -7.0, "red")
