# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""What the tests of writing share."""

from .common import ApiCase

MODEL = "res.partner"


class WriteCase(ApiCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for model in (MODEL, "res.partner.bank", "res.country", "res.country.state"):
            cls._connect(model)
        cls.country = cls.env["res.country"].create({"name": "Bulkland", "code": "q5"})
        cls.partners = cls.env[MODEL].create(
            [{"name": f"Bulk {number}", "ref": "BULK"} for number in range(4)]
        )
        cls.access = cls._open(cls.user).access

    def _create(self, values, model=MODEL, **body):
        return self._send("POST", model, self.access, {"values": values, **body})

    def _update(self, records, model=MODEL, **body):
        return self._send("PUT", model, self.access, {"records": records, **body})

    def _delete(self, ids, model=MODEL, **params):
        return self._send("DELETE", model, self.access, ids=ids, **params)

    def _items(self, values, records=None):
        return [
            {"id": record.id, "values": dict(values)}
            for record in (self.partners if records is None else records)
        ]

    def _count(self, model=MODEL, **values):
        self.env.invalidate_all()
        domain = [(name, "=", value) for name, value in values.items()]
        return self.env[model].with_context(active_test=False).search_count(domain)
