# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""Check values that decide who sees a record: members, and contacts that record rules follow."""

from ..tools.errors import ApiError, _


def check_links(policy, field, command, gathered, record_id, hidden):
    """Check a many2many whose links grant access, such as the members of a channel.

    It requires write access to the linked records as well: a caller who may change a contact may not
    make it a member of a private channel.

    :param hidden: the ids of :meth:`.commands.Commands._hidden_links`
    :raise ApiError: ``access_denied``, see :func:`check_members`
    """
    kind = policy.caller.env["connection.api.protection"]._membership(policy.name, field.name)
    if not kind or command.kind not in ("link", "unlink", "set", "clear"):
        return
    if not policy.lifts("create" if record_id is None else "write"):
        return  # the caller's own rights apply: Odoo decides
    ids = set(command.ids)
    if command.kind in ("set", "clear") and record_id:
        ids ^= set(policy.values.current(record_id, field)._ids)
        ids -= set(hidden)
    if not ids:
        return
    if kind == "members":
        check_members(policy, field, record_id)
        return
    gathered.refer(policy, record_id, field, field.comodel_name, ids, "join")


def check_self_assignment(policy, field, value, record_id):
    """Check that callers do not make themselves the contact of a record to gain access to others.

    Record rules of other models follow such links: the customer of an order sees its lines.

    :raise ApiError: ``access_denied``
    """
    env = policy.caller.env
    if field.comodel_name != "res.partner" or record_id is None or not policy.lifts("write"):
        return
    if field.name not in env["connection.api.protection"]._followed_words():
        return
    partner = policy.records.everything().env["res.partner"].browse(value).exists()
    family = partner.commercial_partner_id
    if not family or family != env.user.partner_id.commercial_partner_id:
        return
    if policy.values.current(record_id, field).commercial_partner_id != family:
        check_members(policy, field, record_id)


def check_members(policy, field, record_id):
    """Check that the caller may decide who sees a record.

    They may for a new record, with write access of their own, and for a field that the connection lists.

    :raise ApiError: ``access_denied``
    """
    if record_id is None or field.name in policy.connection.write_fields:
        return
    if not policy.caller.browse(record_id)._filtered_access("write"):
        raise ApiError(
            "access_denied",
            _(
                "%(field)s decides who can see a record. The connection of %(model)s must list it"
                " as a writable field."
            ),
            field=field.name,
            model=policy.name,
        )
