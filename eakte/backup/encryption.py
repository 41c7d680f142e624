"""Encryption of a backup in the age format (https://age-encryption.org/v1): the machine that backs up cannot read backups.

It holds only the recipients (public keys). The identity (private key) belongs in a safe and is needed for a restore.
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Any, Protocol, cast

import pyrage

from core.errors import ConfigurationError


class Sink(Protocol):
    """What decrypted bytes are written to."""

    def write(self, data: bytes, /) -> int:
        """Take the next bytes."""
        ...

    def flush(self) -> None:
        """Nothing more comes for now."""
        ...


def make_identity(path: Path) -> str:
    """Write a new identity to `path` (mode 0600, never over an existing file) and return its recipient."""
    identity = pyrage.x25519.Identity.generate()
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise ConfigurationError(
            f"Die Datei {path} gibt es schon. Ein Schlüssel wird nie überschrieben.", f"{path} exists already"
        ) from error
    with os.fdopen(handle, "w") as file:
        file.write(f"{identity}\n")
    return str(identity.to_public())


class Pieces(io.RawIOBase):
    """A stream of pieces that are made while it is read: nothing unencrypted touches a disk.

    Keeps the first failure of its maker, because the stream's library would hide its kind.
    """

    def __init__(self, pieces: Iterator[bytes]) -> None:
        super().__init__()
        self._pieces = pieces
        self._left = b""
        self.failure: Exception | None = None

    def readable(self) -> bool:
        """It can be read, once."""
        return True

    def read(self, size: int = -1, /) -> bytes:
        """Up to `size` bytes; empty at the end."""
        try:
            while not self._left and (piece := next(self._pieces, None)) is not None:
                self._left = piece
        except Exception as error:  # of any kind: the library turns all into its own, and `failure` is raised then
            self.failure = error
            raise
        size = len(self._left) if size < 0 else size
        taken, self._left = self._left[:size], self._left[size:]
        return taken


class Recipients:
    """Encrypts for everyone in a file of recipients, one `age1…` a line; `#` begins a comment."""

    def __init__(self, path: Path) -> None:
        self._keys = [_recipient(line, path) for line in _lines(path)]
        if not self._keys:
            raise ConfigurationError(f"In {path} steht kein Empfänger (age1…).", f"no recipient in {path}")

    def encrypt(self, pieces: Iterator[bytes], target: IO[bytes]) -> None:
        """Encrypt what `pieces` yields into `target`, in constant memory. Raises what the maker of the pieces raised."""
        source = Pieces(pieces)
        try:
            pyrage.encrypt_io(cast("Any", source), target, cast("Sequence[Any]", self._keys))
        except (pyrage.EncryptError, OSError):
            if source.failure is not None:
                raise source.failure from None
            raise


class Identity:
    """Decrypts what was encrypted for one of the identities in a file."""

    def __init__(self, path: Path) -> None:
        self._keys = [_identity(line, path) for line in _lines(path)]
        if not self._keys:
            raise ConfigurationError(f"In {path} steht kein Schlüssel.", f"no identity in {path}")

    def decrypt(self, path: Path, sink: Sink) -> None:
        """Decrypt a file into `sink`. Raises ConfigurationError for the wrong key, a changed or a cut-off file."""
        with path.open("rb") as source:
            try:
                pyrage.decrypt_io(source, cast("Any", sink), cast("Sequence[Any]", self._keys))
            except (pyrage.DecryptError, OSError) as error:
                raise ConfigurationError(
                    f"Die Datei {path.name} der Sicherung lässt sich nicht entschlüsseln: falscher Schlüssel, oder sie ist "
                    "verändert oder unvollständig. Bitte eine andere Sicherung nehmen.",
                    f"cannot decrypt {path.name}",
                ) from error


def _lines(path: Path) -> Iterator[str]:
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"Die Schlüsseldatei {path} ist nicht lesbar.", f"cannot read {path}") from error
    return (line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#"))


def _recipient(line: str, path: Path) -> object:
    try:
        return pyrage.x25519.Recipient.from_str(line)
    except pyrage.RecipientError as error:
        raise ConfigurationError(f"In {path} steht kein gültiger Empfänger.", f"bad recipient in {path}") from error


def _identity(line: str, path: Path) -> object:
    try:
        return pyrage.x25519.Identity.from_str(line)
    except pyrage.IdentityError as error:
        raise ConfigurationError(f"In {path} steht kein gültiger Schlüssel.", f"bad identity in {path}") from error
