"""The end rules: computed by hand from the law, exercised over the whole schedule, attacked with any facts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.clock import agency_date
from retention.dates import (
    DateFact,
    Facts,
    Outcome,
    RetentionEnd,
    Undecidable,
    add_period,
    longest,
    retention_end,
    review_date,
    unknown_schedule,
)
from retention.loading import schedule_data
from retention.schedule import DisposalAction, EndRule, Entry, Period, PeriodUnit
from retention.schedule_file import default_schedule

SCHEDULE = default_schedule()
ENTRY = Entry(
    id="X", title="X", trigger="case_closed", trigger_title="zdA", period=Period(10, PeriodUnit.YEARS),
    end_rule=EndRule.YEAR_END, legal_basis="§ 1", mandate="Leitung", disposal_action=DisposalAction.DESTROY,
)  # fmt: skip
days = st.dates()
safe_days = st.dates(date(1, 1, 2), date(4000, 12, 31))
periods = st.builds(Period, st.integers(0, 1000), st.sampled_from(PeriodUnit))
rules = st.sampled_from(EndRule)
triggers = st.sampled_from([*schedule_data()[0]["conventions"]["triggers"], "nonsense", ""])


def make(rule: str, count: int = 0, unit: str = "years") -> Entry:
    return replace(ENTRY, end_rule=EndRule(rule), period=Period(count, PeriodUnit(unit)))


def facts(on: date | None, *parents: Outcome, confirmed: bool = True) -> Facts:
    known = {} if on is None else {name: DateFact(on, "test") for name in (ENTRY.trigger, "fixed_date")}
    return Facts(known, parents, confirmed)


def ended(entry: Entry, known: Facts) -> RetentionEnd:
    outcome = retention_end(entry, known)
    assert isinstance(outcome, RetentionEnd), outcome
    return outcome


def decided(last: date, schedule_id: str = "P") -> RetentionEnd:
    return RetentionEnd(last, last + timedelta(days=1), schedule_id, "§ 1", "test")


# Computed by hand from the text of the law. exact: §§ 187 Abs. 1, 188 Abs. 1 to 3 BGB. year_end: the wording of
# § 50 Abs. 4 SGB X ("verjährt in vier Jahren nach Ablauf des Kalenderjahres, in dem …") and § 199 Abs. 1 BGB.
BY_HAND = [
    ("exact", 1, "months", "2026-01-31", "2026-02-28", "§ 188 Abs. 3 BGB: no 31 February"),
    ("exact", 1, "months", "2028-01-31", "2028-02-29", "leap year has a last day more"),
    ("exact", 1, "months", "2026-02-28", "2026-03-28", "§ 188 Abs. 2: the number of the day, not the end of the month"),
    ("exact", 1, "months", "2026-04-30", "2026-05-30", "30 April to 30 May, not 31"),
    ("exact", 3, "months", "2026-11-30", "2027-02-28", "over the turn of the year"),
    ("exact", 12, "months", "2024-02-29", "2025-02-28", "29 February is missing a year later"),
    ("exact", 4, "years", "2024-02-29", "2028-02-29", "and is there four years later"),
    ("exact", 30, "years", "2024-02-29", "2054-02-28", "§ 52 Abs. 2 SGB X"),
    ("exact", 76, "years", "2024-02-29", "2100-02-28", "2100 is no leap year"),
    ("exact", 30, "years", "1996-07-15", "2026-07-15", "§ 197 Abs. 1 BGB"),
    ("exact", 1, "weeks", "2026-11-24", "2026-12-01", "§ 188 Abs. 2: the same day of the week"),
    ("exact", 8, "weeks", "2026-11-20", "2027-01-15", "eight weeks"),
    ("exact", 10, "days", "2026-02-20", "2026-03-02", "§ 187 Abs. 1: the day itself does not count"),
    ("exact", 10, "days", "2028-02-20", "2028-03-01", "with a 29 February between"),
    ("exact", 14, "days", "2026-12-24", "2027-01-07", "§ 193 BGB does not move it from a weekend"),
    ("exact", 0, "days", "2026-11-24", "2026-11-24", "no period: kept on the day itself"),
    ("year_end", 10, "years", "2023-05-17", "2033-12-31", "after the end of the year"),
    ("year_end", 10, "years", "2023-12-31", "2033-12-31", "31 December belongs to its own year"),
    ("year_end", 10, "years", "2024-01-01", "2034-12-31", "1 January to the next"),
    ("year_end", 4, "years", "2022-03-01", "2026-12-31", "§ 50 Abs. 4 SGB X, § 45 Abs. 1 SGB I"),
    ("year_end", 3, "years", "2024-02-29", "2027-12-31", "§§ 195, 199 Abs. 1 BGB"),
    ("year_end", 0, "years", "2026-06-01", "2026-12-31", "kept until the end of the year"),
    ("year_end", 18, "months", "2026-06-01", "2028-12-31", "ends on 30 June 2028, due after that year"),
    ("year_end", 2, "weeks", "2026-06-01", "2027-12-31", "runs from 31 December into the next year"),
    ("immediate", 0, "days", "2026-11-24", "2026-11-23", "§ 52 Abs. 3 SGB II: may go on the day itself"),
    ("immediate", 0, "days", "2028-03-01", "2028-02-29", "the day before, in a leap year"),
    ("fixed", 0, "years", "2025-12-31", "2025-12-31", "until a programme's date"),
    ("fixed", 0, "years", "2028-02-29", "2028-02-29", "on a leap day"),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "count", "unit", "trigger", "end", "why"), BY_HAND)
def test_by_hand(rule: str, count: int, unit: str, trigger: str, end: str, why: str) -> None:
    found = ended(make(rule, count, unit), facts(date.fromisoformat(trigger)))
    assert found.retention_end == date.fromisoformat(end), why
    assert found.due_on == date.fromisoformat(end) + timedelta(days=1), why


def test_closing_late_on_new_years_eve_in_utc_is_next_year() -> None:
    closed = agency_date(datetime(2025, 12, 31, 23, 30, tzinfo=UTC))
    assert ended(SCHEDULE.entries["SGB2_LEISTUNG"], facts(closed)).retention_end == date(2036, 12, 31)
    earlier = agency_date(datetime(2025, 12, 31, 22, 30, tzinfo=UTC))
    assert ended(SCHEDULE.entries["SGB2_LEISTUNG"], facts(earlier)).retention_end == date(2035, 12, 31)


def test_in_summer_time_the_day_turns_at_ten_in_utc() -> None:
    assert agency_date(datetime(2026, 6, 30, 22, 30, tzinfo=UTC)) == date(2026, 7, 1)


EXAMPLES: list[Mapping[str, Any]] = schedule_data()[0]["date_examples"]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda one: f"{one['entry']}-{one.get('why', '')}")
def test_worked_examples_of_the_schedule(example: Mapping[str, Any]) -> None:
    entry = SCHEDULE.entries[example["entry"]]
    on = example.get("closed_again_on") or example.get("trigger_date") or example.get("fixed_date")
    known = {} if on is None else {entry.trigger: DateFact(on, "example")}
    parents = [decided(example["parent"]["retention_end"])] if "parent" in example else []
    outcome = retention_end(entry, Facts(known, parents, confirmed=True))
    if example.get("work_item"):
        assert isinstance(outcome, Undecidable)
        return
    assert isinstance(outcome, RetentionEnd)
    assert outcome.retention_end == example["retention_end"]
    if "hold" not in example:
        assert outcome.due_on == example["due_on"]


@pytest.mark.parametrize("name", SCHEDULE.entries)
def test_every_entry_gives_an_end_with_its_facts_and_a_work_item_without(name: str) -> None:
    entry = SCHEDULE.entries[name]
    known = {entry.trigger: DateFact(date(2024, 2, 29), "test")}
    outcome = retention_end(entry, Facts(known, [decided(date(2030, 12, 31))], confirmed=True))
    assert isinstance(outcome, RetentionEnd)
    assert (outcome.schedule_id, outcome.basis) == (name, entry.legal_basis)
    without = retention_end(entry, Facts({}, [decided(date(2030, 12, 31))], confirmed=True))
    assert isinstance(without, Undecidable)
    assert without.code in ("trigger_missing", "fixed_date_missing")
    assert without.schedule_id == name
    assert entry.trigger_title in without.text


@pytest.mark.parametrize("name", [one.id for one in SCHEDULE.entries.values() if one.needs_decision])
def test_an_unconfirmed_entry_decides_nothing(name: str) -> None:
    entry = SCHEDULE.entries[name]
    known = {entry.trigger: DateFact(date(2000, 1, 1), "test")}
    outcome = retention_end(entry, Facts(known))
    assert isinstance(outcome, Undecidable)
    assert (outcome.code, outcome.missing) == ("not_confirmed", entry.mandate)


any_entry = st.builds(
    replace, st.just(ENTRY), period=periods, end_rule=rules, trigger=triggers, needs_decision=st.booleans(),
    fixed_date=st.none() | days,
)  # fmt: skip
any_parent = st.one_of(
    st.builds(decided, st.dates(max_value=date(9999, 12, 30))),
    st.builds(Undecidable, st.text(), st.text(), st.text()),
)


@given(
    any_entry,
    st.dictionaries(triggers, st.builds(DateFact, days, st.text(max_size=5))),
    st.lists(any_parent, max_size=3),
    st.booleans(),
)
def test_any_facts_give_an_end_or_a_work_item(
    entry: Entry, known: dict[str, DateFact], parents: list[Outcome], confirmed: bool
) -> None:
    outcome = retention_end(entry, Facts(known, parents, confirmed))
    if isinstance(outcome, RetentionEnd):
        assert outcome.due_on == outcome.retention_end + timedelta(days=1)
    else:
        assert outcome.code
        assert outcome.text.strip()
        assert outcome.missing


@given(
    st.sampled_from([EndRule.YEAR_END, EndRule.EXACT, EndRule.IMMEDIATE, EndRule.FIXED]), periods, safe_days, safe_days
)
def test_a_later_trigger_never_ends_earlier(rule: EndRule, period: Period, one: date, other: date) -> None:
    entry = replace(ENTRY, end_rule=rule, period=period)
    first, second = (ended(entry, facts(day)) for day in sorted((one, other)))
    assert first.retention_end <= second.retention_end


@given(
    st.sampled_from([EndRule.YEAR_END, EndRule.EXACT]), st.sampled_from(PeriodUnit), st.integers(0, 999),
    st.integers(0, 999), safe_days,
)  # fmt: skip
def test_a_longer_period_never_ends_earlier(rule: EndRule, unit: PeriodUnit, one: int, other: int, day: date) -> None:
    short, long = (
        ended(replace(ENTRY, end_rule=rule, period=Period(n, unit)), facts(day)) for n in sorted((one, other))
    )
    assert short.retention_end <= long.retention_end


@given(periods, safe_days)
def test_year_end_always_ends_a_year_and_is_due_on_new_year(period: Period, day: date) -> None:
    found = ended(replace(ENTRY, period=period), facts(day))
    assert (found.retention_end.month, found.retention_end.day) == (12, 31)
    assert (found.due_on.month, found.due_on.day) == (1, 1)
    exact = ended(replace(ENTRY, period=period, end_rule=EndRule.EXACT), facts(day))
    assert found.retention_end >= exact.retention_end


@given(safe_days, periods)
def test_exact_months_keep_the_day_or_end_the_month(day: date, period: Period) -> None:
    last = add_period(day, period)
    assert last is not None
    if period.unit in (PeriodUnit.MONTHS, PeriodUnit.YEARS):
        assert last.day == day.day or (last + timedelta(days=1)).day == 1
        months = (last.year - day.year) * 12 + last.month - day.month
        assert months == period.count * (12 if period.unit is PeriodUnit.YEARS else 1)
    else:
        assert (last - day).days == period.count * (7 if period.unit is PeriodUnit.WEEKS else 1)


@given(st.lists(safe_days, min_size=1, max_size=4), safe_days, st.integers(0, 50))
def test_a_follower_never_ends_before_its_parents_or_its_own_minimum(ends: list[date], day: date, years: int) -> None:
    own = ended(make("year_end", years), facts(day)).retention_end
    found = ended(make("follow_parent", years), facts(day, *(decided(end) for end in ends)))
    assert found.retention_end == max(own, *ends)
    assert found.schedule_id == "X"


def test_an_open_parent_keeps_the_follower_open() -> None:
    open_parent = retention_end(ENTRY, facts(None))
    outcome = retention_end(make("follow_parent", 10), facts(date(2000, 1, 1), decided(date(2001, 1, 1)), open_parent))
    assert isinstance(outcome, Undecidable)
    assert outcome.code == "parent_undecided"
    alone = retention_end(make("follow_parent", 10), facts(date(2000, 1, 1)))
    assert isinstance(alone, Undecidable)
    assert alone.code == "parent_missing"


def test_the_later_of_two_fixed_dates_counts() -> None:
    entry = replace(make("fixed"), trigger="fixed_date", fixed_date=date(2030, 12, 31))
    assert ended(entry, facts(date(2027, 6, 30))).retention_end == date(2030, 12, 31)
    assert ended(entry, facts(date(2031, 6, 30))).retention_end == date(2031, 6, 30)
    assert ended(entry, facts(None)).source == "schedule"


@given(st.lists(st.builds(decided, safe_days), min_size=1, max_size=6))
def test_the_longest_period_wins_in_any_order(ends: list[RetentionEnd]) -> None:
    found = longest(ends)
    assert isinstance(found, RetentionEnd)
    assert found.retention_end == max(one.retention_end for one in ends)
    reversed_found = longest(list(reversed(ends)))
    assert isinstance(reversed_found, RetentionEnd)
    assert reversed_found.retention_end == found.retention_end


def test_one_undecided_period_leaves_all_undecided() -> None:
    open_one = Undecidable("trigger_missing", "Text", "Datum")
    assert longest([decided(date(2099, 12, 31)), open_one]) == open_one
    nothing = longest([])
    assert isinstance(nothing, Undecidable)
    assert nothing.code == "no_schedule"


@pytest.mark.parametrize("schedule_id", [None, "", "GIBT_ES_NICHT"])
def test_an_unknown_schedule_is_a_work_item(schedule_id: str | None) -> None:
    assert unknown_schedule(schedule_id).code == "unknown_schedule"


def test_the_end_of_the_calendar_is_a_work_item() -> None:
    for entry, day in (
        (make("year_end", 10), date(9990, 1, 1)),
        (make("exact", 0), date.max),
        (make("immediate"), date.min),
    ):
        outcome = retention_end(entry, facts(day))
        assert isinstance(outcome, Undecidable)
        assert outcome.code == "out_of_range"


def test_a_review_comes_after_its_months() -> None:
    assert review_date(date(2026, 8, 31), 6) == date(2027, 2, 28)
    assert review_date(date.max, 6) == date.max
