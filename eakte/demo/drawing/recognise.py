"""Simulated reading of a letter: its words with true boxes and the confusions of `references.yaml`, without drawing.

Stands in for OCR where thousands of pages are needed (routing figures). It models what the German recognition model
does: no "§", no letters of other alphabets, "II" read "Il", digits taken for letters, words split, merged and lost.
"""

from __future__ import annotations

import random
import unicodedata
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files

from archive.pagetext import PageText, Word
from core.yaml_data import load_yaml
from eakte.demo.drawing.fonts import DPI
from eakte.demo.drawing.layout import lay_out
from eakte.demo.drawing.sheet import HEIGHT, WIDTH, PlacedWord, Sheet
from eakte.demo.letters.model import Letter

ENGINE = "simulated"
HAND_ERRORS, HAND_LOST, STAMP_ERRORS = 0.35, 0.3, 0.06
_ALPHABET = set("ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÜabcdefghijklmnopqrstuvwxyzäöüß")
_STROKED = {"ł": "l", "Ł": "L", "ø": "o", "Ø": "O", "ı": "i", "đ": "d", "Đ": "D"}


@dataclass(frozen=True, slots=True)
class Confusions:
    """Letters and digits that are taken for each other, and strings that are."""

    single: dict[str, tuple[str, ...]]
    pairs: tuple[tuple[str, str], ...]


def letter_text(letter: Letter, noise: float, seed: int) -> list[PageText]:
    """Pages as an engine would give them; `noise` is the share of characters misread in print (0 = every word right,
    handwriting too). Boxes are those of the drawn words. The same arguments give the same pages.
    """
    rng = random.Random(f"read-{letter.seed}-{seed}")
    return [_page(sheet, noise, rng) for sheet in lay_out(letter)]


def _page(sheet: Sheet, noise: float, rng: random.Random) -> PageText:
    words: list[Word] = []
    for placed in sheet.words:
        exact = Word(placed.text, placed.box, 96, placed.line)
        words += _misread(placed, exact, noise, rng) if noise > 0 else [exact]
    if noise > 0:
        words = _merge(words, noise * 0.4, rng)
    return PageText(WIDTH, HEIGHT, DPI, 0, ENGINE, tuple(words))


def _misread(placed: PlacedWord, exact: Word, noise: float, rng: random.Random) -> list[Word]:
    rate = {"hand": HAND_ERRORS, "stamp": STAMP_ERRORS + noise}.get(placed.ink, noise)
    lost = HAND_LOST if placed.ink == "hand" else noise * 0.15
    if rng.random() < lost:
        return []
    text = confuse(placed.text, rate, rng)
    if not text:
        return []
    confidence = rng.randint(86, 97) if text == placed.text else rng.randint(38, 88)
    word = replace(exact, text=text, confidence=confidence)
    return _split(word, rng) if len(text) > 3 and rng.random() < noise * 0.4 else [word]


def confuse(text: str, rate: float, rng: random.Random) -> str:
    """A word as it is misread: letters the model does not have, then strings, then single characters."""
    known = confusions()
    text = "".join(_unknown_letter(char, rng) for char in text)
    for seen, meant in known.pairs:
        for source, target in ((seen, meant), (meant, seen)):
            if source in text and target != "§" and rng.random() < rate * len(source):
                text = text.replace(source, target, 1)
                break
    return "".join(_misread_char(char, known, rng) if rng.random() < rate * 0.75 else char for char in text)


def _misread_char(char: str, known: Confusions, rng: random.Random) -> str:
    options = known.single.get(char)
    if options:
        return rng.choice(options)
    if char in ".,-:'":
        return rng.choice((".", ",", "", "-"))
    return rng.choice((char, "", char.swapcase()))


def _unknown_letter(char: str, rng: random.Random) -> str:
    """What the model makes of a character it was not trained on."""
    if char == "§":
        return rng.choice(("§", "8", "5", "S"))
    if not char.isalpha() or char in _ALPHABET or rng.random() < 0.08:
        return char
    return _STROKED.get(char, unicodedata.normalize("NFKD", char)[0])


def _split(word: Word, rng: random.Random) -> list[Word]:
    at = rng.randint(1, len(word.text) - 1)
    x0, y0, x1, y1 = word.box
    middle = min(max(x0 + 1, x0 + (x1 - x0) * at // len(word.text)), max(x0 + 1, x1 - 1))
    return [
        replace(word, text=word.text[:at], box=(x0, y0, middle, y1)),
        replace(word, text=word.text[at:], box=(middle, y0, max(x1, middle + 1), y1)),
    ]


def _merge(words: list[Word], share: float, rng: random.Random) -> list[Word]:
    """Now and then two neighbours of a line become one word."""
    merged: list[Word] = []
    for word in words:
        last = merged[-1] if merged else None
        near = last is not None and last.line == word.line and 0 <= word.box[0] - last.box[2] < 40
        if last is not None and near and rng.random() < share:
            box = (
                min(last.box[0], word.box[0]), min(last.box[1], word.box[1]),
                max(last.box[2], word.box[2]), max(last.box[3], word.box[3]),
            )  # fmt: skip
            merged[-1] = replace(last, text=last.text + word.text, box=box, confidence=min(last.confidence, 80))
        else:
            merged.append(word)
    return merged


@cache
def confusions() -> Confusions:
    """The project's table of OCR confusions, both ways."""
    table = load_yaml((files("ingest") / "data" / "references.yaml").read_text(encoding="utf-8"))["ocr_confusions"]
    single: dict[str, tuple[str, ...]] = {}
    for digit, letters in table["digits_to_letters"].items():
        single[str(digit)] = tuple(str(letter) for letter in letters)
        for letter in letters:
            single[str(letter)] = (*single.get(str(letter), ()), str(digit))
    pairs = tuple((str(seen), str(meant)) for seen, meant in table["pairs"])
    return Confusions(single, pairs)
