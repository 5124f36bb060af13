"""Time off: an employee asks for it in an app, the officer approves or refuses in another."""

import pytest

FIELDS = ["state", "number_of_days", "employee_id"]
DAYS = {"request_date_from": "2027-06-07", "request_date_to": "2027-06-09"}


@pytest.fixture(scope="module", autouse=True)
def opened(connect):
    """Requests, with what the officer presses."""
    actions = ["action_approve", "action_refuse"]
    connect("hr.leave", "GET POST PUT", run_as="user", actions=actions)
    connect("hr.employee.public", "GET", run_as="user")
    connect("hr.employee", "GET", run_as="user")
    connect("res.users", "GET", run_as="user")


@pytest.fixture(scope="module")
def kind(admin):
    """A kind of time off that the officer approves and that needs no allocation."""
    values = {"name": "Flow", "requires_allocation": False, "leave_validation_type": "hr"}
    return admin.create("hr.leave.type", values)


@pytest.fixture
def employee(admin, make_user, ref, log_in):
    user = make_user(group_ids=[[6, 0, [ref("base.group_user")]]])
    private = {"private_phone": "+32 2 290 34 90", "pin": "4711"}
    admin.create("hr.employee", {"name": "Flow Employee", "user_id": user.id, **private})
    return log_in(user)


@pytest.fixture(scope="module")
def officer(make_user, ref, log_in):
    groups = [ref("base.group_user"), ref("hr_holidays.group_hr_holidays_user")]
    return log_in(make_user(group_ids=[[6, 0, groups]]))


@pytest.fixture
def leave(employee, kind):
    """A request of the employee for three days."""
    answer = employee.v1("POST", "hr.leave", request(employee, kind))
    assert answer.status_code == 201, answer.text
    made = answer.json()["data"]
    assert (made["state"], made["number_of_days"]) == ("confirm", 3.0)
    return made["id"]


def request(employee, kind):
    """What the app sends: it looks up who the user is as an employee."""
    domain = [["user_id", "=", employee.user_id]]
    answer = employee.v1("GET", "hr.employee.public", domain=domain, fields=["name"])
    assert answer.status_code == 200, answer.text
    [me] = answer.json()["data"]
    values = {"employee_id": me["id"], "holiday_status_id": kind, **DAYS}
    return {"values": values, "fields": FIELDS}


def state(server, leave):
    [row] = server.sql("SELECT state, write_uid FROM hr_leave WHERE id = %s", [leave])
    return row["state"], row["write_uid"]


def test_approval(server, employee, officer, leave):
    answer = officer.v1("GET", "hr.leave", domain=[["state", "=", "confirm"]], fields=["state"])
    assert leave in [row["id"] for row in answer.json()["data"]]
    assert officer.press(f"hr.leave/{leave}/action_approve") is True
    assert state(server, leave)[0] == "validate"
    seen = employee.v1("GET", f"hr.leave/{leave}", fields=["state"]).json()["data"]
    assert seen["state"] == "validate"


def test_refusal(server, officer, leave):
    officer.press(f"hr.leave/{leave}/action_refuse")
    assert state(server, leave)[0] == "refuse"


def test_nobody_approves_their_own(server, employee, leave):
    answer = employee.v1("POST", f"hr.leave/{leave}/action_approve", {})
    assert answer.status_code in (403, 422), answer.text
    assert state(server, leave)[0] == "confirm"


def test_the_same_days_twice(server, employee, kind, leave):
    """Odoo's own rule, in its own words; nothing is written."""
    before = server.count("hr_leave")
    answer = employee.v1("POST", "hr.leave", request(employee, kind))
    assert (answer.status_code, answer.json()["error"]) == (422, "validation_error"), answer.text
    assert server.count("hr_leave") == before


def test_colleagues(admin, employee):
    """What Odoo shows everybody of employees, read as its web client does; nothing of the rest."""
    made = admin.create("hr.employee", {"name": "Colleague", "job_title": "Baker", "pin": "1234"})
    for names, expected in (
        (["name", "job_title"], {"id": made, "name": "Colleague", "job_title": "Baker"}),
        (
            ["job_title", "department_id"],
            {"id": made, "job_title": "Baker", "department_id": None},
        ),
    ):
        answer = employee.v1("GET", "hr.employee", domain=[["id", "=", made]], fields=names)
        assert answer.status_code == 200, answer.text
        assert answer.json()["data"] == [expected]
        answer = employee.v1("GET", f"hr.employee/{made}", fields=names)
        assert (answer.status_code, answer.json()["data"]) == (200, expected)
    answer = employee.v1("GET", f"hr.employee/{made}", fields=["pin"])
    assert (answer.status_code, answer.json()["error"]) == (400, "unknown_field")


def test_my_own_profile(employee, make_user, ref, log_in):
    """Private data of an employee, as the preferences of Odoo show it to that employee alone."""
    path, names = f"res.users/{employee.user_id}", ["name", "private_phone", "pin"]
    answer = employee.v1("GET", path, fields=names)
    assert answer.status_code == 200, answer.text
    found = answer.json()["data"]
    assert (found["private_phone"], found["pin"]) == ("+32 2 290 34 90", "4711")
    colleague = log_in(make_user(group_ids=[[6, 0, [ref("base.group_user")]]]))
    for answer in (
        colleague.v1("GET", path, fields=names),
        employee.v1("GET", f"res.users/{colleague.user_id}", fields=names),
        employee.v1("GET", "res.users", fields=names),
    ):
        assert (answer.status_code, answer.json()["error"]) == (400, "unknown_field"), answer.text
