-- end the API sessions of a copy: the devices are those of the original's users
UPDATE jwt_session SET revoked_at = now() AT TIME ZONE 'UTC', revoke_reason = 'copy' WHERE revoked_at IS NULL;
