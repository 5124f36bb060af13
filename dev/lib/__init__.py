"""What dev/run, dev/test, dev/check and dev/odoo share."""
