# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.

import re
import time
from unittest.mock import patch

from odoo.tests import tagged

from ..tools.stages import STAGES, Stages
from .common import ApiCase

HEADER = "Server-Timing"
PATH = "/api/v1/res.partner"


@tagged("post_install", "-at_install")
class TestServerTiming(ApiCase):
    """What a request cost on the server, in its response."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._connect("res.partner", "GET POST PUT DELETE")

    def _timing(self, method, path, token, body=None):
        """Return the entries of the header as a dict, in the order of the header."""
        response = self._call(method, path, token, **({"json": body} if body else {}))
        self.assertLess(response.status_code, 300, response.text)
        entries = re.findall(r"(\w+);dur=([\d.]+)", response.headers[HEADER])
        self.assertRegex(response.headers[HEADER], r'sql;dur=[\d.]+;desc="[1-9]\d*"$')
        return {name: float(spent) for name, spent in entries}

    def test_every_stage(self):
        """Of reading, creating, updating and deleting; the stages make up the total."""
        token = self._open(self.admin).access
        values = {"values": {"name": "Timed"}}
        partner = self.env["res.partner"].create({"name": "Timed"})
        self.env.flush_all()
        for method, path, body in (
            ("GET", f"{PATH}?limit=1", None),
            ("GET", f"{PATH}/{partner.id}", None),
            ("POST", PATH, values),
            ("PUT", f"{PATH}/{partner.id}", values),
            ("DELETE", f"{PATH}/{partner.id}", None),
        ):
            with self.subTest(method=method, path=path):
                timing = self._timing(method, path, token, body)
                self.assertEqual(list(timing), ["total", *STAGES, "sql"])
                stages = sum(timing[stage] for stage in STAGES)
                self.assertAlmostEqual(timing["total"], stages, delta=0.5)
                self.assertGreater(timing["work"], 0)

    def test_cost_is_told_to_administrators_alone(self):
        """It would tell others how much is behind a filter, unless the setting says everybody."""
        path = f"{PATH}?limit=1"
        manager = self._new_user("timed", "base.group_user,jwt_auth_api.group_manager")
        for user in (manager, self.user):
            self.assertNotIn(HEADER, self._call("GET", path, self._open(user).access).headers)
        log_in = {"login": self.admin.login, "password": "wrong"}
        self.assertNotIn(HEADER, self._post("/api/login", log_in).headers)
        self._set(server_timing="everybody")
        self.assertIn("work", self._timing("GET", path, self._open(self.user).access))

    def test_a_stage_counts_all_its_runs(self):
        """As when Odoo runs a request again."""
        moments = iter([0.0, 1.0, 3.0, 6.0])
        with patch.object(time, "perf_counter", lambda: next(moments)):
            stages = Stages(before=0.5)
            for stage in ("auth", "work", "auth"):
                stages.mark(stage)
        self.assertEqual(
            stages.header(0.0005, 4),
            'total;dur=6500.0, route;dur=500.0, auth;dur=4000.0, work;dur=2000.0, sql;dur=0.5;desc="4"',
        )
