"""What several notebooks show: the accounts, what is in quarantine, and the calls of a step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from migrator_lib import pages
from migrator_lib.engagement import Engagement
from migrator_lib.evidence import figures, flows
from migrator_lib.evidence.quarantine_page import PAGE as QUARANTINE
from migrator_lib.evidence.records import FOLDER, linked
from migrator_lib.expectations import pages as expectations
from migrator_lib.expectations.result import Result
from migrator_lib.ledger import SETTLED
from migrator_lib.pages import Html
from migrator_lib.progress import duration
from migrator_lib.quarantine.mends import mender
from migrator_lib.reconcile.accounts import Account

LISTED = 200
"""Rows that a notebook lists; all are counted, and the ledger has all."""
TO_LISTS = f"../../{FOLDER}/"
"""Where the lists of records are, from an executed notebook's place in ``runs/<run>/``."""


def expected(*results: Result) -> Html:
    """Return what came of the expectations of a gate, or of several."""
    return pages.join(map(expectations.section, results))


def accounts_table(found: Sequence[Account]) -> Html:
    """Return the accounts: every source record with its outcome; each number leads to its records."""
    rows = [
        {
            "object": account.title,
            "source": account.source,
            **{
                state.replace("_", " "): linked(account.object, state, account.outcomes.get(state, 0), base=TO_LISTS)
                for state in SETTLED
            },
            "adds up": pages.badge("yes", "good") if account.balanced else pages.badge("no", "bad"),
        }
        for account in found
    ]
    return pages.table(rows, caption="Source = created + matched + merged + skipped + handed over + quarantined")


def accounts_chart(found: Sequence[Account]) -> Html:
    """Return the accounts as a chart: where the records of each kind went."""
    return flows.figure({account.object: account.outcomes for account in found})


def rules_table(found: Sequence[Account]) -> Html:
    """Return how many records each named rule decided."""
    rows = [
        {"object": account.title, "outcome": pages.named(state), "rule": pages.named(rule), "records": n}
        for account in found
        for (state, rule), n in sorted(account.rules.items())
    ]
    return pages.table(rows, caption="By which rule", empty="No rule was needed.")


def quarantine_rows(engagement: Engagement) -> list[dict[str, Any]]:
    """Return the quarantined records (``object, key, reason, mend``), addresses masked."""
    mend = mender(engagement.parameters, engagement.behaviour.upload_limit_bytes)
    rows = []
    for entry in engagement.ledger.entries("production", state="quarantined"):
        told = mend(entry)
        rows.append({"object": entry.object, "key": entry.source_key, "reason": told.reason, "mend": told.advice})
    return rows


def quarantine_table(engagement: Engagement) -> Html:
    """Return the first quarantined records with their reasons, and the way to what mends them."""
    rows = [{**row, "object": row["object"].replace("_", " ")} for row in quarantine_rows(engagement)]
    caption = f"In quarantine: {len(rows):,}" + (f", the first {LISTED} of them" if len(rows) > LISTED else "")
    shown = pages.table(rows[:LISTED], caption=caption, empty="No record is in quarantine.")
    if not rows:
        return shown
    page = pages.link(f"../../{QUARANTINE}", "Since when, what mends each, and the command that tries it again")
    return pages.join([shown, pages.note(page)])


def usage(engagement: Engagement) -> Html:
    """Return the calls of this step, their rate, and how they went over time beside what was allowed."""
    rows, drawn = [], []
    for target, used in engagement.api_usage().items():
        rows.append(
            {
                "account": target, "calls": int(used["calls"]), "throttled": int(used["throttled"]),
                "calls a second": round(used["reached_rate"], 2), "allowed a second": round(used["allowed_rate"], 2),
                "others a second": round(used["foreign_rate"], 2), "limit": f"{used['limit']}, {used['kind']}",
                "at a time": used["in_flight"], "time": duration(used["busy_seconds"]),
            }
        )  # fmt: skip
        drawn.append(figures.calls_over_time(used["course"], of=f" of the {target} account"))
    simulated = engagement.parameters.target.simulator
    told = figures.clock(simulated.speed if simulated else 1.0) if rows else ""
    return pages.join([pages.table(rows, caption="Calls of Gorgias' API in this step", empty="No call was made."),
                       told, *drawn])  # fmt: skip
