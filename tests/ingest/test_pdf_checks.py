"""What a PDF hides: programs wherever they stand, bombs before they open, and nothing in what offices write."""

from __future__ import annotations

import io
import zlib
from collections.abc import Callable

import pikepdf
import pytest
from pikepdf import Array, Dictionary, Name

from ingest.limits import Limits
from ingest.pdf_checks import has_active_content, lost_pages, oversize
from tests.ingest import hostile_files as hostile

SCRIPT = Dictionary(S=Name.JavaScript, JS="app.alert(1)")
SMALL = Limits(stream_mb=1)


def _blank() -> pikepdf.Pdf:
    pdf = pikepdf.new()
    pdf.add_blank_page()
    return pdf


def _in_names(pdf: pikepdf.Pdf) -> None:
    pdf.Root.Names = Dictionary(JavaScript=Dictionary(Names=Array([pikepdf.String("a"), SCRIPT])))


def _on_opening(pdf: pikepdf.Pdf) -> None:
    pdf.Root.OpenAction = SCRIPT


def _on_leaving_a_page(pdf: pikepdf.Pdf) -> None:
    pdf.pages[0].AA = Dictionary(C=SCRIPT)


def _attached_to_a_page(pdf: pikepdf.Pdf) -> None:
    pdf.pages[0].Annots = Array([Dictionary(Subtype=Name.FileAttachment)])


def _behind_a_button(pdf: pikepdf.Pdf) -> None:
    pdf.pages[0].Annots = Array([Dictionary(Subtype=Name.Widget, A=Dictionary(S=Name.SubmitForm, F="http://x"))])


def _without_end(pdf: pikepdf.Pdf) -> None:
    action = pdf.make_indirect(Dictionary(S=Name.GoTo))
    action.Next = action
    pdf.Root.OpenAction = action


@pytest.mark.parametrize(
    "hide", [_in_names, _on_opening, _on_leaving_a_page, _attached_to_a_page, _behind_a_button, _without_end]
)
def test_programs_and_attachments_are_seen_wherever_they_stand(hide: Callable[[pikepdf.Pdf], None]) -> None:
    pdf = _blank()
    assert not has_active_content(pdf)
    hide(pdf)
    assert has_active_content(pdf)


@pytest.mark.parametrize("odd", [Array([]), Name.Odd, pikepdf.String("odd"), 7])
def test_odd_things_in_their_places_are_nothing(odd: object) -> None:
    pdf = _blank()
    pdf.Root.OpenAction, pdf.Root.Names, pdf.pages[0].Annots = odd, odd, odd
    assert not has_active_content(pdf)


def test_a_link_and_a_jump_to_a_page_are_harmless() -> None:
    pdf = pikepdf.open(io.BytesIO(hostile.opens_at_a_page()))
    link = Dictionary(Subtype=Name.Link, A=Dictionary(S=Name.URI, URI="https://example.org"))
    pdf.pages[0].Annots = Array([link])
    assert not has_active_content(pdf)


def _stream(data: bytes, *filters: Name) -> pikepdf.Pdf:
    pdf = _blank()
    stream = pikepdf.Stream(pdf, data)
    stream.Filter = Array(list(filters)) if len(filters) > 1 else filters[0]
    pdf.pages[0].Contents = pdf.make_indirect(stream)
    return pdf


@pytest.mark.parametrize("megabytes", [0.5, 3])
def test_a_stream_may_grow_up_to_its_limit(megabytes: float) -> None:
    plain = bytes(int(megabytes * 1024 * 1024))
    expected = "decompression_bomb" if megabytes > 1 else None
    once = zlib.compress(plain)
    assert oversize(_stream(once, Name.FlateDecode), SMALL) == expected
    assert oversize(_stream(zlib.compress(once), Name.FlateDecode, Name.FlateDecode), SMALL) == expected
    assert oversize(_stream(once.hex().encode() + b">", Name.ASCIIHexDecode, Name.FlateDecode), SMALL) == expected


@pytest.mark.parametrize("data", [b"", b"no zlib at all" * 90_000])
def test_a_damaged_stream_is_no_bomb(data: bytes) -> None:
    assert oversize(_stream(data, Name.FlateDecode), SMALL) is None


def test_pages_that_the_tree_promises_and_does_not_hold_are_missed() -> None:
    pdf = _blank()
    assert not lost_pages(pdf)
    pdf.Root.Pages.Count = 4
    assert lost_pages(pdf)
