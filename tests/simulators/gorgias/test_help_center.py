"""The Help Center service of a simulated account: its token, its help centers, what it refuses, and the import."""

from __future__ import annotations

import base64
import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests

from migrator_lib.clock import ManualClock
from migrator_lib.simulators.gorgias import Account, read_seed
from migrator_lib.simulators.gorgias.help_center.service import centers
from tests.simulated_account import SEED
from tests.simulators.gorgias.asking import Asker

Call = Callable[..., requests.Response]
CENTER = "help-center/help-centers/1"


def text(slug: str = "returns", locale: str = "en-US", **more: Any) -> dict[str, Any]:
    return {
        "locale": locale,
        "title": "Returns",
        "content": "<p>x</p>",
        "slug": slug,
        "visibility_status": "PUBLIC",
        **more,
    }


def article(slug: str = "returns", category: int | None = None, **more: Any) -> dict[str, Any]:
    return {"category_id": category, "translation": text(slug, **more)}


def category(slug: str = "shipping", parent: int | None = None) -> dict[str, Any]:
    return {"parent_category_id": parent, "translation": {"locale": "en-US", "title": "Shipping", "slug": slug}}


def token(ask: Asker) -> str:
    return str(ask("POST", "help-center/auth", {}).json()["access_token"])


@pytest.fixture
def signed(ask: Asker) -> Call:
    """A client that has a token, which ends only where a test moves the clock."""
    ask.account.clock = ManualClock()
    headers = {"Authorization": f"Bearer {token(ask)}"}
    return lambda method, path, body=None: ask(method, path, body, auth=None, headers=headers)


# --- token ---------------------------------------------------------------------------------------------


def test_a_token_is_had_with_the_accounts_credentials(ask: Asker) -> None:
    assert ask("POST", "help-center/auth", {}, auth=("a@b.example", "wrong")).status_code == 401
    claims = token(ask).split(".")[1]
    told = json.loads(base64.urlsafe_b64decode(claims + "=="))
    assert told["exp"] - told["iat"] == 1800


@pytest.mark.parametrize("body", [{"a": 1}, [1], [[1]], "x", 5])
def test_a_token_is_asked_for_with_nothing(ask: Asker, body: Any) -> None:
    ask.refusal("POST", "help-center/auth", body)


@pytest.mark.parametrize("header", [None, "Bearer ", "Bearer x.y.z", "Basic x", "Bearer " + "é" * 5])
def test_nothing_else_opens_the_service(ask: Asker, header: str | None) -> None:
    headers = {} if header is None else {"Authorization": header.encode()}
    assert ask("GET", "help-center/help-centers", auth=None, headers=headers).status_code == 401
    assert ask("GET", "help-center/help-centers").status_code == 401  # the API's own credentials


def test_what_else_the_account_has_sealed_is_no_token(ask: Asker, signed: Call) -> None:
    for n in range(2):
        ask.make("tags", {"name": f"tag {n}"})
    cursor = ask("GET", "tags?limit=1").json()["meta"]["next_cursor"]
    headers = {"Authorization": f"Bearer x.{cursor}"}
    assert ask("GET", "help-center/help-centers", auth=None, headers=headers).status_code == 401


def test_a_token_ends(ask: Asker, signed: Call) -> None:
    assert signed("GET", CENTER + "/articles").status_code == 200
    clock = ask.account.clock
    assert isinstance(clock, ManualClock)
    clock.advance(1801)
    assert signed("GET", CENTER + "/articles").status_code == 401


# --- help centers --------------------------------------------------------------------------------------


def test_a_seed_says_which_help_centers_there_are(tmp_path: Path) -> None:
    given = [{"name": "Shop", "type": "faq", "default_locale": "de-DE"}]
    file = tmp_path / "seed.json"
    file.write_text(json.dumps({**SEED, "help_centers": given}))
    account = Account("demo", None, seed=read_seed(file), clock=ManualClock())
    assert [(one["name"], one["default_locale"]) for one in centers(account)] == [("Shop", "de-DE")]
    account.store.close()


