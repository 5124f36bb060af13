# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""The first step of every command: a Python that fits, and in it the packages that Odoo and dev/ need.

Everything else in dev/lib runs under that Python and may import what it likes. This module alone is also
read by Pythons that are too old or too new, so that they can say so in a sentence: standard library only,
no syntax newer than Python 3.6.
"""

import contextlib
import fcntl
import hashlib
import os
import shutil
import signal
import subprocess
import sys
import time
import traceback
from pathlib import Path
from typing import Callable, Iterable, Iterator, List, Mapping, Optional

OLDEST, NEWEST = (3, 10), (3, 13)
ROOT = Path(__file__).resolve().parents[2]
REQUIREMENTS = ROOT / "dev" / "requirements.txt"
NETWORK_WORDS = (
    "Temporary failure",
    "Could not resolve",
    "Could not connect",
    "Connection refused",
    "Network is unreachable",
    "NewConnectionError",
    "NameResolutionError",
    "ConnectTimeout",
    "Failed to fetch",
)


class Stop(Exception):
    """What a person reads in place of a traceback: one sentence with the remedy in it."""


def home() -> Path:
    """The folder of all that is downloaded or made; shared by every checkout of this user."""
    own = os.environ.get("JWT_AUTH_API_HOME")
    if own:
        return Path(own).expanduser().absolute()
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return Path(cache).absolute() / "jwt_auth_api"


def digest(*parts: object) -> str:
    """A short name for what *parts* say, fit for folders and databases."""
    return hashlib.sha256("\0".join(map(str, parts)).encode()).hexdigest()[:8]


def say(text: object) -> None:
    print(text, flush=True)


@contextlib.contextmanager
def locked(name: str) -> Iterator[None]:
    """Let one command at a time do what *name* stands for; the lock ends with its holder, however that ends."""
    home().mkdir(parents=True, exist_ok=True)
    with open(str(home() / (name + ".lock")), "w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("… waiting for another command that is setting up the same ({})".format(name))
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def bound(command: Iterable[object]) -> List[str]:
    """*command* so that it ends with this process, even when that is killed."""
    words = [str(word) for word in command]
    return ["setpriv", "--pdeathsig", "TERM", *words] if shutil.which("setpriv") else words


def stream(
    title: str,
    command: Iterable[object],
    log: Path,
    cwd: Optional[Path] = None,
    env: Optional[Mapping[str, str]] = None,
) -> int:
    """Run *command* with its output in *log*; show that it lives; return its exit code.

    On a terminal its last line is shown in place, elsewhere one line every ten seconds.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    tty = sys.stdout.isatty()
    started = shown = time.monotonic()
    say("… " + title)
    with open(str(log), "ab") as out:
        process = subprocess.Popen(
            bound(command),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=cwd,
            env=env,
        )
        output = process.stdout
        assert output is not None
        try:
            for line in output:
                out.write(line)
                now = time.monotonic()
                if now - shown < (0.2 if tty else 10):
                    continue
                shown = now
                text = line.decode("utf-8", "replace").strip()
                if tty:
                    width = shutil.get_terminal_size().columns - 10
                    print(
                        "\r\033[K  {:4.0f} s  {}".format(now - started, text[:width]),
                        end="",
                        flush=True,
                    )
                else:
                    say("  {:4.0f} s  {}".format(now - started, text[:110]))
            return process.wait()
        finally:
            if process.poll() is None:
                process.terminate()
                process.wait()
            output.close()
            if tty:
                print("\r\033[K", end="", flush=True)


def stop_on(code: object, log: Path, what: str, remedy: str = "", network: bool = False) -> None:
    """Raise Stop when *code* tells of a failure, with the reason as far as *log* knows it."""
    if not code:
        return
    lines = Path(str(log)).read_text(errors="replace").splitlines()
    if network and any(word in line for line in lines[-60:] for word in NETWORK_WORDS):
        raise Stop(
            "{} failed: the package archive cannot be reached. Run it again when the network is there."
            "\n  The whole log: {}".format(what, log)
        )
    tail = "\n".join("    " + line for line in lines[-5:])
    raise Stop("{} failed. {}\n{}\n  The whole log: {}".format(what, remedy, tail, log))


