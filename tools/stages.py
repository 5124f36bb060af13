# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""Measure the stages of a request, for the header ``Server-Timing``."""

from __future__ import annotations

import time
from typing import Final

#: The stages of a request, in their order, with what happens in them.
STAGES: Final = {
    "route": "Odoo's session, registry and route",
    "auth": "access token, session and user",
    "policy": "connection, rate limit",
    "parse": "body and parameters",
    "work": "records",
    "response": "JSON and headers",
}


class Stages:
    """Measure how long each stage of a request takes.

    A request that Odoo runs again counts all of its runs.
    """

    def __init__(self, before: float = 0.0) -> None:
        """Begin to measure.

        :param before: seconds that the request has taken so far, for the stage ``route``
        """
        self._seconds = {"route": before}
        self._last = time.perf_counter()

    def mark(self, stage: str) -> None:
        """Count the time since the last mark as that of a stage."""
        now = time.perf_counter()
        self._seconds[stage] = self._seconds.get(stage, 0.0) + now - self._last
        self._last = now

    def header(self, sql_seconds: float, statements: int) -> str:
        """Return the value of ``Server-Timing`` (W3C Server Timing), in milliseconds.

        :return: ``total;dur=3.1, route;dur=0.6, auth;dur=0.4, …, sql;dur=0.9;desc="4"``; ``sql`` is a part of
            the other stages, and its description is the number of statements
        """
        spent = [("total", sum(self._seconds.values()))]
        spent += [(stage, self._seconds[stage]) for stage in STAGES if stage in self._seconds]
        entries = [f"{stage};dur={seconds * 1000:.1f}" for stage, seconds in spent]
        return ", ".join([*entries, f'sql;dur={sql_seconds * 1000:.1f};desc="{statements}"'])
