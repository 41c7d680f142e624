"""Auditors and data protection read words: every act and every look that can stand in a case's log has some."""

from __future__ import annotations

import ast
import importlib
from collections.abc import Iterator
from pathlib import Path

from web.mapping_accesslog import LOOKS
from web.mapping_auditing import ACTS

ROOT = Path(__file__).parents[2]
ROOMS = ("core", "organisation", "archive", "inbox", "search", "ingest", "retention", "api", "web", "eakte")


def acts_of_cases() -> Iterator[tuple[str, str]]:
    """(place, action) of everything that is recorded with a case; a made-up part of a name is `*`."""
    for path in sorted(one for room in ROOMS for one in (ROOT / room).rglob("*.py")):
        for call in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(call, ast.Call) or getattr(call.func, "id", "") != "record_act":
                continue
            if any(keyword.arg == "case_file_id" for keyword in call.keywords):
                place = path.relative_to(ROOT)
                yield f"{place}:{call.lineno}", _named(call.args[2], ".".join(place.with_suffix("").parts))


def _named(action: ast.expr, module: str) -> str:
    if isinstance(action, ast.Name):
        return str(getattr(importlib.import_module(module), action.id))
    parts = action.values if isinstance(action, ast.JoinedStr) else [action]
    return "".join(str(part.value) if isinstance(part, ast.Constant) else "*" for part in parts)


def test_every_act_on_a_case_has_words() -> None:
    found = list(acts_of_cases())
    assert len(found) > 20
    for place, action in found:
        fitting = [code for code in ACTS if code == action or ("*" in action and code.startswith(action.rstrip("*")))]
        assert fitting, f"{place}: {action} would be shown as it is"


def test_no_words_for_what_is_never_recorded() -> None:
    recorded = {action for _, action in acts_of_cases()}
    made_up = tuple(action.rstrip("*") for action in recorded if "*" in action)
    assert [code for code in ACTS if code not in recorded and not code.startswith(made_up)] == []


def kinds_of_looks() -> set[str]:
    """The third argument of every call of `look` and of what hands it on."""
    found = set()
    for path in sorted(one for room in ROOMS for one in (ROOT / room).rglob("*.py")):
        for call in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(call, ast.Call) or getattr(call.func, "id", "") not in ("look", "_look"):
                continue
            found |= {arg.value for arg in call.args[2:3] if isinstance(arg, ast.Constant)}
    return found


def test_every_look_has_words_and_no_other_words_are_kept() -> None:
    found = kinds_of_looks()
    assert {"document", "page", "access_log"} <= found
    assert {f"look.{kind}" for kind in found} == set(LOOKS)
