# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""Run in `odoo shell`: the connections that dev/run and dev/live work with, made if missing."""

from typing import Any

env: Any  # the shell's

CONNECTIONS = {
    "res.partner": ("get", "post", "put", "delete"),
    "product.template": ("get",),
    "product.product": ("get",),
    "sale.order": ("get", "post", "put"),
    "sale.order.line": ("get", "post", "put", "delete"),
    "stock.quant": ("get",),
    "res.country": ("get",),
}
ACTIONS = {"sale.order": ("action_confirm", "Confirm the quotation.")}
REPORTS = {"sale.order": "sale.report_saleorder"}

connection_model = env["connection.api"].with_context(active_test=False)  # noqa: F821
for model, methods in CONNECTIONS.items():
    model_record = env["ir.model"]._get(model)  # noqa: F821
    if not model_record or connection_model.search_count([("model_id", "=", model_record.id)]):
        continue
    values: dict[str, Any] = {
        f"is_{method}": method in methods for method in ("get", "post", "put", "delete")
    }
    if model in ACTIONS:
        name, description = ACTIONS[model]
        values["action_ids"] = [(0, 0, {"name": name, "description": description})]
    if model in REPORTS:
        domain = [("report_name", "=", REPORTS[model])]
        values["report_ids"] = [(6, 0, env["ir.actions.report"].search(domain).ids)]  # noqa: F821
    connection_model.create({"model_id": model_record.id, **values})
env.cr.commit()  # noqa: F821
