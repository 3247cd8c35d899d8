"""The gate ``sample``: what has to be there before a person can sign, and what the signature then states."""

from __future__ import annotations

from dataclasses import replace

from migrator_lib import pages as words
from migrator_lib.engagement import Engagement
from migrator_lib.errors import ParameterError
from migrator_lib.gates import GateState
from migrator_lib.sample.pages import reviewed_so_far
from migrator_lib.sample.required import is_left_open, subject
from migrator_lib.sample.verdicts import Progress, moved_by

OUTDATED = "the mapping was changed since the sample was moved"
NAMED = 10
"""Records that an error names one by one."""


def statement(engagement: Engagement, note: str) -> str:
    """Return what a person states who signs the gate now.

    Raises:
        ParameterError: records are not looked at or wrong, and no note says why it is signed all the same; or the
            decision to go without a sample has no note.
    """
    if is_left_open(engagement.ledger):
        if not note.strip():
            raise ParameterError(
                "No sample was moved, and none is required. Going without one is a decision, and it has no reason yet.",
                next_step=f"migrator run {engagement.name} --only 03 --execute moves one; or sign with --note and the "
                "reason for going without.",
            )
        return "No sample is moved and reviewed before the load; none is required by rule."
    if is_outdated(engagement):
        raise ParameterError(
            f"{OUTDATED.capitalize()}, so nobody has seen what is to be signed.",
            next_step=f"{_moves_it(engagement)} by the mapping as it is now; only what became different is to be "
            "looked at again.",
        )
    standing = reviewed_so_far(engagement)
    open_ends = _open_ends(standing)
    if open_ends and not note.strip():
        raise ParameterError(
            f"The sample is not reviewed to its end ({standing.words}). {open_ends}",
            next_step=f"migrator review {engagement.name} shows both sides of each; or sign with --note and the reason "
            "why it is right all the same.",
        )
    return f"The sample in the {engagement.sample_account} account is right ({standing.words})."


def is_outdated(engagement: Engagement) -> bool:
    """Whether the sample was moved by another mapping than the load would go by.

    Once everything is loaded a changed mapping is looked at by ``migrator remap`` instead, record by record.
    """
    moved, ledger = moved_by(engagement.ledger), engagement.ledger
    loaded = any(attempt["step"] == "05_load" and attempt["status"] == "done" for attempt in ledger.steps())
    return bool(moved) and not loaded and engagement.paths.mapping_file.exists() and moved != engagement.mapping.hash


def is_ready_to_sign(engagement: Engagement) -> bool:
    """Whether nothing is left to be looked at: the sample is reviewed, or there is none."""
    return is_left_open(engagement.ledger) or not reviewed_so_far(engagement).unseen


def _moves_it(engagement: Engagement) -> str:
    return f"migrator run {engagement.name} --only 03 --execute moves it"


def _open_ends(standing: Progress) -> str:
    wrong = [f"{one.name} ({said.line or 'see its remark'})" for one, said in standing.wrong]
    unseen = [one.name for one in standing.unseen]
    found = [f"Found wrong: {_listed(wrong)}."] if wrong else []
    found += [f"Not looked at: {_listed(unseen)}."] if unseen else []
    return " ".join(found)


def _listed(names: list[str]) -> str:
    more = len(names) - NAMED
    return ", ".join(names[:NAMED]) + (f" and {words.counted(more, 'other')}" if more > 0 else "")


def explained(engagement: Engagement, state: GateState) -> GateState:
    """Return the state of the gate with how far the review is, or that there is no sample."""
    if is_left_open(engagement.ledger):
        found = "no sample is moved" if state.state == "met" else "none is required: review one, or decide to skip it"
    elif is_outdated(engagement):
        first = f"{_moves_it(engagement)} by the mapping as it is now; then "
        return replace(state, state="stale" if state.by else "open", reason=OUTDATED, answer_first=first)
    elif state.state == "met" or subject(engagement.ledger) is None:
        return state
    else:
        found = reviewed_so_far(engagement).words
    return replace(state, reason=f"{state.reason}; {found}" if state.reason else found)
