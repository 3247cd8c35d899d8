"""Where a simulated account gives its app access tokens: ``POST /oauth/token``, beside the API, not below it.

Source: developers.gorgias.com, oauth2-authentication-for-creating-apps-with-gorgias; RFC 6749, 5 and 6.
"""

from __future__ import annotations

import base64
import binascii
import hmac

from starlette.applications import Starlette
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse

from migrator_lib.simulators.gorgias.access.tokens import App
from migrator_lib.simulators.gorgias.account import Account

PATH = "oauth/token"


def add_route(app: Starlette, name: str, account: Account) -> None:
    """Let an account give tokens; one without an app refuses."""

    async def token(request: Request) -> JSONResponse:
        if account.strike("POST", PATH):
            return JSONResponse({"error": "server_error"}, 500)
        try:
            form = await request.form()
        except HTTPException:
            return _problem(400, "invalid_request")
        return _answer(account.app, request.headers.get("authorization"), form)

    app.add_route(f"/{name}/{PATH}", token, methods=["POST"])


def _problem(status: int, code: str) -> JSONResponse:
    return JSONResponse({"error": code}, status)


def _answer(app: App | None, authorization: str | None, form: FormData) -> JSONResponse:
    given = _client(authorization) or (str(form.get("client_id", "")), str(form.get("client_secret", "")))
    if app is None or not _same(given, (app.client_id, app.client_secret)):
        return _problem(401, "invalid_client")
    if form.get("grant_type") != "refresh_token":
        return _problem(400, "unsupported_grant_type")
    if not _same((str(form.get("refresh_token", "")),), (app.refresh_token,)):
        return _problem(400, "invalid_grant")
    return JSONResponse(app.refresh(), headers={"Cache-Control": "no-store"})


def _client(authorization: str | None) -> tuple[str, str] | None:
    """Return the app's id and secret of a Basic header."""
    kind, _, text = (authorization or "").partition(" ")
    if kind != "Basic":
        return None
    try:
        client_id, _, secret = base64.b64decode(text).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return client_id, secret


def _same(given: tuple[str, ...], right: tuple[str, ...]) -> bool:
    return all(
        hmac.compare_digest(one.encode(), other.encode()) and other for one, other in zip(given, right, strict=True)
    )
