# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""Repeat earlier responses, without what the policy no longer allows."""


def narrow(plan, rows):
    """Return rows of an earlier response, without what the plan no longer allows.

    :param rows: as :func:`.serialize.dump` returned them
    """
    plans = {column.name: column.plan for column in plan.columns}
    narrowed = []
    for row in rows:
        kept = {name: value for name, value in row.items() if name == "id" or name in plans}
        for name, nested in plans.items():
            if nested is None or not kept.get(name):
                continue
            value = kept[name]
            if isinstance(value, dict):
                [kept[name]] = narrow(nested, [value])
            else:
                kept[name] = narrow(nested, value)
        narrowed.append(kept)
    return narrowed


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
