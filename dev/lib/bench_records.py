# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""What dev/bench asks of records, each request beside the one of Odoo's JSON-2 that does the same work."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import httpx

from . import database
from .scenario import Scenario
from .setup import Setup

PARTNERS = 10_000
#: The page of the cursor that is compared with the first one.
FAR = 400
#: How many records a load may delete; a fast machine deletes some hundred a second.
DOOMED_PER_SECOND = 1500

#: Every contact has a bank account. The newest thousand are companies with two contacts each, so that a page of
#: the newest has something below it on two levels.
SEED = f"""
env.cr.execute('''
    INSERT INTO res_partner (name, complete_name, email, active, type, autopost_bills, create_date, write_date)
    SELECT n, n, lower(replace(n, ' ', '')) || '@example.com', TRUE, 'contact', 'ask', now(), now()
      FROM (SELECT 'Bench ' || lpad(i::text, 5, '0') AS n FROM generate_series(1, {PARTNERS}) AS i) AS names
''')
env.cr.execute('''
    UPDATE res_partner AS child SET parent_id = parent.id
      FROM (SELECT id, row_number() OVER (ORDER BY id DESC) AS k FROM res_partner) AS parent,
           (SELECT id, row_number() OVER (ORDER BY id) AS k FROM res_partner WHERE name LIKE 'Bench %') AS young
     WHERE child.id = young.id AND young.k <= 2000 AND parent.k = (young.k + 1) / 2
''')
env.cr.execute("SELECT id FROM res_partner WHERE name LIKE 'Bench %'")
env["res.partner.bank"].with_context(tracking_disable=True).create([
    {{"acc_number": f"BE{{key}}", "partner_id": key}} for key, in env.cr.fetchall()
])
connections = env["connection.api"].with_context(active_test=False)
for name in ("res.partner", "res.partner.bank"):
    model = env["ir.model"]._get_id(name)
    found = connections.search([("model_id", "=", model)]) or connections.create({{"model_id": model}})
    found.write({{"active": True, "is_get": True, "is_post": True, "is_put": True, "is_delete": True}})
env.cr.commit()
env.cr.execute("ANALYZE res_partner; ANALYZE res_partner_bank")
env.cr.commit()
"""
RUN_AS = "UPDATE connection_api SET run_as = %s RETURNING id"
DOOM = """
    INSERT INTO res_partner (name, complete_name, active, type, autopost_bills, create_date, write_date)
    SELECT 'Doomed', 'Doomed', TRUE, 'contact', 'ask', now(), now() FROM generate_series(1, %s) RETURNING id
"""


def scenarios(
    setup: Setup, name: str, url: str, ours: dict[str, str], odoos: dict[str, str], seconds: int
) -> list[Scenario]:
    """Of database *name*, served at *url*; *ours* and *odoos* are the headers that log in."""
    return _Records(setup, name, url, ours, odoos, seconds).all()


