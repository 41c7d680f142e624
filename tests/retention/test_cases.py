"""Which entries count for a file, and what a hold does: the longest wins, a hold always wins, nothing is guessed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from archive.datafiles import data_file
from retention.cases import (
    CaseEnd,
    CaseFacts,
    DisposalVerdict,
    FilingFacts,
    Hold,
    case_end,
    disposal_state,
    filing_end,
    resolve,
)
from retention.dates import DateFact, Outcome, RetentionEnd, Undecidable
from retention.schedule import DisposalAction
from retention.schedule_file import default_schedule

SCHEDULE = default_schedule()
UNITS = {unit["code"]: unit for unit in data_file("fileplan")["units"] if unit["kind"] == "file_type"}
ALL = frozenset(SCHEDULE.entries)


def facts(file_type: str, *filings: FilingFacts, confirmed: frozenset[str] = ALL, **days: date) -> CaseFacts:
    unit = UNITS[file_type]
    known = {name: DateFact(day, "test") for name, day in days.items()}
    return CaseFacts(
        file_type,
        unit["retention"],
        known,
        filings,
        confirmed=confirmed,
        named_partial=unit.get("partial_retention", []),
    )


def end_of(case: CaseFacts, *parents: Outcome) -> date:
    outcome = case_end(SCHEDULE, case, parents).outcome
    assert isinstance(outcome, RetentionEnd), outcome
    return outcome.retention_end


def code_of(end: CaseEnd) -> str:
    assert isinstance(end.outcome, Undecidable), end.outcome
    return end.outcome.code


def filing(keyword: str | None = None, document_type: str | None = None, **days: date) -> FilingFacts:
    return FilingFacts(keyword, document_type, triggers={name: DateFact(day, "test") for name, day in days.items()})


def test_a_benefit_file_ends_ten_years_after_the_year_of_closing() -> None:
    end = case_end(SCHEDULE, facts("LEIST", case_closed=date(2015, 4, 1)))
    assert isinstance(end.outcome, RetentionEnd)
    assert (end.outcome.retention_end, end.outcome.due_on) == (date(2025, 12, 31), date(2026, 1, 1))
    assert (end.outcome.schedule_id, end.disposal_action) == ("SGB2_LEISTUNG", DisposalAction.APPRAISE)


def test_an_early_partial_disposal_never_shortens_or_blocks_its_file() -> None:
    letters = [filing("L24", "KONTOAUSZUG"), filing("L25", "AUSWEIS", purpose_fulfilled=date(2015, 1, 1))]
    assert end_of(facts("LEIST", *letters, case_closed=date(2015, 4, 1))) == date(2025, 12, 31)


def test_a_longer_document_keeps_its_file() -> None:
    topic = facts("VERW", filing("A01", superseded=date(2020, 5, 5)), case_closed=date(2016, 1, 1))
    assert end_of(topic) == date(2030, 12, 31)
    assert case_end(SCHEDULE, topic).disposal_action is DisposalAction.ARCHIVE
    assert code_of(case_end(SCHEDULE, facts("VERW", filing("A01"), case_closed=date(2016, 1, 1)))) == "trigger_missing"
    assert end_of(facts("VERW", filing("A05"), case_closed=date(2016, 1, 1))) == date(2021, 12, 31)


def test_a_condition_counts_when_its_trigger_is_on_record() -> None:
    settled = date(2015, 3, 1)
    assert end_of(facts("FORD", claim_settled=settled)) == date(2025, 12, 31)
    assert end_of(facts("FORD", claim_settled=settled, title_final=date(2010, 7, 15))) == date(2040, 7, 15)
    measure = facts("MASS", contract_ended=date(2010, 1, 1), fixed_date=date(2030, 6, 30))
    assert end_of(measure) == date(2030, 6, 30)


def test_a_recorded_condition_wins_over_any_guess() -> None:
    known = facts("FORD", claim_settled=date(2015, 3, 1), title_final=date(2010, 7, 15))
    denied = CaseFacts("FORD", "FORDERUNG_ERLEDIGT", known.triggers, conditions={"FORDERUNG_TITULIERT": False})
    assert end_of(denied) == date(2025, 12, 31)
    only_title = CaseFacts(
        "FORD", "FORDERUNG_ERLEDIGT", {"title_final": DateFact(date(2010, 7, 15), "test")},
        conditions={"FORDERUNG_ERLEDIGT": False},
    )  # fmt: skip
    assert end_of(only_title) == date(2040, 7, 15)
    asked = CaseFacts("MASS", "SGB2_MASSNAHME", {}, conditions={"SGB2_MASSNAHME_ESF": True, "SGB2_MASSNAHME": False})
    assert code_of(case_end(SCHEDULE, asked)) == "fixed_date_missing"


def test_unconditional_destruction_of_a_match_needs_a_recorded_condition() -> None:
    letter = filing("L19", "DATENABGLEICH", purpose_fulfilled=date(2020, 3, 1))
    case = facts("LEIST", letter, case_closed=date(2019, 1, 1))
    with_file = filing_end(SCHEDULE, case, letter)
    assert isinstance(with_file, RetentionEnd)
    assert with_file.retention_end == date(2029, 12, 31)
    agreed = CaseFacts("LEIST", "SGB2_LEISTUNG", case.triggers, [letter], {"DATENABGLEICH_OHNE_BEFUND": True})
    early = filing_end(SCHEDULE, agreed, letter)
    assert isinstance(early, RetentionEnd)
    assert early.due_on == date(2020, 3, 1)


def test_an_unconfirmed_partial_entry_is_a_work_item_for_its_document_only() -> None:
    letter = filing("L24", "KONTOAUSZUG", decision_final=date(2026, 11, 30))
    case = facts("LEIST", letter, confirmed=frozenset(), case_closed=date(2015, 4, 1))
    assert isinstance(filing_end(SCHEDULE, case, letter), Undecidable)
    assert end_of(case) == date(2025, 12, 31)


def test_an_entry_named_for_a_filing_counts() -> None:
    named = FilingFacts("A05", None, "VERNICHTUNGSNACHWEIS", {"files_destroyed": DateFact(date(2020, 1, 1), "test")})
    assert end_of(facts("VERW", named, case_closed=date(2016, 1, 1))) == date(2050, 12, 31)


def test_an_unknown_entry_is_a_work_item() -> None:
    assert code_of(case_end(SCHEDULE, CaseFacts("LEIST", None))) == "unknown_schedule"
    assert code_of(case_end(SCHEDULE, CaseFacts("LEIST", "ALT"))) == "unknown_schedule"


def test_followers_wait_for_the_whole_chain() -> None:
    cases = {
        "klage": facts("KLAGE", decision_final=date(2012, 1, 1)),
        "wid": facts("WID", decision_final=date(2011, 1, 1)),
        "leist": facts("LEIST", case_closed=date(2014, 2, 2)),
    }
    ends = resolve(SCHEDULE, cases, {"klage": ["wid", "leist"], "wid": ["leist"]}, {})
    found = {key: end.outcome.retention_end for key, end in ends.items() if isinstance(end.outcome, RetentionEnd)}
    assert found == {"klage": date(2024, 12, 31), "wid": date(2024, 12, 31), "leist": date(2024, 12, 31)}
    open_case = cases | {"leist": facts("LEIST")}
    codes = {
        key: code_of(end) for key, end in resolve(SCHEDULE, open_case, {"klage": ["wid"], "wid": ["leist"]}, {}).items()
    }
    assert codes == {"leist": "trigger_missing", "wid": "parent_undecided", "klage": "parent_undecided"}


def test_an_open_file_has_no_end_whatever_is_known_of_it() -> None:
    known = replace(facts("OWI", decision_final=date(2001, 1, 1)), closed=False)
    assert code_of(case_end(SCHEDULE, known)) == "case_open"


def test_a_circle_of_followers_is_a_work_item_and_a_gone_parent_is_known_by_its_end() -> None:
    wid = facts("WID", decision_final=date(2011, 1, 1))
    ends = resolve(
        SCHEDULE, {"a": wid, "b": wid, "c": wid, "d": wid}, {"a": ["b"], "b": ["a"], "c": ["a"], "d": ["x"]}, {}
    )
    assert [code_of(ends[key]) for key in "abc"] == ["parent_cycle"] * 3
    assert code_of(ends["d"]) == "parent_missing"
    gone: Outcome = RetentionEnd(date(2020, 12, 31), date(2021, 1, 1), "SGB2_LEISTUNG", "§", "list")
    known = resolve(SCHEDULE, {"d": wid}, {"d": ["x"]}, {"x": gone})["d"].outcome
    assert isinstance(known, RetentionEnd)
    assert known.retention_end == date(2021, 12, 31)


def test_a_file_that_follows_nobody_waits_for_nobody() -> None:
    leist = facts("LEIST", case_closed=date(2014, 2, 2))
    ends = resolve(SCHEDULE, {"a": leist, "b": leist}, {"a": ["b"], "b": ["a"]}, {})
    assert all(isinstance(end.outcome, RetentionEnd) for end in ends.values())


days = st.dates(date(1950, 1, 1), date(2100, 12, 31))
names = st.sampled_from([entry.trigger for entry in SCHEDULE.entries.values()])
known_days = st.dictionaries(names, st.builds(DateFact, days, st.just("test")), max_size=4)
keywords = st.none() | st.sampled_from(["L24", "L25", "L10", "V06", "V10", "A01", "A03", "A07", "D03", "X"])
types = st.none() | st.sampled_from(["DATENABGLEICH", "KONTOAUSZUG"])
entry_ids = st.none() | st.sampled_from([*SCHEDULE.entries, "UNBEKANNT"])
any_filing = st.builds(FilingFacts, keywords, types, entry_ids, known_days)
any_case = st.builds(
    CaseFacts, st.sampled_from([*UNITS, "X"]), entry_ids, known_days, st.lists(any_filing, max_size=3),
    st.dictionaries(st.sampled_from(list(SCHEDULE.entries)), st.booleans(), max_size=3),
    st.frozensets(st.sampled_from(list(SCHEDULE.entries))), st.lists(st.sampled_from(list(SCHEDULE.entries)), max_size=2),
)  # fmt: skip


@given(any_case)
def test_no_facts_of_a_file_raise_and_the_file_outlasts_its_base(case: CaseFacts) -> None:
    end = case_end(SCHEDULE, case)
    if isinstance(end.outcome, RetentionEnd):
        assert end.outcome.due_on == end.outcome.retention_end + timedelta(days=1)
        alone = case_end(
            SCHEDULE, CaseFacts(case.file_type, case.schedule_id, case.triggers, (), case.conditions, case.confirmed)
        )
        assert not isinstance(alone.outcome, RetentionEnd) or alone.outcome.retention_end <= end.outcome.retention_end
    else:
        assert end.outcome.text
    for letter in case.filings:
        assert filing_end(SCHEDULE, case, letter)


@given(
    st.dictionaries(st.integers(0, 5), any_case, max_size=6),
    st.dictionaries(st.integers(0, 5), st.lists(st.integers(0, 8), max_size=3)),
)
def test_any_web_of_files_is_resolved(cases: dict[int, CaseFacts], parents: dict[int, list[int]]) -> None:
    ends = resolve(SCHEDULE, cases, parents, {})
    assert set(ends) == set(cases)


def test_a_long_chain_is_resolved() -> None:
    chain = {number: facts("WID", decision_final=date(2011, 1, 1)) for number in range(1500)}
    chain[1500] = facts("LEIST", case_closed=date(2014, 1, 1))
    ends = resolve(SCHEDULE, chain, {number: [number + 1] for number in range(1500)}, {})
    assert isinstance(ends[0].outcome, RetentionEnd)


outcomes: st.SearchStrategy[Outcome] = st.one_of(
    days.map(lambda day: RetentionEnd(day, day + timedelta(days=1), "X", "§", "test")),
    st.just(Undecidable("trigger_missing", "Das Datum fehlt.", "Datum")),
)
holds = st.lists(
    st.builds(Hold, st.sampled_from(list(SCHEDULE.hold_reasons)), st.just("Offene Forderung"), days), max_size=3
)


@given(outcomes, holds, days)
def test_a_hold_always_wins(outcome: Outcome, found: Sequence[Hold], on: date) -> None:
    state = disposal_state(outcome, found, on)
    if found:
        assert (state.verdict, state.due_on) == (DisposalVerdict.HELD, None)
        assert state.text.startswith(f"Sperre seit {min(hold.since for hold in found):%d.%m.%Y}: nicht vernichtet")
    elif isinstance(outcome, Undecidable):
        assert state.verdict is DisposalVerdict.WORK_ITEM
    else:
        assert (state.verdict is DisposalVerdict.DUE) == (on > outcome.retention_end)


@given(closed=st.dates(date(2000, 1, 1), date(2040, 1, 1)), fulfilled=st.dates(date(2000, 1, 1), date(2040, 1, 1)))
def test_no_file_goes_before_its_last_document(closed: date, fulfilled: date) -> None:
    """A shorter period that began later may end later than that of the file."""
    entry, base = SCHEDULE.entries["TEIL_GESUNDHEIT"], SCHEDULE.entries[UNITS["VERM"]["retention"]]
    document = filing(keyword=sorted(entry.keywords)[0], **{entry.trigger: fulfilled})
    case = facts("VERM", document, **{base.trigger: closed})
    alone = filing_end(SCHEDULE, case, document)
    assert isinstance(alone, RetentionEnd)
    assert end_of(case) == max(alone.retention_end, end_of(facts("VERM", **{base.trigger: closed})))
