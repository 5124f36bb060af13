# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.

import re
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessDenied
from odoo.tools import SQL, consteq

from ..tools import tokens
from ..tools.errors import ApiError, _
from .transaction import read_committed

SECONDS, TRIES = 300, 5
_CODE = re.compile(r"[0-9]{4,10}")


class JwtMfaChallenge(models.Model):
    """A right password that still lacks its second factor; good for one login, five tries, five minutes.

    The codes are Odoo's own matter: its TOTP app, its mailed code, its hourly limit
    (``addons/auth_totp``, ``addons/auth_totp_mail``), whichever is installed.
    """

    _name = "jwt.mfa.challenge"
    _description = "API Login waiting for a Second Factor"
    _allow_sudo_commands = False
    _rec_name = "create_date"

    user_id = fields.Many2one(
        "res.users", required=True, readonly=True, index=True, ondelete="cascade"
    )
    selector = fields.Char(required=True, readonly=True, groups=fields.NO_ACCESS)
    token_hash = fields.Char(required=True, readonly=True, groups=fields.NO_ACCESS)
    stamp = fields.Char(required=True, readonly=True, groups=fields.NO_ACCESS)
    tries = fields.Integer(default=0, required=True, readonly=True)
    expires_at = fields.Datetime(required=True, readonly=True)

    _selector_uniq = models.UniqueIndex("(selector)")

    @api.model
    def _open(self, user):
        """Ask for the second factor; the mailed code is sent on the way.

        :return: the error to *return*: a raise would lose the challenge, and the entry in the login
            log that the mailed code depends on
        :raise ApiError: ``too_many_requests`` when Odoo sends no more mails this hour
        """
        kind = user._mfa_type()
        token = tokens.MfaToken.new()
        self.sudo().create(
            {
                "user_id": user.id,
                "selector": token.selector,
                "token_hash": token.hash,
                "stamp": user._jwt_session_stamp(),
                "expires_at": fields.Datetime.now() + timedelta(seconds=SECONDS),
            }
        )
        if kind == "totp_mail":
            try:
                user._send_totp_mail_code()
            except AccessDenied as exc:
                raise ApiError(
                    "too_many_requests",
                    "%(text)s",
                    text=str(exc),
                    headers=[("Retry-After", "3600")],
                ) from None
        return ApiError(
            "mfa_required",
            _("This account has a second factor: send its code to /api/login/mfa."),
            extra={"mfa_token": str(token), "mfa_type": kind, "expires_in": SECONDS},
        )

    @api.model
    def _answer(self, text, code, address):
        """The user whose second factor a code is.

        :param text: the ``mfa_token``
        :param str code: the digits
        :return: the user and None, or None and the error to *return*: the failed try stays counted
        :raise ApiError: ``invalid_mfa_token``, ``too_many_requests``, with nothing written
        """
        read_committed(self.env.cr)
        row = self._take_try(text)
        users = self.env["res.users"]
        if seconds := users._jwt_cooldown(address):
            raise users._jwt_too_many(seconds)
        user = users.with_user(row["user_id"]).browse(row["user_id"])
        # one code counts once: Odoo compares it with the last one used
        self.env.cr.execute("SELECT 1 FROM res_users WHERE id = %s FOR NO KEY UPDATE", [user.id])
        user.invalidate_recordset()
        digits = re.sub(r"\s", "", code)
        try:
            if not _CODE.fullmatch(digits):
                raise AccessDenied
            with user._assert_can_auth(user=user.id):
                credential = {"type": user._mfa_type(), "token": int(digits)}
                user._check_credentials(credential, {"interactive": True})
        except AccessDenied:
            self.env["jwt.security.event"]._record(
                "mfa_failed", user_id=user.id, ip_address=address
            )
            return None, ApiError("invalid_code", _("The code is not right, or not any more."))
        self.env.cr.execute(SQL("DELETE FROM jwt_mfa_challenge WHERE id = %s", row["id"]))
        return user, None

    def _take_try(self, text):
        """Count a try on a genuine, living challenge.

        :raise ApiError: ``invalid_mfa_token``
        """
        refused = ApiError("invalid_mfa_token", _("Log in again: the second step took too long."))
        try:
            token = tokens.MfaToken.parse(text)
        except tokens.InvalidToken as exc:
            raise refused from exc
        self.env.cr.execute(
            SQL(
                """
                SELECT c.id, c.user_id, c.token_hash, c.stamp
                  FROM jwt_mfa_challenge c JOIN res_users u ON u.id = c.user_id AND u.active
                 WHERE c.selector = %s
                """,
                token.selector,
            )
        )
        row = self.env.cr.dictfetchone()
        if row is None or not token.matches(row["token_hash"]):
            raise refused
        stamp = self.env["res.users"].browse(row["user_id"])._jwt_session_stamp()
        if not stamp or not consteq(stamp, row["stamp"]):
            raise refused
        self.env.cr.execute(
            SQL(
                "UPDATE jwt_mfa_challenge SET tries = tries + 1 WHERE id = %s AND tries < %s"
                " AND expires_at > now() AT TIME ZONE 'utc' RETURNING id",
                row["id"],
                TRIES,
            )
        )
        if not self.env.cr.fetchone():
            raise refused
        return row

    @api.autovacuum
    def _gc_challenges(self):
        self.env.cr.execute(
            "DELETE FROM jwt_mfa_challenge WHERE expires_at < (now() AT TIME ZONE 'utc')"
        )
