"""Masters for the tests of renditions: scans of three lines, born-digital files, and one full of what must stay outside."""

from __future__ import annotations

import io
import random
from pathlib import Path

import numpy as np
import pikepdf
from fpdf import FPDF
from pikepdf import Array, Dictionary, Name, String
from PIL import Image

from archive.pagetext import PageText, Word
from bench.letters import draw, fonts

WIDTH, HEIGHT, DPI = 1240, 1754, 150
LINES = ("Bescheid über Leistungen", "nach § 22 SGB II", "Żółć şğł 𝔄 fix")


def words(rotation: int = 0) -> PageText:
    """Three lines as they lie in the raw image when it needs `rotation` to be upright."""
    found = []
    for line, text in enumerate(LINES):
        x = 100
        for token in text.split():
            box = (x, 200 + 60 * line, x + 20 * len(token), 230 + 60 * line)
            found.append(Word(token, turned(box, rotation), 90, line))
            x += 20 * len(token) + 14
    size = (WIDTH, HEIGHT) if rotation in (0, 180) else (HEIGHT, WIDTH)
    return PageText(*size, DPI, rotation, "test", tuple(found))


def turned(box: tuple[int, int, int, int], rotation: int) -> tuple[int, int, int, int]:
    x0, y0, x1, y1 = box
    if rotation == 90:  # the raw image lies turned to the left
        return y0, WIDTH - x1, y1, WIDTH - x0
    if rotation == 180:
        return WIDTH - x1, HEIGHT - y1, WIDTH - x0, HEIGHT - y0
    if rotation == 270:
        return HEIGHT - y1, x0, HEIGHT - y0, x1
    return box


def picture(mode: str = "L", rotation: int = 0) -> Image.Image:
    pixels = np.asarray(Image.fromarray(draw(random.Random(2), fonts()[0]).pixels).resize((WIDTH, HEIGHT)))
    return Image.fromarray(np.ascontiguousarray(np.rot90(pixels, rotation // 90))).convert(mode)


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    target = io.BytesIO()
    image.save(target, kind, dpi=(DPI, DPI), **options)  # type: ignore[arg-type]
    return target.getvalue()


def scanned(
    path: Path, streams: list[tuple[bytes, dict[str, object]]], size: tuple[int, int] = (WIDTH, HEIGHT)
) -> Path:
    """A PDF as scanners write it: one page per image, with things around that have no place in an archive."""
    pdf = pikepdf.new()
    for data, keys in streams:
        image = pdf.make_stream(data)
        image.stream_dict = Dictionary(
            Type=Name.XObject, Subtype=Name.Image, Width=size[0], Height=size[1], Interpolate=True,
            Metadata=pdf.make_stream(b"<x/>"), **keys,
        )  # fmt: skip
        points = size[0] * 72 / DPI, size[1] * 72 / DPI
        pdf.add_blank_page(page_size=points)
        page = pdf.pages[-1]
        page.obj.Resources = Dictionary(XObject=Dictionary(X=image))
        page.obj.Contents = pdf.make_stream(b"q %f 0 0 %f 0 0 cm /X Do Q" % points)
        page.obj.AA = Dictionary(O=Dictionary(S=Name.JavaScript, JS=String("app.alert(1)")))
    pdf.Root.OpenAction = Dictionary(S=Name.Launch, F=String("calc.exe"))
    pdf.save(path)
    return path


GREY = {"ColorSpace": Name.DeviceGray, "BitsPerComponent": 8}


def born_digital(path: Path, *, embedded: bool = True, base_font: str = "Garamond") -> Path:
    pdf = FPDF(format="A4")
    if embedded:
        pdf.add_font("Text", fname=str(fonts()[0]))
    for number in (1, 2):
        pdf.add_page()
        pdf.set_font("Text" if embedded else "Helvetica", size=11)
        pdf.start_section(f"Teil {number}")
        pdf.multi_cell(0, 6, f"Bescheid nach SGB II, Seite {number}")
    path.write_bytes(bytes(pdf.output()))
    if not embedded:
        renamed(path, base_font)
    return path


def renamed(path: Path, base_font: str) -> None:
    with pikepdf.open(path, allow_overwriting_input=True) as pdf:
        for thing in pdf.objects:
            if isinstance(thing, Dictionary) and "/BaseFont" in thing:
                thing["/BaseFont"] = Name("/" + base_font)
        pdf.save(path)


def hostile(path: Path) -> Path:
    born_digital(path)
    with pikepdf.open(path, allow_overwriting_input=True) as pdf:
        pdf.Root.OpenAction = Dictionary(S=Name.JavaScript, JS=String("this.exportDataObject()"))
        pdf.attachments["virus.exe"] = b"MZ canary"
        pdf.Root.AF = Array([])
        page = pdf.pages[0].obj
        page.AA = Dictionary(O=Dictionary(S=Name.Launch, F=String("calc.exe")))
        launch, address = Dictionary(S=Name.Launch, F=String("calc.exe")), String("https://example.org")
        rect = Array([0, 0, 9, 9])
        page.Annots = Array(
            [
                Dictionary(Type=Name.Annot, Subtype=Name.Link, Rect=rect, A=launch),
                Dictionary(Type=Name.Annot, Subtype=Name.Link, Rect=rect, F=4, A=Dictionary(S=Name.URI, URI=address)),
                Dictionary(Type=Name.Annot, Subtype=Name.FileAttachment, Rect=rect, Contents=String("x")),
            ]
        )
        pdf.Root.AcroForm = Dictionary(Fields=Array([]), XFA=String("<xfa/>"), NeedAppearances=True)
        pdf.save(path)
    return path
