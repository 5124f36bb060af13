# Part of jwt_auth_api. See LICENSE file for full copyright and licensing details.

import contextlib
import secrets
from pathlib import Path

from odoo import api, models

from ..engine import grants


class IrAttachment(models.Model):
    """Check access to attachments by the caller's own rights on the document that they belong to.

    A file is stored as a whole or not at all, whatever interrupts it (a full disk, the end of the process).

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
        """
        name = f"{sha[:2]}/{sha}"
        path = self._full_path(name)
        if _holds_beginning(Path(path), bin_data):
            return name, path
        return super()._get_path(bin_data, sha)

    @api.model
    def _file_write(self, bin_value, checksum):
        """Store a file as a whole or not at all, whatever interrupts it."""
        if self._storage() == "file":
            name, place = self._get_path(bin_value, checksum)
            path = Path(place)
            if not path.exists() or _holds_beginning(path, bin_value):
                self._write_whole(name, path, bin_value)
        return super()._file_write(bin_value, checksum)

    @api.model
    def _write_whole(self, name, path, data):
        """Write a file under another name and rename it.

        Odoo's garbage collection gets both names first, so that it deletes what no attachment refers to.
        """
        part = f"{name}-{secrets.token_hex(8)}"
        self._mark_for_gc(name)
        self._mark_for_gc(part)
        unfinished, listed = map(Path, map(self._full_path, (part, f"checklist/{part}")))
        try:
            unfinished.write_bytes(data)
            unfinished.replace(path)
        finally:
            for left in (unfinished, listed):
                with contextlib.suppress(OSError):
                    left.unlink()


def _holds_beginning(path, data):
    """Return whether a file holds a part of ``data``, from its beginning.

    :rtype: bool
    """
    try:
        size = path.stat().st_size
        return size < len(data) and path.read_bytes() == data[:size]
    except FileNotFoundError:
        return False
