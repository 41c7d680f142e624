"""Signing in and out, and the own password: argon2, lock-out, new session ids, idle and absolute time-outs."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select, update

from core.actor import Actor, ActorKind
from core.audit import record_act
from core.clock import agency_date
from core.database import FREE, Database, Transaction
from core.errors import InvalidInput, NotSignedIn
from core.ids import new_id
from core.settings import Settings
from organisation.actors import build_actor
from organisation.models import LoginSession, User
from organisation.passwords import faults_of, hash_password, verify_password

_TOUCH = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class SignedInSession:
    """A fresh session: `secret` goes into the cookie and is kept nowhere else."""

    session_id: UUID
    secret: str
    csrf_token: str


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who stands behind a cookie. `must_change_password`: nothing but that, and signing out, may be done."""

    actor: Actor
    session: LoginSession
    must_change_password: bool = False


def sign_in(
    database: Database, settings: Settings, agency_id: UUID, username: str, password: str, *, replacing: str = ""
) -> SignedInSession:
    """Check the password and open a session; the session of the cookie `replacing` ends.

    Raises NotSignedIn with one text for all causes. Unknown name, wrong password, locked and deactivated account cost
    the same: one hash, one line in the log. So nobody learns which names exist, or that a guess during a lock was right.
    """
    with database.read() as session:
        user = session.scalar(
            select(User).where(User.agency_id == agency_id, User.username == username.strip().lower())
        )
    if not _proved(database, settings, agency_id, user, password) or user is None:
        raise _not_signed_in()
    with database.write() as tx:
        return _open(tx, settings, user.id, replacing)


def change_password(database: Database, settings: Settings, who: SignedIn, current: str, new: str) -> SignedInSession:
    """The person's own new password. All their sessions end, this one too; the fresh one goes into the cookie.

    Raises InvalidInput: `wrong_password` (counted like a refused sign-in, so that an open screen is no place to guess)
    or `weak_password` with the faults.
    """
    with database.read() as session:
        user = session.get_one(User, who.session.user_id)
    if not _proved(database, settings, user.agency_id, user, current):
        raise _wrong_password()
    faults = faults_of(new, user.username, current)
    if faults:
        raise InvalidInput(
            "Das neue Passwort geht so nicht. Nichts wurde geändert.", "the new password cannot be taken",
            faults=faults, code="weak_password",
        )  # fmt: skip
    hashed = hash_password(new)
    with database.write() as tx:
        now = tx.session.get_one(User, user.id)
        if now.password_hash != user.password_hash:  # reset or changed elsewhere while this one was being hashed
            raise _wrong_password()
        now.password_hash, now.must_change_password = hashed, False
        end_sessions_of(tx, now.id)
        record_act(tx, who.actor, "user.password_changed", "user", now.id)
        return _open(tx, settings, now.id, "")


def _wrong_password() -> InvalidInput:
    return InvalidInput(
        "Das jetzige Passwort stimmt nicht. Nichts wurde geändert.", "wrong current password", code="wrong_password"
    )


def _proved(database: Database, settings: Settings, agency_id: UUID, user: User | None, password: str) -> bool:
    """Whether the password is this active, unlocked user's; a refusal is logged and counted."""
    right = verify_password(user.password_hash if user else None, password)
    locked = user is not None and _is_locked(user, settings, database.clock.now())
    if user is None or locked or not right or not user.active:
        _refuse(database, settings, agency_id, user.id if user and not locked else None)
        return False
    return True


def _not_signed_in() -> NotSignedIn:
    return NotSignedIn("Benutzername oder Passwort stimmen nicht.", "Wrong user name or password.")


