"""The S3 client with its limits, and the one place where its errors become ours.

Plain S3 only: what a server offers beyond it is not used. Every call is bounded: connect 2 s, silence 15 s, few repeats;
while a silence lasts only one call waits.
"""

from __future__ import annotations

import base64
import copy
from collections.abc import Container, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

import urllib3
from minio import Minio
from minio.error import InvalidResponseError, MinioException, S3Error, ServerError
from urllib3.util import Retry, Timeout

from archive.blobs.port import full, missing
from archive.blobs.s3_silence import WatchfulPool
from core.errors import ConfigurationError, EakteError, Unavailable

CONNECT_SECONDS, SILENCE_SECONDS = 2.0, 15.0
NOT_THERE: Final = frozenset({"NoSuchKey", "NoSuchVersion"})
THERE_ALREADY: Final = frozenset({409, 412})
_FULL: Final = frozenset(
    {"XMinioStorageFull", "XMinioAdminBucketQuotaExceeded", "QuotaExceeded", "InsufficientStorage"}
)
_KEYS: Final = frozenset({"AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch"})
_SKEW: Final = frozenset({"RequestTimeTooSkewed"})


@dataclass(frozen=True, slots=True)
class Access:
    """Where the store is, and as whom we come. Keys never appear in a message."""

    endpoint: str
    bucket: str
    region: str
    access_key: str = field(repr=False)
    secret_key: str = field(repr=False)


def connect(access: Access) -> Minio:
    """A client for this access; nothing is sent yet. Raises ConfigurationError for an address that is none."""
    parts = urlsplit(access.endpoint)
    if parts.scheme not in ("http", "https") or not parts.netloc or parts.path.strip("/") or "@" in parts.netloc:
        raise ConfigurationError(
            "EAKTE_S3_ENDPOINT ist keine Adresse der Form http(s)://Rechner:Port.",
            "EAKTE_S3_ENDPOINT is not of the form http(s)://host:port",
        )
    retries = Retry(
        total=3, connect=3, read=1, status=3, redirect=0, backoff_factor=0.2, raise_on_status=False,
        status_forcelist=(500, 502, 503, 504), allowed_methods=None,
    )  # fmt: skip
    pool = WatchfulPool(timeout=Timeout(connect=CONNECT_SECONDS, read=SILENCE_SECONDS), maxsize=16, retries=retries)
    return Minio(
        parts.netloc, access_key=access.access_key, secret_key=access.secret_key, secure=parts.scheme == "https",
        region=access.region, http_client=pool,
    )  # fmt: skip


def impatient(client: Minio) -> Minio:
    """The same access with one attempt of 2 seconds: to ask whether the store answers at all."""
    other = copy.copy(client)
    other._http = urllib3.PoolManager(timeout=Timeout(connect=2.0, read=2.0), retries=False, maxsize=2)
    return other


def checksum(sha256: str) -> dict[str, str]:
    """The header by which the server holds the bytes against their hash."""
    return {"x-amz-checksum-sha256": base64.b64encode(bytes.fromhex(sha256)).decode()}


def status_of(error: S3Error) -> int:
    """The HTTP status of a refusal."""
    return int(error.response.status)


@contextmanager
def translated(sha256: str = "", passing: Container[int] = ()) -> Iterator[None]:
    """Vendor and network errors as ours: BlobMissing, StorageFull, Unavailable. Answers of a status in `passing` stay an
    S3Error.
    """
    try:
        yield
    except S3Error as error:
        if status_of(error) in passing:
            raise
        raise _from_answer(error, sha256) from error
    except (ServerError, InvalidResponseError) as error:
        status = getattr(error, "status_code", None) or getattr(error, "_code", None)
        raise (full() if status == 507 else unavailable()) from error
    except (MinioException, urllib3.exceptions.HTTPError, OSError) as error:
        raise unavailable() from error


def _from_answer(error: S3Error, sha256: str) -> EakteError:
    if error.code in NOT_THERE and sha256:
        return missing(sha256)
    if error.code in _FULL or status_of(error) == 507:
        return full()
    if error.code in _SKEW:
        return Unavailable(
            "Die Uhren dieses Rechners und des Speichers gehen verschieden. Bitte die Administration verständigen.",
            "The clocks of this host and of the storage differ.",
        )
    if error.code in _KEYS or status_of(error) == 403:
        return Unavailable(
            "Der Speicher lehnt die Zugangsdaten ab. Nichts wurde geändert. Bitte die Administration verständigen.",
            f"The storage refuses the access ({error.code}). Nothing was changed.",
        )
    return unavailable()


def unavailable() -> Unavailable:
    """The error for a store that does not answer."""
    return Unavailable(
        "Der Speicher antwortet nicht. Nichts wurde geändert. Bitte später noch einmal versuchen.",
        "The storage does not answer. Nothing was changed. Please try again later.",
    )
