"""Errors of the way in.

IngestError
├── KeyReused        409  the idempotency key came back with other bytes
├── ChecksumDiffers  422  the bytes are not those that the sender announced
└── SourceVanished   404  the file was gone before it was complete
"""

from __future__ import annotations

from core.errors import Conflict, InvalidInput, NotFound


class KeyReused(Conflict):
    """Same key, other bytes: nothing is stored under it a second time."""

    def __init__(self) -> None:
        super().__init__(
            "Unter diesem Namen wurde schon ein anderer Stapel angenommen. Dieser Stapel wurde nicht angenommen. "
            "Bitte unter einem neuen Namen senden.",
            "This idempotency key was used for other bytes.",
            code="key_reused",
        )


class ChecksumDiffers(InvalidInput):
    """X-Content-SHA256 and the received bytes disagree."""

    def __init__(self) -> None:
        super().__init__(
            "Die Bytes kamen nicht so an, wie sie gesendet wurden. Nichts wurde angenommen. Bitte noch einmal senden.",
            "The checksum does not match the received bytes.",
            code="checksum_differs",
        )


class SourceVanished(NotFound):
    """A watched file disappeared."""

    def __init__(self) -> None:
        super().__init__(
            "Die Datei war weg, bevor sie vollständig war. Nichts wurde angenommen.",
            "The file vanished before it was complete.",
        )
