"""Every page in every state, by name."""

from __future__ import annotations

from dataclasses import replace

from tests.web.samples.accesslog import PAGES as ACCESS_LOG
from tests.web.samples.auditing import log_page, mandate_page
from tests.web.samples.forms import form_page
from tests.web.samples.frame import CONFLICT, EMPTY, LOGGED_OUT, T, error_page, form, page_view, shell, text_view
from tests.web.samples.inbox import LETTERS, postkorb, preview
from tests.web.samples.letters import clearing, sure_letter, tie_letter, unknown_letter
from tests.web.samples.mailroom import mailroom_page, quarantine_page
from tests.web.samples.records import case_page, document_page, search_page
from web import views as v
from web.keyboard import key_lines

LOGIN = v.LoginPage("Anmelden", "/postkorb")
HELP = v.KeyboardHelpPage("Tastatur", key_lines(T))
SETTINGS = v.SettingsPage("Einstellungen", "system", True, False)

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
    **{name: (page, shell("")) for name, page in ACCESS_LOG.items()},
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
