"""Why a letter waits for a person: stable codes with a German sentence each (what happened, what next)."""

from __future__ import annotations

_TEXTS = {
    "no_candidate": "Keine Akte passt zu dem Schreiben. Bitte suchen oder eine neue Akte vorschlagen.",
    "number_alone": "Nur die Nummer spricht für die Akte; Name oder Geburtsdatum fehlen. Bitte prüfen.",
    "number_unsure": "In der Nummer ist ein Zeichen unsicher. Bitte mit dem Schreiben vergleichen.",
    "name_alone": "Nur der Name stimmt. Das reicht nicht für eine Ablage. Bitte prüfen.",
    "birth_date_alone": "Nur ein Geburtsdatum stimmt. Das reicht nicht für eine Ablage. Bitte prüfen.",
    "several_cases": "Das Schreiben passt zu mehreren Akten. Bitte die richtige wählen.",
    "contradiction": "Nummer und Name gehören zu verschiedenen Akten. Bitte prüfen.",
    "case_closed": "Die Akte ist geschlossen. Bitte wieder öffnen lassen oder eine andere wählen.",
    "sealed": "Das Schreiben braucht eine Entscheidung der Leitung.",
    "protected_address": "Für eine Person gilt eine Auskunftssperre. Bitte von Hand ablegen.",
    "deceased": "Eine Person der Akte ist als verstorben vermerkt. Bitte prüfen.",
    "complaint": "Eine Beschwerde ordnet immer ein Mensch zu.",
    "complaint_names_staff": "Das Schreiben nennt Beschäftigte. Es geht nur an die Leitung.",
    "advertising": "Das Schreiben sieht nach Werbung aus. Bitte prüfen.",
    "wrong_addressee": "Das Schreiben ist an eine andere Stelle gerichtet. Bitte weitergeben.",
    "new_applicant": "Neuer Antrag ohne bekannte Akte. Bitte eine vorläufige Akte anlegen.",
    "sheet_case_unknown": "Das Trennblatt nennt eine Akte, die es nicht gibt. Bitte prüfen.",
    "sheet_contradicted": "Das Trennblatt nennt eine andere Akte als das Schreiben. Bitte prüfen.",
    "sheet_unit": "Das Trennblatt nennt nur die Einheit. Bitte die Akte wählen.",
}


def reason_text(code: str) -> str:
    """The sentence for a code."""
    return _TEXTS[code]
