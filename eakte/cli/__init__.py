"""The command `eakte`: every command of INTERFACES, registered in one place.

Heavy rooms (engine, drawing, server, index) are imported inside the commands that need them, so that a light command
like `eakte users list` answers at once; tests/eakte/test_start_up.py holds that.
"""

from __future__ import annotations

import sys

import typer

from eakte.cli import backup, granting, mail, operation, records, retention, setup, upgrade
from eakte.cli.audit import audit
from eakte.cli.dev import dev

app = typer.Typer(
    name="eakte", help="E-Akte: Post annehmen, ablegen, finden, aufbewahren.", no_args_is_help=True,
    pretty_exceptions_enable=False, add_completion=False,
)  # fmt: skip
app.add_typer(setup.db, name="db")
app.add_typer(setup.demo, name="demo")
app.add_typer(setup.units, name="units")
app.add_typer(setup.users, name="users")
app.add_typer(setup.absence, name="absence")
app.add_typer(setup.stations, name="stations")
app.add_typer(granting.cases, name="cases")
app.add_typer(records.documents, name="documents")
app.add_typer(mail.ledger, name="ledger")
app.add_typer(mail.inbox, name="inbox")
app.add_typer(mail.quarantined, name="quarantine")
app.add_typer(audit, name="audit")
app.add_typer(retention.retention, name="retention")
app.add_typer(retention.export, name="export")
app.add_typer(operation.bench, name="bench")
app.add_typer(backup.backup, name="backup")
app.add_typer(dev, name="dev")
app.command("init")(setup.init)
app.command("settings")(setup.settings_command)
app.command("ingest")(mail.ingest)
app.command("reprocess")(mail.reprocess)
app.command("search")(records.search)
app.command("doctor")(operation.doctor)
app.command("check")(operation.check)
app.command("serve")(operation.serve)
app.command("worker")(operation.worker)
app.command("run")(operation.run)
app.command("rebuild-index")(operation.rebuild)
app.command("restore")(backup.restore_command)
app.command("upgrade")(upgrade.upgrade_command)
app.command("sheets")(operation.sheets)


def with_wait_value(arguments: list[str]) -> list[str]:
    """`--wait [SECONDS]`: without a number it waits as long as it takes (0). Click knows no optional values."""
    done: list[str] = []
    for index, argument in enumerate(arguments):
        done.append(argument)
        following = arguments[index + 1] if index + 1 < len(arguments) else ""
        if argument == "--wait" and not following.replace(".", "", 1).isdigit():
            done.append("0")
    return done


def main() -> None:
    """Entry point of the command line."""
    app(args=with_wait_value(sys.argv[1:]))
