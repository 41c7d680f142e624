"""Address blocks of the first page and whose address stands where the recipient belongs. Pure.

A block is a line with a post code and up to four lines above it in the same column. Our own address comes in many
spellings (letters.md §1), so `OwnAddress` is data of the agency; staff names beside "z. Hd." count as ours.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from rapidfuzz import fuzz
from rapidfuzz.distance import Levenshtein

from archive.names import name_key
from ingest.tagging.folding import skeletons
from ingest.tagging.tokens import Place, Reading, Segment, place_of

BlockKind = Literal["ours", "authority", "person", "firm", "unknown"]
_POSTAL = re.compile(r"^\W*(?:D[- ])?[\dOoIlSBZ!]{5}\s*(?:[A-ZÄÖÜ][\wäöüß-]{2,}|$)")
_RETURN_LINE = re.compile(r"[·•|*]|,\s*[\dOoIlSBZ]{5}\s|\s[\dO]{5}\s+[A-ZÄÖÜ][a-zäöü]")
_FORM_LABELS = frozenset(
    ["plz", "wohnort", "strasse", "hausnummer", "name", "vorname", "ort", "anschrift", "postleitzahl"]
)
_PO_BOX = re.compile(r"(?i)postfach")
_TO = re.compile(r"^(?i:an:?|an das|an die|an den)\b")
_PERSON = re.compile(r"^(Frau|Herrn?|Eheleute|Familie)\b")
_FIRM = re.compile(r"\b(GmbH|AG|KG|UG|e\.\s?V\.|mbH|OHG|eG|Verwaltung|Stadtwerke|Praxis|Kanzlei|Rechtsanw\w+)\b")
_OUR_WORDS = ("jobcenter", "sozialzentrum", "scanstelle", "arbeitsamt", "arge")
_AUTHORITIES = (
    "agentur fur arbeit", "bundesagentur fur arbeit", "finanzamt", "sozialamt", "jugendamt", "familienkasse",
    "rentenversicherung", "krankenkasse", "wohngeldstelle", "auslanderbehorde", "amtsgericht", "sozialgericht",
    "landgericht", "standesamt", "gesundheitsamt", "versorgungsamt", "burgeramt", "einwohnermeldeamt", "bundesamt",
    "landesamt", "elterngeldstelle", "staatsanwaltschaft", "polizei", "kreiskasse", "stadtkasse", "ordnungsamt",
    "jobcenter", "amt fur", "magistrat", "berufsgenossenschaft", "zollamt", "bafog amt", "eingliederungshilfe",
)  # fmt: skip
_NEAR = 85.0


@dataclass(frozen=True, slots=True)
class OwnAddress:
    """The agency's own names and places, as it configures them. `names` are what senders call us; `place_names` the
    places of our sites; `foreign_ok` words that mean us although another authority bears them ("Arbeitsamt").
    """

    names: tuple[str, ...] = ()
    streets: tuple[str, ...] = ()
    postal_codes: tuple[str, ...] = ()
    place_names: tuple[str, ...] = ()
    staff: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AddressBlock:
    """Lines of an address, first line first. `recipient`: stands where the recipient belongs."""

    kind: BlockKind
    recipient: bool
    lines: tuple[str, ...]
    segments: tuple[int, ...]
    place: Place


def find_blocks(reading: Reading, own: OwnAddress) -> tuple[AddressBlock, ...]:
    """Address blocks of the upper half of page 1, top to bottom."""
    upper = [segment for segment in reading.first_page if segment.tokens[0].y < 150]
    blocks: list[AddressBlock] = []
    used: set[int] = set()
    for segment in upper:
        if _POSTAL.search(segment.text) and segment.index not in used:
            lines = _above(segment, upper, used)
            used |= {line.index for line in lines}
            blocks.append(_block(lines, own))
    return tuple(_mark_recipient(blocks))


def recipient(blocks: Sequence[AddressBlock]) -> AddressBlock | None:
    """The block that stands where the recipient belongs; ours wins where several do."""
    marked = [block for block in blocks if block.recipient]
    return next((block for block in marked if block.kind == "ours"), marked[0] if marked else None)


def _above(postal: Segment, upper: Sequence[Segment], used: set[int]) -> list[Segment]:
    lines = [postal]
    for other in reversed(upper):
        if other.index < postal.index and _RETURN_LINE.search(other.text):
            break
        if other.index >= postal.index or other.index in used or len(lines) == 6:
            continue
        first = lines[0].tokens[0]
        gap = first.y - other.tokens[0].bottom
        if abs(other.tokens[0].x - first.x) < 8 and -2 < gap < 4.5 and not _POSTAL.search(other.text):
            lines.insert(0, other)
    return lines


def _block(lines: Sequence[Segment], own: OwnAddress) -> AddressBlock:
    texts = tuple(line.text for line in lines)
    tokens = [token for line in lines for token in line.tokens]
    first = lines[0].tokens[0]
    at_window = first.x < 105 and 26 < first.y < _NEAR
    addressed = any(_TO.search(text) for text in texts)
    kind = _kind(texts, own)
    return AddressBlock(
        kind, addressed or kind == "ours" or (at_window and lines[0].zone == "window"), texts,
        tuple(line.index for line in lines), place_of(tokens),
    )  # fmt: skip


def _mark_recipient(blocks: list[AddressBlock]) -> list[AddressBlock]:
    """A person's block above one that is addressed to somebody is the sender, not the recipient."""
    target = next((b for b in blocks if b.recipient and b.kind in ("ours", "authority")), None)
    if target is None:
        return blocks
    return [
        b if b is target or b.kind not in ("person", "unknown", "firm")
        else AddressBlock(b.kind, False, b.lines, b.segments, b.place)
        for b in blocks
    ]  # fmt: skip


