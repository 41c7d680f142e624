"""The Postkorb."""

from __future__ import annotations

from tests.web.samples.frame import PAGES, T, form, page_view
from web import views as v

LETTERS = (
    (
        "p1",
        "Antwort auf Anhörung zur Überzahlung",
        "Brandt, Uwe",
        "13502//0009981",
        "Uwe Brandt",
        "16.11.",
        v.Badge("danger", "2 Tage über Frist"),
        False,
    ),
    (
        "p2",
        "Verwaltungsakte angefordert (S 12 AS 1184/26)",
        "Yıldız, Emre",
        "13502//0015520",
        "Sozialgericht Halvesund",
        "20.11.",
        v.Badge("danger", "morgen"),
        True,
    ),
    (
        "p3",
        "Widerspruch gegen Bescheid vom 04.11.2026",
        "Kowalczyk, Anna",
        "13502//0012345",
        "Kanzlei Dr. Hoppe",
        "20.11.",
        v.Badge("warning", "in 3 Tagen"),
        True,
    ),
    (
        "p4",
        "Weiterbewilligungsantrag",
        "Nguyễn, Thị Lan",
        "13502//0020417",
        "Thị Lan Nguyễn",
        "heute",
        v.Badge("warning", "in 6 Tagen"),
        True,
    ),
    (
        "p5",
        "Nebenkostenabrechnung 2025",
        "Kowalczyk, Anna",
        "13502//0012345",
        "Wohnbau Auental eG",
        "heute",
        None,
        True,
    ),
    (
        "p6",
        "Arbeitsunfähigkeitsbescheinigung",
        "Šarić, Milan",
        "13502//0017206",
        "Praxis Dr. Feld",
        "heute",
        None,
        True,
    ),
    ("p7", "Mietbescheinigung", "Okafor, Grace", "13502//0019034", "Hausverwaltung Stern", "heute", None, False),
    ("p8", "Kontoauszüge August bis Oktober", "Brandt, Uwe", "13502//0009981", "Uwe Brandt", "gestern", None, False),
    ("p9", "Gehaltsabrechnung Oktober", "Yıldız, Emre", "13502//0015520", "Bäckerei Lohmann", "gestern", None, False),
    (
        "p10",
        "Mitteilung: Umzug zum 1. Dezember",
        "Petrova, Irina",
        "13502//0021188",
        "Irina Petrova",
        "20.11.",
        None,
        False,
    ),
    ("p11", "Schweigepflichtentbindung", "Šarić, Milan", "13502//0017206", "Milan Šarić", "20.11.", None, False),
    ("p12", "Rechnung Erstausstattung", "Okafor, Grace", "13502//0019034", "Möbelhaus Sander", "19.11.", None, False),
)


TAKEN = "M. Brandt hat es um 10:41 Uhr übernommen"


def rows(current: str | None = "p1", gone: frozenset[str] = frozenset()) -> tuple[v.InboxRow, ...]:
    return tuple(
        v.InboxRow(
            item_id=key,
            href=f"/postkorb/e/{key}",
            title=title,
            case_name=name,
            case_number=number,
            sender=sender,
            received=received,
            deadline=deadline,
            is_new=new,
            current=key == current,
            taken_by=TAKEN if key == "p7" else None,
        )
        for key, title, name, number, sender, received, deadline, new in LETTERS
        if key not in gone
    )


def preview(key: str = "p1", version: int = 1) -> v.ItemPreview:
    index = next(i for i, letter in enumerate(LETTERS) if letter[0] == key)
    _, title, name, number, sender, received, _, _ = LETTERS[index]
    href = f"/postkorb/e/{key}"
    return v.ItemPreview(
        item_id=key,
        self_href=href,
        title=title,
        meta=f"{sender} · Eingang {received} · 2 Seiten",
        case=v.Link("/akte/13502-0012345", f"{name}, {number}"),
        why=("Sie sind für diese Akte zuständig.", "Die Nummer auf Seite 1 und der Name stimmen überein."),
        notes=(v.Note("Jonas Petersen", "24.11.2026, 09:12 Uhr", "Bitte vor Freitag ansehen."),) if key == "p2" else (),
        page=page_view(title, href, PAGES[index % 3], thumbs=()),
        done=form(f"{href}/erledigt", version, f"k-{key}"),
        forward_href=f"{href}/weiterleiten",
        follow_up_href=f"{href}/wiedervorlage",
        other_case_href=f"{href}/andere-akte",
        note_href=f"{href}/notiz",
        document_href="/akte/13502-0012345/dokument/7",
    )


def inbox_filter(text: str = "") -> v.InboxFilter:
    orders = (
        v.Option("frist", "Frist zuerst", True),
        v.Option("neu", "Neueste zuerst"),
        v.Option("alt", "Älteste zuerst"),
    )
    types = (v.Option("", "alle", True), v.Option("WIDERSPRUCH", "Widersprüche"), v.Option("ANTRAG_WBA", "Anträge"))
    return v.InboxFilter("/postkorb", orders, types, text)


def postkorb(current: str | None = "p1", gone: frozenset[str] = frozenset()) -> v.PostkorbPage:
    shown = rows(current, gone)
    return v.PostkorbPage(
        title="Mein Postkorb",
        heading="Postkorb",
        list_title="Schreiben in meinem Postkorb",
        tabs=(
            v.Tab("/postkorb", "Mein Postkorb", True, len(shown)),
            v.Tab("/postkorb/team/SZ-HAL-L1", "Team Leistung 1", False, 38),
            v.Tab("/postkorb/vertretung/7", "Vertretung für Deniz Aydın", False, 7),
        ),
        filter=inbox_filter(),
        rows=shown,
        preview=preview(current) if current and shown else None,
        empty=v.Empty(T("postkorb.leer_titel"), T("postkorb.leer_text")),
        new_mail=v.NewMail("/postkorb/neu?seit=1", 0, "10:38", "/postkorb", len(shown)),
    )
