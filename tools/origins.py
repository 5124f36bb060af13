"""Origins of web pages (RFC 6454): which may use the API from a browser, and which are our own."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

#: Scheme, host and port as a browser sends them. Apps in a web view have schemes of their own, such as
#: ``capacitor://localhost``. ``*``, ``null`` and ``file://`` name nobody.
_ORIGIN: Final = re.compile(
    r"([a-z][a-z0-9+.-]*)://((?:[a-z0-9._-]+|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?)/?"
)
_PORTS: Final = {"http": ":80", "https": ":443"}


@dataclass(frozen=True)
class Origins:
    """What a list of origins says."""

    allowed: frozenset[str]
    #: Entries that are no origin, as they were written.
    ignored: tuple[str, ...]


@lru_cache(maxsize=64)
def parse(text: str) -> Origins:
    """Read a list of origins that commas separate."""
    allowed, ignored = set(), []
    for entry in filter(None, map(str.strip, text.split(","))):
        if match := _ORIGIN.fullmatch(entry.lower()):
            scheme, host = match.groups()
            allowed.add(f"{scheme}://{_without_default_port(scheme, host)}")
        else:
            ignored.append(entry)
    return Origins(frozenset(allowed), tuple(ignored))


def is_own(origin: str, host: str, *, secure: bool) -> bool:
    """Whether a page of this origin comes from the host that the request is for.

    A page that came over HTTP can be anybody's in between, so that it is none of ours where the
    request came over HTTPS. A server behind a proxy may see HTTP where the browser sees HTTPS: a
    page that came over HTTPS is always of its host.

    :param origin: the header ``Origin``
    :param host: the header ``Host``
    :param secure: whether the request is known to have come over HTTPS
    """
    scheme, _separator, own = origin.lower().partition("://")
    if scheme not in _PORTS or (secure and scheme != "https"):
        return False
    host = _without_default_port(scheme, host.lower())
    return bool(host) and _without_default_port(scheme, own) == host


def _without_default_port(scheme: str, host: str) -> str:
    return host.removesuffix(_PORTS[scheme]) if scheme in _PORTS else host
