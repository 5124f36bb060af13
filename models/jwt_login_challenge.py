# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.

import logging
import re
from datetime import timedelta
from smtplib import SMTPException

from odoo import api, fields, models
from odoo.exceptions import AccessDenied
from odoo.tools import SQL, consteq

from odoo.addons.base.models.ir_mail_server import MailDeliveryException

from ..engine.transaction import read_committed
from ..tools import tokens
from ..tools.errors import ApiError, Refused, _, unavailable
from .jwt_throttle import too_many_requests

_logger = logging.getLogger(__name__)

CHALLENGE_SECONDS, TRIES = 300, 5
_CODE = re.compile(r"[0-9]{4,10}")


def _invalid_mfa_token():
    return ApiError("invalid_mfa_token", _("Log in again: the second step took too long."))


def invalid_passkey():
    """One answer for an unknown passkey, a wrong signature, an archived user, an old challenge."""
    return ApiError(
        "invalid_passkey",
        _("The passkey was not accepted, or it took too long. Ask for new options and try again."),
    )


class JwtLoginChallenge(models.Model):
    """A login that has begun: what its second request has to answer; good for one login, five minutes.

    Either a right password that still lacks its second factor (five tries), or the challenge that a
    passkey has to sign (one try), of a user who is not known yet.

    The codes are Odoo's own matter: its TOTP app, its mailed code, its hourly limit
    (``addons/auth_totp``, ``addons/auth_totp_mail``), whichever is installed.
    """

    _name = "jwt.login.challenge"
    _description = "API Login Challenge"
    _allow_sudo_commands = False
    _rec_name = "create_date"

    user_id = fields.Many2one("res.users", readonly=True, index=True, ondelete="cascade")
    selector = fields.Char(required=True, readonly=True, groups=fields.NO_ACCESS)
    token_hash = fields.Char(required=True, readonly=True, groups=fields.NO_ACCESS)
    stamp = fields.Char(readonly=True, groups=fields.NO_ACCESS)
    passkey_challenge = fields.Char(readonly=True, groups=fields.NO_ACCESS)
    tries = fields.Integer(default=0, required=True, readonly=True)
    expires_at = fields.Datetime(required=True, readonly=True)

    _selector_uniq = models.UniqueIndex("(selector)")
    _expires_at_idx = models.Index("(expires_at)")
    _kind = models.Constraint(
        "CHECK ((user_id IS NULL AND stamp IS NULL) = (passkey_challenge IS NOT NULL))",
        "It is of a user or of a passkey.",
    )

    @api.model
    def _require(self, user):
        """Ask a user for the second factor, and mail its code where it is mailed.

        :raise Refused: always, ``mfa_required``: the challenge stays, and the entry in the login log
            that the mailed code depends on
        :raise ApiError: ``too_many_requests`` when Odoo sends no more mails this hour;
            ``unavailable`` when the mail server does not take the mail
        """
        kind = user._mfa_type()
        token = tokens.MfaToken.new()
        self.sudo().create(
            {
                "user_id": user.id,
                "selector": token.selector,
                "token_hash": token.hash,
                "stamp": user._jwt_session_stamp(user._jwt_lock()),
                "expires_at": fields.Datetime.now() + timedelta(seconds=CHALLENGE_SECONDS),
            }
        )
        if kind == "totp_mail":
            try:
                user._send_totp_mail_code()
            except AccessDenied as exc:
                seconds = user._jwt_mfa_wait("send_email") or 3600
                headers = [("Retry-After", str(seconds))]
                raise ApiError(
                    "too_many_requests", "%(text)s", text=str(exc), headers=headers
                ) from None
            except (MailDeliveryException, SMTPException, OSError) as exc:
                _logger.error("The code for a login could not be mailed: %s", exc)
                raise unavailable(_("The code could not be mailed. Try again later.")) from exc
        raise Refused(
            "mfa_required",
            _("This account has a second factor: send its code to /api/login/mfa."),
            extra={"mfa_token": str(token), "mfa_type": kind, "expires_in": CHALLENGE_SECONDS},
        )

    @api.model
    def _answer(self, text, code, address):
        """Return the user whose second factor a code is.

        :param text: the ``mfa_token``
        :param str code: the digits
        :raise Refused: ``invalid_code``, ``invalid_mfa_token`` or ``too_many_requests``: the failed try
            stays counted
        :raise ApiError: ``invalid_mfa_token``, ``too_many_requests``, with nothing written
        """
        read_committed(self.env.cr)
        try:
            row = self._find(text)
        except tokens.InvalidToken:
            throttle = self.env["jwt.throttle"]
            raise throttle._refusal(_invalid_mfa_token(), address) from None
        users = self.env["res.users"]
        if seconds := users._jwt_cooldown(address):
            raise users._jwt_too_many(seconds)
        user = users.with_user(row["user_id"]).browse(row["user_id"])
        self._claim(row, user)
        if seconds := user._jwt_mfa_wait("code_check"):
            message = _("Too many wrong codes. Try again in %(seconds)s seconds.")
            raise too_many_requests(seconds, message)
        digits = re.sub(r"\s", "", code)
        kind = user._mfa_type()
        try:
            if not _CODE.fullmatch(digits):
                raise AccessDenied
            with user._assert_can_auth(user=user.id):
                credential = {"type": kind, "token": int(digits)}
                user._check_credentials(credential, {"interactive": True})
        except AccessDenied:
            self.env["jwt.security.event"]._record(
                "mfa_failed", user_id=user.id, ip_address=address
            )
            raise Refused("invalid_code", _("The code is not right, or not any more.")) from None
        # Odoo knows the last code of an app, but takes a mailed one as often as it comes: that one ends
        # the user's other logins that have begun
        used = SQL("user_id = %s", user.id) if kind == "totp_mail" else SQL("id = %s", row["id"])
        self.env.cr.execute(SQL("DELETE FROM jwt_login_challenge WHERE %s", used))
        return user

    def _find(self, text):
        """The genuine challenge that a token stands for, perhaps an expired one.

        :raise ApiError: ``invalid_mfa_token`` when its user has changed
        :raise tokens.InvalidToken: when there is no such challenge
        """
        token = tokens.MfaToken.parse(text)
        self.env.cr.execute(
            SQL(
                """
                SELECT c.id, c.user_id, c.token_hash, c.stamp, u.xmin::text AS user_version
                  FROM jwt_login_challenge c JOIN res_users u ON u.id = c.user_id AND u.active
                 WHERE c.selector = %s
                """,
                token.selector,
            )
        )
        row = self.env.cr.dictfetchone()
        if row is None or not token.matches(row["token_hash"]):
            raise tokens.InvalidToken("no such challenge")
        user = self.env["res.users"].browse(row["user_id"])
        stamp = user._jwt_session_stamp(row["user_version"])
        if not stamp or not consteq(stamp, row["stamp"]):
            raise _invalid_mfa_token()
        return row

    def _claim(self, row, user):
        """Lock the user, and count a try on the challenge, in this order.

        So one code counts once: whoever waits for the user's row finds the code used, or the challenge
        gone.

        :raise ApiError: ``invalid_mfa_token`` when the challenge does not live any more
        """
        self.env.cr.execute(
            "SELECT xmin::text FROM res_users WHERE id = %s FOR NO KEY UPDATE", [user.id]
        )
        locked = self.env.cr.fetchone()
        user.invalidate_recordset()
        if (
            not locked or user._jwt_session_stamp(*locked) != row["stamp"]
        ):  # changed while we waited
            raise _invalid_mfa_token()
        self.env.cr.execute(
            SQL(
                "UPDATE jwt_login_challenge SET tries = tries + 1 WHERE id = %s AND tries < %s"
                " AND expires_at > now() AT TIME ZONE 'utc' RETURNING id",
                row["id"],
                TRIES,
            )
        )
        if not self.env.cr.fetchone():
            raise _invalid_mfa_token()

    # --- passkeys ------------------------------------------------------------------------

    @api.model
    def _offer_passkey(self, challenge, address):
        """Keep a challenge for the one request that answers it.

        Anybody may ask; so an address gets a hundred at once and then one a second, and what has
        expired goes.

        :param str challenge: as ``auth.passkey.key`` made it
        :return: the token that the answer has to come with
        :rtype: tokens.PasskeyToken
        :raise ApiError: ``too_many_requests``
        """
        read_committed(self.env.cr)
        if seconds := self.env["jwt.throttle"]._take_offer(address):
            raise too_many_requests(seconds)
        self.env.cr.execute(
            "DELETE FROM jwt_login_challenge WHERE id IN (SELECT id FROM jwt_login_challenge"
            " WHERE expires_at < now() AT TIME ZONE 'utc' LIMIT 20 FOR UPDATE SKIP LOCKED)"
        )
        token = tokens.PasskeyToken.new()
        self.sudo().create(
            {
                "selector": token.selector,
                "token_hash": token.hash,
                "passkey_challenge": challenge,
                "expires_at": fields.Datetime.now() + timedelta(seconds=CHALLENGE_SECONDS),
            }
        )
        return token

    @api.model
    def _take_passkey(self, text, address):
        """Return the challenge behind a ``passkey_token``, once.

        What refuses the request after that has to be a :class:`Refused`: the challenge is used up.

        :raise Refused: ``invalid_passkey``, ``too_many_requests``
        """
        read_committed(self.env.cr)
        try:
            return self._take_challenge(tokens.PasskeyToken.parse(text))
        except tokens.InvalidToken:
            throttle = self.env["jwt.throttle"]
            raise throttle._refusal(invalid_passkey(), address) from None

    def _take_challenge(self, token):
        """
        :raise tokens.InvalidToken: when there is no such challenge, or none any more
        """
        self.env.cr.execute(
            SQL(
                "SELECT id, token_hash FROM jwt_login_challenge"
                " WHERE selector = %s AND passkey_challenge IS NOT NULL",
                token.selector,
            )
        )
        row = self.env.cr.dictfetchone()
        if row is None or not token.matches(row["token_hash"]):
            raise tokens.InvalidToken("no such challenge")
        self.env.cr.execute(
            SQL(
                "DELETE FROM jwt_login_challenge WHERE id = %s AND expires_at > now() AT TIME ZONE 'utc'"
                " RETURNING passkey_challenge",
                row["id"],
            )
        )
        found = self.env.cr.fetchone()
        if not found:
            raise tokens.InvalidToken("too late")
        return found[0]

    @api.autovacuum
    def _gc_challenges(self):
        self.env.cr.execute(
            "DELETE FROM jwt_login_challenge WHERE expires_at < (now() AT TIME ZONE 'utc')"
        )
