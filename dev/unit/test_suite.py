# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""lib.suite: when `dev/test` succeeds."""

import pytest
from lib import log, report, suite
from lib.report import Result

JUNIT = """<testsuites><testsuite tests="3" failures="0" errors="0" skipped="1">
<testcase name="test_a"/><testcase name="test_b"/>
<testcase name="test_c"><skipped message="no curl here" type="pytest.skip"/></testcase>
</testsuite></testsuites>"""
LOG = """2026-01-01 10:00:00,000 7 INFO db odoo.addons.x.tests.test_x: skipped TestX.test_y : no Chromium
2026-01-01 10:00:00,000 7 INFO db odoo.addons.x.tests.test_x: nothing was skipped here
2026-01-01 10:00:00,000 7 INFO db odoo.tests.result: 0 failed, 0 error(s) of 3 tests when loading database 'db'
"""


@pytest.fixture
def run(monkeypatch):
    """`run(result, "unit")` is the exit code of `dev/test unit` where the part gives that result."""

    def run(result, *words):
        monkeypatch.setattr(
            suite, "_timed", lambda _setup, _name, rest: seen.append(rest) or result
        )
        monkeypatch.setitem(suite.PARTS, "unit", None)
        return suite.main(list(words))

    seen = run.seen = []
    return run


@pytest.mark.parametrize(
    ("result", "ci", "options", "code"),
    [
        (Result(passed=2), "true", [], 0),
        (Result(passed=2, skipped=1), "", [], 0),
        (Result(passed=2, skipped=1), "true", [], 1),
        (Result(passed=2, skipped=1), "true", ["--allow-skips"], 0),
        (Result(passed=2, failed=1), "", ["--allow-skips"], 1),
        (Result(skipped=1), "true", ["--allow-skips"], 1),
    ],
)
def test_skipped_test_fails_the_run_on_ci(run, monkeypatch, capsys, result, ci, options, code):
    """On CI all that a test needs is there; elsewhere a program may be missing. The last line agrees."""
    monkeypatch.setenv("CI", ci)
    assert run(result, "unit", *options, "-k", "x") == code
    assert run.seen == [["-k", "x"]]
    last = capsys.readouterr().out.splitlines()[-1]
    assert (" 0 failed" in last) == (code == 0)


def test_skipped_tests_are_named(tmp_path):
    """Of pytest and of Odoo's own runner, with the reason."""
    path = tmp_path / "junit.xml"
    path.write_text(JUNIT)
    result = report.from_junit(path, 0)
    assert (result.passed, result.skipped) == (2, 1)
    assert result.notes == ["skipped test_c: no curl here"]
    path = tmp_path / "odoo.log"
    path.write_text(LOG)
    assert log.counted(path) == (2, 0, 1)
    assert log.skips(path) == ["skipped TestX.test_y : no Chromium"]
