"""What is expected is written so that people can read it, of every object, and is held against what there is."""

from __future__ import annotations

import json
import re
import sqlite3
from pathlib import Path

import pytest

from migrator_lib import expectations
from migrator_lib.errors import ParameterError
from migrator_lib.expectations import suites
from migrator_lib.expectations.pages import document
from migrator_lib.expectations.suites import GATES, Suite, load
from migrator_lib.objects import INVENTORIES, KNOWLEDGE, OBJECTS, PARTS
from migrator_lib.smartertrack.tables import source_table

PACKAGE = Path(expectations.__file__).parent.parent
GOOD = """\
title: Tickets
objects: [ticket]
from: Tickets
key: TicketID
columns:
  status: TicketStatusID
  subject_length: length of Subject
index: [status]
expectations:
  - says: Every ticket is staged once.
    severity: stop
    type: expect_column_values_to_be_unique
    kwargs: {column: key}
    next: read it anew.
  - says: Every status is known.
    severity: tell
    type: unexpected_rows_expectation
    kwargs:
      unexpected_rows_query: |
        SELECT key FROM {batch} WHERE status > 9
"""
TARGET = GOOD.replace("from: Tickets", "from: ticket").replace("TicketID", "key")
TARGET = TARGET.replace("TicketStatusID", "number of $.status").replace("length of Subject", "length of $.subject")


def refused(folder: Path, text: str, gate: suites.Gate = "staged") -> str:
    folder.mkdir(exist_ok=True)
    (folder / "ticket.yaml").write_text(text)
    with pytest.raises(ParameterError) as caught:
        load(folder, gate)
    assert caught.value.next_step
    return caught.value.message


def test_a_good_suite_is_read(tmp_path: Path) -> None:
    (tmp_path / "ticket.yaml").write_text(GOOD)
    (suite,) = load(tmp_path, "staged")
    assert [one.name for one in suite.facts("staged")] == ["key", "status", "subject_length"]
    assert [one.stops for one in suite.expectations] == [True, False]


@pytest.mark.parametrize(
    ("was", "wrong", "line", "words"),
    [
        ("from: Tickets", "from: Letters", 3, "no table 'Letters' is staged"),
        ("key: TicketID", "key: Subject", 4, "no such number 'Subject'"),
        ("TicketStatusID", "StatusID", 6, "Tickets has no column 'StatusID' that is staged"),
        ("length of Subject", "Subject", 7, "Tickets.Subject is a string, of which a fact is made by length of"),
        ("length of Subject", "moment of Subject", 7, "is a string"),
        ("status: TicketStatusID", "status: length of TicketStatusID", 6, "is a int, of which a fact is made by its"),
        ("length of Subject", "begin of Subject", 7, "is no way to make a fact"),
        ("index: [status]", "index: [state]", 8, "no column 'state' among its facts"),
        ("severity: stop", "severity: perhaps", 11, "severity"),
        ("    next: read it anew.\n", "", 11, "needs 'next'"),
        ("expect_column_values_to_be_unique", "expect_something", 12, "'expect_something' is none of"),
        ("{column: key}", "{column: number}", 13, "there is no column 'number' among its facts"),
        ("{column: key}", "{columns: key}", 13, "takes no 'columns'"),
        ("column: key}", "column: key, min_value: 1}", 13, "takes no 'min_value'"),
        ("column: key}", "column: key, $PARAMETER: now}", 13, "takes no '$PARAMETER'"),
        ("status > 9", "state > 9", 19, "no such column: state"),
        ("{batch}", "letters AS {batch}", 19, "syntax error"),
        ("{batch}", "ticket", 19, "the table is written {batch}"),
        ("SELECT key", "SELECT subject_length", 19, "it selects the key"),
        ("title: Tickets", "titel: Tickets", 1, "titel"),
        ("title: Tickets", "- Tickets", 1, "not YAML"),
    ],
)
def test_a_suite_that_names_what_there_is_not_is_refused_with_its_line(
    tmp_path: Path, was: str, wrong: str, line: int, words: str
) -> None:
    assert was in GOOD
    told = refused(tmp_path, GOOD.replace(was, wrong, 1))
    assert words in told
    assert f"line {line}" in told or words in ("titel", "not YAML"), told


