"""What was just done, in the words of the button, and the way back; who was faster."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from archive.models import CaseFile, Document, Filing
from core.actor import Actor
from inbox import repository
from inbox.models import InboxItem, UndoableAct
from web import views as v
from web.mapping_inbox import form, time_words
from web.mapping_lookup import case_names, unit_title, user_name
from web.pages import Overtaken
from web.texts import Texts
from web.wording import date_words

SHOWN_FOR = timedelta(minutes=15)
PLAIN = {
    what: f"getan.{what}"
    for what in ("notiz", "geschlossen", "geoeffnet", "zusammengefuehrt", "freigegeben", "freigabe_beendet")
}


def toast_for(session: Session, actor: Actor, done: str, now: datetime, texts: Texts) -> v.Toast | None:
    """The toast of a page that was reached with `?getan=`: one of the person's own newest acts, else none."""
    if done in PLAIN:
        return v.Toast(texts(PLAIN[done]))
    try:
        act = session.get(UndoableAct, UUID(done)) if done else None
    except ValueError:
        return None
    if act is None or act.user_id != actor.user_id or act.at < now - SHOWN_FOR:
        return None
    return toast_of(session, act, texts)


def toast_of(session: Session, act: UndoableAct, texts: Texts) -> v.Toast:
    """What an act did, with the way back as long as it was not taken back."""
    words = _words(session, act, texts)
    if act.undone_at is not None:
        return v.Toast(texts("getan.zurueckgenommen", was=words))
    return v.Toast(words, form(f"/aktionen/{act.id}/zuruecknehmen", act.expected_version))


def overtaken(session: Session, actor: Actor, item_id: UUID, on: date, onward: str, texts: Texts) -> Overtaken:
    """Who was faster with an item, as far as the person may know it."""
    link = v.Link(onward, texts("konflikt.weiter"))
    row = repository.visible_item(session, actor, item_id, on)
    if row is None or row.item.finished_by is None or row.item.finished_at is None:
        return Overtaken("Das Schreiben wurde inzwischen bearbeitet.", None, link)
    mine = row.item.finished_by == actor.user_id
    name = "Sie haben" if mine else f"{user_name(session, row.item.finished_by) or 'Das System'} hat"
    text = f"{name} dieses Schreiben um {time_words(row.item.finished_at)} Uhr bearbeitet."
    return Overtaken(text, None, link)


def _words(session: Session, act: UndoableAct, texts: Texts) -> str:
    item = session.get_one(InboxItem, act.inbox_item_id)
    title = session.get_one(Document, item.document_id).title
    if act.kind == "finish":
        return texts("getan.erledigt", titel=title)
    if act.kind == "take":
        return texts("getan.uebernommen", titel=title)
    if act.kind in ("forward", "assign"):
        following = session.get_one(InboxItem, UUID(act.payload["delivered"]))
        to = user_name(session, following.user_id) or unit_title(session, following.unit_id)
        return texts("getan.weitergeleitet" if act.kind == "forward" else "getan.zugeteilt", an=to, titel=title)
    if act.kind == "give_back":
        return texts("getan.zurueckgegeben", titel=title)
    if act.kind == "file":
        return texts("getan.abgelegt", akte=_case_words(session, UUID(act.payload["filing"])))
    if act.kind == "dismiss":
        return texts("getan.kein_vorgang", titel=title)
    if item.inbox_kind == "clearing":
        return texts("getan.zurueckgestellt", titel=title)
    day = date_words(item.deferred_until) if item.deferred_until else ""
    return texts("getan.wiedervorlage", tag=day, titel=title)


def _case_words(session: Session, filing_id: UUID) -> str:
    filing = session.get_one(Filing, filing_id)
    case_file = session.get_one(CaseFile, filing.case_file_id)
    name = case_names(session, [case_file])[case_file.id]
    return name if name == case_file.file_number else f"{name}, {case_file.file_number}"
