# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.

from odoo.tests import HttpCase, new_test_user, tagged


@tagged("post_install", "-at_install")
class TestExample(HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.user = new_test_user(cls.env, "api-ada", "base.group_user", password="ada's password")
        cls.other = new_test_user(cls.env, "api-bob", "base.group_user", password="bob's password")
        cls.portal = new_test_user(
            cls.env, "api-eve", "base.group_portal", password="eve's password"
        )

    def log_in(self, user):
        """Log in as a client does; return the headers of its further requests."""
        name = user.login.partition("-")[2]
        body = {"login": user.login, "password": f"{name}'s password"}
        answer = self.url_open("/api/login", json=body, headers={"X-Client-Type": "app"})
        self.assertEqual(answer.status_code, 200)
        return {"Authorization": f"Bearer {answer.json()['token']}"}

    def register(self, headers, token="push token of a phone", platform="fcm"):
        body = {"platform": platform, "token": token}
        return self.url_open("/api/example/devices", json=body, headers=headers)

    def test_register(self):
        answer = self.register(self.log_in(self.user))
        self.assertEqual(answer.status_code, 201)
        device = self.env["push.device"].browse(answer.json()["data"]["id"])
        self.assertEqual(device.user_id, self.user)
        self.assertEqual(device._tokens_of(self.user), ["push token of a phone"])

    def test_errors(self):
        headers = self.log_in(self.user)
        for answer, status, error in (
            (self.register({}), 401, "missing_token"),
            (self.register(headers, platform="pigeon"), 400, "bad_value"),
            (self.register(headers, token=7), 400, "bad_value"),
            (self.register(headers, token="short"), 422, "validation_error"),
        ):
            self.assertEqual((answer.status_code, answer.json()["error"]), (status, error))
        self.assertFalse(self.env["push.device"].search([("user_id", "=", self.user.id)]))

    def test_nobody_reads_a_token(self):
        """Neither through a field list, nor as a condition: the field is unknown."""
        headers = self.log_in(self.user)
        self.register(headers)
        for query in ('fields=["token"]', 'domain=[["token","like","push"]]'):
            answer = self.url_open(f"/api/v1/push.device?{query}", headers=headers)
            self.assertEqual((answer.status_code, answer.json()["error"]), (400, "unknown_field"))

    def test_devices_of_others(self):
        """Others neither see nor delete it."""
        device = self.register(self.log_in(self.user)).json()["data"]["id"]
        headers = self.log_in(self.other)
        answer = self.url_open("/api/v1/push.device", headers=headers)
        self.assertEqual((answer.status_code, answer.json()["data"]), (200, []))
        answer = self.url_open(f"/api/v1/push.device/{device}", headers=headers, method="DELETE")
        self.assertEqual(answer.status_code, 404)
        self.assertTrue(self.env["push.device"].browse(device).exists())

    def test_no_connection_lifts_what_nobody_may_do(self):
        connection = self.env.ref("jwt_auth_api_example.connection_push_device")
        connection.write({"run_as": "sudo", "is_post": True, "is_put": True})
        headers = self.log_in(self.user)
        device = self.register(headers).json()["data"]["id"]
        for method, path, values in (
            ("POST", "push.device", {"platform": "fcm"}),
            ("PUT", f"push.device/{device}", {"platform": "apns"}),
        ):
            answer = self.url_open(
                f"/api/v1/{path}", json={"values": values}, headers=headers, method=method
            )
            self.assertEqual((answer.status_code, answer.json()["error"]), (403, "access_denied"))
        self.assertEqual(self.env["push.device"].browse(device).platform, "fcm")

    def test_no_messages_after_the_log_out(self):
        headers = self.log_in(self.user)
        self.register(headers)
        answer = self.url_open("/api/revoke/token", headers=headers, method="POST")
        self.assertEqual(answer.status_code, 200)
        self.env.invalidate_all()
        self.assertEqual(self.env["push.device"]._tokens_of(self.user), [])

    def test_token_of_a_phone_that_has_another_user_now(self):
        self.register(self.log_in(self.user))
        self.register(self.log_in(self.other))
        self.assertEqual(self.env["push.device"]._tokens_of(self.user), [])
        self.assertEqual(len(self.env["push.device"]._tokens_of(self.other)), 1)

    def test_file(self):
        answer = self.url_open("/example/countries.csv", headers=self.log_in(self.user))
        self.assertEqual(
            (answer.status_code, answer.headers["Content-Type"]), (200, "text/csv; charset=utf-8")
        )
        self.assertIn("AD;Andorra", answer.text)
        self.assertNotIn("Set-Cookie", answer.headers)
        answer = self.url_open("/example/countries.csv")
        self.assertEqual((answer.status_code, answer.json()["error"]), (401, "missing_token"))
        answer = self.url_open("/example/countries.csv", headers=self.log_in(self.portal))
        self.assertEqual(answer.status_code, 422)
        self.assertIn("Only employees", answer.text)

    def test_json_rpc(self):
        headers = self.log_in(self.user)
        body = {"jsonrpc": "2.0", "method": "call", "id": 1, "params": {"name": "Ada"}}
        answer = self.url_open("/example/hello", json=body, headers=headers)
        self.assertEqual(answer.json()["result"], {"hello": "Ada"})
        answer = self.url_open("/example/hello", json=body)
        self.assertEqual(answer.status_code, 200)
        self.assertIn("error", answer.json())
