"""What Gorgias may make of a message or a ticket without being wrong, and what it may not."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from migrator_lib.objects import TICKET
from migrator_lib.objects.conversation import compared_message, meant_message
from migrator_lib.proofs.behaviour import Behaviour
from migrator_lib.reconcile import Reconciliation
from migrator_lib.reconcile.differences import Difference, compare, ours
from migrator_lib.runbook import ReconcileResult
from migrator_lib.views import reconcile_status

PLAIN = Behaviour()


def fields(expected: dict[str, Any], there: dict[str, Any], behaviour: Behaviour = PLAIN) -> set[str]:
    one, other = compared_message(expected), compared_message(there)
    found = ours(compare(meant_message(one, other, behaviour), other), behaviour, "message")
    return {difference.field for difference in found}


@pytest.mark.parametrize(
    ("expected", "there", "wrong"),
    [
        ({"body_text": "Hi\nyou"}, {"body_text": "Hi\nyou", "body_html": "<div>Hi<br/>you</div>"}, set()),
        ({"body_text": "Hi"}, {"body_text": "Hi", "body_html": "<p>Bye</p>"}, {"body_html"}),
        ({"body_html": "<p>Hi</p>"}, {"body_html": "<P>Hi</P>", "body_text": "Hi"}, set()),
        ({"body_html": "<p>Hi</p>"}, {"body_html": "<p>Hi</p>", "body_text": "Bye"}, {"body_text"}),
        ({"body_html": "<p>Hi</p>", "body_text": "Hey"}, {"body_html": "<p>Hi</p>", "body_text": "Hi"}, {"body_text"}),
        ({"body_html": "<p>Hi</p>", "body_text": "Hi"}, {"body_text": "Hi"}, {"body_html"}),
    ],
)
def test_one_body_may_be_made_of_the_other_where_only_one_is_given(
    expected: dict[str, Any], there: dict[str, Any], wrong: set[str]
) -> None:
    assert fields(expected, there) == wrong


def test_an_account_that_takes_out_scripts_is_right_about_them_alone() -> None:
    dirty, clean = {"body_html": "<p>a</p><script>x</script>"}, {"body_html": "<p>a</p>"}
    assert fields(dirty, clean) == {"body_html"}
    cleaning = Behaviour(sanitises_html=True)
    assert fields(dirty, clean, cleaning) == set()
    assert fields(dirty, {"body_html": "<p>b</p>"}, cleaning) == {"body_html"}
    more = {"body_html": "<p>a<!-- b --></p><script>x</script>"}
    assert fields(more, {"body_html": "<p>a<!-- b --></p>"}, cleaning) == set()
    assert fields(clean, dirty, cleaning) == {"body_html"}


def test_the_type_of_a_source_is_compared_where_it_is_taken() -> None:
    ends = {"from": {"address": "Ann@home.example", "name": "Ann"}, "to": [{"address": "b@c.example", "name": ""}]}
    expected, there = {"source": {"type": "email", **ends}}, {"source": {"type": "api", "bcc": [], **ends}}
    assert fields(expected, there) == {"source.type"}
    assert fields(expected, there, Behaviour(source_type_taken=False)) == set()
    other = {"source": {**expected["source"], "from": {"address": "ann@home.example", "name": "Eve"}}}
    assert fields(expected, other) == {"source.from.name"}


def test_where_no_source_is_given_gorgias_may_name_the_ends_and_of_an_unknown_size_it_may_tell() -> None:
    ends = {"type": "internal-note", "from": {"address": "dana@demo.example", "name": "Dana"}, "to": []}
    assert fields({"body_text": "x"}, {"body_text": "x", "source": ends}) == set()
    assert fields({"source": ends}, {}) == {"source"}
    file = {"url": "https://a.example/1", "name": "a.png", "content_type": "image/png"}
    unknown, known = {"attachments": [{**file, "size": 0}]}, {"attachments": [{**file, "size": 7}]}
    assert fields(unknown, known) == set()
    assert fields(known, {"attachments": [{**file, "size": 8}]}) == {"attachments.size"}
    assert fields(unknown, {"attachments": [{**file, "url": "https://a.example/2", "size": 7}]}) == {"attachments.url"}


def test_what_a_person_found_an_account_not_to_keep_is_not_compared_and_nothing_else() -> None:
    found = [Difference("channels.preferred", "yes", "no"), Difference("channels.address", "a", "b")]
    behaviour = Behaviour(not_kept=("customer.channels.preferred", "message.source"))
    assert [one.field for one in ours(found, behaviour, "customer")] == ["channels.address"]
    assert ours(found, behaviour, "ticket") == found
    assert ours([Difference("source.type", "email", "api")], behaviour, "message") == []
    assert ours([Difference("sourcery", "a", "b")], behaviour, "message") != []


def test_what_a_ticket_says_nothing_of_is_gorgias_own_to_say() -> None:
    there = TICKET.compared({"language": "de", "subject": "x", "last_received_message_datetime": "2024-01-01T00:00:00"})
    silent = TICKET.compared({"subject": "x"})
    assert compare(TICKET.meant(silent, there), there) == []
    told = TICKET.compared({"subject": "x", "language": "fr"})
    assert [one.field for one in compare(TICKET.meant(told, there), there)] == ["language"]
    gone = TICKET.compared({"subject": "x"})
    assert [one.field for one in compare(TICKET.meant(told, gone), gone)] == ["language"]


def test_all_that_is_left_out_of_the_comparison_is_told() -> None:
    assert Behaviour().left_out == ()
    less = Behaviour(
        dates_lost=("closed_datetime",), not_kept=("customer.channels.preferred",), source_type_taken=False,
        sanitises_html=True,
    )  # fmt: skip
    assert less.left_out[:3] == ("ticket.closed_datetime", "customer.channels.preferred", "message.source.type")
    words = "Not compared, since this account does not keep it: ticket.closed_datetime"
    assert words in status(Reconciliation(not_compared=less.left_out))
    assert "Not compared" not in status(Reconciliation())


def status(found: Reconciliation) -> str:
    return str(reconcile_status(cast(ReconcileResult, SimpleNamespace(reconciliation=found))))
