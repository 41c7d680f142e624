"""Letters of the person: changes, documents handed in later, objections, requests, complaints (letters.md 3.1)."""

from __future__ import annotations

from datetime import timedelta

from eakte.demo.letters.common import Matter, any_date, days_before, money, short_date, spoken_benefit
from eakte.demo.letters.frames import Draft, person_rows, private_letter
from eakte.demo.letters.model import Bar, Element, Field, FormRow, Gap, Items, Paragraph, Printed, Signature, Ticks


def _mention(m: Matter, lead: str = "zu meiner") -> str:
    """Our number inside a sentence, or nothing."""
    return f" {lead} {m.numbered()}" if m.number else ""


def change(m: Matter) -> Draft:
    """VERAENDERUNG: by hand-made letter or on the form of two columns."""
    rng = m.rng
    start = m.written + timedelta(days=rng.randint(3, 40))
    what = rng.choice(
        (
            f"ich ab dem {any_date(rng, start)} eine Arbeit als Reinigungskraft aufnehme. Der Lohn "
            f"beträgt etwa {money(rng, 480, 1600)} Euro brutto im Monat",
            f"mein Sohn zum {any_date(rng, start)} auszieht und eine Ausbildung beginnt",
            f"wir uns getrennt haben. Der Auszug erfolgt zum {any_date(rng, start)}",
            "sich meine Bankverbindung geändert hat. Die neue Kontokarte lege ich in Kopie bei",
            f"ich seit dem {any_date(rng, m.written)} Unterhalt in Höhe von {money(rng, 120, 420)} Euro bekomme",
            "meine Tochter seit dieser Woche nicht mehr zur Schule geht",
        )
    )
    if rng.random() < 0.35:
        return _change_form(m, what)
    opening = f"hiermit teile ich Ihnen mit, dass sich etwas geändert hat{_mention(m)}: und zwar, dass {what}."
    close = rng.choice(
        (
            "Bitte berechnen Sie meine Leistungen neu.",
            "Die Unterlagen dazu reiche ich nach, sobald ich sie habe.",
            "Wenn Sie noch etwas brauchen, rufen Sie mich bitte an.",
        )
    )
    subject = rng.choice(("Veränderungsmitteilung", "Mitteilung über Veränderungen", "Änderung"))
    return Draft(
        (private_letter(m, subject, (Paragraph(opening), Paragraph(close))),), rng.choice(("sans", "serif", "humanist"))
    )


def _change_form(m: Matter, what: str) -> Draft:
    page: tuple[Element, ...] = (
        Paragraph("Veränderungsmitteilung", "title"),
        Paragraph("Bitte jede Änderung in Ihren Verhältnissen unverzüglich mitteilen (§ 60 Abs. 1 SGB I).", "small"),
        *person_rows(m),
        Bar("A  Was ändert sich?"),
        Ticks(
            (
                (False, "Anschrift oder Miete"),
                ("Arbeit" in what or "Lohn" in what, "Arbeitsaufnahme, Einkommen"),
                ("auszieht" in what or "getrennt" in what, "Personen im Haushalt, Auszug, Einzug, Trennung"),
                ("Bank" in what, "Bankverbindung"),
                (False, "Sonstiges"),
            )
        ),
        Paragraph(f"Ich teile mit, dass {what}."),
        Bar("B  Erklärung"),
        Paragraph("Ich versichere, dass die Angaben vollständig und richtig sind."),
        FormRow((Field("Ort, Datum", f"{m.person.address.city}, {short_date(m.written)}"), Field("Unterschrift", ""))),
        Signature(()),
        Printed("VÄM 07/2026 · Seite 1 von 1", 150, 285, 7),
    )
    return Draft((page,), "sans")


def documents_later(m: Matter) -> Draft:
    """MITWIRKUNG_ANTWORT: a cover note with what was asked for."""
    rng = m.rng
    asked = days_before(rng, m.written, 5, 25)
    papers = rng.sample(
        [
            "Kontoauszüge der letzten drei Monate",
            "Lohnabrechnung",
            "Mietbescheinigung",
            "Nachweis über das Kindergeld",
            "Kopie des Personalausweises",
            "Bescheinigung der Krankenkasse",
            "Nebenkostenabrechnung",
        ],
        rng.randint(2, 4),
    )
    opening = rng.choice(
        (
            f"anbei die angeforderten Unterlagen{_mention(m)}:",
            f"auf Ihr Schreiben vom {any_date(rng, asked)}{_mention(m, 'zur')} reiche ich die fehlenden Nachweise ein:",
            f"Ihre Aufforderung zur Mitwirkung vom {any_date(rng, asked)} habe ich "
            f"erhalten{_mention(m, 'wegen')}. In der Anlage erhalten Sie:",
        )
    )
    subject = rng.choice(("Unterlagen nachgereicht", "Ihre Aufforderung zur Mitwirkung", "Fehlende Unterlagen"))
    return Draft(
        (private_letter(m, subject, (Paragraph(opening), Items(tuple(papers)))),), rng.choice(("sans", "serif"))
    )


