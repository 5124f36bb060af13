"""A to-do app: a task that repeats. When it is done, the next one is there."""

import pytest

FIELDS = ["name", "state", "date_deadline", "recurring_task", "repeat_interval", "repeat_unit"]
REPEATS = {
    "recurring_task": True,
    "repeat_interval": 2,
    "repeat_unit": "week",
    "repeat_type": "until",
    "repeat_until": "2027-05-20",
}


@pytest.fixture(scope="module", autouse=True)
def opened(connect):
    connect("project.task", "GET POST PUT", run_as="user")


@pytest.fixture(scope="module")
def project(admin):
    return admin.create("project.project", {"name": "Flow", "allow_recurring_tasks": True})


@pytest.fixture(scope="module")
def worker(make_user, ref, log_in):
    groups = [ref("project.group_project_user"), ref("project.group_project_recurring_tasks")]
    return log_in(make_user(group_ids=[[6, 0, groups]]))


@pytest.fixture
def task(worker, project):
    values = {
        "name": "Water the plants",
        "project_id": project,
        "user_ids": [worker.user_id],
        "date_deadline": "2027-05-03T08:00:00Z",
        **REPEATS,
    }
    answer = worker.v1("POST", "project.task", {"values": values, "fields": FIELDS})
    assert answer.status_code == 201, answer.text
    return answer.json()["data"]


def recurrence(server, task):
    query = """
        SELECT repeat_interval, repeat_unit, repeat_type, repeat_until::text
        FROM project_task_recurrence
        WHERE id = (SELECT recurrence_id FROM project_task WHERE id = %s)
    """
    return [tuple(row.values()) for row in server.sql(query, [task["id"]])]


def following(server, task):
    """Deadline and state of the other tasks of the recurrence."""
    query = """
        SELECT date_deadline::text, state FROM project_task
        WHERE recurrence_id = (SELECT recurrence_id FROM project_task WHERE id = %s) AND id != %s
    """
    return [tuple(row.values()) for row in server.sql(query, [task["id"], task["id"]])]


def put(worker, task, **values):
    answer = worker.v1("PATCH", f"project.task/{task['id']}", {"values": values, "fields": FIELDS})
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


def test_create(server, task):
    assert (task["recurring_task"], task["repeat_interval"], task["repeat_unit"]) == (
        True,
        2,
        "week",
    )
    assert recurrence(server, task) == [(2, "week", "until", "2027-05-20")]
    assert following(server, task) == []


def test_done(server, worker, task):
    """The next one is two weeks later; the one after that would be too late."""
    assert put(worker, task, state="1_done")["state"] == "1_done"
    [(deadline, state)] = following(server, task)
    assert deadline == "2027-05-17 08:00:00"
    assert state != "1_done"


def test_change_the_rule(server, worker, task):
    assert put(worker, task, repeat_interval=1, repeat_unit="day")["repeat_interval"] == 1
    assert recurrence(server, task) == [(1, "day", "until", "2027-05-20")]
    put(worker, task, state="1_done")
    assert following(server, task)[0][0] == "2027-05-04 08:00:00"


def test_once_after_all(server, worker, task):
    assert put(worker, task, recurring_task=False)["recurring_task"] is False
    put(worker, task, state="1_done")
    assert server.count("project_task", "name = 'Water the plants' AND id > %s", [task["id"]]) == 0


def test_a_bad_rule(server, worker, task):
    """Refused by the field's own type, or by Odoo."""
    for values, status in (({"repeat_unit": "fortnight"}, 400), ({"repeat_interval": 0}, 422)):
        body = {"values": {**values, "recurring_task": True}}
        answer = worker.v1("PATCH", f"project.task/{task['id']}", body)
        assert answer.status_code == status, answer.text
    assert recurrence(server, task) == [(2, "week", "until", "2027-05-20")]
