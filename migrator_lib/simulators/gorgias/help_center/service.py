"""The Help Center service of a simulated account, as far as public clients show it: undocumented, so all a guess.

A token is had with the account's credentials, and signs everything else. An account has several help centers; those
of type guidance and snippet feed the AI Agent. Addresses are unique for a language. What the seed says in
``help_centers`` is there at first, or one of each type.
"""

from __future__ import annotations

import base64
import json
from typing import Any

from fastapi import Response
from pydantic import BaseModel

from migrator_lib.gorgias.help_center.contract import (
    ArticleCreate,
    ArticleTranslation,
    AuthRequest,
    CategoryCreate,
    CategoryTranslation,
    RedirectCreate,
)
from migrator_lib.gorgias.help_center.replies import Center as CenterReply
from migrator_lib.gorgias.help_center.replies import RedirectReply, Row, TokenReply, TranslationReply
from migrator_lib.simulators.gorgias.account import Account
from migrator_lib.simulators.gorgias.store import Document
from migrator_lib.simulators.gorgias.web.endpoint import PAGING, Endpoint, Handler, Query
from migrator_lib.simulators.gorgias.web.paging import envelope, listed
from migrator_lib.simulators.gorgias.web.request import Call, required
from migrator_lib.simulators.gorgias.web.signed_text import seal, unseal
from migrator_lib.simulators.gorgias.web.validation import Refused, parse, refuse

CENTER = "help-center/help-centers/{id}"
TYPES = ("faq", "guidance", "snippet")
TOKEN_SECONDS = 1800
SIGN = "help-center"
"""What a token is sealed for: nothing else that is sealed is one."""
DEFAULT = tuple({"name": kind.capitalize(), "type": kind, "default_locale": "en-US"} for kind in TYPES)


# --- token ---------------------------------------------------------------------------------------------


def _auth(account: Account, call: Call) -> Document:
    """``POST /help-center/auth``: a token that looks like a JWT, so that its holder can read when it ends."""
    parse(AuthRequest, {} if call.body is None else call.body, "authenticate")
    until = _seconds(account) + TOKEN_SECONDS
    claims = {"iat": int(until - TOKEN_SECONDS), "exp": int(until), "domain": account.name}
    parts = ({"alg": "none", "typ": "JWT"}, claims)
    head = ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts)
    return {"access_token": f"{head}.{seal(SIGN, f'{until} {account.name}')}"}


def _seconds(account: Account) -> float:
    return account.clock.now().timestamp()


def _check_token(account: Account, call: Call) -> None:
    kind, _, token = (call.authorization or "").partition(" ")
    until, _, name = (unseal(SIGN, token.rpartition(".")[2]) or "").partition(" ")
    if (kind, name) != ("Bearer", account.name) or _seconds(account) >= float(until):
        raise Refused(401, "Unauthorized")


def _signed(handler: Handler) -> Handler:
    """Return a handler that wants the service's own token."""

    def checked(account: Account, call: Call) -> Any:
        _check_token(account, call)
        return handler(account, call)

    return checked


# --- help centers --------------------------------------------------------------------------------------


def centers(account: Account) -> list[Document]:
    """Return the account's help centers; they are put in when first asked for."""
    if not account.store.count("help_center"):
        for given in account.seed.get("help_centers") or DEFAULT:
            center_id = account.store.next_id("help_center")
            account.store.put("help_center", {"id": center_id, "subdomain": f"{account.name}-{center_id}", **given})
    return account.store.by_kind("help_center")


def _list_centers(account: Account, call: Call) -> Document:
    kind = call.query.get("type")
    return envelope(call, [one for one in centers(account) if kind in (None, one["type"])])


def _center(account: Account, call: Call) -> Document:
    centers(account)
    return required(account, "help_center", call.id())


# --- articles and categories ---------------------------------------------------------------------------


def _texts(account: Account, kind: str, thing: int) -> list[Document]:
    return account.store.by(f"{kind}_translation", "parent", thing)


def _shown(account: Account, kind: str, thing: Document) -> Document:
    texts = _texts(account, kind, thing["id"])
    return {**thing, "translation": texts[0], "available_locales": [text["locale"] for text in texts]}


def _list(kind: str) -> Handler:
    def handler(account: Account, call: Call) -> Document:
        center = _center(account, call)
        return listed(account, kind, call, where={"parent": center["id"]}, show=lambda d: _shown(account, kind, d))

    return handler


def _of_center(account: Account, call: Call, kind: str) -> Document:
    center, thing = _center(account, call), required(account, kind, call.id("thing_id"))
    if thing["help_center_id"] != center["id"]:
        raise Refused(404, "It is not of this help center.")
    return thing


