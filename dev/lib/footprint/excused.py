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
        _excuse("planned on an open document", "insert", ("res_model", "res_id"), as_caller=True),
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
            "the type of a journal is a default of its alias, and a document that takes no e-mail"
            " has no name for it",
            "update",
            columns="alias_defaults alias_full_name alias_name",
        ),
        _excuse("deleted with its document", "delete"),
    ),
    "mail_compose_message": (_excuse("a wizard that Odoo sends a message with", "insert"),),
    "ir_cron_trigger": (_excuse("a job that is to run soon", "insert"),),
    "ir_cron": (_excuse("alerts and suppliers of lunch have a job each", "insert update delete"),),
    "ir_act_server": (_excuse("the code of such a job, which is fixed", "insert update delete"),),
    "ir_ui_view": (_excuse("the pages of an event", "insert delete"),),
    "website_menu": (_excuse("the menu of an event", "insert update delete"),),
    "website_event_menu": (_excuse("the menu of an event", "insert update delete"),),
    "website": (_excuse("its forums are counted", "update", columns="forum_count"),),
    "event_mail": (
        _excuse(
            "mails of an event are counted", "update", columns="error_datetime mail_count_done"
        ),
    ),
    "event_mail_registration": (_excuse("mails to those who register", "insert update"),),
    "crm_lead": (_excuse("made by the lead rules of an event, for those who register", "insert"),),
    "crm_lead_scoring_frequency": (_excuse("won and lost leads are counted", "insert update"),),
    "link_tracker_code": (
        _excuse("the first code of a link", "insert", (":link.tracker", "link_id")),
    ),
    "project_project": (
        _excuse(
            "the last update of a project", "update", columns="last_update_id last_update_status"
        ),
    ),
    "slide_channel_partner": (
        _excuse("the responsible of a course", "insert", (":slide.channel", "channel_id")),
    ),
    "account_analytic_line": (
        _excuse("timesheets of public holidays, and the accounts of timesheets", "insert update"),
    ),
    "res_users": (_excuse("ranks, when their limits change", "update", columns="rank_id"),),
    "res_users_settings": (_excuse("made where a user has none", "insert"),),
    "im_livechat_expertise_res_users_settings_rel": (
        _excuse("who has an expertise, kept with the settings of users", "insert delete"),
    ),
    "res_partner": (
        _excuse(
            "what a contact takes from its company, wherever the company is changed",
            "update",
            columns="company_registry industry_id property_account_payable_id"
            " property_account_position_id property_account_receivable_id property_payment_term_id"
            " property_supplier_payment_term_id vat",
        ),
    ),
    "product_template": (_excuse("the line of a discount is a product", "insert"),),
    "product_product": (_excuse("the line of a discount is a product", "insert"),),
    "product_value": (_excuse("the line of a discount is a product", "insert"),),
    "stock_move": (
        _excuse("dates of a production are those of its moves", "update", columns="date"),
    ),
    "account_tax_repartition_line": (
        _excuse("the first lines of a new tax", "insert", (":account.tax", "tax_id")),
    ),
    "stock_rule": (
        _excuse("archived with its route", "update", (":stock.route", "route_id"), "active"),
    ),
    "stock_quant": (_excuse("what is in stock, as moves change it", "insert update delete"),),
    "jwt_cache_version": (
        _excuse("a random text that tells workers of a changed connection", "update", sql=True),
    ),
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