def answer_sheet(m: Matter) -> Draft:
    """MITWIRKUNG_ANTWORT: our own answer sheet, ticked by hand."""
    page: tuple[Element, ...] = (
        Printed("Kreis Halvesund · Jobcenter", 25, 12, 9, True),
        Paragraph("Antwortbogen", "title"),
        Paragraph("Bitte legen Sie diesen Bogen obenauf und senden Sie ihn mit den Unterlagen zurück.", "small"),
        *person_rows(m),
        Paragraph(f"Ihre Aufforderung zur Mitwirkung vom {short_date(days_before(m.rng, m.written, 6, 20))}", "bold"),
        Ticks(
            (
                (True, "Die Unterlagen sind vollständig beigefügt."),
                (False, "Ich brauche mehr Zeit bis:"),
                (m.rng.random() < 0.5, "Kontoauszüge"),
                (m.rng.random() < 0.5, "Nachweis über Einkommen"),
            )
        ),
        Gap(6),
        Paragraph(m.rng.choice(("Rest kommt nächste Woche", "Bitte um Rückruf", "Danke!")), "hand"),
        Signature(("Datum, Unterschrift",)),
        Printed("AB-2 04/2026", 165, 285, 7),
    )
    return Draft((page,), "sans")


def objection(m: Matter) -> Draft:
    """WIDERSPRUCH of the person: one page, own or borrowed words."""
    rng = m.rng
    notice = days_before(rng, m.written, 6, 28)
    number = f", {m.numbered()}" if m.number else ""
    subject = f"Widerspruch gegen den Bescheid vom {short_date(notice)}{number}"
    opening = rng.choice(
        (
            f"gegen den Bescheid vom {any_date(rng, notice)} lege ich hiermit Widerspruch ein.",
            f"hiermit widerspreche ich dem Bescheid vom {any_date(rng, notice)}. Ich "
            "lege Widerspruch ein, zunächst fristwahrend.",
            f"mit Ihrem Bescheid vom {any_date(rng, notice)} bin ich nicht einverstanden und lege Widerspruch ein.",
        )
    )
    reason = rng.choice(
        (
            "Die Kosten meiner Wohnung wurden nicht in voller Höhe berücksichtigt.",
            "Eine Begründung folgt.",
            f"Sie haben mir {money(rng, 60, 350)} Euro angerechnet, die ich nie bekommen habe.",
            "Das Kindergeld wurde doppelt abgezogen. Bitte rechnen Sie noch einmal nach.",
            "Ich habe alle Unterlagen rechtzeitig abgegeben, das kann Ihre Anmeldung bestätigen.",
        )
    )
    body = (Paragraph(opening), Paragraph(reason), Paragraph("Bitte bestätigen Sie mir den Eingang schriftlich."))
    return Draft((private_letter(m, subject, body, signed=rng.random() > 0.12),), rng.choice(("sans", "serif", "mono")))


def hearing_answer(m: Matter) -> Draft:
    """ANHOERUNG_ANTWORT: typed, or our form with a dense hand."""
    rng = m.rng
    asked = days_before(rng, m.written, 8, 20)
    story = rng.choice(
        (
            "Das Geld war ein Geschenk meiner Oma zum Geburtstag und kein Einkommen. "
            "Ich wusste nicht dass ich das melden muss.",
            "Ich habe die Arbeit sofort telefonisch gemeldet. Die Frau am Telefon hat gesagt das reicht so.",
            "Den Termin konnte ich nicht wahrnehmen weil mein Kind krank war. Das Attest liegt bei.",
        )
    )
    if rng.random() < 0.4:
        page: tuple[Element, ...] = (
            Paragraph("Anhörungsbogen", "title"),
            *person_rows(m),
            Paragraph(f"Ihre Anhörung vom {short_date(asked)}", "bold"),
            Paragraph("Ich äußere mich wie folgt:"),
            Paragraph(story, "ruled"),
            Signature(("Datum, Unterschrift",)),
        )
        return Draft((page,), "sans")
    text = f"zur Anhörung nehme ich Stellung{_mention(m)}. {story}"
    return Draft((private_letter(m, f"Ihre Anhörung vom {any_date(rng, asked)}", (Paragraph(text),)),), "serif")


