# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.

import base64

from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import ApiCase
from .resource_case import PNG


def _png(size):
    """Another picture of one colour."""
    import io

    from PIL import Image

    stream = io.BytesIO()
    Image.new("RGB", (size, size), (size, 0, 0)).save(stream, "PNG")
    return stream.getvalue()


@tagged("jwt_resources")
class TestFiles(ApiCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.connection = cls._connect("res.partner", "GET PUT")
        cls.partner = cls.env["res.partner"].create(
            {"name": "Pictured", "image_1920": base64.b64encode(PNG)}
        )
        cls.access = cls._open(cls.user).access
        cls.path = f"/api/v1/res.partner/{cls.partner.id}/image_1920"

    def _get(self, path=None, **headers):
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        return self._call("GET", path or self.path, self.access, headers=headers)

    def _put(self, data, path=None, **headers):
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        return self._call("PUT", path or self.path, self.access, data=data, headers=headers)

    def test_download(self):
        """The bytes, their type, and a name that tells nothing of the record."""
        response = self._get()
        self.assertEqual(response.status_code, 200)
        self.assertEqual(response.content, PNG)
        self.assertEqual(response.headers["Content-Type"], "image/png")
        self.assertEqual(response.headers["Content-Length"], str(len(PNG)))
        self.assertEqual(response.headers["X-Content-Type-Options"], "nosniff")
        self.assertIn("private", response.headers["Cache-Control"])
        disposition = response.headers["Content-Disposition"]
        self.assertEqual(
            disposition, f"attachment; filename=res_partner-{self.partner.id}-image_1920.png"
        )
        self.assertNotIn("Set-Cookie", response.headers)

    def test_stored_type_that_is_none(self):
        """The file is returned all the same, with the type of unknown bytes."""
        self._connect("ir.attachment", "GET")
        access = self._open(self.admin).access
        attachment = self.env["ir.attachment"].create({"name": "file", "raw": b"text"})
        path = f"/api/v1/ir.attachment/{attachment.id}/raw"
        link = self.assertAnswer(self._post(f"{path}/link", None, access))["data"]["url"]
        for stored, returned in (
            ("text/plain\nX-Injected: 1", "application/octet-stream"),
            ("text/plain\r\n", "application/octet-stream"),
            ("text", "application/octet-stream"),
            ("text/é", "application/octet-stream"),
            ("application/vnd.oasis.opendocument.text", "application/vnd.oasis.opendocument.text"),
            ('video/webm; codecs="vp9, opus"', 'video/webm; codecs="vp9, opus"'),
        ):
            self.env.cr.execute(
                "UPDATE ir_attachment SET mimetype = %s WHERE id = %s", [stored, attachment.id]
            )
            self.env.invalidate_all()
            for url, token in ((path, access), (link, None)):
                with self.subTest(stored=stored, url=url):
                    response = self._call("GET", url, token)
                    self.assertEqual((response.status_code, response.content), (200, b"text"))
                    self.assertEqual(response.headers["Content-Type"], returned)
                    self.assertNotIn("X-Injected", response.headers)
                    disposition = response.headers["Content-Disposition"]
                    self.assertTrue(disposition.startswith("attachment"))

    def test_range(self):
        response = self._get(Range="bytes=1-3")
        self.assertEqual((response.status_code, response.content), (206, PNG[1:4]))
        self.assertEqual(response.headers["Content-Range"], f"bytes 1-3/{len(PNG)}")
        response = self._get(Range="bytes=999999-")
        self.assertError(response, 416, "range_not_satisfiable")
        self.assertEqual(response.headers["Content-Range"], f"bytes */{len(PNG)}")

    def test_entity_tag(self):
        """304 for whom has it; another one after a change."""
        tag = self._get().headers["ETag"]
        response = self._get(If_None_Match=tag)
        self.assertEqual((response.status_code, response.content), (304, b""))
        self.partner.image_1920 = base64.b64encode(_png(2))
        self.env.flush_all()
        response = self._get(If_None_Match=tag)
        self.assertEqual(response.status_code, 200)
        self.assertNotEqual(response.headers["ETag"], tag)

    def test_upload(self):
        """The body as it is, of any type but a form's; the new version of the record is its tag."""
        new = _png(3)
        response = self._put(new, Content_Type="image/png")
        body = self.assertAnswer(response)
        self.assertEqual(body, {"success": True, "count": 1, "data": {"id": self.partner.id}})
        self.assertIn("ETag", response.headers)
        self.env.invalidate_all()
        self.assertEqual(base64.b64decode(self.partner.image_1920), new)
        self.assertEqual(self._get().content, new)

    def test_upload_of_json_is_a_file_too(self):
        self._connect("ir.attachment", "GET PUT")
        attachment = self.env["ir.attachment"].create({"name": "data.json", "raw": b"old"})
        path = f"/api/v1/ir.attachment/{attachment.id}/raw"
        access = self._open(self.admin).access
        content = b'{"jsonrpc": "2.0", "params": {}}'
        response = self._call(
            "PUT", path, access, data=content, headers={"Content-Type": "application/json"}
        )
        self.assertAnswer(response)
        self.env.invalidate_all()
        self.assertEqual(attachment.raw, content)
        self.assertEqual(self._call("GET", path, access).content, content)
        # the same through JSON
        path = f"/api/v1/ir.attachment/{attachment.id}"
        body = {"values": {"raw": base64.b64encode(b"more").decode()}, "fields": ["raw"]}
        for response in (
            self._call("PUT", path, access, json=body),
            self._call("GET", f'{path}?fields=["raw"]', access),
        ):
            self.assertEqual(self.assertAnswer(response)["data"]["raw"], "bW9yZQ==")
        self.env.invalidate_all()
        self.assertEqual(attachment.raw, b"more")

    def test_upload_of_another_form_is_refused(self):
        """Its text would be stored as the file."""
        response = self._put(b"x=1", Content_Type="application/x-www-form-urlencoded")
        self.assertError(response, 415, "unsupported_media_type")

    def test_upload_of_nothing_empties(self):
        self.assertAnswer(self._put(b""))
        self.assertError(self._get(), 404, "not_found")
        self.env.invalidate_all()
        self.assertFalse(self.partner.image_1920)

    def test_upload_that_odoo_refuses(self):
        """No image is no image; nothing is lost."""
        with mute_logger("odoo.http"):
            self.assertError(self._put(b"no image"), 422, "validation_error")
        self.env.invalidate_all()
        self.assertEqual(base64.b64decode(self.partner.image_1920), PNG)

    def test_upload_guarded_by_a_version(self):
        record = f"/api/v1/res.partner/{self.partner.id}"
        tag = self._get(record).headers["ETag"]
        self.assertAnswer(self._put(_png(4), If_Match=tag))
        self.assertError(self._put(_png(5), If_Match='"0.0"'), 412, "precondition_failed")
        self.env.invalidate_all()
        self.assertEqual(base64.b64decode(self.partner.image_1920), _png(4))

    def test_what_is_no_file(self):
        base = f"/api/v1/res.partner/{self.partner.id}"
        self.assertError(self._get(f"{base}/name"), 400, "bad_parameter")
        self.assertError(self._put(b"x", f"{base}/name"), 400, "bad_parameter")
        self.assertError(self._get(f"{base}/nope"), 400, "unknown_field")
        self.assertError(self._get("/api/v1/res.partner/2147483647/image_1920"), 404, "not_found")
        self.assertError(self._get(f"/api/v1/res.partner/{10**20}/image_1920"), 404, "not_found")
        self.assertError(self._get("/api/v1/no.model/1/image_1920"), 404, "model_not_found")

    def test_preflight_is_told_all_methods(self):
        """A page of another origin may upload, download and act."""
        self._set(cors_origins="https://app.example.com")
        headers = {"Origin": "https://app.example.com", "Access-Control-Request-Method": "PUT"}
        response = self._call("OPTIONS", self.path, headers=headers)
        self.assertEqual(response.status_code, 204)
        self.assertEqual(response.headers["Access-Control-Allow-Methods"], "GET, HEAD, POST, PUT")

    def test_policy_holds(self):
        """Allow-lists, filter and methods count for files as for everything."""
        fields = self.env["ir.model.fields"]
        name = fields._get("res.partner", "name")
        self.connection.read_field_ids = self.connection.write_field_ids = name
        self.assertError(self._get(), 400, "unknown_field")
        self.assertError(self._put(_png(6)), 400, "unknown_field")
        self.connection.write({"read_field_ids": False, "is_read_limited": False})
        self.connection.write({"write_field_ids": False, "is_write_limited": False})
        self.connection.domain = "[('name', '=', 'Another')]"
        self.assertError(self._get(), 404, "not_found")
        self.assertError(self._put(_png(6)), 404, "not_found")
        self.connection.domain = False
        self.connection.is_put = False
        self.assertError(self._put(_png(6)), 405, "method_not_allowed")
        self.env.invalidate_all()
        self.assertEqual(base64.b64decode(self.partner.image_1920), PNG)