def _other_python() -> Optional[str]:
    """A Python on PATH that fits, newest first; None if there is none."""
    for minor in range(NEWEST[1], OLDEST[1] - 1, -1):
        path = shutil.which("python3.{}".format(minor))
        # a version manager's shim may be there without the version behind it
        if path and subprocess.call([path, "-c", ""], stderr=subprocess.DEVNULL) == 0:
            return path
    return None


def _make_venv(folder: Path) -> None:
    shutil.rmtree(str(folder), ignore_errors=True)
    log = home() / "log" / "venv.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    log.write_bytes(b"")
    try:
        import ensurepip  # noqa: F401
        import venv  # noqa: F401
    except ImportError:
        raise Stop(
            "This Python cannot make virtual environments; Debian and Ubuntu keep that in a package of its own: "
            "apt-get install python{}.{}-venv".format(*sys.version_info)
        ) from None
    code = stream("a virtual environment", [sys.executable, "-m", "venv", folder], log)
    stop_on(code, log, "Making a virtual environment")
    pip = [folder / "bin" / "python", "-m", "pip", "install"]
    pip += ["--disable-pip-version-check", "--progress-bar=off"]
    # all that is needed is in the file, and what is not in it is left out on purpose
    pip += ["--no-deps", "-r", REQUIREMENTS]
    code = stream("the Python packages of Odoo and of dev/ (a minute or two)", pip, log)
    stop_on(code, log, "Installing the Python packages", network=True)
    (folder / "complete").touch()


def _venv() -> Path:
    """The environment for this Python and these requirements, made if there is none yet."""
    version = "{}.{}".format(*sys.version_info)
    folder = home() / "venv" / "{}-{}".format(version, digest(REQUIREMENTS.read_text()))
    if not (folder / "complete").exists():
        with locked("venv"):
            if not (folder / "complete").exists():
                _make_venv(folder)
                _sweep_venvs(folder)
    (folder / "complete").touch()
    return folder


def _sweep_venvs(kept: Path) -> None:
    """Remove the environments of requirements that no checkout has used for two weeks."""
    for marker in kept.parent.glob("*/complete"):
        if time.time() - marker.stat().st_mtime > 14 * 24 * 3600:
            shutil.rmtree(str(marker.parent), ignore_errors=True)


def enter() -> None:
    """Go on in the prepared environment: returns only there, elsewhere it replaces this process."""
    if not OLDEST <= sys.version_info[:2] <= NEWEST:
        other = _other_python()
        if not other:
            raise Stop(
                "Odoo 19 needs Python 3.10 to 3.13; this is {}.{} and no python3.10 … python3.13 is on PATH.".format(
                    *sys.version_info
                )
            )
        os.execv(other, [other, *sys.argv])
    if (home() / "venv").resolve() in Path(sys.prefix).resolve().parents:
        return
    python = _venv() / "bin" / "python"
    os.execv(str(python), [str(python), *sys.argv])


def _tell(sentence: object) -> None:
    print("\ndev/{}: {}".format(os.path.basename(sys.argv[0]), sentence), file=sys.stderr)


def main(function: Callable[[], int]) -> None:
    """Run a command to its exit code; what goes wrong is a sentence, never a traceback."""
    # a shell's background job ignores Ctrl-C's signal and one under nohup the hang-up: the latter is meant
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, signal.default_int_handler)
    try:
        if sys.platform != "linux":
            raise Stop("Linux is needed (Debian or Ubuntu family): the pieces are Debian packages.")
        enter()
        code = function()
    except Stop as stop:
        _tell(stop)
        code = 2
    except KeyboardInterrupt:
        print("\nStopped.", file=sys.stderr)
        sys.stdout.flush()
        # at once: threads may still wait for children, which end with this process
        os._exit(130)
    except Exception as error:  # noqa: BLE001 - the last line of defence: a person reads this
        path = home() / "log" / "mistake.log"
        with contextlib.suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(traceback.format_exc())
        _tell("{}: {} (where: {})".format(type(error).__name__, error, path))
        code = 2
    sys.stdout.flush()
    sys.exit(code)