def removal(m: Matter) -> Draft:
    """ANTRAG_UMZUG: note with reason and the landlord's offer as a second page."""
    rng = m.rng
    note = private_letter(
        m,
        "Antrag auf Zusicherung zum Umzug",
        (
            Paragraph(f"ich bitte um Zusicherung nach § 22 Abs. 4 SGB II{_mention(m)} für eine neue Wohnung."),
            Paragraph(
                rng.choice(
                    (
                        "Die jetzige Wohnung ist zu klein, seit unser Kind da ist.",
                        "In der Wohnung ist Schimmel, der Vermieter macht nichts.",
                        "Die Treppe schaffe ich nach der Operation nicht mehr.",
                    )
                )
            ),
            Paragraph("Die Wohnung wird nur bis Freitag freigehalten. Bitte entscheiden Sie schnell."),
        ),
    )
    offer: tuple[Element, ...] = (
        Paragraph("Wohnungsangebot", "title"),
        Paragraph("Vom Vermieter auszufüllen"),
        FormRow(
            (
                Field("Zimmer", str(rng.randint(2, 4))),
                Field("Wohnfläche in qm", str(rng.randint(45, 90))),
                Field("Etage", str(rng.randint(0, 4))),
            )
        ),
        FormRow(
            (
                Field("Kaltmiete", money(rng, 310, 640)),
                Field("Nebenkosten", money(rng, 80, 160)),
                Field("Heizkosten", money(rng, 60, 140)),
            )
        ),
        FormRow(
            (
                Field("Energieträger", rng.choice(("Gas", "Fernwärme", "Öl"))),
                Field("frei ab", short_date(m.written + timedelta(days=40))),
            )
        ),
        Signature(("Vermieter, Stempel",), stamp=("Hausverwaltung", "Peinemann")),
    )
    return Draft((note, offer), rng.choice(("sans", "serif")))


def inquiry(m: Matter) -> Draft:
    """PERSON_ANFRAGE: when does my money come."""
    text = m.rng.choice(
        (
            f"wann wird mein Geld überwiesen? Ich habe {spoken_benefit(m.rng, m.day)} beantragt und nichts gehört",
            "ich bitte um Auskunft, ob meine Unterlagen angekommen sind",
            "ich bitte um Rückruf. Niemand geht ans Telefon und meine Miete ist fällig",
        )
    )
    return Draft((private_letter(m, "Sachstandsanfrage", (Paragraph(f"{text}{_mention(m, 'zu')}."),)),), "humanist")


def extension(m: Matter) -> Draft:
    """FRISTVERLAENGERUNG."""
    until = short_date(m.written + timedelta(days=21))
    text = (
        f"ich bitte um Fristverlängerung bis zum {until}{_mention(m)}. "
        "Ich kann die Unterlagen nicht fristgerecht besorgen."
    )
    return Draft((private_letter(m, "Bitte um Fristverlängerung", (Paragraph(text),)),), "sans")


def instalments(m: Matter) -> Draft:
    """RATENZAHLUNG_ANTRAG, answer to a claim: goes to the claims file."""
    rate = m.rng.randint(10, 50)
    text = (
        f"die Rückforderung{_mention(m, 'unter')} kann ich nicht auf einmal zahlen. "
        f"Ich beantrage Ratenzahlung von {rate},00 Euro im Monat, hilfsweise Stundung."
    )
    return Draft((private_letter(m, "Antrag auf Ratenzahlung", (Paragraph(text),)),), "serif")


def data_access(m: Matter) -> Draft:
    """DSGVO_AUSKUNFT: template from the web, no number of ours, address and birth date."""
    questions = (
        "Welche Daten Sie über mich gespeichert haben und woher sie stammen.",
        "An welche Empfänger die Daten weitergegeben wurden.",
        "Wie lange die Daten gespeichert bleiben.",
        "Eine Kopie meiner personenbezogenen Daten.",
    )
    text = f"ich verlange Auskunft nach Art. 15 DSGVO und § 83 SGB X{_mention(m)}. Bitte teilen Sie mir mit:"
    close = "Für die Antwort habe ich mir einen Monat vorgemerkt (Art. 12 Abs. 3 DSGVO)."
    body = (Paragraph(text), Items(questions, numbered=True), Paragraph(close))
    return Draft((private_letter(m, "Auskunft nach Art. 15 DSGVO", body),), "sans")


def complaint(m: Matter, staff: str) -> Draft:
    """BESCHWERDE that names a member of staff: only the head may see it."""
    text = (
        f"ich beschwere mich über {staff}. Bei der Vorsprache{_mention(m, 'wegen')} wurde ich vor allen Leuten "
        "angeschrien und nach Hause geschickt. Das ist KEIN Einzelfall! Wenn sich nichts ändert, gehe ich zur Zeitung."
    )
    close = "Ich erwarte eine schriftliche Entschuldigung und einen anderen Sachbearbeiter."
    body = (Paragraph(text, "bold"), Paragraph(close))
    return Draft((private_letter(m, f"Dienstaufsichtsbeschwerde über {staff}", body),), "serif")
