# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""dev/test soak memory: 50,000 requests that differ in all that a client chooses, and the memory of the server."""

from __future__ import annotations

import json
import random
import statistics
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import httpx

from . import database, measured, processes
from .bootstrap import Stop, say
from .pytests import fresh_log
from .report import Result
from .server import Server, serving
from .setup import Setup

REQUESTS, SAMPLES, CLIENTS = 50_000, 50, 3
#: The slope of the second half, in MB for 10,000 requests, above which memory counts as growing.
GROWS = 2.0
#: With fewer requests, nothing is judged: they are only a warm-up.
JUDGED = 20_000
#: As many access tokens as the cache of verified signatures holds, so that it is full before memory is measured.
TOKENS = 8192
PATH = "/api/v1/res.partner"
_JSON = {"Content-Type": "application/json"}
#: Limits of Odoo after which it would replace the worker: too high to be reached.
OPTIONS = ("--limit-request", "100000000", "--limit-memory-soft", str(8 * 2**30))
SEED = f"""
import json
env["jwt.signing.key"]._prepare()  # in a transaction of its own
env.cr.commit()
for name, value in (("jwt_auth_api.access_token_seconds", 86400), ("jwt_auth_api.max_rotations", 0),
                    ("base.login_cooldown_after", 0)):
    env["ir.config_parameter"].set_param(name, value)
env["connection.api"].search([("model_id.model", "=", "res.partner")]).write(
    {{"log_requests": True, "rate_limit": 1000000}}
)
user = env["res.users"].search([("login", "=", "admin")])
sessions = env["jwt.session"]
session, access, refresh = sessions._open(user, "app", "test", "127.0.0.1")
tokens = [sessions._access_token(user.id, session, 86400) for _number in range({TOKENS})]
env.cr.commit()
print("TOKENS=" + json.dumps([str(refresh), access, *tokens]))
"""
FIELDS = ("name", "email", "phone", "ref", "street", "city", "zip", "comment", "write_date", "lang")
EXPAND = ("country_id", "child_ids", "parent_id", "company_id", "category_id", "bank_ids")


