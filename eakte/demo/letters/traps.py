"""The traps of letters.md §4 and of the register: each builds one letter whose truth follows from how it is made."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

from eakte.demo.letters import bodies, forms, housing, justice, papers, personal, proofs
from eakte.demo.letters.common import any_date, days_before, head, short_date, spelled
from eakte.demo.letters.frames import Draft, office_letter, private_letter
from eakte.demo.letters.kinds import KINDS, Kind, file_type
from eakte.demo.letters.mix import clearing, finish, holds_enough, make_matter, pick_person, stranger
from eakte.demo.letters.model import Element, Letter, Paragraph, Printed
from eakte.demo.register import DemoCase, DemoPerson, DemoRegister

Maker = Callable[[DemoRegister, random.Random, date], Letter]
FULL = frozenset({"bg_number", "name", "birth_date"})
_PLAIN = next(kind for kind in KINDS if kind.document_type == "VERAENDERUNG")
_CLAIMANT = next(kind for kind in KINDS if kind.document_type == "WIDERSPRUCH")


def _someone(register: DemoRegister, rng: random.Random, day: date, kind: Kind = _PLAIN) -> tuple[DemoPerson, DemoCase]:
    """A person with the case that takes mail of the kind."""
    while True:
        person = pick_person(register, kind, rng, day)
        case = register.right_case(person, file_type(kind.document_type), day)
        if case is not None:
            return person, case


def _two(register: DemoRegister, rng: random.Random, day: date) -> list[tuple[DemoPerson, DemoCase]]:
    """Two persons who have nothing in common: no case, no family name."""
    first = _someone(register, rng, day)
    while True:
        second = _someone(register, rng, day)
        apart = second[1].bg_nummer != first[1].bg_nummer and second[0].family_name != first[0].family_name
        if apart and second[0].first_name != first[0].first_name:
            return [first, second]


def _head_of(case: DemoCase) -> DemoPerson:
    return case.persons[0].person


def namesakes(register: DemoRegister, rng: random.Random, day: date) -> Letter:
    """A name that two persons of the same birth year have, and only the year: nobody can tell."""
    person = _head_of(register.case(rng.choice(("namesake_a", "namesake_pl_b"))))
    matter = make_matter(rng, day, person, {"name"}, None)
    text = f"ich, {matter.name}, Jahrgang {person.birth_date.year}, bitte um Auskunft, ob mein Antrag angekommen ist."
    draft = Draft((private_letter(matter, "Sachstandsanfrage", (Paragraph(text),)),))
    case = register.right_case(person, "LEIST", day)
    return clearing(draft, matter, "PERSON_ANFRAGE", "two persons of this name and birth year", "namesakes", case)


def namesake_with_birth_date(register: DemoRegister, rng: random.Random, day: date) -> Letter:
    """The same pair with the full birth date: certain."""
    person = _head_of(register.case(rng.choice(("namesake_a", "namesake_b", "namesake_pl_a", "namesake_tr_b"))))
    matter = make_matter(rng, day, person, {"name", "birth_date"}, None)
    return finish(register, forms.housing_annex(matter), matter, "ANLAGE_KDU", "namesake_with_birth_date")


def same_house(register: DemoRegister, rng: random.Random, day: date) -> Letter:
    """Father and son of one name at one address: name and address are not enough."""
    person = _head_of(register.case(rng.choice(("same_house_a", "same_house_b"))))
    matter = make_matter(rng, day, person, {"name", "address"}, None)
    return finish(register, housing.running_costs(matter), matter, "BETRIEBSKOSTEN", "same_house")


def foreign_number(register: DemoRegister, rng: random.Random, day: date) -> Letter:
    """The number of another Jobcenter in the subject, ours in the text."""
    person, case = _someone(register, rng, day)
    matter = make_matter(rng, day, person, FULL, case)
    other = head(rng, "ANDERES_JOBCENTER")
    body = (
        Paragraph(f"die Bedarfsgemeinschaft ist in Ihren Bereich verzogen: {matter.about()}."),
        Paragraph(f"Dort wird sie unter {matter.numbered('BG-Nummer')} geführt. Wir stellen unsere Leistungen ein."),
        Paragraph("Die Einstellungsmitteilung liegt bei. Bitte bestätigen Sie die Aktenübernahme."),
    )
    foreign = f"64203BG{rng.randint(10_000, 99_999):07d}"
    page = office_letter(replace(matter, number=""), other, f"Zuständigkeitswechsel, BG-Nummer {foreign}", body)
    return finish(register, Draft((page,)), matter, "AKTENUEBERNAHME", "foreign_number")


def broken_number(register: DemoRegister, rng: random.Random, day: date) -> Letter:
    """The BG number broken across two lines."""
    person, case = _someone(register, rng, day)
    matter = make_matter(rng, day, person, {"bg_number", "name"}, case)
    matter = replace(matter, number=f"{case.bg_nummer[:7]} {case.bg_nummer[7:]}")
    text = (
        "hiermit teile ich Ihnen mit, dass sich meine Telefonnummer geändert hat. Meine BG-Nummer lautet "
        f"{case.bg_nummer[:7]}\n{case.bg_nummer[7:]} und bleibt gleich."
    )
    page = private_letter(replace(matter, number=""), "Veränderungsmitteilung", (Paragraph(text),))
    return finish(register, Draft((page,), "serif"), matter, "VERAENDERUNG", "broken_number")


def old_number(register: DemoRegister, rng: random.Random, day: date) -> Letter:
    """After the move the person still writes the number of the closed case: number and membership disagree."""
    old, person = register.case("moved_old"), _head_of(register.case("moved_new"))
    matter = make_matter(rng, day, person, {"bg_number", "name", "address"}, old)
    why = "the number is that of a case closed after the move"
    return clearing(personal.change(matter), matter, "VERAENDERUNG", why, "old_number", register.case("moved_new"))


def two_clients(register: DemoRegister, rng: random.Random, day: date) -> Letter:
    """A lawyer's bundle for two clients: belongs to two cases, a person has to split it."""
    (one, case), (two, other) = _two(register, rng, day)
    matter = make_matter(rng, day, one, {"bg_number", "name"}, case)
    second = make_matter(rng, day, two, {"bg_number", "name"}, other)
    subject = f"1. {matter.name}, {matter.numbered()}; 2. {second.name}, {second.numbered()} ./. Jobcenter"
    draft = justice.lawyer_objection(matter, subject, f"{matter.name} und {second.name}")
    return clearing(draft, matter, "WIDERSPRUCH", "two clients with a case each", "two_clients", case)


