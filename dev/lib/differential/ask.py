# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""One question to either side, in a transaction of its own that is rolled back, and what came of it."""

from __future__ import annotations

import json
import logging
import re
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from psycopg2 import IntegrityError
from werkzeug.exceptions import HTTPException

from odoo.api import Environment
from odoo.exceptions import UserError, ValidationError
from odoo.models import BaseModel

from . import engine, rpc
from .world import Caller

#: Who answers, for the log.
OURS, THEIRS = "ours", "Odoo's"


@dataclass(frozen=True)
class Answer:
    """A value, or why there is none."""

    value: Any = None
    #: Of a refusal the status that a client of the API gets; 0 for an answer.
    status: int = 0
    error: str = ""
    #: Raised by Odoo's code, and no refusal: an RPC client gets a server error.
    odd: bool = False

    @property
    def given(self) -> bool:
        return not self.status


class Log(logging.Handler):
    """Collects what code logs as an error, or with a traceback, instead of raising it."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.side = ""
        self.entries: dict[tuple[str, str], int] = {}

    def emit(self, record: logging.LogRecord) -> None:
        if record.name in {*engine.TOLD, "odoo.sql_db"}:
            return  # the answer says so as well
        if record.levelno >= logging.ERROR or record.exc_info:
            words = re.sub(r"[0-9]+|'.*?'|\".*?\"", "…", record.getMessage())
            key = (self.side, f"{record.name}: {words[:60]}")
            self.entries[key] = self.entries.get(key, 0) + 1

    @contextmanager
    def of(self, side: str) -> Iterator[None]:
        self.side = side
        try:
            yield
        finally:
            self.side = ""

    def taken(self, side: str) -> list[str]:
        """Return what one side has logged since the last time."""
        found = [text for (whose, text) in self.entries if whose == side]
        self.entries = {key: count for key, count in self.entries.items() if key[0] != side}
        return found


@dataclass
class Asking:
    """Asks both sides for one caller."""

    registry: Any
    cr: Any
    caller: Caller
    log: Log
    #: Of so many questions to the addon, one goes over HTTP, too, where there is a wire.
    every: int = 25
    asked: int = 0
    #: Model, parameters, what this process answered, the status and body of HTTP, and what the process answers then.
    on_wire: list[tuple[str, dict[str, str], Answer, int, Any, Answer]] = field(
        default_factory=list
    )
    wire: Any = None

    def theirs(self, call: Callable[[Any], Any], *, all_records: bool = False) -> Answer:
        """Ask Odoo, as the caller; for all records where the caller's connections lift the rules."""
        su = all_records and self.caller.lifted
        with self._transaction(THEIRS):
            env = Environment(self.cr, self.caller.uid, self.caller.context, su)
            env.transaction.default_env = env
            try:
                return Answer(_retried(call, env))
            except (UserError, HTTPException) as error:
                return Answer(None, engine.refusal(error)[0], _named(error))
            except Exception as error:  # noqa: BLE001 - code of 700 models: what it raises is looked at
                return Answer(None, 500, _named(error), odd=True)

    def rpc(self, model_name: str, method: str, *args: Any, **kwargs: Any) -> Answer:
        """Ask Odoo's RPC as the caller, nothing lifted."""
        return self.theirs(lambda env: rpc.call(env, model_name, method, *args, **kwargs))

    def rpc_all(self, model_name: str, method: str, *args: Any, **kwargs: Any) -> Answer:
        """Ask Odoo's RPC for the records that the caller's connections show.

        Models with a search of their own in Python keep to what it says, such as messages and activities.
        Nobody is lifted in a wizard.
        """
        model = self.registry[model_name]
        plain = model._search is BaseModel._search and not model._transient
        return self.theirs(
            lambda env: rpc.call(env, model_name, method, *args, **kwargs), all_records=plain
        )

    def ours(self, call: Callable[[Any], Any]) -> Answer:
        """Ask the addon's engine."""
        self.asked += 1
        with self._transaction(OURS):
            env = Environment(self.cr, self.caller.uid, self.caller.context)
            env.transaction.default_env = env
            try:
                return Answer(_retried(call, env))
            except Exception as error:  # noqa: BLE001 - of any kind: a client gets an answer for each
                status, code, text = engine.refusal(error)
                if status >= 500:
                    return Answer(None, status, f"{code}: {_named(error)} at {_place(error)}")
                return Answer(None, status, f"{code}: {text}")

    def get(self, model_name: str, params: Mapping[str, Any]) -> Answer:
        """Ask the addon for records; now and then over HTTP, too."""
        texts = as_texts(params)
        answer = self.ours(lambda env: engine.get(env, model_name, texts))
        if self.wire and self.asked % self.every == 0:
            self._send(model_name, texts, answer)
        return answer

    def _send(self, model_name: str, texts: dict[str, str], answer: Answer) -> None:
        with self.log.of(OURS if answer.status < 500 else THEIRS):
            status, body = self.wire.get(model_name, texts)
        later = answer
        if answer.given and answer.value.get("data") != body.get("data"):
            later = self.ours(lambda env: engine.get(env, model_name, texts))
        self.on_wire.append((model_name, texts, answer, status, body, later))

    @contextmanager
    def _transaction(self, side: str) -> Iterator[None]:
        """Begin with empty caches, as a request does, and leave nothing."""
        self.fresh()
        with self.log.of(side):
            try:
                yield
            finally:
                self.fresh()

    def fresh(self) -> None:
        self.cr.rollback()
        self.registry.reset_changes()
        self.cr.transaction = None


def as_texts(params: Mapping[str, Any]) -> dict[str, str]:
    """Return parameters as a query string carries them."""
    return {
        name: each if isinstance(each, str) else json.dumps(each) for name, each in params.items()
    }


def _retried(call: Callable[[Any], Any], env: Any) -> Any:
    """Raise what Odoo makes of a database's refusal (`retrying` in `odoo/service/model.py`), which commits as well."""
    try:
        return call(env)
    except IntegrityError as error:
        env.cr.rollback()
        table = error.diag.table_name
        names = [name for name, model in env.registry.items() if model._table == table]
        text = env[names[0] if names else "base"]._sql_error_to_message(error)
        raise ValidationError(f"The operation cannot be completed: {text}") from error


def _named(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"[:200]


def _place(error: BaseException) -> str:
    """Return the innermost place of the addon in a traceback, and the innermost of all."""
    frames = traceback.extract_tb(error.__traceback__)
    found = [frame for frame in frames if "/jwt_auth_api/" in frame.filename][-1:]
    found += frames[-1:] if frames and frames[-1:] != found else []
    return " < ".join(
        f"{frame.filename.rpartition('/')[2]}:{frame.name}" for frame in reversed(found)
    )
