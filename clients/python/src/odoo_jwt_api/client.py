"""The client for programs with threads, or with none."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import httpx

from .calls import Calls
from .core import CLIENTS_OWN, Core, Flow, Renew, Send, Sleep, Step, path_of
from .errors import ApiError
from .options import (
    ActionOptions,
    CallOptions,
    CreateOneOptions,
    CreateOptions,
    DeleteOptions,
    ListOptions,
    PageOptions,
    ReadOptions,
    UpdateOptions,
)
from .results import Download, One, Page, Record
from .stores import TokenStore

if TYPE_CHECKING:
    from typing_extensions import Self, Unpack

T = TypeVar("T")
Records = list[Record]
Ids = list[int]


class Client:
    """A client of one server; threads may share it.

    :param url: the address of Odoo, such as ``https://odoo.example.com``
    :param database: the database, where the server has several and does not find it by the host name
    :param store: where the refresh token is kept between two runs; by default in memory
    :param timeout: how long to wait for a response, in seconds; files have no limit
    :param retries: how often a request is sent again after 429, 503 or a failure of the network
    :param max_retry_delay: a longer ``Retry-After``, in seconds, is an error at once
    :param language: the language of reads and messages, such as ``fr-FR``; by default the user's own
    :param company: the company or companies for which requests are executed
    :param http: an ``httpx`` client of your own, for a proxy or certificates
    """

    def __init__(
        self,
        url: str,
        *,
        database: str | None = None,
        store: TokenStore | None = None,
        timeout: float = 60,
        retries: int = 3,
        max_retry_delay: float = 30,
        language: str | None = None,
        company: int | str | None = None,
        http: httpx.Client | None = None,
    ) -> None:
        self._url = url.rstrip("/")
        self._http = http or httpx.Client(timeout=timeout)
        self._core = Core(
            database=database,
            store=store,
            retries=retries,
            max_retry_delay=max_retry_delay,
            language=language,
            company=company,
        )
        self._calls = Calls(self._core)
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections. The session stays, for a client with the same store."""
        self._http.close()

    # --- log in and out ------------------------------------------------------------------

    @property
    def user_id(self) -> int | None:
        """The id of the user who is logged in, as far as this client knows."""
        return self._core.access.user_id if self._core.access else None

    def log_in(self, login: str, password: str) -> int:
        """Log in, with a password or with an API key in its place; return the id of the user.

        :raise MfaRequiredError: if the account has a second factor: continue with :meth:`log_in_with_code`
        """
        body = {"login": login, "password": password}
        return self._locked(self._core.log_in("/api/login", body))

    def log_in_with_code(self, mfa_token: str, code: str) -> int:
        """Complete a login with the code of a second factor."""
        body = {"mfa_token": mfa_token, "code": code}
        return self._locked(self._core.log_in("/api/login/mfa", body))

    def log_out(self, *, everywhere: bool = False) -> None:
        """Log out; with *everywhere* on all devices of the user."""
        self._locked(self._core.log_out(everywhere=everywhere))

    def rotate_refresh_token(self) -> None:
        """Replace the refresh token. With the profile ``strict``, each refresh does."""
        self._run(self._core.current())
        self._locked(self._core.rotate())

    def access_token(self) -> str:
        """Return an access token that is valid for a while, for requests of your own."""
        return self._run(self._core.current()).token

    def me(self, **options: Unpack[CallOptions]) -> Record:
        """Return who is logged in."""
        return dict(self._run(self._calls.data("/api/me", options)))

    def sessions(self, **options: Unpack[CallOptions]) -> Records:
        """Return the user's active sessions, one for each device."""
        return list(self._run(self._calls.data("/api/sessions", options)))

    def end_session(self, session_id: int, **options: Unpack[CallOptions]) -> None:
        """Log out one of these devices."""
        self._run(self._calls.end_session(session_id, options))

    # --- read ----------------------------------------------------------------------------

    def models(self, **options: Unpack[CallOptions]) -> Records:
        """Return the models that are open to the user."""
        return [*self._run(self._calls.data(path_of(), options))]

    def schema(self, model: str, **options: Unpack[CallOptions]) -> Record:
        """Return the fields of a model, with types and labels."""
        return dict(self._run(self._calls.data(path_of(model, "schema"), options)))

    def list(self, model: str, **options: Unpack[ListOptions]) -> Page:
        """Return a page of records, or of groups."""
        return self._run(self._calls.list(model, options))

    def pages(self, model: str, **options: Unpack[PageOptions]) -> Iterator[Page]:
        """Read all pages; they stay stable while records are added and deleted."""
        cursor: str | None = options.get("cursor", "")
        while cursor is not None:
            page = self._run(self._calls.list(model, {**options, "cursor": cursor}))
            yield page
            cursor = page.next_cursor

    def iterate(self, model: str, **options: Unpack[PageOptions]) -> Iterator[Record]:
        """Read all records, page by page."""
        for page in self.pages(model, **options):
            yield from page.records

    def get(self, model: str, record_id: int, **options: Unpack[ReadOptions]) -> One:
        """Return one record and its version."""
        return self._run(self._calls.get(model, record_id, options))

    # --- write ---------------------------------------------------------------------------

    def create(
        self, model: str, values: Mapping[str, Any], **options: Unpack[CreateOneOptions]
    ) -> One:
        """Create a record."""
        return self._run(self._calls.create(model, values, options))

    def create_many(
        self, model: str, values: Sequence[Mapping[str, Any]], **options: Unpack[CreateOptions]
    ) -> Records:
        """Create all of them or none."""
        return [*self._run(self._calls.create_many(model, values, options))]

    def update(
        self,
        model: str,
        record_id: int,
        values: Mapping[str, Any],
        **options: Unpack[UpdateOptions],
    ) -> One:
        """Change a record."""
        return self._run(self._calls.update(model, record_id, values, options))

    def update_many(
        self,
        model: str,
        changes: Mapping[int, Mapping[str, Any]],
        **options: Unpack[ReadOptions],
    ) -> Records:
        """Change all of them or none: id → values."""
        return [*self._run(self._calls.update_many(model, changes, options))]

    def delete(self, model: str, record_id: int, **options: Unpack[DeleteOptions]) -> None:
        """Delete a record."""
        self._run(self._calls.delete(model, record_id, options))

    def delete_many(self, model: str, ids: Sequence[int], **options: Unpack[CallOptions]) -> None:
        """Delete all of them or none."""
        self._run(self._calls.delete_many(model, ids, options))

    def action(
        self,
        model: str,
        records: int | Sequence[int] | None,
        name: str,
        **options: Unpack[ActionOptions],
    ) -> Any:
        """Call an action of one record, of several, or (None) of the model itself."""
        return self._run(self._calls.action(model, records, name, options))

    # --- files ---------------------------------------------------------------------------

    def upload(
        self,
        model: str,
        record_id: int,
        field: str,
        content: bytes,
        media_type: str = "application/octet-stream",
        **options: Unpack[DeleteOptions],
    ) -> One:
        """Store a file in a binary field."""
        return self._run(self._calls.upload(model, record_id, field, content, media_type, options))

    def download(
        self, model: str, record_id: int, field: str, **options: Unpack[CallOptions]
    ) -> Download:
        """Return the file of a binary field."""
        return self._run(self._calls.file(path_of(model, record_id, field), options))

    def link(self, model: str, record_id: int, field: str, **options: Unpack[CallOptions]) -> str:
        """Return a link to a file that needs no token, good for some minutes."""
        link = self._run(self._calls.link(model, record_id, field, options))
        return f"{self._url}{link['url']}"

    def report(
        self, model: str, record_id: int, name: str, **options: Unpack[CallOptions]
    ) -> Download:
        """Return the PDF of a report, such as ``sale.report_saleorder``."""
        return self._run(self._calls.file(path_of(model, record_id, "report", name), options))

    # --- steps ---------------------------------------------------------------------------

    def _locked(self, flow: Flow[T]) -> T:
        with self._lock:
            return self._run(flow)

    def _run(self, flow: Flow[T]) -> T:
        """Execute the steps of a flow; return its result."""
        try:
            step = next(flow)
            while True:
                try:
                    result = self._execute(step)
                except (ApiError, httpx.RequestError) as error:
                    step = flow.throw(error)
                else:
                    step = flow.send(result)
        except StopIteration as stop:
            return stop.value  # type: ignore[no-any-return]

    def _execute(self, step: Step) -> httpx.Response | None:
        match step:
            case Send():
                return self._send(step)
            case Sleep(seconds):
                time.sleep(seconds)
            case Renew(stale):
                self._locked(self._core.renew(stale))
        return None

    def _send(self, step: Send) -> httpx.Response:
        timeout = {} if step.timeout is CLIENTS_OWN else {"timeout": step.timeout}
        return self._http.request(
            step.method,
            self._url + step.path,
            params=step.params or None,
            headers={**self._core.headers, **step.headers},
            json=step.json,
            content=step.content,
            files=step.files,
            # also with a client that follows them: the refresh token would go along
            follow_redirects=False,
            **timeout,
        )
