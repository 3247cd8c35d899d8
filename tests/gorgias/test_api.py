"""What every method of the client has in common, against a server that does as it is told."""

from __future__ import annotations

from typing import Any

import pytest

from migrator_lib.errors import RecordRejected, Unanswered
from migrator_lib.gorgias.api import GorgiasApi
from tests.gorgias.told import Told, reply


def test_other_refusals_of_a_deletion_are_errors(told: Told, transport: Any) -> None:
    told.script = [reply(409, {"error": {"msg": "in use"}})]
    with pytest.raises(RecordRejected, match="in use"):
        GorgiasApi(transport).tags.delete(1)


@pytest.mark.parametrize("body", [None, [], {"object": "list"}])
def test_a_creation_that_does_not_tell_its_id_is_unanswered(told: Told, transport: Any, body: Any) -> None:
    told.script = [reply(201, body)]
    with pytest.raises(Unanswered):
        GorgiasApi(transport).tags.create({"name": "x"})


@pytest.mark.parametrize("body", [None, [], [{}]])
def test_an_upload_that_does_not_tell_its_url_is_unanswered(told: Told, transport: Any, body: Any) -> None:
    told.script = [reply(201, body)]
    with pytest.raises(Unanswered):
        GorgiasApi(transport).uploads.send("a", b"", "text/plain", public=False)
