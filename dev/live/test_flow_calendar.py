"""A calendar app: a meeting that repeats is made, and changed as a whole."""

import pytest

FIELDS = ["name", "start", "recurrency", "recurrence_id", "rrule_type", "count"]
WEEKLY = {
    "name": "Stand-up",
    "start": "2027-03-01T09:00:00Z",
    "stop": "2027-03-01T09:30:00Z",
    "recurrency": True,
    "rrule_type": "weekly",
    "interval": 1,
    "mon": True,
    "end_type": "count",
    "count": 4,
    "event_tz": "UTC",
}


@pytest.fixture(scope="module", autouse=True)
def opened(connect):
    connect("calendar.event", "GET POST PUT DELETE", run_as="user")


@pytest.fixture(scope="module")
def owner(make_user, log_in):
    return log_in(make_user(tz="UTC"))


@pytest.fixture
def meeting(owner):
    """The first of four Mondays."""
    answer = owner.v1("POST", "calendar.event", {"values": WEEKLY, "fields": FIELDS})
    assert answer.status_code == 201, answer.text
    return answer.json()["data"]


def events(server, meeting):
    """What stands in the database of the recurrence, in order."""
    query = """
        SELECT event.name, event.start::text, event.active FROM calendar_event event
        WHERE event.recurrence_id = (SELECT recurrence_id FROM calendar_event WHERE id = %s)
        ORDER BY event.start
    """
    rows = server.sql(query, [meeting["id"]])
    return [(row["name"], row["start"]) for row in rows if row["active"]]


def change(owner, meeting, **values):
    answer = owner.v1("PATCH", f"calendar.event/{meeting['id']}", {"values": values})
    assert answer.status_code == 200, answer.text


DAYS = ["2027-03-01", "2027-03-08", "2027-03-15", "2027-03-22"]


def test_create(server, meeting):
    assert (meeting["recurrency"], meeting["rrule_type"], meeting["count"]) == (True, "weekly", 4)
    assert events(server, meeting) == [("Stand-up", f"{day} 09:00:00") for day in DAYS]


def test_change_all(server, owner, meeting):
    """Name and time of every occurrence."""
    moved = {"start": "2027-03-01T10:00:00Z", "stop": "2027-03-01T10:30:00Z"}
    change(owner, meeting, name="Renamed", recurrence_update="all_events", **moved)
    assert events(server, meeting) == [("Renamed", f"{day} 10:00:00") for day in DAYS]


def test_change_the_rule(server, owner, meeting):
    """Two occurrences instead of four."""
    change(owner, meeting, count=2, recurrence_update="all_events")
    first = owner.v1("GET", "calendar.event", domain=[["id", "=", meeting["id"]]], fields=FIELDS)
    assert [row["count"] for row in first.json()["data"]] == [2]
    assert [start for _name, start in events(server, meeting)] == [
        f"{day} 09:00:00" for day in DAYS[:2]
    ]


def test_change_one(server, owner, meeting):
    """The others keep their name."""
    change(owner, meeting, name="Once", recurrence_update="self_only")
    names = "SELECT name FROM calendar_event WHERE start::date::text = ANY(%s) AND create_uid = %s"
    found = [row["name"] for row in server.sql(names, [DAYS, owner.user_id])]
    assert found.count("Once") == 1
    assert found.count("Stand-up") >= 3


def test_customers_change_no_meeting(server, meeting, make_user, ref, log_in):
    stranger = log_in(make_user(group_ids=[[6, 0, [ref("base.group_portal")]]]))
    body = {"values": {"name": "Taken", "recurrence_update": "all_events"}}
    answer = stranger.v1("PATCH", f"calendar.event/{meeting['id']}", body)
    assert answer.status_code in (403, 404), answer.text
    assert {name for name, _start in events(server, meeting)} == {"Stand-up"}