def _kind(lines: Sequence[str], own: OwnAddress) -> BlockKind:
    folded = " ".join(name_key(line) for line in lines)
    if is_ours(lines, own):
        return "ours"
    if any(_close(word, folded) for word in _AUTHORITIES):
        return "authority"
    if any(_FIRM.search(line) for line in lines):
        return "firm"
    if any(_PERSON.search(line) for line in lines) or _name_like(lines[0]):
        return "person"
    return "unknown"


def is_ours(lines: Sequence[str], own: OwnAddress) -> bool:
    """Whether an address means us. A foreign "Jobcenter Nordstadt" does not: name and place must fit."""
    folded = " ".join(name_key(line) for line in lines)
    codes = {"".join(skeletons(word)) for line in lines for word in line.split()}
    place = any(_close(name_key(one), folded) for one in (*own.streets, *own.place_names)) or any(
        "".join(skeletons(code)) in codes for code in own.postal_codes
    )
    if any(_close(name_key(name), folded) for name in own.names):
        return True
    if any(_close(word, folded) for word in _OUR_WORDS) and (place or not _has_place(lines)):
        return not _close("agentur fur arbeit", folded)
    return any(name_key(one.split()[-1]) in folded.split() for one in own.staff) and "hd" in folded.split()


def names_us(line: str, own: OwnAddress) -> bool:
    """Whether a single line is our name: one of our names, or "Jobcenter" standing alone as on stamps and forms."""
    folded = name_key(line)
    alone = "".join(skeletons(line))
    if abs(len(alone) - 9) < 3 and Levenshtein.distance(alone, "lobcenter", score_cutoff=2) <= 2:
        return True
    return any(
        _close(name_key(name), folded) or _close(folded, name_key(name)) for name in own.names if len(folded) > 5
    )


def _has_place(lines: Sequence[str]) -> bool:
    return any(_POSTAL.search(line) for line in lines)


def _close(wanted: str, folded: str) -> bool:
    if not wanted or len(wanted) > len(folded) + 2:
        return False
    if f" {wanted} " in f" {folded} ":
        return True
    return len(wanted) > 7 and fuzz.partial_ratio(wanted, folded, score_cutoff=88) >= 88


def _name_like(line: str) -> bool:
    words = line.replace(",", " ").split()
    if {part for word in words for part in name_key(word).split()} & _FORM_LABELS:
        return False
    return 2 <= len(words) <= 4 and all(word[:1].isupper() and not any(c.isdigit() for c in word) for word in words)


def misdirected(reading: Reading, blocks: Sequence[AddressBlock], own: OwnAddress) -> AddressBlock | None:
    """The address of another authority where the recipient belongs, when ours stands nowhere. Lines that begin with
    "An" and lines in the address field count too, whatever recognition left of the post code below.
    """
    if any(block.kind == "ours" for block in blocks):
        return None
    for block in blocks:
        if block.recipient and block.kind == "authority":
            return block
    for segment in reading.first_page:
        if _addressed_elsewhere(segment, own):
            return AddressBlock("authority", True, (segment.text,), (segment.index,), place_of(segment.tokens))
    return None


def _addressed_elsewhere(segment: Segment, own: OwnAddress) -> bool:
    first = segment.tokens[0]
    if not (first.x < 110 and 25 < first.y < 130) or len(segment.tokens) > 8:
        return False
    rest = re.sub(r"^\W*(?i:an|the|das|die|den|dem|:|\s)+\b", "", segment.text)
    folded = name_key(rest)
    return (
        bool(_TO.search(segment.text))
        and not is_ours((segment.text,), own)
        and any(_close(word, folded) for word in _AUTHORITIES)
    )
