"""The analyser: pairs that must meet, pairs that must not, and that it bears any text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.analyser import Term, analyse, analyse_words, fold, known, number_form, split, stem, stems, tokens
from search.analyser.numbers import number_terms


def words_of(text: str) -> list[str]:
    return text.split()


MEET = words_of("""
Müller/Mueller Müller/Muller Straße/Strasse Yıldız/Yildiz Łukasz/Lukasz Größe/Groesse Søren/Soren
Bescheid/Bescheide Bescheid/Bescheides Bescheid/Bescheids Bescheid/Bescheiden Miete/Mieten Mieter/Mietern Mieter/Mieters
Mieter/Mieterin Mieter/Mieterinnen Kind/Kinder Kind/Kindern Kind/Kindes Haus/Häuser Haus/Häusern Haus/Hauses Amt/Ämter
Antrag/Anträge Antrag/Anträgen Leistung/Leistungen Einkommen/Einkommens Ergebnis/Ergebnisse Ergebnis/Ergebnissen
Zeugnis/Zeugnisses Akte/Akten Ehe/Ehen Tag/Tage Tag/Tagen Jahr/Jahren Monat/Monats Konto/Kontos Gehalt/Gehälter Wort/Wörter
Buch/Bücher Bild/Bilder Feld/Felder Land/Länder Rad/Räder Glied/Glieder Mitglied/Mitgliedern Schloss/Schlösser
persönlich/persönlicher persönlich/persönlichen gültig/gültiges angemessen/angemessene angemessen/angemessener
vorläufig/vorläufiger Betroffene/Betroffener Vermieter/Vermieterin Antragsteller/Antragstellerinnen Zins/Zinsen
Verfahren/Verfahrens Unterlage/Unterlagen Rente/Renten Familie/Familien Frist/Fristen Schule/Schulen Kosten/Kosten
""")
APART = words_of("""
Miete/Mieter Miete/Mietern Ausland/Ausländer Arbeit/Arbeiter Beitrag/Betrag Betreuer/Betreuung Klage/Kläger Träger/Tragen
Leiter/Leitung Steuer/Steuern- Mutter/Mut Vater/Vati Masse/Messe Bürger/Burg Fall/Falle- Ort/Orte- Ausbilder/Ausbildung
Vertreter/Vertretung Gut/Gutachten Einkommen/Einkauf Haft/Haftung Zahl/Zahlung Sender/Sendung Beamter/Amt Pfand/Pfändung
""")


@pytest.mark.parametrize("pair", MEET)
def test_forms_of_one_word_meet(pair: str) -> None:
    first, second = pair.split("/")
    assert stem(fold(first)) == stem(fold(second))


@pytest.mark.parametrize("pair", [pair for pair in APART if not pair.endswith("-")])
def test_different_words_stay_apart(pair: str) -> None:
    first, second = pair.split("/")
    assert stem(fold(first)) != stem(fold(second))


COMPOUNDS = words_of("""
Bewilligungsbescheid=Bewilligung+Bescheid Weiterbewilligungsantrag=Bewilligung+Antrag Mietvertrag=Miete+Vertrag
Mieterhöhung=Miete+Erhöhung Vermieterbescheinigung=Vermieter+Bescheinigung Betriebskostenabrechnung=Kosten+Abrechnung
Arbeitsunfähigkeitsbescheinigung=Arbeit+Bescheinigung Rechtsbehelfsbelehrung=Rechtsbehelf+Belehrung
Kindergeldbescheid=Kinder+Geld+Bescheid Krankenversicherungsbeiträge=Versicherung+Beitrag Stromsperre=Strom+Sperre
Lohnabrechnung=Lohn+Abrechnung Mahngebühren=Gebühr Haftbescheinigung=Haft+Bescheinigung Unterkunftskosten=Unterkunft+Kosten
Eingliederungszuschuss=Eingliederung+Zuschuss Aufenthaltstitel=Aufenthalt+Titel Schülerbeförderung=Schüler+Beförderung
Familiengericht=Familie+Gericht Rentenbescheid=Rente+Bescheid Aufhebungsbescheide=Aufhebung+Bescheid
Erwerbsminderungsrente=Erwerb+Minderung+Rente Ratenzahlung=Rate+Zahlung Personalausweis=Personal+Ausweis
Bedarfsgemeinschaft=Bedarf+Gemeinschaft Zahlungsaufforderung=Zahlung+Aufforderung Schulbescheinigung=Schule+Bescheinigung
Heizkosten=Kosten Grundsicherungsgeld=Grundsicherung+Geld Arbeitslosengeld=Geld Wohngeldbescheid=Bescheid+Geld
Kündigungsfrist=Kündigung+Frist Pflegegrad=Pflege+Grad Energierechnung=Energie+Rechnung Kontoauszüge=Konto+Auszug
Bewiiligungsbescheid=Bescheid Bewilligungsbeschcid=Bewilligung
""")


@pytest.mark.parametrize("line", COMPOUNDS)
def test_parts_of_compounds_are_found(line: str) -> None:
    compound, parts = line.split("=")
    assert {stem(fold(part)) for part in parts.split("+")} <= set(stems(fold(compound)))


def test_mieterhöhung_is_not_about_a_mieter() -> None:
    assert stem("mieter") not in stems(fold("Mieterhöhung"))


WHOLE = words_of("""
Vertrag Antrag Auftrag Beitrag Urteil Vorteil Abteilung Beruf Urlaub Gericht Bericht Nachricht Unterricht Vermieter Mitglied
Nachweis Hinweis Ausweis Einkommen Unterhalt Aufenthalt Haushalt Unternehmen Grundsatz Ersatz Vorfall Unfall Widerspruch
Anspruch Zukunft Auskunft Unterkunft Rückstand Vorschlag Umzug Ausschuss Vorlage Umfrage Vorgang Gesellschaft Gewerkschaft
Handwerk Handlung Neumann Bergmann Zimmermann Hoffmann Deutschland Eigentum Ursache Schlagwort Ehrenamt Gutachten Müller
Kowalczyk Ohlsdorp Freitag Feiertag Zeitung Krankenhaus Bürgermeister Mitteilung Träger Betreuung Heirat Kriterium
Freundschaft Mannschaft Ministerium Personal Original Material Wartung Erwartung Beurteilung Nürnberg Hamburg Oldenburg
Staubecken Blumentopf Weber Fischer Schneider Wagner Becker Schulz Richter Schröder Zimmer Krüger Lange Krause Lehmann
""")


@pytest.mark.parametrize("word", WHOLE)
def test_words_that_are_no_compounds_stay_whole(word: str) -> None:
    assert split(fold(word)).parts == ()


def texts(terms: tuple[tuple[str, int, int], ...]) -> dict[str, int]:
    return {text: position for text, position, _ in terms}


def test_left_out_heads_are_completed() -> None:
    found = analyse_words(words_of("Ihr Aufhebungs- und Erstattungsbescheid"))
    assert texts(found.x)["aufhebungsbescheid"] == 1
    assert "nebenkosten" in texts(analyse_words(words_of("Heiz- und Nebenkosten")).x)
    assert "heizkosten" in texts(analyse_words(words_of("Heiz- und Nebenkosten")).x)
    assert "mietschulden" in texts(analyse_words(words_of("Mietkosten und -schulden")).x)
    assert "mietkosten" in texts(analyse_words(words_of("Miet-, Heiz- und Nebenkosten")).x)


def test_words_divided_at_a_line_end_are_joined() -> None:
    found = analyse_words(["Der", "Bewilligungsbe-", "scheid", "kommt"])
    assert ("bewilligungsbescheid", 1, 2) in found.x
    assert "bescheid" in texts(found.t)
    assert not found.u


def test_positions_are_word_numbers() -> None:
    words = words_of("Nach § 22 Abs. 1 SGB II ist (Miet-/Heizkosten) am 12. März 2026 fällig")
    found = analyse_words(words)
    assert texts(found.x)["§22a1sgb2"] == 1
    assert texts(found.x)["d20260312"] == words.index("12.")
    assert texts(found.t)["kost"] == words.index("(Miet-/Heizkosten)")


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("§ 22 Abs. 1 SGB II", "§22 §22a1 §22sgb2 §22a1sgb2 sgb2"),
        ("§22(1) SGB 2", "§22a1sgb2"),
        ("§22 SGB-II", "§22sgb2 sgb2"),
        ("§ 22 I SGB II", "§22a1sgb2"),
        ("§§ 7, 9, 11 und 19 ff. SGB II", "§7sgb2 §9sgb2 §11sgb2 §19sgb2"),
        ("§ 22 Abs. 1 und 2 SGB II", "§22a1sgb2 §22a2sgb2"),
        ("§ 41a Abs. 5 SGB II", "§41a §41asgb2 §41aa5sgb2"),
        ("§ 40 SGB II i.V.m. § 48 Abs. 1 Satz 2 Nr. 3 SGB X", "§40sgb2 §48a1sgb10"),
        ("Art. 15 Abs. 1 DSGVO", "art15 art15dsgvo art15a1dsgvo"),
        ("Paragraph 60 SGB I", "§60sgb1"),
        ("§ 569 Abs. 3 Nr. 2 BGB", "§569a3bgb"),
    ],
)
def test_citations(text: str, terms: str) -> None:
    assert set(terms.split()) <= set(texts(analyse_words(text.split()).x))


@pytest.mark.parametrize(
    "text", ["Seite 22 von 30", "8 22 SGB", "Zimmer 22 im SGB-Bereich", "Artikel über Miete", "§ und Co"]
)
def test_no_citation_is_invented(text: str) -> None:
    assert not any(term.startswith(("§", "art1")) and term != "§" for term in texts(analyse_words(text.split()).x))


@pytest.mark.parametrize(
    "text",
    ["99801BG0004711", "99801//0004711", "99801 BG 0004711", "99801 // 0004711", "99801-0004711", "99801 0004711"],
)
def test_spellings_of_a_bg_number_meet(text: str) -> None:
    assert "99801bg0004711" in texts(analyse_words(text.split()).x)


def test_numbers_keep_their_divisions() -> None:
    assert "w.317.26" in number_terms("W-00317/26")
    assert "w.317.26" in number_terms("W-317/26")
    assert "317.26" in number_terms("317/26")


def test_unknown_words_and_the_rest_of_misread_ones() -> None:
    unknown = texts(analyse_words(["Kowalczyk", "Bescheid", "Bewilligungsbeschcid", "tragen", "trägt"]).u)
    assert set(unknown) == {"kowalczyk", "bewilligungsbeschcid", "beschcid"}


@given(st.text())
def test_folding_is_idempotent(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(st.text(alphabet="aeouqüöäßAEOU", max_size=12))
def test_folding_of_vowels_is_idempotent(text: str) -> None:
    assert fold(fold(text)) == fold(text)


_FRAGMENTS = st.sampled_from(
    words_of(
        "§ §§ 22 Abs. 1 ( ) SGB II Art. DSGVO - // / 99801 BG 0004711 S 12 und , Aufhebungs- -kosten Bescheid 12. März 2026"
        " 31.2.2026 0 00 ii a* ² ½ ﬁ"
    )
)


@given(st.lists(st.one_of(st.text(max_size=30), _FRAGMENTS), max_size=40))
def test_analyser_bears_any_text(words: list[str]) -> None:
    found = analyse_words(words)
    assert found.word_count == len(words)
    for text, position, length in (*found.x, *found.t, *found.u):
        assert text
        assert 0 <= position < position + length <= len(words)
        assert fold(text) == text
    assert found == analyse_words(list(words))


@given(st.text(max_size=80))
def test_splitting_bears_any_word(word: str) -> None:
    folded = fold(word)
    for start, end in split(folded).parts:
        assert 0 <= start < end <= len(folded)
    assert stems(folded)[0] == stem(folded)


def test_a_very_long_word_is_quick() -> None:
    assert analyse_words(["bewilligungs" * 5000]).t
    assert analyse_words(["1/" * 20_000]).x
    assert analyse_words(["§", "22,"] * 5_000).word_count == 10_000


def test_flat_view_holds_the_same_terms() -> None:
    words = words_of("Der Bewilligungsbescheid nach § 22 SGB II für Kowalczyk")
    found = analyse_words(words)
    streams = {"x": found.x, "t": found.t, "u": found.u}
    expected = sorted((name, text, at) for name, terms in streams.items() for text, at, _ in terms)
    flat = list(analyse(words))
    assert sorted((term.stream, term.text, term.position) for term in flat) == expected
    assert [term.position for term in flat] == sorted(term.position for term in flat)
    assert Term("t", "bescheid", 1) in flat
    assert Term("u", "kowalczyk", 8) in flat


def test_short_functions() -> None:
    assert tokens("Müller-Lüdenscheidt,") == ["muller", "ludenscheidt"]
    assert known("bewilligungsbescheid")
    assert not known("kowalczyk")
    assert number_form("99801//0004711") == number_form("99801 BG 0004711") == "99801bg0004711"
