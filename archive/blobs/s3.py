"""Blobs on an S3 server: the address is the key, written once, read back before anything is acknowledged.

Guaranteed: what `put` returned was read back whole and had its hash. `If-None-Match: *` makes a put that loses a race one
that finds the bytes there; the checksum is sent, but an answer alone is never believed. Not guaranteed: that the server
keeps what it showed; Object Lock, versions and `eakte doctor` are for that.

Locks are governance locks: this identity can lengthen them and not break them. `S3BlobStore` made with `bypass` is the
disposal identity's, used after four eyes only (`retention.disposal`).
"""

from __future__ import annotations

import hashlib
import io
import os
import re
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import BinaryIO, Final

from minio import Minio
from minio.commonconfig import GOVERNANCE
from minio.error import S3Error
from minio.retention import Retention

from archive.blobs import s3_parts
from archive.blobs.port import CHUNK, BlobLocked, BlobMissing, Lock, StoredBlob, Window, unfaithful
from archive.blobs.s3_wire import NOT_THERE, THERE_ALREADY, checksum, impatient, translated, unavailable
from core.errors import EakteError

MARKER: Final = "eakte.json"
ANCHORS: Final = "audit-anchors/"
_ADDRESS: Final = re.compile(r"[0-9a-f]{64}")
EVENTUAL: Final = (0.05, 0.2, 0.5, 1.0, 2.0)
"""Waits for a server that shows a little later what it stored."""
_BYPASS: Final = {"x-amz-bypass-governance-retention": "true"}


