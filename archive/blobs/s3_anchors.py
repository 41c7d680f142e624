"""Heads of the audit chain in the bucket, where every host finds them (ADR 0021).

A head is an object that is written once and locked for as long as an audit log is worth something; its key says the
whole head, so that reading all of them is listing. Versions are listed, not objects: a delete marker hides nothing.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime, timedelta
from typing import Final
from xml.etree.ElementTree import ParseError, fromstring

from minio import Minio
from minio.error import S3Error
from minio.time import to_iso8601utc

from archive.blobs.s3 import ANCHORS
from archive.blobs.s3_wire import THERE_ALREADY, checksum, translated, unavailable
from core.audit.anchors import Head, write_heads

_KEY: Final = re.compile(re.escape(ANCHORS) + r"(\d{12,})-(\d+)-(-?\d+)-([0-9a-f]{64})\.json")
_GOES_ON: Final = (("key-marker", "{*}NextKeyMarker"), ("version-id-marker", "{*}NextVersionIdMarker"))
_KEPT: Final = timedelta(days=30 * 365)


class S3Anchors:
    """See `core.audit.anchors.Anchors`. `encryption`: the headers of server-side encryption."""

    def __init__(self, client: Minio, bucket: str, encryption: dict[str, str] | None = None) -> None:
        self._client, self._bucket = client, bucket
        self._encryption = encryption or {}

    def alone(self) -> AbstractContextManager[None]:
        """See Anchors. Nothing here keeps another host out: the lease does, and `seal` holds when it was lost."""
        return nullcontext()

    def has(self, block_no: int) -> bool:
        """See Anchors."""
        return bool(self._heads(f"{ANCHORS}{block_no:012d}-"))

    def append(self, heads: Sequence[Head]) -> None:
        """See Anchors. A head that is here already stays as it is; an answer alone is not believed."""
        for head in heads:
            self._put(head)
            if not self.has(head["block_no"]):
                raise unavailable()

    def all(self) -> list[Head]:
        """See Anchors."""
        return self._heads(ANCHORS)

    def _put(self, head: Head) -> None:
        key = f"{ANCHORS}{head['block_no']:012d}-{head['last_no']}-{head['sealed_at']}-{head['hash']}.json"
        data = write_heads([head])
        headers: dict[str, str | list[str] | tuple[str]] = {
            **self._encryption,
            "Content-Type": "application/json",
            "If-None-Match": "*",
            **checksum(hashlib.sha256(data).hexdigest()),
            "x-amz-object-lock-mode": "GOVERNANCE",
            "x-amz-object-lock-retain-until-date": to_iso8601utc(datetime.now(UTC) + _KEPT) or "",
        }
        try:
            with translated(passing=THERE_ALREADY):
                self._client._put_object(self._bucket, key, data, headers)
        except S3Error:
            return  # there already

    def _heads(self, prefix: str) -> list[Head]:
        found = (_KEY.fullmatch(key) for key in sorted(set(self._keys(prefix))))
        return [
            {"block_no": int(one[1]), "last_no": int(one[2]), "hash": one[4], "sealed_at": int(one[3])}
            for one in found
            if one
        ]

    def _keys(self, prefix: str) -> Iterator[str]:
        """The keys of all versions that are no delete markers. Read without the client's reader, which fails at the times
        that one server gives to delete markers: whoever could put one would stop the verifier.
        """
        place: dict[str, str] = {}
        while True:
            asked = {"versions": "", "prefix": prefix, **place}
            with translated():
                answer = self._client._execute("GET", self._bucket, query_params=dict(asked)).data
            try:
                page = fromstring(answer)  # noqa: S314  as the client reads every answer of this server
            except ParseError as error:
                raise unavailable() from error
            for key in page.iterfind("{*}Version/{*}Key"):
                yield key.text or ""
            if page.findtext("{*}IsTruncated") != "true":
                return
            before, place = place, {query: found for query, path in _GOES_ON if (found := page.findtext(path))}
            if place in ({}, before):  # a listing that does not go on is an incomplete one
                raise unavailable()
