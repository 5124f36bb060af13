# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""What the tests of reading share."""

import json

from ..engine.groups import read_groups
from ..engine.page import read_page
from ..tools import parsing, queries
from .common import ApiCase

PAGES = ["success", "count", "page", "page_size"]


class ReadCase(ApiCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.models = ("res.partner", "res.partner.bank", "res.partner.category", "res.country")
        for model in cls.models:
            cls._connect(model)
        cls.access = cls._open(cls.user).access

    def _get(self, model="res.partner", token=None, **params):
        params.setdefault("fields", ["name"])
        return self._send("GET", model, token or self.access, **params)

    def _ids(self, response):
        return [row["id"] for row in self.assertAnswer(response)["data"]]

    def _page(self, model, user=None, **params):
        """A page without HTTP around it: the answer, and how many statements it took."""
        params = {
            name: value if isinstance(value, str) else json.dumps(value)
            for name, value in {"fields": ["name"], **params}.items()
        }
        self.env.flush_all()
        connections = self.env["connection.api"].with_user(user or self.user)
        for _again in range(2):  # the first fills what is cached for the registry
            self.env.invalidate_all()
            with self._statements() as statements:
                policy = connections._resolve(model, "GET")
                asked = parsing.parse_get(params, 1000)
                read = read_groups if isinstance(asked, queries.GroupQuery) else read_page
                answer = read(policy, asked)
        return answer, statements
