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
    logs, apps, allowed = [], [], []

    @contextlib.contextmanager
    def serving(_setup, _name, log, **_options):
        log.write_text("started\n")
        logs.append(log)
        yield SimpleNamespace(url="", process=SimpleNamespace(wait=lambda: None))

    monkeypatch.setattr(demonstrate, "Setup", lambda: contextlib.nullcontext(setup))
    monkeypatch.setattr(demonstrate, "check_port", lambda port: None)
    monkeypatch.setattr(demonstrate, "serving", serving)
    monkeypatch.setattr(demonstrate, "serving_folder", app_server(apps))
    monkeypatch.setattr(demonstrate, "prepare", lambda *args, **options: None)
    monkeypatch.setattr(demonstrate, "_allow", lambda *args: allowed.append(args[-1]))

    def run(port):
        monkeypatch.setattr(sys, "argv", ["dev/run", "--port", str(port)])
        with pytest.raises(Stop):
            demonstrate.main()
        return logs[-1]

    run.apps, run.allowed = apps, allowed
    return run


def app_server(apps):
    @contextlib.contextmanager
    def serving_folder(folder, port):
        apps.append((folder.name, port))
        yield port

    return serving_folder


def test_second_server_leaves_the_log_of_the_first(run):
    """Two servers of one checkout write to two logs; a server that starts again begins its log anew."""
    first = run(8069)
    first.write_text("a line of the first server\n")
    second = run(8070)
    assert second != first
    assert first.read_text() == "a line of the first server\n"
    assert run(8069) == first
    assert first.read_text() == "started\n"


def test_demo_app(run, capsys):
    """It has the next port, or a free one if that is taken, and the API allows its origin."""
    run(8069)
    assert run.apps == [("clients", 8070)]
    assert run.allowed == ["http://127.0.0.1:8070"]
    assert "http://127.0.0.1:8070/demo/?odoo=" in capsys.readouterr().out


def test_demo_app_whose_port_is_taken(run, monkeypatch):
    def check_port(port):
        if port == 8070:
            raise Stop("It is taken.")

    monkeypatch.setattr(demonstrate, "check_port", check_port)
    run(8069)
    [(_folder, port)] = run.apps
    assert port not in (8069, 8070)
    assert run.allowed == [f"http://127.0.0.1:{port}"]
