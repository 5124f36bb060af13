# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.

import base64
import errno
import hashlib
import io
import json
import os
import struct
import tempfile
import zlib
from pathlib import Path
from unittest.mock import patch

from PIL import Image, ImageFile

from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..engine import write
from ..tools import errors, forms
from .common import ApiCase
from .resource_case import PNG
from .test_refresh import raise_sql_state

FILE = ("photo.png", PNG, "image/png")
BASE = "odoo.addons.base.models.ir_attachment"


@tagged("jwt_resources")
class TestUploads(ApiCase):
    """Files and values in one request, as ``multipart/form-data``."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.connection = cls._connect("res.partner")
        cls.partner = cls.env["res.partner"].create({"name": "Uploaded", "ref": "UPLOAD"})
        cls.access = cls._open(cls.user).access
        cls.path = "/api/v1/res.partner"
        cls.one = f"{cls.path}/{cls.partner.id}"
        cls.one_image = f"{cls.one}/image_1920"

    def _form(self, method, path, files=None, headers=None, access=None, **keys):
        data = {name: json.dumps(value) for name, value in keys.items()}
        files = {"image_1920": FILE} if files is None else files
        return self._call(
            method, path, access or self.access, files=files, data=data, headers=headers
        )

    def _image(self, record=None):
        self.env.invalidate_all()
        return base64.b64decode((record or self.partner).image_1920 or b"")

    def _named(self, name):
        self.env.invalidate_all()
        return self.env["res.partner"].search([("name", "=", name)])

    def test_create(self):
        """One record, with its file; the response says what a JSON body asks for."""
        response = self._form("POST", self.path, values={"name": "With photo"}, fields=["name"])
        body = self.assertAnswer(response, 201)
        record = self._named("With photo")
        self.assertEqual(body["data"], {"id": record.id, "name": "With photo"})
        self.assertEqual(response.headers["Location"], f"{self.path}/{record.id}")
        self.assertEqual(self._image(record), PNG)

    def test_huge_image(self):
        """An image whose header says that it has billions of pixels is a 422, and nothing is stored."""
        header = b"IHDR" + struct.pack(">IIBBBBB", 60000, 60000, 8, 0, 0, 0, 0)
        huge = PNG[:8] + PNG[8:12] + header + struct.pack(">I", zlib.crc32(header)) + PNG[33:]
        values = {"image_1920": base64.b64encode(huge).decode()}
        file = {"data": huge, "headers": {"Content-Type": "image/png"}}
        for path, sent in ((self.one, {"json": {"values": values}}), (self.one_image, file)):
            with self.subTest(path=path), mute_logger("odoo.http"):
                response = self._call("PUT", path, self.access, **sent)
                self.assertError(response, 422, "validation_error")
                self.assertFalse(self._image())

    def test_incomplete_image(self):
        """Pillow's errors about the content of an image are a 422, those of the system are not."""
        whole = io.BytesIO()
        Image.effect_noise((64, 64), 50).save(whole, "PNG")
        cut = io.BytesIO(whole.getvalue()[: len(whole.getvalue()) // 2])
        with patch.object(ImageFile, "LOAD_TRUNCATED_IMAGES", False):
            self.assertEqual(self._code_of(lambda: Image.open(cut).load()), "validation_error")
        code = self._code_of(lambda: Image.open("/nowhere/image.png"))
        self.assertEqual(code, "server_error")

    def _code_of(self, function):
        """Return the code of the error for what a function raises; `assertRaises` would drop the traceback."""
        try:
            function()
        except OSError as exc:
            return errors.from_exception(exc).error
        return self.fail("nothing was raised")

    def test_update(self):
        """PUT and PATCH, and POST in place of them; with a part that is JSON by its type."""
        for method, headers in (
            ("PUT", None),
            ("PATCH", None),
            ("POST", {"X-HTTP-Method-Override": "PATCH"}),
        ):
            with self.subTest(method=method):
                self.partner.write({"image_1920": False, "ref": "UPLOAD"})
                self.env.flush_all()
                files = {
                    "image_1920": FILE,
                    "values": ("blob", b'{"ref": "CHANGED"}', "application/json"),
                }
                response = self._form(method, self.one, files, headers)
                self.assertEqual(self.assertAnswer(response)["data"]["id"], self.partner.id)
                self.assertEqual(self._image(), PNG)
                self.assertEqual(self.partner.ref, "CHANGED")
        self.partner.image_1920 = False
        self.env.flush_all()
        self.assertAnswer(self._form("PUT", self.one))
        self.assertEqual((self._image(), self.partner.ref), (PNG, "CHANGED"))

    def test_empty_input_changes_nothing(self):
        """A browser sends a part without a name for a file that nobody chose."""
        self.partner.image_1920 = base64.b64encode(PNG)
        self.env.flush_all()
        boundary = {"Content-Type": "multipart/form-data; boundary=x"}
        body = (
            b'--x\r\nContent-Disposition: form-data; name="values"\r\n\r\n{"ref": "R"}\r\n'
            b'--x\r\nContent-Disposition: form-data; name="image_1920"; filename=""\r\n\r\n\r\n--x--'
        )
        response = self._call("PUT", self.one, self.access, data=body, headers=boundary)
        self.assertAnswer(response)
        self.assertEqual((self._image(), self.partner.ref), (PNG, "R"))
        self.assertAnswer(
            self._form("PUT", self.one, {"x": ("", b"")}, values={"image_1920": None})
        )
        self.assertEqual(self._image(), b"")

    def test_file_on_its_own_path(self):
        """The only part of a form, whatever its name."""
        path = f"{self.one}/image_1920"
        response = self._form("PUT", path, {"file": FILE})
        self.assertAnswer(response)
        self.assertIn("ETag", response.headers)
        self.assertEqual(self._image(), PNG)
        for files, keys in (({"a": FILE, "b": FILE}, {}), ({"a": FILE}, {"values": {}})):
            response = self._form("PUT", path, files, **keys)
            self.assertError(response, 400, "bad_value")
        headers = {"Content-Type": "multipart/form-data; boundary=x"}
        response = self._call("PUT", path, self.access, data=b"--x", headers=headers)
        self.assertError(response, 400, "bad_request")
        self.assertEqual(self._image(), PNG)

    def test_name_of_the_file(self):
        """It is the name of an attachment, unless the values have one."""
        self._connect("ir.attachment")
        access = self._open(self.admin).access
        path = "/api/v1/ir.attachment"
        files = {"raw": ("notes.txt", b"text", "text/plain")}
        response = self._form("POST", path, files, access=access)
        record = self.env["ir.attachment"].browse(self.assertAnswer(response, 201)["data"]["id"])
        self.assertEqual((record.name, record.raw), ("notes.txt", b"text"))
        response = self._form("POST", path, files, access=access, values={"name": "Mine"})
        record = self.env["ir.attachment"].browse(self.assertAnswer(response, 201)["data"]["id"])
        self.assertEqual((record.name, record.raw), ("Mine", b"text"))
        files = {"file": ("..\\other.txt", b"more")}
        self.assertAnswer(self._form("PUT", f"{path}/{record.id}/raw", files, access=access))
        self.env.invalidate_all()
        self.assertEqual((record.name, record.raw), ("other.txt", b"more"))

    def test_what_is_refused(self):
        """Nothing is written, and the error names the part."""
        for files, keys, name, status, code in (
            ({"name": FILE}, {}, "name", 400, "bad_value"),
            ({"nope": FILE}, {"values": {"name": "No"}}, "nope", 400, "unknown_field"),
            (None, {"values": {"name": "No", "image_1920": "x"}}, "image_1920", 400, "bad_value"),
            (None, {"values": [{"name": "No"}]}, "values", 400, "bad_value"),
            (None, {"name": "No"}, "name", 400, "bad_value"),
            (
                {"image_1920": ("a", b"no image")},
                {"values": {"name": "No"}},
                "image_1920",
                422,
                "validation_error",
            ),
        ):
            with self.subTest(files=files, keys=keys):
                response = self._form("POST", self.path, files, **keys)
                self.assertEqual(list(self.assertError(response, status, code)["fields"]), [name])
                self.assertFalse(self._named("No"))
        for path, method in (
            (self.path, "PUT"),
            ("/api/send_request?model=res.partner", "POST"),
            ("/api/login", "POST"),
            (f"{self.one}/action_x", "POST"),
        ):
            response = self._form(method, path, values={"name": "No"})
            self.assertError(response, 415, "unsupported_media_type")
        self.assertFalse(self._named("No"))

    def test_limit_of_size(self):
        """As for other bodies."""
        with patch("odoo.http.DEFAULT_MAX_CONTENT_LENGTH", 1000):
            self.env["ir.config_parameter"].set_param("web.max_file_upload_size", 1000)
            response = self._form(
                "POST", self.path, {"image_1920": ("a", b"x" * 2000)}, values={"name": "No"}
            )
        self.assertError(response, 413, "payload_too_large")
        self.assertFalse(self._named("No"))

    def test_policy_holds(self):
        """Lists of fields, record filter and methods."""
        fields = self.env["ir.model.fields"]
        self.connection.write_field_ids = fields._get("res.partner", "name")
        response = self._form("PUT", self.one)
        self.assertError(response, 400, "bad_value")
        self.connection.write({"write_field_ids": False, "is_write_limited": False})
        self.connection.domain = "[('name', '=', 'Another')]"
        self.assertError(self._form("PUT", self.one), 404, "not_found")
        self.assertError(self._form("POST", self.path, values={"name": "No"}), 403, "access_denied")
        self.connection.domain = False
        self.connection.is_put = False
        self.assertError(self._form("PUT", self.one), 405, "method_not_allowed")
        self.assertEqual(self._image(), b"")
        self.assertFalse(self._named("No"))
        self._connect("res.users")
        before = self._image(self.victim)
        self.assertError(
            self._form("PUT", f"/api/v1/res.users/{self.victim.id}"), 403, "access_denied"
        )
        self.assertEqual(self._image(self.victim), before)

    def test_refused_form_is_not_decoded(self):
        """Model, method, group, rate limit and record are checked first: decoding a form costs much."""
        unknown = f"{self.path}/{2**31 - 1}"
        limited = self._connect("res.country", rate_limit=1)
        self._connect("res.bank", "GET")
        self._connect("res.partner.category").group_ids = self.env.ref("base.group_system")
        self.env.flush_all()
        self._call("GET", "/api/v1/res.country", self.access)
        self.assertEqual(limited.rate_limit, 1)
        with (
            patch.object(forms, "parse", wraps=forms.parse) as parse,
            patch.object(forms.Upload, "of", wraps=forms.Upload.of) as encode,
        ):
            for method, path, status, code in (
                ("POST", "/api/v1/no.model", 404, "model_not_found"),
                ("POST", "/api/v1/res.bank", 405, "method_not_allowed"),
                ("POST", "/api/v1/res.partner.category", 403, "access_denied"),
                ("POST", "/api/v1/res.country", 429, "too_many_requests"),
                ("PUT", "/api/v1/res.bank/1/image", 405, "method_not_allowed"),
                ("PUT", unknown.replace("res.partner", "res.bank"), 405, "method_not_allowed"),
            ):
                with self.subTest(path=path):
                    self.assertError(self._form(method, path), status, code)
                    self.assertEqual((parse.call_count, encode.call_count), (0, 0))
            self.assertAnswer(self._form("PUT", self.one))
            self.assertEqual((parse.call_count, encode.call_count), (1, 1))

    def test_long_headers_of_a_part(self):
        """They cost nothing, and nothing is written."""
        boundary = {"Content-Type": "multipart/form-data; boundary=x"}
        body = (
            b'--x\r\nContent-Disposition: form-data; name="values"%s\r\n\r\n{"name": "No"}\r\n--x--'
        ) % (b"; a=b" * 2000)
        with patch("werkzeug.sansio.multipart.parse_options_header") as parse:
            response = self._call("POST", self.path, self.access, data=body, headers=boundary)
        self.assertError(response, 400, "bad_request")
        parse.assert_not_called()
        self.assertFalse(self._named("No"))

    def test_version_of_the_record(self):
        tag = self._call("GET", self.one, self.access).headers["ETag"]
        response = self._form("PUT", self.one, headers={"If-Match": '"0.0"'})
        self.assertError(response, 412, "precondition_failed")
        self.assertEqual(self._image(), b"")
        self.assertAnswer(self._form("PUT", self.one, headers={"If-Match": tag}))
        self.assertEqual(self._image(), PNG)

    def test_key_of_a_repeated_request(self):
        """The same parts are the same request, whatever their boundary; other bytes are another."""
        key = {"Idempotency-Key": "upload-1"}
        first = self._form("POST", self.path, headers=key, values={"name": "Once"})
        again = self._form("POST", self.path, headers=key, values={"name": "Once"})
        self.assertEqual(self.assertAnswer(again, 201), self.assertAnswer(first, 201))
        self.assertEqual(again.headers["Idempotency-Replayed"], "true")
        self.assertEqual(len(self._named("Once")), 1)
        other = {"image_1920": ("photo.png", PNG + b"x", "image/png")}
        response = self._form("POST", self.path, other, headers=key, values={"name": "Once"})
        self.assertError(response, 422, "idempotency_key_reused")

    def test_retry(self):
        """Odoo runs a request again after a lost race; the files are still there, and none is on disk."""
        create, calls = write.create, []
        connections = type(self.env["connection.api"])
        resolve, resolved = connections._resolve, []

        def lose_once(*args):
            calls.append(args)
            if len(calls) == 1:
                raise_sql_state(args[0].model.env.cr, "40001")
            return create(*args)

        def lose_before_the_form_is_decoded(connections, *args):
            resolved.append(args)
            if len(resolved) == 1:
                raise_sql_state(connections.env.cr, "40001")
            return resolve(connections, *args)

        no_file = AssertionError("a file on disk")
        with (
            patch.object(write, "create", lose_once),
            patch.object(connections, "_resolve", lose_before_the_form_is_decoded),
            patch("odoo.service.model.time.sleep"),
            patch.object(tempfile, "TemporaryFile", side_effect=no_file),
            patch.object(tempfile, "SpooledTemporaryFile", side_effect=no_file),
            patch("werkzeug.formparser.default_stream_factory", side_effect=no_file),
            mute_logger("odoo.service.model", "odoo.sql_db"),
        ):
            files = {"image_1920": ("big.png", PNG + b"\x00" * 1_000_000)}
            response = self._form("POST", self.path, files, values={"name": "Retried"})
        self.assertAnswer(response, 201)
        self.assertEqual((len(calls), len(resolved)), (2, 3))
        self.assertEqual(len(self._named("Retried")), 1)

    def test_full_disk(self):
        """503 with Retry-After: nothing is stored, and no part of the file stays in the way of the next try."""
        content = _other_picture()
        by_odoo, by_us = _then_full(self)
        with by_odoo, by_us, mute_logger("odoo.http", "odoo.addons.base.models.ir_attachment"):
            for method, path in (("PUT", self.one_image), ("PUT", self.one)):
                response = self._store(method, path, content)
                self.assertError(response, 503, "unavailable")
                self.assertGreater(int(response.headers["Retry-After"]), 0)
                self.assertFalse(self._image())
        self.assertAnswer(self._store("PUT", self.one_image, content))
        self.assertEqual(self._image(), content)

    def test_file_whose_write_was_interrupted(self):
        """Its beginning, which Odoo left in the store, is replaced by the whole file."""
        content = _other_picture()
        attachments = self.env["ir.attachment"]
        _name, path = attachments._get_path(content, hashlib.sha1(content).hexdigest())
        self.addCleanup(Path(path).unlink, missing_ok=True)
        for size in (0, 20):
            Path(path).write_bytes(content[:size])
            self.assertAnswer(self._store("PUT", self.one_image, content))
            self.assertEqual(Path(path).read_bytes(), content)
        self.assertEqual(self._image(), content)

    def test_file_whose_write_was_interrupted_in_another_location(self):
        """Odoo stores files on the disk for every value of the parameter but ``db``."""
        self.env["ir.config_parameter"].set_param("ir_attachment.location", "files")
        self.test_file_whose_write_was_interrupted()

    def test_file_is_on_the_disk_before_it_has_its_name(self):
        """After a power cut, the file is whole, and its folder knows it."""
        content, events = _other_picture(), []
        attachments, checksum = self.env["ir.attachment"], hashlib.sha1(content).hexdigest()
        _name, path = attachments._get_path(content, checksum)
        self.addCleanup(Path(path).unlink, missing_ok=True)
        sync, replace = os.fsync, Path.replace

        def synced(number):
            events.append(Path(f"/proc/self/fd/{number}").resolve())
            sync(number)

        def replaced(source, target):
            events.append(target)
            return replace(source, target)

        with patch.object(os, "fsync", synced), patch.object(Path, "replace", replaced):
            attachments._file_write(content, checksum)
        unfinished, target, folder = events
        self.assertEqual((unfinished.parent, target, folder), (folder, Path(path), target.parent))
        self.assertNotEqual(unfinished, target)

    def test_file_that_another_addon_stores(self):
        """If an addon's own code stores it elsewhere, nothing is written to the disk."""
        content, attachments = _other_picture(), self.env["ir.attachment"]
        base, checksum = _base_class(attachments), hashlib.sha1(content).hexdigest()
        _name, path = attachments._get_path(content, checksum)
        elsewhere = patch.object(base, "_storage", lambda _self: "cloud")
        stored = patch.object(base, "_file_write", lambda *_args: "cloud://file")
        with elsewhere, stored:
            self.assertEqual(attachments._file_write(content, checksum), "cloud://file")
        self.assertFalse(Path(path).exists())

    def test_file_is_known_to_the_garbage_collection_before_it_is_written(self):
        """A process that ends in between leaves nothing that nobody removes."""
        content = _other_picture()
        attachments = self.env["ir.attachment"]
        name, path = attachments._get_path(content, hashlib.sha1(content).hexdigest())
        seen = []

        def interrupted(source, _target):
            checklist = Path(attachments._full_path("checklist"))
            left = source.relative_to(attachments._filestore())
            seen.extend((checklist / each).exists() for each in (name, left))
            raise KeyboardInterrupt

        killed = patch.object(Path, "replace", interrupted)
        with killed, self.assertRaises(KeyboardInterrupt):
            attachments._file_write(content, hashlib.sha1(content).hexdigest())
        self.assertEqual(seen, [True, True])
        self.assertFalse(Path(path).exists())

    def test_other_file_of_the_same_name_is_kept(self):
        """Odoo refuses a file that collides with another, and does not overwrite it."""
        content = _other_picture()
        attachments, checksum = self.env["ir.attachment"], hashlib.sha1(content).hexdigest()
        _name, path = attachments._get_path(content, checksum)
        self.addCleanup(Path(path).unlink, missing_ok=True)
        for other in (b"another", content + b"x"):
            Path(path).write_bytes(other)
            with self.assertRaises(UserError):
                attachments._file_write(content, checksum)
            self.assertEqual(Path(path).read_bytes(), other)

    def _store(self, method, path, content):
        if path.endswith("image_1920"):
            headers = {"Content-Type": "image/png"}
            return self._call(method, path, self.access, data=content, headers=headers)
        return self._form(method, path, {"image_1920": ("a.png", content, "image/png")}, values={})

    def test_form_of_another_page(self):
        """A page can send a form with the user's cookies: they authenticate nothing here."""
        self.authenticate(self.user.login, f"{self.user.login}-password")
        refresh = self._open(self.user, "browser").refresh
        self.opener.cookies.set("refreshToken", refresh)
        headers = {"Origin": "https://evil.example"}
        files = {"image_1920": FILE}
        response = self.url_open(
            self.path, files=files, data={"values": '{"name": "Forged"}'}, headers=headers
        )
        self.assertIn("session_id=", response.request.headers["Cookie"])
        self.assertIn("refreshToken=", response.request.headers["Cookie"])
        self.assertMissingToken(response)
        response = self.url_open(
            f"{self.path}?access_token={self.access}",
            files=files,
            data={"values": '{"name": "Forged"}', "Authorization": f"Bearer {self.access}"},
            headers=headers,
        )
        self.assertMissingToken(response)
        self.assertNotIn("Access-Control-Allow-Origin", response.headers)
        self.assertFalse(self._named("Forged"))


def _other_picture():
    """Return a picture that is in no store yet."""
    buffer = io.BytesIO()
    Image.frombytes("RGB", (24, 24), os.urandom(24 * 24 * 3)).save(buffer, "PNG")
    return buffer.getvalue()


def _base_class(attachments):
    """Return Odoo's own class of attachments, which writes files to the disk."""
    return next(each for each in type(attachments).mro() if each.__module__ == BASE)


def _then_full(case):
    """Return two contexts in which the store takes the beginning of each file, and then is full."""
    real = io.open

    def write(file, mode="r", *args, **options):
        opened = real(file, mode, *args, **options)
        if mode != "wb" or not str(file).startswith(case.env["ir.attachment"]._filestore()):
            return opened
        opened.write(b"\x89PNG")
        opened.close()
        raise OSError(errno.ENOSPC, "No space left on device", str(file))

    return patch("builtins.open", write), patch.object(Path, "open", write)
