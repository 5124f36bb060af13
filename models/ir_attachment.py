# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.

import contextlib
import errno
import os
import secrets
from pathlib import Path

from odoo import api, models

from ..engine import grants

#: The key of the context with which Odoo's code writes a file, and its value, which no client can send.
_WRITING, _WHOLE = "jwt_auth_api_writing", object()


class IrAttachment(models.Model):
    """Check access to attachments by the caller's own rights on the document that they belong to.

    A file is stored as a whole or not at all, whatever interrupts it (a full disk, the end of the process, a power
    cut). Only what Odoo's own code writes to the disk is concerned: an addon that stores files elsewhere does not
    call it.

    Odoo returns the access tokens of attachments that its code reads. So neither what its code may
    read during an operation nor what connections open counts here. A file in a field of an open
    record is read with that record (``odoo/orm/fields_binary.py``).
    """

    _inherit = "ir.attachment"

    def _check_access(self, operation):
        grant = grants.active(self.env)
        if grant is None:
            return super()._check_access(operation)
        env = grants.plain(self.env) if operation == "read" else grant.strict.env(self.env)
        result = super(IrAttachment, self.with_env(env))._check_access(operation)
        return result and (result[0].with_env(self.env), result[1])

    @api.model
    def _search(self, domain, *args, **options):
        own = self.with_env(grants.plain(self.env))
        return super(IrAttachment, own)._search(domain, *args, **options)

    @api.model
    def _get_path(self, bin_data, sha):
        """Return the place of a file, even if only the beginning of the file is there.

        Odoo leaves such a beginning when it is interrupted. From then on it would refuse the file, as one that
        collides with another.

        Odoo asks for the place before it writes, and then keeps a file that exists. So the file is written here.
        """
        name = f"{sha[:2]}/{sha}"
        path = self._full_path(name)
        is_begun = _holds_beginning(Path(path), bin_data)
        if not is_begun:
            name, path = super()._get_path(bin_data, sha)
        is_written = self.env.context.get(_WRITING) is _WHOLE
        if is_written and (is_begun or not Path(path).exists()):
            self._write_whole(name, Path(path), bin_data)
        return name, path

    @api.model
    def _file_write(self, bin_value, checksum):
        """Store a file as a whole or not at all, if Odoo's own code writes it."""
        writing = self.with_context(**{_WRITING: _WHOLE})
        return super(IrAttachment, writing)._file_write(bin_value, checksum)

    @api.model
    def _write_whole(self, name, path, data):
        """Write a file under another name, to the disk, and rename it.

        Odoo's garbage collection gets both names first, so that it deletes what no attachment refers to. PostgreSQL
        writes its commit to the disk. So the file is there before: after a power cut, no attachment refers to a
        file that is empty or missing.
        """
        part = f"{name}-{secrets.token_hex(8)}"
        self._mark_for_gc(name)
        self._mark_for_gc(part)
        unfinished, listed = map(Path, map(self._full_path, (part, f"checklist/{part}")))
        try:
            with unfinished.open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            unfinished.replace(path)
            _sync_folder(path.parent)
        finally:
            for left in (unfinished, listed):
                with contextlib.suppress(OSError):
                    left.unlink()


def _sync_folder(path):
    """Write the names of a folder's files to the disk, where the system and the file system offer it."""
    if os.name != "posix":
        return
    folder = os.open(path, os.O_RDONLY)
    try:
        os.fsync(folder)
    except OSError as exc:
        if exc.errno not in (errno.EBADF, errno.EINVAL):  # as PostgreSQL does
            raise
    finally:
        os.close(folder)


def _holds_beginning(path, data):
    """Return whether a file holds a part of ``data``, from its beginning.

    :rtype: bool
    """
    try:
        size = path.stat().st_size
        return size < len(data) and path.read_bytes() == data[:size]
    except FileNotFoundError:
        return False
