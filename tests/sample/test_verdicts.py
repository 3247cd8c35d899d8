"""Verdicts: kept by record, valid as long as the record is as it was, and read from a file that a person brings."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from migrator_lib.errors import ParameterError
from migrator_lib.sample.verdicts import Progress, Sampled, Verdict, Verdicts, merged, read, write

RECORDS = [
    Sampled("ticket:1", "Ticket A-1", "one", is_random=False, differs=False),
    Sampled("ticket:2", "Ticket A-2", "two", is_random=True, differs=True),
    Sampled("live_chat:3", "Live chat 3", "three", is_random=True, differs=False),
]


def said(fingerprint: str, verdict: str = "right", **more: str) -> Verdict:
    return Verdict.model_validate({"verdict": verdict, "fingerprint": fingerprint, **more})


def standing(**verdicts: Verdict) -> Progress:
    named = {key.replace("__", ":"): one for key, one in verdicts.items()}
    return Progress(RECORDS, Verdicts(engagement="acme", verdicts=named), population=50)


def test_progress_is_told_in_words() -> None:
    assert standing().words == "0 of 3 looked at"
    found = standing(ticket__1=said("one"), live_chat__3=said("three", "wrong", line="statuses.3.becomes"))
    assert found.words == "2 of 3 looked at, 1 wrong"
    assert [one.key for one in found.unseen] == ["ticket:2"]
    assert [(one.key, verdict.line) for one, verdict in found.wrong] == [("live_chat:3", "statuses.3.becomes")]


def test_a_record_that_changed_since_is_to_be_looked_at_again() -> None:
    assert standing(ticket__1=said("as it was before", "wrong")).words == "0 of 3 looked at"


def test_what_a_person_says_stands_above_what_was_compared() -> None:
    assert standing().drawn == (2, 1)
    assert standing(ticket__2=said("two")).drawn == (2, 0)
    assert standing(ticket__2=said("two"), live_chat__3=said("three", "wrong")).drawn == (2, 1)
    assert standing(ticket__1=said("one", "wrong")).drawn == (2, 1)  # chosen for being hard: not counted


def test_they_are_kept_and_read_again(tmp_path: Path) -> None:
    file = tmp_path / "verdicts.json"
    kept = Verdicts(engagement="acme", verdicts={"ticket:1": said("one", "wrong", remark="Größe fehlt", by="Ada")})
    assert read(file, "acme").verdicts == {}
    write(file, kept)
    assert read(file, "acme") == kept


def test_others_are_taken_in_beside_mine_and_those_of_an_older_sample_are_named() -> None:
    mine = Verdicts(engagement="acme", verdicts={"ticket:1": said("one")})
    others = {"ticket:2": said("two", "wrong"), "live_chat:3": said("older"), "ticket:99": said("gone")}
    found, left = merged(mine, others, RECORDS)
    assert set(found.verdicts) == {"ticket:1", "ticket:2"}
    assert left == ["live_chat:3", "ticket:99"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("{", "holds no verdicts"),
        (json.dumps({"engagement": "acme", "verdicts": {"ticket:1": {"verdict": "perhaps", "fingerprint": ""}}}),
         "verdicts.ticket:1.verdict"),
        (json.dumps({"engagement": "other"}), "of the engagement 'other', not of 'acme'"),
    ],
)  # fmt: skip
def test_a_file_that_holds_something_else_is_refused_and_says_what_to_do(
    tmp_path: Path, content: str, words: str
) -> None:
    file = tmp_path / "review.json"
    file.write_text(content)
    with pytest.raises(ParameterError, match=words) as caught:
        read(file, "acme")
    assert caught.value.next_step
