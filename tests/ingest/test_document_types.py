"""Document types: phrases as whole words, headings before text, tolerance, UNKLAR without a margin; senders, keywords."""

from __future__ import annotations

import pytest

from archive.pagetext import PageText
from ingest.tagging.document_type import UNCLEAR, type_rules
from ingest.tagging.extract import Extraction, extract
from ingest.tagging.keywords import catalogues, keyword_for
from ingest.tagging.phrases import PhraseBook, pieces_of
from ingest.tagging.tokens import read_tokens
from tests.ingest.pages import page, placed
from tests.ingest.test_dates import TODAY


def _letter(subject: str, *text: str) -> PageText:
    body = ((25.0, 100.0 + 6 * number, line) for number, line in enumerate(("Sehr geehrte Damen und Herren,", *text)))
    return placed((25, 88, subject), *body)


def _extracted(*pages: PageText) -> Extraction:
    return extract(list(pages), TODAY)


@pytest.mark.parametrize(
    ("subject", "text", "code"),
    [
        ("Widerspruch gegen den Bescheid vom 04.11.2026", "hiermit lege ich Widerspruch ein.", "WIDERSPRUCH"),
        ("Einspruch", "ich mache Einspruch gegen Ihren Bescheid vom 3.11.2026", "WIDERSPRUCH"),
        ("Widerspruch gegen die Datenverarbeitung", "Löschung meiner Daten nach Art. 17 DSGVO", "DSGVO_LOESCHUNG"),
        ("Betriebskostenabrechnung 2025", "Abrechnungszeitraum 2025, Nachzahlung", "BETRIEBSKOSTEN"),
        ("Antrag", "hiermit beantrage ich ab sofort Leistungen nach dem SGB II.", "ANTRAG_ERST"),
        ("Antrag auf Weiterbewilligung", "der Leistungen", "ANTRAG_WBA"),
        ("Arbeitsunfähigkeitsbescheinigung", "arbeitsunfähig seit 12.11.2026", "AU_BESCHEINIGUNG"),
        ("Mietbescheinigung", "vom Vermieter auszufüllen", "MIETBESCHEINIGUNG"),
    ],
)  # fmt: skip
def test_types_by_their_phrases(subject: str, text: str, code: str) -> None:
    assert _extracted(_letter(subject, text)).document_type.code == code


@pytest.mark.parametrize(
    "heading", ["W1derspruch gegen den Bescheld", "Widerspruch gegen denBescheid", "Wider spruch gegen den Bescheid"]
)
def test_misread_headings_still_tell_the_type(heading: str) -> None:
    assert _extracted(_letter(heading, "Ich bitte um Abhilfe.")).document_type.code == "WIDERSPRUCH"


def test_nothing_known_is_unclear() -> None:
    assert _extracted(_letter("Guten Tag", "Das Wetter ist schön.")).document_type.code == UNCLEAR
    assert _extracted(PageText(2480, 3508, 300, 0, "test", ())).document_type.code == UNCLEAR


def test_a_decision_in_copy_does_not_win_over_the_letter() -> None:
    letter = _letter("Widerspruch gegen den Bescheid vom 04.11.2026", "hiermit lege ich Widerspruch ein.")
    copy = page("Aufhebungs- und Erstattungsbescheid", "sind zu erstatten", "§ 50 SGB X § 48 SGB X § 45 SGB X", top=40)
    assert _extracted(letter, copy).document_type.code == "WIDERSPRUCH"


def test_whole_words_only() -> None:
    book = PhraseBook(["Rechnung"])
    assert not book.find(pieces_of(read_tokens([page("Abrechnung und Rechnungshof")])))
    assert book.find(pieces_of(read_tokens([page("Ihre Rechnung")])))


@pytest.mark.parametrize("line", ["SGB Il", "SGB 11", "sgb ii"])
def test_phrases_bridge_known_confusions(line: str) -> None:
    assert PhraseBook(["SGB II"]).find(pieces_of(read_tokens([page(f"nach dem {line} heute")])))


def test_a_word_cut_at_the_end_of_a_line_is_one() -> None:
    cut = page("Antrag auf Weiterbewilli-", "gung der Leistungen")
    assert PhraseBook(["Antrag auf Weiterbewilligung"]).find(pieces_of(read_tokens([cut])))


@pytest.mark.parametrize(
    ("head", "sender"),
    [("Finanzamt Halvesund", "FINANZAMT"), ("Kanzlei Dr. Ohmstede, Rechtsanwalt", "ANWALT"),
     ("Sozialgericht Halvesund", "SOZIALGERICHT"), ("Stadtwerke Halvesund", "VERSORGER")],
)  # fmt: skip
def test_senders_by_their_letterhead(head: str, sender: str) -> None:
    assert _extracted(placed((25, 15, head), (25, 100, "Sehr geehrte Damen und Herren,"))).sender == sender


def test_a_person_writes_with_an_own_address_block() -> None:
    letter = placed((25, 20, "Anna Kowalczyk"), (25, 25, "Deichweg 3"), (25, 30, "00811 Halvesund"),
                    (25, 100, "Sehr geehrte Damen und Herren,"))  # fmt: skip
    assert _extracted(letter).sender == "PERSON"


@pytest.mark.parametrize("file_type", sorted(catalogues()))
def test_every_type_finds_a_keyword_in_every_catalogue(file_type: str) -> None:
    assert all(keyword_for(code, file_type) in catalogues()[file_type] for code in type_rules())


def test_keywords_follow_type_sheet_and_catalogue() -> None:
    assert keyword_for("KONTOAUSZUG", "LEIST") == "L24"
    assert keyword_for("VERMERK", "VERM") == "V16"
    assert keyword_for("KONTOAUSZUG", "LEIST", "L06") == "L06"
    assert keyword_for("KONTOAUSZUG", "LEIST", "W01") == "L24"
    assert keyword_for("KONTOAUSZUG", "NICHTS") is None
