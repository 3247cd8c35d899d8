"""Uploaded files. Source: upload-files, the-file-object."""

from __future__ import annotations

from collections.abc import Collection

from migrator_lib.errors import Unanswered
from migrator_lib.gorgias.api.resource import made
from migrator_lib.gorgias.contract.replies import File
from migrator_lib.gorgias.download import Content
from migrator_lib.gorgias.transport import Transport, Upload


class Uploads:
    """``/api/upload``. A file has no id and cannot be deleted."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def send(self, name: str, content: bytes, content_type: str, *, public: bool) -> File:
        """``POST /api/upload?type=``: one file; private as an attachment, public for an inline image.

        Raises:
            Unanswered: the reply does not tell the file's URL.
        """
        kind = "public_attachment" if public else "attachment"
        upload = Upload(name, content, content_type)
        reply = self._transport.call("POST", "upload", params={"type": kind}, upload=upload)
        if not isinstance(reply, list) or not reply:
            raise Unanswered("POST /api/upload was answered without a file")
        return made(File, reply[0], "POST /api/upload")

    def content(self, url: str, *, most_bytes: int, hosts: Collection[str] = ()) -> Content:
        """``GET /api/{file_type}/download/{domain_hash}/{resource_name}``: size and SHA-256 of what a URL leads to.

        See :meth:`~migrator_lib.gorgias.transport.Transport.download`.

        Raises:
            RecordRejected: it is not there.
            RecordUnusable: the URL is none of the account's, nor of one of ``hosts``.
        """
        return self._transport.download(url, most_bytes=most_bytes, hosts=hosts)
