"""Normalize client addresses, and find the network that counts as one client."""

from __future__ import annotations

import ipaddress
import re
from typing import Final

#: ``[2001:db8::1]``, optionally with a port: the form of IPv6 addresses in RFC 7239.
_BRACKETS: Final = re.compile(r"\[([^\]]*)\](?::[0-9]+)?")
#: ``192.0.2.1:4711``; more than one colon is an IPv6 address.
_PORT: Final = re.compile(r"([^:]*):[0-9]+")
#: What a proxy may write instead of an address: ``unknown`` or an identifier (RFC 7239, section 6).
_NAME: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")


def normalize(text: str | None) -> str:
    """Return the canonical form of a client's address, without a port or an IPv6 zone.

    A server that listens on ``[::]`` sees an IPv4 client as ``::ffff:192.0.2.1``, and some proxies
    add the port of the client, which differs for each connection.

    :param text: the address from the WSGI server or a proxy
    :return: the address; the text itself if it is an identifier; an empty text for anything else
    """
    host = (text or "").strip().strip('"')
    if match := _BRACKETS.fullmatch(host) or _PORT.fullmatch(host):
        host = match.group(1)
    try:
        ip = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return host if _NAME.fullmatch(host) else ""
    return str(getattr(ip, "ipv4_mapped", None) or ip)


def network(address: str) -> str:
    """Return the network that counts as one client: an IPv4 address, or the /64 of an IPv6 address.

    :param address: as :func:`normalize` returns it
    """
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return address
    return str(ipaddress.ip_network((int(ip), 64), strict=False)) if ip.version == 6 else str(ip)
