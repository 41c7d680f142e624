"""Forms of a letter, and the search for a case in them."""

from __future__ import annotations

from tests.web.samples.frame import EMPTY, T, form
from web import views as v


def form_page(action: str, errors: bool = False) -> v.FormPage:
    options = (
        v.Option("user:m.brandt", "M. Brandt", False, "Team Leistung 1"),
        v.Option("team:SZ-HAL-L2", "Team Leistung 2", True, "Andere Teams"),
    )
    fields = {
        "weiterleiten": (
            v.Field("an", "select", "An wen?", options=options),
            v.Field("bemerkung", "textarea", "Bemerkung", required=False),
        ),
        "wiedervorlage": (
            v.Field("tag", "date", "Wann?", "01.12.2026", "Tag.Monat.Jahr", EMPTY if errors else ""),
            v.Field("bemerkung", "text", "Bemerkung", required=False),
        ),
        "andere-akte": (
            v.Field(
                "akte",
                "case",
                "Welche Akte?",
                cases_href="/klaerung/c1/akten",
                error=T("klaerung.erst_akte") if errors else "",
                hits=v.CaseHits("Kow", hits("kow")) if errors else None,
            ),
        ),
        "notiz": (v.Field("text", "textarea", "Notiz", error=EMPTY if errors else ""),),
        "neu-scannen": (
            v.Field(
                "grund",
                "radio",
                "Grund",
                options=(v.Option("a", "Seite fehlt", True), v.Option("b", "Nicht lesbar")),
                error=EMPTY if errors else "",
            ),
        ),
    }[action]
    name = {
        "weiterleiten": "Weiterleiten",
        "wiedervorlage": "Wiedervorlage",
        "andere-akte": "Andere Akte",
        "notiz": "Notiz",
        "neu-scannen": "Neu scannen",
    }[action]
    return v.FormPage(
        name,
        name,
        "Widerspruch gegen Bescheid vom 04.11.2026",
        form(f"/postkorb/e/p1/{action}"),
        f"/postkorb/e/p1/{action}",
        fields,
        f"{name} bestätigen" if action == "neu-scannen" else name,
        v.Link("/postkorb/e/p1", "Abbrechen"),
    )


REGISTER = (
    v.CaseHit("case-9", "Nguyễn, Thị Lan", "13502//0020417", "08.06.1994 · Ahornallee 33", "LEIST"),
    v.CaseHit("case-8", "Nguyen, Van Minh", "13502//0016002", "11.01.1980 · Markt 3", "LEIST"),
    v.CaseHit("case-1", "Kowalczyk, Anna", "13502//0012345", "12.05.1991 · Lindenweg 12", "LEIST"),
    v.CaseHit("case-7", "Šarić, Milan", "13502//0017206", "17.04.1977 · Gartenstraße 18", "VERM"),
)


def hits(word: str) -> tuple[v.CaseHit, ...]:
    plain = str.maketrans("ễịŠć", "eiSc")
    return (
        tuple(h for h in REGISTER if word.lower() in f"{h.name} {h.file_number}".translate(plain).lower())
        if len(word) > 1
        else ()
    )
