"""Errors as `application/problem+json` (RFC 9457), in German with the English text beside it."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from api.upload import drain
from archive.blobs.port import BlobDamaged, BlobMissing
from core.errors import EakteError, InvalidInput, Unavailable
from core.log import logger

PROBLEM = "application/problem+json"
_UNREADABLE = (
    "Die Anfrage ist nicht lesbar. Nichts wurde geändert.",
    "The request cannot be read. Nothing was changed.",
)
_HTTP_TEXTS = {
    404: ("Diese Adresse gibt es hier nicht.", "There is nothing at this address."),
    405: ("Diese Adresse wird anders angesprochen.", "This address does not take this method."),
    413: ("Die Anfrage ist zu groß. Nichts wurde geändert.", "The request is too large. Nothing was changed."),
}
_log = logger(__name__)


class Problem(BaseModel):
    """A refusal (RFC 9457). `code` is stable, texts may change; `detail` is German, `detail_en` English."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    detail_en: str
    fields: list[str] | None = None
    faults: list[str] | None = None
    reference: str | None = None


_REFUSALS = {
    400: "Die Anfrage ist nicht lesbar oder brach ab",
    401: "Nicht angemeldet, oder Schlüssel der Station unbekannt",
    403: "Die Anfrage kam nicht von einer Seite dieser Sitzung, oder das Passwort ist erst zu ändern (`code`)",
    404: "Gibt es nicht, oder ist nicht für Sie: eine Antwort für beides",
    409: "Jemand war schneller, oder der Stand erlaubt es nicht",
    413: "Zu groß",
    415: "Diese Art von Datei wird nicht angenommen",
    416: "Diesen Teil gibt es in der Datei nicht",
    422: "Unvollständig oder falsch; `fields` nennt die Felder",
    503: "Später noch einmal (Retry-After)",
    507: "Der Speicher ist voll; nichts wurde angenommen",
}


def refusals(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The refusals of a route for the OpenAPI document; 422 and 503 may always come."""
    schema = {"content": {PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}}}
    return {status: {"description": _REFUSALS[status], **schema} for status in sorted({*statuses, 422, 503})}


def problem(status: int, code: str, de: str, en: str = "", **extra: Any) -> JSONResponse:
    """A problem document. `code` is stable; texts may change."""
    body = {
        "type": f"urn:eakte:problem:{code}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "code": code,
        "detail": de,
        "detail_en": en or de,
        **extra,
    }
    headers = {"Cache-Control": "no-store"}
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        headers["Retry-After"] = str(Unavailable.retry_after)
    if status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    return JSONResponse(body, status, headers, PROBLEM)


def from_error(error: EakteError) -> JSONResponse:
    """The problem document of a typed error."""
    extra: dict[str, Any] = {"faults": list(error.faults)} if isinstance(error, InvalidInput) and error.faults else {}
    return problem(error.status, error.reason, error.de, error.en, **extra)


def install(app: FastAPI) -> None:
    """Register the handlers of typed errors and of the framework's; `api.frame` catches the unexpected."""

    @app.exception_handler(EakteError)
    async def _typed(request: Request, error: EakteError) -> JSONResponse:
        if request.method == "PUT":
            await drain(request)
        if isinstance(error, BlobMissing | BlobDamaged):
            _log.error("blob_problem", code=error.reason)
        return from_error(error)

    @app.exception_handler(RequestValidationError)
    def _invalid(_request: Request, error: RequestValidationError) -> JSONResponse:
        fields = [".".join(str(part) for part in fault["loc"]) for fault in error.errors()]
        return problem(
            422, "invalid_input", "Die Anfrage ist unvollständig oder falsch. Nichts wurde geändert.",
            "The request is incomplete or wrong. Nothing was changed.", fields=fields,
        )  # fmt: skip

    @app.exception_handler(HTTPException)
    def _http(_request: Request, error: HTTPException) -> JSONResponse:
        code = HTTPStatus(error.status_code).name.lower()
        response = problem(error.status_code, code, *_HTTP_TEXTS.get(error.status_code, _UNREADABLE))
        response.headers.update(error.headers or {})
        return response


def unexpected(reference: str) -> JSONResponse:
    """What is said of an error that nobody foresaw: a reference to the log, nothing of the inside."""
    return problem(
        500, "internal", f"Das hat nicht geklappt. Nichts wurde geändert. Bitte noch einmal. Kennung {reference}.",
        f"Unexpected error. Nothing was changed. Please try again. Reference {reference}.", reference=reference,
    )  # fmt: skip


__all__ = ["PROBLEM", "Problem", "from_error", "install", "problem", "refusals", "unexpected"]
