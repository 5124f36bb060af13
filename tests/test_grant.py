# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""What a connection lifts, and what it never lifts: the guards that Odoo states in its own code."""

import base64
import gc
import json
import weakref
from unittest.mock import patch

from odoo import api
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.tests import new_test_user, tagged
from odoo.tools.safe_eval import safe_eval

from ..engine import grants, protected, write
from ..engine.page import read_page
from ..engine.record_filter import RecordFilter
from ..tools import parsing
from ..tools.errors import ApiError
from .common import NO_TRACKING
from .policy_case import OWN, PolicyCase

SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>1</script></svg>'


class GrantCase(PolicyCase):
    """Beside the users of the other tests ``plain``, who has no rights but those of every employee."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.plain = cls._new_user("api-plain", "base.group_user")
        cls.plain_access = cls._open(cls.plain).access
        cls.neighbour = cls._new_user("api-neighbour", "base.group_portal")
        cls.neighbour.partner_id.email = "neighbour@example.com"

    def assertRefused(self, response, *statuses):
        self.assertIn(response.status_code, statuses or (400, 403, 404, 422), response.text)
        self.assertAnswer(response, response.status_code)


@tagged("post_install", "-at_install")
class TestAccounts(GrantCase):
    """The contact of a user is a part of that user's account."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._connect("res.partner")

    def test_email_of_another_user(self):
        """Who changes it asks Odoo for a new password, and is that user."""
        for user in (self.admin, self.victim, self.neighbour):
            before = user.email
            for token in (self.portal_access, self.plain_access):
                for values in ({"email": "a@evil.example"}, {"email": False}):
                    with self.subTest(user=user.login, values=values):
                        self.assertRefused(self._put(token, user.partner_id, values), 403)
            self.assertUnchanged(user, email=before)

    def test_through_a_relation(self):
        """The same below a command, and when a contact becomes the child of another one."""
        partner = self.neighbour.partner_id
        for commands in ([[1, partner.id, {"email": "a@evil.example"}]], [[4, partner.id]]):
            with self.subTest(commands=commands):
                response = self._put(self.plain_access, self.mine[0], {"child_ids": commands})
                self.assertRefused(response, 403)
                response = self._create(
                    self.plain_access, "res.partner", {"name": "Evil", "child_ids": commands}
                )
                self.assertRefused(response, 403)
        self.assertUnchanged(
            partner, email="neighbour@example.com", parent_id=self.env["res.partner"]
        )

    def test_what_decides_who_somebody_is(self):
        """What identifies somebody, links to contacts and companies, what record rules name."""
        self.env["ir.model.fields"].create(
            {
                "name": "x_decides",
                "ttype": "char",
                "model_id": self.env["ir.model"]._get_id("res.partner"),
            }
        )
        partner = self.neighbour.partner_id
        self.assertAnswer(self._put(self.plain_access, partner, {"x_decides": "free"}))
        rule = {"name": "x", "model_id": self.env["ir.model"]._get_id("res.country")}
        domain = "['|', ('code', '=', user.partner_id.x_decides), (1, '=', 1)]"
        self.env["ir.rule"].create({**rule, "domain_force": domain})
        for values in (
            {"parent_id": self.theirs.id},
            {"company_id": self.env.company.id},
            {"is_company": True},
            {"active": False},
            {"name": "Somebody else"},
            {"x_decides": "x"},
        ):
            for partner in (self.neighbour.partner_id, self.victim.partner_id):
                with self.subTest(values=values):
                    self.assertRefused(self._put(self.plain_access, partner, values), 403)

    def test_ones_own_contact(self):
        """A user changes what the preferences and the portal of Odoo let them change, nothing else."""
        for user, token in ((self.portal, self.portal_access), (self.plain, self.plain_access)):
            details = {"email": "me@example.com", "phone": "+32 1", "name": "Me", "city": "Gent"}
            self.assertAnswer(self._put(token, user.partner_id, details))
            self.assertUnchanged(user.partner_id, **details)
            for values in (
                {"parent_id": self.theirs.id},
                {"company_id": self.env.company.id},
                {"is_company": True},
            ):
                with self.subTest(user=user.login, values=values):
                    self.assertRefused(self._put(token, user.partner_id, values), 403)
            self.assertFalse(user.partner_id.parent_id)
            unchanged = [
                "active",
                "company_id",
                "is_company",
                "parent_id",
                "user_id",
                "lang",
                "type",
            ]
            row = self._one(token, user.partner_id, *unchanged)
            row.pop("id")
            self.assertAnswer(self._put(token, user.partner_id, row))

    def test_contact_details_of_a_customer(self):
        """How to reach a customer with a portal account can be changed, and those without one at will."""
        values = {"phone": "+32 2", "street": "Main Street 1", "user_id": self.plain.id, "color": 2}
        self.assertAnswer(self._put(self.plain_access, self.neighbour.partner_id, values))
        self.assertAnswer(self._put(self.portal_access, self.theirs, {"email": "x@example.com"}))
        company = self.env["res.partner"].create({"name": "Co", "is_company": True})
        self.neighbour.partner_id.parent_id = company
        # what Odoo hands down to the contacts of a company goes through
        self.assertAnswer(self._put(self.plain_access, company, {"street": "High Street 2"}))
        self.assertUnchanged(self.neighbour.partner_id, street="High Street 2")

    def test_whose_documents_a_portal_user_sees(self):
        """A portal user sees what is below their company: nobody moves a company there, or theirs away."""
        company, target = self.env["res.partner"].create(
            [{"name": "Co", "is_company": True}, {"name": "Target", "is_company": True}]
        )
        self.portal.partner_id.parent_id = company
        own = self.portal.partner_id
        contact = self.env["res.partner"].create({"name": "Contact", "parent_id": company.id})
        for record, values in (
            (target, {"parent_id": own.id}),
            (target, {"parent_id": company.id}),
            (target, {"parent_id": contact.id}),
            (company, {"parent_id": target.id}),
            (company, {"is_company": False, "parent_id": target.id}),
            (company, {"is_company": False}),
            (company, {"child_ids": [[4, target.id]]}),
        ):
            with self.subTest(record=record.name, values=values):
                self.assertRefused(self._put(self.portal_access, record, values), 403)
        response = self._create(
            self.portal_access,
            "res.partner",
            {"name": "Bridge", "parent_id": own.id, "child_ids": [[4, target.id]]},
        )
        self.assertRefused(response, 403)
        # a new contact of a company, and contacts of companies without users
        values = {"name": "New", "parent_id": company.id}
        self.assertAnswer(self._create(self.portal_access, "res.partner", values), 201)
        self.assertAnswer(self._put(self.portal_access, self.theirs, {"parent_id": target.id}))

    def test_own_rights_are_enough(self):
        """Who may change the user, or the contact without the grant, may do it here."""
        values = {"email": "new@example.com"}
        self.assertAnswer(self._put(self.access, self.neighbour.partner_id, values))
        self.assertAnswer(self._put(self.admin_access, self.victim.partner_id, values))

    def test_contact_of_a_company(self):
        """The contact of a company of the database is that company: its name, its address, its logo."""
        company = self.env.company.partner_id
        before = {"email": company.email, "phone": company.phone, "name": company.name}
        for token in (self.portal_access, self.plain_access):
            for values in ({"email": "a@evil.example"}, {"phone": "1"}, {"street": "x"}):
                with self.subTest(values=values):
                    self.assertRefused(self._put(token, company, values), 403)
        self.assertUnchanged(company, **before)
        self.assertAnswer(self._put(self.plain_access, company, before))
        self.assertAnswer(self._put(self.access, company, {"phone": "+32 3"}))

    def test_company_of_a_contact(self):
        """A one2many writes what it leads to: no contact becomes the company's."""
        company = self.env.company
        before = company.partner_id, company.name
        response = self._put(
            self.portal_access, self.portal.partner_id, {"ref_company_ids": [[4, company.id]]}
        )
        self.assertRefused(response)
        response = self._put(
            self.portal_access, self.theirs, {"ref_company_ids": [[6, 0, [company.id]]]}
        )
        self.assertRefused(response)
        self.assertUnchanged(company, partner_id=before[0], name=before[1])