class S3BlobStore:
    """Content-addressed objects in one bucket, which `archive.blobs.s3_bucket` has made and examined.

    `work` is a local folder for copies; `encryption` the headers of server-side encryption.
    """

    locks = True

    def __init__(
        self, client: Minio, bucket: str, work: Path, encryption: dict[str, str] | None = None, *, bypass: bool = False
    ) -> None:
        self._client, self._bucket, self._work = client, bucket, work
        self._impatient = impatient(client)
        self._encryption = encryption or {}
        self._bypass = bypass
        work.mkdir(parents=True, exist_ok=True)

    def put_bytes(self, data: bytes) -> StoredBlob:
        """See BlobStore."""
        return self._put(io.BytesIO(data))

    def put_file(self, path: Path) -> StoredBlob:
        """See BlobStore. The file stays."""
        with path.open("rb") as file:
            return self._put(file)

    def exists(self, sha256: str) -> bool:
        """See BlobStore."""
        try:
            with translated(sha256):
                self._client.stat_object(self._bucket, sha256)
        except BlobMissing:
            return False
        return True

    def open(self, sha256: str, start: int = 0, length: int | None = None) -> BinaryIO:
        """See BlobStore."""
        if length == 0:
            return io.BytesIO()
        with translated(sha256):
            answer = self._client.get_object(self._bucket, sha256, start, length or 0)

        def read(size: int) -> bytes:
            with translated(sha256):
                return bytes(answer.read(size))

        def close() -> None:
            answer.close()
            answer.release_conn()

        return io.BufferedReader(Window(read, close), CHUNK)

    @contextmanager
    def local_copy(self, sha256: str) -> Iterator[Path]:
        """See BlobStore. Removed with the context; what a killed process leaves, the housekeeping of the folder takes."""
        handle, name = tempfile.mkstemp(dir=self._work, prefix="blob-")
        path = Path(name)
        try:
            with os.fdopen(handle, "wb") as file:
                if self._hash(sha256, file) != sha256:
                    raise unfaithful(sha256)
            path.chmod(0o400)
            yield path
        finally:
            path.unlink(missing_ok=True)

    def verify(self, sha256: str) -> bool:
        """See BlobStore."""
        return self._hash(sha256) == sha256

    def unlink(self, sha256: str) -> None:
        """See BlobStore. Every version and delete marker goes, and the server is asked whether they went."""
        for version in self._versions(sha256):
            if self._bypass:
                self._lift_hold(sha256, version)
            self._remove_version(sha256, version)
        if self._versions(sha256):
            raise unavailable()

    def lock(self, sha256: str, lock: Lock) -> None:
        """See BlobStore."""
        with translated(sha256):
            if lock.until is not None and not self._locked_beyond(sha256, lock.until):
                self._client.set_object_retention(self._bucket, sha256, Retention(GOVERNANCE, lock.until))
            if lock.hold != self._client.is_object_legal_hold_enabled(self._bucket, sha256):
                change = self._client.enable_object_legal_hold if lock.hold else self._client.disable_object_legal_hold
                change(self._bucket, sha256)

    def locked(self, sha256: str) -> Lock:
        """See BlobStore."""
        with translated(sha256):
            retention = self._client.get_object_retention(self._bucket, sha256)
            hold = self._client.is_object_legal_hold_enabled(self._bucket, sha256)
        return Lock(retention.retain_until_date if retention else None, hold)

    def all(self, after: str = "") -> Iterator[tuple[str, float]]:
        """See BlobStore."""
        for key, modified in self._listed(after):
            if _ADDRESS.fullmatch(key):
                yield key, modified

    def strangers(self) -> Iterator[str]:
        """See BlobStore."""
        for key, _ in self._listed():
            if key != MARKER and not key.startswith(ANCHORS) and not _ADDRESS.fullmatch(key):
                yield key

    def tidy(self, grace: float) -> int:
        """See BlobStore: multipart uploads that nobody completed."""
        with translated():
            return s3_parts.abort_older(self._client, self._bucket, datetime.now(UTC) - timedelta(seconds=grace))

    def ready(self) -> bool:
        """See BlobStore."""
        try:
            with translated():
                return bool(self._impatient.bucket_exists(self._bucket))
        except EakteError:
            return False

    def _put(self, file: io.BufferedReader | io.BytesIO) -> StoredBlob:
        digest = hashlib.file_digest(file, "sha256")
        sha256, size = digest.hexdigest(), file.seek(0, os.SEEK_END)
        if size > s3_parts.PART and self._reads_back(sha256):
            return StoredBlob(sha256, size)
        stored = self._send(file, sha256, size, {"If-None-Match": "*"})
        if not self._reads_back(sha256, EVENTUAL if stored else ()):
            # There already and damaged, or taken away meanwhile: once more, on top of what is there.
            self._send(file, sha256, size, {})
            if not self._reads_back(sha256, EVENTUAL):
                raise unfaithful(sha256)
        return StoredBlob(sha256, size)

    def _send(self, file: BinaryIO, sha256: str, size: int, condition: dict[str, str]) -> bool:
        """Whether the server says that it stored the bytes now; False when the condition found some there."""
        file.seek(0)
        kind = {"Content-Type": "application/octet-stream", **self._encryption}
        try:
            with translated(sha256, passing=THERE_ALREADY):
                if size > s3_parts.PART:
                    s3_parts.put(self._client, self._bucket, sha256, file, kind, condition)
                else:
                    sums = checksum(sha256)
                    self._client._put_object(self._bucket, sha256, file.read(), {**kind, **sums, **condition})
        except S3Error:
            return False
        except BlobMissing as error:  # a server that lost an upload midway says so in these words
            raise unavailable() from error
        return True

    def _reads_back(self, sha256: str, waits: tuple[float, ...] = ()) -> bool:
        for wait in (*waits, None):
            try:
                return self._hash(sha256) == sha256
            except BlobMissing:
                if wait is None:
                    return False
                time.sleep(wait)
        return False

    def _hash(self, sha256: str, into: BinaryIO | None = None) -> str:
        digest = hashlib.sha256()
        with self.open(sha256) as stream:
            while chunk := stream.read(CHUNK):
                digest.update(chunk)
                if into is not None:
                    into.write(chunk)
        return digest.hexdigest()

    def _listed(self, after: str = "") -> Iterator[tuple[str, float]]:
        with translated():
            for found in self._client.list_objects(self._bucket, recursive=True, start_after=after or None):
                if found.object_name and found.last_modified:
                    yield found.object_name, found.last_modified.timestamp()

    def _versions(self, sha256: str) -> list[str]:
        with translated():
            listed = self._client.list_objects(self._bucket, prefix=sha256, recursive=True, include_version=True)
            return [one.version_id or "null" for one in listed if one.object_name == sha256]

    def _remove_version(self, sha256: str, version: str) -> None:
        try:
            with translated(sha256, passing=range(400, 500)):
                self._client._execute(
                    "DELETE", self._bucket, sha256, headers=dict(_BYPASS) if self._bypass else None,
                    query_params={"versionId": version},
                )  # fmt: skip
        except S3Error as error:
            # A lock is refused with 400 by one server, with 403 by others: what counts is that it was refused.
            if error.code not in NOT_THERE:
                raise BlobLocked(
                    "Der Speicher hält die Bytes fest. Nichts wurde entfernt.", f"blob {sha256} is locked"
                ) from error

    def _lift_hold(self, sha256: str, version: str) -> None:
        """The records decided that nothing holds these bytes; a hold left at the server would only be late."""
        try:
            with translated(sha256, passing=range(400, 500)):
                if self._client.is_object_legal_hold_enabled(self._bucket, sha256, version):
                    self._client.disable_object_legal_hold(self._bucket, sha256, version)
        except S3Error:
            return  # a delete marker has none; a refusal shows when the version is removed

    def _locked_beyond(self, sha256: str, until: datetime) -> bool:
        found = self._client.get_object_retention(self._bucket, sha256)
        return found is not None and found.retain_until_date >= until
