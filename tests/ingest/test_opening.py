"""What becomes of input: every line of the table in INTERFACES that concerns a file's bytes."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pikepdf
import pytest
from PIL import Image

from archive.blobs.local import LocalBlobStore
from core.ids import new_id
from core.isolation import Crashed, Finished, KilledFromOutside, Limits, run_once
from ingest.cutting import cut
from ingest.masters import open_batch
from ingest.models import Receipt
from ingest.opening import inspect
from ingest.pageimage import PageUnreadable, load_page, open_pages
from tests.ingest.door import Sheet, book, letter
from tests.ingest.support import grey_pdf, jpeg_bytes, letter_pixels


def pdf(path: Path, **save: object) -> Path:
    with pikepdf.new() as made:
        made.add_blank_page()
        made.save(path, **save)  # type: ignore[arg-type]
    return path


def truncated_jpeg() -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(letter_pixels()).save(buffer, "JPEG")
    return buffer.getvalue()[:2000]


def zip_bytes() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a.txt", "text")
    return buffer.getvalue()


REJECTED_OR_QUARANTINED: list[tuple[str, Callable[[], bytes], str, str]] = [
    ("empty.pdf", lambda: b"", "rejected", "empty_file"),
    ("text.txt", lambda: b"Sehr geehrte Damen und Herren", "rejected", "unknown_type"),
    ("archive.pdf", zip_bytes, "rejected", "unknown_type"),
    ("cut.jpg", truncated_jpeg, "quarantined", "damaged"),
    ("garbage.pdf", lambda: b"%PDF-1.7\n" + bytes(range(256)) * 20, "quarantined", "damaged"),
    ("head-only.png", lambda: b"\x89PNG\r\n\x1a\n", "quarantined", "damaged"),
]


@pytest.mark.parametrize(("name", "make", "state", "code"), REJECTED_OR_QUARANTINED, ids=lambda value: str(value)[:20])
def test_refusals(tmp_path: Path, name: str, make: Callable[[], bytes], state: str, code: str) -> None:
    path = tmp_path / name
    path.write_bytes(make())
    found = inspect(path, name)
    assert found.reason is not None
    assert (found.state, found.reason.code) == (state, code)
    assert found.reason.text.endswith(".")


def test_a_password_is_asked_for_an_owner_password_is_not(tmp_path: Path) -> None:
    locked = pdf(tmp_path / "user.pdf", encryption=pikepdf.Encryption(user="geheim", owner="x"))
    owner = pdf(tmp_path / "owner.pdf", encryption=pikepdf.Encryption(user="", owner="x"))
    refused = inspect(locked).reason
    assert refused is not None
    assert refused.code == "needs_password"
    assert [note.code for note in inspect(owner).notes] == ["decrypted"]


def test_a_huge_image_is_refused_before_it_is_decoded(tmp_path: Path) -> None:
    path = tmp_path / "huge.png"
    Image.new("1", (20_000, 20_000)).save(path)
    refused = inspect(path).reason
    assert refused is not None
    assert refused.code == "too_many_pixels"


def test_a_page_tree_that_bites_its_tail_ends(tmp_path: Path) -> None:
    path = tmp_path / "loop.pdf"
    body = (
        b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
        b"2 0 obj<</Type/Pages/Kids[2 0 R]/Count 1>>endobj\ntrailer<</Root 1 0 R>>\n"
    )
    path.write_bytes(body)
    assert inspect(path).state == "quarantined"


def test_active_content_and_a_wrong_name_are_noted(tmp_path: Path) -> None:
    path = tmp_path / "letter.jpg"
    with pikepdf.new() as made:
        made.add_blank_page()
        made.Root.OpenAction = pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS="app.alert(1)")
        made.save(path)
    found = inspect(path, "letter.jpg")
    assert found.state == "taken"
    assert {note.code for note in found.notes} == {"active_content", "wrong_extension"}


def test_a_master_holds_the_same_image_streams_and_the_same_bytes_each_time(tmp_path: Path) -> None:
    batch = grey_pdf(tmp_path / "batch.pdf", [letter_pixels(seed) for seed in range(4)])
    with open_batch(batch, "application/pdf") as write:
        first = write((2, 3), tmp_path / "a.pdf")
    with open_batch(batch, "application/pdf") as write:
        write((1, 2), tmp_path / "other.pdf")
        write((2, 3), tmp_path / "b.pdf")
    assert (tmp_path / "a.pdf").read_bytes() == (tmp_path / "b.pdf").read_bytes()
    assert first == [load_page(batch, 2).raw_sha256, load_page(batch, 3).raw_sha256]
    assert np.array_equal(load_page(tmp_path / "a.pdf", 1).pixels, load_page(batch, 2).pixels)


def test_a_master_holds_no_image_of_another_letter(tmp_path: Path) -> None:
    """Many scanner programs give all pages of a batch one list of images: everybody's letters, in each letter's master."""
    batch, letters = tmp_path / "batch.pdf", [jpeg_bytes(letter_pixels(seed)) for seed in range(3)]
    with pikepdf.open(grey_pdf(tmp_path / "plain.pdf", [letter_pixels(seed) for seed in range(3)])) as made:
        shared = pikepdf.Dictionary()
        for number, page in enumerate(made.pages):
            (name, image), content = next(iter(page.get_images().items())), page.Contents.read_bytes()
            shared[f"/Page{number}"] = image
            page.Contents = made.make_stream(content.replace(name.encode(), f"/Page{number}".encode()))
        resources = made.make_indirect(pikepdf.Dictionary(XObject=shared))
        for page in made.pages:
            page.obj.Resources = resources
        made.save(batch)
    with open_batch(batch, "application/pdf") as write:
        write((2,), tmp_path / "second.pdf")
        write((1, 3), tmp_path / "others.pdf")
    assert [letter in (tmp_path / "second.pdf").read_bytes() for letter in letters] == [False, True, False]
    assert [letter in (tmp_path / "others.pdf").read_bytes() for letter in letters] == [True, False, True]
    shown, scanned = load_page(tmp_path / "second.pdf", 1), load_page(tmp_path / "plain.pdf", 2)
    assert (shown.kind, np.array_equal(shown.pixels, scanned.pixels)) == ("scan", True)


def test_frames_of_a_tiff_keep_their_pixels(tmp_path: Path) -> None:
    frames = [Image.fromarray(letter_pixels(seed)) for seed in range(3)]
    batch = tmp_path / "batch.tif"
    frames[0].save(batch, save_all=True, append_images=frames[1:])
    with open_batch(batch, "image/tiff") as write:
        write((3,), tmp_path / "one.tif")
        write((1,), tmp_path / "earlier.tif")
    assert np.array_equal(load_page(tmp_path / "one.tif", 1).pixels, letter_pixels(2))
    assert np.array_equal(load_page(tmp_path / "earlier.tif", 1).pixels, letter_pixels(0))


def test_a_file_opened_once_shows_the_same_pages_in_any_order(tmp_path: Path) -> None:
    frames = [Image.fromarray(letter_pixels(seed)) for seed in range(3)]
    tiff = tmp_path / "batch.tif"
    frames[0].save(tiff, save_all=True, append_images=frames[1:])
    for path in (tiff, grey_pdf(tmp_path / "batch.pdf", [letter_pixels(seed) for seed in range(3)])):
        with open_pages(path) as load:
            for number in (1, 3, 2, 1):
                assert np.array_equal(load(number).pixels, load_page(path, number).pixels)
            with pytest.raises(PageUnreadable):
                load(4)


def test_children_end_as_values() -> None:
    assert run_once("math:sqrt", {"x": 1}).__class__.__name__ == "Raised"
    assert run_once("json:dumps", {"obj": [1]}) == Finished("[1]")
    assert isinstance(run_once("os:abort", {}), Crashed)
    assert isinstance(run_once("tests.ingest.support:kill_myself", {}), KilledFromOutside)
    assert run_once("tests.ingest.support:sleep_long", {}, Limits(wall_seconds=0.5)).__class__.__name__ == "TimedOut"
    grown = run_once("tests.ingest.support:eat_memory", {}, Limits(memory_mb=200))
    assert grown.__class__.__name__ == "MemoryExceeded"


@pytest.mark.parametrize(("channel", "letters"), [("station", 2), ("hotfolder", 2), ("cli", 2), ("upload", 1)])
def test_sheets_count_in_what_was_scanned_only(tmp_path: Path, channel: str, letters: int) -> None:
    path = tmp_path / "batch.pdf"
    path.write_bytes(book(letter("vorn"), Sheet("EA1|SEP"), letter("hinten")))
    store = LocalBlobStore(tmp_path / "blobs", tmp_path)
    stored = store.put_file(path)
    receipt = Receipt(
        id=new_id(), agency_id=new_id(), channel=channel, sha256=stored.sha256, size=stored.size, duplicate_of=None
    )
    with store.open(stored.sha256) as batch:
        path.write_bytes(batch.read())
    done = cut(store, tmp_path, path, receipt, inspect(path))
    assert [list(one.numbers) for one in done.letters] == ([[1], [3]] if letters == 2 else [[1, 2, 3]])
