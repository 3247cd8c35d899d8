"""A small knowledge base, and a simulated account to move it into."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

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
from migrator_lib.simulators.gorgias import Account, create_app
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


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def center(served: tuple[Any, str], clock: ManualClock) -> Iterator[Center]:
    """The first help center (of type faq) of an account; the others are 2 (guidance) and 3 (snippet)."""
    switch, url = served
    account = Account("acme", None, seed=SEED, clock=clock)
    switch.app = create_app({"acme": account})
    gate = RateGate(requests=40, window_seconds=20.0, reserve=0.1, clock=clock)
    transport = Transport(f"{url}/acme", auth=api_key(EMAIL, API_KEY), gate=gate, clock=clock)
    yield Center(account, f"{url}/acme", GorgiasApi(transport))
    account.store.close()


@pytest.fixture
def other_center(served: tuple[Any, str], center: Center, clock: ManualClock) -> Iterator[Callable[[], Center]]:
    """Another account, which takes the place of the first at the same address."""
    made: list[Account] = []

    def make() -> Center:
        account = Account("acme", None, seed=SEED, clock=clock)
        made.append(account)
        served[0].app = create_app({"acme": account})
        return Center(account, center.url, center.api)

    yield make
    for account in made:
        account.store.close()
