"""Who acts. An actor is built once per request or command and handed down; nothing below asks a session or a token."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from uuid import UUID


class Role(StrEnum):
    """The roles of INTERFACES. A role alone opens no record: unit, responsibility and grants decide."""

    MAILROOM = "mailroom"
    CLEARING = "clearing"
    CASEWORKER = "caseworker"
    TEAM_LEAD = "team_lead"
    RECORDS_MANAGER = "records_manager"
    ARCHIVIST = "archivist"
    AUDITOR = "auditor"
    DATA_PROTECTION = "data_protection"
    ORG_ADMIN = "org_admin"
    SYSTEM_ADMIN = "system_admin"


class ActorKind(StrEnum):
    """What kind of hand did it."""

    USER = "user"
    STATION = "station"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Actor:
    """A user, a scanning station or the system itself, with the facts that access needs.

    `held` pairs each role with the unit it is held in, so that a role in one unit opens nothing in another;
    `led_units` are those whose cases the user leads (own ones and those below without a lead of their own);
    `stands_in_for` the users whose deputy this user is today because they are absent, `stands_in_partly` those for
    whom it is so in part only: (user, first, last) of the letters with which the family names begin, in lower case.
    `prefetching`: the browser asks ahead of the person, which the log of looks tells apart. The system actor sees
    nothing through `archive.access`: machines work on ids they were given.
    """

    kind: ActorKind
    agency_id: UUID
    user_id: UUID | None = None
    station_id: UUID | None = None
    session_id: UUID | None = None
    username: str = ""
    held: frozenset[tuple[Role, UUID]] = field(default_factory=frozenset)
    led_units: frozenset[UUID] = field(default_factory=frozenset)
    stands_in_for: frozenset[UUID] = field(default_factory=frozenset)
    stands_in_partly: frozenset[tuple[UUID, str, str]] = field(default_factory=frozenset)
    prefetching: bool = False

    @property
    def roles(self) -> frozenset[Role]:
        """The roles held today, in whatever unit."""
        return frozenset(role for role, _ in self.held)

    def units_as(self, *roles: Role) -> frozenset[UUID]:
        """The units in which the actor holds one of the roles."""
        return frozenset(unit for role, unit in self.held if role in roles)

    def has(self, *roles: Role) -> bool:
        """Whether the actor has at least one of the roles."""
        return not self.roles.isdisjoint(roles)

    @property
    def id(self) -> UUID | None:
        """The id of whoever acts; None for the system."""
        return self.user_id or self.station_id


def system_actor(agency_id: UUID) -> Actor:
    """The machine acting for an agency: pipeline steps, sealer, sweeper."""
    return Actor(kind=ActorKind.SYSTEM, agency_id=agency_id)
