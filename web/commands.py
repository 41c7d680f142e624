"""The frame around every command of the pages: posted fields, done once, one transaction, the answer.

Fields of every form: `version` of the object as shown, `kennung` (the same one again gets the first answer), `csrf`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Form, Response

from api.csrf import require_csrf
from core.database import Transaction
from core.errors import InvalidInput
from inbox import repository
from inbox.acts import ItemRef
from inbox.errors import ItemChanged
from inbox.models import UndoableAct
from web.mapping_acts import overtaken
from web.once import Answers
from web.pages import Visit

ANSWERS = Answers()
KEY_LENGTH = 100
_DAY = re.compile(r"(\d{1,2})\.\s*(\d{1,2})\.\s*((?:19|20|21)\d{2})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Posted:
    """What every command form carries."""

    version: int
    key: str


def posted(
    version: Annotated[int, Form(ge=1)], kennung: Annotated[str, Form(min_length=1, max_length=KEY_LENGTH)]
) -> Posted:
    """The fields of every command form, as a dependency."""
    return Posted(version, kennung)


Command = Annotated[Posted, Depends(posted)]
CSRF = [Depends(require_csrf)]
Text = Annotated[str, Form(max_length=20_000)]
Short = Annotated[str, Form(max_length=200)]


def once(who: Visit, command: Posted, act: Callable[[], Response]) -> Response:
    """Run a command once per session, address and key."""
    return ANSWERS.once((who.who.session.id, who.request.url.path, f"{who.htmx}:{command.key}"), act)


def on_item(
    who: Visit, command: Posted, item_id: UUID, onward: str, act: Callable[[Transaction, ItemRef], Any]
) -> UndoableAct | None:
    """One act on an inbox item in one transaction; returns what can be taken back. Raises Overtaken when stale."""
    try:
        with who.ctx.database.write() as tx:
            act(tx, ItemRef(item_id, command.version))
            tx.session.flush()
            done = None
            if who.actor.user_id is not None:
                done = repository.act_on(tx.session, who.actor.user_id, item_id, command.version + 1)
    except ItemChanged:
        with who.ctx.database.read() as session:
            raise overtaken(session, who.actor, item_id, who.today, onward, who.texts) from None
    return done


def parse_day(text: str) -> date:
    """24.11.2026 as a date of our times. Raises InvalidInput for anything else: "24.11.26" would be the year 26."""
    found = _DAY.fullmatch(text.strip())
    if found is not None:
        with suppress(ValueError):
            return date(int(found[3]), int(found[2]), int(found[1]))
    raise InvalidInput("Schreiben Sie das Datum so: 24.11.2026.", "not a date")
