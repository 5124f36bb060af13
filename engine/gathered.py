# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""Collect what the values of a request name in other models, and check the access that it requires."""

import contextlib
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from odoo.fields import Image

from ..tools.errors import ApiError, Problems, _


@dataclass(frozen=True)
class Reference:
    """Records that a value names, and the access that the value requires to them.

    :ivar owner: the policy of the record that holds the value
    :ivar record_id: the id of that record, None for a new one
    :ivar need: ``read`` to link them; ``write`` or ``unlink`` for a command that does that; ``change``
        where a link makes them a part of the record (``_inherits``); ``join`` for members that are added
        or removed
    """

    owner: Any
    record_id: int | None
    field: Any
    model_name: str
    ids: frozenset[int]
    need: str = "read"
    #: Where the request names the records.
    path: str = ""

    def known(self):
        """Return the ids that the record holds already, if the caller may see them."""
        owner, record_id = self.owner, self.record_id
        if record_id is None or not owner.records.shown([record_id], "write"):
            return set()
        if owner.visible(self.field.name) is None:
            return set()
        current = owner.values.current(record_id, self.field)
        return set(current._ids) if current._name == self.model_name else set()

    def refusal(self, ids):
        """Return the error for ids to which the caller lacks the required access."""
        name = self.field.name
        if self.need in ("change", "join"):
            return ApiError("access_denied", _("%(field)s cannot be written here."), field=name)
        return no_records(name, ids)


@dataclass(frozen=True)
class Place:
    """Where a request has the values of one record.

    :ivar path: such as ``values[3].child_ids[0]``; empty for the only record of a request
    :ivar policy: the policy of the record's model
    :ivar given: the values as the client sent them
    :ivar record_id: None for a new record
    """

    path: str
    policy: Any
    given: dict
    record_id: int | None

    def at(self, name):
        """Return the path of a field."""
        return f"{self.path}.{name}" if self.path else name


@dataclass
class Gathered:
    """Collect what the values of a request name in other models, and the errors in them."""

    problems: Problems = field(default_factory=Problems)
    references: list[Reference] = field(default_factory=list)
    #: Models with records that the values create, change, link or unlink.
    named: set[str] = field(default_factory=set)
    #: Model name → ids of records that commands change.
    changed: dict = field(default_factory=lambda: defaultdict(set))
    depth: int = 0
    #: Name of an inverse that may take data in place of a file → name of its field.
    inverses: dict = field(default_factory=dict)
    #: The current values of records (:class:`~.unchanged.CurrentValues`), None if they are not needed.
    own: Any = None
    #: Each record whose values the request has.
    places: list[Place] = field(default_factory=list)
    #: The path of the record whose values are being loaded.
    path: str = ""

    def at(self, name):
        """Return the path of a field of the record whose values are being loaded."""
        return f"{self.path}.{name}" if self.path else name

    @contextlib.contextmanager
    def within(self, path):
        """Load the values of the record at a path."""
        outer, self.path = self.path, path
        try:
            yield
        finally:
            self.path = outer

    def note_inverse(self, field):
        """Remember the inverse of a field if it may take data in place of a file.

        :return: whether it may
        """
        inverse = _inverse_of_data(field)
        if inverse:
            self.inverses[inverse] = field.name
        return bool(inverse)

    def add(self, other):
        """Add what other values of the request name, which are checked already."""
        self.named |= other.named
        for name, ids in other.changed.items():
            self.changed[name] |= ids

    def refer(self, policy, record_id, field, model_name, ids, need="read"):
        """Add the :class:`Reference` of a value to records of another model.

        :param policy: the policy of the record that holds the value
        """
        related_policy = policy.related(model_name)
        if ids:
            path = self.at(field.name)
            reference = Reference(
                policy, record_id, field, related_policy.name, frozenset(ids), need, path
            )
            self.references.append(reference)

    def check(self, policy):
        """Check that the caller has the required access to the records that the values name.

        :param policy: the policy of the request
        :raise ApiError: ``validation_error`` for ids of records that do not exist or that the caller may not
            see, with the same message; ``access_denied`` for records that would have to be changed
        """
        problems = self.problems
        problems.raise_if_any()
        wanted = defaultdict(set)
        for reference in self.references:
            wanted[reference.model_name, reference.need].update(reference.ids)
        open_ids = {}
        for (model_name, need), ids in wanted.items():
            related_policy = policy.related(model_name)
            changes = need in ("change", "join")
            open_ids[model_name, need] = (
                related_policy.records.changeable(ids)
                if changes
                else related_policy.records.shown(ids, need)
            )
        for reference in self.references:
            missing = reference.ids - open_ids[reference.model_name, reference.need]
            if missing and reference.need != "join":
                missing -= reference.known()
            if missing:
                problems.catch(reference.refusal(missing), reference.path)
        problems.raise_if_any()


def no_records(name, ids):
    """Return the error for ids of records that do not exist or that the caller may not see."""
    return ApiError(
        "validation_error",
        _("%(field)s: there is no record %(ids)s."),
        field=name,
        ids=", ".join(map(str, sorted(ids))),
    )


def _inverse_of_data(field):
    """Return the name of the inverse of a binary field without a column; None for other fields.

    Such a field may take data of Odoo's web client (``tax_totals``) in place of a file; only the code of
    its inverse knows. Attachments always hold files.
    """
    base = field.base_field
    while base.related:
        base = base.related_field
    inverse = base.inverse
    if base.type != "binary" or base.store or not inverse or isinstance(base, Image):
        return None
    if base.model_name == "ir.attachment":
        return None
    return inverse if isinstance(inverse, str) else inverse.__name__