def decision_in_copy(register: DemoRegister, rng: random.Random, day: date) -> Letter:
    """An objection with our decision as a copy, whose letterhead looks like the writer."""
    from eakte.demo.letters import own

    person, case = _someone(register, rng, day, _CLAIMANT)
    matter = make_matter(rng, day, person, {"bg_number", "name", "address"}, case)
    copied = replace(matter, name=person.full_name, number=case.bg_nummer, written=days_before(rng, day, 15, 28))
    draft = personal.objection(matter)
    draft = replace(draft, pages=(*draft.pages, *own.reversal(copied).pages))
    return finish(register, draft, matter, "WIDERSPRUCH", "decision_in_copy")


def objection_in_form(register: DemoRegister, rng: random.Random, day: date) -> Letter:
    """A renewal form in which the person also objects."""
    person, case = _someone(register, rng, day)
    matter = make_matter(rng, day, person, {"bg_number", "name", "birth_date"}, case)
    extra: tuple[Element, ...] = (Paragraph("bin mit der Höhe nicht einverstanden, bitte neu rechnen", "hand"),)
    return finish(register, forms.renewal(matter, extra), matter, "ANTRAG_WBA", "objection_in_form")


def data_objection(register: DemoRegister, rng: random.Random, day: date) -> Letter:
    """A "Widerspruch" against data processing, by somebody who also has an objection file: it does not belong there."""
    person = _someone(register, rng, day, _CLAIMANT)[0]
    case = register.right_case(person, "DS", day)
    matter = make_matter(rng, day, person, {"bg_number", "name", "birth_date"}, case)
    text = (
        f"ich widerspreche der Datenverarbeitung nach Art. 21 DSGVO ({matter.numbered()}) und verlange die Löschung "
        "meiner Daten nach Art. 17 DSGVO, soweit sie nicht mehr gebraucht werden (§ 84 SGB X)."
    )
    page = private_letter(matter, "Widerspruch gegen die Datenverarbeitung", (Paragraph(text),))
    return finish(register, Draft((page,)), matter, "DSGVO_LOESCHUNG", "data_objection")