def test_an_account_has_help_centers_of_every_type(signed: Call) -> None:
    rows = signed("GET", "help-center/help-centers").json()["data"]
    assert [(row["id"], row["type"]) for row in rows] == [(1, "faq"), (2, "guidance"), (3, "snippet")]
    rows = signed("GET", "help-center/help-centers?type=guidance").json()["data"]
    assert [row["id"] for row in rows] == [2]


def test_what_is_of_one_help_center_is_not_of_another(signed: Call) -> None:
    made = signed("POST", CENTER + "/articles", article()).json()["id"]
    other = "help-center/help-centers/2"
    assert signed("GET", f"{other}/articles").json()["data"] == []
    assert signed("GET", f"{other}/articles/{made}/translations").status_code == 404
    assert signed("DELETE", f"{other}/articles/{made}").status_code == 404
    assert signed("POST", other + "/articles", article()).status_code == 201  # the same address
    assert signed("GET", "help-center/help-centers/9/articles").status_code == 404


# --- what is made and refused --------------------------------------------------------------------------


def test_an_article_is_shown_with_its_languages(signed: Call) -> None:
    above = signed("POST", CENTER + "/categories", category()).json()["id"]
    made = signed("POST", CENTER + "/articles", article(category=above)).json()
    assert (made["category_id"], made["translation"]["is_current"], made["available_locales"]) == (
        above,
        True,
        ["en-US"],
    )
    path = f"{CENTER}/articles/{made['id']}/translations"
    assert signed("POST", path, text("rueckgabe", "de-DE", is_current=False)).status_code == 201
    (row,) = signed("GET", CENTER + "/articles").json()["data"]
    assert row["available_locales"] == ["en-US", "de-DE"]
    assert [one["is_current"] for one in signed("GET", path).json()["data"]] == [True, False]


@pytest.mark.parametrize(
    ("path", "body", "status", "place"),
    [
        ("articles", {}, 400, "translation"),
        ("articles", article(more=1), 400, "translation"),
        ("articles", article(category=99), 400, "category_id"),
        ("articles", article(category=1 << 62), 400, "category_id"),
        ("articles", article(slug="No Slug"), 400, "translation"),
        ("articles", article(visibility_status="SECRET"), 400, "translation"),
        ("articles", article(locale="english"), 400, "translation"),
        ("articles", article("taken"), 409, "slug"),
        ("categories", category("taken"), 409, "slug"),
        ("categories", category(parent=99), 400, "parent_category_id"),
        ("articles/1/translations", text("other"), 409, "locale"),
        ("articles/1/translations", text("taken-too", "de-DE"), 409, "slug"),
        ("redirects", {"from_url": "/old", "article_id": 1, "locale": "en-US"}, 409, "from_url"),
        ("redirects", {"from_url": "/new", "article_id": 99, "locale": "en-US"}, 400, "article_id"),
    ],
)
def test_what_does_not_fit_is_refused_and_leaves_nothing(
    signed: Call, ask: Asker, path: str, body: Any, status: int, place: str
) -> None:
    signed("POST", CENTER + "/articles", article("taken"))
    signed("POST", CENTER + "/articles", article("taken-too", locale="de-DE"))
    signed("POST", CENTER + "/categories", category("taken"))
    signed("POST", CENTER + "/redirects", {"from_url": "/old", "article_id": 1, "locale": "en-US"})
    kinds = ("hc_article", "hc_article_translation", "hc_category", "hc_category_translation", "hc_redirect")
    before = [ask.account.store.count(kind) for kind in kinds]
    reply = signed("POST", f"{CENTER}/{path}", body)
    assert reply.status_code == status
    assert place in reply.json()["error"]["data"]
    assert [ask.account.store.count(kind) for kind in kinds] == before


def test_what_is_deleted_frees_its_address(signed: Call) -> None:
    made = signed("POST", CENTER + "/articles", article()).json()["id"]
    assert signed("DELETE", f"{CENTER}/articles/{made}").status_code == 204
    assert signed("GET", CENTER + "/articles").json()["data"] == []
    assert signed("POST", CENTER + "/articles", article()).status_code == 201


