"""Files. Each form field's name is a file's label. Source: developers.gorgias.com, upload-files, download-file."""

from __future__ import annotations

import secrets
from typing import Any

from migrator_lib.simulators.gorgias.account import Account
from migrator_lib.simulators.gorgias.call import Call
from migrator_lib.simulators.gorgias.endpoint import Endpoint
from migrator_lib.simulators.gorgias.store import Document
from migrator_lib.simulators.gorgias.validation import Refused

TYPES = ("attachment", "public_attachment", "profile_picture", "widget_picture")


def _upload(account: Account, call: Call) -> Any:
    kind = call.query.get("type", "attachment")
    if kind not in TYPES:
        raise Refused(400, "Failed to upload", {"type": ["Not a valid choice."]})
    if not call.files:
        raise Refused(400, "Failed to upload", {"file": ["Missing data for required field."]})
    return [_save(account, kind, *file) for file in call.files]


def _save(account: Account, kind: str, label: str, content_type: str, content: bytes) -> Document:
    if len(content) > account.upload_limit:
        raise Refused(413, "The file is too large")
    name = f"{secrets.token_hex(16)}-{account.store.next_id('upload')}"
    account.store.save_file(name, label, content_type, kind != "attachment", content)
    url = f"https://{account.name}.simulated.invalid/api/{kind}/download/{name}"
    return {"content_type": content_type, "name": label, "size": len(content), "url": url}


ROUTES = (Endpoint("POST", "upload", 201, _upload),)
