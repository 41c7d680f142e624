"""Splitting is total and loses no page (I1); sheets are parsed strictly; nothing but our sheets separates."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.sheets import FIELDS, Sheet, parse_sheet
from ingest.splitting import MarkedPage, split_pages

SHEETS = st.sampled_from([None, Sheet(), Sheet({"CASE": "W-1/26"}), Sheet({"BATCH": "0417", "SHEETS": "3"})])


@st.composite
def batches(draw: st.DrawFn) -> list[MarkedPage]:
    marks = draw(st.lists(st.tuples(SHEETS, st.booleans()), max_size=30))
    return [MarkedPage(number, sheet, blank and sheet is None) for number, (sheet, blank) in enumerate(marks, 1)]


@given(batches(), st.none() | st.integers(0, 40))
def test_every_page_is_in_exactly_one_place(pages: list[MarkedPage], told: int | None) -> None:
    found = split_pages(pages, told)
    places = [page for item in found.items for page in item.pages] + list(found.sheets) + list(found.backs)
    assert sorted(places) == [page.page_no for page in pages]
    assert all(item.pages for item in found.items)
    assert all(list(item.pages) == sorted(item.pages) for item in found.items)


def page(number: int, payload: str | None = None, *, blank: bool = False) -> MarkedPage:
    return MarkedPage(number, parse_sheet(payload) if payload else None, blank)


def test_fields_hold_for_their_item_only() -> None:
    found = split_pages([page(1, "EA1|CASE=W-1/26"), page(2), page(3, "EA1|SEP"), page(4)])
    assert [item.fields for item in found.items] == [{"CASE": "W-1/26"}, {}]


def test_a_blank_back_belongs_to_its_sheet_a_blank_page_to_its_letter() -> None:
    found = split_pages([page(1, "PATCHT"), page(2, blank=True), page(3), page(4, blank=True)])
    assert found.backs == (2,)
    assert found.items[0].pages == (3, 4)


@pytest.mark.parametrize(("told", "differs"), [(None, False), (3, False), (2, True), (4, True), (6, True)])
def test_the_number_of_sheets_is_checked(told: int | None, differs: bool) -> None:
    assert split_pages([page(1, "EA1|SEP"), page(2), page(3), page(4)], told).sheet_count_differs is differs


def test_duplex_counts_two_pages_a_sheet() -> None:
    pages = [page(1), page(2, blank=True), page(3), page(4)]
    assert not split_pages(pages, 2).sheet_count_differs


def test_the_batch_sheet_speaks_for_the_batch() -> None:
    found = split_pages([page(1, "EA1|BATCH=0417|SHEETS=1"), page(2), page(3)])
    assert found.batch == {"BATCH": "0417", "SHEETS": "1"}
    assert not split_pages([page(1, "EA1|BATCH=0417|SHEETS=2"), page(2), page(3)]).sheet_count_differs


@pytest.mark.parametrize(
    "text", ["DEA5 12 postage", "https://shop.example/q", "EA2|SEP", "EA1", "", "PATCHT2", "ea1|sep"]
)
def test_other_codes_are_never_separators(text: str) -> None:
    assert parse_sheet(text) is None


@pytest.mark.parametrize(
    "text",
    ["EA1|FOO=1", "EA1|CASE=1|CASE=2", "EA1|SHEETS=many", "EA1|SHEETS=²", "EA1|CASE", "EA1|BATCH=" + "x" * 81],
)
def test_faulty_fields_are_named(text: str) -> None:
    sheet = parse_sheet(text)
    assert sheet is not None
    assert sheet.faults


@given(st.text(max_size=80))
def test_any_text_is_a_sheet_or_not(text: str) -> None:
    sheet = parse_sheet(text)
    assert sheet is None or set(sheet.fields) <= FIELDS


def test_the_front_sheet_may_tell_the_number_of_sheets_alone() -> None:
    assert split_pages([page(1, "EA1|SHEETS=5"), page(2)]).sheet_count_differs
    assert not split_pages([page(1, "EA1|SEP"), page(2), page(3, "EA1|SHEETS=5"), page(4)]).sheet_count_differs


def test_a_faulty_front_sheet_concerns_every_item() -> None:
    found = split_pages([page(1, "EA1|BATCH=1|BATCH=2"), page(2, "EA1|SEP"), page(3), page(4, "EA1|SEP"), page(5)])
    assert (len(found.items), found.batch_faults) == (2, ("BATCH",))
    assert split_pages([page(1, "EA1|SEP"), page(2), page(3, "EA1|FOO=1"), page(4)]).batch_faults == ()
