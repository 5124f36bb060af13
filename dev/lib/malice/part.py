# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""dev/test soak malice: 100,000 generated texts and requests; none may be a failure of the server."""

from __future__ import annotations

import functools
from collections.abc import Sequence

from .. import addon, changes, database, measured
from ..bootstrap import Stop, say
from ..client import Device
from ..fixtures import CHECKS
from ..pytests import fresh_log, pytest
from ..report import Result
from ..server import serving
from ..setup import Setup

#: The number of requests. Each of about 60 parsers also gets 1,400 texts (the profile `soak` of `dev/unit`).
REQUESTS = 15_000
PARTS = ("parsers", "growth", "requests", "costs")


def soak(setup: Setup, words: Sequence[str]) -> Result:
    """Run all parts or one of them; after `requests` may stand another number of requests."""
    if words and words[0] not in PARTS:
        raise Stop(
            f"There is no part {words[0]!r}: dev/test soak malice [{' | '.join(PARTS)}] [number]"
        )
    result, rows = Result(), []
    chosen = words[:1] or PARTS
    number = int(words[1]) if len(words) > 1 else REQUESTS
    for name, what, run in (
        ("parsers", "texts and values for the functions that parse them", _parsers),
        ("growth", "functions with texts of 64 KB and 128 KB", _growth),
        ("requests", "requests in sequences", functools.partial(_requests, number=number)),
    ):
        if name in chosen:
            found, cases = run(setup)
            result.add(found)
            rows.append((what, cases, found.failed))
    if "costs" in chosen:
        from . import costs

        result.add(costs.run(setup))
    if not words:
        text = measured.conditions(setup, "dev/test soak malice")
        table = measured.table(("what", "cases", "failures"), rows)
        measured.write(measured.RELIABILITY, "malice", f"{text}\n\n{table}")
    return result


def _parsers(setup: Setup) -> tuple[Result, int]:
    """Give each parser 1,400 generated texts or values."""
    path = fresh_log(setup, "malice-cases")
    options = ["-k", "test_parsers", "--hypothesis-profile=soak", "--timeout=3600"]
    result = pytest(setup, "unit", options, label="malice", env={measured.RECORD: str(path)})
    return result, sum(each["cases"] for each in measured.recorded(path))


def _growth(setup: Setup) -> tuple[Result, int]:
    """Give each parser texts of 64 KB: none takes long, and twice the text takes at most about twice as long."""
    addon.importable()
    from . import parsers

    result, tried = Result(), set()
    for name, parser in parsers.PARSERS.items():
        if parser.call not in tried:
            tried.add(parser.call)
            result.check("\n".join(parsers.slow(name)))
    return result, len(tried)


def _requests(setup: Setup, number: int) -> tuple[Result, int]:
    """Send generated requests, half of them as an administrator and half as a portal user."""
    from . import requests

    result, sent = Result(), 0
    name = setup.database("test_malice")
    path = fresh_log(setup, "malice-server")
    database.make_demo(setup, name, path.with_name("malice-install.log"))
    script = (
        "env['ir.config_parameter'].set_param('base.login_cooldown_after', '0')\nenv.cr.commit()"
    )
    database.shell(setup, name, path.with_name("malice-shell.log"), script)
    with (
        serving(setup, name, path, workers=2, options=CHECKS) as server,
        changes.watching(setup, name) as watched,
    ):
        for login in ("admin", "portal"):
            device = Device(server.url)
            answer = device.login(login, login)
            if answer.status_code != 200:
                raise Stop(f"{login} cannot log in: {answer.text}")
            judge = requests.run(device, (login, login), watched, number // 2, seed=len(login))
            statuses = ", ".join(f"{key}: {judge.statuses[key]}" for key in sorted(judge.statuses))
            say(f"… {login}: {judge.sent} requests ({statuses})")
            sent += judge.sent
            result.passed += judge.sent - len(judge.findings)
            for what, example in judge.findings.items():
                result.check(f"{what}\n{example}")
    text = path.read_text(errors="replace")
    result.check("the server's log holds a traceback" if "Traceback (most recent" in text else "")
    result.notes.append(f"log: {path}")
    database.drop(setup, name)
    return result, sent