def einspruch(register: DemoRegister, rng: random.Random, day: date) -> Letter:
    """An "Einspruch" that means objection."""
    person, case = _someone(register, rng, day, _CLAIMANT)
    matter = make_matter(rng, day, person, {"bg_number", "name"}, case)
    notice = any_date(rng, days_before(rng, matter.written, 6, 25))
    text = (
        f"ich mache Einspruch gegen Ihren Bescheid vom {notice}, {matter.numbered()}. "
        "Ich bin nicht einverstanden mit dem Bescheid."
    )
    page = private_letter(matter, "Einspruch", (Paragraph(text),))
    return finish(register, Draft((page,), "serif"), matter, "WIDERSPRUCH", "einspruch")


def town_hall(register: DemoRegister, rng: random.Random, day: date) -> Letter:
    """An application with an earlier receipt stamp of a town hall (§ 16 Abs. 2 SGB I)."""
    person, case = _someone(register, rng, day)
    matter = make_matter(rng, day, person, {"bg_number", "name", "birth_date"}, case)
    draft = forms.renewal(matter)
    pages = ((*draft.pages[0], forms.town_hall_stamp(matter, 4)), *draft.pages[1:])
    return finish(register, replace(draft, pages=pages), matter, "ANTRAG_WBA", "town_hall")


def undated(register: DemoRegister, rng: random.Random, day: date) -> Letter:
    """A letter without any date."""
    person, case = _someone(register, rng, day)
    matter = make_matter(rng, day, person, {"bg_number", "name"}, case)
    text = f"ich bitte um Auskunft zu {matter.numbered()}: wann wird mein Geld überwiesen?"
    page = private_letter(matter, "Anfrage", (Paragraph(text),), dated=False)
    return finish(register, Draft((page,), "humanist", dated=False), matter, "PERSON_ANFRAGE", "undated")


def fax_header(register: DemoRegister, rng: random.Random, day: date) -> Letter:
    """A fax whose header carries a date two years off."""
    person, case = _someone(register, rng, day)
    matter = make_matter(rng, day, person, {"customer_number", "name"}, case)
    draft = personal.documents_later(matter)
    wrong = short_date(days_before(rng, day, 700, 760))
    header = Printed(f"{wrong} 14:07  VON: 04000 815     AN: JOBCENTER     S. 01/01", 25, 6, 8)
    pages = ((header, *draft.pages[0]), *draft.pages[1:])
    return finish(register, replace(draft, pages=pages, face="mono"), matter, "MITWIRKUNG_ANTWORT", "fax_header")


def meter_number(register: DemoRegister, rng: random.Random, day: date) -> Letter:
    """Utility bill: a meter number like an insurance number, the utility's customer number like ours; name only."""
    person, case = _someone(register, rng, day)
    matter = make_matter(rng, day, person, {"name", "address"}, case)
    draft = housing.power_cut(matter)
    note = Printed(
        f"Zähler 65 {rng.randint(100000, 311299):06d} K 12{rng.randint(0, 9)}  "
        f" Kundennummer {rng.randint(10**8, 10**9 - 1)}",
        25,
        264,
        8,
    )
    return finish(register, replace(draft, pages=((*draft.pages[0], note),)), matter, "ENERGIE_SPERRE", "meter_number")