@tagged("post_install", "-at_install")
class TestGuards(GrantCase):
    """A grant lifts what is open; everything else that a write reaches asks for the caller's rights."""

    def test_one2many_of_other_models(self):
        """To join or to leave a one2many writes the related record."""
        self._connect("res.partner")
        partner = self.portal.partner_id
        attacks = [[[4, self.theirs_bank.id]], [[6, 0, self.theirs_bank.ids]]]
        for opened in (None, {"methods": "GET"}, {"group_ids": self.admin.group_ids.ids[:1]}):
            if opened:
                self._connect("res.partner.bank", **opened)
            for commands in attacks:
                with self.subTest(opened=opened, commands=commands):
                    response = self._put(self.portal_access, partner, {"bank_ids": commands})
                    self.assertRefused(response, 403, 422)
            self.assertUnchanged(self.theirs_bank, partner_id=self.theirs)
        system = self.env.ref("base.group_system").ids
        self._connect("res.partner.bank", "GET", group_ids=system)  # for administrators alone
        for commands in ([[3, self.theirs_bank.id]], [[5]], []):
            response = self._put(self.portal_access, self.theirs, {"bank_ids": commands})
            self.assertRefused(response, 403, 422)
        self.assertUnchanged(self.theirs_bank, partner_id=self.theirs)
        self._connect("res.partner.bank")
        response = self._put(self.portal_access, partner, {"bank_ids": [[4, self.theirs_bank.id]]})
        self.assertAnswer(response)

    def test_chatter(self):
        """Messages are a one2many, too: nobody empties the chatter of a record."""
        self._connect("res.partner")
        message = self.theirs.with_user(self.admin).message_post(body="note")
        for token in (self.plain_access, self.portal_access):
            for value in ([[3, message.id]], [[2, message.id]]):
                with self.subTest(value=value):
                    self.assertRefused(self._put(token, self.theirs, {"message_ids": value}))
        for value in ([], [[5]]):
            self.assertRefused(self._put(self.plain_access, self.theirs, {"message_ids": value}))
            # a portal user sees no note: there is nothing to take out
            self.assertAnswer(self._put(self.portal_access, self.theirs, {"message_ids": value}))
        self.assertUnchanged(message, res_id=self.theirs.id)

    def test_messages_of_an_open_document(self):
        """Messages are changed by who may change them in Odoo, whoever the document is open for."""
        self._connect("res.partner")
        message = self.theirs.with_user(self.admin).message_post(body="note")
        for user in (self.plain, self.portal):
            env = self.env(user=user, context={})["connection.api"]._resolve("res.partner", "PUT")
            working = env.working.env
            self.assertTrue(self.theirs.with_env(working).has_access("write"))
            for mode in ("write", "unlink"):
                self.assertFalse(message.with_env(working).has_access(mode), (user.login, mode))
                self.assertFalse(message.with_env(working)._filtered_access(mode))
                with self.assertRaises(AccessError):
                    message.with_env(working).check_access(mode)

    def test_attachments_of_others(self):
        """A message hands out the access tokens of its attachments: only for those one may see."""
        self._connect("mail.message")
        self._connect("res.partner")
        attachment = self.env["ir.attachment"].create(
            {"name": "secret", "raw": b"secret", "res_model": "ir.cron", "res_id": 1}
        )
        values = {
            "model": "res.partner",
            "res_id": self.plain.partner_id.id,
            "body": "x",
            "attachment_ids": [[4, attachment.id]],
        }
        response = self._create(self.plain_access, "mail.message", values)
        self.assertRefused(response, 422)
        self.assertUnchanged(attachment, access_token=False)

    def test_model_and_id(self):
        """A pair of a model's name and an id points at a record, as a reference does."""
        self._connect("mail.message")
        self._connect("mail.activity")
        self._connect("res.partner", domain="[('id', '=', user.partner_id.id)]")
        model = self.env["ir.model"]._get_id("res.partner")
        pairs = (
            ("mail.message", {"model": "res.partner", "res_id": self.theirs.id, "body": "x"}),
            ("mail.activity", {"res_model_id": model, "res_id": self.theirs.id, "summary": "x"}),
        )
        for name, values in pairs:
            with self.subTest(model=name):
                response = self._create(self.plain_access, name, values, fields=["display_name"])
                self.assertRefused(response, 403, 422)
                self.assertNotIn("Theirs", response.text)
        values = pairs[0][1]
        for record_id in (self.theirs.id, 2000000000):
            response = self._create(
                self.plain_access, "mail.message", {**values, "res_id": record_id}
            )
            self.assertError(response, 422, "validation_error")
        seen = {"model": "res.partner", "res_id": self.plain.partner_id.id, "body": "x"}
        response = self._create(self.plain_access, "mail.message", seen)
        row = self.assertAnswer(response, 201)["data"]
        message = self.env["mail.message"].browse(row["id"])
        response = self._put(self.plain_access, message, {"res_id": self.theirs.id})
        self.assertRefused(response, 403, 422)
        self.assertUnchanged(message, res_id=self.plain.partner_id.id)

    def test_files_of_an_open_document(self):
        """That a document is open does not open its files to Odoo's code, which hands out their tokens."""
        self._connect("res.partner", "GET")
        rule = {"name": "hidden", "model_id": self.env["ir.model"]._get_id("res.partner")}
        self.env["ir.rule"].create({**rule, "domain_force": "[('ref', '!=', 'SECRET')]"})
        attachment = self.env["ir.attachment"].create(
            {"name": "f", "raw": b"x", "res_model": "res.partner", "res_id": self.theirs.id}
        )
        for user in (self.portal, self.plain):
            connections = self.env(user=user, context={})["connection.api"]
            policy = connections._resolve("res.partner", "GET")
            for env in (policy.model.env, policy.search.env):
                self.assertTrue(self.theirs.with_env(env).has_access("read"))
                files = attachment.with_env(env)
                self.assertFalse(files.has_access("read"))
                self.assertTrue(files._check_access("read"))
                if files.browse().has_access("read"):
                    self.assertFalse(files.search([("id", "=", attachment.id)]))

    def test_what_makes_a_record_ones_own(self):
        """Who is the partner of a record sees what belongs to it by the rules of other models."""
        rule = {"name": "x", "model_id": self.env["ir.model"]._get_id("res.partner")}
        domain = "['|', ('bank_ids.partner_id', '=', user.partner_id.id), (1, '=', 1)]"
        self.env["ir.rule"].create({**rule, "domain_force": domain})
        self._connect("res.partner.bank")
        values = {"partner_id": self.portal.partner_id.id}
        response = self._put(self.portal_access, self.theirs_bank, values)
        self.assertRefused(response, 403)
        self.assertUnchanged(self.theirs_bank, partner_id=self.theirs)
        child = self.theirs.child_ids
        self.env["res.partner"].flush_model()
        self._connect("res.partner")
        self.env["ir.rule"].create(
            {**rule, "domain_force": "['|', ('child_ids.parent_id', '=', False), (1, '=', 1)]"}
        )
        child.parent_id = False  # a link that is empty yet
        values = {"parent_id": self.portal.partner_id.id}
        self.assertRefused(self._put(self.portal_access, child, values), 403)
        names = self._fields("res.partner.bank", "partner_id")
        self._connect("res.partner.bank", write_field_ids=names)
        values = {"partner_id": self.portal.partner_id.id}
        self.assertAnswer(self._put(self.portal_access, self.theirs_bank, values))

    def test_private_conversations(self):
        """Nobody becomes a member of one: not through the contact, nor through the members."""
        channel = self.env["discuss.channel"].create({"name": "Private", "channel_type": "group"})
        channel.sudo()._add_members(users=self.admin)
        before = channel.channel_partner_ids
        for name in ("res.partner", "discuss.channel", "discuss.channel.member"):
            self._connect(name)
        for user, token in ((self.plain, self.plain_access), (self.portal, self.portal_access)):
            partner = user.partner_id
            for record, values in (
                (partner, {"channel_ids": [[4, channel.id]]}),
                (partner, {"channel_ids": [[6, 0, [channel.id]]]}),
                (channel, {"channel_partner_ids": [[4, partner.id]]}),
                (channel, {"channel_member_ids": [[0, 0, {"partner_id": partner.id}]]}),
            ):
                with self.subTest(user=user.login, values=values):
                    self.assertRefused(self._put(token, record, values))
            values = {"channel_id": channel.id, "partner_id": partner.id}
            response = self._create(token, "discuss.channel.member", values)
            self.assertRefused(response)
        self.assertUnchanged(channel, channel_partner_ids=before)

    def test_members_of_a_record(self):
        """Who follows, attends or belongs decides who sees it: for own rights, or a list that says so."""
        rule = {"name": "members", "model_id": self.env["ir.model"]._get_id("res.partner.category")}
        self.env["ir.rule"].create(
            {**rule, "domain_force": "[('partner_ids', 'in', user.partner_id.ids)]"}
        )
        tag = self.env["res.partner.category"].create({"name": "Members"})
        self._connect("res.partner.category")
        self._connect("res.partner", "GET")
        values = {"partner_ids": [[4, self.portal.partner_id.id]]}
        self.assertRefused(self._put(self.portal_access, tag, values), 403)
        tag.partner_ids = self.theirs
        for commands in ([[5]], [[3, self.theirs.id]], [self.portal.partner_id.id]):
            response = self._put(self.portal_access, tag, {"partner_ids": commands})
            self.assertRefused(response, 403)
        self.assertUnchanged(tag, partner_ids=self.theirs)
        unchanged = {"partner_ids": self.theirs.ids, "name": "Renamed"}
        self.assertAnswer(self._put(self.portal_access, tag, unchanged))
        new = {"name": "New", **values}
        self.assertAnswer(self._create(self.portal_access, "res.partner.category", new), 201)
        names = self._fields("res.partner.category", "name", "partner_ids")
        self._connect("res.partner.category", write_field_ids=names)
        self.assertAnswer(self._put(self.portal_access, tag, values))

    def test_groups_that_odoo_gives(self):
        """Odoo gives groups with `sudo()` when some fields are written: not for a caller with a grant alone."""
        self._connect("res.partner")
        model = type(self.env["res.partner"])
        write, group = model.write, self.env.ref("base.group_partner_manager")

        def gives(records, vals):
            result = write(records, vals)
            if "ref" in vals:
                users = records.env["res.users"].sudo().browse(self.plain.id)
                users.write({"group_ids": [Command.link(group.id)]})
            if "function" in vals:
                group.with_env(records.env).sudo().user_ids += self.plain
            return result

        with patch.object(model, "write", gives):
            for values in ({"ref": "x"}, {"function": "x"}):
                self.assertRefused(self._put(self.plain_access, self.theirs, values), 403)
                self.assertFalse(self.plain.has_group("base.group_partner_manager"))
            self.assertAnswer(self._put(self.access, self.theirs, {"ref": "x"}))
        self.assertTrue(self.plain.has_group("base.group_partner_manager"))

    def test_groups_from_the_other_side(self):
        """The users of a group, the groups of a user: protected from both sides."""
        system = self.env.ref("base.group_system")
        for name in ("res.groups", "res.users", "res.partner"):
            self._connect(name)
        for token, me in ((self.plain_access, self.plain), (self.portal_access, self.portal)):
            for record, values in (
                (system, {"user_ids": [[4, me.id]]}),
                (me, {"group_ids": [[4, system.id]]}),
                (me.partner_id, {"user_ids": [[1, me.id, {"group_ids": [[4, system.id]]}]]}),
            ):
                self.assertRefused(self._put(token, record, values))
        self.env.invalidate_all()
        self.assertFalse((self.plain | self.portal) & system.all_user_ids)

    def test_inverses(self):
        """An inverse writes another model: as far as that one's connection goes."""
        open_template, closed_template = self.env["product.template"].create(
            [{"name": "Open"}, {"name": "Closed"}]
        )
        variant = closed_template.product_variant_id
        self._connect("product.template")
        self._connect("product.product", domain="[('name', '=', 'Open')]")
        for token in (self.plain_access, self.portal_access):
            with self.subTest("a variant outside of its filter"):
                response = self._put(token, closed_template, {"default_code": "TAKEN"})
                self.assertRefused(response, 403)
        self.assertUnchanged(variant, default_code=False)
        self.assertAnswer(self._put(self.plain_access, open_template, {"default_code": "OK"}))
        codes = self._fields("product.product", "barcode")
        self._connect("product.product", write_field_ids=codes)
        with self.subTest("a field that the variant's list does not have"):
            response = self._put(self.plain_access, closed_template, {"default_code": "TAKEN"})
            self.assertRefused(response, 403)
        self._connect("product.product")
        self._connect("product.template", domain="[('name', '=', 'Open')]")
        for values in ({"list_price": 0.01}, {"lst_price": 0.01}, {"name": "Taken"}):
            with self.subTest("a template outside of its filter", values=values):
                self.assertRefused(self._put(self.plain_access, variant, values), 403)
        self.assertUnchanged(closed_template, name="Closed", list_price=1.0)
        # a parent without a connection opens together with the child
        self.env["connection.api"].search([("model", "=", "product.template")]).unlink()
        self.assertAnswer(self._put(self.plain_access, variant, {"list_price": 7}))
        self.assertUnchanged(closed_template, list_price=7)

    def test_list_of_an_inherited_model(self):
        """The list of the parent's connection counts for the fields that are inherited from it."""
        template = self.env["product.template"].create({"name": "Listed"})
        names = self._fields("product.template", "description")
        self._connect("product.template", write_field_ids=names)
        self._connect("product.product")
        variant = template.product_variant_id
        response = self._put(self.plain_access, variant, {"list_price": 0.01})
        self.assertError(response, 400, "bad_value")
        self.assertAnswer(self._put(self.plain_access, variant, {"description": "x"}))

    def test_images(self):
        """SVG can hold scripts: Odoo takes it from administrators alone, as a file and in JSON."""
        self._connect("res.partner")
        field = self.env["res.partner"]._fields["image_1920"]
        self.assertTrue(field.attachment)
        self._connect("ir.attachment")
        path = f"/api/v1/res.partner/{self.theirs.id}/image_1920"
        headers = {"Content-Type": "image/svg+xml"}
        by_file = self._call("PUT", path, self.plain_access, data=SVG, headers=headers)
        by_json = self._put(
            self.plain_access, self.theirs, {"image_1920": base64.b64encode(SVG).decode()}
        )
        self.assertEqual(by_file.status_code, by_json.status_code, by_file.text)
        self.env.invalidate_all()
        stored = self.env["ir.attachment"].search(
            [
                ("res_model", "=", "res.partner"),
                ("res_id", "=", self.theirs.id),
                ("res_field", "!=", False),
            ]
        )
        self.assertFalse(stored.filtered(lambda file: "svg" in file.mimetype))

    def test_superuser_guards(self):
        """What Odoo allows to superuser mode alone stays closed."""
        self._connect("res.partner")
        asked = []
        model = type(self.env["res.partner"])
        write = model.write

        def spy(records, vals):
            asked.append((records.env.su, records.env.is_admin(), records.env.uid))
            return write(records, vals)

        with patch.object(model, "write", spy):
            self.assertAnswer(self._put(self.plain_access, self.theirs, {"city": "Gent"}))
        self.assertEqual(asked[0], (False, False, self.plain.id))


