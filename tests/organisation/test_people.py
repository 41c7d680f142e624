"""People, sessions and stations through the services: created, locked, timed out, revoked."""

from __future__ import annotations

import threading
import time
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from core.actor import Actor, Role, system_actor
from core.clock import SetClock
from core.database import Database
from core.errors import InvalidInput, NotFound, NotSignedIn
from core.models import AuditEvent
from core.settings import Settings
from organisation import passwords, service, sessions, stations
from organisation.actors import build_actor
from organisation.loading import load_organisation
from organisation.models import LoginSession, ScanStation, User
from organisation.sessions import open_session, sign_in, sign_out
from tests.inbox.world import ORGANISATION
from tests.support import NOON, make_database

SETTINGS = Settings()
PASSWORD = "vier-tolle-worte-hier"


class Office:
    """A database with the small authority, and one person who can sign in."""

    def __init__(self, folder: Path) -> None:
        self.clock = SetClock(NOON)
        self.database: Database = make_database(folder, self.clock)
        with self.database.write() as tx:
            self.agency = load_organisation(tx, ORGANISATION)
        self.system: Actor = system_actor(self.agency)
        with self.database.write() as tx:
            service.set_password(tx, self.system, "anna", HASH)

    def sign_in(self, password: str = PASSWORD, username: str = "anna") -> str:
        return sign_in(self.database, SETTINGS, self.agency, username, password).secret

    def signed_in(self, secret: str, *, prolong: bool = True) -> bool:
        return open_session(self.database, secret, SETTINGS, prolong=prolong) is not None

    def pass_time(self, **much: float) -> None:
        self.clock.instant += timedelta(**much)

    def actions(self) -> list[str]:
        with self.database.read() as session:
            return list(session.scalars(select(AuditEvent.action).order_by(AuditEvent.id)))


HASH = passwords.hash_password(PASSWORD)


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path)


def test_a_new_person_signs_in_with_the_one_time_password(office: Office) -> None:
    with office.database.write() as tx:
        user = service.create_user(tx, office.system, " Nora ", "Nora N.", ["caseworker"], "T1", HASH)
    assert (user.username, user.must_change_password) == ("nora", True)
    assert office.signed_in(office.sign_in(username="NORA"))
    with office.database.read() as session:
        found = [
            one for one in service.list_users(session, office.agency, date(2026, 11, 24)) if one["username"] == "nora"
        ]
    assert found == [{"username": "nora", "name": "Nora N.", "roles": ["caseworker"], "unit": "T1", "active": True}]


def test_all_faults_of_a_new_person_are_listed_and_nothing_is_made(office: Office) -> None:
    with pytest.raises(InvalidInput) as refused, office.database.write() as tx:
        service.create_user(tx, office.system, "anna", "A", ["chef"], "X", HASH)
    assert len(refused.value.faults) == 3


def test_a_deactivated_person_is_out_at_once_and_nothing_is_deleted(office: Office) -> None:
    secret = office.sign_in()
    with office.database.write() as tx:
        service.deactivate_user(tx, office.system, "anna")
    assert not office.signed_in(secret)
    with pytest.raises(NotSignedIn):
        office.sign_in()
    with office.database.read() as session:
        user = session.scalars(select(User).where(User.username == "anna")).one()
        actor = build_actor(session, user, date(2026, 11, 24))
    assert not user.active
    assert (actor.roles, actor.held, actor.stands_in_for) == (frozenset(), frozenset(), frozenset())


def test_a_reset_ends_sessions_and_lifts_the_lock(office: Office) -> None:
    secret = office.sign_in()
    for _ in range(SETTINGS.login_attempts):
        with pytest.raises(NotSignedIn):
            office.sign_in("falsch")
    with office.database.write() as tx:
        service.set_password(tx, office.system, "anna", HASH)
    assert not office.signed_in(secret)
    assert office.signed_in(office.sign_in())


