"""Reasons as people read them: a stable code and a German sentence that says what happened and what to do next."""

from __future__ import annotations

from typing import Any

_TEXTS = {
    "kills_its_child": "Die Verarbeitung brach dreimal ab. Die Sendung liegt in der Quarantäne. Bitte neu scannen oder "
    "von Hand erfassen.",
    "duplicate": "Dieselben Bytes kamen schon einmal an. Bitte prüfen, ob die Sendung doppelt ist.",
    "sheet_count": "Die Zahl der Blätter weicht von der Angabe ab. Bitte den Stapel mit dem Papier vergleichen.",
    "sheet_fields": "Das Trennblatt enthält unbekannte oder doppelte Angaben. Bitte prüfen.",
}


def reason(code: str, text: str | None = None) -> dict[str, Any]:
    """A reason as it is stored and shown."""
    return {"code": code, "text": text or _TEXTS[code]}


def quarantine_reason(code: str, error: str) -> dict[str, Any]:
    """A reason of quarantine; the technical name of the error is kept for the administration."""
    return {**reason(code), "error": error}
