# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""Who calls, and what each caller may see and write in Odoo without the addon."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from odoo.api import SUPERUSER_ID, Environment

#: Logins of the callers, and the groups that each of them has.
CALLERS = {
    "footprint_portal": ("base.group_portal",),
    "footprint_internal": ("base.group_user",),
    "footprint_manager": ("base.group_user", "jwt_auth_api.group_manager"),
}
#: How many records of a model are looked at.
SAMPLE = 40
VERBS = {"read": "GET", "create": "POST", "write": "PUT", "unlink": "DELETE"}


@dataclass(frozen=True)
class Kinds:
    """Records of one model, by what one caller may do with them in Odoo; few of each, the oldest first."""

    hidden: tuple[int, ...] = ()
    read_only: tuple[int, ...] = ()
    writable: tuple[int, ...] = ()

    @property
    def foreign(self) -> tuple[int, ...]:
        """What the caller may not write, hidden before visible."""
        return self.hidden + self.read_only

    @property
    def some(self) -> tuple[int, ...]:
        """One of each."""
        return self.hidden[:1] + self.read_only[:1] + self.writable[:1]


def plain(cr: Any, uid: int) -> Environment:
    """The environment of a user who comes through Odoo's own RPC."""
    return Environment(cr, uid, {})


def root(cr: Any) -> Environment:
    """The environment of the superuser, archived records included."""
    return Environment(cr, SUPERUSER_ID, {"active_test": False})


def people(env: Environment) -> None:
    """Make the callers and what belongs to them, and records of a company that is none of theirs."""
    users = env["res.users"].with_context(no_reset_password=True, active_test=False)
    # the administrator's partner is a document with a history, like those of customers
    for login, groups in CALLERS.items():
        if users.search_count([("login", "=", login)]):
            continue
        ids = [group.id for group in map(env.ref, groups)]
        name = login.replace("_", " ").title()
        user = users.create({"login": login, "name": name, "group_ids": [(6, 0, ids)]})
        _belongings(env, user.partner_id, name)
    elsewhere = env["res.company"].search([("name", "=", "Footprint Elsewhere")])
    elsewhere = elsewhere or env["res.company"].create({"name": "Footprint Elsewhere"})
    there = {"name": "Footprint Elsewhere's Customer", "company_id": elsewhere.id}
    if not env["res.partner"].search_count([("name", "=", there["name"])]):
        _belongings(env, env["res.partner"].create(there), there["name"])


def _belongings(env: Environment, partner: Any, name: str) -> None:
    partner.message_post(body=f"A message about {name}")
    env["ir.attachment"].create(
        {"name": f"{name}.txt", "raw": b"secret", "res_model": "res.partner", "res_id": partner.id}
    )
    if "res.partner.bank" in env:
        env["res.partner.bank"].create({"acc_number": f"FP{partner.id}", "partner_id": partner.id})
    if "sale.order" in env:
        company = partner.company_id or env.company
        env["sale.order"].create({"partner_id": partner.id, "company_id": company.id})


class World:
    """What callers may do in Odoo: asked once per model and caller, in environments without any grant."""

    def __init__(self, cr: Any) -> None:
        env = root(cr)
        self.users = {
            login: env["res.users"].search([("login", "=", login)]).id for login in CALLERS
        }
        self._kinds: dict[tuple[str, int], Kinds] = {}
        self._samples: dict[str, tuple[int, ...]] = {}

    def sample(self, cr: Any, model_name: str) -> tuple[int, ...]:
        """Ids of a model: the oldest, which demo data and Odoo itself made, and the newest."""
        found = self._samples.get(model_name)
        if found is None:
            model = root(cr)[model_name]
            found = ()
            if model._auto or model._table_query is None:
                oldest = asked(cr, lambda: model.search([], order="id", limit=SAMPLE)._ids, ())
                newest = asked(
                    cr, lambda: model.search([], order="id desc", limit=SAMPLE // 4)._ids, ()
                )
                found = tuple(key for key in dict.fromkeys(oldest + newest) if isinstance(key, int))
            self._samples[model_name] = found
        return found

    def kinds(self, cr: Any, model_name: str, uid: int) -> Kinds:
        """The sample, sorted by what the caller may do with each record."""
        key = (model_name, uid)
        if key not in self._kinds:
            ids = self.sample(cr, model_name)
            env = plain(cr, uid)
            read = allowed(env, model_name, ids, "read")
            write = allowed(env, model_name, ids, "write")
            self._kinds[key] = Kinds(
                tuple(i for i in ids if i not in read)[:6],
                tuple(i for i in ids if i in read and i not in write)[:6],
                tuple(i for i in ids if i in write)[:6],
            )
        return self._kinds[key]


def allowed(
    env: Environment, model_name: str, ids: Iterable[int | None], operation: str
) -> frozenset[int]:
    """Return those of *ids* that the environment's user may read, create, write or unlink in Odoo.

    Some models show records to users without access rights, such as the public part of employees.
    """
    records = env[model_name].browse(ids)
    found = frozenset(asked(env.cr, lambda: records._filtered_access(operation)._ids, ()))
    if operation != "read" or found.issuperset(records._ids):
        return found
    model, domain = env[model_name].with_context(active_test=False), [("id", "in", records.ids)]
    return found.union(asked(env.cr, lambda: model.search(domain)._ids, ()))


def asked(cr: Any, function: Callable[[], Any], default: Any) -> Any:
    """What *function* gives; the default where Odoo's code cannot answer, whatever it stumbles over."""
    try:
        with cr.savepoint(flush=False):
            return function()
    except Exception:  # noqa: BLE001 - code of 700 models, asked outside of its screens
        return default
