"""The kinds of letters with their share of a day's mail (letters.md §2) and what each always or never prints."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from archive.datafiles import data_file
from eakte.demo.letters import bodies, forms, housing, justice, own, papers, personal, proofs, stray
from eakte.demo.letters.common import Matter
from eakte.demo.letters.frames import Draft


@dataclass(frozen=True, slots=True)
class Kind:
    """`group` and `share` (percent of the day) follow letters.md §2. `always`/`never` of name, birth_date, address.

    `of` says whom it is about: adult | child | worker (has a placement file) | claimant (has an objection or claim
    file of the type's file type, when there is one).
    """

    document_type: str
    make: Callable[[Matter], Draft]
    group: str
    share: float
    always: frozenset[str] = frozenset()
    never: frozenset[str] = frozenset()
    of: str = "adult"


def _kind(
    code: str,
    make: Callable[[Matter], Draft],
    group: str,
    share: float,
    always: str = "",
    never: str = "",
    of: str = "adult",
) -> Kind:
    return Kind(code, make, group, share, frozenset(always.split()), frozenset(never.split()), of)


KINDS: tuple[Kind, ...] = (
    _kind("MITWIRKUNG_ANTWORT", personal.documents_later, "proofs", 6),
    _kind("MITWIRKUNG_ANTWORT", personal.answer_sheet, "proofs", 3),
    _kind("LOHNABRECHNUNG", proofs.pay_slip, "proofs", 5),
    _kind("EINKOMMENSBESCHEINIGUNG", proofs.income_certificate, "proofs", 2),
    _kind("MIETBESCHEINIGUNG", housing.rent_certificate, "proofs", 2),
    _kind("MIETVERTRAG", housing.lease, "proofs", 2),
    _kind("SCHULBESCHEINIGUNG", proofs.school_certificate, "proofs", 3, of="child"),
    _kind("MELDEBESCHEINIGUNG", papers.registration, "proofs", 2),
    _kind("AUFENTHALTSTITEL", papers.residence_permit, "proofs", 1),
    _kind("PERSONENSTAND", papers.birth_certificate, "proofs", 1, of="child"),
    _kind("ARBEITSVERTRAG", proofs.work_contract, "proofs", 2),
    _kind("ATTEST", proofs.doctors_letter, "proofs", 2),
    _kind("STEUERBESCHEID", papers.tax_notice, "proofs", 1, always="name address"),
    _kind("PERSON_ANFRAGE", personal.inquiry, "proofs", 1),
    _kind("FRISTVERLAENGERUNG", personal.extension, "proofs", 1),
    _kind("KONTOAUSZUG", proofs.account_statement, "statements", 9, always="name address", never="birth_date"),
    _kind("ANTRAG_WBA", forms.renewal, "applications", 6),
    _kind("ANLAGE_KDU", forms.housing_annex, "applications", 2),
    _kind("ANLAGE_EK", forms.income_annex, "applications", 2),
    _kind("ANLAGE_EKS", forms.business_annex, "applications", 1),
    _kind("ANTRAG_UMZUG", personal.removal, "applications", 1),
    _kind("ANTRAG_BUT", forms.education, "applications", 2, of="child"),
    _kind("VERAENDERUNG", personal.change, "changes", 6),
    _kind("BETRIEBSKOSTEN", housing.running_costs, "housing", 3, always="name address"),
    _kind("ENERGIE_SPERRE", housing.power_cut, "housing", 2, always="name address"),
    _kind("ENERGIE_RECHNUNG", housing.energy_bill, "housing", 1, always="name address"),
    _kind("KUENDIGUNG_WOHNUNG", housing.notice_to_quit, "housing", 1.5, always="name address"),
    _kind("MIETERHOEHUNG", housing.rent_increase, "housing", 1.5, always="name address"),
    _kind("BESCHEID_ALG1", bodies.unemployment_decision, "carriers", 1, always="name address"),
    _kind("BESCHEID_KINDERGELD", bodies.child_benefit, "carriers", 1.5, always="name address"),
    _kind("BESCHEID_RENTE", bodies.pension_decision, "carriers", 1, always="name address"),
    _kind("BESCHEID_WOHNGELD", bodies.housing_benefit, "carriers", 1, always="name address"),
    _kind("ERSTATTUNGSANZEIGE", bodies.refund_claim, "carriers", 1, always="name birth_date"),
    _kind("TRAEGER_ANFRAGE", bodies.inquiry, "carriers", 1, always="name birth_date"),
    _kind("KK_MITGLIEDSCHAFT", bodies.membership, "carriers", 1),
    _kind("KK_RUECKFRAGE", bodies.insurer_question, "carriers", 0.5),
    _kind("AU_BESCHEINIGUNG", proofs.sick_note, "sick_notes", 6, of="worker"),
    _kind("WIDERSPRUCH", personal.objection, "remedies", 1.5, of="claimant"),
    _kind("WIDERSPRUCH", justice.lawyer_objection, "remedies", 0.7, always="name", of="claimant"),
    _kind("WIDERSPRUCH_BEGRUENDUNG", justice.lawyer_reasons, "remedies", 0.5, always="name", of="claimant"),
    _kind("AKTENEINSICHT_ANTRAG", justice.file_request, "remedies", 0.3, always="name", of="claimant"),
    _kind("ANHOERUNG_ANTWORT", personal.hearing_answer, "remedies", 0.5),
    _kind("VOLLMACHT", forms.authorisation, "remedies", 0.3),
    _kind("RATENZAHLUNG_ANTRAG", personal.instalments, "remedies", 0.2, of="claimant"),
    _kind("GERICHT_VERFUEGUNG", justice.court_order, "courts", 0.6, always="name"),
    _kind("RAEUMUNGSKLAGE_MITTEILUNG", housing.eviction_notice, "courts", 0.4, always="name address"),
    _kind("PFAENDUNG", justice.attachment, "courts", 0.4, always="name"),
    _kind("BETREUER_ANFRAGE", justice.guardian, "courts", 0.3, always="name"),
    _kind("ZUSTELLURKUNDE", justice.receipt_of_service, "courts", 0.3, always="name", of="claimant"),
    _kind("TRAEGERBERICHT", bodies.provider_report, "providers", 2.7, of="worker"),
    _kind("SCHWEIGEPFLICHT", forms.consent, "providers", 0.3, of="worker"),
    _kind("RECHNUNG", stray.invoice, "invoices", 1, of="nobody"),
    _kind("DSGVO_AUSKUNFT", personal.data_access, "privacy", 0.3, always="name birth_date address"),
    _kind("WERBUNG", stray.advertising, "stray", 2, of="nobody"),
    _kind("IRRLAEUFER", stray.wrong_addressee, "stray", 1.5, of="stray"),
    _kind("ANTRAG_ERST", forms.main_application, "applications", 2, always="name", of="stranger"),
    _kind("ANTRAG_ERST", forms.informal_application, "applications", 1, always="name", of="stranger"),
)

OWN_KINDS: tuple[Kind, ...] = (
    _kind("BESCHEID_BEWILLIGUNG", own.approval, "own", 3, always="name address"),
    _kind("BESCHEID_AUFHEBUNG", own.reversal, "own", 1, always="name address"),
    _kind("MITWIRKUNG_AUFFORDERUNG", own.request, "own", 2, always="name address"),
    _kind("ANHOERUNG", own.hearing, "own", 1, always="name address"),
    _kind("VERMERK", own.note, "own", 1, always="name"),
)


@cache
def _types() -> dict[str, Any]:
    return {one["code"]: one for one in data_file("document-types")["document_types"]}


def file_type(document_type: str) -> str:
    """The file type in which a document type is kept. Raises KeyError for an unknown code."""
    return str(_types()[document_type]["file_type"])
