"""Pure Python code: standard library, PyJWT, passlib, exceptions of werkzeug and psycopg2.

Nothing here imports Odoo, so that all of it is tested in seconds without a database (``dev/unit``) and
cannot access records.
"""