def test_what_is_deleted_is_referred_to_by_nothing(signed: Call, ask: Asker) -> None:
    above = signed("POST", CENTER + "/categories", category()).json()["id"]
    signed("POST", CENTER + "/categories", category("below", parent=above))
    made = signed("POST", CENTER + "/articles", article(category=above)).json()["id"]
    signed("POST", CENTER + "/redirects", {"from_url": "/old", "article_id": made, "locale": "en-US"})
    assert signed("DELETE", f"{CENTER}/categories/{above}").status_code == 204
    assert [row["category_id"] for row in signed("GET", CENTER + "/articles").json()["data"]] == [None]
    assert [row["parent_category_id"] for row in signed("GET", CENTER + "/categories").json()["data"]] == [None]
    assert ask.account.store.count("hc_redirect") == 1
    assert signed("DELETE", f"{CENTER}/articles/{made}").status_code == 204
    assert ask.account.store.count("hc_redirect") == 0


def test_lists_have_pages(signed: Call) -> None:
    for n in range(3):
        signed("POST", CENTER + "/articles", article(f"article-{n}"))
    first = signed("GET", CENTER + "/articles?limit=2").json()
    rest = signed("GET", f"{CENTER}/articles?limit=2&cursor={first['meta']['next_cursor']}").json()
    assert [row["translation"]["slug"] for row in first["data"] + rest["data"]] == [
        "article-0",
        "article-1",
        "article-2",
    ]


# --- import --------------------------------------------------------------------------------------------

COLUMNS = {
    "categories": "category,locale,parent,position,name,slug,description",
    "images": "article,reference,file,name,content_type,bytes,sha256",
    "articles": "article,locale,title,slug,category,status,visibility,brand,excerpt,seo_title,seo_description,"
    "html_file",
    "redirects": "from_url,article,locale,to_slug",
}


def package(**more: str) -> bytes:
    """A package with one article, but for what is given."""
    line = "a1,en-US,'=Sum,sum,,draft,UNLISTED,,,,,a.html"
    files = {f"{name}.csv": columns + "\r\n" for name, columns in COLUMNS.items()}
    files["articles.csv"] += line
    files |= {"a.html": "<p>x</p>"} | {name.replace("__", "."): content for name, content in more.items()}
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return stream.getvalue()


def imported(ask: Asker, content: bytes, center: int = 1) -> requests.Response:
    return ask.session.post(f"{ask.url}/_simulator/help-centers/{center}/import", data=content, timeout=30)


def test_an_import_makes_what_the_package_says(ask: Asker, signed: Call) -> None:
    assert imported(ask, package()).json() == {"categories": 0, "articles": 1, "redirects": 0}
    (row,) = signed("GET", CENTER + "/articles").json()["data"]
    made = row["translation"]
    assert (made["title"], made["visibility_status"], made["is_current"]) == ("=Sum", "UNLISTED", False)


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"no zip", 400),
        (package(articles__csv="article,locale\r\na1,en-US\r\n"), 400),
        (package(articles__csv=COLUMNS["articles"] + "\r\na1,en-US,Sum,sum,c9,draft,UNLISTED,,,,,a.html"), 400),
        (package(articles__csv=COLUMNS["articles"] + "\r\na1,en-US,Sum,Not A Slug,,draft,UNLISTED,,,,,a.html"), 400),
        (package(articles__csv=COLUMNS["articles"] + "\r\na1,en-US,Sum,sum,,draft,UNLISTED,,,,,lost.html"), 400),
        (package(articles__csv=COLUMNS["articles"] + "\r\na1,en-US,S,sum,,draft,,,,,,a.html" * 2), 409),
        (package(redirects__csv=COLUMNS["redirects"] + "\r\n/x,a9,en-US,sum"), 400),
    ],
    ids=["no zip", "columns", "category", "slug", "file", "twice", "redirect"],
)  # fmt: skip
def test_a_package_that_is_none_is_refused_and_leaves_nothing(
    ask: Asker, signed: Call, content: bytes, status: int
) -> None:
    assert imported(ask, content).status_code == status
    assert signed("GET", CENTER + "/articles").json()["data"] == []


def test_an_import_needs_a_help_center(ask: Asker) -> None:
    assert imported(ask, package(), center=9).status_code == 404