class _Records:
    def __init__(
        self,
        setup: Setup,
        name: str,
        url: str,
        ours: dict[str, str],
        odoos: dict[str, str],
        seconds: int,
    ) -> None:
        self._setup, self._name, self._url = setup, name, url
        self._ours = {"Content-Type": "application/json", **ours}
        self._odoos, self._seconds = odoos, seconds
        query = "SELECT id FROM res_partner WHERE name LIKE 'Bench %%' ORDER BY id"
        self._ids = [row[0] for row in database.rows(setup, name, query)]

    def all(self) -> list[Scenario]:
        return [*self._lists(), *self._expansions(), *self._cursors(), *self._writes()]

    # --- reading ---------------------------------------------------------------------------

    def _lists(self) -> list[Scenario]:
        read: dict[str, Any] = {"domain": [], "fields": ["name", "email"], "order": "id desc"}
        web: dict[str, Any] = {
            "domain": [],
            "specification": {"name": {}, "email": {}},
            "order": "id desc",
        }
        one = self._ids[len(self._ids) // 2]
        return [
            self._odoo("search_read 20", "search_read", limit=20, **read),
            self._get("list 20, count=none", "search_read 20", limit=20, count="none"),
            self._get(
                "list 20, a page not full", "search_read 20", limit=20, domain='[["id","<",16]]'
            ),
            self._odoo("web_search_read 20", "web_search_read", limit=20, **web),
            self._get("list 20 (total)", "web_search_read 20", limit=20),
            self._get("list 20 (estimated)", "web_search_read 20", limit=20, count="estimated"),
            self._odoo("search_read 500", "search_read", limit=500, **read),
            self._get("list 500, count=none", "search_read 500", limit=500, count="none"),
            self._odoo("web_search_read 500", "web_search_read", limit=500, **web),
            self._get("list 500 (total)", "web_search_read 500", limit=500),
            self._odoo("read one", "read", ids=[one], fields=["name", "email"]),
            self._get(
                "one record", "read one", path=f"/api/v1/res.partner/{one}?fields=name,email"
            ),
            self._unchanged(one),
        ]

    def _expansions(self) -> list[Scenario]:
        account: dict[str, Any] = {"fields": {"acc_number": {}}}
        one_level = {"name": {}, "email": {}, "bank_ids": account}
        below = {"fields": {"name": {}, "bank_ids": account}}
        two_levels = {"name": {}, "email": {}, "child_ids": below, "bank_ids": account}
        nested = {"fields": ["name"], "expand": {"bank_ids": ["acc_number"]}}
        found = []
        for size, specification, expand in (
            (80, one_level, {"bank_ids": ["acc_number"]}),
            (500, two_levels, {"child_ids": nested, "bank_ids": ["acc_number"]}),
        ):
            levels = "two levels" if size == 500 else "accounts"
            web: dict[str, Any] = {
                "domain": [],
                "specification": specification,
                "order": "id desc",
                "limit": size,
            }
            # the web client asks for names in the same context: archived records are left out by both
            title = f"web_search_read {size}, {levels}"
            found += [
                self._odoo(title, "web_search_read", **web),
                self._get(f"list {size}, {levels}", title, limit=size, expand=json.dumps(expand)),
            ]
        return found

    def _cursors(self) -> list[Scenario]:
        far: dict[str, Any] = {
            "domain": [],
            "fields": ["name", "email"],
            "order": "id desc",
            "limit": 20,
        }
        cursor = ""
        with httpx.Client(base_url=self._url, headers=self._ours, timeout=60) as client:
            for _page in range(FAR - 1):
                answer = client.get(self._path(limit=20, count="none", cursor=cursor)).json()
                cursor = answer["next_cursor"]
        first = "GET cursor, page 1"
        return [
            self._get("cursor, page 1", "search_read 20", limit=20, count="none", cursor=""),
            self._get(f"cursor, page {FAR}", first, limit=20, count="none", cursor=cursor),
            self._odoo(f"search_read 20, page {FAR}", "search_read", offset=20 * (FAR - 1), **far),
            self._get(
                f"offset, page {FAR}",
                f"search_read 20, page {FAR}",
                limit=20,
                count="none",
                offset=FAR,
            ),
        ]

    # --- writing ---------------------------------------------------------------------------

    def _writes(self) -> list[Scenario]:
        new = {"name": "New {m}", "email": "new{m}@example.com"}
        many = [new] * 100
        changed = {"email": "changed{m}@example.com"}
        numbers = range(1, 10**9)
        records = self._ids[:2000]
        update = lambda: range(records[0], records[-1] + 1)  # noqa: E731
        path = "/api/v1/res.partner"
        return [
            self._odoo("create", "create", prepare=lambda: numbers, vals_list=[new]),
            self._ask("POST", "create", path, "create", {"values": new}, lambda: numbers),
            self._odoo("create 100", "create", prepare=lambda: numbers, vals_list=many),
            self._ask("POST", "create 100", path, "create 100", {"values": many}, lambda: numbers),
            self._odoo("write", "write", prepare=update, ids=["{n}"], vals=changed),
            self._ask("PUT", "update", f"{path}/{{n}}", "write", {"values": changed}, update),
            self._odoo("unlink", "unlink", prepare=self._doomed, ids=["{n}"]),
            self._ask("DELETE", "delete", f"{path}/{{n}}", "unlink", None, self._doomed),
        ]

    def _doomed(self) -> range:
        rows = database.rows(self._setup, self._name, DOOM, [DOOMED_PER_SECOND * self._seconds])
        return range(rows[0][0], rows[-1][0] + 1)

    def _unchanged(self, record_id: int) -> Scenario:
        """Return the request for a record that the client already has, compared with a route that does nothing."""
        path = f"/api/v1/res.partner/{record_id}?fields=name,email"
        with httpx.Client(base_url=self._url, headers=self._ours, timeout=60) as client:
            tag = client.get(path).headers["ETag"]
        return Scenario(
            "GET one record, 304",
            path,
            headers={**self._ours, "If-None-Match": tag},
            base="auth=none, nothing",
            status=304,
        )

    # --- requests --------------------------------------------------------------------------

    def _path(self, **params: object) -> str:
        given = {"model": "res.partner", "fields": '["name","email"]', **params}
        return "/api/send_request?" + urlencode(given)

    def _get(self, name: str, base: str, *, path: str = "", **params: object) -> Scenario:
        path = path or self._path(**params)
        base = base if base.startswith("GET ") else f"JSON-2 {base}"
        return Scenario(f"GET {name}", path, headers=self._ours, base=base)

    def _ask(
        self,
        method: str,
        name: str,
        path: str,
        base: str,
        body: dict[str, Any] | None,
        prepare: Callable[[], range],
    ) -> Scenario:
        text = json.dumps(body) if body else ""
        return Scenario(
            f"{method} {name}", path, method, self._ours, text, f"JSON-2 {base}", prepare=prepare
        )

    def _odoo(
        self, name: str, method: str, *, prepare: Callable[[], range] | None = None, **body: object
    ) -> Scenario:
        # ids are numbers, which the placeholder is not yet
        text = json.dumps(body).replace('["{n}"]', "[{n}]")
        path = f"/json/2/res.partner/{method}"
        return Scenario(f"JSON-2 {name}", path, "POST", self._odoos, text, prepare=prepare)
