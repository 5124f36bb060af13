# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""doc/security.md: the tests that it names exist, each of them exactly once."""

import pytest
from lib import named_tests
from lib.bootstrap import ROOT

DOCUMENT = (ROOT / "doc" / "security.md").read_text()
ROW = "| A1 | demand | `verify` | `tests.test_a.TestA.test_x`, `test_y`, `live.test_b.test_z` |"
TESTS = ["tests.test_a.TestA.test_x", "tests.test_a.TestA.test_y", "live.test_b.test_z"]


def test_tests_of_the_security_document():
    """Each test that the document names is there; whichever of them is deleted is noticed."""
    written = named_tests.written(ROOT)
    problems = named_tests.problems(DOCUMENT, written)
    assert not problems, "doc/security.md\n" + "\n".join(problems)
    for name in {name for _line, name, _text in named_tests.named(DOCUMENT)}:
        left = [test for test in written if test != name]
        assert named_tests.problems(DOCUMENT, left), name


def test_full_and_short_names():
    """A short name is in the class before it, within a row or a paragraph."""
    assert not named_tests.problems(ROW, TESTS)
    assert [name for _line, name, _text in named_tests.named(ROW)] == TESTS


@pytest.mark.parametrize(
    ("tests", "remedy"),
    [
        (
            TESTS[:1] + TESTS[2:],
            "`test_y` (tests.test_a.TestA.test_y) is not a test: no test has that name",
        ),
        ([*TESTS, TESTS[2]], "`live.test_b.test_z` is not a test: it is defined twice"),
        ([TESTS[0], "tests.test_c.TestC.test_y", TESTS[2]], "by one of tests.test_c.TestC.test_y"),
        (
            ["tests.test_c.TestC.test_x", "unit.test_d.test_x", *TESTS[1:]],
            "by one of tests.test_c.TestC.test_x, unit.test_d.test_x",
        ),
    ],
)
def test_what_to_do_is_told(tests, remedy):
    """Deleted, defined twice, moved, and moved to one of several places."""
    [problem] = named_tests.problems(f"# Title\n\n{ROW}", tests)
    assert problem.startswith("line 3: ")
    assert remedy in problem


@pytest.mark.parametrize(
    "text", ["`test_x`", "`TestA.test_x`", "`test_a.py`", f"{ROW}\n| A2 | `test_y` |"]
)
def test_name_without_its_module(text):
    """It is refused, although there is only one test of that name."""
    assert len(named_tests.problems(text, TESTS)) == 1


def test_module_that_odoo_does_not_load(tmp_path):
    """Its tests do not run, so they are not there."""
    (tmp_path / "tests").mkdir()
    for name in ("test_a", "test_b"):
        text = "class TestA:\n    def test_x(self):\n        pass\n"
        (tmp_path / "tests" / f"{name}.py").write_text(text)
    (tmp_path / "tests" / "__init__.py").write_text("from . import test_a\n")
    assert named_tests.written(tmp_path) == ["tests.test_a.TestA.test_x"]
