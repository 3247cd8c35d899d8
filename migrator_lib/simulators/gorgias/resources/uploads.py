"""Files. Each form field's name is a file's label. Source: developers.gorgias.com, upload-files, download-file.

A private file's URL wants credentials and a public one none; both lead to a link that ends with its time, on the
product's storage, which here is the account itself. Being led there is a call like any other, for whoever signs it;
the storage counts nothing.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from datetime import timedelta
from typing import Any, Literal
from urllib.parse import quote

from fastapi import Response

from migrator_lib.gorgias.contract import replies
from migrator_lib.simulators.gorgias.account import Account
from migrator_lib.simulators.gorgias.store import Document
from migrator_lib.simulators.gorgias.web.endpoint import Endpoint, Query
from migrator_lib.simulators.gorgias.web.request import Call
from migrator_lib.simulators.gorgias.web.signed_text import seal, unseal
from migrator_lib.simulators.gorgias.web.validation import Refused, refuse

PRIVATE = "attachment"
TYPES = (PRIVATE, "public_attachment", "profile_picture", "widget_picture")
LINK = "link"
ANYTHING = "application/octet-stream"
CONTENT_TYPE = re.compile(r"[\w.+-]+/[\w.+-]+(;[ -~]*)?", re.ASCII)


def _upload(account: Account, call: Call) -> Any:
    kind = call.query.get("type", PRIVATE)
    if kind not in TYPES:
        raise refuse(400, "upload", "type", "Not a valid choice.")
    # a label names one file: of several with the same, the last is kept (UNVERIFIED which)
    files = {label: (content_type, content) for label, content_type, content in call.files}
    if not files:
        raise refuse(400, "upload", "file", "Missing data for required field.")
    base = call.address(account)
    return [_save(account, base, kind, label, *file) for label, file in files.items()]


def _save(account: Account, base: str, kind: str, label: str, content_type: str, content: bytes) -> Document:
    if len(content) > account.knobs.upload_limit_bytes:
        raise Refused(413, "The file is too large")
    name = f"{secrets.token_hex(16)}-{account.store.next_id('upload')}"
    account.store.save_file(name, label, content_type, kind != PRIVATE, content)
    url = f"{base}/api/{kind}/download/{_domain_hash(account)}/{name}"
    return {"content_type": content_type, "name": label, "size": len(content), "url": url}


def _domain_hash(account: Account) -> str:
    return hashlib.sha256(account.name.encode()).hexdigest()[:16]


def _moment(account: Account, seconds: float = 0.0) -> float:
    return (account.clock.now() + timedelta(seconds=seconds)).timestamp()


def _download(account: Account, call: Call) -> Response:
    """``GET /api/{type}/download/{hash}/{name}``: a redirection to a link that ends with its time."""
    kind, name = str(call.path["file_type"]), str(call.path["resource_name"])
    if kind == PRIVATE and not account.knows(call.authorization):
        raise Refused(401, "Invalid credentials")
    found = account.store.file(name)
    if found is None or call.path["domain_hash"] != _domain_hash(account) or found[2] != (kind != PRIVATE):
        raise Refused(404, "There is no such file.")
    link = seal(LINK, f"{_moment(account, account.cursor_seconds)} {name}")
    return Response(status_code=307, headers={"Location": f"{call.address(account)}/api/storage/{link}"})


def _stored(account: Account, call: Call) -> Response:
    """The bytes behind a link, for whoever holds it."""
    until, _, name = (unseal(LINK, str(call.path["link"])) or "").partition(" ")
    found = account.store.file(name) if until and _moment(account) <= float(until) else None
    if found is None:
        raise Refused(403, "The link has expired, or is none.")
    label, content_type, _, content = found
    kind = content_type if CONTENT_TYPE.fullmatch(content_type) else ANYTHING
    as_file = f"attachment; filename*=UTF-8''{quote(label, safe='', errors='replace')}"
    return Response(content, media_type=kind, headers={"Content-Disposition": as_file})


ROUTES = (
    Endpoint(
        "POST", "upload", 201, _upload, "Upload files; each form field's name is a file's label",
        reply=list[replies.File], query=(Query("type", Literal[TYPES], "Private as an attachment, else public."),),
        errors=(413,),
    ),
    Endpoint(
        "GET", "{file_type}/download/{domain_hash}/{resource_name}", 307, _download,
        "Be led to a file; a private one wants credentials", errors=(404,), guarded=False, metered=True,
    ),
    Endpoint("GET", "storage/{link}", 200, _stored, "Read a file by a link that ends with its time", guarded=False),
)  # fmt: skip
