"""How receipts end: refused whole, finished with their last item, or quarantined because a step kills its child.

Opens no received bytes and loads no engine: the supervisor uses it too.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from core.actor import system_actor
from core.audit import record_act
from core.database import Transaction
from core.ids import new_id
from core.jobs import LeasedJob
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
    ends = tx.session.execute(select(MailItem.state, MailItem.final_at).where(MailItem.receipt_id == receipt.id)).all()
    if all(state != "in_work" for state, _ in ends):
        receipt.final_at = max((moment for _, moment in ends if moment), default=tx.now)


def quarantine_job(tx: Transaction, job: LeasedJob, error: str) -> None:
    """Put what the job worked on into quarantine: its step killed its own child, alone, three times."""
    reasons = [quarantine_reason(error)]
    actor = system_actor(job.agency_id)
    if job.kind == SPLIT:
        receipt = tx.session.get_one(Receipt, job.subject_id)
        refuse_receipt(tx, receipt, "quarantined", reasons)
    else:
        item = tx.session.get_one(MailItem, job.subject_id)
        item.state, item.reasons, item.final_at = "quarantined", reasons, tx.now
        finish_receipt(tx, tx.session.get_one(Receipt, item.receipt_id))
    record_act(tx, actor, "mail.quarantined", job.kind, job.subject_id, code=reasons[0]["code"])
