# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.
"""Read ``multipart/form-data``: files, and the keys that a JSON body would have (RFC 7578).

Everything stays in memory, within the limit of the body, which the caller has read already.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.sansio.multipart import (
    BLANK_LINE_RE,
    Data,
    Epilogue,
    Event,
    Field,
    File,
    MultipartDecoder,
    State,
)

from .errors import ApiError, _
from .text import parse_json, storable

FORM_TYPE: Final = "multipart/form-data"
#: Maximum number of parts; each costs more than its bytes.
MAX_PARTS: Final = 100
#: Maximum length of the headers of a part, in bytes, with the blank line after them.
_MAX_HEADERS: Final = 8 << 10
#: Maximum length of the name of a part in an error.
_MAX_SHOWN: Final = 128
#: RFC 2046, section 5.1.1.
_BOUNDARY: Final = re.compile(r"[ -~]{1,70}")
#: Values of ``Content-Transfer-Encoding`` that leave a part as it is.
_PLAIN_ENCODINGS: Final = frozenset(["", "7bit", "8bit", "binary"])
_MAX_FILE_NAME: Final = 255


class Upload(str):
    """The bytes of a file as base64, which a binary field takes, and the name of the file."""

    file_name: str

    @classmethod
    def of(cls, part: Part) -> Upload:
        upload = cls(base64.b64encode(part.data).decode())
        upload.file_name = part.file_name or ""
        return upload


@dataclass(frozen=True)
class Part:
    """One part of a form.

    :ivar file_name: None for a part that is no file; empty if the client sent none, or one that cannot be stored
    """

    name: str
    data: bytes
    file_name: str | None = None

    @property
    def is_chosen(self) -> bool:
        """Return whether the user chose a file: a browser sends an empty part for an empty input."""
        return bool(self.file_name or self.data)


def parse(data: bytes, parameters: Mapping[str, str]) -> list[Part]:
    """Parse a form.

    :param parameters: the parameters of the content type, with the ``boundary``
    :raise ApiError: ``bad_request`` for what is not a form; ``bad_value`` for two parts of one name
    """
    boundary = parameters.get("boundary", "")
    if not _BOUNDARY.fullmatch(boundary):
        raise _unreadable()
    if data.count(b"--" + boundary.encode()) > MAX_PARTS + 1:
        raise ApiError(
            "bad_request", _("A form must not have more than %(most)s parts."), most=MAX_PARTS
        )
    try:
        parts = list(_parts(data, boundary.encode()))
    except (ValueError, RequestEntityTooLarge):
        raise _unreadable() from None
    names = [part.name for part in parts]
    for name in names:
        if names.count(name) > 1:
            raise ApiError(
                "bad_value",
                _('The form has several parts "%(name)s".'),
                name=name[:_MAX_SHOWN],
            )
    return parts


def read(parts: Iterable[Part], keys: Collection[str]) -> dict[str, Any]:
    """Return the body that a form stands for: JSON parts as keys, and files among the ``values``.

    :param keys: the keys of a body; a part with such a name is JSON, also if it is a file
    :raise ApiError: ``bad_json``, ``bad_value``
    """
    body: dict[str, Any] = {}
    files: dict[str, Upload] = {}
    for part in parts:
        if part.name in keys:
            body[part.name] = _json(part)
        elif part.file_name is None:
            body[part.name] = part.data.decode("utf-8", "replace")  # refused as an unknown key
        elif part.is_chosen:
            files[part.name] = Upload.of(part)
    if not files:
        return body
    values = body.get("values") or {}
    if not isinstance(values, dict):
        raise ApiError("bad_value", _('With files, "values" must be an object.'), at=["values"])
    for name in files:
        if name in values:
            raise ApiError(
                "bad_value",
                _('"%(name)s" is a file and among the "values".'),
                name=name[:_MAX_SHOWN],
            )
    return {**body, "values": {**values, **files}}


def only_file(parts: Iterable[Part]) -> Part:
    """Return the file of a form that has nothing else.

    :raise ApiError: ``bad_value``
    """
    match list(parts):
        case [Part(file_name=str()) as part] if part.is_chosen:
            return part
    raise ApiError("bad_value", _("The form must have one part, which is the file."))


def _parts(data: bytes, boundary: bytes) -> Iterator[Part]:
    """
    :raise ValueError: for what is not a form
    """
    decoder = MultipartDecoder(boundary)
    decoder.receive_data(data)
    decoder.receive_data(None)
    head: Field | File | None = None
    chunks: list[bytes] = []
    while not isinstance(event := _next_event(decoder), Epilogue):
        if isinstance(event, Field | File):
            head, chunks = _checked(event), []
        elif isinstance(event, Data) and head is not None:
            chunks.append(event.data)
            if not event.more_data:
                file_name = _file_name(head.filename) if isinstance(head, File) else None
                yield Part(head.name, b"".join(chunks), file_name)


def _next_event(decoder: MultipartDecoder) -> Event:
    """Decode the next event, unless it is a part with overlong headers: parsing them takes quadratic time.

    :raise ValueError: for what is not a form
    """
    is_before_headers = decoder.state == State.PART
    if is_before_headers and not BLANK_LINE_RE.search(decoder.buffer, 0, _MAX_HEADERS):
        raise ValueError
    return decoder.next_event()


def _checked(head: Field | File) -> Field | File:
    """
    :raise ValueError: for a part without a name, or in another coding
    """
    coding = head.headers.get("Content-Transfer-Encoding", "").strip().lower()
    if not head.name or coding not in _PLAIN_ENCODINGS:
        raise ValueError
    return head


def _file_name(text: str) -> str:
    """Return the name of a file without its folders, which some clients send."""
    name = re.split(r"[/\\]", text)[-1][-_MAX_FILE_NAME:].strip()
    return name if name.isprintable() and storable(name) else ""


def _json(part: Part) -> Any:
    try:
        return parse_json(part.data)
    except (ValueError, RecursionError):
        raise ApiError(
            "bad_json", _('The part "%(name)s" of the form is not JSON.'), name=part.name
        ) from None


def _unreadable() -> ApiError:
    return ApiError("bad_request", _("The form cannot be read."))
