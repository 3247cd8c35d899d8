"""A mapping that is proposed again: what a person wrote stays, what is different now is shown, what is gone too."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from migrator_lib import mapping
from migrator_lib.mapping import CONFIDENT, EngagementMapping
from migrator_lib.mapping.model import UNSIGNED
from migrator_lib.plan.again import in_words, proposed_differently, vanished
from migrator_lib.plan.proposal import Facts, There, ValueProfile, propose_from

FIELD = {"name": "Shop", "becomes": "dropdown", "label": "Shop", "choices": ["North"],
         "reason": "1 options, and every value is one of them"}  # fmt: skip


def of(**sections: Any) -> EngagementMapping:
    return EngagementMapping.model_validate(sections)


def test_new_values_that_no_longer_fit_a_dropdown_are_shown_and_nothing_is_overwritten(tmp_path: Path) -> None:
    file = tmp_path / "mapping.yaml"
    mapping.merge_into_file(file, of(ticket_fields={"7": FIELD}))
    reason = "has 1 options, but a dropdown would refuse values that are none of them: 3"
    now = of(ticket_fields={"7": {"name": "Shop", "becomes": "text", "label": "Shop", "reason": reason}})
    (shown,) = proposed_differently(mapping.load(file), now)
    assert (shown.section, shown.key) == ("ticket_fields", "7")
    assert (shown.stands, shown.now) == ("dropdown 'Shop', choices North", "text 'Shop'")
    assert shown.reason == reason
    assert mapping.merge_into_file(file, now) == []
    assert mapping.load(file).ticket_fields["7"].becomes == "dropdown"


@pytest.mark.parametrize(
    "stands",
    [
        {**FIELD, "becomes": "text"},  # chosen against the proposal, which is the same as it was
        {**FIELD, "becomes": "text", "reason": "9 options, and every value is one of them"},  # of a smaller source
        {**FIELD, "becomes": "text", "reason": ""},  # a person's own
        {**FIELD, "becomes": "text", "reason": f"proposed by parrot-1; the rules say dropdown: {FIELD['reason']}"},
        {**FIELD, "reason": "another reason for the same"},
    ],
)
def test_a_choice_is_not_questioned_as_long_as_nothing_new_is_known(stands: dict[str, Any]) -> None:
    assert proposed_differently(of(ticket_fields={"7": stands}), of(ticket_fields={"7": FIELD})) == []


def test_a_label_that_a_person_gave_is_not_given_to_another_field() -> None:
    known = of(ticket_fields={"5": {"name": "Colour", "becomes": "text", "label": "Size"}})
    rows = [{"CustomFieldID": n, "DisplayName": name, "Options": None} for n, name in ((4, "Size"), (5, "Colour"))]
    filled = {n: ValueProfile(values=9) for n in (4, 5)}
    found = propose_from(Facts(lambda table: rows if table == "CustomDataFields" else [], filled, {}, known=known))
    assert {key: entry.label for key, entry in found.ticket_fields.items()} == {"4": "Size (4)", "5": "Colour"}


def test_what_is_gone_is_listed_unless_it_is_a_code_in_use_or_was_never_proposed() -> None:
    status = {"name": "Parked", "becomes": "open"}
    stands = of(
        tags={"1": {"name": "vip", "becomes": "vip"}, "2": {"name": "b2b", "becomes": "b2b"}},
        statuses={"77": status, "78": status},
        directions={"2": {"becomes": "incoming"}},
        comment_types={"42": {"name": "Call-back"}},
    )
    now = of(tags={"1": {"name": "vip", "becomes": "vip"}})
    gone = vanished(stands, now, {"statuses": {"77"}})
    assert [(one.section, one.key, one.name) for one in gone] == [("statuses", "78", "Parked"), ("tags", "2", "b2b")]


@pytest.mark.parametrize(
    ("section", "entry", "words"),
    [
        ("brands", {"name": "x", "tag": "brand: x"}, "tag 'brand: x'"),
        ("brands", {"name": "x", "becomes": "team", "tag": "t", "team": "T", "help_center": 4},
         "team 'T', articles to Help Center 4"),
        ("brands", {"name": "x", "becomes": "nothing", "tag": "t"}, "nothing"),
        ("statuses", {"name": "x", "becomes": "open", "tag": "wait"}, "open, tag 'wait'"),
        ("statuses", {"name": "x", "becomes": "open", "keeps": "snooze", "snooze_days": 3}, "open, snoozed 3 days"),
        ("statuses", {"name": "x", "becomes": "open", "keeps": "field"}, "open, kept in the field of the status"),
        ("statuses", {"name": "x", "becomes": "open", "keeps": "nothing"}, "open, that it waits is not kept"),
        ("ticket_fields", {**FIELD, "long_values": "split", "holds": "channel"},
         "dropdown 'Shop', choices North, long values split, holds the channel"),
        ("ticket_fields", {"name": "x", "becomes": "date as text", "label": "X", "slashes": "day/month"},
         "date as text 'X', dates as day/month"),
        ("placeholders", {"becomes": ""}, "stays as text, and is listed"),
        ("comment_types", {"name": "Call-back"}, "internal note, called 'Call-back'"),
        ("kb_categories", {"name": "x", "category": "Help"}, "category 'Help'"),
    ],
)  # fmt: skip
def test_an_entry_is_told_in_words(section: str, entry: dict[str, Any], words: str) -> None:
    assert in_words(getattr(of(**{section: {"1": entry}}), section)["1"]) == words


# --- whatever the source is ----------------------------------------------------------------------------

QUICK = (Phase.explicit, Phase.reuse, Phase.generate)  # what fails is small enough, and YAML is slow to read
KNOWN = ["Open", "VIP", "vip ", "Channel", "Kanal", "yes", "CHOOSE", "- x", "null", "a: b", "#", "1", ""]
NAMES = st.one_of(st.text(max_size=6), st.sampled_from(KNOWN))
VALUES = st.one_of(st.text(max_size=20), st.sampled_from(["0", "1", "2024-02-01", "03/04/2024", "E-Mail", "x" * 600]))


@st.composite
def sources(draw: st.DrawFn) -> Facts:
    """A source with definitions and values of any kind, and an account with names of the same kind."""
    tables: dict[str, list[dict[str, Any]]] = {
        "TicketStatuses": [
            {"TicketStatusID": n, "EnglishName": name, "DisplayName": draw(st.none() | NAMES),
             "IsOpen": draw(st.none() | st.booleans()), "IsActive": draw(st.none() | st.booleans()), "IsLocked": None}
            for n, name in enumerate(draw(st.lists(NAMES, max_size=3)))
        ],
        "TicketPriorities": [
            {"TicketPriorityID": n, "EnglishName": name, "DisplayName": None}
            for n, name in enumerate(draw(st.lists(NAMES, max_size=3)))
        ],
        "Departments": [
            {"DepartmentID": n, "DisplayName": name, "IsDeleted": draw(st.booleans())}
            for n, name in enumerate(draw(st.lists(NAMES, max_size=4)))
        ],
        "Groups": [
            {"DepartmentID": draw(st.integers(0, 4)), "GroupID": n, "GroupName": name, "IsDeleted": False}
            for n, name in enumerate(draw(st.lists(NAMES, max_size=3)))
        ],
        "Brands": [{"BrandID": n, "BrandName": name} for n, name in enumerate(draw(st.lists(NAMES, max_size=2)))],
        "Tags": [{"TagID": n, "Name": name} for n, name in enumerate(draw(st.lists(NAMES, max_size=5)))],
        "CustomDataFields": [
            {"CustomFieldID": n, "DisplayName": name, "Options": draw(st.sampled_from([None, "", "a\nb", "E-Mail"]))}
            for n, name in enumerate(draw(st.lists(st.none() | NAMES, max_size=6)))
        ],
    }  # fmt: skip
    profiles = {}
    for n in range(len(tables["CustomDataFields"])):
        profiles[n] = ValueProfile()
        for text in draw(st.lists(VALUES, max_size=6)):
            profiles[n].add(text)
    there = There(teams=draw(st.lists(NAMES, max_size=3)), tags=draw(st.lists(NAMES, max_size=3)))
    return Facts(lambda table: tables.get(table, []), profiles, profiles, there=there, holds={"Tickets", "Chats"})


@settings(max_examples=5, deadline=None, phases=QUICK)
@given(facts=sources())
def test_any_proposal_loads_back_and_asks_just_what_is_not_sure(facts: Facts) -> None:
    proposal = propose_from(facts)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "mapping.yaml"
        mapping.merge_into_file(file, proposal)
        asked = {(one.section, one.key) for one in mapping.questions(file)}
        unsure = {
            (section, key)
            for section in EngagementMapping.model_fields
            for key, entry in getattr(proposal, section).items()
            if entry.confidence < CONFIDENT
        }
        assert asked == unsure
        loaded = mapping.load_as_proposed(file)
        assert loaded.hash == proposal.hash
        assert {(s, k) for s in EngagementMapping.model_fields for k in getattr(mapping.load(file), s)}.isdisjoint(
            asked
        )
        assert mapping.merge_into_file(file, proposal) == []


@settings(max_examples=5, deadline=None, phases=QUICK)
@given(before=sources(), after=sources(), data=st.data())
def test_what_a_person_wrote_survives_any_later_proposal(before: Facts, after: Facts, data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "mapping.yaml"
        mapping.merge_into_file(file, propose_from(before))
        yaml = YAML(typ="rt")
        document = yaml.load(file.read_text(encoding="utf-8"))
        section = data.draw(st.sampled_from(sorted(document)))
        key = data.draw(st.sampled_from(sorted(document[section])))
        document[section][key]["becomes"] = data.draw(st.sampled_from(_choices(section, document[section][key])))
        if "label" in document[section][key]:
            document[section][key]["label"] = data.draw(st.sampled_from(["Channel", "VIP", "Mine"])) + f" {key}" * 2
            document[section][key]["becomes"] = "text"
        document[section].yaml_set_comment_before_after_key(key, before="agreed with Mrs Low", indent=2)
        with file.open("w", encoding="utf-8") as stream:
            yaml.dump(document, stream)
        written, known = mapping.load_as_proposed(file), mapping.load(file)
        later = propose_from(Facts(after.rows, after.ticket_profiles, after.person_profiles, after.there, known))
        mapping.merge_into_file(file, later)
        found = mapping.load_as_proposed(file)
        for name in EngagementMapping.model_fields:
            for kept, entry in getattr(written, name).items():
                assert getattr(found, name)[kept] == entry
        assert "# agreed with Mrs Low" in file.read_text(encoding="utf-8")


def _choices(section: str, entry: dict[str, Any]) -> list[str]:
    """What a person may write there; nothing that needs another key beside it."""
    return {"statuses": ["open", "closed"], "priorities": ["low", "high"], "tags": ["a", "b"], "channels": ["sms"],
            "directions": ["incoming"], "brands": ["tag", "nothing"], "teams": ["nothing"]}.get(
        section, ["nothing"])  # fmt: skip


@settings(max_examples=5, deadline=None, phases=QUICK)
@given(facts=sources(), data=st.data())
def test_a_signature_holds_whatever_the_order_the_comments_and_the_reasons(facts: Facts, data: st.DataObject) -> None:
    proposal = propose_from(facts)
    content = proposal.model_dump()
    for section, entries in content.items():
        for entry in entries.values():
            entry |= {"reason": data.draw(st.text(max_size=5)), "confidence": data.draw(st.floats(0, 1))}
        content[section] = dict(data.draw(st.permutations(list(entries.items()))))
    assert EngagementMapping.model_validate(content).hash == proposal.hash
    assert set(UNSIGNED) == {"reason", "confidence", "proposed"}
