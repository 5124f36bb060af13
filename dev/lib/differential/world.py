# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""Who calls, and data of kinds that demo data lacks."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from odoo.api import SUPERUSER_ID, Environment
from odoo.fields import Command

from . import engine

ZONE = "Europe/Brussels"
#: Callers by login: those with the same rights of connections are asked one after the other.
PORTAL, INTERNAL, ADMIN = "differential_portal", "differential_internal", "differential_admin"
#: What the connections of a caller say about rights (`run_as`).
RUN_AS = {PORTAL: "user", INTERNAL: "user", ADMIN: "sudo"}
#: Groups that make an internal user somebody who works with the apps, where they are installed.
WORK = (
    "base.group_partner_manager",
    "sales_team.group_sale_salesman_all_leads",
    "account.group_account_invoice",
    "stock.group_stock_user",
    "purchase.group_purchase_user",
    "project.group_project_user",
    "hr_timesheet.group_hr_timesheet_user",
    "mrp.group_mrp_user",
    "event.group_event_user",
)


@dataclass(frozen=True)
class Caller:
    """A user who asks both sides."""

    login: str
    uid: int
    context: dict[str, Any] = field(hash=False)

    @property
    def lifted(self) -> bool:
        """Whether connections lift access rights and record rules for this caller."""
        return RUN_AS[self.login] == "sudo"

    @property
    def name(self) -> str:
        return self.login.partition("_")[2]

    @property
    def zone(self) -> str:
        return str(self.context.get("tz") or "UTC")


def root(cr: Any) -> Environment:
    """The environment of the superuser, archived records included."""
    return Environment(cr, SUPERUSER_ID, {"active_test": False})


def callers(cr: Any, run_as: str) -> list[Caller]:
    """The callers whose connections say *run_as*."""
    env = root(cr)
    found = []
    for login, mode in RUN_AS.items():
        if mode == run_as:
            uid = env["res.users"].search([("login", "=", login)]).id
            found.append(Caller(login, uid, engine.context(env, uid)))
    return found


def prepare(env: Environment) -> None:
    """Make the callers and the data, once per database."""
    _users(env)
    _documents(env)
    _properties(env)
    _archived(env)


def _users(env: Environment) -> None:
    users = env["res.users"].with_context(no_reset_password=True, active_test=False)
    work = [group.id for name in WORK if (group := env.ref(name, raise_if_not_found=False))]
    groups = {
        PORTAL: env.ref("base.group_portal").ids,
        INTERNAL: env.ref("base.group_user").ids + work,
        ADMIN: env.ref("base.user_admin").group_ids.ids,
    }
    companies = env["res.company"].search([])
    for login, ids in groups.items():
        if users.search_count([("login", "=", login)]):
            continue
        values = {"login": login, "name": login.replace("_", " ").title(), "tz": ZONE}
        users.create(
            {
                **values,
                "group_ids": [Command.set(ids)],
                # the administrator works everywhere, others in one of several companies
                "company_ids": [Command.set(companies.ids if login == ADMIN else env.company.ids)],
                "company_id": env.company.id,
            }
        )


def _documents(env: Environment) -> None:
    """Let the portal user see documents: as a contact of the customer who has most of them."""
    if "sale.order" not in env:
        return
    contact = env["res.users"].search([("login", "=", PORTAL)]).partner_id
    groups = env["sale.order"]._read_group(
        [("state", "=", "sale")], ["partner_id"], order="__count desc", limit=1
    )
    for (customer,) in groups:
        contact.parent_id = customer.commercial_partner_id


#: One property of each type; what follows is a value.
PROPERTIES: tuple[tuple[dict[str, Any], Any], ...] = (
    ({"name": "a_char", "type": "char"}, "alpha"),
    ({"name": "a_boolean", "type": "boolean"}, True),
    ({"name": "an_integer", "type": "integer"}, 7),
    ({"name": "a_float", "type": "float"}, 2.5),
    ({"name": "a_date", "type": "date"}, "2026-02-03"),
    ({"name": "a_datetime", "type": "datetime"}, "2026-02-03 10:00:00"),
    ({"name": "a_selection", "type": "selection", "selection": [["a", "A"], ["b", "B"]]}, "b"),
    ({"name": "some_tags", "type": "tags", "tags": [["x", "X", 1], ["y", "Y", 2]]}, ["x", "y"]),
    ({"name": "a_many2one", "type": "many2one", "comodel": "res.partner"}, 1),
    ({"name": "a_many2many", "type": "many2many", "comodel": "res.partner"}, [1]),
)


def _properties(env: Environment) -> None:
    """Define a property of each type wherever records have some, and give values to a few records."""
    definition = [{"string": each["name"], **each} for each, _value in PROPERTIES]
    values = {each["name"]: value for each, value in PROPERTIES}
    for name in ("product.template", "project.task", "crm.lead"):
        if name not in env:
            continue
        model = env[name]
        for found in [each for each in model._fields.values() if each.type == "properties"]:
            holder = model._fields[found.definition_record]
            if not holder.store:
                continue
            records = model.search([(holder.name, "!=", False)], limit=12)
            records[holder.name][found.definition_record_field] = definition
            for record in records[::2]:
                record[found.name] = values


def _archived(env: Environment) -> None:
    """Archive some of what relations lead to: contacts of a company, tags, variants."""
    contacts = env["res.partner"].search([("parent_id", "!=", False), ("user_ids", "=", False)])
    contacts[::5].action_archive()
    if "product.template" in env:
        env["product.template"].search([], order="id", limit=30)[::7].action_archive()
