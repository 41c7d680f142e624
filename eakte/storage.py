"""Which blob store this installation has, and as whom a process comes to it. Nothing is started on half a setting."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select

from archive.blobs.local import LocalBlobStore
from archive.blobs.port import BlobStore
from archive.models import Installation
from core.audit.anchors import AnchorFile, Anchors, add_missing
from core.database import Database
from core.errors import ConfigurationError
from core.ids import new_id
from core.settings import Settings


def open_blobs(settings: Settings, database: Database, *, make: bool = False) -> BlobStore:
    """The store of the everyday identity. With `make`, a bucket that is not there is made and marked.

    Sends nothing otherwise: `examine_storage` looks whether the store is the right one.
    """
    if not _uses_s3(settings):
        return LocalBlobStore(settings.blob_folder, settings.work_folder, settings.disk_reserve)
    from eakte import s3_access  # its client costs every start a third of a second

    if make:
        s3_access.prepare(settings, _installation(database))
    return s3_access.everyday_store(settings)


def open_anchors(settings: Settings, *, make: bool = False) -> Anchors:
    """Where the heads of the audit chain are kept: the file in the data folder, or the bucket that all hosts share.

    With `make`, heads in the file of a host that now uses the bucket are carried over; the file stays.
    """
    file = AnchorFile(settings.anchor_file)
    if not _uses_s3(settings):
        return file
    from eakte import s3_access

    shared = s3_access.anchors(settings)
    if make:
        add_missing(shared, file.all())
    return shared


def examine_storage(settings: Settings, database: Database) -> None:
    """Raise ConfigurationError unless the store is there, safe, and this installation's; Unavailable without an answer."""
    if _uses_s3(settings):
        from eakte import s3_access

        s3_access.examine(settings, _installation(database))


def open_disposal_blobs(settings: Settings, everyday: BlobStore) -> BlobStore:
    """The store as the disposal identity sees it, which may go past a lock after four eyes. Where nothing locks: the same.

    Raises ConfigurationError on a host that was not given that identity.
    """
    if not _uses_s3(settings):
        return everyday
    from eakte import s3_access

    return s3_access.disposal_store(settings)


def may_dispose(settings: Settings) -> bool:
    """Whether this host was given the identity that disposal needs."""
    return not _uses_s3(settings) or settings.s3_disposal_access_key_file is not None


def _uses_s3(settings: Settings) -> bool:
    """Either all of it or nothing: half a setting must not end in the data folder."""
    if settings.s3_endpoint:
        return True
    told = ("s3_bucket", "s3_access_key_file", "s3_secret_key_file", "s3_disposal_access_key_file")
    if any(getattr(settings, name) for name in told):
        raise ConfigurationError(
            "Die Einstellungen des Speichers sind unvollständig: EAKTE_S3_ENDPOINT fehlt.",
            "The storage settings are incomplete: EAKTE_S3_ENDPOINT is missing.",
        )
    return False


def _installation(database: Database) -> UUID:
    """This installation's own id, made once: it marks what is its alone outside the database."""
    with database.read() as session:
        found = session.scalar(select(Installation.id).limit(1))
    if found is not None:
        return found
    with database.write() as tx:
        known = tx.session.scalar(select(Installation.id).limit(1))
        if known is not None:
            return known
        row = Installation(id=new_id(), made_at=tx.now)
        tx.session.add(row)
        return row.id
