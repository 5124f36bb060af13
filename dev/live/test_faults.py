"""Servers that fail under load: nothing is lost or doubled. `dev/test soak faults` runs all faults."""

import os

import pytest
from lib.faults import part, stage
from lib.faults.catalogue import BY_NAME

pytestmark = pytest.mark.skipif(
    bool(os.environ.get("PGHOST") or os.environ.get("PGPORT")),
    reason="faults need a PostgreSQL of our own",
)

CLIENTS = 3


@pytest.fixture(scope="module")
def broken(server, tmp_path_factory):
    """Run Odoo on a PostgreSQL server of its own, with a copy of the database."""
    server.odoo(part.seed(CLIENTS))
    with stage.running(server.setup, server.db, tmp_path_factory.mktemp("faults")) as running:
        yield running


@pytest.mark.parametrize(("name", "times"), [("kill-repeat", 2), ("restart-immediate", 1)])
def test_fault_loses_and_doubles_nothing(broken, name, times):
    verdict = part.happen(broken, BY_NAME[name], times, clients=CLIENTS)
    assert verdict.wrong == []
    assert verdict.acknowledged >= CLIENTS
    assert verdict.failed > 0  # it was a fault
    assert (verdict.lost, verdict.doubled, verdict.ended) == (0, 0, 0)
