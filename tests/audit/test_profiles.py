"""Value profiles, read in constant memory."""

from __future__ import annotations

import pytest

from migrator_lib.plan import profiles
from migrator_lib.plan.proposal import propose
from migrator_lib.simulators.smartertrack.schema import Writer
from tests.audit.desk import Open


def values(write: Writer) -> None:
    for key, text in enumerate(("Return", "Delivery", "Return", "", None), 1):
        write.add("CustomDataFieldsInTickets", TicketID=key, CustomFieldID=2, DataContent=text)
    write.add("CustomDataFieldsForUsers", UserID=101, CustomFieldID=1, DataContent="yes")


@pytest.mark.parametrize("page", [1, 2, 3, 100])
def test_profiles_are_the_same_whatever_the_page(engage: Open, page: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(profiles, "PAGE", page)
    engagement = engage(more=values)
    found = profiles.ticket_profiles(engagement.source, engagement.progress)
    assert set(found) == {1, 2}
    assert (found[2].values, found[2].distinct) == (3, {"Return", "Delivery"})
    assert (found[1].values, found[1].longest, found[1].near_ceiling) == (2, 512, 1)


def test_people_have_profiles_of_their_own(engage: Open) -> None:
    from migrator_lib.audit.live import Live

    engagement = engage(more=values)
    found = profiles.profiled(Live(engagement.source, 10).rows("CustomDataFieldsForUsers"))
    assert list(found) == [1]
    assert found[1].booleans == 1


def test_a_mapping_can_be_proposed_from_them(engage: Open) -> None:
    from migrator_lib.audit.live import Live

    engagement = engage(more=values)
    source, progress = engagement.source, engagement.progress
    proposal = propose(
        Live(source, 10).rows,
        profiles.ticket_profiles(source, progress),
        profiles.profiled(Live(source, 10).rows("CustomDataFieldsForUsers")),
    )
    assert proposal.ticket_fields["2"].becomes == "dropdown"
    assert set(proposal.directions) == {"0", "1"}
