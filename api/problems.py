"""Errors as `application/problem+json` (RFC 9457), in German with the English text beside it."""

from __future__ import annotations

import secrets
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from api.upload import drain
from archive.blobs.port import BlobDamaged, BlobMissing
from core.errors import EakteError, InvalidInput, NotSignedIn, Unavailable
from core.log import logger

PROBLEM = "application/problem+json"
_log = logger(__name__)


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
    """Register the handlers: typed errors, framework errors, and the unexpected with a reference number."""

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
            "The request is incomplete or wrong.", fields=fields,
        )  # fmt: skip

    @app.exception_handler(HTTPException)
    def _http(_request: Request, error: HTTPException) -> JSONResponse:
        code = HTTPStatus(error.status_code).name.lower()
        return problem(error.status_code, code, "Diese Adresse gibt es hier nicht oder sie wird anders angesprochen.")

    @app.exception_handler(Exception)
    def _unexpected(_request: Request, error: Exception) -> JSONResponse:
        reference = secrets.token_hex(4).upper()
        _log.error("unexpected", reference=reference, kind=type(error).__name__, exc_info=error)
        return problem(
            500, "internal", f"Das hat nicht geklappt. Nichts wurde geändert. Bitte noch einmal. Kennung {reference}.",
            f"Unexpected error. Reference {reference}.", reference=reference,
        )  # fmt: skip


__all__ = ["NotSignedIn", "from_error", "install", "problem"]
