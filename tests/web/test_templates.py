"""Every page in every state: well-formed, one language, one heading, no inline script or style, nothing unescaped."""

from __future__ import annotations

import inspect
import re
import string
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
import yaml

from core.audit import verify
from retention.export import checking
from tests.web import samples
from web import assets, rendering
from web import views as v
from web.keyboard import KEYS
from web.texts import LANGUAGES, flatten, load_texts

TEMPLATES = Path(rendering.__file__).parent / "templates"
# Groups of texts of which code or a template takes one by a name that it is given.
CHOSEN_BY_NAME = ("raum.", "monat.", "beleg.", "protokoll.bruch.", "poststelle.zustand.", "poststelle.wie.", "barriere.",
                  "einstellungen.", "passwort.", "tasten.", "fehler.", "kein_vorgang.",
                  "zugriffe.stand.")  # fmt: skip
ORDERS_AND_LISTS = {
    *(f"postkorb.{order}_zuerst" for order in ("frist", "neueste", "aelteste")),
    *(f"getan.{act}" for act in ("geschlossen", "geoeffnet", "zusammengefuehrt", "freigegeben", "freigabe_beendet")),
    *(f"klaerung.{name}" for name in ("alle", "eilt", "zurueckgestellt")),
}
VOID = {"meta", "link", "input", "img", "br", "rect", "circle"}


class Reader(HTMLParser):
    """Collects elements and complains about tags that do not match."""

    def __init__(self) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.faults: list[str] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if len({name for name, _ in attrs}) != len(attrs):
            self.faults.append(f"attribute twice in {tag}")
        if tag == "form" and "form" in self.open:
            self.faults.append("form in form")
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID:
            return
        if not self.open or self.open[-1] != tag:
            self.faults.append(f"</{tag}> closes {self.open[-1:]}")
        else:
            self.open.pop()

    def handle_data(self, data: str) -> None:
        if self.open:
            self.text.append(data)


def read(html: str) -> Reader:
    reader = Reader()
    reader.feed(html)
    reader.close()
    return reader


def rendered() -> Iterator[tuple[str, str]]:
    for name, (page, shell) in samples.ALL.items():
        yield name, rendering.render(page, shell)  # type: ignore[arg-type]


HTML = dict(rendered())


@pytest.mark.parametrize("name", HTML)
def test_the_page_is_well_formed(name: str) -> None:
    reader = read(HTML[name])
    assert reader.faults == []
    assert reader.open == []
    counts = Counter(tag for tag, _ in reader.elements)
    assert (counts["h1"], counts["main"], counts["title"], counts["header"]) == (1, 1, 1, 1)
    assert reader.elements[0] == ("html", reader.elements[0][1])
    assert reader.elements[0][1]["lang"] == "de"
    ids = Counter(attrs["id"] for _, attrs in reader.elements if attrs.get("id"))
    assert [key for key, n in ids.items() if n > 1] == []


@pytest.mark.parametrize("name", HTML)
def test_references_between_elements_hold(name: str) -> None:
    reader = read(HTML[name])
    ids = {attrs["id"] for _, attrs in reader.elements if attrs.get("id")} | {"dialog-h"}
    for tag, attrs in reader.elements:
        for attribute in ("aria-labelledby", "aria-describedby", "aria-controls", "for", "form"):
            for target in (attrs.get(attribute) or "").split():
                assert target in ids, f"{name}: {tag} {attribute}={target}"
        href = attrs.get("href") or ""
        if href.startswith("#"):
            assert href[1:] in ids, f"{name}: link to {href}"


@pytest.mark.parametrize("name", HTML)
def test_nothing_needs_an_exception_from_the_csp(name: str) -> None:
    for tag, attrs in read(HTML[name]).elements:
        assert tag != "style"
        assert not (tag == "script" and not attrs.get("src"))
        assert not [key for key in attrs if key == "style" or key.startswith(("on", "hx-on"))]
        assert not (attrs.get("hx-vals") or "").startswith("js:")
        source = attrs.get("src") or (attrs.get("href") if tag == "link" else "") or ""
        assert source.startswith(("/", "data:,")) or not source


