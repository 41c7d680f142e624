"""Scanning stations and their tokens: shown once, kept only as a hash, revoked at once."""

from __future__ import annotations

import hashlib
import re
import secrets
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.actor import Actor
from core.audit import record_act
from core.database import Transaction
from core.errors import InvalidInput, NotFound
from core.ids import new_id
from organisation.models import OrgUnit, ScanStation

_CODE = re.compile(r"\w[\w.-]{0,39}")
"""What a code may be: it is also the name of the station's hot folder."""


def create_station(tx: Transaction, actor: Actor, code: str, unit_code: str) -> tuple[ScanStation, str]:
    """A new station in a unit and its token. Raises InvalidInput when the code is taken or no name, or the unit unknown."""
    if _CODE.fullmatch(code) is None:
        raise InvalidInput(
            f"„{code}“ geht nicht als Name einer Station: Buchstaben, Ziffern, Punkt und Strich, höchstens 40.",
            "not a station code",
        )
    query = select(OrgUnit.id).where(OrgUnit.agency_id == actor.agency_id, OrgUnit.code == unit_code)
    unit_id = tx.session.scalar(query)
    if unit_id is None:
        raise InvalidInput(f"Die Organisationseinheit „{unit_code}“ gibt es nicht.", "unknown unit")
    if find_station(tx.session, actor.agency_id, code) is not None:
        raise InvalidInput(f"Die Station „{code}“ gibt es schon.", "station exists")
    station = ScanStation(id=new_id(), agency_id=actor.agency_id, code=code, unit_id=unit_id)
    tx.session.add(station)
    tx.session.flush()
    record_act(tx, actor, "station.created", "scan_station", station.id)
    return station, rotate_token(tx, actor, code)


def rotate_token(tx: Transaction, actor: Actor, code: str) -> str:
    """A new token; the old one stops working with this commit."""
    station = _require(tx, actor, code)
    token = secrets.token_urlsafe(32)
    station.token_hash, station.revoked_at = _hash(token), None
    record_act(tx, actor, "station.token_rotated", "scan_station", station.id)
    return token


def revoke_station(tx: Transaction, actor: Actor, code: str) -> None:
    """End the station's access at once. Idempotent."""
    station = _require(tx, actor, code)
    if station.revoked_at is None:
        station.token_hash, station.revoked_at = None, tx.now
        record_act(tx, actor, "station.revoked", "scan_station", station.id)


def station_for_token(session: Session, token: str) -> ScanStation | None:
    """The station a token belongs to; None for wrong and revoked ones. Looked up by hash: nothing to time."""
    query = select(ScanStation).where(ScanStation.token_hash == _hash(token), ScanStation.revoked_at.is_(None))
    return session.scalar(query)


def find_station(session: Session, agency_id: UUID, code: str) -> ScanStation | None:
    """A station by its code."""
    return session.scalar(select(ScanStation).where(ScanStation.agency_id == agency_id, ScanStation.code == code))


def _require(tx: Transaction, actor: Actor, code: str) -> ScanStation:
    station = find_station(tx.session, actor.agency_id, code)
    if station is None:
        raise NotFound(f"Die Station „{code}“ gibt es nicht.", "unknown station")
    return station


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