def test_the_account_locks_after_failures_and_opens_again_by_itself(office: Office) -> None:
    for _ in range(SETTINGS.login_attempts):
        with pytest.raises(NotSignedIn):
            office.sign_in("falsch")
    for password in (PASSWORD, "falsch"):
        with pytest.raises(NotSignedIn):
            office.sign_in(password)
    office.pass_time(minutes=SETTINGS.lockout_minutes, seconds=1)
    assert office.signed_in(office.sign_in())
    assert office.actions().count("session.refused") == SETTINGS.login_attempts + 2


def test_a_right_guess_among_many_at_once_does_not_slip_past_the_lock(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    def right_but_late(*_: object) -> bool:
        with office.database.write() as tx:  # the other guesses, while this one was being hashed
            until = tx.now + timedelta(minutes=SETTINGS.lockout_minutes)
            tx.session.execute(update(User).where(User.username == "anna").values(locked_until=until))
        return True

    monkeypatch.setattr("organisation.sessions.verify_password", right_but_late)
    with pytest.raises(NotSignedIn):
        office.sign_in()
    assert "session.started" not in office.actions()


def test_a_lock_does_not_last_longer_because_the_clock_was_set_back(office: Office) -> None:
    for _ in range(SETTINGS.login_attempts):
        with pytest.raises(NotSignedIn):
            office.sign_in("falsch")
    office.pass_time(hours=-1)
    assert office.signed_in(office.sign_in())


def test_success_clears_earlier_failures(office: Office) -> None:
    for _ in range(3):
        for _ in range(SETTINGS.login_attempts - 1):
            with pytest.raises(NotSignedIn):
                office.sign_in("falsch")
        assert office.sign_in()


@pytest.mark.parametrize("username", ["niemand", "anna", "carla"])
def test_one_answer_for_every_cause(office: Office, username: str) -> None:
    with pytest.raises(NotSignedIn) as refused:
        office.sign_in("falsch", username)
    assert refused.value.de == "Benutzername oder Passwort stimmen nicht."


def test_idle_sessions_end_and_work_prolongs_them(office: Office) -> None:
    secret = office.sign_in()
    for _ in range(3):
        office.pass_time(minutes=SETTINGS.session_minutes - 1)
        assert office.signed_in(secret)
    office.pass_time(minutes=SETTINGS.session_minutes, seconds=1)
    assert not office.signed_in(secret)


def test_what_a_page_asks_by_itself_prolongs_nothing(office: Office) -> None:
    secret = office.sign_in()
    for _ in range(SETTINGS.session_minutes):
        office.pass_time(minutes=1)
        assert office.signed_in(secret, prolong=False)
    office.pass_time(seconds=1)
    assert not office.signed_in(secret)


def test_no_session_outlives_its_hours(office: Office) -> None:
    secret = office.sign_in()
    for _ in range(SETTINGS.session_hours * 4 - 1):
        office.pass_time(minutes=15)
        assert office.signed_in(secret)
    office.pass_time(minutes=15)
    assert not office.signed_in(secret)


def test_a_session_survives_a_clock_set_back_and_idles_out_from_then(office: Office) -> None:
    secret = office.sign_in()
    office.pass_time(hours=-1)
    assert office.signed_in(secret)
    office.pass_time(minutes=SETTINGS.session_minutes, seconds=1)
    assert not office.signed_in(secret)


def test_signing_out_ends_it_and_each_sign_in_is_a_new_session(office: Office) -> None:
    first, second = office.sign_in(), office.sign_in()
    assert first != second
    with office.database.read() as session:
        rows = {one.secret_hash: one for one in session.scalars(select(LoginSession))}
    assert first not in rows
    assert second not in rows
    sign_out(office.database, rows[sessions._hash(first)].id)
    assert (office.signed_in(first), office.signed_in(second), office.signed_in("")) == (False, True, False)


def test_argon2_never_runs_more_often_than_its_places(monkeypatch: pytest.MonkeyPatch) -> None:
    running, most, lock = 0, 0, threading.Lock()
    both = threading.Event()

    class Slow:
        def verify(self, *_: str) -> bool:
            nonlocal running, most
            with lock:
                running += 1
                most = max(most, running)
                if running > 1:
                    both.set()
            both.wait(100)
            time.sleep(0.05)  # long enough for a third one to come in, were it let
            with lock:
                running -= 1
            return True

    monkeypatch.setattr(passwords, "_hasher", Slow())
    threads = [threading.Thread(target=passwords.verify_password, args=("x", "y")) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 2


def test_wrong_hashes_and_unknown_people_are_refused_alike() -> None:
    assert passwords.verify_password(HASH, PASSWORD)
    for stored in (None, "", "kein hash", HASH[:-4] + "AAAA"):
        assert not passwords.verify_password(stored, PASSWORD)
    assert HASH.startswith("$argon2id$")


def test_a_station_token_is_shown_once_scoped_rotated_and_revoked(office: Office) -> None:
    with office.database.write() as tx:
        station, first = stations.create_station(tx, office.system, "S-1", "POST")
    with office.database.write() as tx:
        stations.create_station(tx, office.system, "S-2", "POST")
    with office.database.read() as session:
        kept = session.scalars(select(ScanStation.token_hash)).all()
        assert first not in kept
        found = stations.station_for_token(session, first)
        assert found is not None
        assert found.id == station.id
        assert stations.station_for_token(session, first + "x") is None
        assert stations.station_for_token(session, str(found.token_hash)) is None
    with office.database.write() as tx:
        second = stations.rotate_token(tx, office.system, "S-1")
    with office.database.read() as session:
        assert stations.station_for_token(session, first) is None
        assert stations.station_for_token(session, second) is not None
    for _ in range(2):
        with office.database.write() as tx:
            stations.revoke_station(tx, office.system, "S-1")
    with office.database.read() as session:
        assert stations.station_for_token(session, second) is None
    assert office.actions().count("station.revoked") == 1


def test_stations_are_unique_and_belong_to_a_unit(office: Office) -> None:
    with office.database.write() as tx:
        stations.create_station(tx, office.system, "S-1", "POST")
    folders = ("", "..", ".", "../etc", "/etc", "a/b", "a\\b", ".x", "a\0", "x" * 41)
    for code, unit in (("S-1", "POST"), ("S-3", "X"), *((code, "POST") for code in folders)):
        with pytest.raises(InvalidInput), office.database.write() as tx:
            stations.create_station(tx, office.system, code, unit)
    with pytest.raises(NotFound), office.database.write() as tx:
        stations.revoke_station(tx, office.system, "S-9")


def test_roles_hold_within_their_validity(office: Office) -> None:
    entry = {"code": "P10", "function": "AUDIT", "unit": "JC", "name": "Rita", "user": "rita", "valid_days": 10}
    data = {
        **ORGANISATION,
        "functions": [*ORGANISATION["functions"], {"code": "AUDIT", "system_roles": ["auditor"]}],
        "positions": [*ORGANISATION["positions"], entry],
    }
    with office.database.write() as tx:
        load_organisation(tx, data)
    with office.database.read() as session:
        rita = session.scalars(select(User).where(User.username == "rita")).one()
        assert build_actor(session, rita, date(2026, 12, 4)).roles == {Role.AUDITOR}
        assert build_actor(session, rita, date(2026, 12, 5)).roles == frozenset()


def test_loading_again_changes_nothing_and_all_faults_are_listed(office: Office) -> None:
    def people() -> list[tuple[str, bool]]:
        with office.database.read() as session:
            return [(user.username, user.active) for user in session.scalars(select(User).order_by(User.username))]

    before = people()
    with office.database.write() as tx:
        assert load_organisation(tx, ORGANISATION) == office.agency
    assert people() == before
    wrong = {
        **ORGANISATION,
        "positions": [{"code": "P", "function": "X", "unit": "Y", "user": "z", "name": "Z", "deputy": "Q"}],
    }
    with pytest.raises(InvalidInput) as refused, office.database.write() as tx:
        load_organisation(tx, wrong)
    assert len(refused.value.faults) == 3
