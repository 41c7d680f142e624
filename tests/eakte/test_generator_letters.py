"""The letters: what their truth claims is really printed, and nothing else of the register slips in."""

from __future__ import annotations

import random
import re
from collections import Counter
from datetime import date
from importlib.resources import files

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from eakte.demo.drawing.layout import lay_out
from eakte.demo.letters.common import benefit, health_number, iban, insurance_number, spelled
from eakte.demo.letters.kinds import KINDS, OWN_KINDS, file_type
from eakte.demo.letters.mix import make_letter, make_letters, make_own_letters
from eakte.demo.letters.model import Letter
from eakte.demo.letters.traps import TRAPS
from eakte.demo.pools import data
from eakte.demo.register import DemoRegister, make_register

DAY = date(2026, 11, 24)
_BG = re.compile(r"(\d{5})(?:BG|//|/)(\d{7})")


@pytest.fixture(scope="module")
def register() -> DemoRegister:
    return make_register(7, DAY)


@pytest.fixture(scope="module")
def letters(register: DemoRegister) -> list[Letter]:
    return make_letters(register, 500, 3, DAY)


def printed(letter: Letter) -> str:
    """Everything in print, without any space."""
    return "".join(word.text for sheet in lay_out(letter) for word in sheet.words if word.ink == "print")


def squeezed(text: str) -> str:
    return re.sub(r"\s", "", text)


def test_same_arguments_give_the_same_letters(register: DemoRegister, letters: list[Letter]) -> None:
    assert make_letters(register, 500, 3, DAY) == letters
    assert make_letters(register, 20, 4, DAY) != letters[:20]


def test_every_claimed_fact_is_printed(register: DemoRegister, letters: list[Letter]) -> None:
    for letter in [*letters, *make_own_letters(register, 20, 3, DAY)]:
        text = printed(letter)
        for fact in letter.truth.facts:
            assert squeezed(fact.text) in text, (letter.truth.kind, letter.truth.trap, fact)


def test_no_other_number_of_the_register_is_printed(register: DemoRegister, letters: list[Letter]) -> None:
    """Traps apart, every BG number in print is that of the case the letter belongs to."""
    known = {case.bg_nummer for case in register.cases}
    for letter in letters:
        if letter.truth.trap or letter.truth.file_number is None:
            continue
        found = {f"{carrier}BG{serial}" for carrier, serial in _BG.findall(printed(letter))} & known
        assert found <= {register.by_number[letter.truth.file_number].bg_nummer}, letter.truth


def test_no_birth_date_is_printed_that_is_not_claimed(register: DemoRegister, letters: list[Letter]) -> None:
    for letter in letters:
        truth = letter.truth
        if truth.file_number is None or any(fact.kind == "birth_date" for fact in truth.facts):
            continue
        text = printed(letter)
        for person in register.by_number[truth.file_number].members_on(DAY):
            assert f"{person.birth_date:%d.%m.%Y}" not in text, truth
            assert f"{person.birth_date:%d%m%y}" not in text, truth


def test_filing_needs_an_open_case_with_a_valid_member(register: DemoRegister, letters: list[Letter]) -> None:
    for letter in letters:
        truth = letter.truth
        if truth.expected != "file":
            continue
        assert truth.holds_enough
        assert truth.file_number is not None
        case = register.by_number[truth.file_number]
        assert case.closed_on is None
        assert case.secrecy != "SOZ_G"
        assert not any(person.marked() for person in case.members_on(DAY))
        kinds = {fact.kind for fact in truth.facts}
        assert len(kinds) >= 2
        assert kinds - {"name"}


def test_mix_of_the_day(letters: list[Letter]) -> None:
    kinds = Counter(letter.truth.document_type for letter in letters)
    assert len(kinds) >= 45
    assert set(TRAPS) == {letter.truth.trap for letter in letters if letter.truth.trap}
    unnumbered = sum(not any(fact.kind.endswith("number") for fact in letter.truth.facts) for letter in letters)
    assert 0.22 < unnumbered / len(letters) < 0.42
    assert 0.6 < sum(letter.truth.expected == "file" for letter in letters) / len(letters) < 0.9
    assert {fact.kind for letter in letters for fact in letter.truth.facts} == {
        "bg_number", "customer_number", "file_number", "name", "birth_date", "address",
    }  # fmt: skip


def test_shares_follow_the_day_mix() -> None:
    groups: Counter[str] = Counter()
    for kind in KINDS:
        groups[kind.group] += kind.share  # type: ignore[assignment]
    whole = sum(groups.values())
    expected = {"proofs": 34, "statements": 9, "applications": 14, "changes": 6, "housing": 9, "sick_notes": 6}
    for group, share in expected.items():
        assert abs(100 * groups[group] / whole - share) < 3, group


