"""Repairs statute citations that the engine misread: "8 22 SGB Il" becomes "§ 22 SGB II". Pure.

The model `deu` knows no "§" and takes the capital I for a small L; even `Latin` reads "SGB II" right in only half of
the cases. A sign is repaired only inside a citation: a lookalike of "§", a section number, and behind it a law ("SGB",
"BGB" …) or "Abs. 1". Sums, house numbers, dates, court file numbers ("S 22 AS 345/24") and "8 22" alone stay as read.
What was changed keeps the reading in `Word.raw`. Words that were run together ("1SGB", "848 Abs. 1 SGB X") are parted,
their box by the share of characters.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from archive.pagetext import Word

BOOKS = frozenset(["I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII", "XIII", "XIV"])
LAWS = frozenset(
    [
        "SGB",
        "SGG",
        "BGB",
        "AO",
        "GG",
        "ZPO",
        "VwVfG",
        "VwGO",
        "VwZG",
        "OWiG",
        "InsO",
        "BKGG",
        "WoGG",
        "UVG",
        "UhVorschG",
        "AsylbLG",
        "BAföG",
        "EStG",
        "BEEG",
        "AufenthG",
        "StGB",
        "DSGVO",
        "HGB",
        "FreizügG",
    ]
)
SIGNS = frozenset("8$&Sß5")  # what engines make of "§"
SURE_SIGNS = frozenset("$&ß")  # never a house number, a page or a sum by themselves
PARTS = frozenset(
    {"Abs.", "Abs", "Absatz", "Satz", "S.", "Nr.", "Nrn.", "Nummer", "Alt.", "Hs.", "Halbsatz", "Buchst."}
)
JOINERS = frozenset({"und", "u.", "oder", "bis", "sowie", "i.V.m.", "iVm", "in", "Verbindung", "mit", "-", "–"})
PLURAL = frozenset({"£f.", "und", "u.", "oder", "bis", "sowie", "ff.", "ff", "f.", "-", "–"})
LABEL = re.compile(
    r"(?:straße|str\.|weg|platz|allee|gasse|ring|damm|Nr\.|Nummer|Zimmer|Haus|Raum|Seite|Abs\.|Satz|§§?)$", re.I
)
NUMBER = re.compile(r"\d{1,4}[a-z]{0,2}(?:,\d{1,3}[a-z]{0,2})*")
LOST_ONE = re.compile(r"(\d{1,2})l([a-z]?)([.,;)]*)")  # "3la" for "31a"
STUCK_SIGN = re.compile(r"([A-Za-zäöüß]{2,})([$&])")
ROMAN_LOOKALIKES = str.maketrans(
    {"l": "I", "|": "I", "!": "I", "i": "I", "í": "I", "1": "I", "L": "I", "T": "I", "H": "II", "N": "II"}
    | {"x": "X", "v": "V"}
)
GLUED_LAW = re.compile(r"(\d{1,3}[a-z]?)?(SGB)([IVXl|!iLH1]{0,5})([.,;:)\]]*)")
GLUED_PARTS = re.compile(r"(\d{1,3}[a-z]?)?(Abs\.|Satz|Nr\.|SGG)?(\d{1,3}[a-z]?)?(Nr\.|Satz|SGB|SGG)?(\d{1,3})?(SGB)?")
GLUED_BOOK = re.compile(r"([IVX][IVXl|]{1,4})(in|und|zu|wird|sind|ist|an|auf|für)")
GLUED_SIGN = re.compile(r"([$&§])(\d{1,3}[a-z]{0,2})|([8S])(\d{2,3}[a-z]{0,2})")
OPENING, CLOSING = "([„\"'", ".,;:)]!?\"“'"
HIGHEST_SECTION = 460  # of any book of the Sozialgesetzbuch (SGB III); "848" in front of "SGB" lost its sign
REACH = 24  # words that one citation may span


@dataclass(frozen=True, slots=True)
class _Tail:
    """What follows a section number: is there a law, a paragraph with its number, more than one section?"""

    law: str | None
    paragraph: bool
    plural: bool


def repair(words: Sequence[Word], rotation: int = 0) -> tuple[Word, ...]:
    """The words with repaired citations. Without the name of a law or "Abs." on the page they come back unchanged.

    `rotation` is that of `PageText`: it says which way a parted word runs through its box.
    """
    if not any(_bare(word.text) in PARTS or "SGB" in word.text or _bare(word.text) in LAWS for word in words):
        return tuple(words)
    before: tuple[Word, ...] = ()
    repaired = tuple(words)
    while repaired != before:  # a repaired citation can be the context of the one in front; each round adds signs
        before = repaired
        repaired = tuple(_signs(_parted_signs(_books(_parted_laws(before, rotation)), rotation)))
    return repaired


def _bare(text: str) -> str:
    """Without punctuation around it; "Abs." and the like keep their point."""
    text = text.lstrip(OPENING)
    if text.rstrip(",;:)]") in PARTS:
        return text.rstrip(",;:)]")
    return text.rstrip(CLOSING)


def _changed(word: Word, text: str) -> Word:
    if text == word.text:
        return word
    return replace(word, text=text, raw=word.text if word.raw is None else word.raw)


def _split(word: Word, pieces: Sequence[str], rotation: int) -> list[Word]:
    """The word as several, its box shared by the number of characters, with half a character between them."""
    x0, y0, x1, y1 = word.box
    across = rotation in (0, 180)
    start, end = {0: (x0, x1), 90: (y1, y0), 180: (x1, x0), 270: (y0, y1)}[rotation]
    share = (end - start) / (sum(map(len, pieces)) + (len(pieces) - 1) / 2)
    raw = word.text if word.raw is None else word.raw
    result, left = [], float(start)
    for piece in pieces:
        low, high = sorted((round(left), round(left + share * len(piece))))
        box = (low, y0, high, y1) if across else (x0, low, x1, high)
        result.append(replace(word, text=piece, box=box, raw=raw))
        left += share * (len(piece) + 0.5)
    return result


def _book(text: str) -> str | None:
    """The book that a reading such as "XIl" stands for. Figures alone ("SGB 2") are left as they are."""
    if not text or text.isdigit():
        return None
    if text in {"L", "T", "N"}:
        return None  # alone they are letters; "IL" and "IT" are no words behind "SGB"
    roman = text.translate(ROMAN_LOOKALIKES)
    return roman if roman in BOOKS else None


def _parted_laws(words: Sequence[Word], rotation: int) -> list[Word]:
    """ "1SGB" and "SGBX" become two words each when they are a number, the law and one of its books."""
    result: list[Word] = []
    for index, word in enumerate(words):
        match = GLUED_LAW.fullmatch(word.text)
        number, law, book, end = match.groups(default="") if match else ("", "", "", "")
        following = _bare(words[index + 1].text) if index + 1 < len(words) else ""
        glued = GLUED_BOOK.fullmatch(word.text) if index and words[index - 1].text == "SGB" else None
        if glued and _book(glued[1]):
            result += _split(word, [str(_book(glued[1])), glued[2]], rotation)
        elif book and _book(book):
            result += _split(word, [piece for piece in (number, law, str(_book(book)) + end) if piece], rotation)
        elif number and not book and not end and _book(following):
            result += _split(word, [number, law], rotation)
        elif _near_paragraph(words, index):
            result += _split(word, _parts(word.text), rotation) if len(_parts(word.text)) > 1 else [word]
        else:
            result.append(word)
    return result


def _near_paragraph(words: Sequence[Word], index: int) -> bool:
    """Is "Abs." or the sign among the three words in front?"""
    return any(_bare(word.text) in {"Abs.", "Absatz", "§", "§§"} for word in words[max(0, index - 3) : index])


def _parts(text: str) -> list[str]:
    """ "3Satz" as "3", "Satz"; empty when it is anything else."""
    match = GLUED_PARTS.fullmatch(text)
    pieces = [piece for piece in match.groups() if piece] if match else []
    return pieces if any(piece in PARTS | LAWS for piece in pieces) else []


def _books(words: Sequence[Word]) -> list[Word]:
    """Books behind "SGB", and "Abs. l" as "Abs. 1"."""
    result = list(words)
    for index in range(1, len(result)):
        before, word = _bare(result[index - 1].text), result[index]
        bare = word.text.rstrip(".,;:)]")
        end = word.text[len(bare) :]
        if before in {"SGB", "SG8", "SGß"} and (book := _book(bare)):
            result[index] = _changed(word, book + end)
            result[index - 1] = _changed(result[index - 1], result[index - 1].text.replace(before, "SGB"))
        elif before in {"Abs.", "Absatz"} and bare in {"l", "|"}:
            result[index] = _changed(word, "1" + end)
    return result


def _parted_signs(words: Sequence[Word], rotation: int) -> list[Word]:
    """ "$48 Abs. 1" and "848 Abs. 1 Satz 2 SGB X" as sign and number."""
    result: list[Word] = []
    for index, word in enumerate(words):
        stuck = STUCK_SIGN.fullmatch(word.text)
        if stuck and _starts_citation(words, index + 1):
            result += _split(word, [stuck[1], "§"], rotation)
            continue
        match = GLUED_SIGN.fullmatch(word.text)
        if match is None:
            result.append(word)
            continue
        sure, number, weak, rest = match.groups()
        tail = _tail(words, index + 1)
        before = words[index - 1].text if index else ""
        if sure and sure != "§" and (tail.law or tail.paragraph):
            result += _split(word, ["§", number], rotation)
        elif weak and tail.law == "SGB" and not _is_counted(before) and _lost_sign(word.text):
            result += _split(word, ["§", rest], rotation)
        else:
            result.append(word)
    return result


def _starts_citation(words: Sequence[Word], index: int) -> bool:
    """Is the word a section number of a citation?"""
    if index >= len(words) or not NUMBER.fullmatch(_bare(words[index].text)):
        return False
    tail = _tail(words, index + 1, ended=words[index].text[-1] == ".")
    return tail.law is not None or tail.paragraph


def _lost_sign(text: str) -> bool:
    digits = re.sub(r"\D", "", text)
    return text[0] == "S" or int(digits) > HIGHEST_SECTION


def _signs(words: Sequence[Word]) -> list[Word]:
    result = list(words)
    for index in range(len(result) - 1):
        word, number = result[index], result[index + 1]
        opening = word.text[: len(word.text) - len(word.text.lstrip(OPENING))]
        sign = word.text[len(opening) :]
        if not _may_be_sign(sign) or not NUMBER.fullmatch(_bare(number.text)):
            continue
        tail = _tail(result, index + 2, ended=number.text[-1] == ".")
        if _is_citation(sign, tail, result[index - 1].text if index else ""):
            result[index] = _changed(word, opening + ("§§" if len(sign) == 2 and tail.plural else "§"))
    for index in range(1, len(result)):
        lost = LOST_ONE.fullmatch(result[index].text)
        if lost and result[index - 1].text.lstrip(OPENING) in {"§", "§§"}:
            result[index] = _changed(result[index], f"{lost[1]}1{lost[2]}{lost[3]}")
    return result


def _may_be_sign(text: str) -> bool:
    """One or two lookalikes; in a pair one of them may also be a "3"."""
    allowed = SIGNS | {"§", "3"} if len(text) == 2 and text != "33" else SIGNS
    return 1 <= len(text) <= 2 and set(text) <= allowed and text != "§§"


def _is_citation(sign: str, tail: _Tail, before: str) -> bool:
    if set(sign) <= SURE_SIGNS | {"§"}:
        return tail.law is not None or tail.paragraph
    if _is_counted(before):
        return False
    if "3" in sign:
        return tail.law is not None and tail.plural
    return tail.law is not None or (tail.paragraph and "5" not in sign)


def _is_counted(before: str) -> bool:
    """Does the word in front make the next one a number: a house, a room, "Abs.", a number again?"""
    return bool(LABEL.search(before)) or bool(re.fullmatch(r"[\d.,/:-]+", before))


def _tail(words: Sequence[Word], start: int, *, ended: bool = False) -> _Tail:
    """Reads on from behind a section number as long as the words can belong to the citation."""
    first = words[start - 1].text if start <= len(words) else ""
    paragraph, plural = False, first.endswith(",") and start < len(words) and words[start].text[:1].isdigit()
    plural = plural or "," in first[:-1]
    for index in range(start, min(len(words), start + REACH)):
        text, bare = words[index].text, _bare(words[index].text)
        if bare in LAWS or bare.startswith("SGB"):
            return _Tail("SGB" if bare.startswith("SGB") else bare, paragraph, plural)
        if ended:
            break
        following = words[index + 1].text if index + 1 < len(words) else ""
        if bare in {"Abs.", "Abs", "Absatz"}:
            paragraph = paragraph or following[:1].isdigit()
        plural = plural or text in PLURAL
        if not (bare in PARTS or text in JOINERS or text in PLURAL or _is_member(bare, words[index - 1].text)):
            break
        ended = text.endswith(".") and bare not in PARTS and text not in JOINERS | PLURAL
    return _Tail(None, paragraph, plural)


def _is_member(bare: str, before: str) -> bool:
    """A number, a letter of a list, or a sign that a joining word attaches to this citation.

    A sign without one starts another citation: in "Betrag 848 § 22 SGB II" the sum belongs to none.
    """
    if bare in {"§", "§§"} or (len(bare) == 1 and bare in SIGNS and not bare.isdigit()):
        return before in JOINERS or before.endswith(",")
    return bool(NUMBER.fullmatch(bare)) or (len(bare) == 1 and bare.isalpha())
