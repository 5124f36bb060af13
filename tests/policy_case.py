# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""What the tests of policies share."""

from contextlib import contextmanager

from .common import ApiCase

#: The filter of most tests: the caller's own records, as an administrator would write it.
OWN = "[('user_id', '=', uid)]"


class PolicyCase(ApiCase):
    """``user`` has three contacts, ``victim`` one; nothing is open but what a test opens."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.access = cls._open(cls.user).access
        cls.victim_access = cls._open(cls.victim).access
        cls.portal_access = cls._open(cls.portal).access
        cls.admin_access = cls._open(cls.admin).access
        cls.env["connection.api"].search([]).unlink()
        partners = cls.env["res.partner"]
        cls.mine = partners.create(
            [
                {"name": "Mine A", "user_id": cls.user.id, "ref": "A", "city": "Rome"},
                {"name": "Mine B", "user_id": cls.user.id, "ref": "B", "city": "Oslo"},
                {"name": "Mine C", "user_id": cls.user.id, "active": False},
            ]
        )
        cls.theirs = partners.create(
            {
                "name": "Theirs",
                "user_id": cls.victim.id,
                "ref": "SECRET",
                "email": "secret@example.com",
                "city": "Rome",
                "bank_ids": [(0, 0, {"acc_number": "THEIRS-1"})],
                "child_ids": [(0, 0, {"name": "Their child", "user_id": cls.victim.id})],
            }
        )
        cls.known = cls.mine | cls.theirs
        cls.theirs_bank = cls.theirs.bank_ids
        cls.mine_bank = cls.env["res.partner.bank"].create(
            {"acc_number": "MINE-1", "partner_id": cls.mine[0].id}
        )

    def _get(self, token, model="res.partner", **params):
        return self._send("GET", model, token, **{"fields": [], **params})

    def _put(self, token, record, values, **body):
        body = {"values": values, **body}
        return self._send("PUT", record._name, token, body, id=str(record.id))

    def _create(self, token, model, values, **body):
        return self._send("POST", model, token, {"values": values, **body})

    def _ids(self, response):
        return {row["id"] for row in self.assertAnswer(response)["data"]}

    def _one(self, token, record, *names, **params):
        response = self._get(token, record._name, id=str(record.id), fields=list(names), **params)
        [row] = self.assertList(response)["data"]
        return row

    def assertUnchanged(self, record, **expected):
        self.env.invalidate_all()
        self.assertEqual({name: record[name] for name in expected}, expected)

    def assertNothingNew(self, model, *domains):
        self.env.invalidate_all()
        for domain in domains:
            found = self.env[model].with_context(active_test=False).search(domain)
            self.assertFalse(found, domain)

    @classmethod
    def _fields(cls, model, *names):
        found = [cls.env["ir.model.fields"]._get(model, name).id for name in names]
        return [(6, 0, found)]

    @contextmanager
    def _hide(self, model, *names, groups="base.group_system"):
        """As if another addon had given the fields groups of their own."""
        fields = [self.env[model]._fields[name] for name in names]
        before = [field.groups for field in fields]
        try:
            for field in fields:
                field.groups = groups
            yield
        finally:
            for field, value in zip(fields, before, strict=True):
                field.groups = value
