"""The frame of a page, its picture and text, and what every room shares."""

from __future__ import annotations

from dataclasses import replace

from web import views as v
from web.texts import load_texts

T = load_texts("de")
EMPTY = "Bitte füllen Sie dieses Feld aus."
PAGES = ("seite-widerspruch.svg", "seite-nebenkosten.svg", "seite-au.svg")

SHELL = v.Shell(
    agency="Jobcenter Halvesund",
    csrf="token-1",
    user_name="Sabine Wegener",
    nav=(
        v.NavItem("postkorb", "/postkorb", count=12),
        v.NavItem("klaerung", "/klaerung", count=47),
        v.NavItem("akten", "/suche"),
    ),
)


def shell(room: str = "postkorb", **changes: object) -> v.Shell:
    """The frame with one room marked as current."""
    nav = tuple(replace(item, current=item.key == room) for item in SHELL.nav)
    return replace(SHELL, nav=nav, **changes)  # type: ignore[arg-type]


def form(url: str, version: int = 1, key: str = "k-1") -> v.ActionForm:
    return v.ActionForm(url, version, key)


def image(name: str, title: str) -> v.PageImage:
    return v.PageImage(
        f"/bild/{name}", 2100, 2970, f"Seite 1 von 2: {title}. Den Wortlaut öffnen Sie mit „Text lesen“."
    )


def page_view(title: str, href: str, name: str = PAGES[0], **changes: object) -> v.PageView:
    view = v.PageView(
        title=title,
        number=1,
        count=2,
        self_href=href,
        image=image(name, title),
        next_href=f"{href}?seite=2",
        text_href=f"{href}?ansicht=text",
        thumbs=tuple(v.Thumb(n, f"{href}?seite={n}", f"/bild/{name}", n == 1) for n in (1, 2)),
    )
    return replace(view, **changes)  # type: ignore[arg-type]


def text_view(title: str, href: str) -> v.PageView:
    pages = (
        v.PageText(
            1,
            (
                (("Sehr geehrte Damen und Herren,", False),),
                (("ich lege", False), ("Widerspruch", True), ("ein.", False)),
            ),
        ),
        v.PageText(2, ()),
    )
    return page_view(title, href, image=None, text=pages, next_href=None, text_href=None, image_href=href, thumbs=())


def error_page(status: int, number: str = "") -> v.ErrorPage:
    return v.ErrorPage(T(f"fehler.{status}.titel"), status, "7F3A", number)


CONFLICT = v.Conflict(
    "Jemand war schneller",
    "M. Brandt hat dieses Schreiben um 10:41 Uhr in Akte Okafor, Grace abgelegt.",
    v.Link("/akte/13502-0019034", "Akte ansehen"),
    v.Link("/klaerung", "Weiter"),
)


LOGGED_OUT = v.Shell("Jobcenter Halvesund", "token-0")
