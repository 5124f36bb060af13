"""Pure Python: standard library, PyJWT, passlib, werkzeug's exceptions.

Nothing in here imports Odoo, so that all of it is tested in a second without a database
(``dev/unit``), and nothing in here can reach a record.
"""
