"""From an inbox item and what was read on its pages to one question in clearing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, cast, get_args
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from archive import repository as archive
from archive.access import covers_visible
from archive.models import CaseFile, DocumentType, FilePlanUnit, Page
from archive.reading import OpenedDocument
from core.actor import Actor
from inbox.repository import Row
from ingest.models import MailItem
from ingest.repository import item_by_document
from web import views as v
from web.mapping_forms import hits_of
from web.mapping_inbox import form
from web.mapping_lookup import evidence_about
from web.mapping_sheet import image_href, page_image
from web.texts import Texts
from web.wording import date_words, turn_box

LEASE_SECONDS = 60
VERDICTS = frozenset(get_args(v.Verdict))


@dataclass(frozen=True, slots=True)
class Decision:
    """What a person posted, kept while something is wrong with it."""

    case: str = ""
    document_type: str = ""
    keyword: str = ""
    received: str = ""
    errors: v.ClearingErrors = field(default_factory=v.ClearingErrors)


@dataclass(frozen=True, slots=True)
class Found:
    """One piece of evidence as it was stored, with its number when it has a place on a readable page."""

    verdict: v.Verdict
    text: str
    candidate: str
    number: int | None


def evidence_of(
    stored: Sequence[Mapping[str, Any]], opened: OpenedDocument, texts: Texts
) -> tuple[list[Found], tuple[v.EvidenceBox, ...]]:
    """The evidence in its order, and its numbered boxes on upright pages. Places nobody can read have no box."""
    pages = {page.page_no: page for page in opened.pages}
    found: list[Found] = []
    boxes: list[v.EvidenceBox] = []
    numbers: dict[tuple[int, tuple[int, ...]], int] = {}
    for one in stored:
        page, box = pages.get(int(one.get("page") or 0)), tuple(int(edge) for edge in one.get("box") or ())
        number = None
        if page is not None and len(box) == 4:
            number = numbers.setdefault((page.page_no, box), len(numbers) + 1)
            if number > len(boxes):
                boxes.append(_box(number, page, box, one, opened, texts))
        verdict = one.get("verdict") if one.get("verdict") in VERDICTS else "open"
        text = str(one.get("text") or "")
        found.append(Found(cast(v.Verdict, verdict), text, str(one.get("candidate") or ""), number))
    return found, tuple(boxes)


def preselected(candidates: Sequence[Mapping[str, Any]], evidence: Sequence[Mapping[str, Any]] = ()) -> str:
    """The id of the candidate that the evidence singles out: strictly the strongest, and nothing speaks against it.

    On a tie, with nothing, or when a sign contradicts the strongest (the person has left that case): "", since one
    Enter files. Pure. Sealed cases never get here; a candidate without strength counts as 0.
    """
    ranked = sorted(candidates, key=lambda one: -float(one.get("strength") or 0))
    strengths = [float(one.get("strength") or 0) for one in ranked]
    if not ranked or strengths[0] <= 0 or (len(strengths) > 1 and strengths[0] == strengths[1]):
        return ""
    first = ranked[0].get("file_number")
    if any(one.get("verdict") == "against" and one.get("candidate") == first for one in evidence):
        return ""
    return str(ranked[0].get("case_file_id") or "")


def clearing_letter(
    session: Session,
    actor: Actor,
    row: Row,
    opened: OpenedDocument,
    mail: MailItem | None,
    page: v.PageView,
    boxes: tuple[v.EvidenceBox, ...],
    found: Sequence[Found],
    cases: Sequence[CaseFile],
    texts: Texts,
    decision: Decision | None = None,
    query: str = "",
) -> v.ClearingLetter:
    """The letter with its candidates and hits (`cases`, only visible ones), and what was posted before."""
    item, document = row.item, row.document
    href = f"/klaerung/{item.id}"
    posted = decision or Decision()
    chosen = posted.case or _preselected(mail, cases)
    cards = _cards(session, found, cases, chosen)
    code = posted.document_type or document.document_type
    catalogue = next((card.catalogue for card in cards if card.preselected), "")
    reasons = " ".join(str(reason.get("text", "")) for reason in item.reasons)
    return v.ClearingLetter(
        item_id=str(item.id),
        self_href=href,
        title=document.title,
        meta=" · ".join(_meta(opened, texts)),
        reason=texts("klaerung.nicht_von_selbst", grund=reasons) if reasons else "",
        page=page,
        file=form(f"{href}/ablegen", item.version),
        evidence=boxes,
        candidates=cards,
        document_types=_type_options(archive.document_types(session, actor.agency_id), code),
        keywords=keyword_options(session, actor.agency_id, code, catalogue, posted.keyword),
        received=posted.received or date_words(document.received_on),
        received_hint=texts("klaerung.stempel") if document.received_on_source == "stamp" else "",
        cases_href=f"{href}/akten",
        case_query=query,
        postpone=form(f"{href}/zurueckstellen", item.version) if item.state == "open" else None,
        forward_href=f"{href}/weiterleiten",
        dismiss_href=f"{href}/kein-vorgang",
        propose_href=f"{href}/neue-akte",
        lease_seconds=LEASE_SECONDS,
        lease_url=f"{href}/halten",
        errors=posted.errors,
    )


def _preselected(mail: MailItem | None, cases: Sequence[CaseFile]) -> str:
    """The candidate that the evidence singles out, unless its case is closed: nothing can be filed there."""
    chosen = preselected(mail.candidates, mail.evidence) if mail is not None else ""
    return chosen if any(str(one.id) == chosen and one.state == "open" for one in cases) else ""


def keyword_options(
    session: Session, agency_id: UUID, document_type: str, catalogue: str, chosen: str
) -> tuple[v.KeywordOption, ...]:
    """The keywords of all catalogues; selected is the posted one, else the usual one of the document type."""
    titles = {
        unit.code: unit.title
        for unit in session.scalars(select(FilePlanUnit).where(FilePlanUnit.agency_id == agency_id))
    }
    usual: dict[tuple[str, str], list[str]] = {}
    kinds = archive.document_types(session, agency_id)
    for kind in kinds:
        if kind.file_type and kind.keyword:
            usual.setdefault((kind.file_type, kind.keyword), []).append(kind.code)
    options: list[v.KeywordOption] = []
    taken = False
    for one in archive.all_keywords(session, agency_id):
        types = tuple(usual.get((one.file_plan_unit, one.code), ()))
        fits = not catalogue or one.file_plan_unit == catalogue
        selected = not taken and fits and (one.code == chosen if chosen else document_type in types)
        taken = taken or selected
        title = titles.get(one.file_plan_unit, one.file_plan_unit)
        options.append(v.KeywordOption(one.code, one.title, one.file_plan_unit, title, types, selected))
    return tuple(options)


def visible_candidates(session: Session, actor: Actor, mail: MailItem | None, on: date) -> list[CaseFile]:
    """The candidates whose cover the person may see, in the order of their strength."""
    ids = [_uuid(one.get("case_file_id")) for one in (mail.candidates if mail else [])]
    wanted = [one for one in ids if one is not None]
    query = select(CaseFile).where(CaseFile.id.in_(wanted), covers_visible(actor, on))
    known = {case.id: case for case in session.scalars(query)}
    return [known[one] for one in wanted if one in known]


def first_image(session: Session, actor: Actor, row: Row, on: date) -> str | None:
    """Address of the page that clearing shows first of a letter, to be fetched ahead. Opens nothing: the image's own
    route asks for access and notes the look.
    """
    version = archive.current_version(session, row.document.id)
    pages = archive.pages(session, version.id) if version else ()
    mail = item_by_document(session, row.document.id)
    evidence = evidence_about(mail, visible_candidates(session, actor, mail, on))
    wanted = next((int(one.get("page") or 0) for one in evidence if len(one.get("box") or ()) == 4), 0)
    shown = next((page for page in pages if page.page_no == wanted), next(iter(pages), None))
    return image_href(row.document.id, shown) if shown else None


def _cards(
    session: Session, found: Sequence[Found], cases: Sequence[CaseFile], chosen: str
) -> tuple[v.CandidateCard, ...]:
    return tuple(
        v.CandidateCard(
            hit.value,
            hit.name,
            hit.file_number,
            hit.detail,
            hit.catalogue,
            tuple(
                v.EvidenceRow(one.verdict, one.text, one.number)
                for one in found
                if one.candidate in (hit.value, hit.file_number)
            ),
            hit.value == chosen,
        )
        for hit in hits_of(session, cases)
    )


def _box(
    number: int,
    page: Page,
    box: tuple[int, int, int, int],
    stored: Mapping[str, Any],
    opened: OpenedDocument,
    texts: Texts,
) -> v.EvidenceBox:
    turned = turn_box(box, page.width, page.height, page.rotation)
    return v.EvidenceBox(number, page.page_no, turned, page_image(opened, page, texts), str(stored.get("text") or ""))


def _meta(opened: OpenedDocument, texts: Texts) -> tuple[str, ...]:
    return (
        f"Eingang {date_words(opened.document.received_on)}",
        texts.count("blatt.seiten", opened.page_count),
    )


def _type_options(kinds: Sequence[DocumentType], code: str) -> tuple[v.Option, ...]:
    return tuple(v.Option(kind.code, kind.title, kind.code == code) for kind in kinds)


def _uuid(value: Any) -> UUID | None:
    try:
        return UUID(str(value))
    except ValueError:
        return None
