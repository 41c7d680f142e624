"""Reference numbers: every example of references.yaml, check rules, runs over words and lines, confusions."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.numbers import number_key
from ingest.references import catalogue, check, find_references, own_number_keys
from ingest.references.checks import svnr_vkvv
from ingest.tagging.tokens import read_tokens
from tests.ingest.pages import page

KINDS = catalogue()
_PREFIX = {"BG_NUMMER": "BG-Nummer", "RUN": ""}


def _forms() -> Iterator[tuple[str, str, str]]:
    for kind in KINDS.values():
        for form in kind.examples["forms"]:
            yield kind.id, form["example"], form["normalised"]


def _checked(name: str) -> Iterator[tuple[str, str]]:
    return ((kind.check, value) for kind in KINDS.values() for value in kind.examples[name])


def _confused() -> Iterator[tuple[str, str, str]]:
    for kind in KINDS.values():
        for one in kind.examples["ocr_examples"]:
            yield kind.id, one["seen"], one["meant"]


@pytest.mark.parametrize(("identity", "printed", "normal"), list(_forms()))
def test_every_printed_form_is_found_in_its_normal_form(identity: str, printed: str, normal: str) -> None:
    label = "" if not KINDS[identity].needs_label else f"{KINDS[identity].labels[0]}: "
    found = find_references(read_tokens([page(f"Bitte beachten: {label}{printed}")]))
    assert normal in [one.value for one in found if one.kind == identity]


@pytest.mark.parametrize(("rule", "value"), list(_checked("valid_examples")))
def test_valid_examples_obey_their_rule(rule: str, value: str) -> None:
    assert check(rule, value) is True


@pytest.mark.parametrize(("rule", "value"), list(_checked("invalid_examples")))
def test_invalid_examples_break_their_rule(rule: str, value: str) -> None:
    assert check(rule, value) is False


@pytest.mark.parametrize(("identity", "seen", "meant"), list(_confused()))
def test_confused_readings_lead_to_what_was_meant(identity: str, seen: str, meant: str) -> None:
    wanted = next(one.value for one in find_references(read_tokens([page(f"Nr. {meant}")])) if one.kind == identity)
    reading = read_tokens([page(f"Nr. {seen}")])
    numbers = own_number_keys(reading, find_references(reading))
    found = {number_key(one.value) for one in (*find_references(reading), *numbers) if one.kind in (identity, "RUN")}
    found |= {one.key for one in numbers}
    assert number_key(wanted) in found


def test_a_number_counts_only_by_its_check_rule() -> None:
    right = find_references(read_tokens([page("Versicherungsnummer 15 070649 C 103")]))
    wrong = find_references(read_tokens([page("Versicherungsnummer 15 070649 C 104")]))
    assert "SV_NUMMER" in [one.kind for one in right]
    assert "SV_NUMMER" not in [one.kind for one in wrong]


def test_a_number_broken_over_two_lines_is_one() -> None:
    reading = read_tokens([page("Meine BG-Nummer lautet 99801BG", "0004711 und bleibt gleich.")])
    keys = {one.key for one in own_number_keys(reading, find_references(reading)) if one.correction == "none"}
    assert "99801BG0004711" in keys


@pytest.mark.parametrize("printed", ["99801 BG 0004711", "99801//0004711", "99801BG0004711-01", "99801/0004711"])
def test_spellings_of_a_bg_number_are_one_key(printed: str) -> None:
    reading = read_tokens([page(f"Ihr Zeichen {printed}")])
    exact = {one.key for one in own_number_keys(reading, find_references(reading)) if one.correction == "none"}
    assert "99801BG0004711" in exact


@pytest.mark.parametrize(("printed", "correction"), [("99801BG0004711", "none"), ("99801BGOOO4711", "glyph")])
def test_a_corrected_number_says_so(printed: str, correction: str) -> None:
    reading = read_tokens([page(f"BG-Nummer {printed}")])
    numbers = own_number_keys(reading, find_references(reading))
    assert {one.correction for one in numbers if one.key == "99801BG0004711"} == {correction}


def test_unknown_schemes_are_found_as_runs_of_words() -> None:
    reading = read_tokens([page("Aktenzeichen 13502-0012345")])
    assert "13502BG0012345" in {one.key for one in own_number_keys(reading, find_references(reading))}


def test_a_short_number_needs_a_label() -> None:
    bare = read_tokens([page("im Jahr 20260 Euro")])
    told = read_tokens([page("Aktenzeichen 20260")])
    assert "20260" not in {one.key for one in own_number_keys(bare, ())}
    assert "20260" in {one.key for one in own_number_keys(told, ())}


@given(st.integers(0, 99), st.integers(0, 999_999), st.sampled_from("ABCDEFGHIJKLMNOPQRSTUVWXYZ"), st.integers(0, 99))
def test_one_check_digit_fits_an_insurance_number(area: int, born: int, letter: str, serial: int) -> None:
    body = f"{area:02d}{born:06d}{letter}{serial:02d}"
    assert sum(svnr_vkvv(body + digit) for digit in "0123456789") == 1


@given(st.text(max_size=300))
def test_finding_is_total_on_any_text(text: str) -> None:
    reading = read_tokens([page(*text.split("\n"))])
    numbers = own_number_keys(reading, find_references(reading))
    assert all(one.place.page == 1 and one.key for one in numbers)