def add_text(account: Account, kind: str, thing: Document, given: BaseModel) -> Document:
    """Put in one language of an article or a category.

    Raises:
        Refused: 409, the thing has it already, or its address is another one's.
    """
    text = given.model_dump()
    if any(one["locale"] == text["locale"] for one in _texts(account, kind, thing["id"])):
        raise refuse(409, "create translation", "locale", "There is a translation for this locale already.")
    address = f"{thing['help_center_id']} {text['locale']} {text['slug']}"
    if account.store.by(f"{kind}_translation", "name", address):
        raise refuse(409, "create translation", "slug", "This slug is in use.")
    now = account.now()
    document = {
        "id": account.store.next_id(f"{kind}_translation"), f"{kind.removeprefix('hc_')}_id": thing["id"], **text,
        "created_datetime": now, "updated_datetime": now,
    }  # fmt: skip
    account.store.put(f"{kind}_translation", document, name=address, parent=thing["id"])
    return document


def replace_text(account: Account, kind: str, thing: Document, given: BaseModel) -> Document:
    """Change one language of an article.

    Raises:
        Refused: 404, it has not that language; 409, its new address is another one's.
    """
    text = given.model_dump()
    there = next((one for one in _texts(account, kind, thing["id"]) if one["locale"] == text["locale"]), None)
    if there is None:
        raise Refused(404, "There is no translation for this locale.")
    address = f"{thing['help_center_id']} {text['locale']} {text['slug']}"
    if any(one["id"] != there["id"] for one in account.store.by(f"{kind}_translation", "name", address)):
        raise refuse(409, "update translation", "slug", "This slug is in use.")
    document = {**there, **text, "updated_datetime": account.now()}
    account.store.put(f"{kind}_translation", document, name=address, parent=thing["id"])
    return document


def create_category(account: Account, center: Document, given: CategoryCreate) -> Document:
    """Make a category in its first language.

    Raises:
        Refused: 400, the one above it is not there; 409, its address is another one's.
    """
    parent = given.parent_category_id
    above = account.store.get("hc_category", parent) if parent is not None else None
    if parent is not None and (above is None or above["help_center_id"] != center["id"]):
        raise refuse(400, "create category", "parent_category_id", "Does not exist.")
    return _make(account, "hc_category", center, {"parent_category_id": parent}, given.translation)


def create_article(account: Account, center: Document, given: ArticleCreate) -> Document:
    """Make an article in its first language.

    Raises:
        Refused: 400, its category is not there; 409, its address is another one's.
    """
    category = given.category_id
    found = account.store.get("hc_category", category) if category is not None else None
    if category is not None and (found is None or found["help_center_id"] != center["id"]):
        raise refuse(400, "create article", "category_id", "Does not exist.")
    return _make(account, "hc_article", center, {"category_id": category}, given.translation)


def _make(account: Account, kind: str, center: Document, more: Document, text: BaseModel) -> Document:
    now = account.now()
    thing = {
        "id": account.store.next_id(kind), "help_center_id": center["id"], **more,
        "created_datetime": now, "updated_datetime": now,
    }  # fmt: skip
    account.store.put(kind, thing, parent=center["id"])
    add_text(account, kind, thing, text)
    return _shown(account, kind, thing)


def create_redirect(account: Account, center: Document, given: RedirectCreate) -> Document:
    """Let an old address lead to an article.

    Raises:
        Refused: 400, there is no such article; 409, the address leads somewhere already.
    """
    article = account.store.get("hc_article", given.article_id)
    if article is None or article["help_center_id"] != center["id"]:
        raise refuse(400, "create redirect", "article_id", "Does not exist.")
    address = f"{center['id']} {given.from_url}"
    if account.store.by("hc_redirect", "name", address):
        raise refuse(409, "create redirect", "from_url", "This address is in use.")
    document = {
        "id": account.store.next_id("hc_redirect"), "help_center_id": center["id"], **given.model_dump(),
        "created_datetime": account.now(),
    }  # fmt: skip
    account.store.put("hc_redirect", document, name=address, parent=center["id"])
    return document


def _create_category(account: Account, call: Call) -> Document:
    return create_category(account, _center(account, call), parse(CategoryCreate, call.body, "create category"))


def _create_article(account: Account, call: Call) -> Document:
    return create_article(account, _center(account, call), parse(ArticleCreate, call.body, "create article"))


def _create_redirect(account: Account, call: Call) -> Document:
    return create_redirect(account, _center(account, call), parse(RedirectCreate, call.body, "create redirect"))


