"""German sentences of routing: reasons (what happened, what next) and evidence (what was read, where, what follows).

Codes are stable: others script against them. Wording after CONCEPT §6 and §8.
"""

from __future__ import annotations

from ingest.tagging.tokens import Place, Zone

REASONS: dict[str, str] = {
    "no_candidate": "Keine Akte passt zu dem Schreiben. Bitte suchen oder eine vorläufige Akte anlegen.",
    "number_alone": "Nur die Nummer spricht für die Akte. Name, Geburtsdatum oder Anschrift fehlen. Bitte vergleichen.",
    "number_unsure": "In der Nummer ist ein Zeichen unsicher. Bitte mit dem Schreiben vergleichen.",
    "name_alone": "Nur der Name stimmt. Das reicht nicht für eine Ablage. Bitte prüfen.",
    "name_partly": "Nur der Nachname stimmt. Das reicht nicht für eine Ablage. Bitte prüfen.",
    "birth_date_alone": "Nur ein Geburtsdatum stimmt. Das reicht nicht für eine Ablage. Bitte prüfen.",
    "address_alone": "Nur die Anschrift stimmt. Das reicht nicht für eine Ablage. Bitte prüfen.",
    "several_cases": "Das Schreiben passt zu mehreren Akten. Bitte die richtige wählen.",
    "type_unsure": "Mehrere Akten der Person kommen infrage, die Dokumentart ist unsicher. Bitte die Akte wählen.",
    "contradiction": "Nummer und Person gehören zu verschiedenen Akten. Bitte prüfen.",
    "other_name": "Im Schreiben steht ein anderer Name als in der Akte. Bitte prüfen.",
    "membership_ended": "Die genannte Person gehört am Eingangstag nicht mehr zu dieser Akte. Bitte die Akte wählen.",
    "case_closed": "Die Akte ist geschlossen. Bitte wieder öffnen lassen oder eine andere Akte wählen.",
    "sealed": "Über dieses Schreiben entscheidet die Leitung.",
    "protected_address": "Für eine Person der Akte gilt eine Auskunftssperre. Bitte von Hand ablegen.",
    "deceased": "Die Person ist als verstorben vermerkt. Bitte prüfen, wer die Post bekommt.",
    "complaint": "Das Schreiben ist eine Beschwerde. Eine Beschwerde ordnet immer ein Mensch zu.",
    "complaint_names_staff": "Die Beschwerde nennt Beschäftigte. Sie geht nur an die Leitung.",
    "advertising": "Das Schreiben sieht nach Werbung aus. Bitte prüfen und ablegen oder weiterleiten.",
    "wrong_addressee": "Das Schreiben ist an eine andere Stelle gerichtet. Bitte weiterleiten.",
    "new_applicant": "Ein neuer Antrag ohne bekannte Akte. Bitte eine vorläufige Akte anlegen.",
    "sheet_case_unknown": "Das Trennblatt nennt eine Akte, die es nicht gibt. Bitte prüfen.",
    "sheet_contradicted": "Das Schreiben spricht für eine andere Akte als das Trennblatt. Bitte prüfen.",
    "sheet_unit": "Das Trennblatt nennt nur die Einheit. Bitte dort die Akte wählen.",
    "sheet_doc_unknown": "Das Trennblatt nennt eine Dokumentart, die es nicht gibt. Bitte wählen.",
    "sheet_key_unknown": "Das Trennblatt nennt ein Schlagwort, das es hier nicht gibt. Bitte wählen.",
    "sheet_fields": "Das Trennblatt enthält unbekannte oder doppelte Angaben. Bitte prüfen.",
}
_ZONES: dict[Zone, str] = {
    "letterhead": "oben auf dem Blatt", "window": "im Anschriftfeld", "info": "im Infoblock", "subject": "im Betreff",
    "title": "in der Überschrift",
    "body": "im Text", "foot": "am Fuß der Seite",
}  # fmt: skip


def reason(code: str) -> tuple[str, str]:
    """A reason with its text. Raises KeyError for an unknown code."""
    return code, REASONS[code]


def number_sentence(read: str, value: str, level: int, unique: bool) -> str:
    """How a number was read and what follows."""
    if level == 2:
        return f"Nummer gelesen als {_read(read)}. Sie gehört zu dieser Akte."
    follows = "gibt es nur diese Akte" if unique else "passt auch diese Akte"
    return f"Nummer gelesen als {_read(read)}. Als {value} {follows}; ein Zeichen war unsicher."


def name_sentence(place: Place, level: int, member: bool) -> str:
    """Whose name was read."""
    if not member:
        return f"Name gelesen als {_read(place.text)}. Die Person gehört am Eingangstag nicht zu dieser Akte."
    if level == 2:
        return f"Name gelesen als {_read(place.text)}. So heißt eine Person dieser Akte."
    if level == 1:
        return f"Name gelesen als {_read(place.text)}. Eine Person dieser Akte heißt fast genauso."
    return f"Name gelesen als {_read(place.text)}. Nur der Nachname stimmt."


def birth_sentence(place: Place) -> str:
    """A birth date that agrees."""
    return f"Geburtsdatum gelesen als {_read(place.text)}. An diesem Tag ist eine Person dieser Akte geboren."


def address_sentence(place: Place, complete: bool) -> str:
    """An address that agrees."""
    more = "dort ist" if complete else "Straße und Hausnummer passen, dort ist"
    return f"Anschrift gelesen als {_read(place.text)}: {more} eine Person dieser Akte gemeldet."


def type_sentence(title: str, place: Place, zone: Zone) -> str:
    """What made the document type."""
    return f"„{_read(place.text)}“ steht {_ZONES[zone]}. Das spricht für: {title}."


def recipient_sentence(place: Place) -> str:
    """Whose address stands in the address field."""
    return f"Im Anschriftfeld steht {_read(place.text)}. Das ist nicht unsere Anschrift."


def _read(text: str) -> str:
    """What was read, without the marks that only belong to the sentence it stood in."""
    return text.strip(" ,;:.")
