"""Filed or to clearing: two independent facts that agree on one case, or a person decides. Pure; never a guess on a tie.

Neither order nor number of unrelated candidates changes a decision; an unrelated case never turns clearing into filed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from archive.numbers import number_key
from ingest.register_view import CaseCandidate, LookupKeys, RegisterLookup, gather
from ingest.routing_choice import choose, contradiction, is_sure
from ingest.routing_evidence import candidate, of_case, of_letter, preselected, ranked, strength
from ingest.routing_facts import related, weigh
from ingest.routing_model import CaseSigns, Evidence, RoutingContext, RoutingDecision, Scope
from ingest.routing_texts import reason
from ingest.tagging.document_type import type_rules
from ingest.tagging.extract import Extraction
from ingest.tagging.keywords import catalogues, keyword_for

_COMPLAINTS = frozenset({"BESCHWERDE", "PETITION", "DS_AUFSICHT"})
_FIRST = frozenset({"ANTRAG_ERST"})
_ADVERTISING = "WERBUNG"
_MISDIRECTED = "IRRLAEUFER"
_SHEET_CONFIDENCE = 0.99


@dataclass(frozen=True, slots=True)
class _Choice:
    signs: CaseSigns | None
    codes: tuple[str, ...]


def lookup_keys(extraction: Extraction, context: RoutingContext) -> LookupKeys:
    """What to ask the register for, the sheet's case number included."""
    keys = extraction.lookup_keys()
    sheet = {number_key(context.sheet.case)} if context.sheet.case else set()
    return LookupKeys(keys.numbers | sheet, keys.birth_dates, keys.family_names, keys.given_names)


def candidates_for(
    extraction: Extraction, context: RoutingContext, register: RegisterLookup
) -> tuple[CaseCandidate, ...]:
    """All cases of the register that the letter may mean."""
    return gather(register, lookup_keys(extraction, context))


def route(extraction: Extraction, candidates: Sequence[CaseCandidate], context: RoutingContext) -> RoutingDecision:
    """The decision about one letter. `candidates` come from `candidates_for`; more of them do no harm."""
    signs = weigh(extraction, candidates)
    types = _types(extraction, context)
    choice = _by_sheet(signs, context) if context.sheet.case else _by_letter(signs, extraction, types)
    codes = [*choice.codes, *_letter_codes(extraction, context, choice, signs)]
    order = ranked(signs)
    filed = choice.signs is not None and not codes and not context.forced
    if filed and choice.signs is not None:
        return _filed(extraction, context, choice.signs, order, types[0])
    return _clearing(extraction, context, codes, order, types[0])


def _types(extraction: Extraction, context: RoutingContext) -> tuple[str, ...]:
    return (context.sheet.doc,) if context.sheet.doc in type_rules() else extraction.document_type.plausible_first()


def _by_letter(signs: Sequence[CaseSigns], extraction: Extraction, types: Sequence[str]) -> _Choice:
    sure = [one for one in signs if is_sure(one)]
    if not sure:
        return _Choice(None, (_why_unsure(signs),))
    headings = [s.text for s in extraction.reading.first_page if s.zone in ("subject", "title")]
    chosen, code = choose(sure, signs, types, headings)
    if chosen is None:
        best = sure[0]
        return _Choice(None, (_blocked(best) or code,))
    blocked = _blocked(chosen) or contradiction(chosen, signs, extraction)
    return _Choice(None, (blocked,)) if blocked else _Choice(chosen, ())


def _by_sheet(signs: Sequence[CaseSigns], context: RoutingContext) -> _Choice:
    """The case that our own sheet names is a fact; strong evidence for other people's case outweighs it."""
    key = number_key(context.sheet.case)
    told = [one for one in signs if key in one.case.own_keys] or [one for one in signs if key == one.case.bg_key]
    if not told:
        return _Choice(None, ("sheet_case_unknown",))
    if len(told) > 1:
        return _Choice(None, ("several_cases",))
    told[0].sheet = True
    blocked = _blocked(told[0])
    if blocked:
        return _Choice(None, (blocked,))
    others = [one for one in signs if one is not told[0] and not related(one.case, told[0].case)]
    if any(one.number == 2 or is_sure(one) for one in others):
        return _Choice(None, ("sheet_contradicted",))
    return _Choice(told[0], ())


def _blocked(chosen: CaseSigns) -> str | None:
    """Marks and states that only people may decide about."""
    marks = {mark for person in chosen.members for mark in person.marks}
    if chosen.case.restricted or "sealed" in marks:
        return "sealed"
    if "protected_address" in marks:
        return "protected_address"
    if _concerns_deceased(chosen):
        return "deceased"
    return "case_closed" if chosen.case.closed_on is not None else None


def _concerns_deceased(chosen: CaseSigns) -> bool:
    """The dead person is named, or nobody living of the case is."""
    dead = [person for person in chosen.persons if "deceased" in person.marks]
    living = [person for person in chosen.members if "deceased" not in person.marks and person.name]
    return bool(dead) and (not living or any(person.name or person.birth or person.customer for person in dead))


