"""Reference numbers of `references.yaml`: finding them in recognised text, checking them, undoing confusions. Pure."""

from ingest.references.catalogue import ReferenceKind, catalogue
from ingest.references.checks import check
from ingest.references.finding import Correction, NumberReading, find_references, own_number_keys

__all__ = [
    "Correction",
    "NumberReading",
    "ReferenceKind",
    "catalogue",
    "check",
    "find_references",
    "own_number_keys",
]