def open_session(database: Database, secret: str, settings: Settings, *, prolong: bool = True) -> SignedIn | None:
    """Who is behind a cookie, or None when the session is unknown, ended, idle too long, or its user inactive.

    `prolong` False is for what a page asks by itself: it does not count as activity of the person.
    """
    if not secret:
        return None
    now = database.clock.now()
    with database.read() as session:
        found = session.scalar(select(LoginSession).where(LoginSession.secret_hash == _hash(secret)))
        if found is None or found.ended_at is not None or found.expires_at <= now:
            return None
        if now - found.last_seen_at > timedelta(minutes=settings.session_minutes):
            return None
        user = session.get(User, found.user_id)
        if user is None or not user.active:
            return None
        actor = build_actor(session, user, agency_date(now), found.id)
    if prolong and abs(now - found.last_seen_at) > _TOUCH:  # abs: idle time counts anew after a clock was set back
        _touch(database, found.id)
    return SignedIn(actor, found, user.must_change_password)


def sign_out(database: Database, session_id: UUID) -> None:
    """End a session at once. Idempotent."""
    with database.write() as tx:
        found = tx.session.get(LoginSession, session_id)
        if found is not None and found.ended_at is None:
            found.ended_at = tx.now
            actor = Actor(ActorKind.USER, found.agency_id, user_id=found.user_id, session_id=found.id)
            record_act(tx, actor, "session.ended", "login_session", found.id)


def end_sessions_of(tx: Transaction, user_id: UUID) -> None:
    """End all sessions of a user: deactivation, new password."""
    tx.session.execute(
        update(LoginSession)
        .where(LoginSession.user_id == user_id, LoginSession.ended_at.is_(None))
        .values(ended_at=tx.now)
    )


def _is_locked(user: User, settings: Settings, now: datetime) -> bool:
    """Whether sign-ins are refused. A lock further ahead than any lock lasts is from before the clock was set back."""
    if user.locked_until is None:
        return False
    return now < user.locked_until <= now + timedelta(minutes=settings.lockout_minutes)


def _open(tx: Transaction, settings: Settings, user_id: UUID, replacing: str) -> SignedInSession:
    user = tx.session.get_one(User, user_id)
    if not user.active or _is_locked(user, settings, tx.now):  # guesses made at the same time locked it meanwhile
        raise _not_signed_in()
    user.failed_sign_ins, user.locked_until = 0, None
    if replacing:
        before = (LoginSession.secret_hash == _hash(replacing), LoginSession.ended_at.is_(None))
        tx.session.execute(update(LoginSession).where(*before).values(ended_at=tx.now))
    secret, csrf = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
    session = LoginSession(
        id=new_id(),
        agency_id=user.agency_id,
        user_id=user.id,
        secret_hash=_hash(secret),
        csrf_token=csrf,
        created_at=tx.now,
        last_seen_at=tx.now,
        expires_at=tx.now + timedelta(hours=settings.session_hours),
    )
    tx.session.add(session)
    actor = Actor(ActorKind.USER, user.agency_id, user_id=user.id, session_id=session.id)
    record_act(tx, actor, "session.started", "login_session", session.id)
    return SignedInSession(session.id, secret, csrf)


def _refuse(database: Database, settings: Settings, agency_id: UUID, user_id: UUID | None) -> None:
    """Log the refusal and count it against the user; `user_id` None = nobody to count against (unknown, or locked)."""
    with database.write() as tx:
        user = tx.session.get(User, user_id) if user_id else None
        if user is not None:
            user.failed_sign_ins += 1
            if user.failed_sign_ins >= settings.login_attempts:
                user.locked_until = tx.now + timedelta(minutes=settings.lockout_minutes)
                user.failed_sign_ins = 0
        locked = user is not None and user.locked_until is not None and user.locked_until > tx.now
        actor = Actor(ActorKind.SYSTEM, agency_id)
        record_act(tx, actor, "session.refused", "user", user_id, locked=locked)


def _touch(database: Database, session_id: UUID) -> None:
    with database.write(FREE) as tx:
        tx.session.execute(update(LoginSession).where(LoginSession.id == session_id).values(last_seen_at=tx.now))


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
