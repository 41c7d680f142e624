"""Files that a sender may send: locked, active, broken, bombs, loops. Each maker returns bytes."""

from __future__ import annotations

import io
import zipfile
import zlib

import numpy as np
import pikepdf
from pikepdf import Array, Dictionary, Name
from PIL import Image

from tests.ingest.door import book, letter, png

JAVASCRIPT = Dictionary(S=Name.JavaScript, JS="app.alert('x')")


def _saved(pdf: pikepdf.Pdf, **save: object) -> bytes:
    buffer = io.BytesIO()
    pdf.save(buffer, **save)  # type: ignore[arg-type]
    return buffer.getvalue()


def _opened(text: str) -> pikepdf.Pdf:
    return pikepdf.open(io.BytesIO(book(letter(text))))


def locked(user: str, owner: str) -> bytes:
    """Encrypted with the passwords."""
    pdf = _opened("verschlüsselt")
    return _saved(pdf, encryption=pikepdf.Encryption(user=user, owner=owner))


def active() -> bytes:
    """JavaScript on opening and in the names, a launch action on a link, an attachment."""
    pdf = _opened("Aktionen")
    pdf.Root.OpenAction = JAVASCRIPT
    launch = Dictionary(S=Name.Launch, F="calc.exe")
    link = Dictionary(Type=Name.Annot, Subtype=Name.Link, Rect=Array([10, 10, 90, 90]), A=launch)
    pdf.pages[0].Annots = pdf.make_indirect(Array([link]))
    pdf.attachments["geheim.txt"] = b"ANHANG-KANARIE"
    return _saved(pdf)


def hidden_action() -> bytes:
    """Only an annotation of a page acts, at the end of a chain."""
    pdf = _opened("versteckt")
    chain = Dictionary(S=Name.GoTo, D=Array([]), Next=JAVASCRIPT)
    link = Dictionary(Type=Name.Annot, Subtype=Name.Link, Rect=Array([10, 10, 90, 90]), A=chain)
    pdf.pages[0].Annots = Array([link])
    return _saved(pdf)


def opens_at_a_page() -> bytes:
    """What office programs write: harmless."""
    pdf = _opened("öffnet auf Seite 1")
    pdf.Root.OpenAction = Array([pdf.pages[0].obj, Name.Fit])
    return _saved(pdf)


def without_cross_references() -> bytes:
    """The table of objects is gone; every object is there."""
    data = book(letter("ohne Verzeichnis"))
    return data[: data.rindex(b"startxref")]


def truncated(share: float) -> bytes:
    """Cut off in the middle."""
    data = book(*(letter(f"Seite {number}") for number in range(4)))
    return data[: int(len(data) * share)]


def no_pages() -> bytes:
    """A whole PDF of nothing."""
    return _saved(pikepdf.new())


