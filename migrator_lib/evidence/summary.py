"""The summary of an engagement: the numbers of its reports, as its last finished step left them in the ledger.

``reports/<engagement>/summary.json`` holds them for programs; the index page shows the same.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from pydantic import ValidationError

from migrator_lib import pages
from migrator_lib.engagement import STEPS, Engagement
from migrator_lib.evidence import figures
from migrator_lib.gates import find
from migrator_lib.ledger import SETTLED
from migrator_lib.objects import CONVERSATIONS
from migrator_lib.purge import Purge
from migrator_lib.reconcile import ADDED, ADDED_TITLE, RECONCILED, WRONG, added
from migrator_lib.reconcile.accounts import Account
from migrator_lib.rollback.standing import ROLLED_BACK, Standing
from migrator_lib.side_effects import still_off

PRODUCTION = "production"
RETRY = "retry"
"""A new try of what is in quarantine: no step of the runbook, but it loads, and counts every record anew."""
LOADING = ("05_load", "07_cutover", RETRY)
COUNTING = ("05_load", "06_reconcile", "07_cutover", "08_hypercare")
"""Steps that count every record anew."""
Json = dict[str, Any]


@dataclass(frozen=True)
class Status:
    """Where an engagement stands, in a line for people."""

    tone: pages.Tone
    text: str


def latest_done(steps: Sequence[Mapping[str, Any]], *names: str) -> Mapping[str, Any] | None:
    """Return the latest of these steps that is done, in whatever run, and was not rolled back since."""
    mine = [step for step in steps if step["step"] in names]
    undone = [step for step in mine if step["status"] == ROLLED_BACK]
    done = [step for step in mine if step["status"] == "done" and not any(map(partial(_is_of, step), undone))]
    return max(done, key=lambda step: step["finished_at"] or "", default=None)


def _is_of(done: Mapping[str, Any], undone: Mapping[str, Any]) -> bool:
    """Whether a step was rolled back after it was done."""
    return bool(done["step"] == undone["step"] and (done["finished_at"] or "") <= (undone["finished_at"] or ""))


def objects(found: Sequence[Account], states: Mapping[str, Mapping[str, int]]) -> dict[str, dict[str, int]]:
    """Return the accounts by object, beside what the last reconciliation found; and the notes that are of none."""
    accounts = {
        account.object: {
            "source": account.source,
            **{state: account.outcomes.get(state, 0) for state in SETTLED},
            **{state: int(states.get(account.object, {}).get(state, 0)) for state in RECONCILED},
        }
        for account in found
    }
    notes = added(states, accounts)
    if not accounts or not notes:
        return accounts
    nothing = dict.fromkeys(("source", *SETTLED), 0)
    return {**accounts, ADDED: {**nothing, **{state: notes[state] for state in RECONCILED}}}


def api(steps: Sequence[Mapping[str, Any]], tickets: int) -> Json:
    """Return the calls of all loads: their number, for each ticket (chat, call), and the share of the allowed rate.

    ``course`` is how those of the load with the most calls went over time.
    """
    used = [
        step["summary"]["api"][PRODUCTION]
        for step in steps
        if step["step"] in LOADING and PRODUCTION in ((step["summary"] or {}).get("api") or {})
    ]
    calls = sum(int(one["calls"]) for one in used)
    possible = sum(one["busy_seconds"] * one["allowed_rate"] for one in used)
    return {
        "calls": calls,
        "throttled": sum(int(one["throttled"]) for one in used),
        "calls_per_ticket": round(calls / tickets, 3) if tickets else None,
        "share_of_allowed_rate": round(min(1.0, calls / possible), 3) if possible else None,
        "course": max(used, key=_calls).get("course") if used else None,
    }


def _calls(used: Mapping[str, Any]) -> int:
    return int(used["calls"])


def last_gate(engagement: Engagement) -> Json | None:
    """Return the gate that a person opened last: ``gate, by, on``; None before the first. Checks are made each time."""
    states = [state for state in engagement.gate_states() if find(state.name).statement]
    met = [state for state in states if state.state == "met" and state.on]
    last = max(met, key=lambda state: state.on, default=None)
    return None if last is None else {"gate": last.name, "by": last.by, "on": last.on}


def estimated_seconds(engagement: Engagement, steps: Sequence[Mapping[str, Any]]) -> float | None:
    """Return how long the load will take by the audit's estimate; None before an audit, and once it is loaded."""
    from migrator_lib.audit.estimate import estimate  # it opens engagements itself
    from migrator_lib.audit.facts import ADAPTER

    kept = engagement.ledger.meta("audit")
    if not kept or latest_done(steps, *LOADING) is not None:
        return None
    try:
        return round(3600 * estimate(ADAPTER.validate_python(kept)).hours)
    except ValidationError:  # an audit of an earlier version says other things
        return None


