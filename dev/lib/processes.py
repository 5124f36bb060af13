# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""Read what Linux tells of the processes of a server."""

from __future__ import annotations

import os
from pathlib import Path


def children(pid: int) -> list[int]:
    """Return the ids of the processes that a process has started."""
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [int(word) for word in text.split()]


def workers(master: int) -> list[int]:
    """Return the ids of Odoo's worker processes, without the one for websockets."""
    return [pid for pid in children(master) if _answers_requests(pid)]


def _answers_requests(pid: int) -> bool:
    try:
        return b"gevent" not in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:  # it has just ended
        return False


def cpu_seconds(pid: int) -> float:
    """Return the processor time that a process has used; 0 if it has just ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def megabytes(pid: int) -> float:
    """Return the memory of a process, with its part of what it shares with others (PSS)."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    [line] = [line for line in lines if line.startswith("Pss:")]
    return int(line.split()[1]) / 1024
