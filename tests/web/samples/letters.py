"""Clearing: a letter with a sure candidate, with two alike, with none."""

from __future__ import annotations

from dataclasses import replace

from tests.web.samples.frame import PAGES, T, form, page_view
from web import views as v


def box(number: int, xy: tuple[int, int, int, int], page: int, name: str, label: str) -> v.EvidenceBox:
    return v.EvidenceBox(number, page, xy, v.PageImage(f"/bild/{name}", 2100, 2970, ""), label)


KEYWORDS = (
    v.KeywordOption("L01", "Anträge und Weiterbewilligung", "LEIST", "Leistungsakte", ("ANTRAG_WBA",)),
    v.KeywordOption(
        "L07", "Kosten der Unterkunft und Heizung", "LEIST", "Leistungsakte", ("BETRIEBSKOSTEN", "MIETVERTRAG"), True
    ),
    v.KeywordOption("L05", "Einkommen", "LEIST", "Leistungsakte", ("LOHNABRECHNUNG",)),
    v.KeywordOption("V03", "Gesundheit", "VERM", "Vermittlungsakte", ("AU",)),
    v.KeywordOption("V01", "Schriftwechsel", "VERM", "Vermittlungsakte", ("MITTEILUNG",)),
)


TYPES = (
    v.Option("BETRIEBSKOSTEN", "Nebenkostenabrechnung", True),
    v.Option("MIETVERTRAG", "Mietvertrag"),
    v.Option("LOHNABRECHNUNG", "Gehaltsabrechnung"),
    v.Option("AU", "Arbeitsunfähigkeitsbescheinigung"),
)


def sure_letter(key: str = "c1") -> v.ClearingLetter:
    """One candidate stands out and is preselected."""
    name, href = PAGES[1], f"/klaerung/{key}"
    boxes = (
        box(1, (1290, 575, 1880, 637), 1, name, "13502//0O12345"),
        box(2, (240, 1032, 1370, 1092), 1, name, "Mieterin: Anna Kowalczyk, Lindenweg 12"),
    )
    read = "Nummer gelesen als 13502//0O12345. Mit Null statt O gibt es nur diese Akte."
    return v.ClearingLetter(
        item_id=key,
        self_href=href,
        title="Nebenkostenabrechnung 2025",
        meta="Brief · Stapel 0417, Sendung 12 · gescannt 09:52 Uhr",
        reason="Nicht von selbst abgelegt: In der Nummer ist ein Zeichen unsicher.",
        page=page_view("Nebenkostenabrechnung 2025", href, name, boxes=boxes),
        file=form(f"{href}/ablegen", 3, f"k-{key}"),
        evidence=boxes,
        candidates=(
            v.CandidateCard(
                "case-1",
                "Kowalczyk, Anna",
                "13502//0012345",
                "12.05.1991 · Lindenweg 12",
                "LEIST",
                (v.EvidenceRow("agrees", read, 1), v.EvidenceRow("agrees", "Name und Straße stimmen.", 2)),
                True,
            ),
            v.CandidateCard(
                "case-2",
                "Kowalczyk, Andrzej",
                "13502//0018761",
                "03.02.1968 · Gartenstraße 4",
                "LEIST",
                (
                    v.EvidenceRow("partly", "Nur der Nachname stimmt.", 2),
                    v.EvidenceRow("against", "Andere Nummer, andere Straße."),
                ),
            ),
        ),
        document_types=TYPES,
        keywords=KEYWORDS,
        received="24.11.2026",
        received_hint="Stempel der Poststelle",
        cases_href=f"{href}/akten",
        postpone=form(f"{href}/zurueckstellen", 3, f"kz-{key}"),
        forward_href=f"{href}/formular/weiterleiten",
        dismiss_href=f"{href}/formular/notiz",
        propose_href=f"{href}/formular/notiz",
        preload=(f"/bild/{PAGES[2]}",),
    )


def tie_letter(key: str = "c2") -> v.ClearingLetter:
    """Two persons of one name: nothing is preselected."""
    name, href = PAGES[2], f"/klaerung/{key}"
    boxes = (
        box(1, (252, 574, 852, 640), 1, name, "Mehmet Yılmaz"),
        box(2, (1144, 424, 1664, 536), 1, name, "02.09.71"),
    )
    rows_ = (
        v.EvidenceRow("agrees", "Name stimmt, Straße stimmt.", 1),
        v.EvidenceRow("open", "Geburtsdatum bitte selbst vergleichen.", 2),
    )
    return replace(
        sure_letter(key),
        title="Arbeitsunfähigkeitsbescheinigung",
        reason="Zwei Personen heißen gleich. Das Geburtsdatum ist handschriftlich und wurde nicht gelesen.",
        page=page_view("Arbeitsunfähigkeitsbescheinigung", href, name, boxes=boxes),
        evidence=boxes,
        candidates=(
            v.CandidateCard(
                "case-3", "Yılmaz, Mehmet", "13502//0011873", "14.03.1988 · Bahnhofstraße 3", "VERM", rows_
            ),
            v.CandidateCard(
                "case-4", "Yılmaz, Mehmet", "13502//0004410", "02.09.1971 · Bahnhofstraße 3", "VERM", rows_
            ),
        ),
        preload=(),
    )


def unknown_letter(key: str = "c3") -> v.ClearingLetter:
    """No candidate at all."""
    return replace(
        sure_letter(key),
        title="Schreiben ohne Nummer",
        reason="Keine Nummer und kein Name gelesen.",
        page=page_view("Schreiben ohne Nummer", f"/klaerung/{key}", PAGES[0]),
        evidence=(),
        candidates=(),
        preload=(),
    )


def clearing(letter: v.ClearingLetter | None, open_count: int = 47, done: int = 265) -> v.ClearingPage:
    empty = v.Empty(
        T("klaerung.leer_titel"),
        T("klaerung.leer_text", n=done),
        v.Link("/klaerung?liste=zurueckgestellt", "Zurückgestellte ansehen"),
    )
    tabs = (
        v.Tab("/klaerung", "Alle", True),
        v.Tab("/klaerung?liste=eilt", "Eilt", False, 3),
        v.Tab("/klaerung?liste=zurueckgestellt", "Zurückgestellt", False, 5),
    )
    return v.ClearingPage("Klärung", open_count, done, tabs, letter, empty)
