"""The receipt ledger as destruction sees it: names of its tables, columns that can hold something personal.

Retention and ingest are neighbours and never import each other, but destruction has to reach what the way in wrote:
file names, evidence, texts of pages. So this module addresses the ledger's tables as the shared schema has them; a test
holds these descriptions against the models. What stays is what the ledger must prove for ever: that something came in on
a day, with how many pages, and that it was dealt with (I1 still adds up after destruction).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    JSON,
    Integer,
    Select,
    String,
    TableClause,
    Uuid,
    column,
    delete,
    func,
    literal,
    select,
    table,
    update,
)
from sqlalchemy.orm import Session

from archive.blobs import claims
from core.columns import UtcDateTime
from core.database import Transaction

RECEIPT: Final = table(
    "receipt",
    column("id", Uuid()),
    column("source_name", String()),
    column("idempotency_key", String()),
    column("operator", String()),
    column("batch_code", String()),
    column("reasons", JSON()),
    column("ended_reason", String()),
    column("blob_released_at", UtcDateTime()),
    column("final_at", UtcDateTime()),
    column("state", String()),
)
MAIL_ITEM: Final = table(
    "mail_item",
    *(column("id", Uuid()), column("receipt_id", Uuid()), column("document_id", Uuid())),
    *(column("case_file_id", Uuid()), column("state", String()), column("master_sha256", String())),
    *(column("document_type", String()), column("keyword", String()), column("inbox", String())),
    *(
        column("ended_at", UtcDateTime()),
        column("ended_reason", String()),
        column("sheet", JSON()),
        column("forced_reasons", JSON()),
    ),
    *(column("notes", JSON()), column("reasons", JSON()), column("evidence", JSON()), column("candidates", JSON())),
)
ITEM_PAGE: Final = table(
    "item_page",
    *(column("mail_item_id", Uuid()), column("page_no", Integer()), column("text_sha256", String())),
    *(column("image_sha256", String()), column("notes", JSON())),
)
RECEIPT_PAGE: Final = table("receipt_page", column("mail_item_id", Uuid()), column("image_sha256", String()))
TRANSFER_NOTE: Final = table("transfer_note", column("document_id", Uuid()))
TABLES: Final = (RECEIPT, MAIL_ITEM, ITEM_PAGE, RECEIPT_PAGE, TRANSFER_NOTE)
_ERASED_ITEM: Final[dict[str, Any]] = {
    **dict.fromkeys(("case_file_id", "master_sha256", "document_type", "keyword", "inbox", "ended_reason")),
    **{name: [] for name in ("forced_reasons", "notes", "reasons", "evidence", "candidates")},
    "sheet": {},
}


def items_of(tx: Transaction, document_ids: Sequence[UUID]) -> list[UUID]:
    """The mail items that these documents came in with."""
    return list(tx.session.scalars(select(MAIL_ITEM.c.id).where(MAIL_ITEM.c.document_id.in_(document_ids))))


def unfinished(tx: Transaction, document_ids: Select[UUID]) -> bool:
    """Whether a batch that one of the documents came in with still needs its bytes: other letters in it are being worked
    on. `document_ids` is a query: there may be many.
    """
    at_work = select(MAIL_ITEM.c.receipt_id).where(MAIL_ITEM.c.state == "in_work")
    mine = select(MAIL_ITEM.c.id).where(MAIL_ITEM.c.document_id.in_(document_ids), MAIL_ITEM.c.receipt_id.in_(at_work))
    return tx.session.scalar(mine.limit(1)) is not None


def finished_receipts(session: Session, ids: Collection[UUID]) -> set[UUID]:
    """Which of these receipts are at their end: every letter in them has a master of its own."""
    done = (RECEIPT.c.state == "split") & RECEIPT.c.final_at.is_not(None)
    return set(session.scalars(select(RECEIPT.c.id).where(RECEIPT.c.id.in_(ids), done)))


def settle(tx: Transaction, states: Mapping[UUID, str]) -> None:
    """Note at the items what became of these documents, by their states: filed, or rejected where a person dismissed
    them. The documents said so until now, and the sums must be right for ever (I1). Idempotent.
    """
    dismissed = [document_id for document_id, state in states.items() if state == "dismissed"]
    filed = [document_id for document_id, state in states.items() if state == "active"]
    mine = MAIL_ITEM.c.document_id
    tx.session.execute(update(MAIL_ITEM).where(mine.in_(filed)).values(state="filed"))
    ended = func.coalesce(MAIL_ITEM.c.ended_at, literal(tx.now, MAIL_ITEM.c.ended_at.type))
    tx.session.execute(update(MAIL_ITEM).where(mine.in_(dismissed)).values(state="rejected", ended_at=ended))


def erase(tx: Transaction, document_ids: Sequence[UUID], item_ids: Sequence[UUID]) -> list[str]:
    """Empty the ledger's rows of these documents and give up their bytes. Idempotent; the rows themselves stay.

    The batch that a letter came in with goes too: it shows that letter, and every other one in it has its own master.
    Returns the addresses tombstoned. Raises nothing for documents that never came through the ledger.
    """
    receipts = sorted(set(tx.session.scalars(select(MAIL_ITEM.c.receipt_id).where(MAIL_ITEM.c.id.in_(item_ids)))))
    tx.session.execute(delete(TRANSFER_NOTE).where(TRANSFER_NOTE.c.document_id.in_(document_ids)))
    tx.session.execute(
        update(ITEM_PAGE)
        .where(ITEM_PAGE.c.mail_item_id.in_(item_ids))
        .values(text_sha256=None, image_sha256=None, notes=[])
    )
    tx.session.execute(update(RECEIPT_PAGE).where(RECEIPT_PAGE.c.mail_item_id.in_(item_ids)).values(image_sha256=None))
    tx.session.execute(update(MAIL_ITEM).where(MAIL_ITEM.c.id.in_(item_ids)).values(**_ERASED_ITEM))
    released = [address for item in item_ids for address in claims.release(tx, claims.MAIL_ITEM, item)]
    for receipt in receipts:
        released += claims.release(tx, claims.RECEIPT, receipt)
        _erase_receipt(tx, receipt)
    return released


def forget_case(tx: Transaction, document_id: UUID, remaining_case_id: UUID | None) -> None:
    """What the way in noted about a document that stays in another case only: its evidence named the destroyed case and
    its people. Idempotent.
    """
    emptied = {name: _ERASED_ITEM[name] for name in ("sheet", "forced_reasons", "reasons", "evidence", "candidates")}
    mine = MAIL_ITEM.c.document_id == document_id
    tx.session.execute(update(MAIL_ITEM).where(mine).values(case_file_id=remaining_case_id, **emptied))


def traces(tx_or_session: Any, document_ids: Sequence[UUID]) -> list[str]:
    """What of these documents the ledger still holds, as `table:column`."""
    found = []
    items = select(MAIL_ITEM.c.id).where(MAIL_ITEM.c.document_id.in_(document_ids))
    for kind, condition, names in (
        (MAIL_ITEM, MAIL_ITEM.c.document_id.in_(document_ids), ("case_file_id", "master_sha256", "document_type")),
        (ITEM_PAGE, ITEM_PAGE.c.mail_item_id.in_(items), ("text_sha256", "image_sha256")),
        (RECEIPT_PAGE, RECEIPT_PAGE.c.mail_item_id.in_(items), ("image_sha256",)),
        (TRANSFER_NOTE, TRANSFER_NOTE.c.document_id.in_(document_ids), ("document_id",)),
    ):
        for name in names:
            left = select(kind.c[name]).where(condition, kind.c[name].is_not(None)).limit(1)
            if tx_or_session.scalar(left) is not None:
                found.append(f"{_name(kind)}:{name}")
    return found


def _erase_receipt(tx: Transaction, receipt_id: UUID) -> None:
    """The name of the file and the sender's key may name a person; the key stays unique."""
    values: dict[str, Any] = {
        "source_name": None,
        "idempotency_key": f"destroyed/{receipt_id}",  # a sender's key never has the stroke
        "batch_code": None,
        "reasons": [],
        "ended_reason": None,
    }
    tx.session.execute(update(RECEIPT).where(RECEIPT.c.id == receipt_id).values(**values))
    not_released = RECEIPT.c.blob_released_at.is_(None)
    tx.session.execute(update(RECEIPT).where(RECEIPT.c.id == receipt_id, not_released).values(blob_released_at=tx.now))


def _name(kind: TableClause) -> str:
    return str(kind.name)
