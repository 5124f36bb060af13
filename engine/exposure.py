# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""Describe in plain words what a connection opens, and what is risky about it."""

from odoo.tools.i18n import format_list

from .connection import TOGGLES
from .policy import MODE_OF_METHOD
from .protected import PARTIAL_KINDS
from .record_filter import RecordFilter

#: Show at most this many fields or actions by name; count or cut off the rest.
SHOWN = 6
#: Domains of record rules that match every record.
_NO_RULE = frozenset(["", "[]", "[(1,'=',1)]", '[(1,"=",1)]'])


class Exposure:
    """Describe a connection, saved or not, for the administrator who edits it."""

    def __init__(self, connection):
        self.connection = connection
        self.env = connection.env
        self.filter = RecordFilter(connection.env, connection.model, connection.domain)
        self.protection = connection.env["connection.api.protection"]

    def audience(self):
        """Return the names of the groups that may use the connection.

        :rtype: str
        """
        internal, portal = self._kinds_of_users()
        plain = {internal: self.env._("Internal users"), portal: self.env._("Portal users")}
        names = [plain.get(group, group.full_name) for group in self._groups().sudo()]
        return ", ".join(names) or self.env._("Every user who can log in")

    def _groups(self):
        return self.connection.group_ids._origin

    def _kinds_of_users(self):
        """Return the groups of all internal users and of all portal users."""
        return self.env.ref("base.group_user"), self.env.ref("base.group_portal")

    # --- summary -------------------------------------------------------------------------

    def summary(self):
        """Return a summary for administrators: who can do what with which records and fields.

        :rtype: str | bool
        """
        model = self.connection.model_id.sudo()
        if not model:
            return False
        if self._is_shut():
            return self._why_shut()
        sentences = [
            self._opened_to_whom(),
            self._opened_fields(),
            self._opened_actions(),
            self._limits(),
            self._read_only(),
        ]
        return " ".join(sentence for sentence in sentences if sentence)

    def _is_shut(self):
        opens = self._verbs() or self._action_names() or self.connection.report_ids
        empty = self.connection._lost_lists() or self.connection._unselected_lists()
        return not self.connection.active or not opens or bool(empty)

    def _why_shut(self):
        if lost := self.connection._lost_lists():
            return self.env._(
                "Nothing is open: everything that was selected in %(lists)s has been deleted. Make a"
                " new selection, then unarchive the connection.",
                lists=self.connection._list_names(lost),
            )
        if empty := self.connection._unselected_lists():
            return self.env._(
                "Nothing is open: nothing is selected in %(lists)s.",
                lists=self.connection._list_names(empty),
            )
        if not self.connection.active:
            return self.env._("Nothing is open: the connection is archived.")
        return self.env._(
            "Nothing is open: requests to %(model)s are refused.", model=self._title()
        )

    def _title(self):
        model = self.connection.model_id.sudo()
        return f"{model.name} ({model.model})"

    def _all_verbs(self):
        return {
            "is_get": self.env._("read"),
            "is_post": self.env._("create"),
            "is_put": self.env._("change"),
            "is_delete": self.env._("delete"),
        }

    def _verbs(self):
        return [verb for toggle, verb in self._all_verbs().items() if self.connection[toggle]]

    def _action_names(self):
        return [name for name in self.connection.action_ids.mapped("name") if name]

    def _opened_to_whom(self):
        """Return who can do what with which records, and whose access rights apply."""
        who = self._who()
        verbs = self._verbs() or [self.env._("use")]
        records = (
            self.env._("records of %(model)s that match the filter")
            if self.filter.text
            else self.env._("any record of %(model)s")
        ) % {"model": self._title()}
        values = {"who": who, "verbs": verbs, "records": records}
        if self.connection.run_as == "user":
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
            "%(opened)s Exception: users other than system administrators may %(verbs)s these"
            " records only within their own access rights and record rules.",
            opened=opened,
            verbs=own,
        )

    def _protection(self):
        """Return why the model is protected as a whole, an empty text if it is not."""
        kind = (
            self.protection._protection_kind(self.connection.model)
            if self.connection.model in self.env
            else ""
        )
        return "" if kind in PARTIAL_KINDS else kind

    def _own_right_verbs(self):
        """Return the verbs of open methods whose access rights are lifted only for administrators."""
        if self.connection.model not in self.env:
            return []
        protected = self.protection._protected_modes(self.connection.model)
        verbs = self._all_verbs()
        return [
            verbs[toggle]
            for toggle, method in TOGGLES.items()
            if self.connection[toggle] and MODE_OF_METHOD[method] in protected
        ]

    def _who(self):
        groups, (internal, portal) = self._groups(), self._kinds_of_users()
        if not groups:
            return self.env._("Every user who can log in, including portal users,")
        if groups == internal:
            return self.env._("Every internal user")
        if groups == portal:
            return self.env._("Every portal user")
        if groups == internal | portal:
            return self.env._("Every internal user and every portal user")
        names = format_list(self.env, groups.sudo().mapped("full_name"), style="or")
        return self.env._("Every member of %(groups)s", groups=names)

    def _some(self, names):
        """Return the names as a list or, if there are many, their number."""
        if len(names) > SHOWN:
            return self.env._("%(count)s selected fields", count=len(names))
        return format_list(self.env, names)

    def _opened_fields(self):
        """Return which fields are open; False for a connection that only deletes."""
        if not (self.connection.is_get or self.connection.is_post or self.connection.is_put):
            return False
        read, written = (
            sorted(
                name for name in self.connection[names].sudo().mapped("field_description") if name
            )
            for names in ("read_field_ids", "write_field_ids")
        )
        read = self._some(read) if read else self.env._("every field that Odoo shows them")
        if not (self.connection.is_post or self.connection.is_put):
            return self.env._("They see %(read)s.", read=read)
        written = (
            self._some(written) if written else self.env._("every field that Odoo lets them write")
        )
        return self.env._(
            "They see %(read)s, and may write %(written)s.", read=read, written=written
        )

    def _opened_actions(self):
        calls = [self.env._("call %(action)s", action=name) for name in self._action_names()]
        reports = self.connection.report_ids.sudo().mapped("name")
        calls += [self.env._("download the PDF %(report)s", report=name) for name in reports]
        return calls and self.env._("They may %(calls)s.", calls=calls)

    def _read_only(self):
        return self.connection.is_view and self.env._(
            "The data comes from other models and cannot be written."
        )

    def _limits(self):
        limits = []
        if self.connection.is_get:
            limits.append(
                self.env._("a page size of at most %(count)s", count=self.connection.max_limit)
            )
        if self.connection.rate_limit:
            limits.append(
                self.env._(
                    "a request rate of at most %(count)s per minute and user",
                    count=self.connection.rate_limit,
                )
            )
        return limits and self.env._("Limits: %(limits)s.", limits=limits)

    # --- warnings ------------------------------------------------------------------------

    def dangers(self):
        """Return a sentence for each thing that is dangerous, or broken; usually a mistake."""
        if not self.connection.model_id or self._is_shut():
            return []
        found = [self.filter.problem(), self._warning_protected()]
        if self._lifts_rights():
            found += [
                self._opens_more_to_anybody() and self._warning_anybody(),
                self._warning_delete(),
                self._warning_secrets(),
            ]
        return [danger for danger in (*found, self._warning_superuser()) if danger]

    def warnings(self):
        """Return a sentence for each other risk; none if users can do no more than in Odoo."""
        if not self.connection.model_id or self._is_shut():
            return []
        found = []
        if self._lifts_rights():
            found += [
                not self._opens_more_to_anybody() and self._warning_anybody(),
                self._warning_record_rules(),
                self._warning_companies(),
                self._warning_write(),
                self._warning_actions(),
            ]
        found += [self._warning_filter_fields(), self._warning_reports()]
        return [warning for warning in found if warning]

    def _lifts_rights(self):
        return self.connection.run_as != "user" and not self._protection()

    def _opens_more_to_anybody(self):
        """Return whether the connection opens more than Odoo does to portal users."""
        rights = self.env["ir.model.access"]
        groups = self.env["res.groups"]._get_group_definitions()
        portal = groups.from_ids(self._kinds_of_users()[1].ids)
        modes = [mode for toggle, mode in self._modes().items() if self.connection[toggle]]
        return self._has_rules() or not all(
            portal <= rights._get_access_groups(self.connection.model, mode) for mode in modes
        )

    def _modes(self):
        return {toggle: MODE_OF_METHOD[method] for toggle, method in TOGGLES.items()}

    def _writes(self):
        return self.connection.is_post or self.connection.is_put

    def _warning_protected(self):
        harmless = (
            self.connection.run_as == "user"
            and not self._writes()
            and not self.connection.is_delete
        )
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
        if self.filter.is_personal():
            return False
        if not self.connection.group_ids:
            return self.env._(
                "No group is selected: the connection is also open to customers with a portal account"
                " and to everyone who can sign up."
            )
        if self._kinds_of_users()[1] in self._groups():
            return self.env._("The connection is open to customers with a portal account.")
        return False

    def _warning_record_rules(self):
        """Warn about record rules of this model that the connection bypasses."""
        if self.filter.is_personal() or not self._has_rules():
            return False
        if self._writes() or self.connection.is_delete:
            return self.env._(
                "Odoo's record rules for %(model)s do not apply here: clients can write records that"
                " their users cannot write, or cannot even see, in Odoo.",
                model=self.connection.model_id.sudo().name,
            )
        if self.connection.is_get and not self.filter.text:
            return self.env._(
                "Odoo's record rules for %(model)s do not apply here: clients can read records that"
                " their users cannot see in Odoo.",
                model=self.connection.model_id.sudo().name,
            )
        return False

    def _has_rules(self):
        modes = {
            "perm_read": self.connection.is_get,
            "perm_create": self.connection.is_post,
            "perm_write": self.connection.is_put,
            "perm_unlink": self.connection.is_delete,
        }
        names = [self.connection.model, *self.env[self.connection.model]._inherits]
        rules = self.env["ir.rule"].sudo().search([("model_id.model", "in", names)])
        return any(
            "".join((rule.domain_force or "").split()) not in _NO_RULE
            and any(rule[mode] for mode, is_open in modes.items() if is_open)
            for rule in rules
        )

    def _warning_companies(self):
        company = self.env[self.connection.model]._fields.get("company_id")
        named = self.filter.names() | self.filter.fields()
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
        if not self.connection.is_delete or self.filter.text:
            return False
        return self.env._("Every user of this connection can permanently delete any record.")

    def _warning_write(self):
        if not self._writes() or self.connection.write_field_ids:
            return False
        return self.env._(
            "No writable fields are selected: clients can write every field that Odoo lets their users"
            " write, including fields that Odoo's screens hide or show as read-only."
        )

    def _warning_secrets(self):
        """Warn about secrets among the listed fields; unlisted secrets are never open."""
        secrets = {
            field.field_description
            for field in (self.connection.read_field_ids | self.connection.write_field_ids).sudo()
            if field.name in self.protection._secret_fields(self.connection.model)
        }
        if not secrets:
            return False
        return self.env._(
            "The lists of fields open fields that look like keys or passwords: %(fields)s.",
            fields=sorted(secrets)[:SHOWN],
        )

    def _warning_superuser(self):
        """Warn about actions that run with superuser rights for every caller."""
        names = [
            action.name
            for action in self.connection.action_ids
            if action.as_superuser and action.name
        ]
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
        chosen = set(self.connection.write_field_ids.sudo().mapped("name")) & self.filter.fields()
        if not chosen or not self._writes():
            return False
        return self.env._(
            "The filter uses %(fields)s, which clients can write. They cannot write values that do not"
            " match the filter, but they can choose among those that do.",
            fields=sorted(chosen),
        )

    def _warning_reports(self):
        if not self.connection.report_ids or not self.connection.read_field_ids:
            return False
        return self.env._(
            "A PDF report shows everything that is printed on it, regardless of the readable fields."
        )
