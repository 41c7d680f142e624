"""Machines at the door: scanning stations bring batches and ask what became of them."""

from __future__ import annotations

import asyncio
from datetime import date
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Header, Request, Response
from fastapi.responses import JSONResponse

from api.context import Context, Ctx, Station
from api.context import station as station_of
from api.problems import refusals
from api.upload import CutOff, UploadLimits, body_as_file
from core.errors import InvalidInput, NotFound, StorageFull, TooLarge
from ingest.ledger import Delivery, note_refusal, receive
from ingest.models import Receipt
from ingest.reporting import station_lines

router = APIRouter(prefix="/api/v1", tags=["Posteingang"], responses=refusals(401))

REFUSED = refusals(400, 409, 413, 415, 507) | {200: {"description": "Schon angenommen: dieselbe Antwort"}}


def streams_body(path: str) -> bool:
    """Whether the body of this path is streamed to disk with a limit of its own, not held in memory."""
    return path.startswith(f"{router.prefix}/batches/")


@router.put(
    "/batches/{idempotency_key}", summary="Stapel einer Scanstation annehmen", status_code=201, responses=REFUSED
)
async def put_batch(
    request: Request,
    ctx: Ctx,
    station: Station,
    idempotency_key: str,
    x_received_on: Annotated[str | None, Header()] = None,
    x_operator: Annotated[str | None, Header()] = None,
    x_sheets: Annotated[str | None, Header()] = None,
    x_content_sha256: Annotated[str | None, Header()] = None,
) -> Response:
    """201 only when bytes and ledger row are durable; the same again 200; same key, other bytes 409."""
    settings = ctx.settings
    limits = UploadLimits(settings.upload_limit, settings.disk_reserve, settings.upload_stall_seconds)
    try:
        delivery = Delivery(
            channel="station" if station.scanning else "upload",
            station_id=station.id,
            key=_short(idempotency_key, 200, "Der Schlüssel des Stapels"),
            received_on=_date(x_received_on),
            operator=_short(x_operator, 100, "X-Operator") if x_operator else None,
            sheets_told=_number(x_sheets),
            announced_sha256=x_content_sha256,
        )
        async with body_as_file(request, settings.work_folder, limits) as path:
            return await asyncio.to_thread(_receive, request, ctx, path, delivery)
    except (TooLarge, StorageFull, CutOff) as error:
        await asyncio.to_thread(note_refusal, ctx.database, ctx.agency_id, station.id, error.reason)
        raise


@router.get("/receipts/{receipt_id}", summary="Was aus einem Stapel wurde", responses=refusals(404))
def get_receipt(ctx: Ctx, station: Station, receipt_id: UUID) -> dict[str, Any]:
    """The receipt and its items, for the station that brought it; of filed items not what was read on them."""
    with ctx.database.read() as session:
        receipt = session.get(Receipt, receipt_id)
        if receipt is None or receipt.station_id != station.id or receipt.agency_id != ctx.agency_id:
            raise NotFound
        return {
            "receipt_id": str(receipt.id),
            "receipt_sha256": receipt.sha256,
            "state": receipt.state,
            "items": station_lines(session, receipt),
        }


def _receive(request: Request, ctx: Context, path: Path, delivery: Delivery) -> Response:
    station_of(request, ctx)  # once more: it may have been revoked while the body arrived
    accepted = receive(ctx.database, ctx.blobs, ctx.agency_id, path, delivery)
    body = {"receipt_id": str(accepted.receipt_id), "receipt_sha256": accepted.sha256, "state": accepted.state}
    return JSONResponse(body, 200 if accepted.repeated else 201)


def _date(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise InvalidInput("X-Received-On ist kein Datum der Form JJJJ-MM-TT.", "X-Received-On is no date") from error


def _short(text: str, longest: int, what: str) -> str:
    if len(text) > longest:
        raise InvalidInput(f"{what} ist länger als {longest} Zeichen. Nichts wurde angenommen.", "header too long")
    return text


def _number(text: str | None) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdigit()) or len(text) > 6:
        raise InvalidInput("X-Sheets ist keine Zahl.", "X-Sheets is no number")
    return int(text)
