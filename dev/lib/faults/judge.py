# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""Check what must be true after a fault, in the responses, in the database and in the files."""

from __future__ import annotations

import hashlib
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from .. import load
from .stage import Stage
from .work import LINES, App

#: A problem → a query for the rows that have it.
UNSOUND = {
    "an idempotency key stays in progress": """
        SELECT key FROM connection_api_idempotency WHERE answer IS NULL""",
    "a refresh token has no session": """
        SELECT id FROM jwt_refresh_token t
         WHERE NOT EXISTS (SELECT FROM jwt_session s WHERE s.id = t.session_id)""",
    "a session has no user": """
        SELECT id FROM jwt_session s WHERE NOT EXISTS (SELECT FROM res_users u WHERE u.id = s.user_id)""",
    "an active session does not have exactly one unused refresh token": """
        SELECT s.id FROM jwt_session s LEFT JOIN jwt_refresh_token t
                                              ON t.session_id = s.id AND t.consumed_at IS NULL
         WHERE s.revoked_at IS NULL AND s.client_type != 'console' GROUP BY s.id HAVING count(t.id) != 1""",
    "a session and its device do not agree": """
        SELECT s.id FROM jwt_session s LEFT JOIN res_device_log d ON d.session_identifier = s.sid
         GROUP BY s.id HAVING coalesce(bool_or(NOT d.revoked), false) != (s.revoked_at IS NULL)""",
    "a file has no record": """
        SELECT id FROM ir_attachment a WHERE a.res_model = 'res.partner' AND a.res_id IS NOT NULL
           AND NOT EXISTS (SELECT FROM res_partner p WHERE p.id = a.res_id)""",
    "a line has no order": "SELECT id FROM sale_order_line WHERE order_id IS NULL",
    "a session has several events of its login": """
        SELECT session_id FROM jwt_security_event WHERE event = 'login'
         GROUP BY session_id HAVING count(*) > 1""",
}

#: Table → a query for the ids and names of the records that a client created.
NAMES = {
    "res_partner": "SELECT id, name FROM res_partner WHERE name LIKE %s AND parent_id IS NULL",
    "sale_order": "SELECT id, client_order_ref FROM sale_order WHERE client_order_ref LIKE %s",
}
#: Records → a query for those that do not have all their parts.
INCOMPLETE = {
    "contacts with addresses": """
        SELECT p.id FROM res_partner p LEFT JOIN res_partner c ON c.parent_id = p.id
         WHERE p.name LIKE %s AND position(' one ' in p.name) > 0 AND p.parent_id IS NULL
         GROUP BY p.id HAVING count(c.id) != %s""",
    "orders": """
        SELECT o.id FROM sale_order o LEFT JOIN sale_order_line l ON l.order_id = o.id
         WHERE o.client_order_ref LIKE %s GROUP BY o.id HAVING count(l.id) != %s""",
}


