# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""Run in `odoo shell`: the connections that dev/run and dev/live work with, made if missing."""

CONNECTIONS = {
    "res.partner": ("get", "post", "put", "delete"),
    "product.template": ("get",),
    "product.product": ("get",),
    "sale.order": ("get", "post", "put"),
    "res.country": ("get",),
}

connection_model = env["connection.api"].with_context(active_test=False)  # noqa: F821
for model, methods in CONNECTIONS.items():
    model_record = env["ir.model"]._get(model)  # noqa: F821
    if model_record and not connection_model.search_count([("model_id", "=", model_record.id)]):
        allowed = {f"is_{method}": method in methods for method in ("get", "post", "put", "delete")}
        connection_model.create({"model_id": model_record.id, **allowed})
env.cr.commit()  # noqa: F821
