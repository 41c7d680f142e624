"""Reading page texts for the viewer, and whether a person reads text first. Every reading is audited below."""

from __future__ import annotations

from archive import reading
from archive.reading import OpenedDocument
from organisation.models import User
from web import views as v
from web.mapping_sheet import page_text
from web.pages import Visit


def wants_text(who: Visit, view: str) -> bool:
    """Whether pages are shown as text: as the address says, else as the person set it."""
    if view:
        return view == "text"
    with who.ctx.database.read() as session:
        user = session.get(User, who.actor.user_id)
    return bool(user and user.preferences.get("text_first"))


def texts_of(who: Visit, opened: OpenedDocument) -> tuple[v.PageText, ...]:
    """The text of every page that the person may read."""
    ctx = who.ctx
    return tuple(
        page_text(
            page.page_no,
            reading.open_page_text(ctx.database, ctx.blobs, who.actor, opened.document.id, page.page_no),
        )
        for page in opened.pages
    )
