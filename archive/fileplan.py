"""Loading file plan, keyword catalogues and document types from the data files into an agency. Idempotent."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from archive.datafiles import data_file
from archive.models import DocumentType, FilePlanUnit, Keyword
from core.database import Transaction
from core.upsert import upsert


def load_defaults(tx: Transaction, agency_id: UUID) -> None:
    """Bring file plan, keywords and document types of the data files in; changed entries are updated, none removed."""
    units = data_file("fileplan")["units"]
    for entry in units:
        upsert(tx, FilePlanUnit, {"agency_id": agency_id, "code": entry["code"]}, _unit_values(entry))
    catalogues = data_file("keywords")["catalogues"]
    for file_type, entries in catalogues.items():
        for entry in entries:
            key = {"agency_id": agency_id, "file_plan_unit": file_type, "code": entry["code"]}
            upsert(tx, Keyword, key, _keyword_values(entry))
    for entry in data_file("document-types")["document_types"]:
        upsert(tx, DocumentType, {"agency_id": agency_id, "code": entry["code"]}, _type_values(entry))


def _unit_values(entry: dict[str, Any]) -> dict[str, Any]:
    numbering = entry.get("numbering") or {}
    return {
        "plan_code": entry["plan_code"],
        "title": entry["title"],
        "kind": entry["kind"],
        "parent_code": entry.get("parent"),
        "number_pattern": numbering.get("pattern"),
        "number_regex": numbering.get("regex"),
        "retention_id": entry.get("retention"),
        "disposal_action": entry.get("disposal_action"),
        "secrecy_class": entry.get("secrecy"),
        "enabled": entry.get("enabled", True),
    }


def _keyword_values(entry: dict[str, Any]) -> dict[str, Any]:
    return {
        "title": entry["title"],
        "position": entry.get("order", 0),
        "sensitivity": entry.get("sensitivity", []),
    }


def _type_values(entry: dict[str, Any]) -> dict[str, Any]:
    return {
        "title": entry["title"],
        "direction": entry.get("direction", "in"),
        "file_type": entry.get("file_type"),
        "keyword": entry.get("keyword"),
        "urgency": entry.get("urgency", "normal"),
        "paper_original": entry.get("paper_original", "check"),
        "deadlines": entry.get("deadlines", []),
    }