@pytest.mark.parametrize(
    ("was", "wrong", "words"),
    [
        ("from: ticket", "from: letter", "nothing called 'letter' is read back"),
        ("key: key", "key: id", "it is made of the external id"),
        ("length of $.subject", "code of $.subject", "$.subject holds no code"),
        ("length of $.subject", "code of $.customer.name", "$.customer.name holds no code"),
        ("length of $.subject", "$.subject", "names no path"),
        ("length of $.subject", "length of $.subject') --", "is no way"),
    ],
)
def test_no_text_that_was_read_back_can_be_a_fact(tmp_path: Path, was: str, wrong: str, words: str) -> None:
    (tmp_path / "ticket.yaml").write_text(TARGET)
    assert load(tmp_path, "target")
    assert words in refused(tmp_path, TARGET.replace(was, wrong, 1), "target")


def test_something_is_expected_of_every_object_that_is_staged_or_made() -> None:
    names = {gate: {name for suite in suites.suites(gate) for name in suite.objects} for gate in GATES}
    every = {obj.name for obj in OBJECTS} | set(PARTS)
    assert names["staged"] == every
    assert every - names["target"] == {one.name for one in (*INVENTORIES, *KNOWLEDGE)}  # in documents and packages
    assert names["target"] <= every


@pytest.mark.parametrize("gate", GATES)
def test_every_expectation_is_a_sentence_and_no_fact_is_a_text_of_a_persons(gate: suites.Gate) -> None:
    for suite in suites.suites(gate):
        says = [one.says for one in suite.expectations]
        assert len(set(says)) == len(says) > 0
        assert [text for text in says if not text.endswith(".") or not text[0].isupper()] == []
        assert [one.name for one in suite.facts(gate) if one.type == "TEXT" and not may_be_text(suite, one)] == []


def may_be_text(suite: Suite, column: object) -> bool:
    """Whether a column of texts is a key of numbers, or a code."""
    name, how = vars(column)["name"], vars(column)["how"]
    if name in ("key", "object"):
        return True
    return bool(how == "code")


def test_what_names_a_row_is_a_number_everywhere_but_where_a_ticket_was_merged_away() -> None:
    texts = {
        suite.name
        for suite in suites.suites("staged")
        for part in suites.key_parts(suite.key)
        if source_table(suite.source).type_of(part) == "string"
    }
    assert texts == {"ticket_merge"}


def test_the_document_has_every_sentence() -> None:
    text = document("Fernhill")
    said = [one.says for gate in GATES for suite in suites.suites(gate) for one in suite.expectations]
    assert len(said) > 300
    assert [one for one in said if one.replace("'", "&#x27;") not in text] == []


def test_great_expectations_is_imported_by_nothing_but_the_functions_that_run_it() -> None:
    """It takes seconds; what is named at the head of a module would be loaded by every command."""
    imports = re.compile(r"^( *)(?:import|from) great_expectations", re.MULTILINE)
    found = {
        file.name: imports.findall(text)
        for file in PACKAGE.rglob("*.py")
        if "great_expectations" in (text := file.read_text(encoding="utf-8"))
    }
    importing = {name: indents for name, indents in found.items() if indents}
    assert set(importing) == {"running.py"}
    assert "" not in importing["running.py"]


@pytest.mark.parametrize("step", ["04_extract", "06_reconcile", "07_cutover"])
def test_a_notebook_stops_at_a_gate_once_everything_is_shown(step: str) -> None:
    notebook = json.loads((PACKAGE.parent / "notebooks" / f"{step}.ipynb").read_text(encoding="utf-8"))
    cells = ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code"]
    (stopping,) = (n for n, text in enumerate(cells) if "expected.require()" in text)
    assert "show(" not in cells[stopping].partition("require()")[2]
    assert [text for text in cells[stopping + 1 :] if "engagement.done(" not in text] == []


def test_queries_are_prepared_against_the_facts_of_all_suites() -> None:
    """What a query looks up in is another suite's table: were one renamed, the suites would not load."""
    with sqlite3.connect(":memory:") as empty:
        for suite in suites.suites("target"):
            empty.execute(suites.create(suite, "target"))
        tables = {name for (name,) in empty.execute("SELECT name FROM sqlite_master")}
    assert tables == {suite.name for suite in suites.suites("target")}


def test_a_suite_may_leave_to_the_run_only_what_the_run_knows(tmp_path: Path) -> None:
    bounded = GOOD.replace("expect_column_values_to_be_unique", "expect_column_values_to_be_between")
    (tmp_path / "ticket.yaml").write_text(
        bounded.replace("column: key", "column: key, max_value: {$PARAMETER: latest}")
    )
    assert load(tmp_path, "staged")
    told = refused(tmp_path, bounded.replace("column: key", "column: key, max_value: {$PARAMETER: now}"))
    assert "'now' is none of rows, earliest, latest" in told
