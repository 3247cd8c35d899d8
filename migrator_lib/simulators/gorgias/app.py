"""The HTTP face of simulated accounts: authentication, rate limit, errors and faults around every route."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from functools import partial
from typing import Any

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError

from migrator_lib.clock import ScaledClock
from migrator_lib.simulators.gorgias import admin, inspector, oauth, openapi, roles
from migrator_lib.simulators.gorgias.account import Account
from migrator_lib.simulators.gorgias.call import Call, read
from migrator_lib.simulators.gorgias.endpoint import Endpoint, Handler
from migrator_lib.simulators.gorgias.routes import ROUTES
from migrator_lib.simulators.gorgias.validation import Refused

HEADER = "X-Gorgias-Account-Api-Call-Limit"


def _json(status: int, body: Any, headers: Mapping[str, str] | None = None) -> Response:
    return Response(json.dumps(body), status, dict(headers or {}), "application/json")


def _error(status: int, message: str, data: Any = None, headers: Mapping[str, str] | None = None) -> Response:
    error = {"msg": message, **({"data": data} if data is not None else {})}
    return _json(status, {"error": error}, headers)


def _answer(account: Account, method: str, path: str, status: int, handler: Handler, call: Call) -> Response:
    """Carry out one request as a transaction."""
    if account.fault(method, path, "http_500_before"):
        return _error(500, "Internal server error")
    if roles.forbids(account.role, method, path, call.body):
        return _error(403, "You do not have the permission to do this")
    with account.store.transaction():
        result = handler(account, call)
        if method != "GET":
            account.remember(result)
    if account.fault(method, path, "http_500_after_commit"):
        return _error(502, "Bad gateway")
    if isinstance(result, Response):
        return result
    if status == 204 or result is None:
        return Response(status_code=status)
    return _json(status, result)


async def _on_the_way(account: Account) -> None:
    """Let half of the latency pass, by the account's clock; one that moves only when told is moved at once."""
    half = account.latency_seconds / 2
    if half and isinstance(account.clock, ScaledClock):
        await asyncio.sleep(half / account.clock.speed)
    elif half:
        account.clock.sleep(half)


def _cut_off(request: Request) -> None:
    """Close the connection without a reply; only the server's own receive channel knows its socket."""
    request.receive.__self__.transport.abort()  # type: ignore[attr-defined]


def _endpoint(account: Account, route: Endpoint) -> Any:
    method, path, status, handler = route
    name = f"{method} {path}"

    async def endpoint(request: Request) -> Response:
        await _on_the_way(account)
        response = await answer(request)
        await _on_the_way(account)
        return response

    async def answer(request: Request) -> Response:
        if not route.guarded:
            return await carried_out(request)
        if not account.knows(request.headers.get("authorization")):
            return _error(401, "Invalid credentials", headers={HEADER: f"{account.limit.used()}/{account.limit.limit}"})
        allowed, used, wait = account.limit.take()
        headers = {HEADER: f"{used}/{account.limit.limit}"}
        account.count(name, throttled=not allowed)
        if not allowed:
            return _error(429, "Too many requests", headers={**headers, "Retry-after": str(wait)})
        if account.app and not account.app.permits(request.headers.get("authorization"), method, path):
            return _error(403, "The app lacks the scope for this", headers=headers)
        response = await carried_out(request)
        response.headers.update(headers)
        return response

    async def carried_out(request: Request) -> Response:
        try:
            call = await read(request)
            slow = account.fault(method, path, "slow")
            if slow:
                await asyncio.sleep(slow.seconds)
            response = _answer(account, method, path, status, handler, call)
        except Refused as refusal:
            response = _error(refusal.status, refusal.message, refusal.data, refusal.headers)
        if account.fault(method, path, "reset_after_commit"):
            _cut_off(request)
        return response

    return endpoint


async def _no_route(_request: Request, error: Exception) -> Response:
    status = int(getattr(error, "status_code", 404))
    return _error(status, "Method not allowed" if status == 405 else "Not found")


async def _refused(_request: Request, error: Exception) -> Response:
    assert isinstance(error, Refused)
    return _error(error.status, error.message, error.data, error.headers)


async def _unfit(_request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    data = {".".join(str(part) for part in problem["loc"]): [problem["msg"]] for problem in error.errors()}
    return _error(400, "The request is not as it must be", data)


def _described(name: str, behind: APIRouter) -> dict[str, Any]:
    return openapi.document(name, ROUTES, *admin.schemas_and_paths(behind))


def create_app(accounts: Mapping[str, Account]) -> FastAPI:
    """Return the app that serves these accounts, each below ``/<name>/api/``, and pages to look at them."""
    handlers: dict[int | type[Exception], Any] = {
        404: _no_route, 405: _no_route, Refused: _refused, RequestValidationError: _unfit
    }  # fmt: skip
    # its own pages of the API load scripts from elsewhere
    app = FastAPI(
        title="Simulated Gorgias", docs_url=None, redoc_url=None, openapi_url=None, exception_handlers=handlers
    )  # fmt: skip
    for name, account in accounts.items():
        for route in ROUTES:
            numbered = route.path.replace("id}", "id:number}")
            endpoint = _endpoint(account, route)
            app.add_api_route(
                f"/{name}/api/{numbered}", endpoint, methods=[route.method], response_model=None, tags=[name]
            )
        oauth.add_route(app, name, account)
        behind = admin.router(account)
        app.include_router(behind, prefix=f"/{name}")
        described = partial(_described, name, behind)
        app.include_router(inspector.router(name, account, described), prefix=f"/{name}")
    app.include_router(inspector.start_page(accounts))
    return app
