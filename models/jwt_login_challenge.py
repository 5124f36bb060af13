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
    return ApiError(
        "invalid_mfa_token", _("The second step of the login took too long. Log in again.")
    )


def invalid_passkey():
    """Return the same error for an unknown passkey, wrong signature, archived user or old challenge."""
    return ApiError(
        "invalid_passkey",
        _("The passkey was not accepted, or it took too long. Request new options and try again."),
    )


class JwtLoginChallenge(models.Model):
    """Store a login that waits for its second request; valid for one login, for five minutes.

    It is either a correct password that still needs its second factor (five attempts), or the
    challenge that a passkey has to sign (one attempt), of a user who is not known yet.

    Odoo itself checks codes, mails them and limits both per hour (``addons/auth_totp``,
    ``addons/auth_totp_mail``), whichever is installed.
    """

    _name = "jwt.login.challenge"
    _description = "API Login Challenge"
    _allow_sudo_commands = False
    _rec_name = "create_date"

    user_id = fields.Many2one("res.users", readonly=True, index=True, ondelete="cascade")
    selector = fields.Char(required=True, readonly=True, groups=fields.NO_ACCESS)
    token_hash = fields.Char(required=True, readonly=True, groups=fields.NO_ACCESS)
    stamp = fields.Char("Security Stamp", readonly=True, groups=fields.NO_ACCESS)
    passkey_challenge = fields.Char(readonly=True, groups=fields.NO_ACCESS)
    tries = fields.Integer(default=0, required=True, readonly=True)
    expires_at = fields.Datetime(required=True, readonly=True)

    _selector_uniq = models.UniqueIndex("(selector)")
    _expires_at_idx = models.Index("(expires_at)")
    _kind = models.Constraint(
        "CHECK ((user_id IS NULL AND stamp IS NULL) = (passkey_challenge IS NOT NULL))",
        "A challenge belongs either to a user or to a passkey.",
    )

    @api.model
    def _require(self, user):
        """Request the second factor from a user, and mail the code if the user gets it by mail.

        :raise Refused: ``mfa_required``, always: the challenge is committed, as is the entry in the
            login log that the mailed code depends on
        :raise ApiError: ``too_many_requests`` if Odoo sends no more mails this hour; ``unavailable``
            if the mail server does not accept the mail
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
            _("This account has a second factor. Send its code to /api/login/mfa."),
            extra={"mfa_token": str(token), "mfa_type": kind, "expires_in": CHALLENGE_SECONDS},
        )

    @api.model
    def _answer(self, text, code, address):
        """Return the user of a challenge, if the code is the user's second factor.

        :param text: the ``mfa_token``
        :param str code: the digits
        :raise Refused: ``invalid_code``, ``invalid_mfa_token`` or ``too_many_requests``, where the
            failed attempt stays counted
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
            raise Refused("invalid_code", _("The code is wrong, or no longer valid.")) from None
        # Odoo refuses the last code of an app, but accepts a mailed one repeatedly: a mailed code
        # therefore ends the user's other pending logins
        used = SQL("user_id = %s", user.id) if kind == "totp_mail" else SQL("id = %s", row["id"])
        self.env.cr.execute(SQL("DELETE FROM jwt_login_challenge WHERE %s", used))
        return user

    def _find(self, text):
        """Return the challenge of a genuine token, even if it has expired.

        :raise ApiError: ``invalid_mfa_token`` if its user has changed
        :raise tokens.InvalidToken: if there is no such challenge
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
        """Lock the user, then count an attempt on the challenge, in this order.

        A code can therefore be used only once: a request that waits for the user's row finds that the
        code was used, or that the challenge was deleted.

        :raise ApiError: ``invalid_mfa_token`` if the challenge is no longer valid
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
        """Store a challenge for the one request that answers it.

        Anybody can request challenges, so an address gets a hundred at once and then one per second.
        Expired ones are deleted here.

        :param str challenge: the challenge of ``auth.passkey.key``
        :return: the token that the answer must contain
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
        """Delete the challenge of a ``passkey_token`` and return it.

        Every later refusal of the request must be a :class:`Refused`, so that the challenge stays used.

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
        :raise tokens.InvalidToken: if there is no such challenge, or it has expired or been used
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
    def _gc_challenges(self, batch=10000):
        self.env.cr.execute(
            "DELETE FROM jwt_login_challenge WHERE id IN (SELECT id FROM jwt_login_challenge"
            " WHERE expires_at < now() AT TIME ZONE 'utc' ORDER BY expires_at LIMIT %s)",
            [batch],
        )
        return self.env.cr.rowcount, self.env.cr.rowcount == batch
