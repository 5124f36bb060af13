# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""What is answered of any model can be sent back: generated from the models that are installed."""

import contextlib
import itertools
import json
from unittest.mock import patch

from odoo.models import BaseModel
from odoo.tests import tagged

from ..engine.protected import UNREACHABLE
from ..tools.errors import ApiError
from .common import ApiCase

#: Every so manieth model; all apps, with more records of each, take an hour.
STEP = 2
#: The forms of values on resource paths, of which each model has another one.
FORMS = [
    {"nulls": nulls, "relations": relations}
    for nulls, relations in itertools.product(("1", "0"), ("object", "id"))
]
#: Values that depend on the moment: they are others by the time they come back.
MOMENT = {"res.users": {"im_status"}, "res.partner": {"im_status"}}


@tagged("post_install", "-at_install")
class TestSentBack(ApiCase):
    def _models(self):
        """Models with rows of their own, and a record of each."""
        for name, model in sorted(self.env.registry.items()):
            if not model._abstract and model._auto and name not in UNREACHABLE:
                records = self.env[name].with_context(active_test=False)
                if not model._transient and (record := records.search([], limit=1)):
                    yield name, record

    def _readable(self, name):
        policy = self.env(user=self.admin)["connection.api"]._resolve(name, "GET")
        for field in sorted(set(self.env[name]._fields) - MOMENT.get(name, set())):
            with contextlib.suppress(ApiError):
                yield policy.readable(field).name

    def test_every_field_of_a_record_comes_back_and_changes_nothing(self):
        access = self._open(self.admin).access
        tried = 0
        for name, record in list(self._models())[::STEP]:
            with self.subTest(model=name), self.env.cr.savepoint():
                self._connect(name)
                params = {"id": str(record.id), "fields": list(self._readable(name))}
                answer = self.assertAnswer(self._send("GET", name, access, **params))
                [row] = json.loads(json.dumps(answer["data"]))
                for fault in answer.get("errors", ()):
                    row.pop(fault["field"], None)
                with self._writing_nothing(name):
                    response = self._send("PUT", name, access, {"values": row}, id=str(record.id))
                    self.assertAnswer(response)
                tried += 1
        self.assertGreater(tried, 20)

    @contextlib.contextmanager
    def _writing_nothing(self, name):
        """Fail if a record of the model is written."""
        with patch.object(BaseModel, "write", autospec=True) as write:
            yield
        written = [call.args for call in write.mock_calls if call.args[0]._name == name]
        self.assertEqual(written, [])

    def test_every_form_of_a_resource_path_comes_back(self):
        """On its own path and on the documented route; with relations as ids, as links and expanded."""
        access, forms, seen = self._open(self.admin).access, itertools.cycle(FORMS), set()
        for name, record in list(self._models())[1::STEP]:
            form = next(forms)
            with self.subTest(model=name, form=form), self.env.cr.savepoint():
                self._connect(name)
                path, names = f"{name}/{record.id}", list(self._readable(name))
                answers = [self._v1("GET", path, access, fields=",".join(names), **form)]
                if expand := self._expandable(name, record):
                    answers.append(
                        self._v1("GET", path, access, fields="[]", expand=expand, **form)
                    )
                for response in answers:
                    answer = self.assertAnswer(response)
                    row = answer["data"]
                    for fault in answer.get("errors", ()):
                        row.pop(fault["field"], None)
                    seen |= {type(value) for value in row.values()}
                    with self._writing_nothing(name):
                        body = {"values": row, "fields": []}
                        self.assertAnswer(self._v1("PUT", path, access, body))
                        self.assertAnswer(self._v1("PATCH", path, access, body, **form))
                        self.assertAnswer(self._send("PUT", name, access, body, id=str(record.id)))
        self.assertGreaterEqual(seen, {dict, list, int, str, bool, type(None)})

    def _expandable(self, name, record):
        """Names of relations with few records, whose models may be read."""
        policy = self.env(user=self.admin)["connection.api"]._resolve(name, "GET")
        found = []
        for each in self._readable(name):
            field = record._fields[each]
            if field.relational and len(record.sudo()[each]) < 20:
                with contextlib.suppress(ApiError):
                    policy.reading(field.comodel_name)
                    found.append(each)
        return ",".join(found)
