# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.

import re
from datetime import timedelta

from odoo import fields
from odoo.tests import tagged

from . import own_tables, statements
from .common import ApiCase
from .test_request_log import real_commits

#: Records on a page of a cursor.
LIMIT = 200
_PAGE = re.compile(r'FROM "res_partner".*\bLIMIT\b', re.DOTALL)


@tagged("post_install", "-at_install")
class TestIndexes(ApiCase):
    """Every statement that requests and purges run on growing tables finds its rows by an index.

    The statements are those of the requests of this test and of all tests before it. PostgreSQL returns their plans
    for tables of some thousand rows.
    """

    #: After all other tests of the process, whose statements are judged too.
    test_sequence = 1000

    def test_statements_find_rows_by_an_index(self):
        self._use()
        own_tables.purge(self.env)
        own_tables.grow(self.env, own_tables.filled_by_requests(self.env))
        problems = []
        for code, (params, path) in statements.RECORDED.items():
            problems += [f"{path}: {scan}\n{code}" for scan in self._scans(code, params)]
        self.assertFalse(problems, "\n\n".join(problems))

    def _use(self):
        """Send each kind of request that a client sends, and wrong ones."""
        self._connect("res.partner", log_requests=True, rate_limit=1000)
        credentials = {"login": self.user.login, "password": f"{self.user.login}-password"}
        app = {"X-Client-Type": "app"}
        body = self.assertAnswer(self._post("/api/login", credentials, headers=app))
        access, refresh = body["token"], body["refreshToken"]
        wrong = {**credentials, "password": "wrong"}
        self.assertError(self._post("/api/login", wrong), 401, "invalid_credentials")
        self.assertInvalidToken(self._call("GET", "/api/me", "wrong"))
        with real_commits():
            self.assertAnswer(self._v1("GET", "res.partner", access))
        key, new = {"Idempotency-Key": "grown"}, {"values": {"name": "Grown"}}
        for _time in range(2):
            self.assertAnswer(self._v1("POST", "res.partner", access, new, headers=key), 201)
        for kind in ("access", "refresh", "refresh"):
            path, sent = f"/api/update/{kind}-token", {"refreshToken": refresh}
            body = self.assertAnswer(self._post(path, sent, access, headers=app))
            refresh = body.get("refreshToken", refresh)
        self.assertAnswer(self._call("GET", "/api/sessions", access))
        invalid = self._post("/api/update/access-token", {"refreshToken": "wrong"})
        self.assertInvalidToken(invalid, "invalid_refresh_token")
        self.assertAnswer(self._post("/api/revoke/token", {"refreshToken": refresh}, access))
        self._challenge()

    def _challenge(self):
        """Store a login that waits for its second factor, which needs an addon of Odoo's."""
        self.env["jwt.login.challenge"].create(
            {
                "user_id": self.user.id,
                "selector": "selector",
                "token_hash": "hash",
                "stamp": "stamp",
                "expires_at": fields.Datetime.now() + timedelta(minutes=5),
            }
        )

    def test_foreign_keys_have_an_index(self):
        """When a user, a session or a key is deleted, PostgreSQL looks for the rows that refer to it.

        It looks for those of ``create_uid`` and ``write_uid``, too: Odoo indexes them in no model.
        """
        self.env.cr.execute(
            """
            SELECT c.conrelid::regclass::text, a.attname
              FROM pg_constraint c
              JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]
             WHERE c.contype = 'f' AND c.conrelid::regclass::text = ANY(%s)
               AND a.attname NOT IN ('create_uid', 'write_uid')
               AND NOT EXISTS (
                    SELECT FROM pg_index i WHERE i.indrelid = c.conrelid AND i.indkey[0] = a.attnum)
            """,
            [[self.env[name]._table for name in own_tables.filled_by_requests(self.env)]],
        )
        self.assertEqual(self.env.cr.fetchall(), [])

    def test_pages_of_a_cursor_read_what_they_return(self):
        """The tenth page reads as few rows as the first, in every order that has an index."""
        self._connect("res.partner", "GET")
        access = self._open(self.user).access
        self.env["res.partner"].create({"name": "Grown"})
        self.env.flush_all()
        names = dict.fromkeys(("name", "complete_name"), "'Grown ' || n")
        own_tables.copy_row(self.env.cr, "res_partner", names, own_tables.ROWS)
        self.env.cr.execute("ANALYZE res_partner")
        for order in ("id", "id desc", "name", "name desc", "complete_name", "complete_name desc"):
            with self.subTest(order=order):
                reads = self._reads_of_pages(access, order)
                self.assertLess(max(reads), 2 * LIMIT, reads)

    def _reads_of_pages(self, access, order):
        """Return how many rows PostgreSQL reads to find each of ten pages."""
        cursor, reads = "", []
        for _page in range(10):
            with statements.listed() as found:
                params = {"cursor": cursor, "order": order, "limit": LIMIT, "fields": ["name"]}
                body = self.assertAnswer(self._send("GET", "res.partner", access, **params))
            [(code, values)] = [each for each in found if _PAGE.search(each[0])]
            explain = f"EXPLAIN (FORMAT JSON, ANALYZE) {code}"
            self.env.cr.execute(explain, values)
            [[[plan]]] = self.env.cr.fetchall()
            reads.append(_rows_read(plan["Plan"]))
            cursor = body["next_cursor"]
        return reads

    def _scans(self, code, params):
        """Return the scans with which PostgreSQL would read a whole table for a statement."""
        explain = f"EXPLAIN (FORMAT JSON) {statements.planned(code)}"
        self.env.cr.execute(explain, params)
        [[[found]]] = self.env.cr.fetchall()
        tables = {self.env[name]._table for name in own_tables.filled_by_requests(self.env)}
        return list(_whole(found["Plan"], tables, limited=False))


def _rows_read(node):
    """Return the number of rows that the scans of a plan have read, those too that a condition removed."""
    own = 0
    if "Relation Name" in node:
        removed = node.get("Rows Removed by Filter", 0)
        own = (node["Actual Rows"] + removed) * node["Actual Loops"]
    return own + sum(map(_rows_read, node.get("Plans", ())))


def _whole(node, tables, limited):
    """Yield the scans in a plan that read a table from one end to the other."""
    kind, table = node["Node Type"], node.get("Relation Name")
    limited = limited or kind == "Limit"
    if kind == "Seq Scan" and table in tables:
        yield f"reads {table} without an index"
    along = kind in ("Index Scan", "Index Only Scan") and "Index Cond" not in node
    if along and table in tables and ("Filter" in node or not limited):
        yield f"reads {table} along the whole of {node['Index Name']}"
    for child in node.get("Plans", ()):
        yield from _whole(child, tables, limited)