@tagged("post_install", "-at_install")
class TestProtection(GrantCase):
    """Models on which rights are lifted for administrators alone, found by rule."""

    def _modes(self, name):
        return set(self.env["connection.api.protection"]._protected_modes(name))

    def test_rules(self):
        """By Odoo's access rights per mode, templates, wizards, memberships, and a list."""
        changes = {"create", "write", "unlink"}
        everything = {"read", *changes}
        for name, modes in {
            "res.partner": set(),
            "res.partner.bank": set(),
            "res.company": changes,
            "res.currency": changes,
            "ir.config_parameter": everything,
            "ir.mail_server": everything,
            "res.users": everything,
            "mail.template": everything,
            "mail.compose.message": everything,
            "base_import.import": everything,
            "mail.followers": changes,
            "mail.guest": changes,
            "discuss.channel": changes,
            "discuss.channel.member": changes,
            "connection.api": everything,
            "ir.attachment": everything,
        }.items():
            with self.subTest(model=name):
                self.assertEqual(self._modes(name), modes)

    def test_every_model(self):
        """Each of the rules, for every model that is installed."""
        protection = self.env["connection.api.protection"]
        admins = self.env.ref("base.group_system") | self.env.ref("base.group_erp_manager")
        render = self.env.registry["mail.render.mixin"]
        rights = self.env["ir.model.access"].search([])
        for name, model in self.env.items():
            if model._abstract:
                continue
            modes, own = (
                protection._protected_modes(name),
                rights.filtered_domain([("model_id.model", "=", name)]),
            )
            with self.subTest(model=name):
                if model._transient or isinstance(model, render) or protected.is_listed(name):
                    self.assertEqual(len(modes), 4)
                for mode in ("read", "create", "write", "unlink"):
                    given = own.filtered(f"perm_{mode}")
                    if all(right.group_id and right.group_id in admins for right in given):
                        self.assertIn(mode, modes)

    def test_custom_model(self):
        """A model that nobody here has heard of: by its access rights, and as they change."""
        model = self.env["ir.model"].create({"name": "New", "model": "x_new"})
        self.assertEqual(len(self._modes("x_new")), 4)
        right = self.env["ir.model.access"].create(
            {
                "name": "x",
                "model_id": model.id,
                "group_id": self.env.ref("base.group_user").id,
                "perm_read": True,
                "perm_write": True,
            }
        )
        self.assertEqual(self._modes("x_new"), {"create", "unlink"})
        right.group_id = self.env.ref("base.group_system")
        self.assertEqual(len(self._modes("x_new")), 4)

    def test_own_rights_are_left(self):
        """On a protected model others act as in Odoo; administrators are lifted over record rules."""
        rule = {"name": "none", "model_id": self.env["ir.model"]._get_id("res.currency")}
        self.env["ir.rule"].create({**rule, "domain_force": "[('name', '!=', 'EUR')]"})
        self._connect("res.currency")
        euro = self.env.ref("base.EUR")
        self.assertAnswer(self._put(self.admin_access, euro, {"symbol": "E"}))
        for token in (self.access, self.portal_access):
            self.assertError(self._put(token, euro, {"symbol": "x"}), 403, "access_denied")
            self.assertList(self._get(token, "res.currency", id=str(euro.id)), total=1)
        self.assertUnchanged(euro, symbol="E")

    def test_wizards_run_with_own_rights(self):
        """Not even administrators are lifted there; an import brings what its user may create."""
        self._connect("base_import.import")
        self.env["connection.api.action"].create(
            {
                "name": "execute_import",
                "connection_id": self.env["connection.api"]._connection("base_import.import").id,
            }
        )
        text = base64.b64encode(b"name,login\nEvil,api-evil\n").decode()
        values = {"res_model": "res.users", "file": text, "file_type": "text/csv"}
        for token in (self.plain_access, self.portal_access):
            response = self._create(token, "base_import.import", values)
            if response.status_code != 201:
                self.assertRefused(response)
                continue
            record = self.assertAnswer(response, 201)["data"]["id"]
            options = {"quoting": '"', "separator": ",", "has_headers": True}
            args = [["name", "login"], ["name", "login"], options]
            path = f"/api/v1/base_import.import/{record}/execute_import"
            self._post(path, {"args": args}, token)
        self.assertNothingNew("res.users", [("login", "=", "api-evil")])

    def test_templates_of_a_portal_user(self):
        """A message that is composed is a template: QWeb of a user without that right does not run."""
        self._connect("mail.compose.message")
        values = {
            "subject": "{{ object.env['res.users'].sudo().search([]) }}",
            "body": "<t t-out='1 + 1'/>",
            "model": "res.partner",
            "res_ids": str(self.portal.partner_id.ids),
            "composition_mode": "mass_mail",
        }
        response = self._create(self.portal_access, "mail.compose.message", values)
        self.assertRefused(response, 403)

    def test_privacy_lookup(self):
        """A wizard that deletes any record: not with a grant."""
        if "privacy.lookup.wizard.line" not in self.env:
            self.skipTest("privacy_lookup is not installed")
        rule = self.env["ir.rule"].create(
            {
                "name": "stays",
                "model_id": self.env["ir.model"]._get_id("res.partner"),
                "domain_force": "[(1, '=', 1)]",
            }
        )
        self._connect("privacy.lookup.wizard.line")
        values = {"res_model_id": self.env["ir.model"]._get_id("ir.rule"), "res_id": rule.id}
        response = self._create(self.plain_access, "privacy.lookup.wizard.line", values)
        self.assertRefused(response)
        self.assertTrue(rule.exists())


