# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""lib.demonstrate: what `dev/run` writes."""

import contextlib
import sys
from types import SimpleNamespace

import pytest
from lib import demonstrate
from lib.bootstrap import Stop


@pytest.fixture
def run(monkeypatch, tmp_path):
    """`run(8069)` is `dev/run --port 8069` without Odoo; it returns the path of the server's log."""
    (tmp_path / "log").mkdir()
    setup = SimpleNamespace(work=tmp_path, database=lambda name: name)
    logs = []

    @contextlib.contextmanager
    def serving(_setup, _name, log, **_options):
        log.write_text("started\n")
        logs.append(log)
        yield SimpleNamespace(url="", process=SimpleNamespace(wait=lambda: None))

    monkeypatch.setattr(demonstrate, "Setup", lambda: contextlib.nullcontext(setup))
    monkeypatch.setattr(demonstrate, "check_port", lambda port: None)
    monkeypatch.setattr(demonstrate, "serving", serving)
    monkeypatch.setattr(demonstrate, "_prepare", lambda *args, **options: None)

    def run(port):
        monkeypatch.setattr(sys, "argv", ["dev/run", "--port", str(port)])
        with pytest.raises(Stop):
            demonstrate.main()
        return logs[-1]

    return run


def test_second_server_leaves_the_log_of_the_first(run):
    """Two servers of one checkout write to two logs; a server that starts again begins its log anew."""
    first = run(8069)
    first.write_text("a line of the first server\n")
    second = run(8070)
    assert second != first
    assert first.read_text() == "a line of the first server\n"
    assert run(8069) == first
    assert first.read_text() == "started\n"
