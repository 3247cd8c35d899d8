"""What acts is switched off after its state is durable, and put back exactly, wherever the program is killed."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from migrator_lib.ledger import Ledger
from migrator_lib.side_effects import Done, Switch, look, still_off
from tests.side_effects.acting import ALL, Killed, Life, mortal_api, mortal_ledger, state
from tests.simulated_account import SimulatedGorgias

TARGET = "production"
MOMENTS = 80
"""More than either way takes."""


def switch_off(gorgias: SimulatedGorgias, ledger: Ledger, allowed: tuple[str, ...] = ALL) -> list[Done]:
    switch = Switch(gorgias.api, ledger, TARGET)
    return switch.off(look(gorgias.api).effects, allowed)  # type: ignore[arg-type]


def restore(gorgias: SimulatedGorgias, ledger: Ledger) -> list[Done]:
    return Switch(gorgias.api, ledger, TARGET).restore()


def outcomes(done: list[Done]) -> dict[str, str]:
    return {one.what.split(":")[0]: one.outcome for one in done}


def test_everything_is_switched_off_and_put_back_exactly(acting: SimulatedGorgias, ledger: Ledger) -> None:
    before = state(acting.account)
    assert {one.outcome for one in switch_off(acting, ledger)} == {"switched off"}
    assert look(acting.api).effects == ()
    assert len(still_off(ledger, TARGET)) == 6
    done = restore(acting, ledger)
    assert {one.outcome for one in done} == {"restored"}, [one for one in done if one.outcome != "restored"]
    assert state(acting.account) == before
    assert still_off(ledger, TARGET) == []
    assert restore(acting, ledger) == []
    ledger.verify()


def test_what_the_engagement_does_not_name_stays_on_and_is_told(acting: SimulatedGorgias, ledger: Ledger) -> None:
    done = switch_off(acting, ledger, ("rules",))
    assert outcomes(done)["rule 'Auto-reply'"] == "switched off"
    assert outcomes(done)["HTTP integration 'ERP'"] == "left on"
    assert {effect.kind for effect in look(acting.api).effects} == {"integrations", "settings"}


def test_nothing_is_touched_where_nothing_is_allowed(acting: SimulatedGorgias, ledger: Ledger) -> None:
    before = state(acting.account)
    assert {one.outcome for one in switch_off(acting, ledger, ())} == {"left on"}
    assert state(acting.account) == before
    assert still_off(ledger, TARGET) == []


def test_a_state_is_durable_before_it_is_touched(acting: SimulatedGorgias, tmp_path: Path) -> None:
    ledger = mortal_ledger(tmp_path / "state", Life(0))
    before = state(acting.account)
    with pytest.raises(Killed):
        switch_off(acting, ledger)
    ledger.close()
    assert state(acting.account) == before


def change(gorgias: SimulatedGorgias, kind: str, number: int, **values: Any) -> None:
    with gorgias.account.store.transaction():
        thing = gorgias.account.store.get(kind, number)
        assert thing is not None
        gorgias.account.store.put(kind, {**thing, **values})


def test_what_a_person_changed_meanwhile_is_left_alone_and_the_rest_is_put_back(
    acting: SimulatedGorgias, ledger: Ledger
) -> None:
    before = state(acting.account)
    switch_off(acting, ledger)
    change(acting, "rule", 1, name="Auto-reply, new")
    change(acting, "setting", 1, data={"enabled": False, "send_after_seconds": 7})
    done = outcomes(restore(acting, ledger))
    assert done["rule 'Auto-reply'"] == done["setting 'satisfaction-surveys'"] == "left alone"
    assert done["rule 'Tag returns'"] == done["setting 'auto-merge'"] == "restored"
    after = state(acting.account)
    assert after["rule"][0]["name"] == "Auto-reply, new"
    assert after["rule"][0]["deactivated_datetime"]
    assert after["rule"][1:] == before["rule"][1:]
    assert after["setting"][0]["data"]["send_after_seconds"] == 7
    assert restore(acting, ledger) == []


def test_what_a_person_switched_on_again_needs_nothing(acting: SimulatedGorgias, ledger: Ledger) -> None:
    before = state(acting.account)
    switch_off(acting, ledger)
    change(acting, "rule", 1, deactivated_datetime=None)
    assert outcomes(restore(acting, ledger))["rule 'Auto-reply'"] == "restored"
    assert state(acting.account) == before


def test_what_a_person_switched_on_again_is_switched_off_by_the_next_load(
    acting: SimulatedGorgias, ledger: Ledger
) -> None:
    before = state(acting.account)
    switch_off(acting, ledger)
    change(acting, "rule", 1, deactivated_datetime=None)
    assert outcomes(switch_off(acting, ledger)) == {"rule 'Auto-reply'": "switched off"}
    restore(acting, ledger)
    assert state(acting.account) == before


def test_what_was_removed_meanwhile_is_left_alone(acting: SimulatedGorgias, ledger: Ledger) -> None:
    switch_off(acting, ledger)
    with acting.account.store.transaction():
        acting.account.store.delete("rule", 1)
    assert outcomes(restore(acting, ledger))["rule 'Auto-reply'"] == "left alone"


def test_what_the_account_refuses_to_switch_off_is_told_and_is_not_ours(
    acting: SimulatedGorgias, ledger: Ledger
) -> None:
    change(acting, "rule", 2, code=None)  # the contract does not know a rule without
    done = outcomes(switch_off(acting, ledger))
    assert done["rule 'Tag returns'"] == "refused"
    assert [effect.words for effect in look(acting.api).effects] == ["rule 'Tag returns'"]
    assert "rule 'Tag returns'" not in {effect.words for effect in still_off(ledger, TARGET)}


# --- killed --------------------------------------------------------------------------------------------

Way = Callable[[SimulatedGorgias, Ledger], object]


def killed(way: Way, moments: int, gorgias: SimulatedGorgias, folder: Path) -> bool:
    """Do something with so many moments to live; return whether it was killed."""
    life = Life(moments)
    ledger = mortal_ledger(folder, life)
    mortal = SimulatedGorgias(gorgias.url, gorgias.account, mortal_api(gorgias, life), gorgias.clock)
    try:
        way(mortal, ledger)
    except Killed:
        return True
    finally:
        with suppress(Killed):
            ledger.close()
    return False


def test_killed_at_any_moment_of_switching_off_everything_ends_as_it_was(two: SimulatedGorgias, tmp_path: Path) -> None:
    before = state(two.account)
    for moments in range(MOMENTS):
        was_killed = killed(switch_off, moments, two, tmp_path)
        ledger = Ledger.in_folder(tmp_path)
        restore(two, ledger)
        assert state(two.account) == before, moments
        assert still_off(ledger, TARGET) == [], moments
        ledger.close()
        if not was_killed:
            break
    assert 12 < moments < MOMENTS


def test_killed_at_any_moment_of_switching_off_the_next_load_is_quiet_and_knows_the_original(
    two: SimulatedGorgias, tmp_path: Path
) -> None:
    before = state(two.account)
    for moments in range(MOMENTS):
        was_killed = killed(switch_off, moments, two, tmp_path)
        ledger = Ledger.in_folder(tmp_path)
        switch_off(two, ledger)
        assert look(two.api).effects == (), moments
        restore(two, ledger)
        assert state(two.account) == before, moments
        ledger.close()
        if not was_killed:
            break
    assert 12 < moments < MOMENTS


def test_killed_at_any_moment_of_putting_back_everything_ends_as_it_was(two: SimulatedGorgias, tmp_path: Path) -> None:
    before = state(two.account)
    for moments in range(MOMENTS):
        ledger = Ledger.in_folder(tmp_path)
        switch_off(two, ledger)
        ledger.close()
        was_killed = killed(restore, moments, two, tmp_path)
        ledger = Ledger.in_folder(tmp_path)
        restore(two, ledger)
        assert state(two.account) == before, moments
        ledger.verify()
        ledger.close()
        if not was_killed:
            break
    assert 12 < moments < MOMENTS


def test_killed_while_putting_back_the_next_load_is_quiet_and_the_original_stays_known(
    two: SimulatedGorgias, tmp_path: Path
) -> None:
    before = state(two.account)
    for moments in (3, 5, 7, 9, 11):
        ledger = Ledger.in_folder(tmp_path)
        switch_off(two, ledger)
        ledger.close()
        assert killed(restore, moments, two, tmp_path)
        ledger = Ledger.in_folder(tmp_path)
        switch_off(two, ledger)
        assert look(two.api).effects == (), moments
        restore(two, ledger)
        assert state(two.account) == before, moments
        ledger.close()