@pytest.mark.parametrize("name", HTML)
def test_every_post_carries_the_token(name: str) -> None:
    parts = re.findall(r'<form[^>]*method="post".*?</form>', HTML[name], re.S)
    assert all(re.search(r'name="csrf" value="token-\d"', part) for part in parts)
    with_version = [part for part in parts if 'action="/postkorb' in part or 'action="/klaerung' in part]
    assert all('name="version"' in part and 'name="kennung"' in part for part in with_version)


def test_words_on_the_pages() -> None:
    text = " ".join(" ".join(read(html).text) for html in HTML.values())
    assert "!" not in text
    assert not re.search(r"erfolgreich|Fehler 500|\bOK\b|None|Submit", text)


def test_hostile_words_stay_words() -> None:
    evil = "\"><script>alert(1)</script>'{{7*7}}"
    page = samples.postkorb("p1")
    row = replace(page.rows[0], title=evil, case_name=evil, sender=evil, item_id="p1")
    assert page.preview
    html = rendering.render(
        replace(page, rows=(row,), preview=replace(page.preview, title=evil, why=(evil,))),
        samples.shell(query=evil, csrf=evil),
    )
    assert "<script>alert" not in html
    assert "49" not in re.findall(r"alert.{0,40}", html)
    letter = replace(samples.sure_letter(), title=evil, reason=evil, case_query=evil)
    assert "<script>alert" not in rendering.render(samples.clearing(letter), samples.shell())
    hits = v.CaseHits(evil, (v.CaseHit(evil, evil, evil, evil, evil),))
    assert "<script>alert" not in rendering.render_fragment("akten", hits, samples.shell())
    assert "<script>alert" not in rendering.render(samples.error_page(404, evil), samples.shell())


def test_not_there_and_not_yours_look_the_same() -> None:
    first, second = samples.error_page(404, "13502-0099999"), samples.error_page(404, "13502-0012345")
    html = [rendering.render(page, samples.LOGGED_OUT).replace(page.number, "N") for page in (first, second)]
    assert html[0] == html[1]
    assert not re.search("gesperrt|ausgeblendet|Berechtigung|weitere", html[0])


def test_missing_commands_are_absent() -> None:
    page = samples.postkorb("p1")
    assert page.preview
    bare = replace(
        page.preview,
        done=None,
        forward_href=None,
        follow_up_href=None,
        other_case_href=None,
        note_href=None,
        document_href=None,
    )
    html = rendering.render(replace(page, preview=bare), samples.shell())
    assert "Erledigt" not in html
    assert "disabled" not in html


def test_no_preselection_on_a_tie() -> None:
    radios = [
        a for tag, a in read(HTML["klaerung-gleichstand"]).elements if tag == "input" and a.get("type") == "radio"
    ]
    assert len(radios) == 2
    assert not [radio for radio in radios if "checked" in radio]


def test_signs_carry_words() -> None:
    assert '<span class="kern-sr-only">Passt: </span>' in HTML["klaerung"]
    assert '<span class="kern-sr-only">Teilweise: </span>' in HTML["klaerung"]
    assert '<span class="kern-sr-only">Passt nicht: </span>' in HTML["klaerung"]
    assert '<span class="kern-sr-only">Offen: </span>' in HTML["klaerung-gleichstand"]


def test_dark_mode_is_rendered_by_the_server() -> None:
    page, shell = samples.ALL["postkorb"]
    assert 'data-kern-theme="dark"' in rendering.render(page, replace(shell, theme="dark"))  # type: ignore[arg-type]
    assert "data-kern-theme" not in rendering.render(page, shell)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("target", "model"),
    [
        ("vorschau", samples.postkorb("p2")),
        ("vorschau", samples.case_page()),
        ("liste-bereich", samples.postkorb("p2")),
        ("liste-bereich", samples.case_page()),
        ("blatt", samples.postkorb("p2")),
        ("blatt", samples.document_page(True)),
        ("blatt", samples.clearing(samples.sure_letter())),
        ("fall", samples.clearing(samples.tie_letter())),
        ("fall", samples.clearing(None)),
        ("neu", samples.postkorb("p2")),
        ("meldung", samples.CONFLICT),
        ("meldung", samples.error_page(500)),
        ("dialog-inhalt", samples.form_page("notiz")),
        ("dialog-inhalt", samples.HELP),
        ("dialog-inhalt", samples.LOGIN),
        ("treffer", samples.search_page()),
    ],
)
def test_fragments_are_parts_of_the_page(target: str, model: object) -> None:
    html = rendering.render_fragment(target, model, samples.shell())
    reader = read(html)
    assert reader.faults == []
    assert "<html" not in html
    assert target == "neu" or reader.elements