@tagged("post_install", "-at_install")
class TestSecrets(GrantCase):
    """A field that opens something is closed unless a list names it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["ir.model.fields"].create(
            [
                {
                    "name": name,
                    "ttype": "char",
                    "model_id": cls.env["ir.model"]._get_id("res.partner"),
                    **values,
                }
                for name, values in {
                    "x_access_token": {},
                    "x_monkey": {},
                    "x_other": {"related": "parent_id.x_access_token", "store": False},
                }.items()
            ]
        )
        cls.theirs["x_access_token"] = "OPENS"
        cls.theirs.child_ids["x_access_token"] = "CHILD"

    def test_reading(self):
        """Unknown to every parameter under a grant; as in Odoo with the user's own rights."""
        self._connect("res.partner")
        for params in (
            {"fields": ["x_access_token"]},
            {"fields": ["x_other"]},
            {"domain": [["x_access_token", "=like", "O%"]]},
            {"domain": [["parent_id.x_access_token", "=like", "O%"]]},
            {"order": "x_access_token"},
            {"groupby": ["x_access_token"]},
            {"fields": [], "expand": {"parent_id": ["x_access_token"]}},
        ):
            for token in (self.access, self.admin_access):
                with self.subTest(**params):
                    self.assertError(self._get(token, **params), 400, "unknown_field")
        self.assertAnswer(self._get(self.access, fields=["x_monkey"]))
        self._connect("res.partner", run_as="user")
        row = self._one(self.access, self.theirs, "x_access_token")
        self.assertEqual(row["x_access_token"], "OPENS")

    def test_listed(self):
        """A list that names it opens it."""
        names = self._fields("res.partner", "name", "x_access_token")
        self._connect("res.partner", read_field_ids=names)
        self.assertEqual(
            self._one(self.access, self.theirs, "x_access_token")["x_access_token"], "OPENS"
        )

    def test_writing(self):
        """Who chooses a token knows it: it is written only where the list of writable fields names it."""
        self._connect("res.partner")
        values = {"x_access_token": "CHOSEN"}
        self.assertError(self._put(self.access, self.theirs, values), 400, "unknown_field")
        response = self._create(self.access, "res.partner", {"name": "n", **values})
        self.assertError(response, 400, "unknown_field")
        self.assertUnchanged(self.theirs, x_access_token="OPENS")
        self._connect("res.partner", write_field_ids=self._fields("res.partner", "x_access_token"))
        self.assertAnswer(self._put(self.access, self.theirs, values))

    def test_names(self):
        """Which names of fields count."""
        found = {
            name: set(self.env["connection.api.protection"]._secret_fields(name))
            for name in ("res.partner", "res.users", "discuss.channel", "ir.attachment")
        }
        self.assertEqual(
            found["res.partner"] & {"x_access_token", "x_other"}, {"x_access_token", "x_other"}
        )
        self.assertNotIn("x_monkey", found["res.partner"])
        self.assertFalse(found["res.partner"] & {"name", "email", "ref", "barcode", "display_name"})
        self.assertLessEqual({"password", "new_password"}, found["res.users"])
        self.assertLessEqual({"uuid", "invitation_url"}, found["discuss.channel"])
        self.assertIn("access_token", found["ir.attachment"])


