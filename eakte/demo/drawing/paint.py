"""Paints laid-out sheets with Pillow: colour, 300 dpi, A4. Clean paper; what a scanner adds is in `scan`."""

from __future__ import annotations

import random
from collections.abc import Callable

import zxingcpp
from PIL import Image, ImageDraw, ImageFilter

from eakte.demo.drawing.fonts import DPI, font
from eakte.demo.drawing.layout import lay_out
from eakte.demo.drawing.sheet import HEIGHT, WIDTH, PlacedWord, Shape, Sheet
from eakte.demo.letters.model import Letter

PAPER = (255, 255, 255)


def draw_clean(letter: Letter) -> list[Image.Image]:
    """The letter's sheets as they left the printer: RGB images of 2480 x 3508 pixels."""
    return [paint(sheet) for sheet in lay_out(letter)]


def paint(sheet: Sheet) -> Image.Image:
    """One sheet as an RGB image."""
    image = Image.new("RGB", (WIDTH, HEIGHT), PAPER)
    image.info["dpi"] = (DPI, DPI)
    pen = ImageDraw.Draw(image)
    for shape in sheet.shapes:
        _PAINTERS[shape.kind](image, pen, shape)
    for word in sheet.words:
        if word.angle:
            _turned_word(image, word)
        else:
            pen.text(
                word.origin, word.text, fill=word.colour, font=font(word.face, word.bold, word.pixels), anchor="ls"
            )
    return image


def _turned_word(image: Image.Image, word: PlacedWord) -> None:
    """A word of a stamp: drawn on a mask, turned, set so that its middle is that of its box; worn at places."""
    face = font(word.face, word.bold, word.pixels)
    left, top, right, bottom = face.getbbox(word.text, anchor="ls")
    mask = Image.new("L", (int(right - left) + 4, int(bottom - top) + 4))
    ImageDraw.Draw(mask).text((2 - left, 2 - top), word.text, fill=215, font=face, anchor="ls")
    mask = mask.rotate(-word.angle, Image.Resampling.BICUBIC, expand=True)
    x0, y0, x1, y1 = word.box
    corner = ((x0 + x1 - mask.width) // 2, (y0 + y1 - mask.height) // 2)
    image.paste(word.colour, corner, mask)


def _line(_: Image.Image, pen: ImageDraw.ImageDraw, shape: Shape) -> None:
    pen.line(shape.points, fill=shape.colour, width=shape.width, joint="curve")


def _rect(_: Image.Image, pen: ImageDraw.ImageDraw, shape: Shape) -> None:
    pen.rectangle(shape.points, outline=shape.colour, width=shape.width)


def _fill(_: Image.Image, pen: ImageDraw.ImageDraw, shape: Shape) -> None:
    pen.rectangle(shape.points, fill=shape.colour)


def _ellipse(_: Image.Image, pen: ImageDraw.ImageDraw, shape: Shape) -> None:
    pen.ellipse(shape.points, outline=shape.colour, width=shape.width)


def _polygon(_: Image.Image, pen: ImageDraw.ImageDraw, shape: Shape) -> None:
    pen.polygon(shape.points, outline=shape.colour, width=shape.width)


def _code(image: Image.Image, _: ImageDraw.ImageDraw, shape: Shape) -> None:
    (x0, y0), (x1, _y1) = shape.points
    image.paste(matrix_code(shape.payload, round(x1 - x0)), (round(x0), round(y0)))


def matrix_code(payload: str, pixels: int) -> Image.Image:
    """A matrix code as an image of the width; `payload` is "QRCode|text" or "DataMatrix|text"."""
    kind, _, text = payload.partition("|")
    code = zxingcpp.create_barcode(text, getattr(zxingcpp.BarcodeFormat, kind))
    small = Image.fromarray(zxingcpp.write_barcode_to_image(code, scale=1))
    return small.resize((pixels, round(pixels * small.height / small.width)), Image.Resampling.NEAREST)


def _photo(image: Image.Image, _: ImageDraw.ImageDraw, shape: Shape) -> None:
    """A dark, blurred head on a card, as photocopies of identity cards look."""
    (x0, y0), (x1, y1) = shape.points
    wide, high = round(x1 - x0), round(y1 - y0)
    rng = random.Random(shape.payload)
    card = Image.new("L", (wide, high), 165 + rng.randint(-15, 15))
    pen = ImageDraw.Draw(card)
    pen.ellipse((wide * 0.27, high * 0.14, wide * 0.73, high * 0.66), fill=100)
    pen.ellipse((wide * 0.05, high * 0.68, wide * 0.95, high * 1.5), fill=75)
    card = card.filter(ImageFilter.GaussianBlur(wide / 40))
    image.paste(card.convert("RGB"), (round(x0), round(y0)))


_PAINTERS: dict[str, Callable[[Image.Image, ImageDraw.ImageDraw, Shape], None]] = {
    "line": _line, "rect": _rect, "fill": _fill, "ellipse": _ellipse, "curve": _line, "polygon": _polygon,
    "code": _code, "photo": _photo,
}  # fmt: skip
