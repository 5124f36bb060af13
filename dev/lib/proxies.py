# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""Reverse proxies before a server, with the configurations of doc/operations.md."""

from __future__ import annotations

import contextlib
import datetime
import os
import ssl
import subprocess
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import httpx
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from . import debian, documents
from .bootstrap import ROOT, Stop, bound, home
from .server import free_port

OPERATIONS = ROOT / "doc" / "operations.md"
HOST = "odoo.example.com"
#: Where the program of a package is, and how it tells its version.
PROGRAMS = {
    "nginx": ("usr/sbin/nginx", "-v"),
    "caddy": ("usr/bin/caddy", "version"),
    "haproxy": ("usr/sbin/haproxy", "-v"),
}


def program(name: str) -> str | None:
    """Return the path of a proxy: the machine's own, or of the distribution's package, unpacked in our folder."""
    return debian.runnable(home() / "proxies" / name, name, *PROGRAMS[name])


def configuration(language: str, changes: dict[str, str]) -> str:
    """Return the configuration that the document shows, with the places of a test in it."""
    blocks = documents.read(OPERATIONS).blocks
    [text] = [block.text for block in blocks if block.language == language]
    for old, new in changes.items():
        if old not in text:
            raise Stop(f"{OPERATIONS.name} has no {old!r}")
        text = text.replace(old, new)
    return text


def certify(folder: Path) -> tuple[Path, Path]:
    """Write a self-signed certificate for :data:`HOST`, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, HOST)])
    now = datetime.datetime.now(datetime.timezone.utc)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    paths = folder / "cert.pem", folder / "cert.key"
    paths[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    paths[1].touch(0o600)
    paths[1].write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return paths


@contextlib.contextmanager
def nginx(folder: Path, changes: dict[str, str]) -> Iterator[int]:
    """Run nginx with *changes* of its configuration, such as Odoo's place; give its port for HTTPS."""
    path = program("nginx")
    assert path
    port, plain = free_port(), free_port()
    certificate, key = certify(folder)
    text = configuration(
        "nginx",
        {
            "listen 80;": f"listen 127.0.0.1:{plain};",
            "listen 443 ": f"listen 127.0.0.1:{port} ",
            "/etc/ssl/odoo.example.com.pem": str(certificate),
            "/etc/ssl/odoo.example.com.key": str(key),
            **changes,
        },
    )
    for name in ("body", "proxy", "fastcgi", "uwsgi", "scgi"):
        (folder / name).mkdir()
        text = f"{'client_body' if name == 'body' else name}_temp_path {folder / name};\n{text}"
    user = "" if os.geteuid() else "user root;\n"
    conf = folder / "nginx.conf"
    conf.write_text(
        f"{user}daemon off;\nworker_processes 1;\npid {folder / 'pid'};\nerror_log {folder / 'error.log'};\n"
        f"events {{}}\nhttp {{\naccess_log {folder / 'access.log'};\n{text}\n}}\n"
    )
    with _running([path, "-p", folder, "-c", conf, "-e", folder / "error.log"], folder, port):
        yield port


@contextlib.contextmanager
def caddy(folder: Path, changes: dict[str, str]) -> Iterator[int]:
    """Run Caddy in the same way. It makes its certificate itself."""
    path = program("caddy")
    assert path
    port = free_port()
    text = configuration(
        "caddyfile",
        {
            f"{HOST} {{\n": f"https://{HOST}:{port} {{\n\ttls internal\n",
            **changes,
        },
    )
    conf = folder / "Caddyfile"
    conf.write_text(
        f"{{\n\tadmin off\n\tgrace_period 1s\n\tskip_install_trust\n\tauto_https disable_redirects\n}}\n{text}"
    )
    env = {**os.environ, "XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}
    with _running([path, "run", "--config", conf], folder, port, env):
        yield port


@contextlib.contextmanager
def haproxy(folder: Path, changes: dict[str, str]) -> Iterator[int]:
    """Run HAProxy before the machines whose places *changes* has; give its port for HTTPS."""
    path = program("haproxy")
    assert path
    port, plain = free_port(), free_port()
    certificate, key = certify(folder)
    both = folder / "both.pem"
    both.touch(0o600)
    both.write_bytes(certificate.read_bytes() + key.read_bytes())
    text = configuration(
        "haproxy",
        {
            "bind *:80\n": f"bind 127.0.0.1:{plain}\n",
            "bind *:443 ": f"bind 127.0.0.1:{port} ",
            "/etc/ssl/odoo.example.com.pem": str(both),
            "maxconn 4000": "maxconn 400",  # two open files for each
            **changes,
        },
    )
    conf = folder / "haproxy.cfg"
    conf.write_text(text)
    with _running([path, "-db", "-f", conf], folder, port):
        yield port


#: Name → how to run it.
RUN = {"nginx": nginx, "caddy": caddy, "haproxy": haproxy}


@contextlib.contextmanager
def _running(
    command: Sequence[object], folder: Path, port: int, env: dict[str, str] | None = None
) -> Iterator[None]:
    log = folder / "proxy.log"
    with log.open("ab") as out:
        process = subprocess.Popen(
            bound(command), stdin=subprocess.DEVNULL, stdout=out, stderr=out, env=env
        )
    try:
        _wait(process, port, log)
        yield
    finally:
        process.terminate()
        process.wait(20)


def _wait(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    end = time.monotonic() + 30
    while time.monotonic() < end and process.poll() is None:
        with contextlib.suppress(httpx.TransportError), client(port) as http:
            http.get("/api/nothing")
            return
        time.sleep(0.1)
    raise Stop(f"The proxy did not start:\n{log.read_text()}")


def client(port: int, address: str | None = None) -> httpx.Client:
    """Return a client that finds :data:`HOST` on a local port; *address* is its own."""
    return httpx.Client(
        transport=_Local(port, httpx.HTTPTransport(verify=False, local_address=address)),
        base_url=f"https://{HOST}:{port}",
        timeout=60,
    )


def insecure() -> ssl.SSLContext:
    """Return a TLS context that accepts the certificate of a test."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


class _Local(httpx.BaseTransport):
    """Connect to this machine, with the name in the header ``Host`` and in the handshake of TLS."""

    def __init__(self, port: int, inner: httpx.HTTPTransport) -> None:
        self.port, self.inner = port, inner

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.extensions["sni_hostname"] = HOST
        request.url = request.url.copy_with(host="127.0.0.1")
        return self.inner.handle_request(request)

    def close(self) -> None:
        self.inner.close()