def _letter_codes(
    extraction: Extraction, context: RoutingContext, choice: _Choice, signs: Sequence[CaseSigns]
) -> list[str]:
    """Reasons of the letter itself, whatever case it fits."""
    codes: list[str] = []
    finding = extraction.document_type
    complaint = extraction.marks.complaint is not None or finding.code in _COMPLAINTS
    if complaint and extraction.marks.staff:
        codes.append("complaint_names_staff")
    elif finding.code in _COMPLAINTS:
        codes.append("complaint")
    if context.sheet.faults:
        codes.append("sheet_fields")
    if context.sheet.unit and not context.sheet.case:
        codes.append("sheet_unit")
    codes += _unknown_values(context, choice)
    if not context.sheet.case:
        codes += _unwanted(extraction, choice)
    if finding.code in _FIRST and not any(one.number == 2 or is_sure(one) for one in signs) and not context.sheet.case:
        codes.append("new_applicant")
    return codes


def _unknown_values(context: RoutingContext, choice: _Choice) -> list[str]:
    """A document type or keyword on the sheet that does not exist, the keyword in the chosen case's own catalogue."""
    codes = []
    if context.sheet.doc and context.sheet.doc not in type_rules():
        codes.append("sheet_doc_unknown")
    chosen = choice.signs.case.file_plan_unit if choice.signs else None
    known = catalogues().values() if chosen is None else (catalogues().get(chosen, {}),)
    if context.sheet.key and not any(context.sheet.key in one for one in known):
        codes.append("sheet_key_unknown")
    return codes


def _unwanted(extraction: Extraction, choice: _Choice) -> list[str]:
    code = extraction.document_type.code
    if extraction.marks.misdirected is not None or (code == _MISDIRECTED and choice.signs is None):
        return ["wrong_addressee"]
    return ["advertising"] if code == _ADVERTISING and choice.signs is None else []


def _why_unsure(signs: Sequence[CaseSigns]) -> str:
    """What is missing, by the best candidate."""
    order = ranked(signs)
    if not order:
        return "no_candidate"
    best = order[0]
    if best.number == 2:
        former = any(person.name for person in best.persons if not person.member)
        stranger = any(p.name == 2 for one in signs if not related(one.case, best.case) for p in one.persons)
        return "membership_ended" if former else "contradiction" if stranger else "number_alone"
    if best.number == 1:
        return "number_unsure"
    if best.named:
        return "name_alone"
    if best.born:
        return "birth_date_alone"
    return "address_alone" if best.housed else "no_candidate"


def _filed(
    extraction: Extraction, context: RoutingContext, chosen: CaseSigns, order: Sequence[CaseSigns], code: str
) -> RoutingDecision:
    case = chosen.case
    shown = [one for one in order if not one.case.restricted]
    return RoutingDecision(
        "filed", case.case_file_id, keyword_for(code, case.file_plan_unit, context.sheet.key), code,
        _confidence(chosen), (), (*of_case(chosen), *of_letter(extraction)), tuple(candidate(one) for one in shown),
        case.case_file_id,
    )  # fmt: skip


def _clearing(
    extraction: Extraction, context: RoutingContext, codes: Sequence[str], order: Sequence[CaseSigns], code: str
) -> RoutingDecision:
    scope, unit = _scope(context, codes, order)
    shown = list(order) if scope == "restricted" else [one for one in order if not one.case.restricted]
    kept = _distinct(codes)
    first = preselected(shown)
    evidence: list[Evidence] = [sign for one in shown for sign in of_case(one)]
    return RoutingDecision(
        "clearing", None, None, code, min(0.6, strength(shown[0])) if shown else 0.0,
        (*context.forced, *(reason(one) for one in kept)), (*evidence, *of_letter(extraction)),
        tuple(candidate(one) for one in shown), first.case.case_file_id if first else None, scope, unit,
    )  # fmt: skip


def _distinct(codes: Sequence[str]) -> list[str]:
    """Each code once. What the letter is explains more than that no case was found."""
    weak = {"no_candidate", "name_alone", "address_alone", "birth_date_alone"}
    strong = {"new_applicant", "wrong_addressee", "advertising", "sheet_unit"}
    kept = list(dict.fromkeys(codes))
    return [code for code in kept if code not in weak] if strong & set(kept) else kept


def _scope(context: RoutingContext, codes: Sequence[str], order: Sequence[CaseSigns]) -> tuple[Scope, str | None]:
    """Who may see the letter: only the lead where it concerns sealed or protected people or names staff."""
    best = order[0] if order else None
    if "complaint_names_staff" in codes:
        return "restricted", None
    if best is not None and (best.case.restricted or {"sealed", "protected_address"} & set(codes)):
        return "restricted", best.case.org_unit_code
    if context.sheet.unit and not context.sheet.case:
        return "unit", context.sheet.unit
    return "general", None


def _confidence(chosen: CaseSigns) -> float:
    """0-1, by the facts that agree; an order, not a probability."""
    if chosen.sheet:
        return _SHEET_CONFIDENCE
    facts = chosen.named + chosen.born + chosen.housed
    if chosen.number == 2:
        return min(0.92 + 0.02 * facts + 0.02 * chosen.named, 0.99)
    if chosen.number == 1:
        return 0.9
    return 0.95 if chosen.person_sure else 0.88
