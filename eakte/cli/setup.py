"""Commands that set up an installation: database, agency, demo, people, stations, settings."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from core.actor import Actor, system_actor
from core.clock import agency_date
from core.settings import Settings
from eakte.bootstrap import Services
from eakte.cli.common import agency_id, day, messages, result, services
from eakte.cli.common import settings as read_settings
from eakte.cli.mail import AsJson
from organisation import service as organisation
from organisation.stations import create_station, revoke_station, rotate_token

db = typer.Typer(help="Datenbank.", no_args_is_help=True)
demo = typer.Typer(help="Vorführbehörde.", no_args_is_help=True)
units = typer.Typer(help="Organisationseinheiten.", no_args_is_help=True)
users = typer.Typer(help="Personen mit Zugang.", no_args_is_help=True)
absence = typer.Typer(help="Abwesenheiten.", no_args_is_help=True)
stations = typer.Typer(help="Scanstationen.", no_args_is_help=True)


@db.command("upgrade")
def db_upgrade(
    wait: Annotated[
        float | None, typer.Option(help="Warten, bis die Speicher antworten, höchstens so viele Sekunden.")
    ] = None,
) -> None:
    """Datenbank anlegen oder auf den Stand dieser Version bringen."""
    with services(migrate=True, wait=wait):
        messages.print("Die Datenbank ist auf dem Stand dieser Version.")


def init(file: Annotated[Path, typer.Argument(exists=True, dir_okay=False)]) -> None:
    """Behörde, Einheiten, Personen, Aktenplan und Fristenkatalog einrichten, ohne Vorführdaten."""
    from archive.fileplan import load_defaults
    from organisation.form import read_organisation
    from organisation.loading import load_organisation
    from retention.loading import load_schedule

    with services(migrate=True) as opened:
        data = read_organisation(file.read_bytes())
        with opened.database.write() as tx:
            agency = load_organisation(tx, data)
            load_defaults(tx, agency)
            load_schedule(tx, agency, confirmed=opened.settings.retention_confirmed)
        messages.print("Die Behörde ist eingerichtet. Passwörter: `eakte users reset NAME`.")


@demo.command("load")
def demo_load(
    without_mail: Annotated[bool, typer.Option("--without-mail", help="Ohne Post.")] = False,
) -> None:
    """Vorführbehörde mit Fällen, Anmeldungen und Post laden; noch einmal ändert nichts."""
    from eakte.demo.load import load_demo

    with services(migrate=True) as opened:
        loaded = load_demo(opened, with_mail=not without_mail)
        messages.print(f"Anmeldungen: {loaded.logins}")


@units.command("list")
def units_list(as_json: AsJson = False) -> None:
    """Aktive Einheiten."""
    with services() as opened, opened.database.read() as session:
        found = organisation.list_units(session, agency_id(opened))
    result(found if as_json else "\n".join(f"{unit['code']:14} {unit['name']}" for unit in found))


@users.command("list")
def users_list(as_json: AsJson = False) -> None:
    """Personen mit ihren Rollen."""
    with services() as opened, opened.database.read() as session:
        found = organisation.list_users(session, agency_id(opened), agency_date(opened.database.clock.now()))
    if as_json:
        result(found)
        return
    result("\n".join(f"{user['username']:16} {user['name']:28} {', '.join(user['roles'])}" for user in found))


@users.command("create")
def users_create(
    username: str,
    name: Annotated[str, typer.Option(help="Anzeigename.")],
    unit: Annotated[str, typer.Option(help="Einheit.")],
    role: Annotated[list[str], typer.Option(help="Rolle; mehrfach möglich.")],
) -> None:
    """Person anlegen; das einmalige Passwort wird nur jetzt gezeigt."""
    with services() as opened:
        password, hashed = _one_time_password()
        with opened.database.write() as tx:
            organisation.create_user(tx, _system(opened), username, name, role, unit, hashed)
        result(password)


@users.command("deactivate")
def users_deactivate(username: str) -> None:
    """Zugang sofort beenden; nichts wird gelöscht."""
    with services() as opened, opened.database.write() as tx:
        organisation.deactivate_user(tx, _system(opened), username)


@users.command("reset")
def users_reset(username: str) -> None:
    """Neues einmaliges Passwort setzen und zeigen."""
    with services() as opened:
        password, hashed = _one_time_password()
        with opened.database.write() as tx:
            organisation.set_password(tx, _system(opened), username, hashed)
        result(password)


@absence.command("set")
def absence_set(
    username: str,
    start: Annotated[str, typer.Option("--from", help="Erster Tag JJJJ-MM-TT.")],
    until: Annotated[str | None, typer.Option(help="Letzter Tag; ohne Angabe offen.")] = None,
) -> None:
    """Abwesenheit eintragen; die Vertretung sieht den Postkorb von selbst."""
    first, last = day(start), day(until) if until else None
    with services() as opened, opened.database.write() as tx:
        organisation.set_absence(tx, _system(opened), username, first, last)


@absence.command("end")
def absence_end(username: str, on: Annotated[str | None, typer.Option(help="Letzter Tag.")] = None) -> None:
    """Abwesenheit beenden."""
    last = day(on) if on else None
    with services() as opened, opened.database.write() as tx:
        organisation.end_absence(tx, _system(opened), username, last or tx.today)


@stations.command("create")
def stations_create(
    code: str, unit: Annotated[str, typer.Option(help="Einheit (Poststelle).")], as_json: AsJson = False
) -> None:
    """Scanstation anlegen; ihr Schlüssel wird nur jetzt gezeigt."""
    with services() as opened:
        with opened.database.write() as tx:
            station, token = create_station(tx, _system(opened), code, unit)
        result({"code": station.code, "token": token} if as_json else token)


@stations.command("rotate")
def stations_rotate(code: str, as_json: AsJson = False) -> None:
    """Neuen Schlüssel ausgeben; der alte gilt nicht mehr."""
    with services() as opened:
        with opened.database.write() as tx:
            token = rotate_token(tx, _system(opened), code)
        result({"code": code, "token": token} if as_json else token)


@stations.command("revoke")
def stations_revoke(code: str) -> None:
    """Schlüssel sofort sperren."""
    with services() as opened, opened.database.write() as tx:
        revoke_station(tx, _system(opened), code)


def settings_command(as_json: AsJson = False) -> None:
    """Alle Einstellungen mit Wert und Bedeutung."""
    current = read_settings()
    rows = [
        {"name": f"EAKTE_{name.upper()}", "value": _shown(getattr(current, name)), "description": field.description}
        for name, field in Settings.model_fields.items()
    ]
    result(rows if as_json else "\n".join("{name}={value}  # {description}".format_map(row) for row in rows))


def _shown(value: object) -> str:
    return "" if value is None else str(value)


def _one_time_password() -> tuple[str, str]:
    from organisation.passwords import hash_password, new_password

    password = new_password()
    return password, hash_password(password)


def _system(opened: Services) -> Actor:
    return system_actor(agency_id(opened))
