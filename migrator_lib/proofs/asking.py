"""Asking the sandbox account, and keeping what it answered: in the ledger, by account, each answer with its date.

A run that is killed goes on with the first probe that has no answer. What an answer changes is worked out anew whenever
it is needed (:func:`behaviour`), so that a person's word in ``target.proofs`` counts at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from migrator_lib.ledger import Ledger
from migrator_lib.parameters import Target
from migrator_lib.proofs.behaviour import Behaviour
from migrator_lib.proofs.bench import Bench
from migrator_lib.proofs.catalogue import PROBES, find
from migrator_lib.proofs.probe import Answer, Probe
from migrator_lib.proofs.tidying import tidy

if TYPE_CHECKING:
    from migrator_lib.engagement import Engagement
    from migrator_lib.quiet import Quiet

ACCOUNT = "sandbox"
"""The account that is asked; the production account is taken to answer alike. (It may be that one itself, see
``target.sample_in_production``; answers are kept under this name then too.)"""
KEPT = "proof_answers"
"""Name of the ledger's value that holds the answers: account to probe to answer."""
PERSON = "target.proofs"
OPEN = (None, "not answered")


@dataclass(frozen=True)
class Standing:
    """One probe and what stands as its answer."""

    probe: Probe
    answer: Answer | None

    @property
    def closes(self) -> bool:
        """Whether nothing may be loaded by this answer."""
        return self.answer is not None and self.probe.blocks(self.answer)

    @property
    def is_missed(self) -> bool:
        """Whether the loader relies on it and nobody knows."""
        return self.probe.relied_on and (self.answer.answer if self.answer else None) in OPEN


@dataclass
class Proofs:
    """Where all probes stand, and what asking them took."""

    standings: list[Standing]
    asked: int = 0
    calls: int = 0
    left: list[str] = field(default_factory=list)
    """Synthetic things that could not be removed, in words."""
    rehearsal: bool = False
    quiet: Quiet | None = None
    """What the account did by itself, and what was done about it before it was asked."""


def recorded(ledger: Ledger, account: str = ACCOUNT) -> dict[str, Answer]:
    """Return the answers that an account gave, by probe."""
    kept = ledger.meta(KEPT, {}).get(account, {})
    return {name: Answer.model_validate(answer) for name, answer in kept.items()}


def _keep(ledger: Ledger, name: str, answer: Answer, account: str = ACCOUNT) -> None:
    kept = ledger.meta(KEPT, {})
    answers = {**kept.get(account, {}), name: answer.model_dump()}
    ledger.set_meta(KEPT, {**kept, account: answers})


def given(settings: Target) -> dict[str, Answer]:
    """Return what a person answered in ``target.proofs``: expected, other, or a measured value.

    Raises:
        ParameterError: a probe is named that there is not.
    """
    found = {}
    for name, word in settings.proofs.items():
        find(name)
        if word == "expected" or word == "other":
            found[name] = Answer(answer=word, seen="as a person says", by=PERSON)
        else:
            found[name] = Answer(answer="other", seen=f"{word}, as a person says", value=word, by=PERSON)
    return found


def standings(ledger: Ledger, settings: Target) -> list[Standing]:
    """Return all probes with their answers; a person's goes before the account's.

    Raises:
        ParameterError: ``target.proofs`` names a probe that there is not.
    """
    answers = recorded(ledger) | given(settings)
    return [Standing(probe, answers.get(probe.name)) for probe in PROBES]


def behaviour(ledger: Ledger, settings: Target) -> Behaviour:
    """Return how the loader behaves by these answers; where there is none, as the documentation leads to expect.

    Raises:
        ParameterError: ``target.proofs`` names a probe that there is not.
    """
    changes: dict[str, Any] = {
        "lookup_lag_seconds": settings.lookup_lag_seconds,
        "upload_limit_bytes": settings.upload_limit_bytes,
        "sanitises_html": settings.sanitises_html,
        "not_kept": tuple(settings.not_kept),
    }
    for one in standings(ledger, settings):
        follows: Mapping[str, Any] = one.probe.follows(one.answer) if one.answer else {}
        if "lookup_lag_seconds" in follows:  # two kinds of look-up, one patience
            follows = {"lookup_lag_seconds": max(changes["lookup_lag_seconds"], follows["lookup_lag_seconds"])}
        if "not_kept" in follows:
            follows = {**follows, "not_kept": tuple(dict.fromkeys((*changes["not_kept"], *follows["not_kept"])))}
        changes |= follows
    return Behaviour(**changes)


