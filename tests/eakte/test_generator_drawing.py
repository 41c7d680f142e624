"""Drawing, scanning, simulated reading and batches: reproducible, inside the page, boxes where the ink is."""

from __future__ import annotations

import io
from datetime import date
from itertools import pairwise
from pathlib import Path

import numpy as np
import pikepdf
import pypdf
import pytest
import zxingcpp
from fontTools.ttLib import TTFont
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from archive.pagetext import decode, encode
from eakte.demo.batches import DemoBatch, jpeg_pdf, make_demo_mail, scan_batch, write_scan_batch
from eakte.demo.drawing.born_digital import born_digital_pdf
from eakte.demo.drawing.fonts import FACES, font_path
from eakte.demo.drawing.layout import lay_out
from eakte.demo.drawing.paint import draw_clean
from eakte.demo.drawing.recognise import letter_text
from eakte.demo.drawing.scan import PROFILES, blank_back, scan
from eakte.demo.drawing.sheet import HEIGHT, WIDTH, wrap
from eakte.demo.letters.mix import make_letters, make_own_letters
from eakte.demo.letters.model import Letter
from eakte.demo.register import DemoRegister, make_register

DAY = date(2026, 11, 24)


@pytest.fixture(scope="module")
def register() -> DemoRegister:
    return make_register(7, DAY)


@pytest.fixture(scope="module")
def letters(register: DemoRegister) -> list[Letter]:
    return make_letters(register, 120, 11, DAY)


@pytest.fixture(scope="module")
def mail(register: DemoRegister) -> list[DemoBatch]:
    return make_demo_mail(register, 3, DAY)


@pytest.mark.parametrize("face", FACES)
def test_faces_have_the_letters_of_the_register(register: DemoRegister, face: str) -> None:
    glyphs = TTFont(font_path(face)).getBestCmap()
    needed = {char for person in register.persons for char in person.family_name + person.given_names} | set(
        "şğłćéø§€äöüß–„“"
    )
    assert [char for char in needed if ord(char) not in glyphs] == []


def test_words_lie_on_the_sheet_and_lines_run_on(letters: list[Letter]) -> None:
    for letter in letters:
        for sheet in lay_out(letter):
            for word in sheet.words:
                x0, y0, x1, y1 = word.box
                assert 0 <= x0 < x1 <= WIDTH, (letter.truth.kind, word)
                assert 0 <= y0 < y1 <= HEIGHT, (letter.truth.kind, word)
            assert all(a.line <= b.line for a, b in pairwise(sheet.words))


def test_printed_words_do_not_leave_the_right_edge(letters: list[Letter]) -> None:
    """The box of a word is clipped to the sheet, so a word at the very edge would be cut off in print."""
    for letter in letters:
        for sheet in lay_out(letter):
            assert all(word.box[2] < WIDTH - 10 for word in sheet.words if word.ink == "print"), letter.truth.kind


def test_boxes_are_where_the_ink_is(letters: list[Letter]) -> None:
    for letter in letters[:6]:
        sheet, image = lay_out(letter)[0], np.asarray(draw_clean(letter)[0].convert("L"))
        for word in (word for word in sheet.words if word.ink == "print"):
            x0, y0, x1, y1 = word.box
            assert image[y0:y1, x0:x1].min() < 140, word


def test_text_without_noise_is_the_print_and_keeps_its_boxes(letters: list[Letter]) -> None:
    for letter in letters[:20]:
        for page, sheet in zip(letter_text(letter, 0.0, 1), lay_out(letter), strict=True):
            assert [word.text for word in page.words] == [word.text for word in sheet.words]
            assert [word.box for word in page.words] == [word.box for word in sheet.words]
            assert decode(encode(page)) == page


@given(st.integers(0, 119), st.floats(0.001, 0.3), st.integers(0, 10**6))
@settings(max_examples=40, deadline=None)
def test_noisy_text_stays_on_the_page(number: int, noise: float, seed: int) -> None:
    letter = make_letters(make_register(7, DAY), 1, number, DAY)[0]
    pages = letter_text(letter, noise, seed)
    assert pages == letter_text(letter, noise, seed)
    for page in pages:
        for word in page.words:
            x0, y0, x1, y1 = word.box
            assert 0 <= x0 < x1 <= page.width
            assert 0 <= y0 < y1 <= page.height
            assert word.text
            assert 0 <= word.confidence <= 100


def test_noise_changes_about_the_asked_share(letters: list[Letter]) -> None:
    clean = sum(len(word.text) for letter in letters for page in letter_text(letter, 0.0, 1) for word in page.words)
    wrong = 0
    for letter in letters:
        for exact, noisy in zip(letter_text(letter, 0.0, 1), letter_text(letter, 0.02, 1), strict=True):
            found = {word.box: word.text for word in noisy.words}
            wrong += sum(found.get(word.box, "") != word.text for word in exact.words)
    assert 0.004 < wrong / clean < 0.06


