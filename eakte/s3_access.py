"""S3 as the settings name it: addresses, identities, encryption. Loaded only where S3 is used."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

from minio.sse import SseKMS, SseS3

from archive.blobs import s3_bucket
from archive.blobs.s3 import S3BlobStore
from archive.blobs.s3_anchors import S3Anchors
from archive.blobs.s3_wire import Access, connect
from core.errors import ConfigurationError
from core.secrets import read_secret
from core.settings import Settings


def prepare(settings: Settings, installation: UUID) -> None:
    """Make and mark the bucket where that is still to be done. Raises ConfigurationError, Unavailable."""
    access = _everyday(settings)
    s3_bucket.prepare(connect(access), access.bucket, installation)


def examine(settings: Settings, installation: UUID) -> None:
    """Raise ConfigurationError unless the bucket is safe and this installation's; Unavailable without an answer."""
    access = _everyday(settings)
    s3_bucket.examine(connect(access), access.bucket, installation)


def everyday_store(settings: Settings) -> S3BlobStore:
    """The store for everything but disposal. Sends nothing yet."""
    access = _everyday(settings)
    return S3BlobStore(connect(access), access.bucket, settings.work_folder, _encryption(settings))


def anchors(settings: Settings) -> S3Anchors:
    """The heads of the audit chain in the bucket. Sends nothing yet."""
    access = _everyday(settings)
    return S3Anchors(connect(access), access.bucket, _encryption(settings))


def disposal_store(settings: Settings) -> S3BlobStore:
    """The store that may go past a lock. Raises ConfigurationError on a host without that identity."""
    keys = settings.s3_disposal_access_key_file, settings.s3_disposal_secret_key_file
    access = _access(settings, *keys, "EAKTE_S3_DISPOSAL_")
    return S3BlobStore(connect(access), access.bucket, settings.work_folder, _encryption(settings), bypass=True)


def _everyday(settings: Settings) -> Access:
    return _access(settings, settings.s3_access_key_file, settings.s3_secret_key_file, "EAKTE_S3_")


def _access(settings: Settings, key: Path | None, secret: Path | None, prefix: str) -> Access:
    needed = {
        "EAKTE_S3_BUCKET": settings.s3_bucket,
        f"{prefix}ACCESS_KEY_FILE": key,
        f"{prefix}SECRET_KEY_FILE": secret,
    }
    absent = ", ".join(name for name, value in needed.items() if not value)
    if absent or key is None or secret is None:
        raise ConfigurationError(
            f"Die Einstellungen des Speichers sind unvollständig: {absent} fehlt.",
            f"The storage settings are incomplete: {absent} is missing.",
        )
    return Access(
        settings.s3_endpoint, settings.s3_bucket, settings.s3_region, read_secret(key, f"{prefix}ACCESS_KEY_FILE"),
        read_secret(secret, f"{prefix}SECRET_KEY_FILE"),
    )  # fmt: skip


def _encryption(settings: Settings) -> dict[str, str]:
    if settings.s3_encryption == "off":
        return {}
    if settings.s3_encryption == "AES256":
        return {name: str(value) for name, value in SseS3().headers().items()}
    key = settings.s3_encryption.removeprefix("kms:")
    return {name: str(value) for name, value in SseKMS(key, {}).headers().items()}