def test_document_types_are_those_of_the_catalogue() -> None:
    for kind in (*KINDS, *OWN_KINDS):
        assert file_type(kind.document_type)


@pytest.mark.parametrize("number", range(len(KINDS)))
def test_every_kind_prints_its_facts_whatever_the_plan(register: DemoRegister, number: int) -> None:
    for seed in range(6):
        letter = make_letter(register, KINDS[number], random.Random(seed), DAY)
        text = printed(letter)
        assert len(text) > 60
        assert all(squeezed(fact.text) in text for fact in letter.truth.facts), letter.truth


@pytest.mark.parametrize("name", sorted(TRAPS))
def test_every_trap_prints_its_facts(register: DemoRegister, name: str) -> None:
    for seed in range(6):
        letter = TRAPS[name](register, random.Random(seed), DAY)
        text = printed(letter)
        assert letter.truth.trap == name
        assert all(squeezed(fact.text) in text for fact in letter.truth.facts), letter.truth


@pytest.mark.parametrize(
    "name",
    ["namesakes", "same_house", "old_number", "two_clients", "second_patient", "contradiction", "address_only",
     "complaint", "closed", "separated", "turned_25", "protected", "sealed", "deceased", "same_name_applicant"],
)  # fmt: skip
def test_traps_that_no_machine_may_file(register: DemoRegister, name: str) -> None:
    for seed in range(4):
        assert TRAPS[name](register, random.Random(seed), DAY).truth.expected == "clearing"


def test_contradictions_hold_not_enough_but_marked_persons_do(register: DemoRegister) -> None:
    rng = random.Random(1)
    assert not any(
        TRAPS[name](register, rng, DAY).truth.holds_enough for name in ("contradiction", "separated", "closed")
    )
    assert all(TRAPS[name](register, rng, DAY).truth.holds_enough for name in ("protected", "sealed", "complaint"))


def test_data_objection_is_not_laid_into_the_objection_file(register: DemoRegister) -> None:
    for seed in range(12):
        truth = TRAPS["data_objection"](register, random.Random(seed), DAY).truth
        assert truth.file_number is not None
        assert register.by_number[truth.file_number].file_plan_unit == "LEIST"


def test_filler_says_nothing_about_the_type() -> None:
    text = (files("archive") / "data" / "document-types.yaml").read_text(encoding="utf-8")
    triggers = [trigger for one in yaml.safe_load(text)["document_types"] for trigger in one.get("triggers", ())]
    for sentences in data("phrases").values():
        for sentence in sentences if isinstance(sentences, list) else ():
            hits = [one for one in triggers if re.search(rf"\b{re.escape(one)}\b", sentence, re.IGNORECASE)]
            assert hits == [], sentence


@pytest.mark.parametrize(
    ("day", "name"),
    [(date(2022, 12, 31), "Arbeitslosengeld II"), (date(2023, 1, 1), "Bürgergeld"), (date(2026, 6, 30), "Bürgergeld"),
     (date(2026, 7, 1), "Grundsicherungsgeld")],
)  # fmt: skip
def test_benefit_is_named_by_date(day: date, name: str) -> None:
    assert benefit(day) == name


@given(st.integers(0, 10**6))
@settings(max_examples=50, deadline=None)
def test_numbers_obey_their_check_rules(seed: int) -> None:
    rng = random.Random(seed)
    account = iban(rng).replace(" ", "")
    assert int(account[4:] + "1314" + account[2:4]) % 97 == 1
    health = health_number(rng)
    digits = f"{ord(health[0]) - 64:02d}{health[1:9]}"
    assert sum(sum(divmod(int(d) * (1 + i % 2), 10)) for i, d in enumerate(digits)) % 10 == int(health[9])


def test_insurance_number_holds_the_birth_date(register: DemoRegister) -> None:
    weights = (2, 1, 2, 5, 7, 1, 2, 1, 2, 1, 2, 1)
    for person in register.persons[:60]:
        number = insurance_number(random.Random(1), person).replace(" ", "")
        assert number[2:8] == f"{person.birth_date:%d%m%y}"
        digits = number[:8] + f"{ord(number[8]) - 64:02d}" + number[9:11]
        total = sum(sum(divmod(int(d) * w, 10)) for d, w in zip(digits, weights, strict=True))
        assert total % 10 == int(number[11])


@given(st.integers(0, 9_999_999), st.integers(0, 10**6))
def test_every_spelling_of_a_number_keeps_its_digits(serial: int, seed: int) -> None:
    number = f"99801BG{serial:07d}"
    text = spelled(random.Random(seed), "bg_number", number)
    assert "".join(re.findall(r"\d", text)).startswith(f"99801{serial:07d}")
