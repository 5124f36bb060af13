# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.

from odoo import api, fields, models
from odoo.tools.i18n import format_list

from ..engine.policy import MODE_OF_METHOD
from ..engine.records import scope_domain
from ..tools import filters
from .connection_api import TOGGLES
from .connection_api_emptied_lists import LIMITING_LISTS
from .connection_api_protection import PARTIAL_KINDS

#: Show at most this many fields or actions by name; count or cut off the rest.
SHOWN = 6
#: Domains of record rules that match every record.
_NO_RULE = frozenset(["", "[]", "[(1,'=',1)]", '[(1,"=",1)]'])


class ConnectionApi(models.Model):
    """Describe a connection in plain words on its form."""

    _inherit = "connection.api"

    exposure = fields.Text("Summary", compute="_compute_exposure")
    exposure_warning = fields.Text("Warnings", compute="_compute_exposure")
    is_risky = fields.Boolean(compute="_compute_exposure")
    audience = fields.Char("Open to", compute="_compute_exposure")

    @api.depends(
        "model",
        "active",
        "run_as",
        "domain",
        "is_view",
        "max_limit",
        "rate_limit",
        "action_ids.name",
        "action_ids.as_superuser",
        "report_ids",
        *TOGGLES,
        *LIMITING_LISTS,
        *LIMITING_LISTS.values(),
    )
    def _compute_exposure(self):
        """Compute the summary and the warnings that the form shows."""
        for connection in self:
            connection.exposure = connection._exposure()
            connection.exposure_warning = "\n".join(connection._warnings()) or False
            connection.is_risky = bool(connection.exposure_warning)
            groups = connection.group_ids.sudo().mapped("full_name")
            connection.audience = ", ".join(groups) or self.env._("Every user who can log in")

    # --- summary -------------------------------------------------------------------------

    def _exposure(self):
        """Return a summary for administrators: who can do what with which records and fields.

        :rtype: str | bool
        """
        model = self.model_id.sudo()
        if not model:
            return False
        if self._is_shut():
            return self._why_shut()
        sentences = [
            self._opened_to_whom(),
            self._opened_fields(),
            self._opened_actions() if self._verbs() else False,
            self._limits(),
            self._read_only(),
        ]
        return " ".join(sentence for sentence in sentences if sentence)

    def _is_shut(self):
        opens = self._verbs() or self._action_names() or self.report_ids
        return not self.active or not opens or bool(self._lost_lists())

    def _lost_lists(self):
        """Return the lists of :meth:`_lost_limits` that are still empty in the form."""
        return [name for name in self._origin._lost_limits() if not self[name]]

    def _why_shut(self):
        if lost := self._lost_lists():
            return self.env._(
                "Nothing is open: everything that was selected in %(lists)s has been deleted. Make a"
                " new selection, then unarchive the connection.",
                lists=self._list_names(lost),
            )
        if not self.active:
            return self.env._("Nothing is open: the connection is archived.")
        return self.env._(
            "Nothing is open: requests to %(model)s are refused.", model=self._title()
        )

    def _title(self):
        model = self.model_id.sudo()
        return f"{model.name} ({model.model})"

    def _all_verbs(self):
        return {
            "is_get": self.env._("read"),
            "is_post": self.env._("create"),
            "is_put": self.env._("change"),
            "is_delete": self.env._("delete"),
        }

    def _verbs(self):
        return [verb for toggle, verb in self._all_verbs().items() if self[toggle]]

    def _action_names(self):
        return [name for name in self.action_ids.mapped("name") if name]

    def _opened_to_whom(self):
        """Return who can do what with which records, and whose access rights apply."""
        who = self._who()
        verbs = self._verbs() or self._calls()
        records = (
            self.env._("the records of %(model)s that match the filter")
            if self._filter_text()
            else self.env._("all records of %(model)s")
        ) % {"model": self._title()}
        values = {"who": who, "verbs": verbs, "records": records}
        if self.run_as == "user":
            return self.env._(
                "%(who)s may %(verbs)s %(records)s, within their own access rights and record rules.",
                **values,
            )
        kind = self._protection()
        if kind == "wizard":
            return self.env._(
                "%(who)s may %(verbs)s %(records)s, within their own access rights and record rules,"
                " because this model is a wizard.",
                **values,
            )
        if kind:
            return self.env._(
                "%(who)s may %(verbs)s %(records)s: system administrators regardless of record rules,"
                " everybody else only within their own access rights and record rules.",
                **values,
            )
        opened = self.env._(
            "%(who)s may %(verbs)s %(records)s, regardless of their access rights and record rules.",
            **values,
        )
        if not (own := self._own_right_verbs()):
            return opened
        return self.env._(
            "%(opened)s Exception: users other than system administrators may %(verbs)s them only"
            " within their own access rights and record rules.",
            opened=opened,
            verbs=own,
        )

    def _protection(self):
        """Return why the model is protected as a whole, an empty text if it is not."""
        kind = self._protection_kind(self.model) if self.model in self.env else ""
        return "" if kind in PARTIAL_KINDS else kind

    def _own_right_verbs(self):
        """Return the verbs of open methods whose access rights are lifted only for administrators."""
        if self.model not in self.env:
            return []
        protected = self._protected_modes(self.model)
        verbs = self._all_verbs()
        return [
            verbs[toggle]
            for toggle, method in TOGGLES.items()
            if self[toggle] and MODE_OF_METHOD[method] in protected
        ]

    def _who(self):
        names = self.group_ids.sudo().mapped("full_name")
        if not names:
            return self.env._("Every user who can log in, including portal users,")
        groups = format_list(self.env, names, style="or")
        return self.env._("Every member of %(groups)s", groups=groups)

    def _some(self, names):
        """Return the names as a list or, if there are many, their number."""
        if len(names) > SHOWN:
            return self.env._("%(count)s selected fields", count=len(names))
        return format_list(self.env, names)

    def _opened_fields(self):
        """Return which fields are open; False for a connection that only deletes."""
        if not (self.is_get or self.is_post or self.is_put):
            return False
        read, written = (
            sorted(name for name in self[names].sudo().mapped("field_description") if name)
            for names in ("read_field_ids", "write_field_ids")
        )
        read = self._some(read) if read else self.env._("every field that Odoo shows them")
        if not (self.is_post or self.is_put):
            return self.env._("They see %(read)s.", read=read)
        written = (
            self._some(written) if written else self.env._("every field that Odoo lets them write")
        )
        return self.env._(
            "They see %(read)s, and may write %(written)s.", read=read, written=written
        )

    def _calls(self):
        calls = [self.env._("call %(action)s on", action=name) for name in self._action_names()]
        reports = self.report_ids.sudo().mapped("name")
        return calls + [
            self.env._("download the PDF %(report)s of", report=name) for name in reports
        ]

    def _opened_actions(self):
        calls = [self.env._("call %(action)s", action=name) for name in self._action_names()]
        reports = self.report_ids.sudo().mapped("name")
        calls += [self.env._("download the PDF %(report)s", report=name) for name in reports]
        return calls and self.env._("They may %(calls)s.", calls=calls)

    def _read_only(self):
        return self.is_view and self.env._(
            "The data comes from other models and cannot be written."
        )

    def _limits(self):
        limits = []
        if self.is_get:
            limits.append(self.env._("a page has at most %(count)s records", count=self.max_limit))
        if self.rate_limit:
            limits.append(
                self.env._(
                    "each user may send %(count)s requests per minute", count=self.rate_limit
                )
            )
        return limits and self.env._("Limits: %(limits)s.", limits=limits)

    # --- warnings ------------------------------------------------------------------------

    def _warnings(self):
        """Return a sentence for each risk; none if users can do no more than in Odoo."""
        if not self.model_id or self._is_shut():
            return []
        found = [self._filter_problem(), self._warning_protected()]
        if self.run_as != "user" and not self._protection():
            found += [
                self._warning_anybody(),
                self._warning_record_rules(),
                self._warning_companies(),
                self._warning_delete(),
                self._warning_write(),
                self._warning_secrets(),
                self._warning_actions(),
            ]
        found += [
            self._warning_superuser(),
            self._warning_filter_fields(),
            self._warning_reports(),
        ]
        return [warning for warning in found if warning]

    def _filter_text(self):
        text = (self.domain or "").strip()
        return "" if text == "[]" else text

    def _filter_names(self):
        """Return the names, such as ``user``, that make the filter depend on the caller."""
        try:
            return {path[0] for path in filters.paths(filters.parse(self._filter_text() or "[]"))}
        except filters.FilterError:
            return set()

    def _is_personal(self):
        return bool(self._filter_names() & {"user", "uid"}) and not self._filter_problem()

    def _filter_fields(self):
        """Return the names of the model's fields that the filter uses."""
        try:
            domain = scope_domain(self.env, self._filter_text() or "[]")
            return {item.field_expr.split(".")[0] for item in domain.iter_conditions()}
        except (ValueError, TypeError):
            return set()

    def _writes(self):
        return self.is_post or self.is_put

    def _warning_protected(self):
        harmless = self.run_as == "user" and not self._writes() and not self.is_delete
        kind = self._protection()
        if not kind or harmless:
            return False
        if kind == "wizard":
            return self.env._(
                "This model is a wizard: it can do many things at once, with the access rights of the"
                " user who runs it."
            )
        if kind == "template":
            return self.env._(
                "This model contains templates that the server renders. Open it only if necessary."
            )
        return self.env._(
            "This model controls what users may do, or contains code or secrets. Open it only if"
            " necessary."
        )

    def _warning_anybody(self):
        if self._is_personal():
            return False
        if not self.group_ids:
            return self.env._(
                "No group is selected: the connection is also open to customers with a portal account"
                " and to everyone who can sign up."
            )
        if self.env.ref("base.group_portal") in self.group_ids._origin:
            return self.env._("The connection is open to customers with a portal account.")
        return False

    def _warning_record_rules(self):
        """Warn about record rules of this model that the connection bypasses."""
        if self._is_personal() or not self._has_rules():
            return False
        if self._writes() or self.is_delete:
            return self.env._(
                "Odoo's record rules for %(model)s do not apply here: clients can write records that"
                " their users cannot write, or cannot even see, in Odoo.",
                model=self.model_id.sudo().name,
            )
        if self.is_get and not self._filter_text():
            return self.env._(
                "Odoo's record rules for %(model)s do not apply here: clients can read records that"
                " their users cannot see in Odoo.",
                model=self.model_id.sudo().name,
            )
        return False

    def _has_rules(self):
        modes = {
            "perm_read": self.is_get,
            "perm_create": self.is_post,
            "perm_write": self.is_put,
            "perm_unlink": self.is_delete,
        }
        names = [self.model, *self.env[self.model]._inherits]
        rules = self.env["ir.rule"].sudo().search([("model_id.model", "in", names)])
        return any(
            "".join((rule.domain_force or "").split()) not in _NO_RULE
            and any(rule[mode] for mode, is_open in modes.items() if is_open)
            for rule in rules
        )

    def _warning_companies(self):
        company = self.env[self.model]._fields.get("company_id")
        named = self._filter_names() | self._filter_fields()
        is_limited = bool(named & {"user", "uid", "company_id", "company_ids"})
        if (
            is_limited
            or company is None
            or company.comodel_name != "res.company"
            or not self._verbs()
        ):
            return False
        if self.env["res.company"].sudo().search_count([], limit=2) < 2:
            return False
        return self.env._(
            "The connection opens the records of all companies. To limit users to their own companies,"
            " use a filter such as [('company_id', 'in', company_ids)]."
        )

    def _warning_delete(self):
        if not self.is_delete or self._filter_text():
            return False
        return self.env._("Every user of this connection can permanently delete any record.")

    def _warning_write(self):
        if not self._writes() or self.write_field_ids:
            return False
        return self.env._(
            "No writable fields are selected: clients can write every field that Odoo lets their users"
            " write, including fields that Odoo's screens hide or show as read-only."
        )

    def _warning_secrets(self):
        """Warn about secrets among the listed fields; unlisted secrets are never open."""
        secrets = {
            field.field_description
            for field in (self.read_field_ids | self.write_field_ids).sudo()
            if field.name in self._secret_fields(self.model)
        }
        if not secrets:
            return False
        return self.env._(
            "The lists of fields open fields that look like keys or passwords: %(fields)s.",
            fields=sorted(secrets)[:SHOWN],
        )

    def _warning_superuser(self):
        """Warn about actions that run with superuser rights for every caller."""
        names = [action.name for action in self.action_ids if action.as_superuser and action.name]
        if not names:
            return False
        return self.env._(
            "These actions run with superuser rights, regardless of the caller's access rights:"
            " %(actions)s.",
            actions=names[:SHOWN],
        )

    def _warning_actions(self):
        if not self._action_names():
            return False
        return self.env._(
            "Actions can change the records that they are called on, regardless of the writable"
            " fields: %(actions)s.",
            actions=self._action_names()[:SHOWN],
        )

    def _warning_filter_fields(self):
        """Warn about writable fields that the filter uses."""
        chosen = set(self.write_field_ids.sudo().mapped("name")) & self._filter_fields()
        if not chosen or not self._writes():
            return False
        return self.env._(
            "The filter uses %(fields)s, which clients can write. They cannot write values that do not"
            " match the filter, but they can choose among those that do.",
            fields=sorted(chosen),
        )

    def _warning_reports(self):
        if not self.report_ids or not self.read_field_ids:
            return False
        return self.env._(
            "A PDF report shows everything that is printed on it, regardless of the readable fields."
        )
