"""Receiving a request body into a temporary file on the blobs' file system, with its limits. The only async data path.

The raw stream is used (a form upload would spool the whole body first); bytes are counted while they arrive.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import Request
from starlette.requests import ClientDisconnect

from core.errors import EakteError, StorageFull, TooLarge, UnknownMediaType

ACCEPTED_TYPES = frozenset(
    {"application/pdf", "image/jpeg", "image/png", "image/tiff", "application/octet-stream", "binary/octet-stream"}
)
_DRAIN_BYTES = 4 * 1024 * 1024


class CutOff(EakteError):
    """The sender went away before the body was complete: no receipt."""

    status = 400
    code = "cut_off"


@asynccontextmanager
async def body_as_file(request: Request, folder: Path, limit: int, reserve: int) -> AsyncIterator[Path]:
    """The complete body as a file in `folder`, removed afterwards unless it was consumed.

    Raises UnknownMediaType, TooLarge (after draining a little, so that the sender can read the answer), StorageFull,
    CutOff.
    """
    announced = _announced_length(request)
    _require_type(request)
    if announced is not None and announced > limit:
        await _drain(request)
        raise _too_large(limit)
    if shutil.disk_usage(folder).free < (announced or 0) + reserve:
        await _drain(request)
        raise _full()
    handle, name = await asyncio.to_thread(tempfile.mkstemp, dir=folder, prefix="upload-")
    path = Path(name)
    try:
        received = await _copy(request, handle, limit)
        if announced is not None and received != announced:
            raise _cut_off()
        yield path
    finally:
        await asyncio.to_thread(path.unlink, missing_ok=True)


async def _copy(request: Request, handle: int, limit: int) -> int:
    received = 0
    try:
        with os.fdopen(handle, "wb") as file:
            async for chunk in request.stream():
                received += len(chunk)
                if received > limit:
                    await _drain(request)
                    raise _too_large(limit)
                await asyncio.to_thread(file.write, chunk)
    except ClientDisconnect as error:
        raise _cut_off() from error
    except OSError as error:
        raise _full() from error
    return received


async def _drain(request: Request) -> None:
    drained = 0
    try:
        async for chunk in request.stream():
            drained += len(chunk)
            if drained > _DRAIN_BYTES:
                return
    except (ClientDisconnect, RuntimeError):
        return


def _announced_length(request: Request) -> int | None:
    header = request.headers.get("content-length", "")
    return int(header) if header.isdigit() else None


def _require_type(request: Request) -> None:
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if kind not in ACCEPTED_TYPES:
        raise UnknownMediaType(
            "Diese Art von Datei wird hier nicht angenommen. Angenommen werden PDF, JPEG, PNG und TIFF.",
            "Accepted are PDF, JPEG, PNG and TIFF.",
        )


def _too_large(limit: int) -> TooLarge:
    megabytes = limit // (1024 * 1024)
    return TooLarge(
        f"Der Stapel ist größer als {megabytes} MB. Nichts wurde angenommen. Bitte in kleineren Stapeln senden.",
        f"The batch is larger than {megabytes} MB. Nothing was accepted.",
    )


def _full() -> StorageFull:
    return StorageFull(
        "Der Speicher ist voll. Nichts wurde angenommen. Bitte behalten Sie die Sendung und verständigen Sie die "
        "Administration.",
        "The storage is full. Nothing was accepted.",
    )


def _cut_off() -> CutOff:
    return CutOff(
        "Die Übertragung brach ab. Nichts wurde angenommen. Bitte noch einmal senden.",
        "The upload was cut off. Nothing was accepted.",
    )
