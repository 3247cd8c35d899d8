"""The mapping: what is proposed, what a person wrote and signed, and what is wrong with it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from migrator_lib import mapping
from migrator_lib.errors import ParameterError, StorageError
from migrator_lib.mapping import EngagementMapping, FieldMapping
from migrator_lib.plan.proposal import (
    DISTINCT_KEPT,
    ValueProfile,
    propose,
    propose_brands,
    propose_fields,
    propose_priorities,
    propose_statuses,
    propose_tags,
    propose_teams,
)


def field(texts: list[str], options: str | None = None, name: str | None = "Colour") -> FieldMapping:
    profile = ValueProfile()
    for text in texts:
        profile.add(text)
    rows = [{"CustomFieldID": 5, "DisplayName": name, "Options": options}]
    return propose_fields(rows, {5: profile})["5"]


# --- proposals -----------------------------------------------------------------------------------------


def status(number: int, name: str | None, *, is_open: bool, active: bool = False, display: str | None = None) -> Any:
    return {"TicketStatusID": number, "EnglishName": name, "DisplayName": display, "IsOpen": is_open,
            "IsActive": active, "IsLocked": None}  # fmt: skip


def test_statuses_are_proposed_by_their_flags_not_their_names() -> None:
    found = propose_statuses([
        status(1, "Active", is_open=True, active=True), status(2, "Waiting", is_open=True, display="On Hold"),
        status(3, "Open Sesame", is_open=False), status(4, None, is_open=False),
    ])  # fmt: skip
    assert [(s.name, s.becomes, s.tag) for s in found.values()] == [
        ("Active", "open", None), ("On Hold", "open", "on hold"), ("Open Sesame", "closed", None),
        ("Status 4", "closed", None),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "wanted"), [("Urgent", "critical"), ("LOW", "low"), ("Whenever", "normal"), (None, "normal")]
)
def test_priorities_are_proposed_by_name_and_unknown_ones_ask(name: str | None, wanted: str) -> None:
    found = propose_priorities([{"TicketPriorityID": 1, "EnglishName": name, "DisplayName": None}])["1"]
    assert found.becomes == wanted
    assert ("please choose" in found.reason) is (name in ("Whenever", None))


@pytest.mark.parametrize(
    ("texts", "wanted"),
    [
        (["12", "3,5", "-4"], "number"),
        (["12", "0012"], "text"),
        (["12", "1,234"], "text"),
        (["True", "false"], "boolean"),
        (["2024-02-01", "1.2.2024"], "date as text"),
        (["2024-02-01", "soon"], "text"),
        (["12", "", "  "], "number"),
        (["nan"], "text"),
        ([], "text"),
    ],
)
def test_a_field_is_proposed_as_the_narrowest_type_that_takes_all_values(texts: list[str], wanted: str) -> None:
    assert field(texts).becomes == wanted


@pytest.mark.parametrize(
    ("texts", "becomes", "slashes"),
    [
        (["03/04/2024", "25/12/2024"], "date as text", "day/month"),
        (["03/04/2024", "12/25/2024"], "date as text", "month/day"),
        (["03/04/2024"], "text", None),
        (["25/12/2024", "12/25/2024"], "text", None),
    ],
)
def test_which_number_of_a_date_is_the_month_is_proposed_where_the_values_tell(
    texts: list[str], becomes: str, slashes: str | None
) -> None:
    found = field(texts)
    assert (found.becomes, found.slashes) == (becomes, slashes)
    assert ("slashes" in found.reason) is (becomes == "text")


def test_a_field_with_options_is_a_dropdown_only_if_every_value_is_one_of_them() -> None:
    options = "Red\r\n Green \n\nRed\n" + "long " * 40
    found = field(["Red", " Green ", "", "long " * 40], options)
    assert found.becomes == "dropdown"
    assert found.choices == ("Red", "Green", ("long " * 40).strip())
    stray = field(["Red", "Blue"], options)
    assert (stray.becomes, stray.choices) == ("text", ())
    assert "none of them: 1" in stray.reason


def test_a_stray_value_after_many_others_is_seen() -> None:
    options = [f"option {n}" for n in range(200)]
    assert field([*options, "stray"], "\n".join(options)).becomes == "text"
    many = [f"option {n}" for n in range(DISTINCT_KEPT + 5)]
    assert field([*many, "stray"], "\n".join(many[:DISTINCT_KEPT])).becomes == "text"


def test_values_near_the_ceiling_are_told_of() -> None:
    assert "values of 500 characters or more: 1 (longest 512)" in field(["x" * 512, "short"]).reason


def test_a_name_that_is_taken_or_empty_or_long_becomes_a_label_of_its_own() -> None:
    names = ("Colour", "colour", "Colour (4)", " COLOUR ", None, "y" * 300)
    rows = [{"CustomFieldID": n, "DisplayName": name, "Options": None} for n, name in enumerate(names, 1)]
    found = propose_fields(rows, {n: ValueProfile() for n in range(1, 7)})
    labels = [entry.label for entry in found.values()]
    assert labels[:5] == ["Colour", "colour (2)", "Colour (4)", "COLOUR (4-3)", "Field 5"]
    assert len(labels[5]) <= 255
    EngagementMapping(ticket_fields=found)  # the labels differ


def test_fields_without_values_are_not_proposed() -> None:
    assert propose_fields([{"CustomFieldID": 1, "DisplayName": "x", "Options": None}], {}) == {}


def test_teams_have_names_that_gorgias_takes_each_once() -> None:
    names = ("Support", "SUPPORT", None, "z" * 400)
    departments = [
        {"DepartmentID": n, "DisplayName": name, "IsDeleted": name is None} for n, name in enumerate(names, 1)
    ]
    groups = [{"DepartmentID": 1, "GroupID": 11, "GroupName": None, "IsDeleted": False},
              {"DepartmentID": 9, "GroupID": 11, "GroupName": "Orders", "IsDeleted": True}]  # fmt: skip
    found = propose_teams(departments, groups)
    assert [found[key].team for key in ("d1", "d2", "d3", "g1-11", "g9-11")] == [
        "Support", "SUPPORT (2)", "Department 3", "Support / Group 11", "Unknown / Orders",
    ]  # fmt: skip
    assert [key for key, team in found.items() if team.becomes == "nothing"] == ["d3", "g9-11"]
    assert max(len(team.team) for team in found.values()) <= 255


def test_tags_that_differ_by_case_or_spaces_become_the_first() -> None:
    names = ("Vip", " VIP ", None, "x" * 300)
    found = propose_tags([{"TagID": n, "Name": name} for n, name in enumerate(names, 1)])
    assert [entry.becomes for entry in found.values()] == ["Vip", "Vip", "tag 3", "x" * 256]


def test_a_brand_without_a_name_or_with_a_long_one_is_a_tag() -> None:
    found = propose_brands([{"BrandID": 1, "BrandName": None}, {"BrandID": 2, "BrandName": "y" * 300}])
    assert found["1"].tag == "brand: Brand 1"
    assert len(found["2"].tag) == 256


def test_only_directions_whose_meaning_is_known_are_proposed() -> None:
    proposed = propose(lambda table: [], {}, {}).directions
    assert {code: entry.becomes for code, entry in proposed.items()} == {"0": "incoming", "1": "outgoing"}


# --- the file ------------------------------------------------------------------------------------------

STATUS = {"name": "Active", "becomes": "open"}
PROPOSAL = EngagementMapping.model_validate({
    "statuses": {"1": STATUS, "2": {**STATUS, "name": "Waiting", "tag": "waiting"}},
    "ticket_fields": {"5": {"name": "Colour", "becomes": "dropdown", "label": "Colour", "choices": ["Red"]}},
})  # fmt: skip


def test_a_proposal_is_written_and_reads_back_as_it_was(tmp_path: Path) -> None:
    file = tmp_path / "new" / "mapping.yaml"
    added = mapping.merge_into_file(file, PROPOSAL)
    assert added == ["statuses.1", "statuses.2", "ticket_fields.5"]
    assert mapping.load(file) == PROPOSAL
    assert file.read_text().startswith("# What the source's codes")
    assert list(file.parent.iterdir()) == [file]


def test_what_a_person_wrote_stays_comments_and_all(tmp_path: Path) -> None:
    file = tmp_path / "mapping.yaml"
    file.write_text(
        "# agreed with Mrs Low on Monday\nstatuses:\n  1:   # by hand, as a number\n    name: Active\n"
        "    becomes: closed  # sic\nbrands:\n"
    )
    assert mapping.merge_into_file(file, PROPOSAL) == ["statuses.2", "ticket_fields.5"]
    text = file.read_text()
    for words in ("# agreed with Mrs Low on Monday", "# by hand, as a number", "closed  # sic"):
        assert words in text
    assert mapping.load(file).statuses["1"].becomes == "closed"


@pytest.mark.parametrize("empty", ["", " []", " {}", " null"])
def test_a_section_that_is_empty_in_any_way_is_filled(tmp_path: Path, empty: str) -> None:
    file = tmp_path / "mapping.yaml"
    file.write_text(f"statuses:{empty}\ntags:{empty}\n")
    assert mapping.merge_into_file(file, PROPOSAL) == ["statuses.1", "statuses.2", "ticket_fields.5"]
    assert mapping.load(file) == PROPOSAL


@pytest.mark.parametrize("text", ["- statuses\n", "statuses\n", "statuses: [1]\n", "statuses: {1: {becomes: open}}\n"])
def test_a_file_that_is_no_mapping_is_refused_and_not_written_over(tmp_path: Path, text: str) -> None:
    file = tmp_path / "mapping.yaml"
    file.write_text(text)
    with pytest.raises(ParameterError, match=r"mapping\.yaml is not valid") as caught:
        mapping.merge_into_file(file, PROPOSAL)
    assert caught.value.next_step
    assert file.read_text() == text


def test_nothing_is_written_where_nothing_is_new(tmp_path: Path) -> None:
    file = tmp_path / "mapping.yaml"
    mapping.merge_into_file(file, PROPOSAL)
    before = file.read_bytes(), file.stat().st_mtime_ns
    assert mapping.merge_into_file(file, PROPOSAL) == []
    assert (file.read_bytes(), file.stat().st_mtime_ns) == before


def test_a_signature_is_bound_to_the_content_alone() -> None:
    def changed(**entry: Any) -> str:
        data = PROPOSAL.model_dump()
        data["statuses"]["1"].update(entry)
        data["statuses"] = dict(reversed(data["statuses"].items()))
        return EngagementMapping.model_validate(data).hash

    assert changed(reason="because") == PROPOSAL.hash
    assert changed(becomes="closed") != PROPOSAL.hash
    assert changed(tag="x") != PROPOSAL.hash


def test_a_section_that_a_new_version_brings_leaves_signatures_as_they_are_until_it_holds_something() -> None:
    entry = {"42": {"name": "Call-back"}}
    assert EngagementMapping.model_validate({**PROPOSAL.model_dump(), "comment_types": {}}).hash == PROPOSAL.hash
    assert EngagementMapping.model_validate({**PROPOSAL.model_dump(), "comment_types": entry}).hash != PROPOSAL.hash


def test_codes_that_a_person_wrote_before_anything_was_proposed_stay_beside_the_proposal(tmp_path: Path) -> None:
    file = tmp_path / "mapping.yaml"
    file.write_text("statuses:\n  77: {name: Parked, becomes: open}\ndirections:\n  2: {becomes: outgoing}\n")
    mapping.merge_into_file(file, PROPOSAL)
    found = mapping.load(file)
    assert (set(found.statuses), found.statuses["77"].name) == ({"1", "2", "77"}, "Parked")
    assert found.directions["2"].becomes == "outgoing"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("statuses: {1: {name: x, becomes: ajar}}", r"statuses\.1\.becomes"),
        ("statuses: {1: {becomes: open}}", r"statuses\.1\.name"),
        ("statuses: {1: {name: x, becomes: open, colour: red}}", r"statuses\.1\.colour"),
        ("tags: {1: {name: x, becomes: ''}}", r"tags\.1\.becomes"),
        ("statues: {}", "statues"),
        ("statuses: 3", "statuses"),
        ("- a list", "mapping.yaml"),
        ("ticket_fields: {5: {name: x, becomes: dropdown, label: x}}", r"ticket_fields\.5: a dropdown needs 'choices'"),
        ("ticket_fields: {5: {name: x, becomes: text, label: X}, 6: {name: x, becomes: text, label: ' x'}}",
         r"ticket_fields\.6\.label: ' x' is the label of ticket_fields\.5 too"),
        ("ticket_fields: {5: {name: x, becomes: date as text, label: x, slashes: y/m}}", r"ticket_fields\.5\.slashes"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_by_file_and_key(tmp_path: Path, text: str, words: str) -> None:
    file = tmp_path / "mapping.yaml"
    file.write_text(text)
    with pytest.raises(ParameterError, match=words) as caught:
        mapping.load(file)
    assert str(file) in caught.value.message
    assert caught.value.next_step


def test_labels_may_repeat_where_a_field_becomes_nothing(tmp_path: Path) -> None:
    file = tmp_path / "mapping.yaml"
    file.write_text("ticket_fields: {5: {name: x, becomes: text, label: X}, 6: {name: x, becomes: nothing, label: X}}")
    assert len(mapping.load(file).ticket_fields) == 2


def test_an_empty_file_is_an_empty_mapping(tmp_path: Path) -> None:
    file = tmp_path / "mapping.yaml"
    file.write_text("# nothing yet\n")
    assert mapping.load(file) == EngagementMapping()


def test_a_proposal_that_cannot_be_written_is_said_and_the_file_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "mapping.yaml"
    mapping.merge_into_file(file, PROPOSAL)
    file.write_text(before := file.read_text().replace("  '2':", "  '7':"))

    def full(_handle: int) -> None:
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr("migrator_lib.storage.os.fsync", full)
    with pytest.raises(StorageError, match="No space left"):
        mapping.merge_into_file(file, PROPOSAL)
    assert file.read_text() == before


def test_a_code_that_the_audit_asks_for_is_refused_until_somebody_chose(tmp_path: Path) -> None:
    file = tmp_path / "mapping.yaml"
    file.write_text("priorities:\n  '9': {name: Rare, becomes: CHOOSE}\n", encoding="utf-8")
    with pytest.raises(
        ParameterError, match=r"priorities\.9\.becomes: in the place of CHOOSE write 'critical', 'high'"
    ):
        mapping.load(file)


def test_a_question_names_what_stands_beside_its_answer(tmp_path: Path) -> None:
    file = tmp_path / "mapping.yaml"
    team = {"name": "Back Office", "team": "Back Offices", "confidence": 0.5, "reason": "alike"}
    mapping.merge_into_file(file, mapping.EngagementMapping.model_validate({"teams": {"d4": team}}))
    (question,) = mapping.questions(file)
    assert "write 'becomes: team', or nothing; beside it stands 'team: Back Offices'" in question.words()
