"""Tables of the organisation: agencies, units, users, functions and their holders, absences, stations, sessions."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, Boolean, Date, ForeignKey, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.columns import UtcDateTime
from core.database import Base
from core.ids import new_id


class Agency(Base):
    """A records-keeping authority. Data never crosses agencies without a recorded legal basis."""

    __tablename__ = "agency"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    code: Mapped[str] = mapped_column(String(40), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    details: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)


class OrgUnit(Base):
    """A node of the organisation tree: department, site (Sozialzentrum), team, mailroom, registry."""

    __tablename__ = "org_unit"
    __table_args__ = (UniqueConstraint("agency_id", "code"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agency.id"))
    code: Mapped[str] = mapped_column(String(40))
    title: Mapped[str] = mapped_column(String(200))
    kind: Mapped[str] = mapped_column(String(20))
    parent_id: Mapped[UUID | None] = mapped_column(ForeignKey("org_unit.id"))
    file_types: Mapped[list[str]] = mapped_column(JSON, default=list)
    places: Mapped[list[str]] = mapped_column(JSON, default=list)
    active: Mapped[bool] = mapped_column(Boolean, default=True)


class User(Base):
    """A natural person who signs in. `preferences`: keys on/off, theme, language. Never deleted, only deactivated."""

    __tablename__ = "user"
    __table_args__ = (UniqueConstraint("agency_id", "username"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agency.id"))
    username: Mapped[str] = mapped_column(String(60))
    display_name: Mapped[str] = mapped_column(String(200))
    password_hash: Mapped[str | None] = mapped_column(String(200))
    must_change_password: Mapped[bool] = mapped_column(Boolean, default=False)
    active: Mapped[bool] = mapped_column(Boolean, default=True)
    failed_sign_ins: Mapped[int] = mapped_column(Integer, default=0)
    locked_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    preferences: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)


class RoleAssignment(Base):
    """A role held by a user in a unit, from and until a day (inclusive; open when null)."""

    __tablename__ = "role_assignment"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agency.id"))
    user_id: Mapped[UUID] = mapped_column(ForeignKey("user.id"), index=True)
    role: Mapped[str] = mapped_column(String(20))
    unit_id: Mapped[UUID] = mapped_column(ForeignKey("org_unit.id"))
    valid_from: Mapped[date | None] = mapped_column(Date)
    valid_until: Mapped[date | None] = mapped_column(Date)


class Position(Base):
    """A post in a unit: its function, its holder, the surname ranges it is responsible for, its deputy post."""

    __tablename__ = "position"
    __table_args__ = (UniqueConstraint("agency_id", "code"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agency.id"))
    code: Mapped[str] = mapped_column(String(40))
    function: Mapped[str] = mapped_column(String(40))
    unit_id: Mapped[UUID] = mapped_column(ForeignKey("org_unit.id"))
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("user.id"), index=True)
    ranges: Mapped[list[str]] = mapped_column(JSON, default=list)
    deputy_code: Mapped[str | None] = mapped_column(String(40))


class Deputy(Base):
    """`deputy_user_id` may stand in for `user_id` whenever that user is absent, within the validity."""

    __tablename__ = "deputy"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agency.id"))
    user_id: Mapped[UUID] = mapped_column(ForeignKey("user.id"), index=True)
    deputy_user_id: Mapped[UUID] = mapped_column(ForeignKey("user.id"), index=True)
    rank: Mapped[int] = mapped_column(Integer, default=1)
    valid_from: Mapped[date | None] = mapped_column(Date)
    valid_until: Mapped[date | None] = mapped_column(Date)


class Absence(Base):
    """A user is away from `starts_on` to `ends_on` (inclusive; null = end open). `kind`: planned | sudden.

    `partial` empty = away altogether. Else the user is there, and a deputy stands in for some letters of the alphabet
    only: {"ranges": ["M-S"], "deputy": id or nothing}.
    """

    __tablename__ = "absence"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agency.id"))
    user_id: Mapped[UUID] = mapped_column(ForeignKey("user.id"), index=True)
    starts_on: Mapped[date] = mapped_column(Date)
    ends_on: Mapped[date | None] = mapped_column(Date)
    kind: Mapped[str] = mapped_column(String(10), default="planned")
    partial: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)


class ScanStation(Base):
    """A scanning station. The token is kept only as a hash; `revoked_at` ends it at once."""

    __tablename__ = "scan_station"
    __table_args__ = (UniqueConstraint("agency_id", "code"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agency.id"))
    code: Mapped[str] = mapped_column(String(40))
    unit_id: Mapped[UUID] = mapped_column(ForeignKey("org_unit.id"))
    scanning: Mapped[bool] = mapped_column(Boolean, default=True)
    token_hash: Mapped[str | None] = mapped_column(String(64), unique=True)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class LoginSession(Base):
    """A signed-in browser. The cookie's secret is kept only as a hash; the CSRF token belongs to the session."""

    __tablename__ = "login_session"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agency.id"))
    user_id: Mapped[UUID] = mapped_column(ForeignKey("user.id"), index=True)
    secret_hash: Mapped[str] = mapped_column(String(64), unique=True)
    csrf_token: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_seen_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
