"""The schedule is data: every fault of a bad one is named, and the good one says what the file says."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from archive.datafiles import data_file
from retention.loading import schedule_data
from retention.schedule import DisposalAction, EndRule, Period, PeriodUnit, ScheduleFaults, strictest_action
from retention.schedule_file import default_schedule, entry_from_data, parse

SCHEDULE = default_schedule()


def changed(**changes: Any) -> bytes:
    """The data file with fields of its first entry replaced."""
    data = yaml.safe_load(yaml.safe_dump(schedule_data()[0]))
    data["entries"][0].update(changes)
    return yaml.safe_dump(data, allow_unicode=True).encode()


def faults(raw: bytes) -> tuple[str, ...]:
    with pytest.raises(ScheduleFaults) as caught:
        parse(raw)
    return caught.value.faults


def test_every_entry_and_reason_of_the_file_is_there() -> None:
    data, version = schedule_data()
    assert SCHEDULE.version == version
    assert list(SCHEDULE.entries) == [entry["id"] for entry in data["entries"]]
    assert list(SCHEDULE.hold_reasons) == [reason["id"] for reason in data["hold_reasons"]]
    for entry in data["entries"]:
        read = SCHEDULE.entries[entry["id"]]
        assert (read.period.count, read.period.unit, read.end_rule) == (
            entry["period"],
            entry["unit"],
            entry["end_rule"],
        )
        assert read.needs_decision is entry.get("needs_decision", False)
        assert read.disposal_action == entry["disposal_action"]


def test_the_file_plan_and_the_keywords_name_only_entries_that_exist() -> None:
    for unit in data_file("fileplan")["units"]:
        for name in (unit.get("retention"), *unit.get("partial_retention", [])):
            assert name is None or name in SCHEDULE.entries, unit["code"]
    for entries in data_file("keywords")["catalogues"].values():
        for keyword in entries:
            name = (keyword.get("partial_disposal") or {}).get("schedule")
            assert name is None or name in SCHEDULE.entries, keyword["code"]


def test_a_stored_entry_reads_back_the_same() -> None:
    data = schedule_data()[0]
    for entry in data["entries"]:
        stored = {key: str(value) if key == "fixed_date" and value else value for key, value in entry.items()}
        assert entry_from_data(stored, data["conventions"]["triggers"]) == SCHEDULE.entries[entry["id"]]


def test_lookup_by_file_type_and_keyword() -> None:
    assert [e.id for e in SCHEDULE.entries_for("FORD")] == [
        "FORDERUNG_ERLEDIGT",
        "FORDERUNG_TITULIERT",
        "ERSATZ_34_34A",
    ]
    assert [e.id for e in SCHEDULE.partial_entries("LEIST", "L24", "KONTOAUSZUG")] == ["TEIL_KONTOAUSZUG"]
    assert [e.id for e in SCHEDULE.partial_entries("LEIST", "L19", "DATENABGLEICH")] == ["DATENABGLEICH_OHNE_BEFUND"]
    assert SCHEDULE.partial_entries("WID", "L24", None) == []
    assert SCHEDULE.partial_entries("LEIST", None, None) == []
    assert SCHEDULE.partial_entries("VERM", "V10", None) == []
    assert [e.id for e in SCHEDULE.partial_entries("VERM", "V10", None, ["SGB2_PSYCHOSOZIAL"])] == ["SGB2_PSYCHOSOZIAL"]


def test_extension_grounds_come_with_their_review() -> None:
    reasons = {reason.id: reason.review_after_months for reason in SCHEDULE.extension_reasons("FORDERUNG_ERLEDIGT")}
    assert reasons == {"GERICHT": 12, "INSOLVENZ": 24, "PRUEFUNG": 12}
    assert SCHEDULE.extension_reasons("GIBT_ES_NICHT") == []


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"trigger": "moon"}, "SGB2_LEISTUNG: Den Auslöser moon gibt es nicht."),
        ({"trigger": None}, "SGB2_LEISTUNG: trigger fehlt."),
        ({"end_rule": "later"}, "SGB2_LEISTUNG: end_rule later ist unbekannt."),
        ({"unit": "moons"}, "SGB2_LEISTUNG: unit moons ist unbekannt."),
        ({"unit": []}, "SGB2_LEISTUNG: unit [] ist unbekannt."),
        ({"disposal_action": "X"}, "SGB2_LEISTUNG: disposal_action X ist unbekannt."),
        ({"period": -1}, "SGB2_LEISTUNG: Die Dauer -1 ist keine ganze Zahl von 0 bis 1000."),
        ({"period": True}, "SGB2_LEISTUNG: Die Dauer True ist keine ganze Zahl von 0 bis 1000."),
        ({"period": 10.5}, "SGB2_LEISTUNG: Die Dauer 10.5 ist keine ganze Zahl von 0 bis 1000."),
        ({"end_rule": "immediate"}, "SGB2_LEISTUNG: Zur Fristregel immediate gehört keine Dauer."),
        ({"extension_grounds": ["LAUNE"]}, "SGB2_LEISTUNG: Den Sperrgrund LAUNE gibt es nicht."),
        ({"fixed_date": "2025-02-30"}, "SGB2_LEISTUNG: fixed_date ist kein Datum."),
        ({"id": "SGB2_BUT"}, "SGB2_BUT: Die Kennung ist doppelt."),
        ({"id": None}, "Eintrag 1: Die Kennung fehlt."),
        ({"needs_decision": "ja"}, "SGB2_LEISTUNG: needs_decision ist weder true noch false."),
        ({"applies_to": "LEIST"}, "SGB2_LEISTUNG: applies_to ist keine Liste von Kennungen."),
        ({"perlod": 5}, "SGB2_LEISTUNG: Das Feld perlod ist unbekannt."),
        ({"object": "soul"}, "SGB2_LEISTUNG: Der Gegenstand soul ist unbekannt."),
        ({"legal_basis": " "}, "SGB2_LEISTUNG: legal_basis fehlt."),
    ],
)
def test_a_fault_is_named(change: dict[str, Any], fault: str) -> None:
    assert faults(changed(**change)) == (fault,)


def test_all_faults_come_at_once() -> None:
    assert len(faults(changed(trigger="moon", unit="moons", period=None, mandate=None))) == 4


@pytest.mark.parametrize(
    "raw", [b"", b"[]", b"\xff\xfe", b"a: [", b"entries: 7", b"entries: [1, null, []]", b"hold_reasons: [{}]"]
)
def test_what_is_no_schedule_is_refused(raw: bytes) -> None:
    assert faults(raw)


@given(st.binary(max_size=80))
def test_no_bytes_break_the_reader(raw: bytes) -> None:
    assert faults(raw)


json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.floats(allow_nan=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@given(st.sampled_from(sorted(schedule_data()[0]["entries"][0])), json)
def test_any_value_in_any_field_is_taken_or_named(field: str, value: Any) -> None:
    data = dict(schedule_data()[0]["entries"][0]) | {field: value}
    found: tuple[str, ...] = ()
    count = -1
    try:
        count = entry_from_data(data, {"case_closed": "zdA"}).period.count
    except ScheduleFaults as error:
        found = error.faults
    assert found or count >= 0


def test_a_period_is_never_negative() -> None:
    with pytest.raises(ValueError, match="negative"):
        Period(-1, PeriodUnit.DAYS)


def test_which_periods_may_outlast() -> None:
    by_id = SCHEDULE.entries
    assert by_id["VERW_GRUNDSATZ"].may_outlast(by_id["VERW_ALLGEMEIN"])
    assert not by_id["TEIL_KONTOAUSZUG"].may_outlast(by_id["SGB2_LEISTUNG"])
    assert not by_id["DATENABGLEICH_OHNE_BEFUND"].may_outlast(by_id["SAMMEL_POST"])
    assert by_id["SGB2_MASSNAHME_ESF"].may_outlast(by_id["SGB2_MASSNAHME"])
    assert all(one.end_rule in set(EndRule) for one in by_id.values())


def test_the_strictest_action_wins() -> None:
    archive, appraise, destroy = DisposalAction.ARCHIVE, DisposalAction.APPRAISE, DisposalAction.DESTROY
    assert strictest_action([destroy, appraise, archive]) is archive
    assert strictest_action([destroy, appraise]) is appraise
    assert strictest_action([destroy]) is destroy
    assert strictest_action([]) is appraise
