# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""dev/test soak faults: let servers, disks, clocks and mail fail under load; nothing may be lost or doubled."""

from __future__ import annotations

import asyncio
import json
import secrets
import shutil
from collections.abc import Sequence

from .. import database, load, measured, soak_load
from ..bootstrap import Stop, say
from ..report import Result
from ..setup import Setup
from . import clock, disks
from .catalogue import ALL, BY_NAME, Fault, Scene
from .judge import Verdict, judge
from .stage import Stage, running
from .work import LOGINS, PASSWORD, App

#: The number of clients that work at the same time.
CLIENTS = 6


def seed(clients: int = CLIENTS) -> str:
    """Return a script for Odoo's shell that makes the users of the clients."""
    return soak_load.SEED.format(password=PASSWORD, accounts=clients, prefix=LOGINS)


def soak(setup: Setup, words: Sequence[str]) -> Result:
    """Run all faults, or those that are named, and write the table; the rows of other faults stay."""
    if unknown := set(words) - BY_NAME.keys():
        names = " | ".join(BY_NAME)
        raise Stop(f"There is no fault {', '.join(unknown)}: dev/test soak faults [{names}]")
    has_disks, has_clock = disks.separate(), bool(clock.library())
    result = Result()
    name, folder = setup.database("test_faults"), setup.work / "faults"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    database.make_demo(setup, name, folder / "install.log")
    database.shell(setup, name, folder / "shell.log", seed())
    kept = setup.work / "log" / "faults.json"
    lines = json.loads(kept.read_text()) if words and kept.exists() else {}
    try:
        with running(setup, name, folder, disks=has_disks, clock=has_clock) as stage:
            for fault in (fault for fault in ALL if not words or fault.name in words):
                if (fault.disk and not has_disks) or (fault.clock and not has_clock):
                    missing = "libfaketime" if fault.clock else "a file system that may be mounted"
                    result.skipped += 1
                    result.notes.append(f"{fault.name} needs {missing}")
                    continue
                say(f"… {fault.name}, {fault.times} times")
                verdict = happen(stage, fault, fault.times)
                say(f"  {verdict.requests} requests, failed: {verdict.statuses}")
                for problem in verdict.wrong[:20]:
                    result.check(f"{fault.name}: {problem[:2000]}")
                lines.pop(fault.name, None)
                if not verdict.wrong:
                    result.check("")
                    lines[fault.name] = line(fault, verdict)
                kept.write_text(json.dumps(lines))
    finally:
        database.drop(setup, name)
    header = (
        "fault",
        "times",
        "requests",
        "failed, for the client to repeat",
        "creations acknowledged",
    )
    rows = [lines[fault.name] for fault in ALL if fault.name in lines]
    text = measured.table((*header, "lost", "doubled", "sessions ended", "command"), rows)
    text = f"{measured.conditions(setup, 'dev/test soak faults')}\n\n{text}"
    if len(rows) == len(ALL):
        measured.write(measured.RELIABILITY, "faults", text)
    else:
        result.notes.append(text)
    return result


def line(fault: Fault, verdict: Verdict) -> list[object]:
    """Return the row of a fault in the table."""
    return [
        fault.text,
        fault.times,
        verdict.requests,
        verdict.failed,
        verdict.acknowledged,
        verdict.lost,
        verdict.doubled,
        verdict.ended,
        f"`dev/test soak faults {fault.name}`",
    ]


def happen(
    stage: Stage, fault: Fault, times: int, *, clients: int = CLIENTS, seconds: float = 60
) -> Verdict:
    """Let a fault happen while clients work, and judge the outcome.

    :param seconds: how long a fault lasts that is not over at once, such as a lock
    """
    stage.prepare(fault.needs(stage))
    meter, prefix = load.Meter(), f"{fault.name} {secrets.token_hex(3)}"
    apps = [App(stage.url, meter, number, prefix) for number in range(clients)]
    return asyncio.run(_happen(Scene(stage, apps, meter, seconds=seconds), fault, times))


async def _happen(scene: Scene, fault: Fault, times: int) -> Verdict:
    apps = scene.apps
    for app in apps:
        app.tolerated = fault.statuses
        await app.log_in()
        await app.one()
    over = asyncio.Event()
    tasks = [asyncio.create_task(app.run(over)) for app in apps]
    problem = ""
    try:
        for scene.number in range(times):
            await fault.break_(scene)
    except Exception as exc:  # noqa: BLE001 - the clients have to end, whatever happens
        problem = f"the fault could not be caused: {type(exc).__name__} {exc}"
    finally:
        over.set()
        await asyncio.gather(*tasks)
    verdict = await judge(scene.stage, apps, scene.meter, fault.statuses)
    if problem:
        verdict.wrong.insert(0, problem)
    if verdict.ended:
        verdict.wrong.append(f"{verdict.ended} sessions have ended")
    for app in apps:
        await app.close()
    return verdict
