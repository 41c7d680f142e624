"""Search: one field."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response
from fastapi.responses import RedirectResponse

from core.actor import Role
from core.errors import InvalidInput, NotFound, Unavailable
from web import views as v
from web.mapping_inbox import time_words
from web.mapping_records import case_href
from web.mapping_search import PAGE_SIZE, exact_case, full_query, search_page
from web.pages import Page, PageRoute, shell_of, show

router = APIRouter(route_class=PageRoute, include_in_schema=False)
Word = Annotated[str, Query(max_length=100)]


@router.get("/suche")
def get_search(
    who: Page,
    q: Annotated[str, Query(max_length=500)] = "",
    art: Word = "",
    jahr: Word = "",
    einheit: Word = "",
    schlagwort: Word = "",
    ab: Annotated[int, Query(ge=0, le=10_000)] = 0,
) -> Response:
    """Hits in what the person may see; a visible case's number leads to the case."""
    if not who.actor.has(Role.CASEWORKER, Role.TEAM_LEAD, Role.AUDITOR):
        raise NotFound
    query = q.strip()
    texts = who.texts
    if not query:
        empty = v.Empty(texts("suche.anfang_titel"), texts("suche.anfang_text"))
        return show(who, v.SearchPage(texts("suche.titel"), "", empty=empty), shell_of(who, "akten"))
    narrowing = {"art": art, "jahr": jahr, "einheit": einheit, "schlagwort": schlagwort}
    with who.ctx.database.read() as session:
        case_file = exact_case(session, who.actor, query, who.today) if not any(narrowing.values()) else None
    if case_file is not None:
        return RedirectResponse(case_href(case_file), 303)
    cursor = str(ab) if ab else None
    try:
        answer = who.ctx.search.answer(who.actor, full_query(query, narrowing), limit=PAGE_SIZE, cursor=cursor)
    except InvalidInput as error:
        page = v.SearchPage(texts("suche.titel"), query, problem=error.de)
        return show(who, page, shell_of(who, "akten", query=query), 422)
    except Unavailable as error:  # the page stands, and with it the way to everything else
        page = v.SearchPage(texts("suche.titel"), query, problem=error.de)
        response = show(who, page, shell_of(who, "akten", query=query), 503)
        response.headers["Retry-After"] = str(error.retry_after)
        return response
    now = time_words(who.ctx.database.clock.now())
    with who.ctx.database.read() as session:
        page = search_page(session, who.actor, query, narrowing, ab, answer, who.today, now, texts)
    return show(who, page, shell_of(who, "akten", query=query))
