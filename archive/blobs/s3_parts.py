"""Large objects in parts: sent one after the other, completed on the condition, aborted when anything goes wrong."""

from __future__ import annotations

from datetime import datetime
from typing import BinaryIO, Final
from xml.etree.ElementTree import Element, SubElement, tostring

from minio import Minio

PART: Final = 16 * 1024 * 1024


def put(
    client: Minio, bucket: str, key: str, file: BinaryIO, headers: dict[str, str], condition: dict[str, str]
) -> None:
    """Send the file from its position. Each part is signed with its hash; the whole is read back by the caller.

    The condition is checked by the server when the upload is completed.
    """
    upload = client._create_multipart_upload(bucket, key, dict(headers))
    try:
        body = Element("CompleteMultipartUpload")
        number = 0
        while data := file.read(PART):
            number += 1
            part = SubElement(body, "Part")
            SubElement(part, "PartNumber").text = str(number)
            SubElement(part, "ETag").text = f'"{client._upload_part(bucket, key, data, None, upload, number)}"'
        client._execute(
            "POST", bucket, key, body=tostring(body), headers={"Content-Type": "application/xml", **condition},
            query_params={"uploadId": upload},
        )  # fmt: skip
    except BaseException:  # whatever stops it, also Ctrl-C: parts without an end would be paid for and never seen
        _abort(client, bucket, key, upload)
        raise


def abort_older(client: Minio, bucket: str, before: datetime) -> int:
    """Abort uploads that were begun before then and never completed; returns how many."""
    aborted = 0
    for upload in client._list_multipart_uploads(bucket).uploads:
        if upload.object_name and upload.upload_id and upload.initiated_time and upload.initiated_time < before:
            client._abort_multipart_upload(bucket, upload.object_name, upload.upload_id)
            aborted += 1
    return aborted


def _abort(client: Minio, bucket: str, key: str, upload: str) -> None:
    try:
        client._abort_multipart_upload(bucket, key, upload)
    except Exception:  # the first error counts; what is left of the upload goes with the next `tidy`
        return
