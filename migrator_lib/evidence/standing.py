"""Where an engagement stands: its steps, its gates, and the command that takes it on."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from migrator_lib.engagement import ALL_STEPS, ASIDE, NEEDS, ROLL_BACK, STEPS, Engagement
from migrator_lib.evidence.summary import hypercare, is_over
from migrator_lib.gates import NOT_THERE, find
from migrator_lib.rollback.standing import ROLLED_BACK
from migrator_lib.sample.signing import is_ready_to_sign


def step_rows(engagement: Engagement) -> list[dict[str, Any]]:
    """Return where every step stands, with a link to its latest report; what stands aside only once it was begun."""
    attempts = engagement.ledger.steps()
    rows = []
    for step in ALL_STEPS:
        mine = [a for a in attempts if a["step"] == step]
        if step in ASIDE and not mine:
            continue
        last = max(mine, key=lambda a: a["started_at"] or "", default=None)
        report = f"runs/{last['run_id']}/{step}.html" if last else ""
        rows.append(
            {
                "step": step,
                "title": "Roll-back" if step == ROLL_BACK else step[3:].replace("_", " ").capitalize(),
                "status": last["status"] if last else "not started",
                "started": last["started_at"] if last else None,
                "took": _took(last),
                "html": report if report and (engagement.paths.reports / report).exists() else None,
            }
        )
    return rows


def _took(attempt: dict[str, Any] | None) -> float | None:
    """Return the seconds that an attempt took; None while it has not ended, and of one that was taken back."""
    if not attempt or not attempt["started_at"] or not attempt["finished_at"] or attempt["status"] == ROLLED_BACK:
        return None
    began, ended = (datetime.fromisoformat(attempt[name]) for name in ("started_at", "finished_at"))
    return max(0.0, (ended - began).total_seconds())


def gate_rows(engagement: Engagement) -> list[dict[str, Any]]:
    """Return where every gate stands."""
    return [
        {
            "gate": state.name, "state": state.state, "by": state.by, "on": state.on,
            "reason": state.reason or state.note, "before": find(state.name).before,
        }
        for state in engagement.gate_states()
    ]  # fmt: skip


def next_command(engagement: Engagement) -> str:
    """Return the command that takes an engagement on from where it stands."""
    for state in engagement.gate_states():
        if state.state != "met" and state.reason != NOT_THERE and _awaited(engagement, state.name):
            if state.name == "sample" and state.answer_first:
                return f"migrator run {engagement.name} --only 03 --execute (the sample, by the mapping as it is now)"
            if state.answer_first:
                return f"migrator mapping {engagement.name} (it lists what waits for an answer in mapping.yaml)"
            if state.name == "sample" and not is_ready_to_sign(engagement):
                return f"migrator review {engagement.name}"
            return f'migrator sign {engagement.name} {state.name} --by "YOUR NAME"'
    day = hypercare(engagement.ledger.steps())
    if day and day["late"] and not day["lost"] and hypercare(engagement.ledger.steps(), since_cutover=True):
        return f"migrator run {engagement.name} --only 07 --execute (it takes over what changed in SmarterTrack since)"
    if day and not is_over(day):
        when = "tomorrow" if not day["lost"] else f"when you have done what hypercare/day-{day['day']}.html says"
        return f"migrator run {engagement.name} --only 08 ({when})"
    if all(engagement.ledger.step_is_done(step) for step in STEPS):
        return f"migrator run {engagement.name} (a rehearsal: what has changed since?)"
    return f"migrator run {engagement.name} --execute"


def _awaited(engagement: Engagement, gate: str) -> bool:
    """Whether a step that stands at a person's gate is the next one."""
    found = find(gate)
    return bool(found.statement) and any(_is_next(engagement, step) for step in (found.before, *found.and_before))


def _is_next(engagement: Engagement, step: str) -> bool:
    needed = NEEDS.get(step)
    ready = needed is None or engagement.ledger.step_is_done(needed)
    return step not in ASIDE and ready and not engagement.ledger.step_is_done(step)
