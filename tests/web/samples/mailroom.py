"""The mail room: the day's balance and the quarantine."""

from __future__ import annotations

from tests.web.samples.frame import T, form
from web import views as v


def mailroom_page(state: str = "") -> v.MailroomPage:
    tabs = (v.Tab("/poststelle", "Tagesbericht", True), v.Tab("/poststelle/quarantaene", "Quarantäne", False, 2))
    batches = (
        v.BatchRow(
            "09:52", "SCAN-1", "33 (angesagt: 19 Blatt)", 15, "4 in Klärung", v.Badge("danger", "1 Seite fehlt")
        ),
        v.BatchRow("10:10", "SCAN-2", "40", 10, "nichts"),
    )
    parts = (v.BalancePart("abgelegt", 20), v.BalancePart("in Klärung", 4), v.BalancePart("in Quarantäne", 1))
    return v.MailroomPage(
        T("raum.poststelle"),
        T("raum.poststelle"),
        tabs,
        "24.11.2026",
        T("poststelle.heute", tag="24.11.2026"),
        25,
        parts,
        1 if state == "difference" else 0,
        () if state == "empty" else batches,
        v.Link("/poststelle?tag=23.11.2026", T("poststelle.tag_davor")),
        v.Link("/poststelle?tag=25.11.2026", T("poststelle.tag_danach")) if state else None,
        T("klaerung.datum_form") if state == "error" else "",
        v.Empty(T("poststelle.leer_titel"), T("poststelle.leer_text")) if state == "empty" else None,
    )


def quarantine_page(filled: bool = True) -> v.QuarantinePage:
    tabs = (v.Tab("/poststelle", "Tagesbericht"), v.Tab("/poststelle/quarantaene", "Quarantäne", True, 2))
    rows = tuple(
        v.QuarantineRow(
            f"q{number}",
            title,
            "SCAN-1 · angenommen am 24.11.2026, 09:52 Uhr",
            "stapel-0417.pdf",
            "Die Datei ist beschädigt oder unvollständig. Bitte neu scannen oder neu anfordern.",
            badge,
            form(f"/poststelle/quarantaene/q{number}/nochmal"),
            f"/poststelle/quarantaene/q{number}/beenden",
        )
        for number, title, badge in (
            (1, T("poststelle.ganzer_stapel"), v.Badge("danger", "nicht verarbeitbar")),
            (2, T("poststelle.sendung", n=3), v.Badge("warning", "in Quarantäne")),
        )
    )
    empty = v.Empty(T("poststelle.nichts_offen_titel"), T("poststelle.nichts_offen_text"))
    heading = T("poststelle.quarantaene")
    more = "/poststelle/quarantaene?ab=50" if filled else None
    return v.QuarantinePage(heading, heading, tabs, rows if filled else (), None if filled else empty, None, more)
