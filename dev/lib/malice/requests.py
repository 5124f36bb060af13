# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""Generated requests (schemathesis): sequences of calls that use what earlier responses contained.

Every response is JSON or what the document promises, has a status that the document declares, and tells nothing of the
server. A request that is refused changes no row.
"""

from __future__ import annotations

import contextlib
import random
import time
from collections import Counter
from typing import Any

import hypothesis
import schemathesis
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from ..changes import Changes
from ..client import LEAKS, Device

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
#: Each request hashes a password, which is slow, and is what limits logins; unit and live tests send bad ones.
LEFT_OUT = "^/api/login$"
#: Headers of which most values are refused.
ENDING = ("x-odoo-company", "x-odoo-database", "if-match")
#: Calls in one sequence.
STEPS = 12


class Judge:
    """Counts the responses, and keeps one example of each thing that is wrong."""

    def __init__(self, changes: Changes) -> None:
        self.changes = changes
        self.statuses: Counter[int] = Counter()
        self.findings: dict[str, str] = {}

    @property
    def sent(self) -> int:
        return self.statuses.total()

    def before(self) -> None:
        self.changes.take()

    def judge(self, response: Any, case: Any) -> None:
        """Judge one response of a generated case."""
        self.statuses[response.status_code] += 1
        label = case.operation.label
        kind = response.headers.get("content-type", [""])[0]
        body = response.content.decode("utf-8", "replace")
        if response.status_code >= 400:
            if written := self.changes.take():
                self._found(f"{label}: {response.status_code} changed {sorted(written)}", case)
            sent = case.as_curl_command()
            if any(found[0] not in sent for found in LEAKS.finditer(body)):
                self._found(f"{label}: {response.status_code} tells of the server", case, body)
            if "html" in kind or body.lstrip().startswith("<"):
                self._found(f"{label}: {response.status_code} is HTML", case, body)
        try:
            case.validate_response(response, checks=CHECKS)
        except Exception as exc:  # noqa: BLE001 - schemathesis raises groups of failures
            for failure in getattr(exc, "exceptions", [exc]):
                title = getattr(failure, "title", type(failure).__name__)
                self._found(f"{label}: {response.status_code} {title}", case, str(failure))

    def _found(self, what: str, case: Any, more: str = "") -> None:
        self.findings.setdefault(what, f"{case.as_curl_command()[:600]}\n{more[:600]}")


def run(device: Device, login: tuple[str, str], changes: Changes, wanted: int, seed: int) -> Judge:
    """Send about so many requests in sequences, as the user of a device, who logs in again when logged out."""
    answer = device.call("GET", "/api/openapi.json")
    assert answer.status_code == 200, answer.text
    schema = schemathesis.openapi.from_dict(answer.json())
    schema.config.update(base_url=device.url)
    chosen = schema.exclude(path_regex=LEFT_OUT)
    judge = Judge(changes)
    draw = random.Random(seed)
    end = time.monotonic() + wanted  # a request takes far less than a second

    # the base class is made for the document, at run time
    class Machine(chosen.as_state_machine()):  # type: ignore[misc]
        def get_call_kwargs(self, case: Any) -> dict[str, Any]:
            return {
                "headers": {"Authorization": f"Bearer {device.access}", "X-Client-Type": "app"},
                "timeout": 60,
            }

        def before_call(self, case: Any) -> None:
            for name in list(case.headers or ()):
                # most values of these end a request before anything else is looked at
                if name.lower() in ENDING and draw.random() < 0.9:
                    del case.headers[name]
            judge.before()

        def validate_response(self, response: Any, case: Any, *args: Any, **kwargs: Any) -> None:
            judge.judge(response, case)
            if response.status_code == 401 and device.call("GET", "/api/me").status_code == 401:
                device.login(*login)

    checks = list(hypothesis.HealthCheck)
    while judge.sent < wanted and time.monotonic() < end:
        examples = max(1, min(200, (wanted - judge.sent) // STEPS))
        settings = hypothesis.settings(
            max_examples=examples,
            stateful_step_count=STEPS,
            deadline=None,
            database=None,
            suppress_health_check=checks,
            phases=[hypothesis.Phase.generate],
        )
        with_seed = hypothesis.seed(seed)(Machine)
        # the server responded differently to the same sequence: go on with other sequences
        with contextlib.suppress(hypothesis.errors.Flaky):
            with_seed.run(settings=settings)
        seed += 1
    return judge
