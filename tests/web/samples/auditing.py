"""An auditor's mandate and the log."""

from __future__ import annotations

from tests.web.samples.frame import T
from web import views as v


def mandate_page(filled: bool = True) -> v.MandatePage:
    cases = (
        (v.AuditCase("/akte/13502-0012345", "Kowalczyk, Anna", "13502//0012345", "Leistung 1", "offen"),)
        if filled
        else ()
    )
    facts = (v.Facts("Auftrag", "BA 7/26"), v.Facts("Ende", "18.12.2026, noch 24 Tage"), v.Facts("Umfang", "40 Akten"))
    tabs = (v.Tab("/pruefung/ba-7-26", "Akten", True, 40), v.Tab("/pruefung/ba-7-26/protokoll", "Protokoll"))
    return v.MandatePage(
        "Prüfauftrag BA 7/26",
        "Prüfauftrag BA 7/26",
        facts,
        tabs,
        cases,
        v.Empty(T("pruefung.leer_titel"), T("pruefung.leer_text")),
    )


def log_page(state: str = "ok") -> v.LogPage:
    link = v.Link("/akte/13502-0012345", "13502//0012345")
    rows_ = (
        v.LogRow(
            None,
            "24.11.2026, 10:41 Uhr",
            "2026-11-24T10:41:07+01:00",
            "S. Wegener, Leistung 1",
            "Erledigt",
            link,
            "noch offen",
        ),
        v.LogRow(
            1204,
            "24.11.2026, 10:36 Uhr",
            "2026-11-24T10:36:00+01:00",
            "J. Petersen, Poststelle",
            "Abgelegt",
            link,
            "9f2c1a…",
        ),
        v.LogRow(
            1203,
            "24.11.2026, 09:52 Uhr",
            "2026-11-24T09:52:11+01:00",
            "Scanstation 2",
            "Eingang angenommen",
            None,
            "03be77…",
        ),
    )
    tabs = (v.Tab("/pruefung/ba-7-26", "Akten", False, 40), v.Tab("/pruefung/ba-7-26/protokoll", "Protokoll", True))
    errors = (T("klaerung.datum_form"),) if state == "error" else ()
    acts = (v.Option("", "alle", True), v.Option("filed", "Abgelegt"))
    seal = {
        "ok": (True, T("protokoll.siegel_gut", nr="1.204", zeit="10:41")),
        "broken": (False, T("protokoll.siegel_bruch", was=T("protokoll.bruch.missing", nr="803"))),
    }
    ok, text = seal.get(state, (None, T("protokoll.siegel_offen")))
    return v.LogPage(
        "Protokoll – Prüfauftrag BA 7/26",
        "Protokoll der Vorgänge",
        tabs,
        v.LogFilter("/pruefung/ba-7-26/protokoll", acts, "01.11.2026", "x" if errors else "", "", errors),
        ok,
        text,
        () if state == "empty" else rows_,
        "3 Vorgänge",
        v.Empty(T("protokoll.leer_titel"), T("protokoll.leer_text")),
        "/pruefung/ba-7-26/protokoll?kette=pruefen",
        "/pruefung/ba-7-26/protokoll?ab=50",
    )