def tracking_number(register: DemoRegister, rng: random.Random, day: date) -> Letter:
    """A health insurance number that looks like a postal tracking number."""
    person, case = _someone(register, rng, day)
    matter = make_matter(rng, day, person, {"bg_number", "name"}, case)
    draft = bodies.membership(matter)
    note = Printed(f"Sendungsnummer R{rng.randint(10**8, 10**9 - 1)}", 25, 30, 8)
    return finish(
        register, replace(draft, pages=((note, *draft.pages[0]),)), matter, "KK_MITGLIEDSCHAFT", "tracking_number"
    )


def second_patient(register: DemoRegister, rng: random.Random, day: date) -> Letter:
    """Two sick notes fed together: the second sheet is another person's."""
    (one, case), (two, other) = _two(register, rng, day)
    matter = make_matter(rng, day, one, {"bg_number", "name", "birth_date"}, case)
    second = make_matter(rng, day, two, {"bg_number", "name", "birth_date"}, other)
    draft = proofs.sick_note(matter)
    draft = replace(draft, pages=(*draft.pages, *proofs.sick_note(second).pages))
    owner = register.right_case(one, "VERM", day)
    return clearing(draft, matter, "AU_BESCHEINIGUNG", "sheets of two persons in one item", "second_patient", owner)


def contradiction(register: DemoRegister, rng: random.Random, day: date) -> Letter:
    """The number of one person with the name of another."""
    (one, case), (_, other) = _two(register, rng, day)
    matter = make_matter(rng, day, one, {"bg_number", "name"}, case)
    matter = replace(matter, number=spelled(rng, "bg_number", other.bg_nummer))
    why = "the number belongs to somebody else than the name"
    return clearing(personal.documents_later(matter), matter, "MITWIRKUNG_ANTWORT", why, "contradiction")


def address_only(register: DemoRegister, rng: random.Random, day: date) -> Letter:
    """An address without a name: "to the tenant"."""
    person, case = _someone(register, rng, day)
    matter = make_matter(rng, day, person, {"address"}, case)
    why = "an address alone is never enough"
    return clearing(housing.rent_certificate(matter), matter, "MIETBESCHEINIGUNG", why, "address_only", case)


def complaint(register: DemoRegister, rng: random.Random, day: date) -> Letter:
    """A complaint that names a member of staff: never to that person, never by machine."""
    person, case = _someone(register, rng, day)
    matter = make_matter(rng, day, person, {"bg_number", "name"}, case)
    staff = rng.choice(("Frau Ohlsdorp", "Herrn Nommen", "Herrn Clausbrook", "Frau Quistorp"))
    why = "complaint that names a member of staff"
    enough = holds_enough(register, matter, case)
    return clearing(personal.complaint(matter, staff), matter, "BESCHWERDE", why, "complaint", case, enough)


def _marked(label: str, position: int, why: str) -> Maker:
    def make(register: DemoRegister, rng: random.Random, day: date) -> Letter:
        case = register.case(label)
        person = case.persons[position].person
        matter = make_matter(rng, day, person, FULL, case)
        enough = holds_enough(register, matter, case)
        return clearing(personal.change(matter), matter, "VERAENDERUNG", why, label, case, enough)

    make.__doc__ = f"Mail on a marked person: {why}."
    return make


def closed(register: DemoRegister, rng: random.Random, day: date) -> Letter:
    """Number and name of a case that is closed, and no other is open."""
    case = register.case("closed")
    matter = make_matter(rng, day, _head_of(case), {"bg_number", "name"}, case)
    return clearing(
        personal.documents_later(matter), matter, "MITWIRKUNG_ANTWORT", "the case is closed", "closed", case
    )


