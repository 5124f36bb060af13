# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""Recognize values that a client sends back unchanged.

They are not passed to Odoo's ``write``, because it does more with a value than store it: it toggles
states, makes copies, recomputes other fields, rejects changes of locked records. So a client can send
back everything that it read, including fields that Odoo sets itself.
"""

import contextlib
from collections import defaultdict

from ..tools import values
from ..tools.errors import ApiError
from ..tools.queries import Form, Selection
from .faults import Faults
from .serialize import dump

_TEXTS = frozenset(["char", "text", "html"])
#: Names of linked records are not compared.
_FORM = Form(relations="id")


class CurrentValues:
    """The current values of records as a response would show them, read once per request.

    Only values that the caller may read are compared: otherwise a caller could guess hidden values by
    trying.

    :param language: the language in which the client reads, if it writes in another one
    """

    def __init__(self, language=None):
        self._language = language
        self._rows = defaultdict(dict)
        #: The same values in the language in which the client reads, if they may differ.
        self._translated = defaultdict(dict)

    def load(self, policy, ids, names):
        """Load values of records, as far as the caller may read them.

        :param ids: ids that :meth:`~.records.Records.shown` returns
        :param names: names of fields, unchecked
        """
        readable = readable_names(policy, names)
        missing = [key for key in ids if not self._rows[policy.name, key].keys() >= set(readable)]
        if not readable or not missing:
            return
        records = policy.model.browse(missing)
        self._read(self._rows, policy, records, readable)
        if self._language and self._language != records.env.lang:
            texts = [name for name in readable if _depends_on_language(records._fields[name])]
            translated = records.with_context(lang=self._language)
            self._read(self._translated, policy, translated, texts)

    @staticmethod
    def _read(rows, policy, records, names):
        """Read values into ``rows``, by (model name, id) and field name."""
        if not names:
            return
        plan = policy.plan(Selection(tuple(names)))
        records.fetch([column.name for column in plan.columns if column.kind not in values.X2MANY])
        faults = Faults()
        for row in dump(plan, records, faults, _FORM):
            rows[policy.name, row["id"]].update(row)
        for record_id, name in faults.unread(records):  # shown as empty, which it may not be
            rows[policy.name, record_id].pop(name, None)
        # not all dependencies are declared: the response reads them again after the write
        computed = [name for name in plan.names if not records._fields[name].store]
        records.invalidate_recordset(computed, flush=False)

    def load_visible(self, policy, ids, names):
        """Load values as :meth:`load` does, for ids that a client names."""
        if ids:
            self.load(policy, sorted(policy.records.shown(ids)), names)

    def has(self, policy, record_id, name, value):
        """Return whether a value is the current one of the record; False for a field that the caller may not read."""
        key, field = (policy.name, record_id), policy.model._fields.get(name)
        rows = [row for row in (self._rows[key], self._translated[key]) if name in row]
        return any(
            values.is_same(field.type, value, row[name])
            or _is_as_expanded(policy, field, value, row[name])
            for row in rows
        )


def _is_as_expanded(policy, field, value, held):
    """Return whether a value is what ``expand`` returns for a relation with hidden records.

    A link to a hidden record is null there, and hidden records are absent from lists.

    :param held: the value of the relation without ``expand``
    """
    is_null = field.type == "many2one" and value is None
    is_list = field.type in values.X2MANY and isinstance(value, list) and value
    if not held or not (is_null or (is_list and all(isinstance(each, dict) for each in value))):
        return False
    with contextlib.suppress(ApiError):
        related = policy.related(field.comodel_name)
        if is_null:
            return not related.records.shown([held])
        return {values.load_id(field.name, each) for each in value} == related.records.shown(held)
    return False


def readable_names(policy, names):
    """Return those of the names that are fields which the caller may read."""
    if policy.is_closed_to_reads():
        return []
    return [name for name in names if policy.visible(name) is not None]


def _depends_on_language(field):
    return field.type in _TEXTS and bool(field.translate or not field.store)