def status(
    engagement: Engagement, found: Mapping[str, Mapping[str, int]], steps: Sequence[Mapping[str, Any]]
) -> Status:
    """Return complete, complete with exceptions, or not complete and why."""
    standing = Standing.of(engagement.ledger, PRODUCTION)
    if standing.state == "under way":
        return Status("bad", "A roll-back was begun, and is not finished: migrator run --only 90 --execute goes on.")
    if standing.state == "done":
        on = str((standing.proof or {}).get("at", ""))[:10]
        stays = f", but for {standing.protected:,} things that somebody touched or uses" * bool(standing.protected)
        return Status("warn", f"Rolled back on {on}: what was loaded is out of Gorgias again{stays}.")
    missing = [step for step in STEPS if latest_done(steps, step) is None]
    if missing:
        return not_complete(missing[0], steps)
    look = hypercare(steps, since_cutover=True)
    if look and look["lost"]:
        lost = pages.counted(look["lost"], "record")
        return Status("bad", f"{lost} lost or wrong in Gorgias after the cutover: see hypercare, day {look['day']}.")
    wrong = sum(n for one in found.values() for state, n in one.items() if state in WRONG)
    quarantined = sum(one["quarantined"] for one in found.values())
    if not wrong and not quarantined:
        words = "Complete: every source record is accounted for and verified in Gorgias."
        return Status("good", f"{words} {_of(look)}" if look else words)
    exceptions = [f"{quarantined:,} quarantined"] if quarantined else []
    exceptions += [f"{wrong:,} not as they should be in Gorgias"] if wrong else []
    tone: pages.Tone = "bad" if exceeded(engagement, found) else "warn"
    words = "Complete, with exceptions: " + ", ".join(exceptions) + ". All are listed."
    return Status(tone, f"{words} {_of(look)}" if look else words)


def not_complete(step: str, steps: Sequence[Mapping[str, Any]]) -> Status:
    """Return that a step is next, and why it is not done where it was tried."""
    last = max((one for one in steps if one["step"] == step), key=lambda one: one["started_at"] or "", default=None)
    state = last["status"] if last else ""
    tried: dict[str, tuple[pages.Tone, str]] = {
        "failed": ("bad", f"{step} failed: its page says why, and what to do."),
        "waiting": ("warn", f"{step} waits at a gate: its page says for what."),
        "stopped": ("warn", f"{step} was stopped, and goes on with the next run."),
    }
    tone, words = tried.get(state, ("warn", f"{step} is next."))
    return Status(tone, f"Not complete: {words}")


def hypercare(steps: Sequence[Mapping[str, Any]], *, since_cutover: bool = False) -> Mapping[str, Any] | None:
    """Return what the last look after the cutover found: ``day, of, changed, late, lost``; None before the first.

    Args:
        steps: all steps of all runs.
        since_cutover: whether only a look counts that nothing was taken over after.
    """
    last, cutover = latest_done(steps, "08_hypercare"), latest_done(steps, "07_cutover")
    if last is None or cutover is None or (since_cutover and last["finished_at"] < cutover["finished_at"]):
        return None
    found: Mapping[str, Any] | None = (last["summary"] or {}).get("hypercare")
    return found


def is_over(day: Mapping[str, Any]) -> bool:
    """Whether hypercare lasted as long as it is to, and nothing was lost or late on its last day."""
    return bool(day["day"] >= day["of"] and not day["lost"] and not day["late"])


def _of(day: Mapping[str, Any]) -> str:
    if is_over(day):
        return "Hypercare is done: nothing was lost."
    late = f", {pages.counted(day['late'], 'ticket')} changed in SmarterTrack since" if day["late"] else ""
    return f"Hypercare, day {day['day']} of {day['of']}: nothing was lost{late}."


