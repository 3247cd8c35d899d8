"""A sample that was chosen, loaded into a sandbox and read back, for all tests of the sample; it is made once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from migrator_lib import sample
from migrator_lib.engagement import Engagement
from migrator_lib.plan import make_plan
from migrator_lib.sample import pages as sample_pages
from migrator_lib.sample import required
from migrator_lib.sample.choice import Choice, choose
from migrator_lib.sample.reviewer import Review, Reviewed
from migrator_lib.sample.verdicts import RECORDS
from migrator_lib.staging import Staged
from tests.desk import Desk, desk

CHATS = {
    "chat_senders": {"0": {"becomes": "customer"}, "1": {"becomes": "agent"}, "2": {"becomes": "system"}},
    "chat_views": {"0": {"becomes": "public"}, "1": {"becomes": "internal"}},
}
"""What a person writes into the mapping of codes that no table of SmarterTrack explains."""
KEPT = ("sample_digest", RECORDS, required.KEPT)
STEP = "03_sample_migration"


@dataclass
class Sampled:
    desk: Desk
    engagement: Engagement
    choice: Choice
    staged: Staged
    rehearsed: Review
    rehearsed_calls: list[str]
    review: Review
    digest: str

    def again(self) -> Review:
        return sample.review(self.engagement, self.choice, self.staged)

    def record(self, kind: str) -> Reviewed:
        return next(ticket for ticket in self.review.records if kind in ticket.reasons)

    @property
    def alive(self) -> int:
        """How many tickets, chats and calls of the source move: not deleted, and no spam."""
        rows = self.engagement.source.frequencies
        tables = ("Tickets", "Chats", "CallLogs")
        alive = sum(n for table in tables for deleted, n in rows(table, "IsDeleted") if not deleted)
        return alive - sum(n for spam, n in rows("Tickets", "IsSpam") if spam)

    @property
    def moved(self) -> list[Reviewed]:
        return [ticket for ticket in self.review.records if ticket.outcome == "moved"]


@pytest.fixture(scope="session")
def sampled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sampled]:
    with desk(tmp_path_factory.mktemp("sample")) as made:
        planning = made.open("02_schema_design")
        planning.paths.mapping_file.write_text(json.dumps(CHATS))
        make_plan(planning)
        planning.close()
        rehearsal = made.open(STEP, execute=False)
        choice = choose(rehearsal)
        staged = sample.extract(rehearsal, choice)
        sample.load(rehearsal, staged)
        rehearsed = sample.review(rehearsal, choice, staged)
        assert rehearsal.ledger.meta("sample_digest") is None
        rehearsal.close()
        calls = [call for call in made.sandbox.stats.by_endpoint if not call.startswith("GET")]
        engagement = made.open(STEP)
        staged = sample.extract(engagement, choice)
        sample.load(engagement, staged)
        review = sample.review(engagement, choice, staged)
        digest = engagement.ledger.meta("sample_digest")
        sample_pages.write_pages(engagement, review)
        yield Sampled(made, engagement, choice, staged, rehearsed, calls, review, digest)
        engagement.close()


def change(of: Sampled, kind: str, thing_id: int, **fields: object) -> None:
    store = of.desk.sandbox.store
    document = store.get(kind, thing_id)
    assert document is not None
    parent = document.get("ticket_id") if kind == "message" else (document.get("customer") or {}).get("id")
    with store.transaction():
        store.put(kind, {**document, **fields}, parent=parent)


@pytest.fixture
def spoiled(sampled: Sampled) -> Iterator[Sampled]:
    """The sandbox of the sample, and what is kept of the sample, put back after the test."""
    store = sampled.desk.sandbox.store
    ledger, page = sampled.engagement.ledger, full_page(sampled)
    meta, text = {name: ledger.meta(name) for name in KEPT}, page.read_bytes()
    kept = {kind: {document["id"]: document for document in store.by_kind(kind)} for kind in ("ticket", "message")}
    yield sampled
    with store.transaction():
        for kind, documents in kept.items():
            there = {document["id"]: document for document in store.by_kind(kind)}
            for extra in there.keys() - documents.keys():
                store.delete(kind, extra)
            for document in documents.values():
                if there.get(document["id"]) != document:
                    parent = document["ticket_id"] if kind == "message" else (document["customer"] or {}).get("id")
                    store.put(kind, document, parent=parent)
    for name, value in meta.items():
        ledger.set_meta(name, value)
    page.write_bytes(text)
    for file in (sampled.engagement.paths.signoffs_file, verdicts_file(sampled)):
        file.unlink(missing_ok=True)


def full_page(of: Sampled) -> Path:
    return of.engagement.paths.state / sample_pages.FULL_FILE


def verdicts_file(of: Sampled) -> Path:
    return of.engagement.paths.state / sample_pages.VERDICTS_FILE
