"""Pages to look at what is in a simulated account: tickets as an agent would see them, and all the rest.

They are for people and read only; nothing is asked of who opens them, since the server listens on loopback alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache, partial
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from migrator_lib import pages
from migrator_lib.simulators.gorgias.account import Account
from migrator_lib.simulators.gorgias.inspector import docs, files, lists, operations, shell, ticket_list, ticket_page
from migrator_lib.simulators.gorgias.inspector.shell import Site

__all__ = ["router", "start_page"]
Page = Callable[[Account, Site, Mapping[str, str]], Response]
PAGES: Mapping[str, Page] = {
    "": ticket_list.page,
    "rules": operations.automation,
    "outbox": operations.outbox,
    "calls": operations.calls,
    **{place: partial(lists.page, place) for place in lists.LISTS},
}


def router(name: str, account: Account, described: Callable[[], dict[str, Any]]) -> APIRouter:
    """Return the pages of an account, to be put below its name.

    Args:
        name: the account's.
        account: what is looked at.
        described: returns its OpenAPI document, which takes a while to make.
    """
    site = Site(name)
    routes = APIRouter(include_in_schema=False)
    for place, page in PAGES.items():
        routes.add_api_route(f"/{place}", _shown(page, account, site), methods=["GET"], response_model=None)
    _add_single(routes, account, site)
    _add_description(routes, site, described)
    return routes


def _shown(page: Page, account: Account, site: Site) -> Callable[[Request], Response]:
    def shown(request: Request) -> Response:
        return page(account, site, dict(request.query_params))

    return shown


def _add_single(routes: APIRouter, account: Account, site: Site) -> None:
    @routes.get("/tickets/{ticket_id:number}", response_model=None)
    def ticket(ticket_id: int) -> Response:
        return ticket_page.page(account, site, ticket_id)

    @routes.get("/customers/{customer_id:number}", response_model=None)
    def customer(customer_id: int) -> Response:
        return lists.customer(account, site, customer_id)

    @routes.get("/users/{user_id:number}", response_model=None)
    def user(user_id: int) -> Response:
        return lists.user(account, site, user_id)

    @routes.get("/_simulator/files/{name}", response_model=None)
    def file(name: str) -> Response:
        return files.download(account, name) or site.missing("such file")


def _add_description(routes: APIRouter, site: Site, described: Callable[[], dict[str, Any]]) -> None:
    document = cache(described)

    @routes.get("/openapi.json", response_model=None)
    def openapi() -> Response:
        return JSONResponse(document())

    @routes.get("/docs", response_model=None)
    def documentation() -> Response:
        return docs.page(site, document())


def start_page(accounts: Mapping[str, Account]) -> APIRouter:
    """Return the page that leads to the accounts, by name."""
    routes = APIRouter(include_in_schema=False)

    @routes.get("/favicon.ico", status_code=204, response_model=None)
    def icon() -> None:
        """Browsers ask for one; there is none."""

    @routes.get("/", response_model=None)
    def start() -> Response:
        rows = [_account(Site(name), account) for name, account in accounts.items()]
        told = pages.paragraph("Stand-ins for the product, on this machine alone: nothing in them reaches a person.")
        text = pages.page("Simulated Gorgias accounts", told, pages.table(rows, caption="Accounts"))
        return Response(text, 200, shell.HEADERS, "text/html; charset=utf-8")

    return routes


def _account(site: Site, account: Account) -> dict[str, object]:
    with account.store.lock:
        tickets, mails = account.store.count("ticket"), len(account.store.outbox())
    return {
        "Account": site.link("", site.name), "Tickets": tickets,
        "Outbox": site.link("outbox", f"{mails:,} mail"),
        "API": site.link("docs", "what it takes and answers with"),
    }  # fmt: skip