@given(st.text("abcdefg äöü\n", max_size=200), st.integers(50, 2000))
def test_wrap_loses_no_word_and_keeps_the_width(text: str, room: int) -> None:
    lines = wrap(text, room, "sans", 10.5)
    assert " ".join(lines).split() == text.split()


@pytest.mark.parametrize("name", sorted(PROFILES))
def test_scan_is_a_grey_jpeg_of_moderate_size(letters: list[Letter], name: str) -> None:
    pages = draw_clean(letters[0])[:1]
    first = scan(pages, name, 5)
    assert first == scan(pages, name, 5)
    image = Image.open(io.BytesIO(first[0]))
    assert (image.format, image.mode, image.size) == ("JPEG", "L", (WIDTH, HEIGHT))
    assert round(image.info["dpi"][0]) == 300
    assert len(first[0]) < 600_000


def test_unknown_profile_is_refused(letters: list[Letter]) -> None:
    with pytest.raises(KeyError):
        scan(draw_clean(letters[0])[:1], "sepia", 1)


def test_upside_down_turns_the_page() -> None:
    page = Image.new("RGB", (WIDTH, HEIGHT), "white")
    page.paste((0, 0, 0), (200, 200, 500, 400))
    turned = np.asarray(Image.open(io.BytesIO(scan([page], "upside_down", 1)[0])))
    assert turned[HEIGHT - 380 : HEIGHT - 220, WIDTH - 480 : WIDTH - 220].mean() < 60
    assert turned[200:400, 200:500].mean() > 200


def test_blank_back_has_no_ink() -> None:
    page = np.asarray(Image.open(io.BytesIO(blank_back("office", 1))))
    assert page.min() > 200


def test_born_digital_pdf_has_real_text(register: DemoRegister) -> None:
    for letter in make_own_letters(register, 5, 2, DAY):
        data = born_digital_pdf(letter)
        assert data == born_digital_pdf(letter)
        text = "".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(data)).pages)
        for fact in letter.truth.facts:
            assert "".join(fact.text.split()) in "".join(text.split()), fact


def test_jpeg_streams_stand_in_the_pdf_untouched(letters: list[Letter]) -> None:
    pages = scan(draw_clean(letters[0])[:1], "office", 1) * 2
    pdf = pikepdf.open(io.BytesIO(jpeg_pdf(pages)))
    streams = [page.Resources.XObject.Im0.read_raw_bytes() for page in pdf.pages]
    assert streams == pages
    assert [round(float(side)) for side in pdf.pages[0].mediabox][2:] == [595, 842]


def test_batch_has_a_separator_before_every_letter(letters: list[Letter], tmp_path: Path) -> None:
    path = tmp_path / "stapel.pdf"
    items = write_scan_batch(letters[:3], path, separators="both", seed=4)
    pdf = pikepdf.open(path)
    assert len(pdf.pages) == sum(item.pages for item in items) + 3
    first = Image.open(io.BytesIO(pdf.pages[0].Resources.XObject.Im0.read_raw_bytes()))
    assert [code.text for code in zxingcpp.read_barcodes(first)] == ["EA1|SEP"]
    assert [item.truth for item in items] == [letter.truth for letter in letters[:3]]


def test_duplex_batch_counts_blank_backs(letters: list[Letter]) -> None:
    single = next(letter for letter in letters if len(lay_out(letter)) == 1)
    data, items = scan_batch([single], ["office"], duplex=True, separators="code", seed=1)
    assert (items[0].pages, items[0].blank_pages) == (2, (2,))
    assert len(pikepdf.open(io.BytesIO(data)).pages) == 4


def test_demo_mail_is_complete_and_reproducible(register: DemoRegister, mail: list[DemoBatch]) -> None:
    items = [item for batch in mail for item in batch.items]
    assert 36 <= len(items) <= 46
    assert sum(item.pages for item in items) < 110
    assert {item.profile for item in items} >= {"upside_down", "grey", "shaded", "skewed", "fax", "born_digital"}
    types = {item.truth.document_type for item in items}
    assert {"ANTRAG_ERST", "WERBUNG", "IRRLAEUFER", "BESCHEID_BEWILLIGUNG"} <= types
    assert any(item.blank_pages for item in items)
    assert any(item.truth.trap == "namesakes" for item in items)
    assert any({fact.kind for fact in item.truth.facts} == {"name", "birth_date"} for item in items)
    again = make_demo_mail(register, 3, DAY)
    assert [batch.data for batch in again] == [batch.data for batch in mail]


def test_demo_mail_pages_stay_small(mail: list[DemoBatch]) -> None:
    for batch in mail:
        pages = len(pikepdf.open(io.BytesIO(batch.data)).pages)
        assert len(batch.data) / pages < 400_000