def zip_archive() -> bytes:
    """A ZIP."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a.txt", "text")
    return buffer.getvalue()


def page_bomb(layers: int = 1) -> bytes:
    """A page whose content grows to half a gigabyte: one compressed megabyte, again and again."""
    deflater = zlib.compressobj(9)
    head = deflater.compress(b"q Q " * 250_000) + deflater.flush(zlib.Z_FULL_FLUSH)
    data = head + (deflater.compress(b"q Q " * 250_000) + deflater.flush(zlib.Z_FULL_FLUSH)) * 500
    for _ in range(layers - 1):
        data = zlib.compress(data, 9)
    pdf = pikepdf.new()
    pdf.add_blank_page()
    content = pikepdf.Stream(pdf, data)
    content.Filter = Name.FlateDecode if layers == 1 else Array([Name.FlateDecode] * layers)
    pdf.pages[0].Contents = pdf.make_indirect(content)
    return _saved(pdf, compress_streams=False, stream_decode_level=pikepdf.StreamDecodeLevel.none)


def hidden_image() -> bytes:
    """400 megapixels inside a form of the page."""
    pdf = pikepdf.new()
    pdf.add_blank_page()
    image = pikepdf.Stream(pdf, zlib.compress(bytes(20_000 * 20_000 // 8), 9))
    image.update(Dictionary(Type=Name.XObject, Subtype=Name.Image, Width=20_000, Height=20_000, BitsPerComponent=1))
    image.ColorSpace, image.Filter = Name.DeviceGray, Name.FlateDecode
    form = pikepdf.Stream(pdf, b"/Im Do")
    form.update(Dictionary(Type=Name.XObject, Subtype=Name.Form, BBox=Array([0, 0, 1, 1])))
    form.Resources = Dictionary(XObject=Dictionary(Im=pdf.make_indirect(image)))
    pdf.pages[0].Resources = Dictionary(XObject=Dictionary(Fm=pdf.make_indirect(form)))
    pdf.pages[0].Contents = pikepdf.Stream(pdf, b"/Fm Do")
    return _saved(pdf)


def wall() -> bytes:
    """A page of 5 km by 5 km."""
    pdf = pikepdf.new()
    pdf.add_blank_page().mediabox = Array([0, 0, 14_000_000, 14_000_000])
    return _saved(pdf)


def page_tree_loop() -> bytes:
    """A page tree that bites its tail."""
    return (
        b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
        b"2 0 obj<</Type/Pages/Kids[2 0 R]/Count 1>>endobj\ntrailer<</Root 1 0 R>>\n"
    )


def deep_nesting() -> bytes:
    """Arrays in arrays, 20,000 deep, where the page's content should be."""
    nested = b"[" * 20_000 + b"]" * 20_000
    return (
        b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
        b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Contents " + nested + b">>endobj\ntrailer<</Root 1 0 R>>\n"
    )


def form_loop() -> bytes:
    """A form that draws itself."""
    pdf = _opened("Schleife")
    form = pdf.make_indirect(pikepdf.Stream(pdf, b"/Fm Do"))
    form.update(Dictionary(Type=Name.XObject, Subtype=Name.Form, BBox=Array([0, 0, 100, 100])))
    form.Resources = Dictionary(XObject=Dictionary(Fm=form))
    page = pdf.pages[0]
    page.Resources.XObject = Dictionary(Fm=form)
    page.contents_add(pikepdf.Stream(pdf, b"q /Fm Do Q"))
    return _saved(pdf)


def broken_scan() -> bytes:
    """A scanned page whose JPEG is garbage after its head."""
    buffer = io.BytesIO()
    Image.fromarray(np.full((1100, 800), 200, np.uint8)).save(buffer, "JPEG")
    pdf = pikepdf.new()
    page = pdf.add_blank_page(page_size=(576, 792))
    picture = pikepdf.Stream(pdf, buffer.getvalue()[:200] + b"\x00" * 400)
    picture.update(Dictionary(Type=Name.XObject, Subtype=Name.Image, Width=800, Height=1100, BitsPerComponent=8))
    picture.ColorSpace, picture.Filter = Name.DeviceGray, Name.DCTDecode
    page.Resources = Dictionary(XObject=Dictionary(Im=pdf.make_indirect(picture)))
    page.Contents = pikepdf.Stream(pdf, b"q 576 0 0 792 0 0 cm /Im Do Q")
    return _saved(pdf)


def cut_jpeg() -> bytes:
    """Half a JPEG."""
    buffer = io.BytesIO()
    noise = np.random.default_rng(1).integers(0, 255, (600, 400), np.uint8)
    Image.fromarray(noise).save(buffer, "JPEG")
    return buffer.getvalue()[:9000]


def phone_photo() -> bytes:
    """Two pictures in one JPEG, as phones write them (the second is a preview)."""
    buffer = io.BytesIO()
    frames = [Image.new("RGB", (600, 800), "white"), Image.new("RGB", (60, 80), "white")]
    frames[0].save(buffer, "MPO", save_all=True, append_images=frames[1:])
    return buffer.getvalue()


def huge_png() -> bytes:
    """20,000 by 20,000 pixels in a few kilobytes."""
    return png(20_000, 20_000)
