"""Virtual users who do what apps do, at the same time; `dev/test soak load` is the long form."""

import asyncio

from lib import load, soak_load

USERS, SECONDS = 10, 6


def test_users_at_once_get_no_error(server):
    """A mix of operations, without a failure that was not meant."""
    seed = {"password": soak_load.PASSWORD, "accounts": 2, "prefix": "virtual"}
    server.odoo(soak_load.SEED.format(**seed))
    meter = load.Meter()
    users = [soak_load.User(server.url, meter, n, pause=(0.05, 0.2)) for n in range(USERS)]
    asyncio.run(soak_load.work(users, meter, None, SECONDS))
    assert soak_load.judge(users, meter).problems == []
    done = {each.operation for each in meter.attempts}
    assert {"log in", "log out"} < done
    assert len(meter.attempts) > 2 * USERS  # more than that: a busy machine is slow
