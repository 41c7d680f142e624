"""The transfer note of a document (TR-RESISCAN V1.5, A.NB.4): who, how, when, anomalies, result, statement. Pure.

It names the operator's pseudonym, which the organisation can resolve, and refers to the procedure by name and version.
The statement is the procedure's own: until a person has sampled the batch, `quality` says "not sampled yet".
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

PROCEDURE = {"name": "E-Akte Posteingang", "variant": "zentrale Scanstelle", "version": "1"}
STATEMENT = (
    "Das Scanprodukt wurde maschinell übernommen: Bildströme unverändert, Seitenzahl und Prüfsummen je Seite "
    "verglichen. Die bildliche und inhaltliche Übereinstimmung mit dem Papier bestätigt die Stichprobe."
)


@dataclass(frozen=True, slots=True)
class NotedPage:
    """What the note says of a page."""

    page_no: int
    image_sha256: str | None
    blank: bool
    rotation: int
    dpi: int
    engine: str | None
    confidence: float
    anomalies: Sequence[str]


@dataclass(frozen=True, slots=True)
class NoteFacts:
    """Everything that goes into the note."""

    document_id: UUID
    receipt_id: UUID
    item_no: int
    station: str | None
    operator: str | None
    channel: str
    received_on: date
    accepted_at: datetime
    processed_at: datetime
    master_sha256: str
    rendition_sha256: str | None
    conformance: str | None
    conformance_reason: str | None
    pages: Sequence[NotedPage]
    anomalies: Sequence[str]


def transfer_note(facts: NoteFacts) -> dict[str, Any]:
    """The note as plain data, ready to be stored and hashed."""
    return {
        "format": "eakte-transfer-note/1",
        "document": str(facts.document_id),
        "creator": {"station": facts.station, "operator": facts.operator, "channel": facts.channel},
        "environment": {"procedure": PROCEDURE},
        "batch": {"receipt": str(facts.receipt_id), "item": facts.item_no},
        "times": {
            "received_on": facts.received_on.isoformat(),
            "accepted_at": facts.accepted_at.isoformat(),
            "processed_at": facts.processed_at.isoformat(),
        },
        "products": {
            "scan_master": facts.master_sha256,
            "rendition": facts.rendition_sha256,
            "rendition_conformance": facts.conformance,
            "rendition_reason": facts.conformance_reason,
        },
        "pages": [
            {
                "page": page.page_no,
                "image_sha256": page.image_sha256,
                "blank": page.blank,
                "rotation": page.rotation,
                "dpi": page.dpi,
                "engine": page.engine,
                "confidence": round(page.confidence, 1),
                "anomalies": list(page.anomalies),
            }
            for page in facts.pages
        ],
        "anomalies": list(facts.anomalies),
        "quality": {"result": "not_sampled_yet", "page_count_verified": True},
        "statement": STATEMENT,
    }


def note_hash(note: dict[str, Any]) -> str:
    """SHA-256 of the note's canonical JSON."""
    canonical = json.dumps(note, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()
