"""Case, document and search."""

from __future__ import annotations

from tests.web.samples.frame import PAGES, T, form, page_view, text_view
from web import views as v


def _row(n: int, title: str, keyword: str, sender: str, sheets: str, received: str, current: bool = False) -> v.CaseRow:
    return v.CaseRow(f"/akte/13502-0012345?dokument={n}", title, keyword, sender, sheets, received, current)


OWNER, HEATING, DISPUTE = "Wohnbau Auental eG", "Kosten der Unterkunft", "Widerspruch und Klage"
DOCUMENTS = (
    v.RowGroup("Diese Woche", (_row(9, "Nebenkostenabrechnung 2025", HEATING, OWNER, "486–487", "24.11.2026", True),)),
    v.RowGroup(
        "Letzte Woche",
        (
            _row(8, "Widerspruch gegen Bescheid vom 04.11.2026", DISPUTE, "Kanzlei Dr. Hoppe", "483–485", "20.11.2026"),
            _row(7, "Vollmacht", DISPUTE, "Kanzlei Dr. Hoppe", "482", "20.11.2026"),
        ),
    ),
    v.RowGroup("Oktober 2026", (_row(6, "Mietvertrag Lindenweg 12", HEATING, OWNER, "461–472", "28.10.2026"),)),
)
FACTS = (
    v.Facts("Zuständig", "Sabine Wegener, Leistung 1"),
    v.Facts("Stand", "laufend, bewilligt bis 31.03.2027"),
    v.Facts("Personen", "3 – Anna (12.05.1991), Jan (30.08.2014), Lena (17.02.2019)"),
    v.Facts("Nächste Frist", "Widerspruch beantworten, 27.11.2026", v.Badge("warning", "in 3 Tagen")),
    v.Facts("Löschsperre", "Widerspruch 318/26, prüfen am 01.03.2027", v.Badge("info", "aktiv")),
    v.Facts(
        "Aufbewahrung",
        "beginnt erst, wenn die Akte geschlossen ist",
        None,
        v.Link("/akte/13502-0012345/fristen", "Warum?"),
    ),
)


def _newest() -> v.DocumentPreview:
    href = "/akte/13502-0012345?dokument=9"
    return v.DocumentPreview(
        href,
        "Nebenkostenabrechnung 2025",
        "Wohnbau Auental eG · Eingang 24.11.2026 · Blatt 486–487",
        "/akte/13502-0012345/dokument/9",
        page_view("Nebenkostenabrechnung 2025", href, PAGES[1], thumbs=()),
        ("Gescannt am 24.11.2026.",),
        "/akte/13502-0012345/dokument/9/pdf",
    )


def case_page(filled: bool = True) -> v.CasePage:
    return v.CasePage(
        title="Kowalczyk, Anna – 13502//0012345",
        name="Kowalczyk, Anna",
        number="BG 13502//0012345",
        crumbs=(v.Link("/postkorb", "Postkorb"),),
        facts=FACTS,
        tabs=(
            v.Tab("/akte/13502-0012345", "Dokumente", True, 214),
            v.Tab("/akte/13502-0012345/personen", "Personen", False, 3),
            v.Tab("/akte/13502-0012345/verlauf", "Verlauf"),
        ),
        register=(
            v.RegisterEntry("/akte/13502-0012345", "Alle Dokumente", 214, True),
            v.RegisterEntry("/akte/13502-0012345?schlagwort=L01", "Anträge", 12),
            v.RegisterEntry("/akte/13502-0012345?schlagwort=L07", "Kosten der Unterkunft", 1044),
        ),
        list_title="Dokumente, neueste zuerst",
        groups=DOCUMENTS if filled else (),
        filter_action="/akte/13502-0012345",
        periods=(v.Option("", "alle", True), v.Option("4w", "letzte 4 Wochen")),
        orders=(v.Option("neu", "Neueste zuerst", True), v.Option("blatt", "Nach Blatt")),
        preview=_newest() if filled else None,
        empty=v.Empty(T("akte.leer_titel"), T("akte.leer_text")),
        note_href="/akte/13502-0012345/notiz",
        close=form("/akte/13502-0012345/schliessen"),
    )


def document_page(text: bool = False) -> v.DocumentPage:
    href, title = "/akte/13502-0012345/dokument/8", "Widerspruch gegen Bescheid vom 04.11.2026"
    return v.DocumentPage(
        title=title,
        heading=title,
        sheets="Blatt 483–485",
        crumbs=(v.Link("/postkorb", "Postkorb"), v.Link("/akte/13502-0012345", "Akte 13502//0012345")),
        page=text_view(title, href) if text else page_view(title, href),
        facts=(
            v.Facts("Absender", "Kanzlei Dr. Hoppe"),
            v.Facts("Eingang", "20.11.2026, Stempel der Poststelle"),
            v.Facts("Schlagwort", "Widerspruch und Klage"),
        ),
        versions=(
            v.VersionLine("Wiedergabe PDF/A-2b vom 20.11.2026", None, True),
            v.VersionLine("Original-Scan", f"{href}/original"),
        ),
        notes=(v.Note("Sabine Wegener", "21.11.2026, 08:03 Uhr", "Fristverlängerung erbeten."),),
        transfer=(
            v.TransferLine("Gescannt von", "Jonas Petersen, Station 2"),
            v.TransferLine("Verfahren", "300 dpi, Graustufen"),
        ),
        download_pdf_href=f"{href}/pdf",
        download_original_href=f"{href}/original",
        note_href=f"{href}/notiz",
    )


def search_page(state: str = "found") -> v.SearchPage:
    if state == "start":
        return v.SearchPage("Suche", "", empty=v.Empty(T("suche.anfang_titel"), T("suche.anfang_text")))
    if state == "problem":
        return v.SearchPage("Suche", "(miete", problem="Die Klammer wird nicht geschlossen.")
    if state == "none":
        return v.SearchPage("Suche", "xyz", ("Wort",), empty=v.Empty(T("suche.leer_titel"), T("suche.leer_text")))
    hit = (v.Fragment("… die Kosten der "), v.Fragment("Miete", True), v.Fragment(" & Heizung <b> nach § 22 SGB II …"))
    results = tuple(
        v.SearchResult(
            f"/akte/13502-0012345/dokument/{n}?seite=2&fund=1",
            f"Widerspruch gegen Bescheid {n}",
            "Kowalczyk, Anna",
            "13502//0012345",
            "20.11.2026",
            2,
            hit,
        )
        for n in range(1, 5)
    )
    groups = (
        v.FacetGroup(
            "Dokumentart",
            (
                v.Facet("/suche?q=miete&art=W", "Widerspruch", 4, True),
                v.Facet("/suche?q=miete&art=M", "Mietvertrag", 19),
            ),
        ),
        v.FacetGroup("Jahr", (v.Facet("/suche?q=miete&jahr=2026", "2026", 23),)),
    )
    return v.SearchPage(
        "miete – Suche",
        "miete",
        ("Wort „miete“",),
        "23 Treffer, Stand 10:41 Uhr",
        (v.Link("/akte/13502-0012345", "Akte Kowalczyk, Anna, 13502//0012345"),),
        results,
        groups,
        "",
        T("suche.verspaetet", zeit="10:38"),
        None,
        "/suche?q=miete&ab=5",
    )
