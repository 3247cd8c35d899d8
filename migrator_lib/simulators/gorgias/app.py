"""The HTTP face of simulated accounts: authentication, rate limit, errors and faults around every route."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from functools import cache, partial
from typing import Any

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send

from migrator_lib.clock import ScaledClock
from migrator_lib.simulators.gorgias import admin, inspector
from migrator_lib.simulators.gorgias.access import oauth, roles
from migrator_lib.simulators.gorgias.account import Account
from migrator_lib.simulators.gorgias.behaviour.clockwork import catch_up
from migrator_lib.simulators.gorgias.help_center import importer
from migrator_lib.simulators.gorgias.limits.broken_replies import Truncated, cut_off
from migrator_lib.simulators.gorgias.limits.faults import AFTER, BEFORE, Fault
from migrator_lib.simulators.gorgias.routes import ROUTES
from migrator_lib.simulators.gorgias.web import openapi
from migrator_lib.simulators.gorgias.web.endpoint import Endpoint
from migrator_lib.simulators.gorgias.web.pausing import is_in_process, pause
from migrator_lib.simulators.gorgias.web.request import Call, read
from migrator_lib.simulators.gorgias.web.validation import Refused

HEADER = "X-Gorgias-Account-Api-Call-Limit"


def _json(status: int, body: Any, headers: Mapping[str, str] | None = None) -> Response:
    return Response(json.dumps(body), status, dict(headers or {}), "application/json")


def _error(status: int, message: str, data: Any = None, headers: Mapping[str, str] | None = None) -> Response:
    error = {"msg": message, **({"data": data} if data is not None else {})}
    return _json(status, {"error": error}, headers)


def _answer(account: Account, route: Endpoint, call: Call) -> Response:
    """Carry out one request as a transaction, after what was due before it."""
    catch_up(account)
    if roles.forbids(account.role, route.method, route.path, call.body):
        return _error(403, "You do not have the permission to do this")
    with account.store.transaction():
        result = route.handler(account, call)
        if route.method != "GET":
            account.remember(result)
    if isinstance(result, Response):
        return result
    if route.status == 204 or result is None:
        return Response(status_code=route.status)
    return _json(route.status, result)


def _away(account: Account, request: Request) -> Response:
    """Turn a request away while the account is down: by turns nobody listens, and what stands before it says so."""
    account.turned_away += 1
    return cut_off(request) if account.turned_away % 2 else _error(503, "Service unavailable")


def _not_carried_out(account: Account, fault: Fault, request: Request) -> Response:
    if fault.kind == "throttled":
        account.stats.throttled += 1
        return _error(429, "Too many requests", headers={"Retry-after": str(math.ceil(fault.seconds or 1))})
    if fault.kind == "http_500_before":
        return _error(500, "Internal server error")
    if fault.kind == "crash_before":
        account.crash(fault.seconds)
    return cut_off(request)


def _carried_out(account: Account, fault: Fault, request: Request, response: Response) -> Response:
    if fault.kind == "http_500_after_commit":
        return _error(502, "Bad gateway")
    if fault.kind == "truncated" and response.body:
        return Truncated(response)
    if fault.kind == "crash_after_commit":
        account.crash(fault.seconds)
    return cut_off(request)


async def _on_the_way(account: Account, request: Request) -> None:
    """Let half of the latency pass, by the account's clock; one that moves only when told is moved at once."""
    half = account.latency_seconds / 2
    if half and isinstance(account.clock, ScaledClock):
        await pause(request, half, speed=account.clock.speed)
    elif half and is_in_process(request):
        await pause(request, half)
    elif half:
        account.clock.sleep(half)


def _endpoint(account: Account, route: Endpoint) -> Any:
    name = f"{route.method} {route.path}"

    async def endpoint(request: Request) -> Response:
        if account.is_down():
            return _away(account, request)
        life = account.lives
        await _on_the_way(account, request)
        response = await (answer(request) if route.guarded or route.metered else fulfil(request))
        await _on_the_way(account, request)
        return response if life == account.lives else cut_off(request)

    async def answer(request: Request) -> Response:
        authorization = request.headers.get("authorization")
        if not account.knows(authorization):
            if not route.guarded:
                return await fulfil(request)
            return _error(401, "Invalid credentials", headers={HEADER: f"{account.limit.used()}/{account.limit.limit}"})
        bucket = account.bucket(str(authorization))
        allowed, used, wait = bucket.take()
        headers = {HEADER: f"{used}/{bucket.limit}"}
        account.count(name, throttled=not allowed)
        if not allowed:
            return _error(429, "Too many requests", headers={**headers, "Retry-after": str(wait)})
        if account.app and not account.app.permits(authorization, route.method, route.path):
            return _error(403, "The app lacks the scope for this", headers=headers)
        response = await fulfil(request)
        response.headers.update(headers)
        return response

    async def fulfil(request: Request) -> Response:
        """Read and carry out a request, or what a fault leaves of that."""
        fault, life = account.strike(route.method, route.path), account.lives
        try:
            call = await read(request)
            if fault and fault.kind == "slow":
                await pause(request, fault.seconds)
            if life != account.lives:
                return cut_off(request)  # the process that read it is dead
            if fault and fault.kind in BEFORE:
                return _not_carried_out(account, fault, request)
            response = _answer(account, route, call)
        except ClientDisconnect:
            return cut_off(request)
        except Refused as refusal:
            response = _error(refusal.status, refusal.message, refusal.data, refusal.headers)
        return _carried_out(account, fault, request, response) if fault and fault.kind in AFTER else response

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


HANDLERS: Mapping[int | type[Exception], Any] = {
    404: _no_route, 405: _no_route, Refused: _refused, RequestValidationError: _unfit
}  # fmt: skip


def _beside(accounts: Mapping[str, Account]) -> FastAPI:
    """Return the app of what the product has not: the simulator's own API, and pages to look at the accounts."""
    # FastAPI's own pages of an API load scripts from elsewhere
    app = FastAPI(
        title="Simulated Gorgias", docs_url=None, redoc_url=None, openapi_url=None, exception_handlers=dict(HANDLERS)
    )  # fmt: skip
    for name, account in accounts.items():
        importer.add_route(app, name, account)
        behind = admin.router(account)
        app.include_router(behind, prefix=f"/{name}")
        described = partial(_described, name, behind)
        app.include_router(inspector.router(name, account, described), prefix=f"/{name}")
    app.include_router(inspector.start_page(accounts))
    return app


def create_app(accounts: Mapping[str, Account]) -> Starlette:
    """Return the app that serves these accounts, each below ``/<name>/api/``, and pages to look at them.

    What stands beside the API is made when it is first asked for: it takes far longer to make than the API, and most
    clients never look.
    """
    app = Starlette(exception_handlers=HANDLERS)
    for name, account in accounts.items():
        for route in ROUTES:
            numbered = route.path.replace("id}", "id:number}")
            app.add_route(f"/{name}/api/{numbered}", _endpoint(account, route), methods=[route.method])
        oauth.add_route(app, name, account)
    made = cache(lambda: _beside(accounts))

    async def beside(scope: Scope, receive: Receive, send: Send) -> None:
        await made()(scope, receive, send)

    app.router.default = beside
    return app
