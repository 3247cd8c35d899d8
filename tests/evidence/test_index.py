"""The index pages: status first, every number, every link relative, and nothing that is not true."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from migrator_lib import charts
from migrator_lib.charts import course, sankey
from migrator_lib.evidence import index, index_records, overview, summary
from migrator_lib.reconcile.accounts import Account
from tests.index_sample import ENGAGEMENTS, QUARANTINE, RUNS, SUMMARY, given


@pytest.fixture(scope="module", autouse=True)
def drawn_once() -> Iterator[None]:
    """Charts take most of a page's time, and are the same on most pages here."""
    drawn: dict[str, str] = {}

    def once(draw: Callable[..., str]) -> Callable[..., str]:
        def kept(*given: Any, **named: Any) -> str:
            key = f"{draw.__name__} {given} {named}"
            if key not in drawn:
                drawn[key] = draw(*given, **named)
            return drawn[key]

        return kept

    with pytest.MonkeyPatch.context() as patch:
        for module, name in ((charts, "bars"), (sankey, "sankey"), (course, "calls_over_time")):
            patch.setattr(module, name, once(getattr(module, name)))
        yield


def made(**changed: Any) -> str:
    arguments = given(**changed)
    return index.engagement_page(arguments.pop("summary"), **arguments)


def text(page: str) -> str:
    """Return a page's words, its style sheet left out."""
    body = re.sub(r"<svg.*?</svg>", "", page[page.index("<body") :], flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", body)).split())


def row(page: str, first: str) -> list[str]:
    """Return the cells of the first table row that begins with a word."""
    for found in re.findall(r"<tr[^>]*>(<td.*?)</tr>", page):
        cells = [text("<body>" + cell) for cell in re.findall(r"<td[^>]*>(.*?)</td>", found)]
        if cells[0] == first:
            return cells
    raise AssertionError(f"no row {first}")


def test_the_status_comes_first_and_the_company_is_the_title() -> None:
    page = made()
    assert "<title>Fernhill Garden Supplies &amp; Sons</title>" in page
    body = page[page.index("<main>") :]
    assert body.index('class="status warn"') < body.index('class="tiles"') < body.index("<table")
    assert "engagement “fernhill”; finished 2026-11-20 17:30 UTC" in page


def test_the_tiles_show_tickets_verified_mail_and_quarantine() -> None:
    tiles = re.findall(r"<li><b>(.*?)</b><span>(.*?)</span>", made())
    assert tiles[:4] == [
        ("11,200", "tickets moved, of 12,000"),
        ("15,716", "records read back and found equal"),
        ("0", "e-mails sent to anybody"),
        ("89", "records quarantined"),
    ]


def test_chats_and_calls_have_a_tile_where_there_are_any() -> None:
    talks = {"live_chat": {"source": 80, "created": 77}, "call_log": {"source": 60, "created": 57}}
    tiles = re.findall(r"<li><b>(.*?)</b><span>(.*?)</span>", made(objects={"ticket": {"source": 9}, **talks}))
    assert tiles[:2] == [("0", "tickets moved, of 9"), ("134", "chats and calls moved, of 140")]


def test_after_a_roll_back_nothing_is_counted_and_nothing_waits_in_quarantine() -> None:
    page = text(made(objects={}, rolled_back=True))
    assert "Nothing is counted any more: what was loaded is rolled back." in page
    assert "tickets moved" not in page
    assert "Quarantined" not in page


def test_mail_that_nobody_has_counted_yet_is_not_called_none() -> None:
    assert ("not known yet", "e-mails sent to anybody") in re.findall(
        r"<li><b>(.*?)</b><span>(.*?)</span>", made(mail_sent=None)
    )


def test_accounts_that_add_up_say_so_for_every_object() -> None:
    page = made()
    assert row(page, "Ticket") == ["Ticket", "adds up", "12,000", "11,200", "0", "14", "700", "0", "86"]
    assert page.count(">adds up<") == len(SUMMARY["objects"])


def test_a_record_without_outcome_is_shown_at_its_object() -> None:
    lost = {**SUMMARY["objects"], "user": {"source": 26, "created": 10, "matched": 14}}
    page = made(objects=lost)
    assert row(page, "Agent")[1] == "+2 open"
    assert page.count(">adds up<") == len(lost) - 1
    assert re.search(r'<tr class="different"><td>Agent', page)


def test_what_differs_in_gorgias_is_marked() -> None:
    page = made()
    assert re.findall(r'<tr class="different"><td>(\w+)', page) == ["Ticket"]
    compared = page[page.index("Verified in Gorgias") :]
    assert row(compared, "Ticket") == ["Ticket", "11,198", "2", "0", "0"]
    assert row(compared, "Agent") == ["Agent", "24", "0", "0", "0"]


def test_what_is_of_no_account_is_compared_all_the_same_and_what_is_wrong_of_it_counts() -> None:
    states = {"ticket": {"validated": 3}, "follow_up": {"validated": 2}, "call_log_note": {"missing": 1}}
    objects = summary.objects([Account("ticket", "Ticket", 3, {"created": 3})], states)
    assert {name: n for name, n in objects["added_note"].items() if n} == {"validated": 2, "missing": 1}
    titles = {"ticket": "Ticket", "added_note": "Notes"}
    page = made(objects=objects, titles=titles)
    assert row(page[page.index("Verified in Gorgias") :], "Notes") == ["Notes", "2", "0", "1", "0"]
    accounts = page[page.index(">Accounts<") : page.index("Verified in Gorgias")]
    assert "Notes" not in accounts, "it is no record of the source"
    assert summary.objects([], {}) == {}


@pytest.mark.parametrize(
    ("state", "tone", "words"),
    [
        ("failed", "bad", "05_load failed: its page says why, and what to do."),
        ("waiting", "warn", "05_load waits at a gate: its page says for what."),
        ("stopped", "warn", "05_load was stopped, and goes on with the next run."),
        ("rehearsed", "warn", "05_load is next."),
    ],
)
def test_a_step_that_was_tried_and_is_not_done_says_why(state: str, tone: str, words: str) -> None:
    first = {"step": "05_load", "status": "failed", "started_at": "2026-11-20T09:00:00Z"}
    last = {"step": "05_load", "status": state, "started_at": "2026-11-20T10:00:00Z"}
    told = summary.not_complete("05_load", [last, first])
    assert (told.tone, told.text) == (tone, f"Not complete: {words}")
    assert summary.not_complete("06_reconcile", [last]).text == "Not complete: 06_reconcile is next."


def test_times_of_a_clock_that_runs_faster_are_told_to_be_so() -> None:
    assert "runs 100 times as fast" in text(made(clock_speed=100.0))
    assert "as fast" not in text(made())


def test_rules_gates_and_steps_are_listed() -> None:
    page = made()
    assert "Ticket skipped spam 612" in text(page)
    assert row(page, "backup proof") == ["backup proof", "met", "04_extract", "M. Osei", "2026-11-19 08:00 UTC", ""]
    assert row(page, "mapping")[1:5] == ["stale", "03_sample_migration", "M. Osei", "2026-11-19"]
    assert row(page, "Audit of the source") == ["Audit of the source", "done", "2026-11-20 09:00 UTC", "42 s"]
    assert row(page, "Cut-over") == ["Cut-over", "not started", "", ""]
    assert "15,840 calls" in text(page)
    assert "97% of the allowed rate used" in text(page)


def test_steps_documents_and_runs_are_linked_and_every_link_is_relative() -> None:
    page = made()
    links = re.findall(r'<a href="([^"]+)"', page)
    assert {link for link in links if not link.startswith("accounts/")} == {
        "runs/20261120T090000Z/01_audit.html",
        "runs/20261120T090000Z/06_reconcile.html",
        "documents/scope.html",
        "documents/sla_rules.html",
        "quarantine.html",
    }
    assert all(run["run_id"] in page and run["result"] in page for run in RUNS)


def test_quarantine_is_counted_by_reason_and_each_record_is_folded() -> None:
    page = made()
    quarantined = page[page.index(">Quarantined</h2>") :]
    wanted = ["Organization", "Gorgias: name: Longer than maximum length 255.", "3"]
    assert row(quarantined, "Organization") == wanted
    assert row(quarantined, "Ticket") == ["Ticket", "its requester (requester:u77) is not in Gorgias", "86"]
    folded = quarantined[quarantined.index("<summary>Each record") :]
    assert row(folded, "Ticket") == ["Ticket", "1000", "its requester (requester:u77) is not in Gorgias"]
    assert folded.count("its requester (") == sum(one["object"] == "ticket" for one in QUARANTINE)


def test_of_a_large_quarantine_the_first_are_listed_and_the_number_told() -> None:
    many = [{"object": "ticket", "key": str(n), "reason": f"reason {n}"} for n in range(1000)]
    arguments = given() | {"quarantine": many}
    page = index.engagement_page(arguments.pop("summary"), **arguments)
    assert f"The first {index_records.LISTED} of 1,000." in page
    assert f">reason {index_records.LISTED - 1}<" in page
    assert f">reason {index_records.LISTED}<" not in page


def test_a_simulation_is_called_one_and_a_migration_is_not() -> None:
    assert "Simulated." in text(made())
    assert "imulated" not in text(made(simulated=False))


def test_what_is_switched_off_in_an_account_is_told_at_the_top_with_the_way_back() -> None:
    told = text(made())
    assert "rule 'Auto-reply', HTTP integration 'ERP'" in told
    assert told.index("migrator restore-target fernhill --target production") < told.index("Accounts")
    assert "restore-target" not in text(made(switched_off={}))


def test_an_engagement_that_has_only_begun_has_a_page() -> None:
    api = {"calls": 0, "throttled": 0, "calls_per_ticket": None, "share_of_allowed_rate": None}
    arguments = given(objects={}, titles={}, rules=[], mail_sent=None, finished_at=None, api=api)
    summary = arguments.pop("summary")
    words = text(index.engagement_page(summary, **arguments | {"quarantine": [], "documents": [], "runs": []}))
    assert "Nothing is counted yet" in words
    assert "finished" not in words
    for absent in ("tickets moved", "By which rule", "Documents", "Quarantined ", "Calls to Gorgias", "Runs"):
        assert absent not in words


def test_names_and_reasons_are_escaped() -> None:
    arguments = given(company="<script>x</script>") | {
        "quarantine": [{"object": "ticket", "key": "<i>", "reason": "<script>y</script>"}],
        "documents": [("<script>z</script>", 'a"onclick="b')],
    }
    page = index.engagement_page(arguments.pop("summary"), **arguments)
    assert page.count("<script") == 1, "that of the tables"
    assert 'href="a&quot;onclick=&quot;b"' in page


def test_the_overview_lists_every_engagement_the_worst_state_first_told() -> None:
    page = overview.page(ENGAGEMENTS)
    assert 'class="status bad"' in page
    assert "3 engagements: 1 complete, 1 not complete, 1 needs attention." in page
    assert row(page, "fernhill") == [
        "fernhill", "Fernhill Garden Supplies & Sons", "not complete 05_load is next.", "05 load: Ticket 35%",
        "84%", "89", "1 h 12 min", "backup proof on 2026-11-19", "",
    ]  # fmt: skip
    assert row(page, "oakline")[3:9] == ["", "100%", "0", "", "freeze on 2026-11-20", "2026-11-20 17:30 UTC"]
    assert row(page, "tarn")[3:8] == ["02 schema design", "0%", "400", "about 5 h 12 min", ""]
    assert re.findall(r'href="([^"]+)"', page) == [one["href"] for one in ENGAGEMENTS]


def test_an_overview_of_nothing_says_so() -> None:
    assert "No engagement yet." in overview.page([])


def test_where_the_ledger_stood_is_told_with_the_way_to_check_it() -> None:
    words = text(made())
    assert "journal had 52,114 rows" in words
    assert f"migrator ledger verify fernhill --has {SUMMARY['ledger']['head']}" in words
    assert "The ledger" not in text(made(ledger={"rows": 0, "head": ""}))
