"""Receiving a request body into a temporary file on the blobs' file system, with its limits. The only async data path.

The raw stream is used (a form upload would spool the whole body first); bytes are counted while they arrive.
"""

from __future__ import annotations

import asyncio
import errno
import os
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from fastapi import Request
from starlette.requests import ClientDisconnect

from core.errors import EakteError, StorageFull, TooLarge, Unavailable, UnknownMediaType

ACCEPTED_TYPES = frozenset(
    {"application/pdf", "image/jpeg", "image/png", "image/tiff", "application/octet-stream", "binary/octet-stream"}
)
_DRAIN_BYTES = 4 * 1024 * 1024
_DRAIN_SECONDS = 5.0
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class CutOff(EakteError):
    """The sender went away before the body was complete: no receipt."""

    status = 400
    code = "cut_off"


@dataclass(frozen=True, slots=True)
class UploadLimits:
    """`largest` body in bytes, `reserve` bytes that stay free on the disk, `stall` seconds without a byte."""

    largest: int
    reserve: int
    stall: float


@asynccontextmanager
async def body_as_file(request: Request, folder: Path, limits: UploadLimits) -> AsyncIterator[Path]:
    """The complete body as a file in `folder`, removed afterwards unless it was consumed.

    Raises UnknownMediaType, TooLarge, StorageFull, CutOff (also for a sender that falls silent), Unavailable.
    """
    announced = _announced_length(request)
    _require_type(request)
    if announced is not None and announced > limits.largest:
        raise _too_large(limits.largest)
    if shutil.disk_usage(folder).free < (announced or 0) + limits.reserve:
        raise _full()
    path = await asyncio.to_thread(_new_file, folder)
    try:
        received = await _copy(request, path, limits)
        if announced is not None and received != announced:
            raise _cut_off()
        yield path
    finally:
        await asyncio.to_thread(path.unlink, missing_ok=True)


async def drain(request: Request) -> None:
    """Read on for a little after a refusal: a sender still writing would see a broken line in place of the answer."""
    drained = 0
    try:
        async with asyncio.timeout(_DRAIN_SECONDS):
            async for chunk in request.stream():
                drained += len(chunk)
                if drained > _DRAIN_BYTES:
                    return
    except (ClientDisconnect, RuntimeError, TimeoutError):
        return


async def _copy(request: Request, path: Path, limits: UploadLimits) -> int:
    received = 0
    body = aiter(request.stream())
    try:
        with path.open("wb") as file:
            while True:
                async with asyncio.timeout(limits.stall):
                    chunk = await anext(body, None)
                if chunk is None:
                    break
                received += len(chunk)
                if received > limits.largest:
                    raise _too_large(limits.largest)
                await asyncio.to_thread(file.write, chunk)
    except (ClientDisconnect, TimeoutError) as error:
        raise _cut_off() from error
    except OSError as error:
        raise _storage_fault(error) from error
    return received


def _new_file(folder: Path) -> Path:
    try:
        handle, name = tempfile.mkstemp(dir=folder, prefix="upload-")
    except OSError as error:
        raise _storage_fault(error) from error
    os.close(handle)
    return Path(name)


def _storage_fault(error: OSError) -> EakteError:
    if error.errno in _NO_ROOM:
        return _full()
    return Unavailable(
        "Der Speicher antwortet nicht. Nichts wurde angenommen. Bitte später noch einmal senden.",
        "The storage does not answer. Nothing was accepted.",
    )


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
