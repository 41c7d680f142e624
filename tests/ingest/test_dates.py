"""Dates of a letter: spelling, label, the letter's own date, an earlier receipt stamp."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.pagetext import PageText
from ingest.tagging.dates import DateMention, document_date, earlier_receipt, find_dates
from ingest.tagging.tokens import read_tokens
from tests.ingest.pages import page, placed

TODAY = date(2026, 11, 24)


def _dates(*pages: PageText) -> tuple[DateMention, ...]:
    return find_dates(read_tokens(pages), TODAY)


@pytest.mark.parametrize(
    ("printed", "value"),
    [
        ("24.11.2026", date(2026, 11, 24)),
        ("3.9.2026", date(2026, 9, 3)),
        ("3. September 2026", date(2026, 9, 3)),
        ("3. März 1984", date(1984, 3, 3)),
        ("2026-09-03", date(2026, 9, 3)),
        ("I2.O3.1984", date(1984, 3, 12)),
        ("12,03.1984", date(1984, 3, 12)),
        ("1203.1984", date(1984, 3, 12)),
        ("12. Novernber 2026", date(2026, 11, 12)),
        ("12.03.84", date(1984, 3, 12)),
        ("12.03.26", date(2026, 3, 12)),
    ],
)
def test_dates_are_read_as_printed_or_misread(printed: str, value: date) -> None:
    assert [one.value for one in _dates(page(f"am {printed}"))] == [value]


@pytest.mark.parametrize(
    "printed", ["31.02.2026", "1.234,56", "12.45 Uhr", "99801//0004711", "32.01.2026", "00.00.2026"]
)
def test_what_is_no_date_is_none(printed: str) -> None:
    assert _dates(page(printed)) == ()


@pytest.mark.parametrize(
    ("line", "label"),
    [
        ("geb. am 12.03.1984", "birth"),
        ("Geburtsdatum: 12.03.1984", "birth"),
        ("Halvesund, den 12.11.2026", "letter"),
        ("Halvesund, 12.11.2026", "letter"),
        ("spätestens bis 12.12.2026", "deadline"),
        ("Ihr Bescheid vom 12.10.2026", "reference"),
    ],
)
def test_labels_tell_what_a_date_is(line: str, label: str) -> None:
    assert [one.label for one in _dates(page(line))] == [label]


def test_a_form_label_above_counts() -> None:
    form = placed((125, 41, "Geburtsdatum"), (126, 46, "29.07.2007"))
    assert [one.label for one in _dates(form)] == ["birth"]


def test_the_letters_date_is_no_birth_date_deadline_fax_header_or_reference() -> None:
    letter = placed(
        (25, 6, "22.11.2024 14:07 VON: 04000 815 AN: JOBCENTER S. 01/01"),
        (25, 30, "geb. am 12.03.1984"),
        (150, 63, "Westerdün, 19.11.2026"),
        (25, 80, "Ihr Bescheid vom 02.11.2026"),
        (25, 90, "Bitte antworten Sie bis zum 30.12.2026"),
    )
    chosen = document_date(_dates(letter), TODAY)
    assert chosen is not None
    assert chosen.value == date(2026, 11, 19)


def test_an_undated_letter_has_no_date() -> None:
    assert document_date(_dates(page("geb. am 12.03.1984", "bis zum 30.12.2026")), TODAY) is None


def test_a_date_after_receipt_is_not_the_letters() -> None:
    assert document_date(_dates(page("Halvesund, den 30.12.2026")), TODAY) is None


def test_another_offices_earlier_stamp_counts_ours_does_not() -> None:
    theirs = placed((132, 36, "EINGEGANGEN"), (135, 42, "20.11.2026"), (132, 48, "Amt Hollmersiel"))
    ours = placed((132, 36, "EINGEGANGEN"), (135, 42, "20.11.2026"), (132, 48, "Jobcenter"))
    stamp = earlier_receipt(_dates(theirs), TODAY)
    assert stamp is not None
    assert stamp.value == date(2026, 11, 20)
    assert earlier_receipt(_dates(ours), TODAY) is None


@given(st.dates(date(1900, 1, 1), date(2050, 1, 1)))
def test_every_day_in_full_spelling_is_read_back(day: date) -> None:
    assert [one.value for one in _dates(page(f"am {day:%d.%m.%Y}"))] == [day]


@given(st.text(max_size=200))
def test_finding_dates_is_total(text: str) -> None:
    assert all(one.value.year >= 1900 for one in _dates(page(*text.split("\n"))))
