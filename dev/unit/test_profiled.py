"""lib.profiled: samples of a worker are counted by whose code runs."""

from lib.profiled import DATABASE, ODOO, OURS, SERVER, WAITING, Profiler

PROFILER = Profiler("/work/addons/", ("/odoo/odoo/", "/odoo/addons/"))
LOOP = "Thread.run (/python/threading.py:1);Worker._runloop (/odoo/odoo/service/server.py:1)"
WORK = f"{LOOP};WorkerHTTP.process_work (/odoo/odoo/service/server.py:2)"
REQUEST = f"{WORK};run_wsgi (/lib/werkzeug/serving.py:3);Request._serve_db (/odoo/odoo/http.py:4)"
PAGE = f"{REQUEST};RecordRoutes.collection (/work/addons/jwt_auth_api/controllers/records.py:5)"
SEARCH = f"{PAGE};search (/odoo/odoo/orm/models.py:6)"


def test_samples_are_counted_by_whose_code_works():
    """The innermost code of Odoo or of this addon: a library works for whoever calls it."""
    raw = "\n".join(
        [
            "Worker.run (/odoo/odoo/service/server.py:7) 400",
            f"{LOOP};sleep (/odoo/odoo/service/server.py:8) 30",
            f"{WORK};accept (/python/socket.py:9) 7",
            f"{REQUEST} 2",
            f"{PAGE} 3",
            f"{PAGE};dumps (/python/json/__init__.py:10) 4",
            f"{SEARCH} 5",
            f"{SEARCH};Cursor.execute (/odoo/odoo/sql_db.py:11) 6",
        ]
    )
    assert PROFILER.counted(raw) == {WAITING: 30, SERVER: 7, ODOO: 7, OURS: 7, DATABASE: 6}
