"""Reasons as people read them: a stable code and a German sentence that says what happened and what to do next."""

from __future__ import annotations

from typing import Any

_TEXTS = {
    "kills_its_child": "Die Verarbeitung brach dreimal ab. Die Sendung liegt in der Quarantäne. Bitte neu scannen oder "
    "von Hand erfassen.",
    "memory_limit": "Die Verarbeitung brauchte dreimal mehr Speicher als erlaubt; die Datei ist vielleicht schädlich. "
    "Die Sendung liegt in der Quarantäne. Bitte neu scannen oder neu anfordern.",
    "time_limit": "Die Verarbeitung dauerte dreimal zu lange; die Datei ist vielleicht schädlich. Die Sendung liegt in "
    "der Quarantäne. Bitte neu scannen oder neu anfordern.",
    "page_unreadable": "Eine Seite lässt sich nicht lesen, das Bild ist beschädigt. Bitte neu scannen oder neu "
    "anfordern.",
    "only_sheets": "Der Stapel besteht nur aus Trennblättern. Bitte prüfen, ob Seiten fehlen.",
    "duplicate": "Dieselben Bytes kamen schon einmal an. Bitte prüfen, ob die Sendung doppelt ist.",
    "sheet_count": "Die Zahl der Blätter weicht von der Angabe ab. Bitte den Stapel mit dem Papier vergleichen.",
    "sheet_unit_unknown": "Das Trennblatt nennt eine Einheit, die es nicht gibt. Bitte prüfen.",
    "sheet_fields": "Das Trennblatt enthält unbekannte oder doppelte Angaben. Bitte prüfen.",
}

_ENDS = {"MemoryExceeded": "memory_limit", "TimedOut": "time_limit", "PageUnreadable": "page_unreadable"}


def reason(code: str, text: str | None = None) -> dict[str, Any]:
    """A reason as it is stored and shown."""
    return {"code": code, "text": text or _TEXTS[code]}


def quarantine_reason(error: str) -> dict[str, Any]:
    """Why a step is given up after it ended its own child three times, by how it ended. `error` is the technical name,
    kept for the administration.
    """
    return {**reason(_ENDS.get(error, "kills_its_child")), "error": error}
