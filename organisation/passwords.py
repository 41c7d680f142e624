"""Password hashing with argon2id, behind a semaphore: a burst of sign-ins may not eat the machine's memory."""

from __future__ import annotations

import secrets
import threading
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

LEAST, LONGEST = (
    12,
    1000,
)  # characters of a password that a person chooses (NIST SP 800-63B §3.1.1.2: length, no recipes)
_DIFFERENT = 5
_hasher = PasswordHasher()
_places = threading.Semaphore(2)


def hash_password(password: str) -> str:
    """The argon2id hash, with its parameters. About 50 ms: never inside a transaction."""
    with _places:
        return _hasher.hash(password)


def verify_password(stored: str | None, password: str) -> bool:
    """Whether the password is right. Takes as long for an unknown user (`stored` None) as for a known one."""
    with _places:
        try:
            return _hasher.verify(stored or _nobodys_hash(), password) and stored is not None
        except (VerificationError, InvalidHashError):
            return False


@cache
def _nobodys_hash() -> str:
    """What an unknown user's password is held against; made once, when it is first needed."""
    return _hasher.hash(secrets.token_urlsafe(16))


def faults_of(password: str, username: str, current: str) -> list[str]:
    """What is wrong with a password that a person chose, as German sentences; empty = it may be taken. Pure."""
    faults = []
    if not LEAST <= len(password) <= LONGEST:
        faults.append(f"Das neue Passwort braucht mindestens {LEAST} Zeichen (höchstens {LONGEST}).")
    if username.lower() in password.lower():
        faults.append("Das neue Passwort darf den Benutzernamen nicht enthalten.")
    if password and len(set(password)) < _DIFFERENT:
        faults.append(f"Das neue Passwort braucht mindestens {_DIFFERENT} verschiedene Zeichen.")
    if password == current:
        faults.append("Das neue Passwort ist das alte.")
    return faults


def new_password() -> str:
    """A one-time password that can be read out on the phone."""
    alphabet = "abcdefghjkmnpqrstuvwxyz23456789"
    return "-".join("".join(secrets.choice(alphabet) for _ in range(5)) for _ in range(4))
