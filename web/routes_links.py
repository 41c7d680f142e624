"""Deep links of the line-of-business system: by BG number or customer number to the case (CONCEPT §2).

They show nothing themselves. Not there and not yours look the same; what one may not see makes nothing ambiguous.
"""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlencode

from fastapi import APIRouter, Response
from fastapi.responses import RedirectResponse

from archive.case_search import linked_cases, main_case
from archive.models import CaseFile
from core.errors import NotFound
from web.mapping_records import case_href
from web.pages import Page, PageRoute

router = APIRouter(route_class=PageRoute, include_in_schema=False)


@router.get("/bg/{number}")
def get_benefit_community(who: Page, number: str) -> Response:
    """The case of a benefit community."""
    with who.ctx.database.read() as session:
        return _to(linked_cases(session, who.actor, who.today, bg_nummer=number), number)


@router.get("/kunde/{customer}")
def get_customer(who: Page, customer: str) -> Response:
    """The case of a customer."""
    with who.ctx.database.read() as session:
        return _to(linked_cases(session, who.actor, who.today, customer_number=customer), customer)


def _to(cases: Sequence[CaseFile], number: str) -> Response:
    """To the case; to the search, which lists them, when several are meant. Raises NotFound."""
    if not cases:
        raise NotFound
    case_file = main_case(cases)
    return RedirectResponse(case_href(case_file) if case_file else f"/suche?{urlencode({'q': number})}", 303)
