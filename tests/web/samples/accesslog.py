"""Requests to read an access log, and the log."""

from __future__ import annotations

from tests.web.samples.frame import EMPTY, T, form
from web import views as v
from web.mapping_accesslog import ask_form

HREF = "/zugriffe/r1"


def request_page(filled: bool = True) -> v.LogRequestPage:
    asked = T("zugriffe.beantragt", wer="G. Klapproth", zeit="24.11.2026, 09:52 Uhr")
    decided = T("zugriffe.entschieden", stand="freigegeben", wer="M. Ockholm", zeit="24.11.2026, 10:36 Uhr")
    refused = T("zugriffe.entschieden", stand="abgelehnt", wer="M. Ockholm", zeit="24.11.2026, 10:36 Uhr")
    title = T("zugriffe.akte", nummer="13502//0012345")
    why = "Beschwerde vom 20.11.: Die Nachbarin kennt Einzelheiten aus dem Antrag."
    waiting = v.LogRequestRow("r0", title, v.Badge("warning", "offen"), asked, why, decide_href=f"{HREF}/entscheiden")
    rows = (
        v.LogRequestRow(
            "r1", title, v.Badge("success", "lesbar bis 08.12.2026"), asked, why, decided, "Anlass belegt.",
            log_href=HREF,
        ),
        v.LogRequestRow("r2", title, v.Badge("danger", "abgelehnt"), asked, why, refused, "Kein Anlass."),
        v.LogRequestRow("r3", title, v.Badge("info", "abgelaufen"), asked, why, decided, "Anlass belegt."),
    )  # fmt: skip
    return v.LogRequestPage(
        T("raum.zugriffe"),
        T("raum.zugriffe"),
        T("zugriffe.erklaerung", tage=14),
        "/zugriffe/neu",
        (waiting,) if filled else (),
        rows if filled else (),
        None if filled else v.Empty(T("zugriffe.leer_titel"), T("zugriffe.leer_text")),
        None,
        "/zugriffe?ab=50" if filled else None,
    )


def access_log_page(state: str = "") -> v.AccessLogPage:
    heading = T("zugriffe.protokoll", nummer="13502//0012345")
    rows = (
        v.AccessLogRow(None, "24.11.2026, 10:41 Uhr", "2026-11-24T10:41:07+01:00", "G. Klapproth",
                       "Zugriffsprotokoll gelesen", ""),
        v.AccessLogRow(1204, "24.11.2026, 10:36 Uhr", "2026-11-24T10:36:00+01:00", "S. Wegener", "Seite angesehen",
                       "Nr. 3, in einer anderen Akte, vorab geladen"),
    )  # fmt: skip
    kinds = (v.Option("", T("zugriffe.alles"), True), v.Option("look", T("zugriffe.look")))
    errors = (T("klaerung.datum_form"),) if state == "error" else ()
    facts = (
        v.Facts(T("zugriffe.grund"), "Beschwerde vom 20.11."),
        v.Facts(T("zugriffe.freigegeben"), "M. Ockholm: Anlass belegt."),
        v.Facts(T("zugriffe.ende"), T("zugriffe.ende_am", tag="08.12.2026", tage=14)),
    )
    return v.AccessLogPage(
        heading,
        heading,
        v.Link("/zugriffe", T("zugriffe.zurueck")),
        facts,
        v.AccessLogFilter(HREF, kinds, "01.11.2026", "x" if errors else "", errors),
        () if state else rows,
        "2 Einträge",
        v.Empty(T("zugriffe.nichts_titel"), T("zugriffe.nichts_text")) if state else None,
        f"{HREF}?ab=50",
    )


def decide_page(error: str = "") -> v.FormPage:
    options = (v.Option("ja", T("zugriffe.ja", tage=14)), v.Option("nein", T("zugriffe.nein")))
    return v.FormPage(
        T("zugriffe.entscheiden"),
        T("zugriffe.entscheiden"),
        T("zugriffe.antrag", wer="G. Klapproth", nummer="13502//0012345", grund="Beschwerde vom 20.11."),
        form(f"{HREF}/entscheiden"),
        f"{HREF}/entscheiden",
        (
            v.Field("antwort", "radio", T("zugriffe.frage"), error=error, options=options),
            v.Field("grund", "textarea", T("formular.grund"), "", T("zugriffe.entscheiden_hinweis")),
        ),
        T("zugriffe.entscheiden"),
        v.Link("/zugriffe", T("formular.abbrechen")),
    )


PAGES: dict[str, object] = {
    "zugriffe": request_page(),
    "zugriffe-leer": request_page(False),
    "zugriffe-beantragen": ask_form(T, "13502//0099999", "", "nummer", EMPTY),
    "zugriffe-entscheiden": decide_page(T("zugriffe.erst_waehlen")),
    "zugriffsprotokoll": access_log_page(),
    "zugriffsprotokoll-leer": access_log_page("empty"),
    "zugriffsprotokoll-fehler": access_log_page("error"),
}
