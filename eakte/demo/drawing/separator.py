"""A plain separator sheet for the demo's batches: Patch T at the leading edge and our QR code `EA1|SEP`."""

from __future__ import annotations

from PIL import Image, ImageDraw

from eakte.demo.drawing.fonts import DPI, font
from eakte.demo.drawing.paint import matrix_code
from eakte.demo.drawing.sheet import HEIGHT, WIDTH, px

SEPARATOR = "EA1|SEP"
_NARROW, _WIDE = 2.03, 5.08
_PATCH_T = (_NARROW, _WIDE, _NARROW, _WIDE)
_FIRST_BAR, _BAR_LENGTH = 16.0, 150.0


def separator_sheet(payload: str = SEPARATOR, *, patch: bool = True) -> Image.Image:
    """One A4 sheet at 300 dpi. Patch T after Kodak A-61599: four bars N W N W, spaces narrow, parallel to the
    leading edge and at least 50 mm long. `payload` stands in the QR code; fields as in `EA1|FIELD=value`.
    """
    sheet = Image.new("RGB", (WIDTH, HEIGHT), "white")
    sheet.info["dpi"] = (DPI, DPI)
    pen = ImageDraw.Draw(sheet)
    if patch:
        top = _FIRST_BAR
        for high in _PATCH_T:
            pen.rectangle((px(30), px(top), px(30 + _BAR_LENGTH), px(top + high) - 1), fill="black")
            top += high + _NARROW
    code = matrix_code(f"QRCode|{payload}", px(60))
    sheet.paste(code, (WIDTH // 2 - code.width // 2, px(90)))
    pen.text((WIDTH / 2, px(175)), "TRENNBLATT", fill="black", font=font("sans", True, 130), anchor="ms")
    pen.text((WIDTH / 2, px(186)), payload, fill="black", font=font("mono", False, 60), anchor="ms")
    return sheet