def seen(ledger: Ledger, settings: Target) -> dict[str, Any] | None:
    """Return what the gate ``proofs`` goes by: ``{"ok", "words", "at"}``, or None where nothing was ever asked.

    Raises:
        ParameterError: ``target.proofs`` names a probe that there is not.
    """
    found = standings(ledger, settings)
    answers = [one.answer for one in found if one.answer]
    if not answers:
        return None
    closing = [f"{one.probe.name} ({one.probe.otherwise})" for one in found if one.closes]
    missed = [one.probe.name for one in found if one.is_missed]
    words = []
    if closing:
        words.append(
            f"answered otherwise than this tool can do with: {'; '.join(closing)} (ask_again = True in 03 asks anew; "
            "a person who knows better says so in target.proofs)"
        )
    if missed:
        words.append(f"not answered yet: {', '.join(missed)}; ask again in 03, or answer in target.proofs")
    return {"ok": not words, "words": ". ".join(words), "at": max(answer.at for answer in answers)}


def bench_of(engagement: Engagement) -> Bench:
    """Return what probes work with."""
    parameters, account = engagement.parameters, engagement.sample_account
    return Bench(
        engagement.api(account), engagement.ledger, target=account, engagement=engagement.name,
        settings=parameters.target, address=parameters.target.canary.address,
        creates_users=parameters.agents.missing == "create", alive=lambda: engagement.progress.advance(0),
    )  # fmt: skip


def ask(engagement: Engagement, *, again: bool = False, skip_large: bool = False) -> Proofs:
    """Ask the sandbox what it was not asked yet, keep the answers, and remove what was made for it.

    Args:
        engagement: a rehearsal asks nothing.
        again: ask everything anew.
        skip_large: leave out what sends megabytes; what the parameters say is taken for right.

    Raises:
        TargetError: the account cannot be reached.
        GateClosed: what the account does by itself is still switched on.
    """
    ledger, settings = engagement.ledger, engagement.parameters.target
    found = standings(ledger, settings)
    if engagement.rehearsal:
        return Proofs(found, rehearsal=True)
    known = {} if again else recorded(ledger)
    bench, progress = bench_of(engagement), engagement.progress
    asked, before = 0, bench.api.gate.calls
    left = tidy(bench)
    progress.begin("Asking the sandbox", len(found))
    for one in found:
        if _is_asked(one, known.get(one.probe.name), bench, skip_large=skip_large):
            answer = _asked(one.probe, bench, skip_large=skip_large)
            _keep(ledger, one.probe.name, answer.model_copy(update={"at": _now(engagement)}))
            asked += 1
        progress.advance()
    if asked:
        left = tidy(bench)
    progress.end()
    calls = bench.api.gate.calls - before
    return Proofs(standings(ledger, settings), asked, calls, left)


def _is_asked(one: Standing, known: Answer | None, bench: Bench, *, skip_large: bool) -> bool:
    """Whether a probe is asked now: one that a person answered is not, nor one whose answer is there."""
    if one.answer is not None and one.answer.by == PERSON:
        return False
    if known is None or known.answer == "not answered":
        return True
    left_out = one.probe.not_asked(bench) or (one.probe.large and skip_large)
    return known.answer == "not asked" and not left_out


def _asked(probe: Probe, bench: Bench, *, skip_large: bool) -> Answer:
    if probe.large and skip_large:
        return Answer(answer="not asked", seen="left out, since it sends megabytes: the parameters are taken for right")
    return probe.ask(bench)


def _now(engagement: Engagement) -> str:
    return engagement.clock_now.isoformat(timespec="seconds")