def _list_redirects(account: Account, call: Call) -> Document:
    return listed(account, "hc_redirect", call, where={"parent": _center(account, call)["id"]})


def _list_texts(kind: str) -> Handler:
    return lambda account, call: envelope(call, _texts(account, kind, _of_center(account, call, kind)["id"]))


def _add_text(kind: str, model: type[BaseModel]) -> Handler:
    def handler(account: Account, call: Call) -> Document:
        return add_text(account, kind, _of_center(account, call, kind), parse(model, call.body, "create translation"))

    return handler


def _change_text(account: Account, call: Call) -> Document:
    given = parse(ArticleTranslation, call.body, "update translation")
    if given.locale != call.path["locale"]:
        raise refuse(400, "update translation", "locale", "Is not that of the address.")
    return replace_text(account, "hc_article", _of_center(account, call, "hc_article"), given)


def _leave(account: Account, category: Document) -> None:
    """Let what was below a category that is deleted be below none: a guess, as all here."""
    for kind, field in (("hc_article", "category_id"), ("hc_category", "parent_category_id")):
        for thing in account.store.by(kind, "parent", category["help_center_id"]):
            if thing[field] == category["id"]:
                account.store.replace(kind, {**thing, field: None, "updated_datetime": account.now()})


def _forget_redirects(account: Account, article: Document) -> None:
    for redirect in account.store.holding("hc_redirect", "$.article_id", article["id"]):
        account.store.delete("hc_redirect", redirect["id"])


def _delete(kind: str) -> Handler:
    def handler(account: Account, call: Call) -> Response:
        thing = _of_center(account, call, kind)
        if kind == "hc_category":
            _leave(account, thing)
        else:
            _forget_redirects(account, thing)
        account.store.delete_children(f"{kind}_translation", thing["id"])
        account.store.delete(kind, thing["id"])
        return Response(status_code=204)

    return handler


def _routes(
    kind: str, name: str, create: Handler, made: type[BaseModel], text: type[BaseModel]
) -> tuple[Endpoint, ...]:
    path = f"{CENTER}/{name}"
    texts = f"{path}/{{thing_id}}/translations"
    add = _signed(_add_text(kind, text))
    return (
        Endpoint(
            "GET", path, 200, _signed(_list(kind)), f"List {name}", reply=Row, listed=True, query=PAGING, guarded=False
        ),
        Endpoint(
            "POST", path, 201, _signed(create), f"Create one of {name}", body=made, reply=Row, errors=(404, 409),
            guarded=False,
        ),
        Endpoint("DELETE", f"{path}/{{thing_id}}", 204, _signed(_delete(kind)), f"Delete one of {name}", guarded=False),
        Endpoint(
            "GET", texts, 200, _signed(_list_texts(kind)), "List its languages", reply=TranslationReply, listed=True,
            guarded=False,
        ),
        Endpoint(
            "POST", texts, 201, add, "Add a language", body=text, reply=TranslationReply, errors=(409,), guarded=False
        ),
    )  # fmt: skip


REDIRECTS = f"{CENTER}/redirects"
ONE_TEXT = f"{CENTER}/articles/{{thing_id}}/translations/{{locale}}"
ROUTES: tuple[Endpoint, ...] = (
    Endpoint(
        "POST", "help-center/auth", 200, _auth, "Get a token for the Help Center (undocumented)", body=AuthRequest,
        reply=TokenReply,
    ),
    Endpoint(
        "GET", "help-center/help-centers", 200, _signed(_list_centers), "List help centers (undocumented)",
        reply=CenterReply, listed=True, query=(Query("type", str, "faq, guidance or snippet"),), guarded=False,
    ),
    *_routes("hc_category", "categories", _create_category, CategoryCreate, CategoryTranslation),
    *_routes("hc_article", "articles", _create_article, ArticleCreate, ArticleTranslation),
    Endpoint(
        "PUT", ONE_TEXT, 200, _signed(_change_text), "Change a language of an article", body=ArticleTranslation,
        reply=TranslationReply, errors=(404, 409), guarded=False,
    ),
    Endpoint(
        "GET", REDIRECTS, 200, _signed(_list_redirects), "List redirects", reply=RedirectReply, listed=True,
        query=PAGING, guarded=False,
    ),
    Endpoint(
        "POST", REDIRECTS, 201, _signed(_create_redirect), "Create a redirect", body=RedirectCreate,
        reply=RedirectReply, errors=(409,), guarded=False,
    ),
)  # fmt: skip
