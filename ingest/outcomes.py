"""How receipts end: refused whole, finished with their last item, or quarantined because a step kills its child.

Opens no received bytes and loads no engine: the supervisor uses it too.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select

from core.actor import system_actor
from core.audit import record_act
from core.database import Transaction
from core.ids import new_id
from core.jobs import LeasedJob
from ingest import portions
from ingest.kinds import SPLIT
from ingest.models import MailItem, Receipt
from ingest.texts import quarantine_reason


def refuse_receipt(tx: Transaction, receipt: Receipt, state: str, reasons: list[dict[str, Any]]) -> None:
    """The receipt as a whole is quarantined or rejected: one open work item with number 0."""
    receipt.state, receipt.reasons, receipt.final_at = state, reasons, tx.now
    item = MailItem(
        id=new_id(), agency_id=receipt.agency_id, receipt_id=receipt.id, item_no=0, page_count=0, state=state,
        reasons=reasons, final_at=tx.now,
    )  # fmt: skip
    tx.session.add(item)
    tx.session.flush()
    codes = [entry["code"] for entry in reasons]
    record_act(tx, system_actor(receipt.agency_id), f"receipt.{state}", "receipt", receipt.id, codes=codes)


def finish_receipt(tx: Transaction, receipt: Receipt) -> None:
    """Note when the last item of a receipt reached its final state."""
    tx.session.flush()
    mine = MailItem.receipt_id == receipt.id
    # Letters are worked on in their order: seen from the end, one that is still open is found at once.
    unfinished = select(MailItem.id).where(mine, MailItem.state == "in_work").order_by(MailItem.item_no.desc())
    if receipt.state == "split" and tx.session.scalar(unfinished.limit(1)) is None:
        receipt.final_at = tx.session.scalar(select(func.max(MailItem.final_at)).where(mine)) or tx.now


def quarantine_job(tx: Transaction, job: LeasedJob, error: str) -> None:
    """Put what the job worked on into quarantine: its step killed its own child, alone, three times.

    A receipt that is split already stays so: its letters are all there, and what was missing is made up for here.
    """
    reasons = [quarantine_reason(error)]
    actor = system_actor(job.agency_id)
    if job.kind == SPLIT:
        receipt = tx.session.get_one(Receipt, job.subject_id)
        if receipt.state == "split":
            portions.give_out_rest(tx, job)
            return
        portions.forget(tx, receipt.id)
        refuse_receipt(tx, receipt, "quarantined", reasons)
    else:
        item = tx.session.get_one(MailItem, job.subject_id)
        item.state, item.reasons, item.final_at = "quarantined", reasons, tx.now
        finish_receipt(tx, tx.session.get_one(Receipt, item.receipt_id))
    record_act(tx, actor, "mail.quarantined", job.kind, job.subject_id, code=reasons[0]["code"])
