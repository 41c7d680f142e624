"""The type faces of the demo's letters, found inside installed font packages (OFL and Apache licences).

Nothing is taken from the machine's own fonts: the same letter looks the same everywhere. All faces carry the letters
of Turkish, Polish, Danish and Croatian names, "§" and "€".
"""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files
from pathlib import Path

from PIL import ImageFont

DPI = 300
_FILES = {
    ("sans", False): ("font_roboto", "files/Roboto-Regular.ttf"),
    ("sans", True): ("font_roboto", "files/Roboto-Bold.ttf"),
    ("humanist", False): ("font_source_sans_pro", "files/SourceSansPro-Regular.ttf"),
    ("humanist", True): ("font_source_sans_pro", "files/SourceSansPro-Bold.ttf"),
    ("serif", False): ("font_source_serif_pro", "files/SourceSerifPro-Regular.ttf"),
    ("serif", True): ("font_source_serif_pro", "files/SourceSerifPro-Bold.ttf"),
    ("mono", False): ("fontpkg_ibm_plex_mono", "files/IBMPlexMono-Regular.ttf"),
    ("mono", True): ("fontpkg_ibm_plex_mono", "files/IBMPlexMono-Bold.ttf"),
    ("hand", False): ("fontpkg_dancing_script", "files/DancingScript[wght].ttf"),
}
FACES = ("sans", "humanist", "serif", "mono", "hand")


def font_path(face: str, bold: bool = False) -> Path:
    """File of a face. The hand has no bold. Raises KeyError for an unknown face."""
    package, name = _FILES[face, bold and face != "hand"]
    return Path(str(files(package) / name))


@lru_cache(maxsize=256)
def font(face: str, bold: bool, pixels: int) -> ImageFont.FreeTypeFont:
    """The face at a size in pixels."""
    return ImageFont.truetype(str(font_path(face, bold)), pixels, layout_engine=ImageFont.Layout.BASIC)


@lru_cache(maxsize=65536)
def width(face: str, bold: bool, pixels: int, text: str) -> float:
    """Advance width of a text in pixels."""
    return font(face, bold, pixels).getlength(text)


@lru_cache(maxsize=65536)
def ink_box(face: str, bold: bool, pixels: int, text: str) -> tuple[int, int, int, int]:
    """Where the ink of a text lies, relative to its start on the base line, in pixels."""
    left, top, right, bottom = font(face, bold, pixels).getbbox(text, anchor="ls")
    return int(left), int(top), int(right), int(bottom)


def pixels_of_points(points: float) -> int:
    """Type size in pixels at 300 dpi."""
    return round(points * DPI / 72)


def pixels_of_mm(mm: float) -> int:
    """Length in pixels at 300 dpi."""
    return round(mm * DPI / 25.4)
