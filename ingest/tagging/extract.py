"""From the pages of a letter to everything it says: the one entry point of tagging. Pure; knows no register."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from archive.pagetext import PageText
from ingest.references import NumberReading, find_references, own_number_keys
from ingest.register_view import LookupKeys
from ingest.tagging.addresses import AddressBlock, OwnAddress, find_blocks, names_us, recipient
from ingest.tagging.dates import DateMention, document_date, earlier_receipt, find_dates
from ingest.tagging.document_type import MISDIRECTED, UNCLEAR, TypeFinding, find_type
from ingest.tagging.folding import name_parts
from ingest.tagging.marks import Marks, find_marks
from ingest.tagging.people import NameMention, find_names
from ingest.tagging.phrases import pieces_of
from ingest.tagging.senders import OWN_PROCEDURE, find_sender
from ingest.tagging.tokens import Reading, Token, read_tokens

_MAX_FAMILY_WORDS = 3
_BABY_YEARS = 3


@dataclass(frozen=True, slots=True)
class HouseKnowledge:
    """What an agency tells tagging about itself: its addresses and its people (full display names)."""

    own_address: OwnAddress = field(default_factory=OwnAddress)
    staff: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NameWord:
    """A folded part of a word in reading order. `whole`: the word has no other part (not half of a double name);
    `comma`: the word ends with a comma.
    """

    key: str
    token: Token
    whole: bool
    comma: bool


@dataclass(frozen=True)
class Extraction:
    """Everything that a letter says, with places. `references` are known kinds; `numbers` are readings to look up."""

    reading: Reading
    received_on: date
    references: tuple[NumberReading, ...]
    numbers: tuple[NumberReading, ...]
    dates: tuple[DateMention, ...]
    names: tuple[NameMention, ...]
    words: tuple[NameWord, ...]
    blocks: tuple[AddressBlock, ...]
    document_type: TypeFinding
    sender: str | None
    marks: Marks
    document_date: DateMention | None
    earlier_receipt: DateMention | None

    @property
    def recipient(self) -> AddressBlock | None:
        """The address block where the recipient belongs."""
        return recipient(self.blocks)

    def birth_dates(self) -> tuple[DateMention, ...]:
        """Dates that may be birth dates: labelled ones, and unlabelled ones too old to be a letter's."""
        limit = self.received_on.year - _BABY_YEARS
        return tuple(
            one for one in self.dates
            if one.label == "birth" or (one.label in ("other", "reference", "period") and one.value.year <= limit)
        )  # fmt: skip

    def lookup_keys(self) -> LookupKeys:
        """What to ask the register for."""
        keys = [word.key for word in self.words]
        families = {
            " ".join(keys[start : start + size])
            for size in range(1, _MAX_FAMILY_WORDS + 1)
            for start in range(len(keys) - size + 1)
        }
        return LookupKeys(
            numbers=frozenset(one.key for one in self.numbers),
            birth_dates=frozenset(one.value for one in self.birth_dates()),
            family_names=frozenset(key for key in families if len(key) > 1),
            given_names=frozenset(key for key in keys if len(key) > 1),
        )


def extract(pages: Sequence[PageText], received_on: date, house: HouseKnowledge | None = None) -> Extraction:
    """Everything the pages say. `received_on` bounds dates. Total on any page text; the same input, the same result."""
    house = house or HouseKnowledge()
    reading = read_tokens(pages)
    pieces = pieces_of(reading)
    references = find_references(reading)
    dates = find_dates(reading, received_on)
    blocks = find_blocks(reading, house.own_address)
    target = recipient(blocks)
    private = any(block.kind == "person" and not block.recipient for block in blocks)
    foreign = _foreign_segments(reading, target, house.own_address)
    sender = find_sender(reading, pieces, foreign, private) or _own_paper(reading, target, house.own_address)
    marks = find_marks(reading, pieces, blocks, house.own_address, house.staff)
    return Extraction(
        reading=reading,
        received_on=received_on,
        references=references,
        numbers=own_number_keys(reading, references),
        dates=dates,
        names=find_names(reading, blocks),
        words=name_words(reading),
        blocks=blocks,
        document_type=_type(find_type(reading, pieces, sender), marks),
        sender=sender,
        marks=marks,
        document_date=document_date(dates, received_on),
        earlier_receipt=earlier_receipt(dates, received_on),
    )


def _foreign_segments(reading: Reading, target: AddressBlock | None, own: OwnAddress) -> frozenset[int]:
    """Segments that do not name the sender: the address field, our own name (forms, stamps)."""
    ours = {segment.index for segment in reading.first_page if names_us(segment.text, own)}
    return frozenset(ours | set(target.segments if target else ()))


def _own_paper(reading: Reading, target: AddressBlock | None, own: OwnAddress) -> str | None:
    """Our own letterhead over a person's address: one of our papers, copied or come back."""
    head = [segment for segment in reading.first_page if segment.zone in ("letterhead", "title")]
    ours = any(names_us(segment.text, own) for segment in head if segment.tokens[0].x < 100)
    return OWN_PROCEDURE if ours and target is not None and target.kind == "person" else None


def _type(finding: TypeFinding, marks: Marks) -> TypeFinding:
    """Mail for another authority has no phrases of its own: its address field says what it is."""
    stray = finding.code == UNCLEAR and marks.misdirected is not None
    return TypeFinding(MISDIRECTED, finding.ranking) if stray else finding


def name_words(reading: Reading) -> tuple[NameWord, ...]:
    """The letter's words folded as names, in reading order."""
    found: list[NameWord] = []
    for token in reading.tokens:
        parts = name_parts(token.text)
        for number, part in enumerate(parts):
            last = number == len(parts) - 1
            found.append(NameWord(part, token, len(parts) == 1, last and token.text.rstrip().endswith((",", ";"))))
    return tuple(found)
