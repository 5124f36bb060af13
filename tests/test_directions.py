# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""Names, addresses and code are read from left to right, also on screens that are not."""

from lxml import etree

from odoo.tests import TransactionCase
from odoo.tools import file_path

TECHNICAL, SENTENCE = "o_jwt_technical", "o_jwt_sentence"
#: Text in the language of the page. All other text of our models is technical, or a sentence in an unknown language.
TEXTS = {
    "connection.api": {"audience", "exposure", "exposure_danger", "exposure_warning"},
    "connection.api.finding": {"name", "remedy"},
    "connection.api.wizard": {"exposure", "exposure_danger", "exposure_warning"},
    "jwt.session": {"device"},
}
SENTENCES = {"connection.api.action": {"description"}, "jwt.security.event": {"detail"}}
#: Fields of Odoo's that our own views show, and that are technical.
OTHERS = {"ir.model.model"}
#: Widgets whose template has the class, for the part that is technical.
WIDGETS = {"api_domain": "static/src/backend/domain/domain_field.xml"}


class TestDirections(TransactionCase):
    def _views(self):
        domain = [("module", "=", "jwt_auth_api"), ("model", "=", "ir.ui.view")]
        ids = self.env["ir.model.data"].search(domain).mapped("res_id")
        views = self.env["ir.ui.view"].browse(ids)
        return views.filtered(lambda view: view.type in ("list", "form", "kanban"))

    def _shown(self, node, model, classes=frozenset()):
        """Yield the text fields below a node with their models, widgets and classes."""
        for child in node.iterchildren(etree.Element):
            own = classes | set(child.get("class", "").split())
            below = model
            if child.tag == "field" and "1" not in (
                child.get("invisible"),
                child.get("column_invisible", "").replace("True", "1"),
            ):
                field = self.env[model]._fields.get(child.get("name"))
                if field is not None and field.type in ("char", "text"):
                    if "jwt_auth_api" in field._modules or str(field) in OTHERS:
                        yield field, child.get("widget"), own
                elif field is not None and field.comodel_name:
                    below = field.comodel_name
            yield from self._shown(child, below, own)

    def test_every_field_has_its_direction(self):
        """Each text in a view is of the language of the page, or says how it is read."""
        shown = [
            (view, *found)
            for view in self._views()
            for found in self._shown(etree.fromstring(view.arch), view.model)
        ]
        self.assertGreater(len(shown), 40)
        for view, field, widget, classes in shown:
            expected = {TECHNICAL}
            if widget in WIDGETS or field.name in TEXTS.get(field.model_name, ()):
                expected = set()
            elif field.name in SENTENCES.get(field.model_name, ()):
                expected = {SENTENCE}
            with self.subTest(view=view.name, field=str(field)):
                self.assertEqual(classes & {TECHNICAL, SENTENCE}, expected)

    def test_widgets_have_the_class_themselves(self):
        for name in WIDGETS.values():
            template = etree.parse(file_path(f"jwt_auth_api/{name}"))
            self.assertTrue(template.xpath(f"//div[contains(@class, '{TECHNICAL}')]/CharField"))