@dataclass
class Verdict:
    """Count what was found; *wrong* is empty if nothing was lost or doubled."""

    requests: int = 0
    failed: int = 0
    acknowledged: int = 0
    lost: int = 0
    doubled: int = 0
    ended: int = 0
    statuses: dict[str, int] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)

    def add(self, other: Verdict) -> None:
        for name in ("requests", "failed", "acknowledged", "lost", "doubled", "ended"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for status, number in other.statuses.items():
            self.statuses[status] = self.statuses.get(status, 0) + number
        self.wrong += other.wrong


async def judge(
    stage: Stage, apps: Sequence[App], meter: load.Meter, statuses: Sequence[int]
) -> Verdict:
    """Compare the responses that clients received with the database and the files.

    :param statuses: the statuses that the fault allows, besides 503, and 502 for a lost commit
    """
    failures = meter.failures()
    verdict = Verdict(len(meter.attempts), len(failures))
    for failure in failures:
        name = f"{failure.status} {failure.error}"
        verdict.statuses[name] = verdict.statuses.get(name, 0) + 1
        is_allowed = failure.status in (0, 503, *statuses) or failure.error == "outcome_unknown"
        if failure.status == 503:
            is_allowed = failure.error == "unavailable" and bool(failure.retry_after)
        if not is_allowed:
            verdict.wrong.append(f"{failure.operation}: {failure.path} {name}")
    verdict.wrong += meter.leaks
    own = []
    for app in apps:
        verdict.ended += app.thrown_out
        verdict.wrong += app.refused
        try:
            verdict.wrong += await app.check()
            own.append(await app.session())
        except Exception as exc:  # noqa: BLE001 - reported as what a client gets
            verdict.wrong.append(f"afterwards: {type(exc).__name__} {exc}")
    _records(stage, apps, verdict)
    _sessions(stage, own, apps, verdict)
    _files(stage, apps, verdict)
    for what, query in UNSOUND.items():
        if rows := stage.sql(query):
            verdict.wrong.append(f"{what}: {rows[:5]}")
    _connections(stage, verdict)
    return verdict


def _records(stage: Stage, apps: Sequence[App], verdict: Verdict) -> None:
    """Check that each record whose creation was acknowledged exists once and is complete, and no other one."""
    expected: dict[tuple[str, int], str] = {}
    found: dict[tuple[str, int], str] = {}
    for app in apps:
        expected |= _acknowledged(app)
        for table, query in NAMES.items():
            rows = stage.sql(query, [f"{app.prefix} %"])
            found |= {(table, id_): name for id_, name in rows}
        for what, query in INCOMPLETE.items():
            if rows := stage.sql(query, [f"{app.prefix} %", LINES]):
                verdict.wrong.append(f"{what} are incomplete: {rows}")
    names = Counter(found.values())
    lost = {key: name for key, name in expected.items() if found.get(key) != name}
    doubled = {name for name, number in names.items() if number > 1}
    unknown = names.keys() - set(expected.values())
    verdict.acknowledged, verdict.lost, verdict.doubled = len(expected), len(lost), len(doubled)
    for what, values in (("lost", lost), ("doubled", doubled), ("not acknowledged", unknown)):
        if values:
            verdict.wrong.append(f"{what}: {values}")


def _acknowledged(app: App) -> dict[tuple[str, int], str]:
    """Return the names of the records that a client knows of."""
    bulks = {
        id_: f"{name}/{number}" for name, ids in app.bulks.items() for number, id_ in enumerate(ids)
    }
    ones = {id_: name for name, id_ in app.ones.items()}
    return {
        **{("res_partner", id_): name for id_, name in (ones | bulks).items()},
        **{("sale_order", id_): name for name, id_ in app.orders.items()},
    }


def _sessions(stage: Stage, own: Sequence[str], apps: Sequence[App], verdict: Verdict) -> None:
    """Check that sessions which were ended have ended, and that those in use are active."""
    alive = {sid for (sid,) in stage.sql("SELECT sid FROM jwt_session WHERE revoked_at IS NULL")}
    for app in apps:
        if back := alive & app.ended.keys():
            verdict.wrong.append(f"ended sessions are active: {back}")
    if missing := set(own) - alive:
        verdict.wrong.append(f"sessions in use are not active: {missing}")


def _files(stage: Stage, apps: Sequence[App], verdict: Verdict) -> None:
    """Check that each stored file is complete, and that each file on the disk is used or known to Odoo."""
    for app in apps:
        for owner, content in app.files.items():
            query = (
                "SELECT checksum, store_fname FROM ir_attachment WHERE res_model = 'res.partner'"
                " AND res_field = 'image_1920' AND res_id = %s"
            )
            rows = stage.sql(query, [owner])
            if [row[0] for row in rows] != [hashlib.sha1(content).hexdigest()]:
                verdict.wrong.append(f"contact {owner} has the files {rows}")
    used = dict(
        stage.sql(
            "SELECT store_fname, max(checksum) FROM ir_attachment WHERE res_model = 'res.partner'"
            " AND store_fname IS NOT NULL AND create_date > now() AT TIME ZONE 'utc' - interval '2 days'"
            " GROUP BY 1"
        )
    )
    listed = {f"{path.parent.name}/{path.name}" for path in stage.filestore.glob("checklist/*/*")}
    stored = {f"{p.parent.name}/{p.name}": p for p in stage.filestore.glob("[0-9a-f][0-9a-f]/*")}
    for name, path in stored.items():
        if name in used and hashlib.sha1(path.read_bytes()).hexdigest() != used[name]:
            verdict.wrong.append(f"the file {name} is incomplete")
        if name not in used and name not in listed:
            verdict.wrong.append(
                f"the file {name} is neither used nor known to the garbage collection"
            )


def _connections(stage: Stage, verdict: Verdict) -> None:
    """Check that no transaction stays open."""
    query = (
        "SELECT application_name, state, query FROM pg_stat_activity WHERE datname = %s"
        " AND pid != pg_backend_pid() AND (state LIKE 'idle in transaction%%' OR state = 'active')"
    )
    for _time in range(50):
        rows = stage.sql(query, [stage.db])
        if not rows:
            return
        time.sleep(0.1)
    verdict.wrong.append(f"transactions are open: {rows}")
