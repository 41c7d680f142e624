"""Every setting, command and route is documented, or this fails."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from core.settings import Settings
from eakte.cli import app, with_wait_value
from tests.databases import enter
from tests.eakte.commandline import commands
from web.router import routers

ROOT = Path(__file__).resolve().parents[2]
OPERATION = (ROOT / "docs" / "betrieb.md").read_text("utf-8")
ROUTES = (ROOT / "docs" / "web-routes.md").read_text("utf-8")


@pytest.mark.parametrize("name", sorted(Settings.model_fields))
def test_settings_are_documented(name: str) -> None:
    """In the words that `eakte settings` shows."""
    assert f"| `EAKTE_{name.upper()}` | {Settings.model_fields[name].description} |\n" in OPERATION


def test_the_manual_has_no_row_for_a_setting_that_is_none() -> None:
    rows = re.findall(r"^\| `EAKTE_(\w+)` \|", OPERATION, re.MULTILINE)
    assert sorted(rows) == sorted(name.upper() for name in Settings.model_fields)


def test_settings_are_shown_as_the_manual_has_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    enter(monkeypatch, tmp_path)
    shown = json.loads(CliRunner().invoke(app, ["settings", "--json"]).stdout)
    assert {row["name"]: row["description"] for row in shown} == {
        f"EAKTE_{name.upper()}": field.description for name, field in Settings.model_fields.items()
    }
    (home,) = [row for row in shown if row["name"] == "EAKTE_HOME"]
    assert (home["value"], home["description"]) == (str(tmp_path), "Datenordner der Installation.")


@pytest.mark.parametrize("command", sorted(commands()))
def test_commands_are_documented(command: str) -> None:
    assert f"`{command}" in OPERATION


def test_pages_are_documented() -> None:
    """Both ways: no route without a line, and no line about a page that is not there."""
    rows = [line.split("|")[1] for line in ROUTES.splitlines() if line.startswith("| `/")]
    told = {path for row in rows for path in re.findall(r"`(/[^`]*)`", row)}
    paths = {route.path for router in routers() for route in router.routes}  # type: ignore[attr-defined]
    assert told == paths


def test_adrs_are_short_and_whole() -> None:
    for adr in sorted((ROOT / "docs" / "adr").glob("*.md")):
        text = adr.read_text("utf-8")
        assert len(text.splitlines()) <= 60, adr.name
        assert all(part in text for part in ("## Context", "## Decision", "## Consequences", "## Alternatives")), (
            adr.name
        )


@pytest.mark.parametrize(
    ("given", "made"),
    [
        (["ingest", "--wait"], ["ingest", "--wait", "0"]),
        (["ingest", "--wait", "--json", "a"], ["ingest", "--wait", "0", "--json", "a"]),
        (["ingest", "--wait", "60", "a"], ["ingest", "--wait", "60", "a"]),
        (["ingest", "--wait", "a.pdf"], ["ingest", "--wait", "0", "a.pdf"]),
    ],
)
def test_wait_may_stand_alone(given: list[str], made: list[str]) -> None:
    assert with_wait_value(given) == made