def separated(register: DemoRegister, rng: random.Random, day: date) -> Letter:
    """He left, and still writes the number of the old community: he is no member on the day of receipt."""
    left, stayed = register.case("separated_left"), register.case("separated_stayed")
    matter = make_matter(rng, day, _head_of(left), {"bg_number", "name"}, stayed)
    why = "no member of that case any more on the day of receipt"
    return clearing(personal.documents_later(matter), matter, "MITWIRKUNG_ANTWORT", why, "separated", left)


def turned_25(register: DemoRegister, rng: random.Random, day: date) -> Letter:
    """The grown child writes the parents' number."""
    own, parents = register.case("turned_25_own"), register.case("turned_25_parent")
    matter = make_matter(rng, day, _head_of(own), {"bg_number", "name"}, parents)
    why = "since 25 in a case of its own, the number is the parents'"
    return clearing(personal.change(matter), matter, "VERAENDERUNG", why, "turned_25", own)


def turned_25_own_number(register: DemoRegister, rng: random.Random, day: date) -> Letter:
    """The grown child with its own number: certain."""
    own = register.case("turned_25_own")
    matter = make_matter(rng, day, _head_of(own), {"bg_number", "name"}, own)
    return finish(register, personal.change(matter), matter, "VERAENDERUNG", "turned_25_own_number")


def former_name(register: DemoRegister, rng: random.Random, day: date) -> Letter:
    """In the name before the wedding, with the number: the same person."""
    case = register.case("renamed")
    person = _head_of(case)
    matter = make_matter(rng, day, person, {"bg_number", "name"}, case)
    matter = replace(matter, name=f"{person.first_name} {person.names[0].family_name}")
    return finish(register, proofs.doctors_letter(matter), matter, "ATTEST", "former_name")


def foreign_name(register: DemoRegister, rng: random.Random, day: date) -> Letter:
    """Letters that the usual recognition model does not know."""
    label = rng.choice([one for one in register.special if one.startswith("foreign_")])
    case = register.case(label)
    matter = make_matter(
        rng, day, _head_of(case), {"name", "birth_date"} | set(rng.sample(["bg_number"], rng.randint(0, 1))), case
    )
    return finish(register, papers.registration(matter), matter, "MELDEBESCHEINIGUNG", "foreign_name")


def same_name_applicant(register: DemoRegister, rng: random.Random, day: date) -> Letter:
    """A first application by somebody with the name of a person in the register, but born on another day."""
    known, _ = _someone(register, rng, day)
    new = stranger(rng)
    born = known.birth_date + timedelta(days=rng.randint(800, 2400))
    person = replace(new, family_name=known.family_name, given_names=known.first_name, sex=known.sex, birth_date=born)
    matter = make_matter(rng, day, person, {"name", "birth_date", "address"}, None)
    why = "first application; a namesake in the register was born on another day"
    return clearing(forms.main_application(matter), matter, "ANTRAG_ERST", why, "same_name_applicant")


TRAPS: dict[str, Maker] = {
    one.__name__: one
    for one in (
        namesakes,
        namesake_with_birth_date,
        same_house,
        foreign_number,
        broken_number,
        old_number,
        two_clients,
        decision_in_copy,
        objection_in_form,
        data_objection,
        einspruch,
        town_hall,
        undated,
        fax_header,
        meter_number,
        tracking_number,
        second_patient,
        contradiction,
        address_only,
        complaint,
        closed,
        separated,
        turned_25,
        turned_25_own_number,
        former_name,
        foreign_name,
        same_name_applicant,
    )
} | {
    "protected": _marked("protected", 0, "protected address"),
    "sealed": _marked("sealed", 0, "sealed case of a member of staff"),
    "deceased": _marked("deceased", 0, "deceased person"),
}