@dataclass
class Memory:
    """The samples of one server: requests sent so far, and the memory of the process that serves them, in MB."""

    samples: list[tuple[int, float]] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)

    @property
    def slope(self) -> float:
        """Return the growth in the second half, in MB for 10,000 requests."""
        half = self.samples[len(self.samples) // 2 :]
        numbers, sizes = [each[0] for each in half], [each[1] for each in half]
        return statistics.linear_regression(numbers, sizes).slope * 10_000


class Sender:
    """Send requests, each of them different from all before."""

    def __init__(self, server: Server, access: str, refresh: str, seed: int) -> None:
        self._dice = random.Random(seed)
        self._http = httpx.Client(base_url=server.url, timeout=120)
        self.access, self.refresh = access, refresh
        self._number, self._own = seed * 10**9, 0
        self.kinds: tuple[tuple[int, Callable[[], httpx.Response]], ...] = (
            (25, self._list),
            (8, self._cursor),
            (10, self._one),
            (6, self._groups),
            (8, self._create),
            (5, self._update),
            (6, self._unknown_model),
            (6, self._unknown_path),
            (6, self._unknown_field),
            (4, self._bad_json),
            (5, self._bad_token),
            (3, self._bad_refresh),
            (6, self._refresh),
            (2, self._document),
        )

    def send(self) -> int:
        """Send one request; return its status."""
        self._number += 1
        weights = [weight for weight, _send in self.kinds]
        [(_weight, send)] = self._dice.choices(self.kinds, weights=weights)
        return send().status_code

    def use(self, token: str) -> None:
        self._http.get("/api/me", headers={"Authorization": f"Bearer {token}"})

    def close(self) -> None:
        self._http.close()

    @property
    def _text(self) -> str:
        return f"text {self._number}"

    def _ask(self, method: str, path: str, token: str = "", **options: Any) -> httpx.Response:
        headers = {
            "Authorization": f"Bearer {token or self.access}",
            "User-Agent": f"app/{self._number}",
            "Accept-Language": self._dice.choice(["fr", "en", f"x-{self._number}"]),
            "X-Client-Type": "app",
            **options.pop("headers", {}),
        }
        return self._http.request(method, path, headers=headers, **options)

    def _get(self, path: str = PATH, **params: Any) -> httpx.Response:
        given = {
            name: each if isinstance(each, (str, int)) else json.dumps(each)
            for name, each in params.items()
        }
        return self._ask("GET", path, params=given)

    def _fields(self) -> list[str]:
        return self._dice.sample(FIELDS, self._dice.randint(1, 5))

    def _list(self) -> httpx.Response:
        domain = ["|", ["name", "ilike", self._text], ["id", ">", self._number % 997]]
        return self._get(
            domain=domain,
            fields=self._fields(),
            order=", ".join(self._dice.sample(["name", "email desc", "ref", "id desc"], 2)),
            expand={self._dice.choice(EXPAND): {"fields": ["display_name"], "limit": 3}},
            limit=self._dice.randint(1, 30),
            page=self._dice.randint(1, 3),
            count=self._dice.choice(["none", "exact", "estimated"]),
        )

    def _cursor(self) -> httpx.Response:
        domain = [["name", "!=", self._text]]
        answer = self._get(cursor="", domain=domain, limit=5, fields=self._fields())
        cursor = answer.json()["next_cursor"]
        return self._get(cursor=cursor, domain=domain, limit=5, fields=self._fields())

    def _one(self) -> httpx.Response:
        return self._get(f"{PATH}/{self._dice.randint(1, 60)}", fields=self._fields())

    def _groups(self) -> httpx.Response:
        domain = [["name", "!=", self._text]]
        return self._get(groupby=["country_id"], aggregates=["id:count"], domain=domain)

    def _create(self) -> httpx.Response:
        headers = {"Idempotency-Key": self._text}
        answer = self._ask("POST", PATH, json={"values": {"name": self._text}}, headers=headers)
        self._own = answer.json()["data"]["id"]
        return answer

    def _update(self) -> httpx.Response:
        if not self._own:
            return self._create()
        return self._ask("PUT", f"{PATH}/{self._own}", json={"values": {"ref": self._text}})

    def _unknown_model(self) -> httpx.Response:
        return self._get(f"/api/v1/model.{self._number}")

    def _unknown_path(self) -> httpx.Response:
        return self._get(f"/api/{self._number}/{self._number}")

    def _unknown_field(self) -> httpx.Response:
        return self._get(fields=[f"field_{self._number}"])

    def _bad_json(self) -> httpx.Response:
        return self._ask("POST", PATH, headers=_JSON, content=f'{{"{self._text}"')

    def _bad_token(self) -> httpx.Response:
        head, _dot, signature = self.access.rpartition(".")
        return self._ask("GET", PATH, f"{head}.{self._number}{signature}"[:1000])

    def _bad_refresh(self) -> httpx.Response:
        body = {"refreshToken": self.refresh[:-12] + f"{self._number:012d}"[-12:]}
        return self._ask("POST", "/api/update/access-token", json=body)

    def _refresh(self) -> httpx.Response:
        answer = self._ask("POST", "/api/update/access-token", json={"refreshToken": self.refresh})
        self.access = answer.json()["access_token"]
        return answer

    def _document(self) -> httpx.Response:
        return self._get("/api/openapi.json")


def soak(setup: Setup, words: Sequence[str]) -> Result:
    """Send requests to a worker process, and to a server with threads, and write the table of doc/performance.md."""
    if words and not words[0].isdigit():
        raise Stop("How many requests? dev/test soak memory 50000")
    number = int(words[0]) if words else REQUESTS
    result, found = Result(), {}
    for what, workers in (("one worker process", 1), ("threads", 0)):
        memory = found[what] = _run(setup, number, workers)
        say(f"… {what}: {memory.slope:.2f} MB for 10,000 requests; {dict(memory.statuses)}")
        wrong = sum(memory.statuses[status] for status in memory.statuses if status >= 500)
        result.check(f"{what}: {wrong} failures of the server" if wrong else "")
        growing = number >= JUDGED and memory.slope > GROWS
        result.check(f"{what}: memory grows, {memory.samples}" if growing else "")
    command = " ".join(["dev/test soak memory", *words[:1]])
    text = f"{measured.conditions(setup, command)}\n\n{_table(found)}"
    if result.failed or number < JUDGED:
        result.notes.append(text)
    else:
        measured.write(measured.PERFORMANCE, "memory", text)
    return result


def _run(setup: Setup, number: int, workers: int) -> Memory:
    name, path = setup.database("test_memory"), fresh_log(setup, f"memory-{workers}")
    database.make_demo(setup, name, path.with_name("memory-install.log"))
    printed = database.shell(setup, name, path.with_name("memory-shell.log"), SEED)
    refresh, access, *tokens = json.loads(printed.rpartition("TOKENS=")[2])
    memory = Memory()
    with serving(setup, name, path, workers=workers, options=OPTIONS) as server:
        senders = [Sender(server, access, refresh, seed) for seed in range(1, CLIENTS + 1)]
        for token in tokens[: min(TOKENS, number)]:
            senders[0].use(token)
        pid, sent = _busiest(server, workers), 0
        memory.samples.append((0, processes.megabytes(pid)))
        shares = [max(number // SAMPLES // CLIENTS, 1)] * CLIENTS
        while sent < number:
            with ThreadPoolExecutor(CLIENTS) as pool:
                for statuses in pool.map(_send, senders, shares):
                    memory.statuses.update(statuses)
            sent += sum(shares)
            memory.samples.append((sent, processes.megabytes(pid)))
        for sender in senders:
            sender.close()
    database.drop(setup, name)
    return memory


def _send(sender: Sender, number: int) -> list[int]:
    return [sender.send() for _time in range(number)]


def _busiest(server: Server, workers: int) -> int:
    """Return the id of the process that serves requests: a child of the master, or the server itself."""
    master = server.process.pid
    if not workers:
        return master
    return max(processes.children(master), key=processes.cpu_seconds)


def _table(found: dict[str, Memory]) -> str:
    header = ["server", "requests", "MB at the beginning", "a quarter", "half", "three quarters"]
    header += ["at the end", "MB for 10,000 requests"]
    lines = []
    for what, memory in found.items():
        last = len(memory.samples) - 1
        parts = [memory.samples[last * part // 4] for part in range(5)]
        sizes = [f"{size:.0f}" for _sent, size in parts]
        lines.append([what, f"{parts[-1][0]:,}", *sizes, f"{memory.slope:.2f}"])
    return measured.table(header, lines)
