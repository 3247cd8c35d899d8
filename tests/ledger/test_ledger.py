"""The ledger: records, chunks and steps, many writers, the chain; in a file and on a server alike."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from migrator_lib.errors import LedgerBroken, StorageError
from migrator_lib.ledger import PENDING, Entry, Ledger
from migrator_lib.ledger.writer import GroupWriter
from tests.ledger.ledgers import PRODUCTION, SANDBOX, Place, created, pending, raw

# --- records -------------------------------------------------------------------------------------------


def test_an_intent_stands_before_its_outcome(ledger: Ledger) -> None:
    ledger.intend(PRODUCTION, pending("7"))
    known = ledger.entry(PRODUCTION, "ticket", "7")
    assert known is not None
    assert (known.state, known.external_id, known.target_id) == (PENDING, "st:demo:ticket:7", None)
    ledger.settle(PRODUCTION, [created("7")])
    known = ledger.entry(PRODUCTION, "ticket", "7")
    assert known is not None
    assert (known.state, known.target_id, known.run_id) == ("created", "900", "run-1")
    assert known.detail == {"updated": "2026-01-01T00:00:00"}
    assert [event["event"] for event in ledger.journal(PRODUCTION, "ticket", "7")] == ["intent", "outcome"]


def test_the_intent_to_update_leaves_the_record_as_it_is_known(ledger: Ledger) -> None:
    ledger.settle(PRODUCTION, [created("7")])
    ledger.intend(PRODUCTION, pending("7"), action="update")
    known = ledger.entry(PRODUCTION, "ticket", "7")
    assert known is not None
    assert (known.state, known.target_id) == ("created", "900")
    assert ledger.journal(PRODUCTION, "ticket", "7")[-1]["detail"]["action"] == "update"
    assert ledger.verify() == 2


def test_the_life_of_a_record_is_told_in_order_with_what_stood_before(ledger: Ledger) -> None:
    ledger.intend(PRODUCTION, pending("7"))
    ledger.settle(PRODUCTION, [created("8"), created("7")])
    ledger.settle(PRODUCTION, [created("7")], before={"name": "Ida"})
    ledger.settle(SANDBOX, [created("7")])
    events = ledger.journal(PRODUCTION, "ticket", "7")
    assert [(event["seq"], event["event"]) for event in events] == [(1, "intent"), (3, "outcome"), (4, "outcome")]
    assert events[0]["detail"] == {"action": "create", "payload_hash": "hash-7", "external_id": "st:demo:ticket:7"}
    assert events[2]["detail"]["before"] == {"name": "Ida"}
    assert all(datetime.fromisoformat(event["at"]).tzinfo for event in events)
    assert ledger.journal(PRODUCTION, "ticket", "nobody") == []


def test_a_note_of_no_record_stands_in_the_chain(ledger: Ledger) -> None:
    ledger.settle(PRODUCTION, [created("7")])
    assert ledger.note("hash_tree", "06_reconcile", "roots", {"root": "aa"}) == ledger.head() == (2, ledger.head()[1])
    (row,) = ledger.journal("", "hash_tree", "06_reconcile")
    assert (row["seq"], row["event"], row["detail"]) == (2, "roots", {"root": "aa"})
    assert ledger.verify() == 2
    assert ledger.counts(PRODUCTION) == {"ticket": {"created": 1}}
    raw(ledger, "UPDATE journal SET detail = '{}' WHERE seq = 2")
    with pytest.raises(LedgerBroken, match="row 2"):
        ledger.verify()


def test_targets_are_kept_apart(ledger: Ledger) -> None:
    ledger.settle(SANDBOX, [created("1", target_id="5")])
    assert ledger.entry(PRODUCTION, "ticket", "1") is None
    assert list(ledger.entries(PRODUCTION)) == []
    assert ledger.counts(SANDBOX) == {"ticket": {"created": 1}}


def _several(ledger: Ledger) -> None:
    ledger.settle(PRODUCTION, [
        created("2"), created("10", target_id="12"), Entry("ticket", "3", "skipped", rule="spam"),
        Entry("ticket", "4", "quarantined", reason="no requester"), created("u1", "requester", "77"),
        Entry("tag", "9", "matched", target_id="vip"),
    ])  # fmt: skip
    ledger.intend(PRODUCTION, pending("5"))


def test_entries_are_found_by_object_and_state_in_the_order_of_their_keys(ledger: Ledger) -> None:
    _several(ledger)
    assert [entry.source_key for entry in ledger.entries(PRODUCTION, "ticket")] == ["10", "2", "3", "4", "5"]
    assert [entry.source_key for entry in ledger.entries(PRODUCTION, "ticket", "created")] == ["10", "2"]
    assert [entry.source_key for entry in ledger.entries(PRODUCTION, state=PENDING)] == ["5"]
    chosen = ledger.entries_in(PRODUCTION, ("skipped", "quarantined", "matched"))
    assert [(entry.object, entry.source_key) for entry in chosen] == [("tag", "9"), ("ticket", "3"), ("ticket", "4")]
    assert list(ledger.entries_in(PRODUCTION, ())) == []


def test_counts_ids_and_what_is_known(ledger: Ledger) -> None:
    _several(ledger)
    assert ledger.counts(PRODUCTION) == {
        "requester": {"created": 1}, "tag": {"matched": 1},
        "ticket": {"created": 2, "pending": 1, "quarantined": 1, "skipped": 1},
    }  # fmt: skip
    assert ledger.ids(PRODUCTION, ["ticket", "tag"]) == {("ticket", "2"): "900", ("ticket", "10"): "12",
                                                        ("tag", "9"): "vip"}  # fmt: skip
    assert set(ledger.known(PRODUCTION, "ticket", ["2", "3", "99"])) == {"2", "3"}
    assert ledger.created_in("run-1", PRODUCTION) == {"ticket": 2, "requester": 1}
    assert ledger.created_in("run-2", PRODUCTION) == {}


def test_a_question_for_many_keys_is_put_in_slices_that_every_database_takes(ledger: Ledger) -> None:
    keys = [str(n) for n in range(2300)]
    ledger.settle(PRODUCTION, [created(key) for key in keys[::2]])
    sizes: list[int] = []

    @sa.event.listens_for(ledger.engine, "before_cursor_execute")
    def note(_connection: Any, _cursor: Any, _statement: str, parameters: Sequence[Any], *_: Any) -> None:
        sizes.append(len(parameters))

    assert set(ledger.known(PRODUCTION, "ticket", keys)) == set(keys[::2])
    assert max(sizes) < 999  # what an old SQLite takes
    assert ledger.known(PRODUCTION, "ticket", []) == {}


def test_a_record_counts_for_the_run_that_wrote_it_last(place: Place, ledger: Ledger) -> None:
    ledger.settle(PRODUCTION, [created("1"), created("2")])
    later = place.open("run-2")
    later.settle(PRODUCTION, [created("2")])
    assert later.created_in("run-1", PRODUCTION) == {"ticket": 1}
    assert later.created_in("run-2", PRODUCTION) == {"ticket": 1}
    later.close()


def test_of_a_record_settled_twice_in_one_go_the_last_word_stands(ledger: Ledger) -> None:
    ledger.settle(PRODUCTION, [Entry("ticket", "1", "skipped", rule="spam"), created("1")])
    known = ledger.entry(PRODUCTION, "ticket", "1")
    assert known is not None
    assert known.state == "created"
    assert len(ledger.journal(PRODUCTION, "ticket", "1")) == 2
    assert ledger.verify() == 2


def test_to_settle_nothing_writes_nothing(ledger: Ledger) -> None:
    ledger.settle(PRODUCTION, [])
    assert ledger.head() == (0, "")


def test_records_can_be_read_while_they_are_written(ledger: Ledger) -> None:
    ledger.settle(PRODUCTION, [created(str(n)) for n in range(2500)])
    seen = 0
    for entry in ledger.entries(PRODUCTION, "ticket", "created"):
        if seen % 500 == 0:
            ledger.settle(PRODUCTION, [Entry("ticket", entry.source_key, "skipped", rule="spam")])
        seen += 1
    assert seen == 2500
    assert ledger.counts(PRODUCTION) == {"ticket": {"created": 2495, "skipped": 5}}


def test_the_next_process_finds_everything(place: Place, ledger: Ledger) -> None:
    _several(ledger)
    ledger.set_meta("watermark", {"at": "2026-01-01", "n": 3})
    ledger.close()
    again = place.open("run-2")
    assert again.counts(PRODUCTION)["ticket"]["created"] == 2
    assert again.meta("watermark") == {"at": "2026-01-01", "n": 3}
    assert again.meta("nothing", "default") == "default"
    again.settle(PRODUCTION, [created("11")])
    assert again.verify() == 8
    again.close()


UNUSUAL = ("NUL \0 inside", "half of a pair \ud83d", "both halves 😀", "␛ and ␛0000", "ﬀ ÄÖ \u202e", "x" * 20_000)


@pytest.mark.parametrize("text", UNUSUAL)
def test_any_text_is_kept_as_it_is(ledger: Ledger, text: str) -> None:
    key = text[:300]
    ledger.intend(PRODUCTION, Entry("ticket", key, PENDING, external_id=key))
    entry = Entry("ticket", key, "quarantined", rule=text, external_id=key, target_id=text, reason=text,
                  detail={"said": text, text: 1})  # fmt: skip
    ledger.settle(PRODUCTION, [entry])
    found = ledger.entry(PRODUCTION, "ticket", key)
    assert found is not None
    assert replace(found, run_id=None, at="") == entry
    assert list(ledger.known(PRODUCTION, "ticket", [key, "another"])) == [key]
    assert len(ledger.journal(PRODUCTION, "ticket", key)) == 2
    ledger.set_meta("words", text)
    assert ledger.meta("words") == text
    assert ledger.verify() == 2


def test_keys_come_in_the_order_of_their_characters_whatever_the_language(ledger: Ledger) -> None:
    keys = ["Z", "a", "B", "ä", "_", "10", "9", "-", "zz"]
    ledger.settle(PRODUCTION, [created(key) for key in keys])
    assert [entry.source_key for entry in ledger.entries(PRODUCTION)] == sorted(keys)


# --- chunks and steps ----------------------------------------------------------------------------------


def test_chunks_are_kept_in_order_and_forgotten_by_stage_or_from_a_number_on(ledger: Ledger) -> None:
    for stage in ("full", "delta"):
        for part in (1, 0, 2):
            ledger.add_chunk(stage, "Tickets", part, rows=10, last_key="[1]", sha256="x", final=part == 2)
    ledger.add_chunk("full", "Users", 0, rows=1, last_key="[9]", sha256="y", final=True)
    assert [chunk["part"] for chunk in ledger.chunks("full", "Tickets")] == [0, 1, 2]
    assert ledger.chunks("full", "Tickets")[2]["final"] is True
    ledger.forget_chunks("full", "Tickets", 1)
    assert [(chunk["table"], chunk["part"]) for chunk in ledger.chunks("full")] == [("Tickets", 0), ("Users", 0)]
    ledger.forget_stage("full")
    assert ledger.chunks("full") == []
    assert len(ledger.chunks("delta")) == 3


def test_a_chunk_is_never_noted_twice(ledger: Ledger) -> None:
    ledger.add_chunk("full", "Users", 0, rows=1, last_key="[9]", sha256="y", final=True)
    with pytest.raises(StorageError, match=r"(?i)unique"):
        ledger.add_chunk("full", "Users", 0, rows=2, last_key="[9]", sha256="z", final=True)
    assert ledger.chunks("full")[0]["rows"] == 1


def test_a_step_is_done_when_its_latest_attempt_was(place: Place, ledger: Ledger) -> None:
    assert not ledger.step_is_done("04_extract")
    ledger.mark_step("04_extract", "running")
    assert not ledger.step_is_done("04_extract")
    ledger.mark_step("04_extract", "done", {"rows": 5})
    assert ledger.step_is_done("04_extract")
    assert ledger.steps("run-1")[0]["summary"] == {"rows": 5}
    later = place.open("run-2")
    later.mark_step("04_extract", "running")
    assert not later.step_is_done("04_extract"), "an attempt that was cut off is not done"
    later.mark_step("04_extract", "failed")
    assert not later.step_is_done("04_extract")
    assert [step["run_id"] for step in later.steps()] == ["run-1", "run-2"]
    later.close()


def test_a_step_that_runs_again_has_no_end_of_an_earlier_attempt(ledger: Ledger) -> None:
    ledger.mark_step("05_load", "running")
    ledger.mark_step("05_load", "failed", {"why": "disk"})
    ledger.mark_step("05_load", "running")
    (step,) = ledger.steps("run-1")
    assert (step["status"], step["finished_at"], step["summary"]) == ("running", None, None)
    assert step["started_at"]


def test_a_rehearsal_is_not_the_step_itself(ledger: Ledger) -> None:
    ledger.mark_step("05_load", "running")
    ledger.mark_step("05_load", "rehearsed")
    assert not ledger.step_is_done("05_load")
    assert ledger.step_is_done("05_load", rehearsed=True)


# --- many writers --------------------------------------------------------------------------------------


def test_many_workers_write_one_unbroken_chain(ledger: Ledger) -> None:
    def work(worker: int) -> None:
        for n in range(20):
            key = f"{worker}-{n}"
            ledger.intend(PRODUCTION, pending(key))
            ledger.settle(PRODUCTION, [created(key)])

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))
    assert ledger.counts(PRODUCTION) == {"ticket": {"created": 160}}
    assert ledger.verify() == 320


def test_two_processes_worth_of_ledgers_write_one_chain(place: Place, ledger: Ledger) -> None:
    other = place.open("run-2")
    for n in range(10):
        ledger.settle(PRODUCTION, [created(f"a{n}")])
        other.settle(PRODUCTION, [created(f"b{n}")])
    assert ledger.verify() == 20
    other.close()


def handed_in_at_once(ledger: Ledger, works: Sequence[Callable[[], None]]) -> list[Future[None]]:
    """Let the writer be busy until all of ``works`` wait for it; return how they ended."""
    busy, gate, writer = threading.Event(), threading.Event(), ledger._writer
    assert isinstance(writer, GroupWriter)

    def hold(_connection: sa.Connection) -> None:
        busy.set()
        gate.wait(60)

    with ThreadPoolExecutor(len(works) + 1) as pool:
        first = pool.submit(writer.submit, hold)
        busy.wait(60)
        futures = [pool.submit(work) for work in works]
        while writer._queue.qsize() < len(works):
            threading.Event().wait(0.001)
        gate.set()
    first.result()
    return futures


def test_one_entry_that_cannot_be_written_does_not_take_the_others_with_it(ledger: Ledger) -> None:
    bad = Entry("ticket", "bad", "created", detail={"no JSON": object()})
    entries = (created("1"), bad, created("2"), created("3"))
    works = [lambda entry=entry: ledger.settle(PRODUCTION, [entry]) for entry in entries]
    ended = [future.exception() for future in handed_in_at_once(ledger, works)]
    assert [type(error) for error in ended] == [type(None), sa.exc.StatementError, type(None), type(None)]
    assert ledger.counts(PRODUCTION) == {"ticket": {"created": 3}}
    assert ledger.verify() == 3


def test_what_several_hand_in_at_once_is_one_transaction(ledger: Ledger) -> None:
    commits: list[object] = []
    sa.event.listen(ledger.engine, "commit", commits.append)
    handed_in_at_once(ledger, [lambda n=n: ledger.settle(PRODUCTION, [created(str(n))]) for n in range(10)])
    assert len(commits) == 2, "one for who kept the writer busy, and one for all the others"
    assert ledger.verify() == 10


def test_a_closed_ledger_can_be_written_again(ledger: Ledger) -> None:
    ledger.settle(PRODUCTION, [created("1")])
    ledger.close()
    ledger.close()
    ledger.settle(PRODUCTION, [created("2")])
    assert ledger.verify() == 2


def test_an_error_of_the_work_comes_back_to_who_handed_it_in(ledger: Ledger) -> None:
    def work(_connection: sa.Connection) -> None:
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        ledger._writer.submit(work)
    assert ledger._writer.submit(lambda connection: 42) == 42


# --- the chain -----------------------------------------------------------------------------------------

HARM = {
    "a row changed": "UPDATE journal SET detail = '{}' WHERE seq = 3",
    "a moment changed": "UPDATE journal SET at = '2020-01-01' WHERE seq = 1",
    "a key changed": "UPDATE journal SET source_key = '99' WHERE seq = 2",
    "the first row removed": "DELETE FROM journal WHERE seq = 1",
    "a row removed": "DELETE FROM journal WHERE seq = 4",
    "the last row removed": "DELETE FROM journal WHERE seq = (SELECT max(seq) FROM journal)",
    "a row put in at the end": "INSERT INTO journal SELECT seq + 100, target, object, source_key, event, detail, at, "
    "hash FROM journal WHERE seq = 1",
    "two rows exchanged": "UPDATE journal SET seq = CASE seq WHEN 2 THEN -3 ELSE -2 END WHERE seq IN (2, 3)",
    "all rows removed": "DELETE FROM journal",
    "a record changed": "UPDATE record SET state = 'created' WHERE state = 'quarantined'",
    "a record's id changed": "UPDATE record SET target_id = '1' WHERE source_key = '2'",
    "a record's reason changed": "UPDATE record SET reason = 'none' WHERE state = 'quarantined'",
    "a record made pending": "UPDATE record SET state = 'pending' WHERE source_key = '2'",
    "a pending record settled": "UPDATE record SET state = 'created' WHERE state = 'pending'",
    "a record removed": "DELETE FROM record WHERE source_key = '3'",
    "a record put in": "INSERT INTO record (target, object, source_key, state, detail, at) "
    "VALUES ('production', 'ticket', '77', 'created', '{}', '')",
}


ON_A_SERVER = ("a row changed", "the last row removed", "a record put in")
"""Harm that is tried there too: what finds it is the same."""
PLACES = [("sqlite", harm) for harm in HARM] + [("postgresql", harm) for harm in ON_A_SERVER]


@pytest.mark.parametrize(("place", "harm"), PLACES, indirect=["place"])
def test_what_was_changed_outside_the_program_is_found(ledger: Ledger, harm: str) -> None:
    _several(ledger)
    assert ledger.verify() == 7
    raw(ledger, HARM[harm])
    if "exchanged" in harm:
        raw(ledger, "UPDATE journal SET seq = -seq WHERE seq < 0")
    with pytest.raises(LedgerBroken) as caught:
        ledger.verify()
    assert "outside this program" in caught.value.message
    assert "copy" in caught.value.next_step


def test_the_head_is_the_last_row(ledger: Ledger) -> None:
    assert ledger.head() == (0, "")
    _several(ledger)
    assert [ledger.head()] == raw(ledger, "SELECT seq, hash FROM journal ORDER BY seq DESC LIMIT 1")


# --- opening ------------------------------------------------------------------------------------------


def test_a_ledger_of_a_newer_version_is_refused(place: Place, ledger: Ledger) -> None:
    ledger.set_meta("schema", 99)
    with pytest.raises(LedgerBroken, match="newer version") as caught:
        place.open()
    assert "install the version that wrote it" in caught.value.next_step


def test_processes_that_make_the_ledger_at_the_same_moment_all_can(place: Place) -> None:
    code = (
        "import sys; from migrator_lib.ledger import Entry, Ledger\n"
        "print('ready', flush=True); sys.stdin.readline()\n"
        f"ledger = {place.code}\n"
        "ledger.settle('production', [Entry('ticket', sys.argv[1], 'created')]); ledger.close()"
    )
    processes = [
        subprocess.Popen([sys.executable, "-c", code, str(n)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                         text=True, cwd=Path(__file__).parents[2])
        for n in range(2)
    ]  # fmt: skip
    for process in processes:
        assert process.stdout is not None
        process.stdout.readline()
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    assert [process.wait(60) for process in processes] == [0, 0]
    ledger = place.open()
    assert ledger.counts(PRODUCTION) == {"ticket": {"created": 2}}
    assert ledger.verify() == 2


def test_an_error_does_not_show_what_was_to_be_written(ledger: Ledger) -> None:
    with pytest.raises(sa.exc.StatementError) as caught:
        ledger.settle(
            PRODUCTION, [Entry("ticket", "1", "created", reason="ida@postbox.example", detail={"x": object()})]
        )
    assert "ida@" not in str(caught.value)
