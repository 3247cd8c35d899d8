"""A small knowledge base, and a simulated account to move it into."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from migrator_lib.clock import ManualClock
from migrator_lib.errors import RecordUnusable
from migrator_lib.gorgias.api import GorgiasApi
from migrator_lib.gorgias.auth import api_key
from migrator_lib.gorgias.help_center.articles import (
    Article,
    Category,
    CategoryText,
    KnowledgeBase,
    Media,
    Translation,
)
from migrator_lib.gorgias.rate import RateGate
from migrator_lib.gorgias.transport import Transport
from migrator_lib.simulators.gorgias import Account, in_thread
from migrator_lib.simulators.gorgias.account import Stats
from tests.gorgias.help_center.center import Center
from tests.simulated_account import API_KEY, EMAIL, SEED

PICTURE = b"\x89PNG\r\n\x1a\n\x00picture"


def gone() -> bytes:
    raise RecordUnusable("it is not there", next_step="look for it.")


@pytest.fixture
def base() -> KnowledgeBase:
    """Two categories, one below the other; four articles, of every status, in two languages, with pictures."""
    picture = Media(reference="/KB/Größe.png", name="Größe.png", content_type="image/png", read=lambda: PICTURE)
    manual = Media(reference="manual.pdf", name="manual.pdf", content_type="application/pdf", read=lambda: b"%PDF")
    returns = Translation(
        title="How to return a parcel", slug="returns", excerpt="In 30 days",
        html='<p>Within 30 days.</p><img alt="a > b" src="/KB/Gr&ouml;&szlig;e.png"><a href=\'manual.pdf\'>Manual</a>',
        seo_title="Returns", seo_description="All about returns",
    )  # fmt: skip
    zurueck = Translation(title="Rückgabe eines Pakets", html="<p>Binnen 30 Tagen.</p><img src='/KB/Größe.png'>")
    return KnowledgeBase(
        categories=(
            Category(external_id="c2", parent="c1", texts={"en-US": CategoryText(name="Returns", slug="returning")}),
            Category(
                external_id="c1", position=1,
                texts={"de-DE": CategoryText(name="Versand"),
                       "en-US": CategoryText(name="Shipping & more", description="Parcels")},
            ),
        ),
        articles=(
            Article(
                external_id="a1", category="c2", status="published", brand="Fernhill", media=(picture, manual),
                translations={"de-DE": zurueck, "en-US": returns}, old_urls=("/kb/a1.aspx", "/kb/a1-old.aspx"),
            ),
            Article(
                external_id="a2", category="c1", status="draft",
                translations={"en-US": Translation(title="Not yet", html="<p>Soon</p>")},
            ),
            Article(
                external_id="a3", category=None, status="unlisted",
                translations={"de-DE": Translation(title="Nur auf Deutsch", html="<p>Ja</p>")},
            ),
            Article(
                external_id="a4", category="c1", status="published",
                translations={"en-US": Translation(title="Sizes", html="", excerpt="=1+1")},
            ),
        ),
    )  # fmt: skip


@pytest.fixture(scope="session")
def accounts() -> Iterator[tuple[dict[str, Account], ManualClock, str]]:
    """Two accounts of one server, since a server and its routes take long to make; each test begins with empty ones."""
    clock = ManualClock()
    made = {name: Account(name, None, seed=SEED, clock=clock) for name in ("acme", "other")}
    with in_thread(made) as addresses:
        yield made, clock, addresses["acme"].removesuffix("/acme")
    for account in made.values():
        account.store.close()


@pytest.fixture
def clock(accounts: tuple[dict[str, Account], ManualClock, str]) -> ManualClock:
    """The time of the accounts."""
    return accounts[1]


@pytest.fixture
def centers(accounts: tuple[dict[str, Account], ManualClock, str]) -> dict[str, Center]:
    """The first help center (of type faq) of each account; the others are 2 (guidance) and 3 (snippet)."""
    made, clock, url = accounts
    clock.advance(3600)
    found = {}
    for name, account in made.items():
        account.reset()
        account.faults, account.stats = [], Stats()
        gate = RateGate(requests=40, window_seconds=20.0, reserve=0.1, clock=clock)
        transport = Transport(f"{url}/{name}", auth=api_key(EMAIL, API_KEY), gate=gate, clock=clock)
        found[name] = Center(account, f"{url}/{name}", GorgiasApi(transport))
    return found


@pytest.fixture
def center(centers: dict[str, Center]) -> Center:
    return centers["acme"]


@pytest.fixture
def other_center(centers: dict[str, Center]) -> Center:
    return centers["other"]
