"""Parse lists of web origins (RFC 6454), and recognize those of the server itself."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

#: Scheme, host and port as a browser sends them. Apps in a web view have schemes of their own, such as
#: ``capacitor://localhost``. ``*``, ``null`` and ``file://`` identify no origin.
_ORIGIN: Final = re.compile(
    r"([a-z][a-z0-9+.-]*)://((?:[a-z0-9._-]+|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?)/?"
)
_PORTS: Final = {"http": ":80", "https": ":443"}


@dataclass(frozen=True)
class Origins:
    """A parsed list of origins."""

    allowed: frozenset[str]
    #: Entries that are not an origin, as they were written.
    ignored: tuple[str, ...]


@lru_cache(maxsize=64)
def parse(text: str) -> Origins:
    """Parse a list of origins separated by commas."""
    allowed, ignored = set(), []
    for entry in filter(None, map(str.strip, text.split(","))):
        if match := _ORIGIN.fullmatch(entry.lower()):
            scheme, host = match.groups()
            allowed.add(f"{scheme}://{_without_default_port(scheme, host)}")
        else:
            ignored.append(entry)
    return Origins(frozenset(allowed), tuple(ignored))


def is_own(origin: str, host: str, *, secure: bool) -> bool:
    """Return whether an origin is the host of the request itself.

    A page loaded over HTTP may have been changed on its way, so it does not count as our own if the request
    came over HTTPS. The other way round it does: a server behind a proxy may see HTTP where the browser
    uses HTTPS.

    :param origin: the header ``Origin``
    :param host: the header ``Host``
    :param secure: whether the request certainly came over HTTPS
    """
    scheme, _separator, own = origin.lower().partition("://")
    if scheme not in _PORTS or (secure and scheme != "https"):
        return False
    host = _without_default_port(scheme, host.lower())
    return bool(host) and _without_default_port(scheme, own) == host


def _without_default_port(scheme: str, host: str) -> str:
    return host.removesuffix(_PORTS[scheme]) if scheme in _PORTS else host
