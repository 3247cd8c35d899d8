"""Switching what acts off, and putting it back exactly, whenever the program is stopped.

The ledger (target ``<account>:effects``) holds every thing that was touched with the whole state that it was found in:
only what is found on is ever recorded, so nothing is restored to off. Its state there says how far it came::

    recorded    its state is kept, and the request that switches it off may have left
    off         it was read back, and is off
    restoring   the request that puts it back may have left
    restored    it was read back, and is as it was
    left        somebody changed or removed it meanwhile, so it stays as they want it

Each is written before the request it speaks of, and what a request did is read back from the account.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from migrator_lib.errors import RecordError, RecordRejected
from migrator_lib.gorgias import purpose
from migrator_lib.gorgias.api import GorgiasApi
from migrator_lib.ledger import Entry, Ledger
from migrator_lib.lookups import iso
from migrator_lib.side_effects.effect import Effect, Json, Kind, effect_of, hash_of
from migrator_lib.side_effects.found import everything

State = Literal["recorded", "off", "restoring", "restored", "left"]
OURS = ("recorded", "off", "restoring")
"""States of what is, or may be, off because of us."""
KINDS: tuple[Kind, ...] = get_args(Kind)


@dataclass(frozen=True)
class Done:
    """What was done with one thing."""

    what: str
    """In words: ``rule 'Auto-reply'``."""
    kind: Kind
    outcome: Literal["switched off", "off already", "left on", "restored", "left alone", "would switch off", "refused"]
    words: str = ""
    """Why, where it is not plain."""


def place(target: str) -> str:
    """Return where in the ledger the things of an account stand, apart from the records of the source."""
    return f"{target}:effects"


def still_off(ledger: Ledger, target: str) -> list[Effect]:
    """Return what is off in an account because of us, or may be after a crash, as it was before."""
    found = (entry for kind in KINDS for entry in ledger.entries(place(target), kind))
    return [_original(entry) for entry in found if entry.state in OURS]


def _original(entry: Entry) -> Effect:
    kind: Kind = entry.object  # type: ignore[assignment]
    return effect_of(kind, entry.detail["original"])


class Switch:
    """Switches the things of one account."""

    def __init__(self, api: GorgiasApi, ledger: Ledger, target: str) -> None:
        self.api = api
        self.ledger = ledger
        self.target = place(target)

    # --- off ---------------------------------------------------------------------------------------

    def off(self, effects: Iterable[Effect], allowed: Collection[Kind]) -> list[Done]:
        """Switch off what the engagement allows, each after its state is durable; return what became of each.

        Raises:
            TargetError: the account cannot be reached or refuses the key.
        """
        self._settle_what_a_crash_left()
        done = []
        for effect in effects:
            if effect.kind in allowed:
                done.append(self._off(effect))
            else:
                words = f"target.side_effects.switch_off does not hold '{effect.kind}'"
                done.append(Done(effect.words, effect.kind, "left on", words))
        return done

    def _off(self, effect: Effect) -> Done:
        known = self._entry(effect)
        if known is not None and known.state == "recorded" and _original(known).same == effect.same:
            effect = _original(known)  # a request of ours that was carried out in part must not become the original
        moment = iso(self.api.clock.now())
        self._note(effect, "recorded")
        try:
            self._put(effect, effect.body(off=moment))
            there = self._read(effect)
        except RecordError as error:
            return self._refused(effect, self._read(effect), error.message)
        if there is not None and there.is_on:
            return self._refused(effect, there, "it was switched off, and is read back as on")
        self._note(effect, "off", there)
        return Done(effect.words, effect.kind, "switched off")

    def _refused(self, effect: Effect, there: Effect | None, words: str) -> Done:
        """Tell of a thing that stays on; where it is as it was, nothing of it is ours."""
        if there is not None and there.equals(effect):
            self._note(effect, "restored")
        return Done(effect.words, effect.kind, "refused", words)

    def _settle_what_a_crash_left(self) -> None:
        """Bring the ledger in line with the account where a request was under way when a run died."""
        waiting = [e for kind in KINDS for e in self.ledger.entries(self.target, kind)]
        for entry in (e for e in waiting if e.state in ("recorded", "restoring")):
            original, there = _original(entry), self._read(_original(entry))
            if there is not None and not there.is_on and there.same == original.same:
                self._note(original, "off", there)
            elif entry.state == "restoring" and there is not None and there.equals(original):
                self._note(original, "restored")

    # --- back --------------------------------------------------------------------------------------

    def restore(self) -> list[Done]:
        """Put back what was switched off, and leave alone what somebody changed since; return what became of each.

        Raises:
            TargetError: the account cannot be reached or refuses the key.
        """
        self._settle_what_a_crash_left()
        waiting = [entry for kind in KINDS for entry in self.ledger.entries(self.target, kind)]
        return [self._restore(entry) for entry in waiting if entry.state in OURS]

    def _restore(self, entry: Entry) -> Done:
        original, there = _original(entry), self._read(_original(entry))
        if there is None:
            return self._leave(original, "it was removed meanwhile")
        if there.equals(original):
            self._note(original, "restored")
            return Done(original.words, original.kind, "restored")
        off = effect_of(original.kind, entry.detail["off"]) if entry.detail.get("off") else None
        if off is None or not _is_as_left(there, off):
            return self._leave(original, "it was changed meanwhile")
        self._note(original, "restoring", off)
        try:
            self._put(original, original.body(off=None))
        except RecordError as error:
            return Done(original.words, original.kind, "refused", error.message)
        there = self._read(original)
        if there is None or not there.equals(original):
            return Done(original.words, original.kind, "refused", "it was put back, and is read back as something else")
        self._note(original, "restored")
        return Done(original.words, original.kind, "restored")

    def _leave(self, effect: Effect, words: str) -> Done:
        self._note(effect, "left", reason=words)
        return Done(effect.words, effect.kind, "left alone", words)

    # --- the account and the ledger ----------------------------------------------------------------

    def _read(self, effect: Effect) -> Effect | None:
        """Return a thing as it is now; None where it is gone."""
        try:
            match effect.kind:
                case "rules":
                    return effect_of("rules", self.api.rules.get(effect.id).as_json())
                case "integrations":
                    return effect_of("integrations", self.api.integrations.get(effect.id).as_json())
                case "settings":
                    return next((one for one in everything(self.api, "settings") if one.id == effect.id), None)
        except RecordRejected as error:
            if error.status == 404:
                return None
            raise

    def _put(self, effect: Effect, body: Json) -> None:
        with purpose.switching(effect.path, body):
            match effect.kind:
                case "rules":
                    self.api.rules.update(effect.id, body)
                case "integrations":
                    self.api.integrations.update(effect.id, body)
                case "settings":
                    self.api.account.update_setting(effect.id, body)

    def _entry(self, effect: Effect) -> Entry | None:
        return self.ledger.entry(self.target, effect.kind, effect.key)

    def _note(self, effect: Effect, state: State, off: Effect | None = None, *, reason: str | None = None) -> None:
        """Write down, durably, how far a thing came; its original state stands in the journal's chain, too."""
        detail: Mapping[str, object] = {"original": effect.state, **({"off": off.state} if off else {})}
        entry = Entry(
            effect.kind, effect.key, state, payload_hash=hash_of(effect.state), target_id=effect.key, reason=reason,
            detail=detail,
        )  # fmt: skip
        self.ledger.settle(self.target, [entry], before=effect.state if state == "recorded" else None)


def _is_as_left(there: Effect, off: Effect) -> bool:
    """Whether a thing is off as it was when it was read back; nobody has switched it off anew, or changed it."""
    same = there.same == off.same and not there.is_on
    return same and there.state.get("deactivated_datetime") == off.state.get("deactivated_datetime")
