"""What a server process holds for its requests, and the dependencies that hand it to routes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated, Protocol
from uuid import UUID

from fastapi import Depends, Request

from archive.blobs.port import BlobStore
from core.audit.anchors import Anchors
from core.database import Database
from core.errors import EakteError, NotSignedIn
from core.settings import Settings
from organisation.models import ScanStation
from organisation.sessions import SignedIn, open_session
from organisation.stations import station_for_token
from search.service import SearchService

COOKIE = "eakte_session"


class PageRenderer(Protocol):
    """Draws a page of a master in an isolated child; nothing in this process opens a received file."""

    def page(self, path: str, page_no: int, width: int, rotation: int) -> bytes:
        """The page as WebP, `width` pixels wide. Raises Unavailable when the child cannot."""
        ...


@dataclass(frozen=True, slots=True)
class Context:
    """Built once by `eakte.serve`; kept in `app.state.context`."""

    settings: Settings
    database: Database
    blobs: BlobStore
    search: SearchService
    renderer: PageRenderer
    agency_id: UUID
    anchors: Anchors


class PasswordChangeRequired(EakteError):
    """Somebody else chose the password: before anything else the person chooses their own."""

    status = 403
    code = "password_change_required"

    def __init__(self) -> None:
        super().__init__("Bitte ändern Sie zuerst Ihr Passwort. Nichts wurde geändert.", "Change your password first.")


def context(request: Request) -> Context:
    """The process's context."""
    found: Context = request.app.state.context
    return found


def known(request: Request, ctx: Annotated[Context, Depends(context)]) -> SignedIn:
    """Who the cookie names, also one who must change the password first: for that, and for signing out, only."""
    return session_of(request, ctx)


def signed_in(who: Annotated[SignedIn, Depends(known)]) -> SignedIn:
    """The signed-in user. Raises NotSignedIn and PasswordChangeRequired; the pages turn both into redirects."""
    return ready(who)


def session_of(request: Request, ctx: Context, *, prolong: bool = True) -> SignedIn:
    """The open session of the request's cookie. Raises NotSignedIn."""
    found = open_session(ctx.database, request.cookies.get(COOKIE, ""), ctx.settings, prolong=prolong)
    if found is None:
        raise NotSignedIn("Bitte melden Sie sich an.", "Please sign in.")
    return replace(found, actor=replace(found.actor, prefetching=asked_ahead(request)))


def ready(who: SignedIn) -> SignedIn:
    """The same, when nothing stands before work. Raises PasswordChangeRequired."""
    if who.must_change_password:
        raise PasswordChangeRequired
    return who


def asked_ahead(request: Request) -> bool:
    """Whether the browser, or our own page, fetches something before the person asks for it."""
    purposes = (request.headers.get(name, "") for name in ("sec-purpose", "purpose", "x-ea-vorab"))
    return any("prefetch" in purpose or purpose == "1" for purpose in purposes)


def station(request: Request, ctx: Annotated[Context, Depends(context)]) -> ScanStation:
    """The scanning station that the bearer token names. Raises NotSignedIn."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    with ctx.database.read() as db:
        found = station_for_token(db, token.strip()) if scheme.lower() == "bearer" and token else None
    if found is None or found.agency_id != ctx.agency_id:
        raise NotSignedIn(
            "Die Station ist nicht bekannt oder ihr Schlüssel ist gesperrt. Nichts wurde angenommen.",
            "Unknown or revoked station token.",
        )
    return found


Ctx = Annotated[Context, Depends(context)]
Known = Annotated[SignedIn, Depends(known)]
Session = Annotated[SignedIn, Depends(signed_in)]
Station = Annotated[ScanStation, Depends(station)]
