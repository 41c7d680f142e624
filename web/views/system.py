"""Pages around the work: log-in, errors, settings, help, short forms, and the answer to a command."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from web.views.clearing import CaseHits, ClearingPage
from web.views.common import ActionForm, Link, Option, Theme, Toast

FieldKind = Literal["text", "date", "textarea", "select", "radio", "case"]


@dataclass(frozen=True, slots=True)
class LoginPage:
    """Log-in. `next_path` is a path of this application; `problem` is one sentence and never says what was wrong."""

    title: str
    next_path: str
    user_name: str = ""
    problem: str = ""
    notice: str = ""

    template: ClassVar[str] = "anmelden.html"
    panes: ClassVar[bool] = False


@dataclass(frozen=True, slots=True)
class ErrorPage:
    """400, 403, 404, 405, 409, 413, 422, 429, 500, 503 or 507 in words. 404 reads the same for „not there" and „not yours".

    `number` is the file number as asked for (from the address, not from a record); `kept` says what was kept. `told`,
    where there is one, says what is not available and stands in place of the general words.
    """

    title: str
    status: int
    reference: str
    number: str = ""
    kept: str = ""
    told: str = ""
    home_href: str = "/"

    template: ClassVar[str] = "fehler.html"
    panes: ClassVar[bool] = False


@dataclass(frozen=True, slots=True)
class StatementPage:
    """The accessibility statement; its words stand in the template."""

    title: str

    template: ClassVar[str] = "barrierefreiheit.html"
    panes: ClassVar[bool] = False


@dataclass(frozen=True, slots=True)
class Conflict:
    """Somebody was faster: who, what, when (fragment `meldung`, and a page of its own without JavaScript)."""

    title: str
    text: str
    view: Link | None
    onward: Link

    template: ClassVar[str] = "konflikt.html"
    panes: ClassVar[bool] = False


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a short form. `kind` "case" is the search for a case; its hits come from `cases_href`."""

    name: str
    kind: FieldKind
    label: str
    value: str = ""
    hint: str = ""
    error: str = ""
    required: bool = True
    options: tuple[Option, ...] = ()
    cases_href: str = ""
    hits: CaseHits | None = None


@dataclass(frozen=True, slots=True)
class FormPage:
    """A short form: forward, follow up, note, other case, new case, rescan. Without JavaScript it is a page."""

    title: str
    heading: str
    intro: str
    form: ActionForm
    self_href: str
    fields: tuple[Field, ...]
    submit: str
    back: Link

    template: ClassVar[str] = "formular.html"
    panes: ClassVar[bool] = False


@dataclass(frozen=True, slots=True)
class SettingsPage:
    """What a person may set for herself. Posted to /einstellungen: `darstellung`, `tasten`, `ansicht`.

    `saved` says what was just done, or is empty.
    """

    title: str
    theme: Theme
    keys_on: bool
    text_first: bool
    saved: str = ""

    template: ClassVar[str] = "einstellungen.html"
    panes: ClassVar[bool] = False


@dataclass(frozen=True, slots=True)
class PasswordPage:
    """A new password of one's own. `forced`: somebody else chose the old one, and there is no other page until then.

    No password is ever sent back: after a fault all fields are empty. `current_error`, `faults` and `repeat_error`
    stand beside their fields.
    """

    title: str
    next_path: str
    least: int
    longest: int
    forced: bool = False
    current_error: str = ""
    faults: tuple[str, ...] = ()
    repeat_error: str = ""

    template: ClassVar[str] = "passwort.html"
    panes: ClassVar[bool] = False


@dataclass(frozen=True, slots=True)
class KeyLine:
    """A key and what it does."""

    key: str
    text: str


@dataclass(frozen=True, slots=True)
class KeyboardHelpPage:
    """The keys, and the switch that turns single letters off (WCAG 2.1.4)."""

    title: str
    keys: tuple[KeyLine, ...]

    template: ClassVar[str] = "tastatur.html"
    panes: ClassVar[bool] = False


@dataclass(frozen=True, slots=True)
class Answer:
    """Answer to a posted command for htmx: the message, changed counts, what leaves or comes back, what comes next.

    Without JavaScript the same command answers 303 to `next_href`, where the toast appears on the page. `counts` are
    (key of the room or tab counter, new number); `gone` and `back` are item ids of the list on the page.
    """

    toast: Toast
    next_href: str
    counts: tuple[tuple[str, int], ...] = ()
    gone: tuple[str, ...] = ()
    back: tuple[str, ...] = ()
    clearing: ClearingPage | None = None

    template: ClassVar[str] = "_antwort.html"
    panes: ClassVar[bool] = False
