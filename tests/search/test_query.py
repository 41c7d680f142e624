"""The query parser: what is understood, what is refused and how, and that it bears any text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.query import Clause, QueryError, parse


def only(text: str) -> Clause:
    (clause,) = parse(text).clauses
    return clause


def test_the_example_of_the_concept() -> None:
    query = parse("widerspruch miete akte:13502-0012345")
    assert query.understood == "Wort Wort Akte"
    assert [clause.terms for clause in query.clauses] == [("widerspruch",), ("miete",), ("13502-0012345",)]


def test_a_date_is_called_a_date() -> None:
    assert [parse(typed).understood for typed in ("12.05.1991", "12. Mai 1991", "99801BG0004711", "4711")] == [
        "Datum", "Datum", "Nummer", "Nummer",
    ]  # fmt: skip
    assert parse("-12.05.1991 miete").understood == "ohne Datum Wort"


@pytest.mark.parametrize(
    ("text", "kind", "term"),
    [
        ("99801 BG 0004711", "number", "99801bg0004711"),
        ("99801//0004711", "number", "99801bg0004711"),
        ("12. März 2026", "number", "d20260312"),
        ("12.3.26", "number", "d20260312"),
        ("W-00317/26", "number", "w.317.26"),
        ("1.234,56", "number", "1234,56"),
        ("§ 22 Abs. 1 SGB II", "citation", "§22a1sgb2"),
        ("§ 41a SGB II", "citation", "§41asgb2"),
        ("§22", "citation", "§22"),
        ("Art. 15 DSGVO", "citation", "art15dsgvo"),
        ("SGB-II", "citation", "sgb2"),
        ('"Miete"', "phrase", "miete"),
        ("(Miete)", "word", "miete"),
        ("Straße", "word", "strasse"),
        ("E-Mail", "word", "email"),
        ("Email:", "word", "email"),
    ],
)
def test_one_part(text: str, kind: str, term: str) -> None:
    clause = only(text)
    assert (clause.kind, clause.terms) == (kind, (term,))


def test_a_number_keeps_how_it_was_typed_for_the_register() -> None:
    assert only("99801 BG 0004711").typed == "99801 BG 0004711"
    assert only("akte:W-317/26").terms == ("W-317/26",)


def test_several_rules_ask_for_each() -> None:
    assert [clause.terms for clause in parse("§§ 7, 9 SGB II").clauses] == [("§7sgb2",), ("§9sgb2",)]
    assert [clause.terms for clause in parse("§ 22 Abs. 1 und 2 SGB II").clauses] == [("§22a1sgb2",), ("§22a2sgb2",)]


def test_groups_of_digits_are_one_number_or_several() -> None:
    clause = only("12345678 2026")
    assert clause.terms == ("123456782026",)
    assert [part.terms for part in clause.every] == [("12345678",), ("2026",)]


def test_phrases_keep_the_places_of_their_words() -> None:
    clause = only('"Miete – und Strom"')
    assert (clause.terms, clause.offsets) == (("miete", "und", "strom"), (0, 2, 3))
    assert only('"– Miete Strom"').offsets == (0, 1)


def test_exclusion_and_fields() -> None:
    query = parse('Miete -Mahnung -"erste Mahnung" -typ:KLAGE typ:BESCHEID typ:"URTEIL" jahr:2026')
    assert query.understood == "Wort ohne Wort ohne Wortfolge ohne Typ Typ Jahr"
    excluded = [clause.terms for clause in query.clauses if clause.excluded]
    assert excluded == [("mahnung",), ("erste", "mahnung"), ("klage",)]
    assert [clause.terms for clause in query.clauses if clause.is_field and not clause.excluded] == [
        ("bescheid", "urteil"),
        ("2026",),
    ]


def test_left_out_heads_are_asked_for() -> None:
    assert [clause.terms for clause in parse("Aufhebungs- und Erstattungsbescheid").clauses] == [
        ("aufhebungsbescheid",),
        ("erstattungsbescheid",),
    ]


def test_little_words_count_only_alone() -> None:
    assert parse("die Miete und der Strom").understood == "Wort Wort"
    assert only("und").terms == ("und",)
    assert parse("und -Miete").understood == "Wort ohne Wort"


@pytest.mark.parametrize(("word", "distance", "known"), [("Amt", 0, True), ("Miete", 1, True), ("Bescheid", 2, True),
                                                         ("Kowalczyk", 2, False), ("Mjete", 1, False)])  # fmt: skip
def test_how_many_errors_a_word_may_have(word: str, distance: int, known: bool) -> None:
    assert (only(word).distance, only(word).known) == (distance, known)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("(miete", "Die Klammer ist nicht geschlossen. Gesucht wurde nichts."),
        ("miete)", "Vor der schließenden Klammer fehlt die öffnende. Gesucht wurde nichts."),
        (")miete(", "Vor der schließenden Klammer fehlt die öffnende. Gesucht wurde nichts."),
        ('"miete', "Das Anführungszeichen ist nicht geschlossen. Gesucht wurde nichts."),
        ("akte:", "Nach „akte:“ fehlt der Wert. Gesucht wurde nichts."),
        ("miete Akte: 99801", "Nach „akte:“ fehlt der Wert. Gesucht wurde nichts."),
        ('typ:""', "Nach „typ:“ fehlt der Wert. Gesucht wurde nichts."),
        ("jahr:26", "Nach „jahr:“ steht eine Jahreszahl mit vier Ziffern. Gesucht wurde nichts."),
        ("", "Bitte geben Sie ein Wort oder eine Nummer ein. Gesucht wurde nichts."),
        ("-miete", "Bitte geben Sie ein Wort oder eine Nummer ein. Gesucht wurde nichts."),
        ("– / ?!", "Bitte geben Sie ein Wort oder eine Nummer ein. Gesucht wurde nichts."),
        ("wort " * 33, "Das sind mehr als 32 Wörter. Bitte kürzen Sie. Gesucht wurde nichts."),
    ],
)
def test_what_is_refused_is_said_in_german(text: str, message: str) -> None:
    with pytest.raises(QueryError) as refused:
        parse(text)
    assert refused.value.de == message
    assert (refused.value.status, refused.value.reason) == (422, "query")


def test_parentheses_within_quotes_are_text() -> None:
    assert only('"(Miete"').terms == ("miete",)


_PIECES = st.sampled_from(
    ["akte:", "typ:", "jahr:2026", '"', "(", ")", "-", "§", "§§", "22", "Abs.", "SGB", "II", "99801", "BG", "0004711",
     "Miete-", "-miete", "und", "12.", "März", "2026", "E-Mail", "x:y", "½", "İ", "a*"]
)  # fmt: skip


@given(st.one_of(st.text(max_size=60), st.lists(st.one_of(_PIECES, st.text(max_size=6)), max_size=12).map(" ".join)))
def test_the_parser_bears_any_text(text: str) -> None:
    try:
        query = parse(text)
    except QueryError:
        return
    assert any(not clause.excluded for clause in query.clauses)
    for clause in query.clauses:
        assert clause.terms
        assert all(clause.terms)
        assert len(clause.offsets) in (0, len(clause.terms))
        assert clause.offsets[:1] in ((), (0,))
    assert parse(text) == query


@given(st.lists(st.sampled_from(["Miete", "Strom", "Kowalczyk", '"zwei Worte"', "typ:KLAGE"]), min_size=1, max_size=8))
def test_order_of_parts_does_not_change_what_is_asked(parts: list[str]) -> None:
    assert set(parse(" ".join(parts)).clauses) == set(parse(" ".join(reversed(parts))).clauses)