@tagged("post_install", "-at_install")
class TestManagers(GrantCase):
    """Who manages connections and is no administrator opens nothing that gives an administrator's rights."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.manager = new_test_user(
            cls.env, "api-manager", "base.group_user,jwt_auth_api.group_manager", NO_TRACKING
        )
        cls.connections = cls.env["connection.api"].with_user(cls.manager)

    def _values(self, model, **values):
        return {"model_id": self.env["ir.model"]._get_id(model), "is_get": True, **values}

    def assertNotSaved(self, values, text):
        with self.assertRaisesRegex(AccessError, text), self.env.cr.savepoint():
            self.connections.create(values)

    def test_protected_models(self):
        """Templates, wizards, imports, rights: with the user's own rights, or not at all."""
        for model in (
            "base_import.import",
            "mail.compose.message",
            "mail.template",
            "ir.config_parameter",
            "res.users",
        ):
            with self.subTest(model=model):
                self.assertNotSaved(self._values(model), "Only system administrators")
                self.connections.create(self._values(model, run_as="user")).unlink()
        self.connections.create(self._values("res.currency")).unlink()
        self.assertNotSaved(self._values("res.currency", is_put=True), "Only system administrators")

    def test_changing(self):
        """A connection that was harmless does not become one that is not; archiving always works."""
        connection = self.connections.create(
            self._values("res.currency", active=False, is_put=True)
        )
        with self.assertRaisesRegex(AccessError, "Only system"), self.env.cr.savepoint():
            connection.active = True
        made = self._connect("res.users").with_user(self.manager)
        with self.assertRaisesRegex(AccessError, "Only system"), self.env.cr.savepoint():
            made.max_limit = 7
        made.active = False
        self.assertFalse(made.active)

    def test_actions(self):
        """Superuser rights of an action are for system administrators to give, and to change."""
        connection = self._connect("res.partner")
        action = {"name": "address_get", "connection_id": connection.id}
        actions = self.env["connection.api.action"].with_user(self.manager)
        with self.assertRaisesRegex(AccessError, "superuser rights"), self.env.cr.savepoint():
            actions.create({**action, "as_superuser": True})
        made = actions.create(action)
        with self.assertRaisesRegex(AccessError, "superuser rights"), self.env.cr.savepoint():
            made.as_superuser = True
        made.with_user(self.admin).as_superuser = True
        managed = connection.with_user(self.manager)
        for values in ({"group_ids": [Command.clear()]}, {"domain": False}, {"max_limit": 7}):
            with self.assertRaisesRegex(AccessError, "superuser rights"), self.env.cr.savepoint():
                managed.write(values)
        with self.assertRaisesRegex(AccessError, "superuser rights"), self.env.cr.savepoint():
            made.name = "open_commercial_entity"

    def test_fields_of_a_filter(self):
        """Odoo checks constraints in superuser mode; the author of a filter is asked all the same."""
        for text in (
            "[('name', '<=', user.create_uid.totp_secret)]",
            "[('name', '<=', user.create_uid.signup_type)]",
            "[('name', '=', user.create_uid.password)]",
        ):
            with (
                self.subTest(text=text),
                self.assertRaisesRegex(UserError, "is invalid at|in a filter"),
                self.env.cr.savepoint(),
            ):
                self.connections.create(self._values("res.partner.category", domain=text))
        values = self._values("res.partner", domain="[('ref', '=like', 'S%')]")
        with (
            self._hide("res.partner", "ref"),
            self.assertRaisesRegex(ValidationError, "unknown field ref"),
            self.env.cr.savepoint(),
        ):
            self.connections.create(values)

    def test_secrets_in_filters(self):
        """However their names are spelled."""
        for text in (
            "[('create_uid.password', '=', 'x')]",
            "[('create_uid.pass' 'word', '=', 'x')]",
            "[('create_uid.pass\\x77ord', '=', 'x')]",
            "[('create_uid', 'any', [('pass' 'word', '=', 'x')])]",
        ):
            with self.subTest(text=text):
                found = RecordFilter(self.env, "res.partner", text).secrets()
                self.assertEqual(found, {"password"})

    def test_filters(self):
        """A filter tells records apart by what it looks at: not by what administrators keep."""
        for text in (
            "[('message_ids.attachment_ids.index_content', 'ilike', 'secret')]",
            "[('user_ids.login', '=like', 'a%')]",
            "[('user_id.name', '=', 'x')]",
            "[('user_ids', 'any', [('login', '=like', 'a%')])]",
            "[('user_id', 'ilike', 'adm')]",
        ):
            with self.subTest(text=text):
                self.assertNotSaved(self._values("res.partner", domain=text), "in a filter")
        for text in (
            OWN,
            "[('user_id', 'in', [1, 2])]",
            "[('parent_id.name', 'ilike', 'x')]",
            "[('child_ids', '=', False)]",
            "[('company_id', 'in', company_ids + [False])]",
        ):
            with self.subTest(text=text):
                self.connections.create(self._values("res.partner", domain=text)).unlink()


