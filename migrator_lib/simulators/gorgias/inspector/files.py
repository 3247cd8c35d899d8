"""Uploaded files, as the pages of an account offer them: past the credentials that the API asks for."""

from __future__ import annotations

from urllib.parse import quote

from fastapi import Response

from migrator_lib.simulators.gorgias.account import Account

PICTURES = ("image/png", "image/jpeg", "image/gif", "image/webp", "image/bmp")
# Whatever was uploaded, a browser runs nothing of it and takes it for nothing else.
HEADERS = {"Content-Security-Policy": "sandbox; default-src 'none'", "X-Content-Type-Options": "nosniff"}


def download(account: Account, name: str) -> Response | None:
    """Return an uploaded file as a download under its label, or None."""
    with account.store.lock:
        found = account.store.file(name)
    if found is None:
        return None
    label, content_type, _public, content = found
    shown = content_type if content_type in PICTURES else "application/octet-stream"
    disposition = f"attachment; filename*=UTF-8''{quote(label, safe='')}"
    return Response(content, 200, {**HEADERS, "Content-Disposition": disposition}, shown)
