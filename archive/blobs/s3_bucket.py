"""The bucket before it is used: made once with versioning and Object Lock, marked as ours, examined at every start.

Whatever is wrong is one sentence in German and English, and nothing is started: ConfigurationError, or Unavailable when
the server does not answer at all.
"""

from __future__ import annotations

import json
import time
from typing import Any
from uuid import UUID

from minio import Minio
from minio.commonconfig import ENABLED
from minio.error import S3Error

from archive.blobs.s3 import EVENTUAL, MARKER
from archive.blobs.s3_wire import NOT_THERE, THERE_ALREADY, status_of, translated
from core.errors import ConfigurationError

_FORMAT = 1
_ANY_REFUSAL = range(400, 500)


def prepare(client: Minio, bucket: str, installation: UUID) -> None:
    """Make the bucket where there is none, mark it, and examine it. Idempotent; a bucket with other content is refused."""
    if not _exists(client, bucket):
        _ask(lambda: client.make_bucket(bucket, object_lock=True))
    _require_safety(client, bucket)
    if _marker(client, bucket) is None:
        if next(iter(_ask(lambda: list(_first(client, bucket)))), None) is not None:
            raise ConfigurationError(
                f"Der Speicherbereich {bucket} enthält schon etwas, das nicht von der E-Akte stammt. Bitte einen leeren "
                "angeben (EAKTE_S3_BUCKET).",
                f"the bucket {bucket} holds foreign content: name an empty one (EAKTE_S3_BUCKET)",
            )
        _mark(client, bucket, installation)
        _require_mark(client, bucket)
    examine(client, bucket, installation)


def examine(client: Minio, bucket: str, installation: UUID) -> None:
    """Raise unless the bucket is there, versioned, with Object Lock, and this installation's."""
    if not _exists(client, bucket):
        raise ConfigurationError(
            f"Den Speicherbereich {bucket} gibt es nicht. Bitte `eakte db upgrade` ausführen.",
            f"there is no bucket {bucket}: run `eakte db upgrade`",
        )
    _require_safety(client, bucket)
    marker = _marker(client, bucket)
    if marker is None:
        raise ConfigurationError(
            f"Der Speicherbereich {bucket} ist nicht für die E-Akte eingerichtet. Bitte `eakte db upgrade` ausführen.",
            f"the bucket {bucket} is not prepared: run `eakte db upgrade`",
        )
    if marker.get("format") != _FORMAT:
        raise ConfigurationError(
            f"Der Speicherbereich {bucket} gehört zu einer anderen Version der E-Akte.",
            f"the bucket {bucket} belongs to another version",
        )
    if marker.get("installation") != str(installation):
        raise ConfigurationError(
            f"Der Speicherbereich {bucket} gehört zu einer anderen E-Akte. Jede braucht ihren eigenen: Sonst räumt die "
            "eine weg, was der anderen gehört.",
            f"the bucket {bucket} belongs to another installation; each needs its own",
        )


def _exists(client: Minio, bucket: str) -> bool:
    """Asked by GET: an answer to HEAD has no body, and some servers then say 404 to wrong keys too."""
    try:
        with translated(passing=_ANY_REFUSAL):
            client.get_bucket_versioning(bucket)
    except S3Error as error:
        if error.code == "NoSuchBucket":
            return False
        raise _refused(error) from error
    return True


def _require_safety(client: Minio, bucket: str) -> None:
    if not _has_lock(client, bucket) or _ask(lambda: client.get_bucket_versioning(bucket)).status != ENABLED:
        raise ConfigurationError(
            f"Der Speicherbereich {bucket} hat keine Objektsperre (Object Lock) mit Versionen. Sie lässt sich nur beim "
            "Anlegen einschalten: Bitte einen neuen Namen angeben (EAKTE_S3_BUCKET) und `eakte db upgrade` ausführen.",
            f"the bucket {bucket} has no Object Lock with versioning: name a new one and run `eakte db upgrade`",
        )


def _has_lock(client: Minio, bucket: str) -> bool:
    """Asked without the client's reader, which fails where a server leaves the default rule empty."""
    try:
        with translated(passing=_ANY_REFUSAL):
            answer = client._execute("GET", bucket, query_params={"object-lock": ""})
    except S3Error as error:
        if error.code == "ObjectLockConfigurationNotFoundError" or status_of(error) == 404:
            return False
        raise _refused(error) from error
    return b"<ObjectLockEnabled>Enabled<" in answer.data


def _marker(client: Minio, bucket: str) -> dict[str, Any] | None:
    try:
        with translated(passing=_ANY_REFUSAL):
            answer = client.get_object(bucket, MARKER)
            with answer:
                found = json.loads(answer.read(4096))
    except S3Error as error:
        if error.code in NOT_THERE:
            return None
        raise _refused(error) from error
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _mark(client: Minio, bucket: str, installation: UUID) -> None:
    data = json.dumps({"format": _FORMAT, "installation": str(installation)}).encode()
    headers: dict[str, Any] = {"Content-Type": "application/json", "If-None-Match": "*"}
    try:
        with translated(passing=THERE_ALREADY):
            client._put_object(bucket, MARKER, data, headers)
    except S3Error:
        return  # two at once: whose mark stands is seen when it is examined


def _require_mark(client: Minio, bucket: str) -> None:
    """What was acknowledged has to be there, if a little later: a storage that loses it now would lose letters."""
    for wait in (0.0, *EVENTUAL):
        time.sleep(wait)
        if _marker(client, bucket) is not None:
            return
    raise ConfigurationError(
        f"Der Speicher bewahrt nicht auf, was er angenommen hat: Das Kennzeichen im Speicherbereich {bucket} ist bestätigt, "
        "aber nicht da. Bitte den Speicher und was davor steht (Proxy, Cache) prüfen.",
        f"the storage does not keep what it accepts: the mark of the bucket {bucket} was acknowledged and is not there; "
        "check the storage and whatever stands before it (proxy, cache)",
    )


def _first(client: Minio, bucket: str) -> Any:
    listed = client.list_objects(bucket, recursive=True, include_version=True)
    return [one for one, _ in zip(listed, range(1), strict=False)]


def _ask(question: Any) -> Any:
    try:
        with translated(passing=_ANY_REFUSAL):
            return question()
    except S3Error as error:
        raise _refused(error) from error


def _refused(error: S3Error) -> ConfigurationError:
    if error.code == "RequestTimeTooSkewed":
        return ConfigurationError(
            "Die Uhren dieses Rechners und des Speichers gehen verschieden. Bitte die Uhrzeit stellen.",
            "the clocks of this host and of the storage differ: set the time",
        )
    return ConfigurationError(
        f"Der Speicher lehnt die Zugangsdaten ab ({error.code}). Bitte EAKTE_S3_ACCESS_KEY_FILE und "
        "EAKTE_S3_SECRET_KEY_FILE und die Rechte auf den Speicherbereich prüfen.",
        f"the storage refuses the credentials ({error.code}): check EAKTE_S3_ACCESS_KEY_FILE, EAKTE_S3_SECRET_KEY_FILE "
        "and the rights on the bucket",
    )
