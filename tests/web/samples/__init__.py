"""View models with invented people and letters, in every state that a page can have; a module per room."""

from tests.web.samples.forms import form_page, hits
from tests.web.samples.frame import CONFLICT, LOGGED_OUT, T, error_page, form, shell, text_view
from tests.web.samples.inbox import LETTERS, postkorb, preview
from tests.web.samples.letters import clearing, sure_letter, tie_letter, unknown_letter
from tests.web.samples.pages import ALL, HELP, LOGIN
from tests.web.samples.records import case_page, document_page, search_page

__all__ = [
    "ALL",
    "CONFLICT",
    "HELP",
    "LETTERS",
    "LOGGED_OUT",
    "LOGIN",
    "T",
    "case_page",
    "clearing",
    "document_page",
    "error_page",
    "form",
    "form_page",
    "hits",
    "postkorb",
    "preview",
    "search_page",
    "shell",
    "sure_letter",
    "text_view",
    "tie_letter",
    "unknown_letter",
]
