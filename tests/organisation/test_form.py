"""What an administrator may hand to `eakte init`: taken whole, or refused with every fault and nothing changed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select
from typer.testing import CliRunner

from core.errors import InvalidInput
from eakte.cli import app
from organisation.form import from_the_top, judge, read_organisation
from organisation.loading import load_organisation
from organisation.models import Agency, OrgUnit
from tests.databases import environment_at
from tests.support import make_database

FILE: dict[str, Any] = {
    "authority": {"code": "KREIS", "name": "Kreis"},
    "functions": [{"code": "SB", "system_roles": ["caseworker"]}],
    "units": [{"code": "JC", "title": "Jobcenter", "kind": "department", "parent": None}],
    "positions": [
        {"code": "P1", "function": "SB", "unit": "JC", "name": "Anna", "user": "anna", "ranges": ["A-K", "SCH"]}
    ],
}


def unit(code: str, parent: str | None, **more: Any) -> dict[str, Any]:
    return {"code": code, "title": code, "kind": "team", "parent": parent, **more}


def faults(**changed: Any) -> tuple[str, ...]:
    with pytest.raises(InvalidInput) as refused:
        judge({**FILE, **changed})
    return refused.value.faults


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"units": "JC"}, "Der Abschnitt „units“ ist keine Liste."),
        ({"authority": {"code": "K"}}, "Abschnitt „authority“, „name“ fehlt."),
        ({"units": [{"code": "JC", "kind": "team"}]}, "Abschnitt „units“, Eintrag 1 (JC), „title“ fehlt."),
        ({"units": [unit("JC", None), "x"]}, "Abschnitt „units“, Eintrag 2 hat keine benannten Felder."),
        (
            {"functions": [{"code": "SB", "system_roles": ["caseworker", "king"]}]},
            "Abschnitt „functions“, Eintrag 1 (SB), „system_roles“, Nr. 2 ist keine bekannte Rolle.",
        ),
        (
            {"positions": [{**FILE["positions"][0], "ranges": ["A–K"]}]},
            "Abschnitt „positions“, Eintrag 1 (P1), „ranges“, Nr. 1 ist kein Buchstabenbereich wie A-K.",
        ),
        (
            {"absence_examples": [{"position": "P1", "from": "morgen", "until": None, "kind": "planned"}]},
            "Abschnitt „absence_examples“, Eintrag 1, „from“ ist kein Datum.",
        ),
        ({"units": [unit("JC", None), unit("JC", None)]}, "Einheit JC steht 2-mal in der Datei."),
        ({"units": [unit("JC", "X")]}, "Einheit JC: Die übergeordnete Einheit X gibt es nicht."),
    ],
)
def test_a_fault_is_a_sentence_that_names_its_place(changed: dict[str, Any], sentence: str) -> None:
    assert faults(**changed) == (sentence,)


def test_all_faults_are_told_at_once() -> None:
    assert len(faults(units=[{"code": "JC"}], functions=[{}])) == 4


def test_units_in_a_circle_are_refused() -> None:
    (told,) = faults(units=[unit("JC", None), unit("A", "B"), unit("B", "A")])
    assert told.startswith("Einheiten stehen im Kreis übereinander: ")
    assert {"A", "B"} <= set(told.removesuffix(".").split())


def test_a_file_that_is_no_yaml_names_the_line() -> None:
    for raw in (b"authority: {code: K\nunits: [", b"\xff\xfe\x00", b"a: 2026-13-41", b"[" * 100_000):
        with pytest.raises(InvalidInput) as refused:
            read_organisation(raw)
        assert "kein lesbares YAML" in refused.value.faults[0]


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.sampled_from(["JC", "SB", "P1", "caseworker"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["code", "title", "kind", "parent", "unit", "function", "ranges"]), inner, max_size=5
        )
    ),
    max_leaves=20,
)


@given(st.dictionaries(st.sampled_from([*FILE, "absence_examples"]), values) | values)
def test_anything_is_taken_or_refused(data: Any) -> None:
    for one in (data, {**FILE, **data} if isinstance(data, dict) else data):
        told: tuple[str, ...] = ()
        seen: set[str | None] = {None, ""}
        try:
            units = list(from_the_top(judge(one).units))
        except InvalidInput as refused:
            told, units = refused.faults or ("nothing",), []
        assert all(fault.endswith(".") for fault in told)
        for unit_ in units:
            assert unit_.parent in seen
            seen.add(unit_.code)


def test_a_unit_may_stand_before_the_one_above_it(tmp_path: Path) -> None:
    database = make_database(tmp_path)
    units = [unit("T", "S"), unit("S", "JC", demo=False), *FILE["units"]]
    with database.write() as tx:
        load_organisation(tx, {**FILE, "units": units})
    with database.read() as session:
        found = {one.code: one for one in session.scalars(select(OrgUnit))}
    assert found["T"].parent_id == found["S"].id
    assert found["S"].parent_id == found["JC"].id
    assert [found[code].active for code in ("JC", "S", "T")] == [True, False, False]


def test_the_command_says_what_is_wrong_and_sets_up_nothing(tmp_path: Path) -> None:
    file = tmp_path / "org.yaml"
    database = make_database(tmp_path)
    for content, told in (("a: [}", "kein lesbares YAML (Zeile 1)"), ("units: []", "Der Abschnitt „authority“ fehlt.")):
        file.write_text(content, "utf-8")
        done = CliRunner().invoke(app, ["init", str(file)], env=environment_at(tmp_path))
        assert done.exit_code == 1
        assert told in done.stderr
        assert "Traceback" not in done.output
    with database.read() as session:
        assert session.scalar(select(func.count()).select_from(Agency)) == 0


def test_the_manuals_example_can_be_loaded(tmp_path: Path) -> None:
    manual = (Path(__file__).parents[2] / "docs" / "betrieb.md").read_text("utf-8")
    example = manual.partition("```yaml\nauthority")[2].partition("```")[0]
    with make_database(tmp_path).write() as tx:
        load_organisation(tx, read_organisation(f"authority{example}".encode()))
        assert len(tx.session.scalars(select(OrgUnit)).all()) == 3
