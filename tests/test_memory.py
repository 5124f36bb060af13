# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.

import gc
import weakref
from collections import deque
from functools import lru_cache

from odoo.tests import tagged

from .common import ApiCase
from .statements import RECORDED

#: Requests of each kind, before and while containers are watched.
WARM, SENT = 10, 24
OURS = "odoo.addons.jwt_auth_api."
_CACHE = type(lru_cache(len))


@tagged("post_install", "-at_install")
class TestMemory(ApiCase):
    """No container of a worker grows with what clients send."""

    def test_requests_that_differ_leave_nothing_behind(self):
        self._connect("res.partner", log_requests=True, rate_limit=100_000)
        self.env["ir.config_parameter"].set_param("base.login_cooldown_after", 0)
        opened = self._open(self.user)
        kept = []
        for number in range(WARM):
            self._send_all(opened, number)
            kept.append(number)
        before = _containers()
        for number in range(WARM, WARM + SENT):
            self._send_all(opened, number)
            kept.append(number)
        gc.collect()
        # the list that this test fills must be found
        grown = [each for each, size in before if len(each) >= size + SENT * 3 // 4]
        strangers = [each for each in grown if each is not kept and not _is_weak(each)]
        self.assertTrue(any(each is kept for each in grown))
        self.assertFalse(strangers, [f"{type(each)} {str(each)[-500:]}" for each in strangers])

    def test_caches_of_functions_have_a_limit(self):
        caches = [each for each in gc.get_objects() if isinstance(each, _CACHE)]
        own = [each for each in caches if (each.__module__ or "").startswith(OURS)]
        self.assertGreater(len(own), 3)
        self.assertFalse([each for each in own if each.cache_info().maxsize is None])

    def _send_all(self, opened, number):
        """Send one request of each kind, with names and texts that no other one has."""
        text = f"text {number}"
        headers = {"Accept-Language": f"x-{number}", "X-Odoo-Company": str(number)}
        for path, params in {
            "res.partner": {"domain": [["name", "!=", text]], "limit": number + 1},
            f"model.{number}": {},
            f"res.partner/{number + 10**6}": {},
            f"nothing/{number}/{number}": {},
        }.items():
            self._v1("GET", path, opened.access, **params)
        for params in (
            {"fields": [f"field_{number}"]},
            {"order": f"field_{number}"},
            {"groupby": [f"field_{number}"]},
            {"expand": {f"field_{number}": ["name"]}},
            {"cursor": text},
            {"domain": text},
            {f"parameter_{number}": 1},
        ):
            self.assertEqual(
                self._v1("GET", "res.partner", opened.access, **params).status_code, 400
            )
        self._call("GET", "/api/me", opened.access, headers=headers, agent=f"app/{number}")
        self._call("GET", "/api/me", f"{opened.access[:-9]}{number:09d}")
        self._call("GET", "/api/me", opened.access, headers={"Origin": f"https://{number}.example"})
        self._post("/api/update/access-token", {"refreshToken": f"{opened.refresh}{number}"})
        self._post("/api/update/access-token", {"refreshToken": opened.refresh})
        self._post("/api/login", {"login": text, "password": text})
        key = {"Idempotency-Key": text}
        self._v1("POST", "res.partner", opened.access, {"values": {"name": text}}, headers=key)
        self._v1("POST", "res.partner", opened.access, {"values": {f"field_{number}": 1}})


def _is_weak(container):
    """Return whether a container keeps nothing alive, such as the threads that Python has not forgotten yet."""
    return isinstance(container, set) and all(isinstance(each, weakref.ref) for each in container)


def _containers():
    """Return all containers of this process and their sizes, without what the tests themselves record."""
    gc.collect()
    return [
        (each, len(each))
        for each in gc.get_objects()
        if isinstance(each, (dict, list, set, deque))
        and each is not RECORDED
        and type(each).__module__ != "unittest.mock"
    ]
