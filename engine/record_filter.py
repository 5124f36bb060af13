# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""Check the record filter of a connection, and find out what it uses."""

from odoo.exceptions import UserError
from odoo.fields import Domain

from ..tools import filters
from .protected import UNREACHABLE
from .records import scope_domain


class RecordFilter:
    """Read the record filter of one connection as the user of an environment.

    :ivar text: the filter; an empty text if it matches every record
    """

    def __init__(self, env, model_name, text):
        self.env = env
        self._model_name = model_name or ""
        self._entered = (text or "").strip()
        self.text = "" if self._entered == "[]" else self._entered

    def problem(self):
        """Return a message that says what is wrong with the filter; False if it is valid.

        :rtype: str | bool
        """
        model = self.env.get(self._model_name)
        if model is None or not self._entered:
            return False
        try:
            for path in filters.paths(filters.parse(self._entered)):
                if path[0] == "user":
                    self._check_user_path(path)
            domain = scope_domain(self.env, self._entered)
            self._check_fields(model, domain)
            domain.validate(model.sudo())
        except filters.FilterError as exc:
            return self.env._(
                "The filter is invalid at “%(part)s”. Enter a domain such as [('user_id', '=', uid)]. It"
                " may use user and its fields, uid, company_id and company_ids.",
                part=exc.part,
            )
        except (ValueError, TypeError, KeyError, NotImplementedError, UserError) as exc:
            return self.env._(
                "The filter does not fit %(model)s: %(problem)s",
                model=model._description,
                problem=str(exc),
            )
        return False

    def names(self):
        """Return the names, such as ``user``, that make the filter depend on the caller."""
        try:
            return {path[0] for path in filters.paths(filters.parse(self.text or "[]"))}
        except filters.FilterError:
            return set()

    def is_personal(self):
        """Return whether the filter is valid and depends on the user."""
        return bool(self.names() & {"user", "uid"}) and not self.problem()

    def fields(self):
        """Return the names of the model's fields that the filter uses."""
        try:
            domain = scope_domain(self.env, self.text or "[]")
            return {item.field_expr.split(".")[0] for item in domain.iter_conditions()}
        except (ValueError, TypeError):
            return set()

    def protected_models(self):
        """Return the names of the models in the filter that only administrators may read."""
        protection = self.env["connection.api.protection"]
        names = {name for name in self._models() if "read" in protection._protected_modes(name)}
        for path in self._user_paths():
            model = self.env["res.users"]
            for step in path[1:]:
                field = model._fields.get(step) if model is not None else None
                model = self.env[field.comodel_name] if field and field.comodel_name else None
                if model is not None and "read" in protection._administrators_only(model._name):
                    names.add(model._name)
        return names

    def secrets(self):
        """Return the names of secrets in the filter: the records that match would reveal their values."""
        secrets_of = self.env["connection.api.protection"]._secret_fields
        models = {self._model_name, "res.users"} | self._models()
        words = filters.words(filters.parse(self.text or "[]"))
        return words & set().union(*map(secrets_of, models))

    def _user_paths(self):
        tree = filters.parse(self.text or "[]")
        return [path for path in filters.paths(tree) if path[0] == "user"]

    def _models(self):
        """Return the names of the other models whose fields the filter uses."""
        domain = scope_domain(self.env, self.text or "[]")
        return self._models_in(self.env[self._model_name], domain)

    def _models_in(self, model, domain):
        found = set()
        for condition in domain.iter_conditions():
            here, steps = model, condition.field_expr.split(".")
            for step in steps:
                field = here._fields.get(step) if here is not None else None
                here = (
                    self.env[field.comodel_name] if field is not None and field.relational else None
                )
                if here is not None and (step != steps[-1] or not _compares_ids(condition)):
                    found.add(here._name)
            if here is not None and "any" in condition.operator:
                found |= self._models_in(here, Domain(condition.value))
        return found

    def _check_user_path(self, path):
        """
        :raise FilterError: unless the path leads through fields that the current user may see, to
            a value
        """
        model = self.env["res.users"]
        for step in path[1:]:
            field = model._fields.get(step) if model is not None else None
            plain = step == "ids" and model is not None
            if not plain and (field is None or not model._has_field_access(field, "read")):
                raise filters.FilterError(".".join(path))
            relational = field is not None and field.relational
            if relational and field.comodel_name in UNREACHABLE:
                raise filters.FilterError(".".join(path))
            model = self.env[field.comodel_name] if relational else None
        if len(path) == 1 or model is not None:  # a record, not a value
            raise filters.FilterError(".".join(path))

    def _check_fields(self, model, domain):
        """Check that the filter uses only searchable fields that the current user may see.

        The records that match a filter reveal the values of its fields.

        :raise ValueError: for another field, or an unknown operator
        """
        for condition in domain.iter_conditions():
            here = model
            if condition.operator.endswith("!"):
                raise ValueError(self.env._("unknown operator %(name)s", name=condition.operator))
            for step in condition.field_expr.split("."):
                field = here._fields.get(step) if here is not None else None
                if field is None and here is None:
                    break  # part of a date, or a property
                if field is None or not here._has_field_access(field, "read"):
                    raise ValueError(self.env._("unknown field %(field)s", field=step))
                if field.comodel_name in UNREACHABLE:
                    raise ValueError(self.env._("%(field)s cannot be followed", field=step))
                if not field._description_searchable:  # Odoo would match every record
                    raise ValueError(self.env._("%(field)s cannot be searched", field=step))
                here = self.env[field.comodel_name] if field.relational else None
            if here is not None and condition.operator.startswith(("any", "not any")):
                self._check_fields(here, Domain(condition.value))


def _compares_ids(condition):
    """Return whether a condition on a relation compares only ids, not names or other fields."""
    value = condition.value
    given = value if isinstance(value, list | tuple | set | frozenset) else [value]
    plain = condition.operator in ("=", "!=", "in", "not in")
    return plain and not any(isinstance(item, str) for item in given)
