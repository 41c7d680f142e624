"""Pages of a rendition are taken out in a child: what a foreign PDF does there costs one sheet, never the export."""

from __future__ import annotations

import csv
import io
import os
import signal
import time
import zipfile
from pathlib import Path
from typing import Any

import pikepdf.pdfa
import pytest
from pikepdf import Array, Dictionary, Name, Pdf, Stream
from sqlalchemy import select, update

from archive.models import ContentFile
from core.errors import Unavailable
from core.isolation import Limits
from core.models import AuditEvent
from retention.export import excerpting
from retention.export.case_export import export_case
from retention.export.excerpt import write_excerpt
from tests.retention.world import World, add_case, add_letter

NUMBER = "99801BG0000001"


def hang(**_arguments: Any) -> None:
    time.sleep(3600)


def crash(**_arguments: Any) -> None:
    os.abort()


def grow(**_arguments: Any) -> None:
    held = [bytearray(os.urandom(1 << 20)) for _ in range(4000)]
    raise AssertionError(len(held))


def ended(**_arguments: Any) -> None:
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(3600)


@pytest.fixture
def parted(world: World) -> World:
    """A letter of three pages, two of which lie in this case; and another one after it."""
    case, other = add_case(world, NUMBER, closed_on=None), add_case(world, "99801BG0000002", closed_on=None)
    add_letter(world, (case, 2, 3), (other, 1, 1), title="Sammelrechnung", pages=3)
    add_letter(world, case, title="Danach")
    return world


def export(world: World) -> tuple[bytes, list[dict[str, str]]]:
    """The first file of the export, and the register."""
    with zipfile.ZipFile(
        export_case(world.database, world.blobs, world.actor("anna"), NUMBER, world.places).path
    ) as zip_:
        rows = list(csv.DictReader(io.StringIO(zip_.read("Register.csv").decode("utf-8-sig")), delimiter=";"))
        return zip_.read(rows[0]["Datei"]), rows


def assert_a_sheet_in_its_place(world: World) -> None:
    data, rows = export(world)
    with Pdf.open(io.BytesIO(data)) as sheet:
        assert len(sheet.pages) == 1
        assert pikepdf.pdfa.check(sheet, "2b").violations == ()
    assert [row["Form"] for row in rows] == ["Hinweisblatt, nicht als PDF/A darstellbar", "PDF/A-2b"]
    assert [row["Seiten"] for row in rows] == ["2", "2"]
    assert list(world.places.work.iterdir()) == []


def test_the_pages_are_taken_out_in_another_process(parted: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("retention.export.excerpt.write_excerpt", None)  # of no use in this process
    data, rows = export(parted)
    with Pdf.open(io.BytesIO(data)) as pdf:
        assert len(pdf.pages) == 2
        assert pikepdf.pdfa.check(pdf, "2b").violations == ()
    assert [row["Form"] for row in rows] == ["PDF/A-2b", "PDF/A-2b"]


@pytest.mark.parametrize(
    ("deed", "limits"),
    [("hang", Limits(wall_seconds=2)), ("crash", Limits()), ("grow", Limits(memory_mb=200))],
)
def test_a_rendition_that_takes_its_child_down_costs_one_sheet(
    parted: World, deed: str, limits: Limits, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(excerpting, "_TARGET", f"{__name__}:{deed}")
    monkeypatch.setattr(excerpting, "LIMITS", limits)
    assert_a_sheet_in_its_place(parted)


def test_a_rendition_that_is_no_pdf_costs_one_sheet(parted: World) -> None:
    with parted.database.write() as tx:
        first = select(ContentFile.id).where(ContentFile.role == "rendition").order_by(ContentFile.id).limit(1)
        broken = parted.blobs.put_bytes(b"%PDF-1.7 and nothing else").sha256
        tx.session.execute(update(ContentFile).where(ContentFile.id == first.scalar_subquery()).values(sha256=broken))
    assert_a_sheet_in_its_place(parted)


def test_a_child_that_somebody_ends_says_nothing_of_the_file(parted: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(excerpting, "_TARGET", f"{__name__}:ended")
    with pytest.raises(Unavailable):
        export(parted)
    assert list(parted.places.work.iterdir()) == []
    with parted.database.read() as session:
        assert session.scalars(select(AuditEvent).where(AuditEvent.action == "case.exported")).all() == []


def test_one_child_after_the_other(parted: World, monkeypatch: pytest.MonkeyPatch) -> None:
    with excerpting.Excerpts(parted.blobs, parted.places.work) as excerpts, parted.database.read() as session:
        sha256 = session.scalars(select(ContentFile.sha256).where(ContentFile.role == "rendition")).all()[0]
        monkeypatch.setattr(excerpting, "_TARGET", f"{__name__}:crash")
        assert excerpts.pages(sha256, [1]) is None
        monkeypatch.undo()
        assert excerpts.pages(sha256, [1]) is not None
        assert excerpts.pages(sha256, [99]) is None
        assert excerpts.pages(sha256, [1]) is not None


def test_nothing_that_only_another_page_shows_goes_along(tmp_path: Path) -> None:
    """Programs that write PDFs give all pages one list of what they draw: image and form of the neighbour's page too."""
    whole, out = tmp_path / "whole.pdf", tmp_path / "part.pdf"
    with Pdf.new() as pdf:
        image = pdf.make_stream(
            b"secret-image" * 4, Type=Name.XObject, Subtype=Name.Image, Width=48, Height=1, BitsPerComponent=8,
            ColorSpace=Name.DeviceGray,
        )  # fmt: skip
        drawn = [
            pdf.make_stream(f"0 0 9 {n}9 re f % drawing-{n}".encode(), Type=Name.XObject, Subtype=Name.Form,
                            BBox=Array([0, 0, 99, 99]))
            for n in range(1, 4)
        ]  # fmt: skip
        forms = {f"/F{number}": form for number, form in enumerate(drawn, 1)}
        shared = pdf.make_indirect(Dictionary(XObject=Dictionary({**forms, "/Im": image})))
        for content in (b"/F1 Do", b"/F2 Do", b"/F3 Do /Im Do"):
            pdf.add_blank_page(page_size=(99, 99))
            pdf.pages[-1].obj.Resources, pdf.pages[-1].Contents = shared, pdf.make_stream(content)
        pdf.save(whole)
    write_excerpt(str(whole), [1, 2], str(out))
    with Pdf.open(out) as part:
        assert pikepdf.pdfa.check(part, "2b").violations == ()
        streams = [one.read_bytes() for one in part.objects if isinstance(one, Stream)]
    shown = [
        word for word in (b"drawing-1", b"drawing-2", b"drawing-3", b"secret") if any(word in one for one in streams)
    ]
    assert shown == [b"drawing-1", b"drawing-2"]
