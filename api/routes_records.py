"""Records for machines of signed-in people: documents, pages, bytes, case files, search. Every answer is audited."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import PlainTextResponse

from api.content import PRIVATE, etag_matches, send, send_bytes
from api.context import Ctx, Session
from api.problems import refusals
from archive import reading
from archive.models import CaseFile, Document, Filing
from archive.pagetext import PageText

router = APIRouter(prefix="/api/v1", tags=["Akten"], responses=refusals(401, 404))
FILE: dict[int | str, dict[str, Any]] = {
    200: {"description": "Die Datei, mit ETag", "content": {"application/pdf": {}}},
    206: {"description": "Ein Teil der Datei (Range)"},
    304: {"description": "Unverändert (If-None-Match)"},
    416: {"description": "Diesen Teil gibt es in der Datei nicht"},
}


@router.get("/documents/{document_id}", summary="Angaben zu einem Schriftstück")
def get_document(ctx: Ctx, who: Session, document_id: UUID) -> dict[str, Any]:
    """The document's data, where it is filed (as far as visible), and its visible pages."""
    opened = reading.open_document(ctx.database, who.actor, document_id)
    numbers = {case.id: case.file_number for case in opened.case_files}
    return {
        **_document(opened.document),
        "pages": [page.page_no for page in opened.pages],
        "rendition_conformance": opened.version.rendition_conformance,
        "rendition_reason": opened.version.rendition_reason,
        "filings": [_filing(filing, numbers.get(filing.case_file_id)) for filing in opened.filings],
    }


@router.get("/documents/{document_id}/text", summary="Text der Seiten", response_class=PlainTextResponse)
def get_text(ctx: Ctx, who: Session, document_id: UUID) -> Response:
    """Pages of the rendition separated by form feeds; only visible pages."""
    text = reading.open_text(ctx.database, ctx.blobs, who.actor, document_id)
    return PlainTextResponse(text, headers={"Cache-Control": PRIVATE})


@router.get("/documents/{document_id}/pages/{page_no}/text", summary="Wörter einer Seite mit ihren Stellen")
def get_page_text(ctx: Ctx, who: Session, document_id: UUID, page_no: int) -> dict[str, Any]:
    """Words with boxes in pixels of the raw page image as scanned."""
    page = reading.open_page_text(ctx.database, ctx.blobs, who.actor, document_id, page_no)
    return _page_text(page)


@router.get(
    "/documents/{document_id}/pages/{page_no}/image",
    summary="Bild einer Seite",
    response_class=Response,
    responses={
        200: {"description": "Das Bild, mit ETag", "content": {"image/webp": {}}},
        304: {"description": "Unverändert (If-None-Match)"},
    },
)
def get_page_image(
    request: Request,
    ctx: Ctx,
    who: Session,
    document_id: UUID,
    page_no: int,
    width: Annotated[int, Query(ge=80, le=2400)] = 1000,
    rotate: Annotated[int, Query(ge=0, le=270, multiple_of=90)] = 0,
) -> Response:
    """A page of the master as WebP, drawn in an isolated child."""
    content = reading.open_page_image(ctx.database, ctx.blobs, who.actor, document_id, page_no)
    etag = f"{content.sha256}-{page_no}-{width}-{rotate}"
    if etag_matches(request, f'"{etag}"'):
        return send_bytes(request, b"", "image/webp", etag)
    with content.local_copy() as path:
        drawn = ctx.renderer.page(str(path), page_no, width, rotate)
    return send_bytes(request, drawn, "image/webp", etag)


@router.get("/documents/{document_id}/pdf", summary="Lesefassung (PDF/A)", responses=FILE, response_class=Response)
def get_pdf(request: Request, ctx: Ctx, who: Session, document_id: UUID) -> Response:
    """The searchable rendition, for whoever may read every page."""
    return send(request, reading.open_content(ctx.database, ctx.blobs, who.actor, document_id, reading.RENDITION))


@router.get(
    "/documents/{document_id}/original", summary="Scan, wie er entstand", responses=FILE, response_class=Response
)
def get_original(request: Request, ctx: Ctx, who: Session, document_id: UUID) -> Response:
    """The item's own master, never a batch; always as a download, since nobody vouches for received bytes."""
    return send(request, reading.open_content(ctx.database, ctx.blobs, who.actor, document_id, reading.MASTER))


@router.get("/case-files/{number:path}", summary="Akte mit ihren Schriftstücken")
def get_case_file(
    ctx: Ctx,
    who: Session,
    number: str,
    limit: Annotated[int, Query(ge=1, le=200)] = 100,
    cursor: Annotated[int | None, Query(ge=1, le=1_000_000_000)] = None,
) -> dict[str, Any]:
    """The cover and a page of documents, newest first; `next_cursor` null = that was all."""
    opened = reading.open_case(ctx.database, who.actor, number, limit, cursor)
    last = opened.filings[-1][0].ordinal if len(opened.filings) == limit else None
    return {
        **_case_file(opened.case_file),
        "total": opened.total,
        "documents": [
            {**_document(document), **_filing(filing, opened.case_file.file_number)}
            for filing, document in opened.filings
        ],
        "next_cursor": last,
    }


@router.get("/search", summary="Suche in allem, was Sie sehen dürfen")
def get_search(
    ctx: Ctx,
    who: Session,
    q: Annotated[str, Query(min_length=1, max_length=500)],
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    cursor: str | None = None,
) -> dict[str, Any]:
    """Hits with snippets and facets; only of visible documents, counted only over visible documents."""
    return ctx.search.answer(who.actor, q, limit=limit, cursor=cursor)


def _document(document: Document) -> dict[str, Any]:
    return {
        "document_id": str(document.id),
        "title": document.title,
        "document_type": document.document_type,
        "direction": document.direction,
        "received_on": document.received_on.isoformat(),
        "received_on_source": document.received_on_source,
        "effective_received_on": document.effective_received_on,
        "document_date": document.document_date,
        "filed": document.filed,
        "version": document.version,
    }


def _filing(filing: Filing, number: str | None) -> dict[str, Any]:
    return {
        "case_file_number": number,
        "ordinal": filing.ordinal,
        "keyword": filing.keyword,
        "page_from": filing.page_from,
        "page_to": filing.page_to,
    }


def _case_file(case_file: CaseFile) -> dict[str, Any]:
    return {
        "case_file_id": str(case_file.id),
        "file_number": case_file.file_number,
        "file_plan_unit": case_file.file_plan_unit,
        "state": case_file.state,
        "opened_on": case_file.opened_on,
        "closed_on": case_file.closed_on,
        "version": case_file.version,
    }


def _page_text(page: PageText) -> dict[str, Any]:
    return {
        "width": page.width,
        "height": page.height,
        "dpi": page.dpi,
        "rotation": page.rotation,
        "words": [
            {"text": word.text, "box": word.box, "confidence": word.confidence, "line": word.line}
            for word in page.words
        ],
    }
