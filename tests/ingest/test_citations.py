"""Citations are repaired, and never invented."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.pagetext import Word
from ingest.citations import LAWS, repair


def words(text: str) -> tuple[Word, ...]:
    return tuple(Word(token, (i * 100, 0, i * 100 + 90, 30), 90, 0) for i, token in enumerate(text.split()))


def repaired(text: str) -> str:
    return " ".join(word.text for word in repair(words(text)))


@pytest.mark.parametrize(
    ("read", "printed"),
    [
        ("nach 8 22 SGB Il wird", "nach § 22 SGB II wird"),
        ("SS 37 Abs. 2 SGB X", "§ 37 Abs. 2 SGB X"),
        ("88 7, 9, 11 und 19 ff. SGB Il. Über", "§§ 7, 9, 11 und 19 ff. SGB II. Über"),
        ("88 67a bis 67c SGB X", "§§ 67a bis 67c SGB X"),
        ("dem SGB Ill und dem SGB XIl,", "dem SGB III und dem SGB XII,"),
        ("dem SGB IH", "dem SGB III"),
        ("Nr. 2 SGB IN.", "Nr. 2 SGB III."),
        ("nach 8 1601 BGB.", "nach § 1601 BGB."),
        ("die 88 45, 50 SGB X", "die §§ 45, 50 SGB X"),
        ("Gemäß $ 3la SGB Il", "Gemäß § 31a SGB II"),
        ("auf$ 41a Abs. 3 SGB Il", "auf § 41a Abs. 3 SGB II"),
        ("($ 12a SGBNM).", "(§ 12a SGBNM)."),
        ("nach 8 7 und § 9 SGB Il", "nach § 7 und § 9 SGB II"),
        ("nach 8 7 i.V.m. 8 9 SGB Il", "nach § 7 i.V.m. § 9 SGB II"),
        ("Abs. 1 SGB IT in", "Abs. 1 SGB II in"),
        ("Abs. 1 SGB Ilin Höhe", "Abs. 1 SGB II in Höhe"),
        ("den 88 7,9, 11 und 19 ff. SGB Il", "den §§ 7,9, 11 und 19 ff. SGB II"),
        ("den 83 67a bis 67c SGB X", "den §§ 67a bis 67c SGB X"),
        ("8 85 Abs. 2SGG durch", "§ 85 Abs. 2 SGG durch"),
        ("8 24 Abs. 3 Satz 1Nr.1SGB Il", "§ 24 Abs. 3 Satz 1 Nr. 1 SGB II"),
        ("8 24 Abs. 3Satz 1 SGB X", "§ 24 Abs. 3 Satz 1 SGB X"),
        ("8 48 Abs. 1 Satz2 Nr. 3 SGB X", "§ 48 Abs. 1 Satz 2 Nr. 3 SGB X"),
        ("nach 848 Abs. 1 Satz 2 Nr. 3 SGB X", "nach § 48 Abs. 1 Satz 2 Nr. 3 SGB X"),
        ("nach $48 Abs. 1 SGB X", "nach § 48 Abs. 1 SGB X"),
        ("Satz 1 Nr. 1SGB Il", "Satz 1 Nr. 1 SGB II"),
        ("Nr. 3 SGBX zu", "Nr. 3 SGB X zu"),
        ("Abs. 1 SGBIl.", "Abs. 1 SGB II."),
        ("8 85 Abs. 2 SGG", "§ 85 Abs. 2 SGG"),
        ("(8 22 SGB Il)", "(§ 22 SGB II)"),
        ("& 36 SGB Il in Verbindung mit 8 30 Abs. 3 SGB I.", "§ 36 SGB II in Verbindung mit § 30 Abs. 3 SGB I."),
        ("gemäß $ 44 Abs. l Satz 1", "gemäß § 44 Abs. 1 Satz 1"),
        ("nach § 22 SGB II", "nach § 22 SGB II"),
        ("§§ 7, 9 SGB II", "§§ 7, 9 SGB II"),
    ],
)  # fmt: skip
def test_misread_citations_are_repaired(read: str, printed: str) -> None:
    assert repaired(read) == printed
    assert repaired(printed) == printed


NEGATIVE = (
    "8 22",
    "Lindenstraße 8 22 SGB II",
    "wohnhaft Am Wall 8, 22 Jahre, SGB II",
    "Hausnummer Nr. 8 22 Abs. 1",
    "Wir zahlen 8 22 Euro an Leistungen nach SGB II",
    "848,20 Euro nach SGB II",
    "Zimmer 8 22 Uhr SGB II",
    "Tel. 0421 8 22 34 SGB II",
    "S 22 AS 345/24 SGB II",
    "am 8. 3. 2024 Abs. 1",
    "Größe 8 38 Abs. Schuhe",
    "Akte 8 22 34 und 5 12 44",
    "zahlte $ 50 an das Amt für SGB II",
    "Konto 8 88 512 Absender Krause",
    "5 22 Abs. 1",
    "S. 8 22 von 30, siehe SGB",
    "nach SGB 2 und SGB 11",
    "AT&T & 1 Filiale SGB II",
    "87 SGB II",
    "Kinder 8 9 und 11 Jahre alt, Leistungen nach SGB II",
    "Absatz von 8 22 Geräten",
    "8 Tage nach Abs. 1 SGB X",
    "5 Personen SGB II",
    "H SGB I",
    "SGB L und SGB T",
    "Satz2 von 3Satz",
    "83 67 SGB X",
    "33 7 und 9 SGB X",
    "Betrag 848 § 22 SGB II",
    "Betrag 8 22 § 7 SGB II",
    "Abs. 1 12345 und 123a45b",
)


@pytest.mark.parametrize("text", NEGATIVE)
def test_nothing_is_invented(text: str) -> None:
    assert repaired(text) == text


def test_the_reading_is_kept() -> None:
    result = repair(words("nach 8 22 SGB Il"))
    assert [(word.text, word.raw) for word in result] == [
        ("nach", None), ("§", "8"), ("22", None), ("SGB", None), ("II", "Il"),
    ]  # fmt: skip


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_parted_words_share_the_box_along_the_line(rotation: int) -> None:
    box = (100, 50, 200, 80) if rotation in (0, 180) else (50, 100, 80, 200)
    first, second = repair((Word("SGBX", box, 90, 0),), rotation)
    assert (first.text, second.text, first.raw, second.raw) == ("SGB", "X", "SGBX", "SGBX")
    low = 0 if rotation in (0, 180) else 1
    before, behind = (first, second) if rotation in (0, 270) else (second, first)
    assert before.box[low + 2] <= behind.box[low]
    assert min(first.box[low], second.box[low]) == box[low]
    assert abs(max(first.box[low + 2], second.box[low + 2]) - box[low + 2]) <= 1


TOKENS = st.one_of(
    st.sampled_from(["8", "$", "S", "88", "SS", "&", "5", "22", "7,", "848", "$22", "und", "ff.", "Nr.", "Il", "l", "|"]),
    st.text(st.characters(categories=["L", "N", "P", "S"]), min_size=1, max_size=6),
)  # fmt: skip


@given(st.lists(TOKENS, max_size=30))
def test_text_without_law_or_paragraph_never_changes(tokens: list[str]) -> None:
    from ingest.citations import PARTS

    clean = [token for token in tokens if "SGB" not in token and not any(law in token for law in LAWS | PARTS)]
    before = words(" ".join(clean))
    assert repair(before) == before


@given(
    st.lists(st.one_of(TOKENS, st.sampled_from(["SGB", "Abs.", "SGG", "SGBX", "1SGB", "II", "X", "§"])), max_size=25)
)
def test_repair_is_stable_and_keeps_what_was_read(tokens: list[str]) -> None:
    before = words(" ".join(tokens))
    once = repair(before)
    assert [word.text for word in repair(once)] == [word.text for word in once]
    readings = []
    for word in once:
        if word.raw is None or not readings or readings[-1] != word.raw:
            readings.append(word.raw or word.text)
    assert set(readings) <= {word.text for word in before}
    assert len(once) >= len(before)
