"""Looking in the stores whether what was destroyed is gone: rows, bytes, index, write-ahead log. Changes nothing.

Each trace is text of the form `store:what:id`, without contents. What is not looked at: copies outside the installation
(backups, exports, files that a person saved), which the certificate says.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from archive.blobs.port import BlobStore
from archive.models import BlobClaim
from core.database import Database
from retention.erasure import left_over
from retention.models import DisposalObject
from search.index import SearchIndex

CHECKED = (
    "Datenbank: Zeilen der Akte, ihrer Schriftstücke, Personen, Postkörbe und des Posteingangsbuchs",
    "Bytespeicher: Original-Scans, Lesefassungen, Seitentexte, Stapel",
    "Suchindex: Schriftstücke",
)


def find_traces(
    database: Database, store: BlobStore, index: SearchIndex, objects: Sequence[DisposalObject]
) -> list[str]:
    """Everything that is left of these destroyed objects; empty when nothing is."""
    found: list[str] = []
    destroyed = [one for one in objects if one.state in ("executing", "destroyed")]
    with database.read() as session:
        for one in destroyed:
            documents = document_ids(one)
            found += [
                f"database:{where}:{one.case_file_id}" for where in left_over(session, one.case_file_id, documents)
            ]
            found += [f"blobs:bytes:{sha256}" for sha256 in bytes_left(session, store, one)]
    if destroyed:
        indexed = index.documents()
        everything = {str(document_id) for one in destroyed for document_id in document_ids(one)}
        found += [f"index:document:{one}" for one in sorted(everything & indexed)]
        found += _log_left(database)
    return found


def document_ids(one: DisposalObject) -> list[UUID]:
    """The documents that went with an object."""
    return [UUID(document["id"]) for document in one.proof.get("documents", [])]


def bytes_left(session: Session, store: BlobStore, one: DisposalObject) -> list[str]:
    """Bytes of the object that are still stored although nothing else claims them."""
    left = [address for address in one.proof.get("released", []) if store.exists(address)]
    return [one for one in left if not session.scalar(select(exists().where(BlobClaim.sha256 == one)))]


def _log_left(database: Database) -> list[str]:
    left = database.remembers_deleted() and not database.forget_deleted()
    return ["database:write_ahead_log:-"] if left else []
