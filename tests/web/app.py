"""A throw-away application over the sample view models with a small state in memory: the routes of docs/web-routes.md
as far as the browser tests need them. It decides nothing that a real service would; it shows that the pages hold."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, FastAPI, Form, Request
from fastapi.responses import FileResponse, HTMLResponse, RedirectResponse, Response
from fastapi.staticfiles import StaticFiles

from tests.web import samples
from web import rendering
from web import views as v

PAGES = Path(__file__).parent / "pages"
Field = Annotated[str, Form()]
router = APIRouter()

LETTERS: dict[str, Callable[[], v.ClearingLetter]] = {
    "c1": samples.sure_letter,
    "c2": samples.tie_letter,
    "c3": samples.unknown_letter,
    **{key: partial(samples.sure_letter, key) for key in ("c4", "c5", "c6", "c7", "c8")},
}


@dataclass
class State:
    """What the tests look at afterwards."""

    gone: list[str] = field(default_factory=list)
    letters: list[str] = field(default_factory=lambda: ["c1", "c2", "c3"])
    filed: list[tuple[str, str, str]] = field(default_factory=list)
    posted: list[str] = field(default_factory=list)
    undone: int = 0
    keys_on: bool = True
    theme: v.Theme = "system"
    stale: set[str] = field(default_factory=set)
    logged_in: bool = True
    csrf: str = "token-1"
    prefetched: int = 0

    def shell(self, room: str = "postkorb", toast: v.Toast | None = None) -> v.Shell:
        return samples.shell(room, toast=toast, keys_on=self.keys_on, theme=self.theme, csrf=self.csrf)

    def inbox(self, current: str | None) -> v.PostkorbPage:
        left = [letter[0] for letter in samples.LETTERS if letter[0] not in self.gone]
        chosen = current if current in left else (left[0] if left else None)
        return samples.postkorb(chosen, frozenset(self.gone))

    def clearing(self, item: str | None) -> v.ClearingPage:
        chosen = item if item in self.letters else (self.letters[0] if self.letters else None)
        letter = LETTERS[chosen]() if chosen else None
        return samples.clearing(letter, 44 + len(self.letters), 268 - len(self.letters))

    def counts(self) -> tuple[tuple[str, int], ...]:
        left = len(samples.LETTERS) - len(self.gone)
        return (("postkorb", left), ("reiter", left))

    def toast(self, text: str) -> v.Toast:
        number = len(self.posted)
        return v.Toast(text, samples.form(f"/aktionen/{number}/zuruecknehmen", 1, f"u-{number}"))


def make_app() -> tuple[FastAPI, State]:
    """The application and the state behind it."""
    app = FastAPI()
    app.state.sample = State()
    app.include_router(router)
    app.mount("/static", StaticFiles(directory=rendering.STATIC))
    return app, app.state.sample


def state_of(request: Request) -> State:
    state: State = request.app.state.sample
    return state


def is_htmx(request: Request) -> bool:
    return request.headers.get("HX-Request") == "true"


def html(text: str, status: int = 200) -> HTMLResponse:
    return HTMLResponse(text, status, headers=dict(rendering.HEADERS))


def page(request: Request, model: Any, shell: v.Shell, status: int = 200) -> HTMLResponse:
    target = rendering.fragment_target(request.headers)
    return html(rendering.render_fragment(target, model, shell) if target else rendering.render(model, shell), status)


def either(request: Request, target: str, model: Any, shell: v.Shell, status: int) -> HTMLResponse:
    """An answer to a refused POST: the named fragment for htmx, else the whole page."""
    text = rendering.render_fragment(target, model, shell) if is_htmx(request) else rendering.render(model, shell)
    return html(text, status)


def answer(request: Request, value: v.Answer, shell: v.Shell) -> Response:
    return html(rendering.render_answer(value, shell)) if is_htmx(request) else RedirectResponse(value.next_href, 303)


def refuse(request: Request, csrf: str, item: str = "") -> Response | None:
    state = state_of(request)
    if not state.logged_in:
        login = replace(samples.LOGIN, notice=samples.T("anmelden.abgelaufen"))
        return either(request, "dialog-inhalt", login, state.shell(), 401)
    if csrf != state.csrf:
        return either(request, "meldung", samples.error_page(403), state.shell(), 403)
    return either(request, "meldung", samples.CONFLICT, state.shell(), 409) if item in state.stale else None


@router.get("/postkorb")
def get_inbox(request: Request, getan: int = 0) -> Response:
    state = state_of(request)
    return page(request, state.inbox(None), state.shell(toast=state.toast("Erledigt.") if getan else None))


@router.get("/postkorb/neu")
def get_new(request: Request) -> Response:
    return page(request, state_of(request).inbox(None), state_of(request).shell())


@router.get("/postkorb/e/{item}")
def get_item(request: Request, item: str, ansicht: str = "bild", seite: int = 1) -> Response:
    model = state_of(request).inbox(item)
    assert model.preview
    view = model.preview.page
    if ansicht == "text":
        view = samples.text_view(view.title, view.self_href)
    if seite == 2:
        view = replace(view, number=2, previous_href=f"{view.self_href}?seite=1", next_href=None)
    return page(request, replace(model, preview=replace(model.preview, page=view)), state_of(request).shell())


@router.get("/postkorb/e/{item}/{action}")
@router.get("/klaerung/{item}/formular/{action}")
def get_form(request: Request, item: str, action: str) -> Response:
    return page(request, samples.form_page(action), state_of(request).shell())


@router.post("/postkorb/e/{item}/erledigt")
def post_done(request: Request, item: str, csrf: Field, kennung: Field) -> Response:
    state = state_of(request)
    if refused := refuse(request, csrf, item):
        return refused
    state.posted.append(kennung)
    state.gone.append(item)
    toast = state.toast(f"Erledigt: {samples.preview(item).title}.")
    value = v.Answer(toast, f"/postkorb?getan={len(state.posted)}", state.counts(), gone=(item,))
    return answer(request, value, state.shell())


@router.post("/postkorb/e/{item}/{action}")
def post_form(
    request: Request, item: str, action: str, csrf: Field, tag: Field = "", akte: Field = "", suchen: Field = ""
) -> Response:
    state = state_of(request)
    if refused := refuse(request, csrf, item):
        return refused
    if suchen:
        return either(request, "dialog-inhalt", samples.form_page(action), state.shell())
    if (action == "wiedervorlage" and tag.endswith("2020")) or (action == "andere-akte" and not akte):
        return either(request, "dialog-inhalt", samples.form_page(action, True), state.shell(), 422)
    state.posted.append(action)
    gone = () if action == "notiz" else (item,)
    state.gone.extend(gone)
    value = v.Answer(state.toast(f"{action} getan."), f"/postkorb?getan={len(state.posted)}", state.counts(), gone=gone)
    return answer(request, value, state.shell())


@router.post("/aktionen/{number}/zuruecknehmen")
def post_undo(request: Request, number: int, csrf: Field) -> Response:
    state = state_of(request)
    if refused := refuse(request, csrf):
        return refused
    state.undone += 1
    if state.gone:
        item = state.gone.pop()
        value = v.Answer(v.Toast("Zurückgenommen."), f"/postkorb/e/{item}", state.counts(), back=(item,))
        return answer(request, value, state.shell())
    item = state.filed.pop()[0]
    state.letters.insert(0, item)
    value = v.Answer(v.Toast("Ablage zurückgenommen."), f"/klaerung/{item}", clearing=state.clearing(item))
    return answer(request, value, state.shell("klaerung"))


@router.get("/klaerung")
@router.get("/klaerung/{item}")
def get_clearing(
    request: Request, item: str | None = None, getan: int = 0, akte_suche: str = "", ansicht: str = "bild"
) -> Response:
    state = state_of(request)
    model = state.clearing(item)
    if model.letter and akte_suche:
        found = tuple(
            v.CandidateCard(hit.value, hit.name, hit.file_number, hit.detail, hit.catalogue)
            for hit in samples.hits(akte_suche)
        )
        letter = replace(model.letter, candidates=model.letter.candidates + found, case_query=akte_suche)
        model = replace(model, letter=letter)
    if model.letter and ansicht == "text":
        text = samples.text_view("Brief", model.letter.self_href)
        model = replace(model, letter=replace(model.letter, page=text))
    return page(request, model, state.shell("klaerung", state.toast("Abgelegt.") if getan else None))


@router.get("/klaerung/{item}/akten")
def get_cases(request: Request, item: str, q: str) -> Response:
    return html(rendering.render_fragment("akten", v.CaseHits(q, samples.hits(q)), state_of(request).shell()))


@router.post("/klaerung/{item}/ablegen")
def post_file(
    request: Request, item: str, csrf: Field, kennung: Field, art: Field, schlagwort: Field, akte: Field = ""
) -> Response:
    state = state_of(request)
    if refused := refuse(request, csrf, item):
        return refused
    if not akte:
        wrong = replace(LETTERS[item](), errors=v.ClearingErrors(samples.T("klaerung.erst_akte")))
        return either(request, "fall", samples.clearing(wrong), state.shell("klaerung"), 422)
    state.posted.append(kennung)
    state.filed.append((item, akte, f"{art} {schlagwort}"))
    state.letters.remove(item)
    following = state.clearing(None)
    href = following.letter.self_href if following.letter else "/klaerung"
    counts = (("klaerung", following.open_count),)
    toast = state.toast("Abgelegt in Akte Kowalczyk, Anna.")
    value = v.Answer(toast, f"{href}?getan={len(state.posted)}", counts, clearing=following)
    return answer(request, value, state.shell("klaerung"))


@router.post("/klaerung/{item}/zurueckstellen")
def post_postpone(request: Request, item: str, csrf: Field) -> Response:
    state = state_of(request)
    if refused := refuse(request, csrf, item):
        return refused
    state.letters.remove(item)
    state.filed.append((item, "zurueckgestellt", ""))
    value = v.Answer(state.toast("Zurückgestellt."), "/klaerung", clearing=state.clearing(None))
    return answer(request, value, state.shell("klaerung"))


@router.get("/bild/{name}")
def get_image(request: Request, name: str) -> Response:
    state_of(request).prefetched += request.headers.get("X-EA-Vorab") == "1"
    return FileResponse(PAGES / name, media_type="image/svg+xml", headers={"Cache-Control": "private, no-cache"})


@router.get("/muster/{name}")
def get_sample(name: str, thema: v.Theme = "light") -> Response:
    model, shell = samples.ALL[name]
    return html(rendering.render(model, replace(shell, theme=thema)))  # type: ignore[arg-type]


@router.get("/suche")
def get_search(request: Request, q: str = "") -> Response:
    return page(request, samples.search_page("found" if q else "start"), state_of(request).shell("akten"))


@router.get("/akte/{number}")
def get_case(request: Request, number: str) -> Response:
    return page(request, samples.case_page(), state_of(request).shell("akten"))


@router.get("/akte/{number}/dokument/{n}")
def get_document(request: Request, number: str, n: int) -> Response:
    return page(request, samples.document_page(), state_of(request).shell("akten"))


@router.get("/hilfe/tastatur")
def get_help(request: Request) -> Response:
    return page(request, samples.HELP, state_of(request).shell(""))


@router.post("/einstellungen/tasten")
def post_keys(request: Request, tasten: Field = "") -> Response:
    state_of(request).keys_on = tasten == "an"
    return RedirectResponse("/einstellungen", 303)


@router.post("/einstellungen/darstellung")
def post_theme(request: Request, darstellung: Annotated[v.Theme, Form()]) -> Response:
    state_of(request).theme = darstellung
    return RedirectResponse("/postkorb", 303)


@router.post("/anmelden")
def post_login(request: Request, passwort: Field = "") -> Response:
    state = state_of(request)
    if passwort != "richtig":
        login = replace(samples.LOGIN, problem=samples.T("anmelden.falsch"))
        return either(request, "dialog-inhalt", login, samples.LOGGED_OUT, 401)
    state.logged_in, state.csrf = True, "token-2"
    if is_htmx(request):
        return Response(headers={"HX-Trigger": json.dumps({"ea:angemeldet": {"csrf": state.csrf}})})
    return RedirectResponse("/postkorb", 303)
