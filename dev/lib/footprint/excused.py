# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""What Odoo's own code may change beside the records that were open: short, and each with its reason.

A row is excused only if Odoo wrote it as superuser, or asked for access to its document. Where `owner` names the
columns of the document that the row belongs to, the caller must be allowed to write that document.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Excuse:
    """One table; `columns` are the only ones that an update may change, empty for all."""

    reason: str
    ops: frozenset[str]
    owner: tuple[str, str] | None = None
    columns: frozenset[str] = frozenset()
    #: Written by SQL of Odoo's own, so that no call of the ORM tells it.
    sql: bool = False
    #: Written as the caller: Odoo's own check asks for access to the document, which is open.
    as_caller: bool = False


def _excuse(
    reason: str,
    ops: str,
    owner: tuple[str, str] | None = None,
    columns: str = "",
    *,
    sql: bool = False,
    as_caller: bool = False,
) -> Excuse:
    operations, names = frozenset(ops.split()), frozenset(columns.split())
    return Excuse(reason, operations, owner, names, sql, as_caller)


#: A name that stands for "the one model that this many2one leads to" follows after a colon.
EXCUSED: dict[str, tuple[Excuse, ...]] = {
    "mail_message": (
        _excuse(
            "what mail.thread notes about its own document", "insert delete", ("model", "res_id")
        ),
        _excuse(
            "what is posted on an open document", "insert", ("model", "res_id"), as_caller=True
        ),
        _excuse(
            "what Odoo notes on a contact when its bank account is deleted, and the like", "insert"
        ),
    ),
    "mail_followers": (
        _excuse("who follows a document", "insert delete update", ("res_model", "res_id")),
    ),
    "mail_tracking_value": (
        _excuse("tracked values", "insert delete", (":mail.message", "mail_message_id")),
    ),
    "mail_notification": (
        _excuse("who is told", "insert delete", (":mail.message", "mail_message_id")),
    ),
    "mail_activity": (
        _excuse(
            "activities go with their document", "insert delete update", ("res_model", "res_id")
        ),
    ),
    "mail_mail": (
        _excuse("the e-mail of a message", "insert", (":mail.message", "mail_message_id")),
    ),
    "ir_attachment": (
        _excuse("files of binary fields", "insert update delete", ("res_model", "res_id")),
    ),
    "ir_model_data": (_excuse("external ids go with their record", "delete", ("model", "res_id")),),
    "mail_alias": (
        _excuse(
            "the type of a journal is a default of its alias", "update", columns="alias_defaults"
        ),
    ),
    "account_tax_repartition_line": (
        _excuse("the first lines of a new tax", "insert", (":account.tax", "tax_id")),
    ),
    "stock_rule": (
        _excuse("archived with its route", "update", (":stock.route", "route_id"), "active"),
    ),
    "stock_quant": (_excuse("what is in stock, as moves change it", "insert update delete"),),
    "bus_bus": (_excuse("notes to open browsers", "insert"),),
    "ir_sequence": (
        _excuse("numbers are counted", "update", columns="number_next", sql=True),
        _excuse("types of operations and packages have a sequence each", "insert"),
        _excuse("and name it", "update", columns="company_id name prefix"),
    ),
    "ir_sequence_date_range": (
        _excuse("numbers are counted", "insert update", columns="number_next", sql=True),
    ),
}
