"""From inbox rows to the Postkorb page: boxes as tabs, rows, the preview of one letter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from sqlalchemy import ColumnElement, exists, or_, select
from sqlalchemy.orm import Session

from archive import repository as archive
from archive.models import CaseFile, Document, Membership, PersonName
from archive.models import Note as NoteRow
from archive.names import name_key
from archive.numbers import number_key
from archive.reading import OpenedDocument
from core.actor import Actor
from core.clock import AGENCY_ZONE, agency_date
from core.ids import new_id
from inbox import repository
from inbox.leases import holder
from inbox.models import InboxItem
from inbox.passing import led_places
from inbox.repository import Box, Row
from ingest.repository import item_by_document
from organisation.actors import absent_users
from organisation.models import User
from web import views as v
from web import wording
from web.mapping_boxes import OpenBox
from web.mapping_lookup import case_names, evidence_about, sender_title, unit_title, user_name
from web.texts import Texts

PAGE_SIZE = 50
ORDERS = ("frist", "neu", "alt")


@dataclass(frozen=True, slots=True)
class Selection:
    """What the list is narrowed and ordered by, as the address says."""

    order: str = "frist"
    document_type: str = ""
    text: str = ""
    offset: int = 0
    person: str = ""


def form(url: str, version: int) -> v.ActionForm:
    """A command with a new idempotency key."""
    return v.ActionForm(url, version, str(new_id()))


def time_words(instant: datetime) -> str:
    """10:41, at the agency."""
    return instant.astimezone(AGENCY_ZONE).strftime("%H:%M")


def narrowed(actor: Actor, box: Box, wanted: Selection) -> ColumnElement[bool]:
    """Condition on InboxItem, Document and CaseFile for a box and a selection."""
    condition = repository.in_box(actor, box)
    if wanted.document_type:
        condition = condition & (Document.document_type == wanted.document_type)
    if wanted.person:
        named = select(User.id).where(User.agency_id == actor.agency_id, User.username == wanted.person)
        condition = condition & InboxItem.user_id.in_(named)
    text = wanted.text.strip()
    return condition & _mentions(text) if text else condition


def order_of(wanted: Selection) -> tuple[ColumnElement[Any], ...]:
    """The order the person chose; empty = working order."""
    return {
        "neu": (Document.received_on.desc(), InboxItem.created_at.desc()),
        "alt": (Document.received_on.asc(), InboxItem.created_at.asc()),
    }.get(wanted.order, ())


def _mentions(text: str) -> ColumnElement[bool]:
    ways = [Document.title.icontains(text, autoescape=True)]
    name, number = name_key(text), number_key(text)
    if number:
        ways.append(CaseFile.number_key.contains(number, autoescape=True))
    if name:
        named = exists().where(
            Membership.case_file_id == CaseFile.id,
            PersonName.person_id == Membership.person_id,
            PersonName.family_key.startswith(name, autoescape=True),
        )
        ways.append(named)
    return or_(*ways)


def inbox_page(
    session: Session,
    actor: Actor,
    boxes: Sequence[OpenBox],
    box: OpenBox,
    wanted: Selection,
    now: datetime,
    texts: Texts,
    current: UUID | None,
) -> tuple[v.PostkorbPage, Sequence[Row]]:
    """The page without its preview, and the rows shown."""
    today = agency_date(now)
    condition = narrowed(actor, box.box, wanted)
    found = repository.rows(session, actor, condition, today, PAGE_SIZE + 1, wanted.offset, order_of(wanted))
    rows = found[:PAGE_SIZE]
    chosen = current or (rows[0].item.id if rows else None)
    page = v.PostkorbPage(
        title=box.tab,
        heading=box.heading,
        list_title=box.list_title,
        tabs=_tabs(session, actor, boxes, box, today),
        filter=_filter(session, actor, box, wanted, today, texts),
        rows=inbox_rows(session, actor, rows, now, texts, chosen, box.box.kind == "members"),
        empty=_empty(box, wanted, texts) if not rows else None,
        new_mail=new_mail(session, actor, box, now, now),
        more_href=_list_href(box.href, wanted, wanted.offset + PAGE_SIZE) if len(found) > PAGE_SIZE else None,
    )
    return page, rows


def new_mail(session: Session, actor: Actor, box: OpenBox, since: datetime, now: datetime) -> v.NewMail:
    """What arrived in a box since an instant."""
    today = agency_date(now)
    condition = repository.in_box(actor, box.box)
    arrived = repository.count(session, actor, condition & (InboxItem.created_at > since), today)
    stamp = int(since.timestamp() * 1_000_000)
    return v.NewMail(
        f"/postkorb/neu?seit={stamp}&liste={box.href}",
        arrived,
        time_words(since),
        box.href,
        repository.count(session, actor, condition, today),
    )


def inbox_rows(
    session: Session,
    actor: Actor,
    rows: Sequence[Row],
    now: datetime,
    texts: Texts,
    current: UUID | None,
    with_people: bool = False,
) -> tuple[v.InboxRow, ...]:
    """The rows of the list, if wanted with the person in whose inbox each lies."""
    today = agency_date(now)
    names = case_names(session, [row.case_file for row in rows])
    return tuple(
        v.InboxRow(
            item_id=str(row.item.id),
            href=f"/postkorb/e/{row.item.id}",
            title=row.document.title,
            case_name=names.get(row.case_file.id, "") if row.case_file else "",
            case_number=row.case_file.file_number if row.case_file else "",
            sender=sender_title(row.document.sender),
            received=wording.day_words(row.document.received_on, today, texts),
            deadline=wording.deadline_badge(row.item.due_on, today, texts),
            is_new=agency_date(row.item.created_at) == today,
            current=row.item.id == current,
            taken_by=_taken_by(session, actor, row.item, now),
            lies_with=texts("postkorb.bei", name=user_name(session, row.item.user_id)) if with_people else "",
        )
        for row in rows
    )


def item_preview(
    session: Session, actor: Actor, row: Row, opened: OpenedDocument, page: v.PageView, today: date, texts: Texts
) -> v.ItemPreview:
    """The letter beside the list with the commands that its state allows."""
    item, document = row.item, row.document
    href = f"/postkorb/e/{item.id}"
    is_open = item.state in ("open", "deferred")
    unfiled = is_open and not document.filed and repository.clearing_before(session, item) is not None
    may_assign = is_open and bool(led_places(session, actor, item))
    whole_case = next((one for one in opened.case_files if one.id == item.case_file_id), None)
    return v.ItemPreview(
        item_id=str(item.id),
        self_href=href,
        title=document.title,
        meta=_meta(document, opened, today, texts),
        page=page,
        case=_case_link(session, whole_case),
        why=_why(session, actor, row, whole_case),
        notes=notes(session, opened.notes),
        done=form(f"{href}/erledigt", item.version) if is_open and document.filed else None,
        take=form(f"{href}/zuweisen", item.version) if is_open and item.inbox_kind == "team" else None,
        forward_href=f"{href}/weiterleiten" if is_open else None,
        follow_up_href=f"{href}/wiedervorlage" if is_open else None,
        assign_href=f"{href}/zuteilen" if may_assign else None,
        other_case_href=f"{href}/andere-akte" if is_open else None,
        new_case_href=f"{href}/neue-akte" if unfiled else None,
        give_back_href=f"{href}/zurueck" if unfiled else None,
        note_href=f"{href}/notiz" if is_open else None,
        document_href=_document_href(whole_case, opened),
    )


def notes(session: Session, rows: Sequence[NoteRow]) -> tuple[v.Note, ...]:
    """Notes in the order they were written."""
    return tuple(v.Note(user_name(session, one.author_id), instant_words(one.created_at), one.text) for one in rows)


def instant_words(instant: datetime) -> str:
    """24.11.2026, 10:41 Uhr, at the agency."""
    return f"{wording.date_words(agency_date(instant))}, {time_words(instant)} Uhr"


def _meta(document: Document, opened: OpenedDocument, today: date, texts: Texts) -> str:
    received = wording.day_words(document.received_on, today, texts)
    pages = texts.count("blatt.seiten", opened.page_count)
    sender = sender_title(document.sender)
    words = texts("postkorb.meta", absender=sender, eingang=received, seiten=pages)
    return words if sender else words.removeprefix(" · ")


def _case_link(session: Session, case_file: CaseFile | None) -> v.Link | None:
    if case_file is None:
        return None
    name = case_names(session, [case_file])[case_file.id]
    number = case_file.file_number
    return v.Link(f"/akte/{wording.path_number(number)}", f"{name}, {number}" if name != number else number)


def _document_href(case_file: CaseFile | None, opened: OpenedDocument) -> str | None:
    if case_file is None:
        return None
    for filing in opened.filings:
        if filing.case_file_id == case_file.id:
            return f"/akte/{wording.path_number(case_file.file_number)}/dokument/{filing.ordinal}"
    return None


def _why(session: Session, actor: Actor, row: Row, whole_case: CaseFile | None) -> tuple[str, ...]:
    """Who is responsible, then what was read that speaks for this case, as clearing says it."""
    sentences = [str(reason.get("text", "")) for reason in row.item.reasons]
    if row.item.previous_item_id is not None:
        sentences.insert(0, "Das Schreiben wurde hierher weitergeleitet.")
    elif row.case_file is not None and row.case_file.responsible_user_id is None:
        unit = unit_title(session, row.case_file.org_unit_id)
        sentences.insert(0, f"Für diese Akte ist das Team {unit} zuständig.")
    elif row.case_file is not None and row.case_file.responsible_user_id == actor.user_id:
        sentences.insert(0, "Sie sind für diese Akte zuständig.")
    elif row.case_file is not None:
        name = user_name(session, row.case_file.responsible_user_id)
        sentences.insert(0, f"Für diese Akte ist {name} zuständig.")
    mail = item_by_document(session, row.document.id) if whole_case is not None else None
    signs = evidence_about(mail, [whole_case]) if whole_case is not None else []
    sentences += [str(one.get("text") or "") for one in signs if one.get("verdict") in ("agrees", "partly")]
    return tuple(dict.fromkeys(sentence for sentence in sentences if sentence))


def _taken_by(session: Session, actor: Actor, item: InboxItem, now: datetime) -> str | None:
    user_id = holder(item, now)
    if user_id is None or user_id == actor.user_id:
        return None
    return f"{user_name(session, user_id)} hat es gerade geöffnet."


def _tabs(session: Session, actor: Actor, boxes: Sequence[OpenBox], here: OpenBox, on: date) -> tuple[v.Tab, ...]:
    return tuple(
        v.Tab(one.href, one.tab, one == here, repository.count(session, actor, repository.in_box(actor, one.box), on))
        for one in boxes
    )


def _filter(
    session: Session, actor: Actor, box: OpenBox, wanted: Selection, today: date, texts: Texts
) -> v.InboxFilter:
    words = {"frist": "frist_zuerst", "neu": "neueste_zuerst", "alt": "aelteste_zuerst"}
    orders = tuple(v.Option(code, texts(f"postkorb.{words[code]}"), code == wanted.order) for code in ORDERS)
    everything = v.Option("", texts("postkorb.alle"), not wanted.document_type)
    here = {*repository.types_in(session, actor, repository.in_box(actor, box.box), today), wanted.document_type}
    kinds = (
        v.Option(kind.code, kind.title, kind.code == wanted.document_type)
        for kind in archive.document_types(session, actor.agency_id)
        if kind.code in here
    )
    people = _people(session, actor, box, wanted, today, texts) if box.box.kind == "members" else ()
    return v.InboxFilter(box.href, orders, (everything, *kinds), wanted.text, people)


def _people(
    session: Session, actor: Actor, box: OpenBox, wanted: Selection, today: date, texts: Texts
) -> tuple[v.Option, ...]:
    """The people in whose inboxes something lies, and who of them is away or has left."""
    ids = repository.people_in(session, actor, repository.in_box(actor, box.box), today)
    away = absent_users(session, actor.agency_id, today)
    users = session.scalars(select(User).where(User.id.in_(ids)).order_by(User.display_name, User.username))
    options = [v.Option("", texts("postkorb.alle"), not wanted.person)]
    for user in users:
        shown = user.display_name
        if not user.active:
            shown = texts("postkorb.person_ausgeschieden", name=shown)
        elif user.id in away:
            shown = texts("postkorb.person_abwesend", name=shown)
        options.append(v.Option(user.username, shown, user.username == wanted.person))
    return tuple(options)


def _empty(box: OpenBox, wanted: Selection, texts: Texts) -> v.Empty:
    if wanted.document_type or wanted.text or wanted.person:
        link = v.Link(box.href, texts("postkorb.filter_aufheben"))
        return v.Empty(texts("postkorb.filter_leer_titel"), texts("postkorb.filter_leer_text"), link)
    return v.Empty(texts("postkorb.leer_titel"), texts("postkorb.leer_text"))


def _list_href(href: str, wanted: Selection, offset: int) -> str:
    query = {"sortierung": wanted.order, "art": wanted.document_type, "text": wanted.text, "ab": offset}
    query["person"] = wanted.person
    return f"{href}?{urlencode({key: value for key, value in query.items() if value})}"