def test_which_fragment_is_wanted() -> None:
    assert rendering.fragment_target({}) is None
    assert rendering.fragment_target({"HX-Target": "section#vorschau"}) is None
    assert rendering.fragment_target({"HX-Request": "true", "HX-Target": "section#vorschau"}) == "vorschau"
    assert rendering.fragment_target({"hx-request": "true", "hx-target": "div#dialog-inhalt"}) == "dialog-inhalt"
    assert rendering.fragment_target({"HX-Request": "true", "HX-Target": "div#../../etc/passwd"}) is None
    assert rendering.fragment_target({"HX-Request": "true", "HX-Target": "body"}) is None


def test_an_answer_names_its_places() -> None:
    answer = v.Answer(
        v.Toast("Erledigt.", samples.form("/aktionen/1/zuruecknehmen")),
        "/postkorb",
        (("postkorb", 1204),),
        gone=("p1", "p2"),
    )
    html = rendering.render_answer(answer, samples.shell())
    assert 'data-weg="p1 p2"' in html
    assert "[data-zahl=postkorb]" in html
    assert "1.204" in html
    assert "#fall" not in html
    with_next = replace(answer, clearing=samples.clearing(samples.tie_letter()))
    assert 'hx-target="#fall"' in rendering.render_answer(with_next, samples.shell())


def test_texts_in_templates_exist_and_none_is_left_over() -> None:
    keys = load_texts("de").keys()
    sources = "\n".join(path.read_text("utf-8") for path in TEMPLATES.glob("*.html"))
    code = "\n".join(path.read_text("utf-8") for path in TEMPLATES.parent.rglob("*.py"))
    used = set(re.findall(r'\bt\(\s*["\']([\w.]+)["\']\s*[,)]', sources))
    plural = set(re.findall(r'\btn\(\s*["\']([\w.]+)["\']', sources))
    assert used - keys == set()
    assert {f"{key}.{form}" for key in plural for form in ("one", "other")} - keys == set()
    assert {f"tasten.{name}" for _, name in KEYS} <= keys
    named = {key for key in keys if re.sub(r"\.(one|other)$", "", key) in sources + code}
    chosen = {key for key in keys if key.startswith(CHOSEN_BY_NAME) or key in ORDERS_AND_LISTS}
    assert keys - named - chosen == set()


def test_every_way_that_the_chain_may_be_broken_has_words() -> None:
    written = inspect.getsource(verify) + inspect.getsource(checking)
    kinds = set(re.findall(r'Problem\(.*"(\w+)"', written))
    assert {"anchor_missing", "unreadable", "cut_tail", "file_changed"} <= kinds
    for language in LANGUAGES:
        assert {f"protokoll.bruch.{kind}" for kind in kinds} <= load_texts(language).keys()


def test_texts_have_the_same_places_in_both_languages() -> None:
    def places(language: str) -> dict[str, set[str | None]]:
        path = TEMPLATES.parent / f"texts_{language}.yaml"
        tree = yaml.safe_load(path.read_text("utf-8"))
        flat = flatten(tree)
        return {key: {name for _, name, _, _ in string.Formatter().parse(flat[key]) if name} for key in flat}

    assert places("de") == places("en")


def test_font_ranges_in_css_are_those_that_were_cut() -> None:
    css = (rendering.STATIC / "ea.css").read_text("utf-8")
    for stem in assets.FONTS.values():
        for subset, ranges in assets.SUBSETS.items():
            assert f'vendor/fonts/{stem}-{subset}.woff2") format("woff2"); unicode-range: {ranges};' in css


def test_own_script_needs_no_eval() -> None:
    script = (rendering.STATIC / "ea.js").read_text("utf-8")
    assert not re.search(r"\beval\(|new Function|setAttribute\(\"style|document\.write|insertAdjacentHTML", script)
    assert len(script.encode()) < 40_000


def test_english_pages_render_too() -> None:
    for name, (page, shell) in samples.ALL.items():
        html = rendering.render(page, replace(shell, language="en"))  # type: ignore[arg-type]
        assert '<html lang="en"' in html, name
