# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""Repeat earlier responses, without what the policy no longer allows."""


def narrow(plan, rows):
    """Return rows of an earlier response, without what the policy no longer allows.

    Of a record that the caller may no longer see, only its id is left: the client may have to know
    that it was created. Related records that are hidden now are left out, as from any response.

    :param rows: as :func:`.serialize.dump` returned them
    """
    hidden = _hidden(plan.policy.records, rows, "create")
    return [{"id": row["id"]} if row["id"] in hidden else _narrowed(plan, row) for row in rows]


def _hidden(records, rows, mode="read"):
    """Return the ids of rows whose records are there and that the caller may not see."""
    ids = {row["id"] for row in rows}
    hidden = ids - records.shown(ids, mode)
    return set(records.everything().browse(hidden).exists()._ids)


def _narrowed(plan, row):
    plans = {column.name: column.plan for column in plan.columns}
    kept = {name: value for name, value in row.items() if name == "id" or name in plans}
    for name, nested in plans.items():
        value = kept.get(name)
        if nested is None or not value:
            continue
        related = [value] if isinstance(value, dict) else value
        hidden = _hidden(nested.policy.records, related)
        related = [_narrowed(nested, each) for each in related if each["id"] not in hidden]
        kept[name] = related if isinstance(value, list) else next(iter(related), None)
    return kept


def narrow_faults(plan, answer):
    """Return the ``errors`` of an earlier response, without fields that the plan no longer allows."""
    entries = [entry for entry in answer.get("errors", ()) if _answers(plan, entry)]
    return {"errors": entries} if entries else {}


def _answers(plan, entry):
    """Return whether a plan has the field of an entry of ``errors``."""
    model = plan.policy.model
    for column in plan.columns:
        names_of = model._fields[column.name].comodel_name
        if (plan.policy.name, column.name) == (entry["model"], entry["field"]):
            return True
        if (names_of, "display_name") == (entry["model"], entry["field"]):
            return True
        if column.plan is not None and _answers(column.plan, entry):
            return True
    return False
