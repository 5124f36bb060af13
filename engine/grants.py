# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""Lift access rights for one caller during one request, by a grant.

A request runs as its caller, never in superuser mode. The environment of an operation carries a
:class:`Grant` in its context, and Odoo's own access checks consult it (``base.py``, ``ir_rule.py``,
``ir_model_access.py``, ``ir_attachment.py``): if a connection opens the model, mode and record for
this caller, access rights and record rules are lifted. Everywhere else Odoo's own decision applies,
however deep inside a write it is made. So every check in the code of Odoo or an addon stays effective.

A grant only adds to what the caller may do in Odoo. The policy restricts what the client names in its
request (fields, records to link, conditions) before Odoo sees it.
"""

import contextlib
import copy
import weakref
from collections import defaultdict

from odoo.exceptions import AccessError
from odoo.fields import Domain

from .protected import UNREACHABLE

#: Key of the context; its value is a :class:`Ticket`.
KEY = "jwt_auth_api_grant"
#: Models that Odoo's code reads with the caller's own rights even inside an operation, because it
#: exposes what it reads there, such as the access token of an attachment.
NEVER_READ = UNREACHABLE | {"ir.attachment"}
#: Models of which it reads only records that the caller's record rules show, because it caches them by user.
RULES_STAY = frozenset(["mail.message.subtype"])
#: Access mode of Odoo → HTTP method.
METHODS = {"read": "GET", "create": "POST", "write": "PUT", "unlink": "DELETE"}
_CHANGES = frozenset(["write", "unlink"])


class Ticket:
    """The reference to a grant in a context.

    A client cannot send one. Code that sees the context (templates, server actions) cannot get the grant
    from it, because Odoo forbids names with two underscores in such code.
    """

    __slots__ = ("__grant",)

    def __init__(self, grant):
        self.__grant = grant

    def __repr__(self):
        return "<grant>"


def _of(ticket):
    """Return the grant that a value of a context refers to, None for another value."""
    return ticket._Ticket__grant if type(ticket) is Ticket else None


def active(env):
    """Return the grant that is valid in an environment.

    :rtype: Grant | None
    """
    ticket = env.context.get(KEY)
    if ticket is None:
        return None
    grant = _of(ticket)
    return grant if grant is not None and grant.counts(env) else None


def check_groups_given(env):
    """Check that Odoo's own code does not add users to groups for a caller who only has a grant.

    Writing some fields does that with ``sudo()``, for example the interviewers of a job. Only a caller who
    may write them in Odoo may cause it.

    :raise AccessError: for a caller without access rights of their own on the model of the request
    """
    grant = _of(env.context.get(KEY)) if env.su else None
    if grant is None or grant.is_callers_own():
        return
    raise AccessError(
        env._(
            "This would give a user access rights. To do it, you need access rights of your own to that"
            " model."
        )
    )


def plain(env):
    """Return the same environment without any grant.

    :rtype: odoo.api.Environment
    """
    if KEY not in env.context:
        return env
    return env(context={key: value for key, value in env.context.items() if key != KEY})


class Grant:
    """What the connections open for one caller in one transaction.

    Two views share the state. The full view is for Odoo's own code inside an operation: it may read all
    models except :data:`NEVER_READ` and those that only administrators may read. The :attr:`strict` view
    lifts what connections open and nothing else: it is for what the client asks to see, and for checks
    that a model makes in Python.

    :param policy: the :class:`~.policy.Policy` of the request's own model
    :param mode: the access mode of the request: ``read``, ``create``, ``write``, ``unlink``; None
        for an action
    """

    def __init__(self, policy, mode):
        env = policy.caller.env
        self.uid = env.uid
        self.root = policy.name
        self.mode = mode
        self.lifts_reading = True
        self._root_policy = [policy]
        self._in_use = []
        self._opened, self._read = {}, {}
        self._cursor = weakref.ref(env.cr)  # a weak reference: threads keep contexts
        #: Model name → ids of records that the request created and so may change.
        self.created = defaultdict(set)
        #: Model name → ids of records that were inside its filter before their change.
        self.checked = defaultdict(set)
        #: The ids of records that an action is called on, open for every mode.
        self.called = frozenset()
        #: Models that the client's values name: their filter applies whatever rights the caller has.
        self.named = set()
        self.strict = copy.copy(self)
        self.strict.lifts_reading = False
        self.strict.strict = self.strict
        for view in (self, self.strict):
            view.ticket = Ticket(view)
        # not after a rollback: one may happen before the operation begins
        env.cr.postcommit.add(self.end)

    def env(self, env):
        """Return an environment with this view of the grant in its context."""
        return env(context={**env.context, KEY: self.ticket})

    def counts(self, env):
        """Return whether the grant is valid in an environment: of its caller, in its transaction."""
        return (
            self.uid == env.uid
            and not env.su
            and bool(self._root_policy)
            and self._cursor() is env.cr
        )

    def end(self):
        """Invalidate the grant, so that a context that outlives the transaction lifts nothing."""
        if not self._in_use:
            self._root_policy.clear()

    @contextlib.contextmanager
    def in_use(self):
        """Keep the grant valid during an operation, in which some code of Odoo commits."""
        self._in_use.append(True)
        try:
            yield
        finally:
            self._in_use.pop()
            if (cr := self._cursor()) is not None:
                cr.postcommit.add(self.end)

    def is_callers_own(self):
        """Return whether the caller may do in Odoo what the request asks for, or the grant has ended."""
        if not self._root_policy:
            return True
        caller = self._root_policy[0].caller
        return caller.env.user._is_system() or caller.has_access(self.mode or "write")

    def call_on(self, ids):
        """Open the records that an action is called on for every mode, unless the model is protected."""
        self.called = self.strict.called = frozenset(ids)

    def _policy(self, model_name):
        root = self._root_policy[0]
        return root if model_name == self.root else root.related(model_name)

    # --- what is open ------------------------------------------------------------------

    def opens(self, model_name, mode):
        """Return whether access rights are lifted for the mode on at least some records of the model."""
        key = model_name, mode
        if key not in self._opened:
            self._opened[key] = self._opens(model_name, mode)
        return self._opened[key]

    def _opens(self, model_name, mode):
        if model_name in UNREACHABLE:
            return False
        policy = self._policy(model_name)
        if model_name == self.root and policy.elevated and mode in ("read", self.mode):
            return True
        if policy.connection is None:
            return bool(self._open_children(policy, mode))
        return policy.lifts(mode)

    def _open_children(self, policy, mode):
        """Return the policies of open models that delegate (``_inherits``) to a model without a connection."""
        if policy.is_protected(mode):
            return []
        children = policy.caller._inherits_children
        return [self._policy(name) for name in sorted(children) if self.opens(name, mode)]

    def reads(self, model_name):
        """Return whether Odoo's own code may read every record of the model."""
        if not self.lifts_reading:
            return False
        if model_name not in self._read:
            protection = self._root_policy[0].caller.env["connection.api.protection"]
            modes = protection._administrators_only(model_name)
            self._read[model_name] = model_name not in NEVER_READ and "read" not in modes
        return self._read[model_name]

    def writes_fields(self, model_name):
        """Return whether Odoo's own code may write fields of the model that are restricted to groups.

        It may not in an action, where it may write what the client sent.
        """
        if self.mode is None:
            return False
        return self.opens(model_name, "write") or self.opens(model_name, "create")

    def allowed(self, records, mode):
        """Return the ids of those records that are open for the mode.

        :meth:`finish` checks a new record against the filter, when its inverses and computed values are set.
        """
        name, ids = records._name, set(records._ids)
        allowed = set(self.called & ids) if name == self.root else set()
        opens = self.opens(name, mode)
        if opens or (mode != "create" and self.opens(name, "create")):
            allowed |= self.created[name] & ids
        if opens:
            allowed |= ids if mode == "create" else self._inside(name, mode, ids - allowed)
        return allowed

    def allows_model(self, model_name, mode):
        """Return whether the mode is open for the model in general, regardless of the record."""
        return (
            self.opens(model_name, mode)
            or (model_name == self.root and bool(self.called))
            or (mode in _CHANGES and bool(self.created[model_name]))
        )

    def outside(self, records, operation):
        """Return the ids of records that a filter excludes although the caller may change them in Odoo.

        The filter applies to models that the client's values name, and to records of the request's model
        that a write deletes: values of some models, such as an event of a series, select others to delete.
        Everywhere else, Odoo's own code may change what the caller's own rights allow.
        """
        name = records._name
        deletes_alike = operation == "unlink" and name == self.root and self.mode is not None
        is_bound = name in self.named or deletes_alike
        if not is_bound or not self._policy(name).records.is_filtered():
            return set()
        ids = set(records._ids) - self.created[name]
        return ids - self._inside(name, "write", ids)

    def _inside(self, name, mode, ids):
        policy = self._policy(name)
        if policy.connection is None:
            return self._parents(policy, mode, ids)
        if not ids or not policy.records.is_filtered():
            return ids
        if mode not in _CHANGES:
            return policy.records.inside(ids)
        self.checked[name] |= policy.records.inside(ids - self.checked[name])
        return ids & self.checked[name]

    def _parents(self, policy, mode, ids):
        """Return those of the ids to which an open record delegates."""
        parents = set()
        for child in self._open_children(policy, mode) if ids else ():
            link = child.caller._inherits[policy.name]
            children = child.records.everything().search(
                Domain(link, "in", list(ids)) & child.records.scope()
            )
            parents.update(children.mapped(link)._ids)
        return parents & ids

    def domain(self, model_name):
        """Return the domain of the records that a connection opens for reading.

        :rtype: odoo.fields.Domain
        """
        policy = self._policy(model_name)
        if policy.connection is not None:
            return policy.records.scope()
        domains = []
        for child in self._open_children(policy, "read"):
            query = child.records.everything()._search(child.records.scope())
            link = child.caller._inherits[model_name]
            column = child.caller._field_to_sql(child.caller._table, link, query)
            domains.append(Domain("id", "in", query.subselect(column)))
        return Domain.OR(domains)

    def lists(self, records, names):
        """Return whether all fields are in the list of writable fields of the model's connection.

        The policy has checked the client's own values. On the model of the request, and on records that the
        request created, Odoo may set other fields along with them.
        """
        name = records._name
        if name == self.root or name in UNREACHABLE:
            return True
        policy = self._policy(name)
        if not policy.lifts("write") or not policy.connection.write_fields:
            return True
        return policy.connection.write_fields.issuperset(names) or self.created[name].issuperset(
            records._ids
        )

    def explain(self, error, model_name, mode):
        """Return Odoo's error with a hint which connection would allow the operation.

        :param error: an ``AccessError``
        """
        protection = self._root_policy[0].caller.env["connection.api.protection"]
        if model_name in UNREACHABLE or mode in protection._protected_modes(model_name):
            return error
        return AccessError(
            protection.env._(
                "%(error)s\n\nA connection that allows %(method)s for %(model)s would permit this.",
                error=error.args[0],
                method=METHODS[mode],
                model=model_name,
            )
        )

    # --- at the end --------------------------------------------------------------------

    def finish(self):
        """Check that all records that this grant let create or change are inside the filters at the end.

        :raise ApiError: ``access_denied``, which rolls the request back
        """
        for name in dict.fromkeys([*self.created, *self.checked]):
            ids = set(self.checked[name])
            if name == self.root or name in self.named or self.opens(name, "create"):
                ids |= self.created[name]
            if name == self.root:
                ids -= self.called  # an action may move its records out of the filter
            if ids and name not in UNREACHABLE:
                self._policy(name).records.check_inside(ids)