def exceeded(engagement: Engagement, found: Mapping[str, Mapping[str, int]]) -> list[str]:
    """Return the objects whose share of exceptions is above the engagement's thresholds, in words."""
    limits = engagement.parameters.thresholds
    words = []
    for obj, one in found.items():
        size = max(1, one["source"], sum(one[state] for state in RECONCILED) if obj == ADDED else 0)
        quarantined = one["quarantined"] / size
        differing = sum(one[state] for state in WRONG) / size
        if quarantined > limits.quarantined:
            words.append(f"{obj}: {quarantined:.1%} quarantined, thresholds.quarantined is {limits.quarantined:.1%}")
        if differing > limits.differing:
            words.append(f"{obj}: {differing:.1%} differ, thresholds.differing is {limits.differing:.1%}")
    return words


def mail_sent(engagement: Engagement, last: Mapping[str, Any] | None) -> int | None:
    """Return how much mail went out because of this migration; None while nothing has been read back.

    A simulated account tells what it would have sent. A real one shows it in the threads: outgoing messages that a
    rule of the account wrote while its rules were to be off: what it writes once they are put back is its own.
    """
    outbox = engagement.ledger.meta("outbox")
    if outbox is not None:
        return int(outbox)
    return None if last is None else int((last["summary"] or {}).get("rule_messages", 0))


def last_counted(steps: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    """Return what the latest step left that counted all records, and was not rolled back; empty before the load.

    A new try after it has counted, too; one before it is over.
    """
    last, again = latest_done(steps, *COUNTING), latest_done(steps, RETRY)
    if last and again and (again["finished_at"] or "") > (last["finished_at"] or ""):
        last = again
    return (last or {}).get("summary") or {}


def roots(steps: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """Return the roots of what was verified last (``hash_tree.Roots.summary``); None before the first verification."""
    last = latest_done(steps, "06_reconcile", "07_cutover", "08_hypercare")
    found: Mapping[str, Any] | None = ((last or {}).get("summary") or {}).get("hash_tree")
    return found


def accounts_of(engagement: Engagement) -> list[Account]:
    """Return the accounts as they were counted last; none before the load."""
    return [Account.from_json(one) for one in last_counted(engagement.ledger.steps()).get("accounts", [])]


def collect(engagement: Engagement) -> Json:
    """Return the summary as it stands; before the extract there are no accounts yet."""
    steps = engagement.ledger.steps()
    kept = last_counted(steps)
    found = [Account.from_json(one) for one in kept.get("accounts", [])]
    numbers = objects(found, kept.get("states", {}))
    line = status(engagement, numbers, steps)
    cutover = latest_done(steps, "07_cutover")
    rows, head = engagement.ledger.head()
    return {
        "engagement": engagement.name,
        "company": engagement.parameters.company,
        "status": {"tone": line.tone, "text": line.text},
        "objects": numbers,
        "titles": {**{account.object: account.title for account in found}, ADDED: ADDED_TITLE},
        "rules": [
            {"object": account.title, "state": state, "rule": rule.replace("_", " "), "records": n}
            for account in found
            for (state, rule), n in sorted(account.rules.items())
        ],
        "api": api(steps, sum(numbers.get(obj.name, {}).get("created", 0) for obj in CONVERSATIONS)),
        "mail_sent": mail_sent(engagement, latest_done(steps, "06_reconcile", "07_cutover")),
        "gates": {state.name: state.state for state in engagement.gate_states()},
        "switched_off": {
            account: [effect.words for effect in off]
            for account in ("production", "sandbox")
            if (off := still_off(engagement.ledger, account))
        },
        "simulated": (simulator := engagement.parameters.target.simulator) is not None,
        "clock_speed": simulator.speed if simulator else 1.0,
        "rolled_back": Standing.of(engagement.ledger, PRODUCTION).state == "done",
        "ledger": {"rows": rows, "head": head},
        "hash_tree": roots(steps),
        "purged": purged.as_json() if (purged := Purge.of(engagement.ledger)) else None,
        "finished_at": cutover["finished_at"] if cutover else None,
        "step": next((step for step in STEPS if latest_done(steps, step) is None), ""),
        "last_gate": last_gate(engagement),
        "left_seconds": estimated_seconds(engagement, steps),
        "source": figures.of_source(engagement.ledger.meta("audit")),
    }


def write(engagement: Engagement) -> Json:
    """Write ``summary.json`` and return it."""
    document = collect(engagement)
    pages.write(engagement.paths.reports / "summary.json", json.dumps(document, indent=2) + "\n")
    return document
