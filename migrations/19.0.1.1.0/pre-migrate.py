# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.

#: Models that have other names now: jwt.throttle, jwt.login.challenge, connection.api.rate.limit.
RENAMED = ("jwt.login.throttle", "jwt.mfa.challenge", "connection.api.usage")


def migrate(cr, version):
    """Remove models that have other names now.

    They held counts and logins that had begun: nothing that is missed minutes later.
    """
    for model in RENAMED:
        cr.execute(
            """
            DELETE FROM ir_model_data d USING ir_model m
             WHERE m.model = %s AND (
                   d.model = 'ir.model' AND d.res_id = m.id
                OR d.model = 'ir.model.fields'
                   AND d.res_id IN (SELECT id FROM ir_model_fields WHERE model_id = m.id)
                OR d.model = 'ir.model.access'
                   AND d.res_id IN (SELECT id FROM ir_model_access WHERE model_id = m.id)
                OR d.model = 'ir.model.constraint'
                   AND d.res_id IN (SELECT id FROM ir_model_constraint WHERE model = m.id))
            """,
            [model],
        )
        # fields, access rights and constraints go with it (ON DELETE CASCADE)
        cr.execute("DELETE FROM ir_model WHERE model = %s", [model])
        cr.execute(f"DROP TABLE IF EXISTS {model.replace('.', '_')}")
