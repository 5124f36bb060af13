# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""What a client sends back as it was answered: a value that is the record's own is no change.

It is kept from Odoo's ``write``, which does more with a value than to store it: it toggles, makes copies,
computes other fields anew, refuses records that are locked. And so all that was answered can be sent back,
what Odoo keeps itself included.
"""

import contextlib
from collections import defaultdict

from ..tools import values
from ..tools.errors import ApiError
from ..tools.queries import Selection
from .faults import Faults
from .serialize import dump

_TEXTS = frozenset(["char", "text", "html"])


class Own:
    """The values of records as they would be answered now, read once per request.

    Only what the caller may read is told apart from a change: whoever could compare what they do not see
    could find it out by trying.

    :param language: in which the client reads, where that is another one than it writes in
    """

    def __init__(self, language=None):
        self._language = language
        self._rows = defaultdict(dict)
        #: The same values in the language of the client's reads, where they may differ.
        self._translated = defaultdict(dict)

    def load(self, policy, ids, names):
        """Load values of records, as far as the caller may read them.

        :param ids: of records that :meth:`~.records.Records.shown` shows
        :param names: what may be names of fields
        """
        if policy.connection is not None and not policy.allows("GET"):
            return
        readable = [name for name in names if _is_readable(policy, name)]
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
        if not names:
            return
        plan = policy.plan(Selection(tuple(names)))
        records.fetch([column.name for column in plan.columns if column.kind not in values.X2MANY])
        faults = Faults()
        for row in dump(plan, records, faults):
            rows[policy.name, row["id"]].update(row)
        for record_id, name in faults.unread(records):  # answered as empty, which it may not be
            rows[policy.name, record_id].pop(name, None)
        # not all that they are computed of is declared: what is answered is read after the write
        computed = [name for name in plan.names if not records._fields[name].store]
        records.invalidate_recordset(computed, flush=False)

    def load_shown(self, policy, ids, names):
        """As :meth:`load`, for ids that a client names."""
        if ids:
            self.load(policy, sorted(policy.records.shown(ids)), names)

    def has(self, policy, record_id, name, value):
        """Return whether a value is the record's own; False for what the caller may not read."""
        key, field = (policy.name, record_id), policy.model._fields.get(name)
        rows = [row for row in (self._rows[key], self._translated[key]) if name in row]
        return any(
            values.is_same(field.type, value, row[name])
            or _is_as_expanded(policy, field, value, row[name])
            for row in rows
        )


def _is_as_expanded(policy, field, value, held):
    """Return whether a value is how ``expand`` answers a relation of which the caller sees a part.

    A link to a hidden record is null there, and hidden records are absent from lists.

    :param held: the relation as it is answered without ``expand``
    """
    is_null = field.type == "many2one" and value is None
    is_list = field.type in values.X2MANY and isinstance(value, list) and value
    if not held or not (is_null or (is_list and all(isinstance(each, dict) for each in value))):
        return False
    with contextlib.suppress(ApiError):
        related = policy.related(field.comodel_name)
        if is_null:
            return not related.records.shown(held[:1])
        return {values.load_id(field.name, each) for each in value} == related.records.shown(held)
    return False


def _is_readable(policy, name):
    try:
        policy.readable(name)
    except ApiError:
        return False
    return True


def _depends_on_language(field):
    return field.type in _TEXTS and bool(field.translate or not field.store)