@tagged("post_install", "-at_install")
class TestAnswers(GrantCase):
    """What a request is answered, and what its answer tells."""

    def test_post_answers_what_it_wrote(self):
        """A new contact takes the address of its company: not to be told where GET is closed."""
        self.theirs.write({"is_company": True, "street": "Secret Street 1", "vat": False})
        self._connect("res.partner", "POST")
        values = {"name": "Child", "parent_id": self.theirs.id}
        response = self._create(self.access, "res.partner", values, fields=["street", "zip", "vat"])
        self.assertError(response, 403, "access_denied")
        self.assertNothingNew("res.partner", [("name", "=", "Child")])
        row = self.assertAnswer(
            self._create(self.access, "res.partner", values, fields=["name"]), 201
        )["data"]
        self.assertEqual(row["name"], "Child")

    def test_put_answers_what_it_wrote(self):
        """Of a relation more than what was added is not told where GET is closed."""
        tags = self.env["res.partner.category"].create([{"name": "Old"}, {"name": "New"}])
        self.theirs.category_id = tags[0]
        self._connect("res.partner", "PUT")
        self._connect("res.partner.category", "GET")
        values = {"category_id": [[4, tags[1].id]]}
        response = self._put(self.plain_access, self.theirs, values, fields=["category_id"])
        self.assertError(response, 403, "access_denied")
        self.assertAnswer(self._put(self.plain_access, self.theirs, values))
        self.assertUnchanged(self.theirs, category_id=tags)

    def test_what_would_allow_it(self):
        """Odoo's refusal of another model says which connection would help."""
        template = self.env["product.template"].create({"name": "T"})
        self._connect("product.template")
        self._connect("product.product", "GET")
        response = self._put(self.plain_access, template, {"default_code": "x"})
        self.assertRefused(response, 403)
        self.assertIn("allows PUT for product.product", response.text)

    def test_pointing_tells_no_name(self):
        """Who may only create learns no name of a record that Odoo does not show them."""
        self._connect("res.partner", "POST")
        values = {"name": "Child", "parent_id": self.theirs.id}
        for record_id in (self.theirs.id, 2000000000):
            response = self._create(
                self.portal_access,
                "res.partner",
                {**values, "parent_id": record_id},
                fields=["parent_id"],
            )
            self.assertError(response, 422, "validation_error")
            self.assertNotIn("Theirs", response.text)

    def test_hidden_and_missing_ids(self):
        """An id outside of a filter is answered like one that is no record, in every command."""
        self._connect("res.partner", domain=OWN)
        for kind in ("[4, %s]", "[1, %s, {}]", "[2, %s]", "[3, %s]", "[6, 0, [%s]]"):
            answers = []
            for record_id in (self.theirs.id, 2000000000):
                text = f"[{kind % record_id}]".replace("{}", '{"city": "Gent"}')
                response = self._call(
                    "PUT",
                    f"/api/send_request?model=res.partner&id={self.mine[0].id}",
                    self.access,
                    data=f'{{"values": {{"child_ids": {text}}}}}',
                    headers={"Content-Type": "application/json"},
                )
                answers.append((response.status_code, response.json()["error"]))
            with self.subTest(kind=kind):
                self.assertEqual(answers[0], answers[1])
                self.assertEqual(answers[0][0], 422)

    def test_known_values_tell_nothing(self):
        """Whether a hidden record points somewhere cannot be asked by writing the same value."""
        self._connect("res.partner", domain=OWN)
        child = self.theirs.child_ids
        for parent in (self.theirs.id, 2000000000):
            response = self._put(self.access, child, {"parent_id": parent})
            self.assertError(response, 422, "validation_error")

    def test_expand_obeys_the_other_limit(self):
        """As many records of another model as its own connection lists at once, for each record."""
        self.theirs.write({"bank_ids": [(0, 0, {"acc_number": f"N-{n}"}) for n in range(3)]})
        self._connect("res.partner")
        self._connect("res.partner.bank", max_limit=3)
        expand = {"bank_ids": {"fields": ["acc_number"]}}
        response = self._get(self.access, id=str(self.theirs.id), expand=expand)
        self.assertError(response, 400, "bad_parameter")
        for limit, status in ((4, 400), (3, 200)):
            expand["bank_ids"]["limit"] = limit
            response = self._get(self.access, id=str(self.theirs.id), expand=expand)
            self.assertAnswer(response, status)
        response = self._get(
            self.access, id=str(self.mine[0].id), expand={"bank_ids": ["acc_number"]}
        )
        self.assertAnswer(response)

    def test_expand_counts_for_the_other_limit(self):
        """A relation that is expanded is a use of the other model's connection."""
        self._connect("res.partner")
        self._connect("res.partner.bank", rate_limit=2)
        taken = []
        usage = type(self.env["connection.api.rate.limit"])
        take = usage._take

        def spy(model, connection_id, limit):
            taken.append(limit)
            return take(model, connection_id, limit)

        with patch.object(usage, "_take", spy):
            self._get(self.access, limit=1, expand={"bank_ids": ["acc_number"]})
            self.assertEqual(taken, [2])
            self._get(self.access, limit=1, fields=["bank_ids"])
            self.assertEqual(taken, [2])
            values = {"name": "Counted"}
            self._create(
                self.access, "res.partner", values, expand={"bank_ids": ["acc_number"]}, fields=[]
            )
            self.assertEqual(taken, [2, 2])

    def test_replay_after_a_change(self):
        """A kept answer is narrowed to what the connection lists by now."""
        self._connect("res.partner")
        headers = {"Idempotency-Key": "narrowed", "Content-Type": "application/json"}
        body = {"values": {"name": "Kept", "email": "kept@example.com"}}

        def ask(**more):
            path = "/api/v1/res.partner"
            return self._post(path, {**body, **more}, self.access, headers=headers)

        self._connect("res.partner", read_field_ids=self._fields("res.partner", "name", "email"))
        first = self.assertAnswer(ask(), 201)["data"]
        self.assertEqual(first["email"], "kept@example.com")
        self._connect("res.partner", read_field_ids=self._fields("res.partner", "name"))
        again = ask()
        self.assertEqual(again.headers["Idempotency-Replayed"], "true")
        data = self.assertAnswer(again, 201)["data"]
        self.assertEqual(data, {"id": first["id"], "name": "Kept"})
        connection = self._connect("res.partner")
        action = self.env["connection.api.action"].create(
            {"name": "address_get", "connection_id": connection.id}
        )
        headers["Idempotency-Key"] = "action"
        path = f"/api/v1/res.partner/{self.theirs.id}/address_get"
        self.assertAnswer(self._post(path, {}, self.access, headers=headers))
        action.unlink()
        response = self._post(path, {}, self.access, headers=headers)
        self.assertError(response, 404, "not_found")
        headers["Idempotency-Key"] = "asked for"
        self._connect("res.partner")
        self.assertAnswer(ask(fields=["email"]), 201)
        self._connect("res.partner", read_field_ids=self._fields("res.partner", "name"))
        self.assertError(ask(fields=["email"]), 400, "unknown_field")


