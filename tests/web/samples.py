"""View models with invented people and letters, in every state that a page can have."""

from __future__ import annotations

from dataclasses import replace

from web import views as v
from web.keyboard import key_lines
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


def case_page(filled: bool = True) -> v.CasePage:
    def row(
        n: int, title: str, keyword: str, sender: str, sheets: str, received: str, current: bool = False
    ) -> v.CaseRow:
        return v.CaseRow(f"/akte/13502-0012345?dokument={n}", title, keyword, sender, sheets, received, current)

    groups = (
        v.RowGroup(
            "Diese Woche",
            (
                row(
                    9,
                    "Nebenkostenabrechnung 2025",
                    "Kosten der Unterkunft",
                    "Wohnbau Auental eG",
                    "486–487",
                    "24.11.2026",
                    True,
                ),
            ),
        ),
        v.RowGroup(
            "Letzte Woche",
            (
                row(
                    8,
                    "Widerspruch gegen Bescheid vom 04.11.2026",
                    "Widerspruch und Klage",
                    "Kanzlei Dr. Hoppe",
                    "483–485",
                    "20.11.2026",
                ),
                row(7, "Vollmacht", "Widerspruch und Klage", "Kanzlei Dr. Hoppe", "482", "20.11.2026"),
            ),
        ),
        v.RowGroup(
            "Oktober 2026",
            (
                row(
                    6,
                    "Mietvertrag Lindenweg 12",
                    "Kosten der Unterkunft",
                    "Wohnbau Auental eG",
                    "461–472",
                    "28.10.2026",
                ),
            ),
        ),
    )
    href = "/akte/13502-0012345?dokument=9"
    return v.CasePage(
        title="Kowalczyk, Anna – 13502//0012345",
        name="Kowalczyk, Anna",
        number="BG 13502//0012345",
        crumbs=(v.Link("/postkorb", "Postkorb"),),
        facts=(
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
        ),
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
        groups=groups if filled else (),
        filter_action="/akte/13502-0012345",
        periods=(v.Option("", "alle", True), v.Option("4w", "letzte 4 Wochen")),
        orders=(v.Option("neu", "Neueste zuerst", True), v.Option("blatt", "Nach Blatt")),
        preview=v.DocumentPreview(
            href,
            "Nebenkostenabrechnung 2025",
            "Wohnbau Auental eG · Eingang 24.11.2026 · Blatt 486–487",
            "/akte/13502-0012345/dokument/9",
            page_view("Nebenkostenabrechnung 2025", href, PAGES[1], thumbs=()),
            ("Gescannt am 24.11.2026.",),
            "/akte/13502-0012345/dokument/9/pdf",
        )
        if filled
        else None,
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


def error_page(status: int, number: str = "") -> v.ErrorPage:
    return v.ErrorPage(T(f"fehler.{status}.titel"), status, "7F3A", number)


CONFLICT = v.Conflict(
    "Jemand war schneller",
    "M. Brandt hat dieses Schreiben um 10:41 Uhr in Akte Okafor, Grace abgelegt.",
    v.Link("/akte/13502-0019034", "Akte ansehen"),
    v.Link("/klaerung", "Weiter"),
)
LOGIN = v.LoginPage("Anmelden", "/postkorb")
LOGGED_OUT = v.Shell("Jobcenter Halvesund", "token-0")
HELP = v.KeyboardHelpPage("Tastatur", key_lines(T))
SETTINGS = v.SettingsPage("Einstellungen", "system", True, False)


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


# name -> (page, shell): every page in every state; dark mode is added by the tests
ALL: dict[str, tuple[object, v.Shell]] = {
    "anmelden": (LOGIN, LOGGED_OUT),
    "anmelden-falsch": (
        replace(LOGIN, problem=T("anmelden.falsch"), user_name="s.wegener", notice=T("anmelden.abgemeldet")),
        LOGGED_OUT,
    ),
    "postkorb": (postkorb("p3"), shell()),
    "postkorb-leer": (postkorb(None, frozenset(x[0] for x in LETTERS)), shell()),
    "postkorb-neu-toast": (
        replace(
            postkorb("p2"),
            new_mail=v.NewMail("/postkorb/neu?seit=1", 2, "10:38", "/postkorb", 14),
            more_href="/postkorb?ab=50",
        ),
        shell(toast=v.Toast("Erledigt: Vollmacht.", form("/aktionen/1/zuruecknehmen"))),
    ),
    "postkorb-team": (
        replace(
            postkorb("p5"),
            preview=replace(
                preview("p5"),
                take=form("/postkorb/e/p5/zuweisen"),
                page=text_view("Nebenkostenabrechnung 2025", "/postkorb/e/p5"),
            ),
        ),
        shell(),
    ),
    "klaerung": (clearing(sure_letter()), shell("klaerung")),
    "klaerung-gleichstand": (clearing(tie_letter()), shell("klaerung")),
    "klaerung-ohne": (clearing(unknown_letter()), shell("klaerung")),
    "klaerung-fehler": (
        clearing(
            replace(
                tie_letter(),
                errors=v.ClearingErrors(
                    T("klaerung.erst_akte"),
                    EMPTY,
                    EMPTY,
                    T("klaerung.datum_form"),
                ),
            )
        ),
        shell("klaerung"),
    ),
    "klaerung-ohne-bild": (
        clearing(
            replace(
                sure_letter(),
                page=page_view(
                    "Brief", "/klaerung/c1", image=None, problem=T("blatt.kein_bild", grund="Die Datei ist beschädigt.")
                ),
            )
        ),
        shell("klaerung"),
    ),
    "klaerung-leer": (clearing(None, 0), shell("klaerung")),
    "akte": (case_page(), shell("akten")),
    "akte-leer": (case_page(False), shell("akten")),
    "dokument": (document_page(), shell("akten")),
    "dokument-text": (document_page(True), shell("akten")),
    "suche": (search_page(), shell("akten", query="miete")),
    "suche-anfang": (search_page("start"), shell("akten")),
    "suche-fehler": (search_page("problem"), shell("akten", query="(miete")),
    "suche-leer": (search_page("none"), shell("akten", query="xyz")),
    "poststelle": (mailroom_page(), shell("")),
    "poststelle-differenz": (mailroom_page("difference"), shell("")),
    "poststelle-leer": (mailroom_page("empty"), shell("")),
    "poststelle-fehler": (mailroom_page("error"), shell("")),
    "quarantaene": (quarantine_page(), shell("")),
    "quarantaene-leer": (quarantine_page(False), shell("")),
    "barrierefreiheit": (v.StatementPage(T("barriere.titel")), LOGGED_OUT),
    "pruefung": (mandate_page(), shell("")),
    "pruefung-leer": (mandate_page(False), shell("")),
    "protokoll": (log_page(), shell("")),
    "protokoll-bruch": (log_page("broken"), shell("")),
    "protokoll-fehler": (log_page("error"), shell("")),
    "protokoll-leer": (log_page("empty"), shell("")),
    **{
        f"fehler-{status}": (error_page(status), shell(""))
        for status in (400, 403, 404, 405, 409, 413, 422, 429, 500, 503, 507)
    },
    "fehler-404-akte": (error_page(404, "13502-0099999"), LOGGED_OUT),
    "konflikt": (CONFLICT, shell("klaerung")),
    "tastatur": (HELP, shell("")),
    "einstellungen": (SETTINGS, shell("")),
    "einstellungen-gespeichert": (replace(SETTINGS, saved=T("einstellungen.gespeichert"), theme="dark"), shell("")),
    "passwort": (v.PasswordPage(T("passwort.titel"), "/einstellungen", 12, 1000), shell("")),
    "passwort-zuerst": (v.PasswordPage(T("passwort.titel"), "/postkorb", 12, 1000, True), LOGGED_OUT),
    "passwort-fehler": (
        v.PasswordPage(
            T("passwort.titel"),
            "/",
            12,
            1000,
            False,
            T("passwort.falsch"),
            ("Zu kurz.", "Zu gleich."),
            T("passwort.ungleich"),
        ),
        shell(""),
    ),
    **{
        f"formular-{name}": (form_page(name), shell())
        for name in ("weiterleiten", "wiedervorlage", "andere-akte", "notiz", "neu-scannen")
    },
    **{
        f"formular-{name}-fehler": (form_page(name, True), shell())
        for name in ("wiedervorlage", "andere-akte", "notiz", "neu-scannen")
    },
}
