"""The error tree. Every error that a person or a machine may see carries a stable code and two texts.

EakteError
├── NotFound            404  not there, or not yours: one answer for both
├── NotAllowed          403  the function itself is not for this role (never used for records)
├── NotSignedIn         401
├── Conflict            409  somebody else was faster, or the state forbids it
├── InvalidInput        422  the input cannot be understood; `faults` lists all of them
├── TooLarge            413
├── UnknownMediaType    415
├── Unavailable         503  later; carries `retry_after` seconds
├── StorageFull         507
├── LeaseLost           -    internal: the step was given to another worker
└── ConfigurationError  -    at start: a setting or a store is wrong
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar


class EakteError(Exception):
    """Base: what happened, what it means, what to do next, in `de` and `en`. Texts hold no personal data."""

    status: ClassVar[int] = 500
    code: ClassVar[str] = "internal"

    def __init__(self, de: str, en: str = "", *, code: str | None = None) -> None:
        super().__init__(en or de)
        self.de = de
        self.en = en or de
        self.reason = code or self.code


class NotFound(EakteError):
    """Not there and not visible look the same (CONCEPT §7)."""

    status = 404
    code = "not_found"

    def __init__(self, de: str = "", en: str = "") -> None:
        super().__init__(
            de or "Hier finden Sie nichts. Prüfen Sie die Nummer oder fragen Sie Ihre Leitung.",
            en or "There is nothing here for you. Check the number or ask your team lead.",
        )


class NotAllowed(EakteError):
    """The function is not part of the actor's roles."""

    status = 403
    code = "not_allowed"

    def __init__(self, de: str = "", en: str = "") -> None:
        super().__init__(
            de or "Diese Funktion gehört nicht zu Ihren Aufgaben. Fragen Sie Ihre Leitung, wenn Sie sie brauchen.",
            en or "This function is not part of your role. Ask your team lead if you need it.",
        )


class NotSignedIn(EakteError):
    """No valid session or token."""

    status = 401
    code = "not_signed_in"


class Conflict(EakteError):
    """The state changed meanwhile, or does not allow the act."""

    status = 409
    code = "conflict"


class InvalidInput(EakteError):
    """Input that cannot be taken. `faults` are complete German sentences, one per fault."""

    status = 422
    code = "invalid_input"

    def __init__(self, de: str, en: str = "", *, faults: Sequence[str] = (), code: str | None = None) -> None:
        super().__init__(de, en, code=code)
        self.faults = tuple(faults)


class TooLarge(EakteError):
    """Body over the limit."""

    status = 413
    code = "too_large"


class UnknownMediaType(EakteError):
    """A content type that is never accepted."""

    status = 415
    code = "unknown_media_type"


class Unavailable(EakteError):
    """A store cannot answer now; the same call may go through later."""

    status = 503
    code = "unavailable"
    retry_after: ClassVar[int] = 5


class StorageFull(EakteError):
    """No room for the bytes; nothing was stored."""

    status = 507
    code = "storage_full"


class LeaseLost(EakteError):
    """The lease of a job step was taken over; whatever was computed is dropped."""

    code = "lease_lost"


class ConfigurationError(EakteError):
    """The installation cannot start like this."""

    code = "configuration"