@tagged("post_install", "-at_install")
class TestGrant(GrantCase):
    """The grant itself: who has one, where it counts, and when it ends."""

    def _policy(self, user=None, model="res.partner", method="PUT"):
        env = self.env(user=user or self.portal, context={})
        return env["connection.api"]._resolve(model, method)

    def test_what_it_lifts(self):
        """Model, mode and record that are open; reading for Odoo's own code; nothing else."""
        self._connect("res.partner", "GET PUT", domain="[('name', '=', 'Theirs')]")
        working = self._policy().working
        self.assertFalse(working.env.su)
        theirs, mine = working.browse(self.theirs.id), working.browse(self.mine[0].id)
        self.assertTrue(theirs.has_access("write"))
        self.assertFalse(mine.has_access("write"))
        for mode in ("create", "unlink"):
            self.assertFalse(working.has_access(mode))
            self.assertFalse(theirs.has_access(mode))
        bank = working.env["res.partner.bank"].browse(self.theirs_bank.id)
        self.assertEqual(bank.acc_number, "THEIRS-1")
        self.assertFalse(bank.has_access("write"))
        with self.assertRaises(AccessError), self.env.cr.savepoint():
            bank.acc_number = "TAKEN"
        for name in ("ir.config_parameter", "ir.mail_server", "jwt.session"):
            self.assertFalse(working.env[name].has_access("read"), name)
        plain = theirs.with_env(grants.plain(working.env))
        self.assertFalse(plain.has_access("write"))

    def test_where_it_counts(self):
        """For the caller, on the request's cursor, until the transaction ends."""
        self._connect("res.partner")
        policy = self._policy()
        records = policy.working.browse(self.theirs.id)
        self.assertTrue(records.has_access("write"))
        self.assertTrue(records.sudo().sudo(False).has_access("write"))
        self.assertTrue(records.with_context(lang="en_US").has_access("write"))
        self.assertTrue(records.with_company(self.env.company).has_access("write"))
        self.assertFalse(records.with_user(self.neighbour).has_access("write"))
        replace_context = records.with_context  # as some code of Odoo does
        for context, is_open in (({}, False), ({"a": 1}, True)):
            with self.subTest(context=context):
                self.assertEqual(replace_context(context).has_access("write"), is_open)
        self.assertIsNone(grants.active(records.sudo().env))
        with patch.object(policy.grant, "_cursor", object):  # a cursor of another transaction
            self.assertIsNone(grants.active(records.env))
        policy.grant.end()
        self.assertFalse(records.has_access("write"))
        self.assertEqual(grants.active(records.env), None)

    def test_commit_in_the_middle(self):
        """Some code of Odoo commits: the grant is there until the operation has ended."""
        self._connect("res.partner", "PUT")
        policy = self._policy()
        with policy.grant.in_use():
            policy.grant.end()
            self.assertIsNotNone(grants.active(policy.working.env))
        policy.grant.end()
        self.assertIsNone(grants.active(policy.working.env))

    def test_end_of_the_transaction(self):
        """A context that code keeps beyond the request lifts nothing any more."""
        self._connect("res.partner")
        policy = self._policy()
        self.assertIn(policy.grant.end, list(self.env.cr.postcommit._funcs))
        self.assertIsNotNone(grants.active(policy.working.env))
        policy.grant.end()
        for env in (policy.working.env, policy.search.env):
            self.assertIsNone(grants.active(env))

    def test_cannot_be_forged(self):
        """Whatever a context holds: only a ticket of this process counts, and it tells nothing."""
        self._connect("res.partner")
        ticket = self._policy().working.env.context[grants.KEY]
        for value in (True, {"uid": 1}, "grant", ["x"], object(), grants.Ticket(None)):
            env = self.env(user=self.portal, context={grants.KEY: value})
            self.assertIsNone(grants.active(env))
            self.assertFalse(env["res.partner"].has_access("write"))
        self.assertEqual(repr(ticket), "<grant>")
        self.assertFalse([name for name in dir(ticket) if "__" not in name])
        with self.assertRaises(NameError):
            safe_eval("ticket._Ticket__grant", {"ticket": ticket})

    def test_nothing_is_kept(self):
        """A request leaves neither a grant nor an environment behind."""
        self._connect("res.partner")
        policy = self._policy()
        policy.working.browse(self.theirs.id).has_access("write")
        kept = [weakref.ref(policy), weakref.ref(policy.grant), weakref.ref(policy.working.env)]
        self.env.cr.postcommit._funcs.clear()
        del policy
        gc.collect()
        self.assertEqual([ref() for ref in kept], [None, None, None])

    def test_rules_of_the_user_are_not_touched(self):
        """Odoo caches the record rules of a user: never what a grant says."""
        self._connect("res.partner", domain="[('name', '=', 'Theirs')]")
        self._connect("product.template")  # whose rules product.product takes over
        rule = {"name": "some", "model_id": self.env["ir.model"]._get_id("product.template")}
        self.env["ir.rule"].create({**rule, "domain_force": "[('name', '!=', 'x')]"})
        for user in (self.portal, self.plain):
            self.env.registry.clear_cache()
            policy = self._policy(user)
            policy.working.browse(self.theirs.id).has_access("write")
            for env in (policy.working.env, policy.search.env):
                for name in ("product.product", "product.template", "res.partner", "res.users"):
                    if env[name].has_access("read"):
                        env[name].search([], limit=1)
                    for mode in ("read", "write"):
                        env["ir.rule"]._compute_domain(name, mode)
            kept = {}
            for cleared in (False, True):
                if cleared:
                    self.env.registry.clear_cache()
                rules = self.env(user=user, context={})["ir.rule"]
                kept[cleared] = [
                    repr(rules._compute_domain(name, mode))
                    for name in ("res.partner", "product.product", "product.template", "res.users")
                    for mode in ("read", "write")
                ]
            self.assertEqual(kept[False], kept[True])

    def test_fields_of_groups(self):
        """Odoo's own code reads what it needs; the client does not, nor does anybody read what is for nobody."""
        self._connect("res.partner")
        working = self._policy().working
        with self._hide("res.partner", "ref"):
            self.assertEqual(working.browse(self.theirs.id).ref, "SECRET")
            self.assertError(self._get(self.portal_access, fields=["ref"]), 400, "unknown_field")
            response = self._put(self.portal_access, self.theirs, {"ref": "x"})
            self.assertError(response, 400, "unknown_field")
            self.assertNotIn("ref", working.fields_get())
        with self._hide("res.partner", "ref", groups="."), self.assertRaises(AccessError):
            self.env.invalidate_all()
            working.browse(self.theirs.id).mapped("ref")

    def test_what_a_request_creates(self):
        """Odoo goes on writing what it has just created, also where only POST is open."""
        self._connect("res.partner", "POST")
        response = self._create(
            self.portal_access,
            "res.partner",
            {"name": "New", "child_ids": [[0, 0, {"name": "Below"}]], "street": "S"},
        )
        new = self.env["res.partner"].browse(self.assertAnswer(response, 201)["data"]["id"])
        self.assertEqual(new.child_ids.street, "S")

    def test_what_leaves_a_filter_deep_inside(self):
        """What a request creates or changes by commands is inside of the filter at its end."""
        self._connect("res.partner.category")
        self._connect("res.partner", domain=OWN)
        tag = self.env["res.partner.category"].create({"name": "Tag"})
        new = [0, 0, {"name": "Deep", "user_id": self.victim.id}]
        for token in (self.portal_access, self.access):
            response = self._put(token, tag, {"partner_ids": [new]})
            self.assertRefused(response, 403, 422)
        self.assertNothingNew("res.partner", [("name", "=", "Deep")])

    def test_actions(self):
        """The record it is called on, for every mode; not as superuser unless the row says so."""
        connection = self._connect("res.partner", "GET", domain="[('name', '=', 'Theirs')]")
        bank, other = self.theirs_bank, self.mine[0]
        seen = {}

        def action_try(records):
            env = records.env
            seen.update(su=env.su, uid=env.uid, ids=records.ids)
            records.ref = "Acted"
            seen["other"] = other.with_env(env).has_access("write")
            seen["bank"] = bank.with_env(env).has_access("write")
            seen["unlink"] = records.has_access("unlink")
            return {"type": "x", "context": dict(env.context), "deep": [{"c": env.context}]}

        model = type(self.env["res.partner"])
        self.startPatcher(patch.object(model, "action_try", action_try, create=True))
        action = self.env["connection.api.action"].create(
            {"name": "action_try", "connection_id": connection.id}
        )
        path = f"/api/v1/res.partner/{self.theirs.id}/action_try"
        result = self.assertAnswer(self._post(path, {}, self.portal_access))["result"]
        self.assertEqual(
            seen,
            {
                "su": False,
                "uid": self.portal.id,
                "ids": self.theirs.ids,
                "other": False,
                "bank": False,
                "unlink": True,
            },
        )
        self.assertNotIn(grants.KEY, str(result))
        self.assertUnchanged(self.theirs, ref="Acted")
        path = f"/api/v1/res.partner/{other.id}/action_try"
        self.assertError(self._post(path, {}, self.portal_access), 404, "not_found")
        action.as_superuser = True
        path = f"/api/v1/res.partner/{self.theirs.id}/action_try"
        self.assertAnswer(self._post(path, {}, self.portal_access))
        self.assertTrue(seen["su"] and seen["bank"])

    def test_arguments_of_actions(self):
        """An action whose arguments could ask for something reads with the caller's own rights."""
        connection = self._connect("res.partner", "GET")
        bank = self.theirs_bank
        seen = []

        def action_look(records, *args, **kwargs):
            found = bank.with_env(records.env).search([("id", "=", bank.id)])
            seen.append((bool(found), records.has_access("write")))

        @api.model
        def action_all(model, *args, **kwargs):
            seen.append((bank.with_env(model.env).has_access("read"), None))

        model = type(self.env["res.partner"])
        for name, method in (("action_look", action_look), ("action_all", action_all)):
            self.startPatcher(patch.object(model, name, method, create=True))
            values = {"name": name, "connection_id": connection.id}
            self.env["connection.api.action"].create(values)
        path = f"/api/v1/res.partner/{self.theirs.id}/action_look"
        for body in ({}, {"args": [1, [2, 3]]}, {"kwargs": {"flag": True}}):
            self.assertAnswer(self._post(path, body, self.portal_access))
            self.assertEqual(seen.pop(), (True, True), body)
        for args in (["ssnid"], [[["acc_number", "=like", "T%"]]], [{"a": 1}], [["name"]]):
            with self.subTest(args=args):
                response = self._post(path, {"args": args}, self.portal_access)
                if not seen:
                    self.assertError(response, 403, "access_denied")
                else:
                    self.assertEqual(seen.pop(), (False, True))
        self._post("/api/v1/res.partner/action_all", {}, self.portal_access)
        self.assertEqual(seen.pop(), (False, None))

    def test_values_computed_with_a_grant(self):
        """The environments of a transaction share a cache: the caller's own answer is computed anew."""
        self._connect("res.partner", "GET")
        country = self.env.ref("base.be")
        self.theirs.country_id = country
        self.env.flush_all()
        self.env.invalidate_all()
        model = type(country)

        def compute(countries):
            for each in countries:
                each.display_name = "granted" if grants.active(each.env) else "own"

        policy = self._policy(self.portal, method="GET")
        params = {
            "fields": "[]",
            "domain": json.dumps([["id", "=", self.theirs.id]]),
            "expand": json.dumps({"country_id": ["display_name"]}),
        }
        with patch.object(model, "_compute_display_name", compute):
            granted = country.with_env(policy.model.env)
            self.assertEqual(granted.display_name, "granted")
            [row] = read_page(policy, parsing.parse_get(params, 1000))["data"]
        self.assertEqual(row["country_id"]["display_name"], "own")

    def test_files_of_open_records(self):
        """A binary field is an attachment: as open as its record, other attachments are not."""
        self._connect("res.partner", domain="[('name', '=', 'Theirs')]")
        policy = self._policy(self.plain, method="GET")
        files = self.env["ir.attachment"].create(
            [
                {"name": "f", "raw": b"x", "res_model": name, "res_id": record_id}
                for name, record_id in (
                    ("res.partner", self.theirs.id),
                    ("ir.cron", 1),
                )
            ]
        )
        self.assertTrue(files.create_uid != self.plain)
        for env in (policy.model.env, policy.search.env):
            found = env["ir.attachment"].search([("id", "in", files.ids)])
            self.assertEqual(found, files[0])
            self.assertFalse(files[1].with_env(env).has_access("write"))

    def test_nested_lines_with_references(self):
        """Two lines that point into a filtered model: an answer, never an error of the server."""
        self._connect("res.partner", domain=OWN)
        request = parsing.parse_update(
            {"id": str(self.mine[0].id)},
            {
                "values": {
                    "child_ids": [
                        [0, 0, {"name": "a", "parent_id": self.theirs.id}],
                        [0, 0, {"name": "b", "parent_id": self.theirs.id}],
                    ]
                }
            },
            1000,
        )
        with self.assertRaisesRegex(ApiError, "there is no record"):
            write.update(self._policy(self.user), request)
