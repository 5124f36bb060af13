# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""What dev/bench sends, and what it has measured of it."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass
class Scenario:
    """One request, sent again and again. ``base`` names the scenario that it is compared with.

    ``{n}`` in path and body stands for a number that no other request has at the same time: they come from
    ``prepare``, which is asked before each load. ``{m}`` is another one in every request there ever is.
    """

    name: str
    path: str
    method: str = "GET"
    headers: dict[str, str] = field(default_factory=dict)
    body: str = ""
    base: str = ""
    #: The status of the response; None for any success.
    status: int | None = None
    prepare: Callable[[], range] | None = None
    #: Called before each load.
    before: Callable[[], object] | None = None
    rates: list[float] = field(default_factory=list)
    p50s: list[float] = field(default_factory=list)
    cpus: list[float] = field(default_factory=list)
    queries: int = 0

    @property
    def rate(self) -> float:
        return statistics.median(self.rates)

    @property
    def p50(self) -> float:
        return statistics.median(self.p50s)

    @property
    def cpu(self) -> float:
        """Milliseconds of a worker's processor for one request; what else the machine does changes little of it."""
        return statistics.median(self.cpus)

    def numbers(self) -> range:
        return self.prepare() if self.prepare else range(1)
