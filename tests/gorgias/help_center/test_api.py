"""The undocumented API: probed before anything is written, and nothing made twice whatever happens on the way."""

from __future__ import annotations

from typing import Any

import pytest

from migrator_lib.clock import ManualClock
from migrator_lib.errors import TargetDenied, TargetUnreachable
from migrator_lib.gorgias.help_center.articles import Article, KnowledgeBase, Media, Translation
from migrator_lib.gorgias.help_center.endpoints import Endpoints
from migrator_lib.gorgias.help_center.probe import probe
from migrator_lib.gorgias.help_center.token import HelpCenterToken
from migrator_lib.gorgias.transport import Transport
from migrator_lib.simulators.gorgias import Fault
from tests.gorgias.help_center.center import Center
from tests.gorgias.help_center.conftest import gone
from tests.gorgias.told import Told, reply

KINDS = ("hc_category", "hc_category_translation", "hc_article", "hc_article_translation", "hc_redirect")


def counts(center: Center) -> list[int]:
    return [len(center.documents(kind)) for kind in KINDS]


# --- again ---------------------------------------------------------------------------------------------


def test_what_is_there_is_not_made_again(center: Center, base: KnowledgeBase) -> None:
    center.by_api().publish(base)
    before, held = counts(center), center.holds()
    uploads = center.account.stats.by_endpoint["POST upload"]
    outcome = center.by_api().publish(base)
    assert outcome.counts() == {"matched": 5}
    assert (counts(center), center.holds()) == (before, held)
    assert center.account.stats.by_endpoint["POST upload"] == uploads


def test_a_run_that_stopped_between_two_languages_goes_on_with_the_second(center: Center, base: KnowledgeBase) -> None:
    whole = center.by_api()
    first = base.articles[0]
    english = first.model_copy(update={"translations": {"en-US": first.translations["en-US"]}})
    whole.publish(base.model_copy(update={"articles": (english,)}))
    outcome = center.by_api().publish(base)
    assert outcome.counts() == {"created": 4, "matched": 1}
    assert counts(center) == [2, 3, 4, 5, 2]


def test_an_article_of_the_companys_own_is_left_as_it_is(center: Center, base: KnowledgeBase) -> None:
    own = Article(
        external_id="x", category=None, status="published",
        translations={"en-US": Translation(title="Our own", slug="returns", html="<p>Ours</p>")},
    )  # fmt: skip
    center.by_api().publish(KnowledgeBase(articles=(own,)))
    outcome = center.by_api().publish(base)
    assert outcome.counts() == {"created": 3, "quarantined": 2}
    assert [(one.record, one.locale) for one in outcome.problems if one.kind == "another text there"] == [
        ("a1", "en-US")
    ]
    assert center.holds()["articles"]["returns"]["texts"].keys() == {"en-US"}
    assert center.holds()["articles"]["returns"]["texts"]["en-US"]["content"] == "<p>Ours</p>"


def test_a_language_that_somebody_changed_since_is_left_and_listed(center: Center, base: KnowledgeBase) -> None:
    center.by_api().publish(base)
    (german,) = [one for one in center.documents("hc_article_translation") if one["title"].startswith("Rück")]
    with center.account.store.transaction():
        changed = {**german, "content": "<p>Besser</p>"}
        center.account.store.put("hc_article_translation", changed, name="x", parent=german["article_id"])
    outcome = center.by_api().publish(base)
    assert outcome.counts() == {"matched": 4, "quarantined": 1}
    assert "<p>Besser</p>" in str(center.holds())


FAULTS = ("http_500_before", "http_500_after_commit", "reset_after_commit")


@pytest.mark.parametrize("kind", FAULTS)
@pytest.mark.parametrize("path", ["help-center/auth", "categories", "articles", "translations", "redirects", "upload"])
def test_whatever_breaks_off_nothing_is_doubled_and_nothing_lost(
    center: Center, base: KnowledgeBase, kind: str, path: str
) -> None:
    way = center.by_api()
    if path == "help-center/auth":
        center.account.faults = [Fault(kind, "POST", path, times=2)]
        assert all(finding.ok for finding in way.probe())
        return
    findings = way.probe()
    assert all(finding.ok for finding in findings)
    way.probe = lambda: findings  # type: ignore[method-assign]
    center.account.faults = [Fault(kind, "POST", path, times=2)]
    outcome = way.publish(base)
    assert outcome.counts() == {"created": 5}
    assert counts(center) == [2, 3, 4, 5, 2]
    assert center.account.faults[0].times == 0


def test_a_service_that_never_answers_stops_the_run_and_the_next_one_goes_on(
    center: Center, base: KnowledgeBase
) -> None:
    way = center.by_api()
    findings = way.probe()
    way.probe = lambda: findings  # type: ignore[method-assign]
    center.account.faults = [Fault("http_500_before", "POST", "/articles", times=3)]
    with pytest.raises(TargetUnreachable, match="Next: run again"):
        way.publish(base)
    assert way.publish(base).counts() == {"created": 5}
    assert counts(center) == [2, 3, 4, 5, 2]


def test_an_article_that_is_refused_leaves_the_others(center: Center, base: KnowledgeBase) -> None:
    way = center.by_api()
    store = center.account.store
    with store.transaction():  # an address that is taken, and that no list shows
        store.put("hc_article_translation", {"id": 999, "locale": "en-US"}, name="1 en-US sizes", parent=999)
    outcome = way.publish(base)
    assert outcome.counts() == {"created": 4, "quarantined": 1}
    (refused,) = [one for one in outcome.problems if one.kind == "refused"]
    assert (refused.record, refused.locale) == ("a4", "en-US")
    assert "409" in refused.words
    assert "slug: This slug is in use." in refused.words


def test_a_file_that_is_missing_is_listed_and_the_article_is_there(center: Center, base: KnowledgeBase) -> None:
    lost = Media(reference="lost.png", name="lost.png", content_type="image/png", read=gone)
    article = base.articles[3].model_copy(update={"media": (lost,)})
    outcome = center.by_api().publish(KnowledgeBase(articles=(article.model_copy(update={"category": None}),)))
    assert outcome.counts() == {"created": 1}
    assert ("a4", "file missing") in {(one.record, one.kind) for one in outcome.problems}


def test_many_articles_are_found_again_on_every_page(center: Center) -> None:
    articles = tuple(
        Article(external_id=f"a{n}", category=None, status="published",
                translations={"en-US": Translation(title=f"Article {n}", html="")})
        for n in range(105)
    )  # fmt: skip
    many = KnowledgeBase(articles=articles)
    center.by_api().publish(many)
    assert center.by_api().publish(many).counts() == {"matched": 105}


# --- probe ---------------------------------------------------------------------------------------------


def test_a_probe_changes_nothing(center: Center) -> None:
    findings = center.by_api().probe()
    assert [finding.name for finding in findings] == [
        "token and help centers", "categories", "articles", "translations", "new categories", "new articles",
        "redirects",
    ]  # fmt: skip
    assert all(finding.ok for finding in findings)
    assert counts(center) == [0] * 5


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (2, "help center 2 is one of type guidance, which feeds the AI Agent"),
        (3, "help center 3 is one of type snippet"),
        (9, r"there is no help center 9; there are: 1 \(faq\), 2 \(guidance\), 3 \(snippet\)"),
    ],
)
def test_only_a_help_center_for_people_is_written_to(
    center: Center, base: KnowledgeBase, number: int, words: str
) -> None:
    with pytest.raises(TargetDenied, match=rf"{words}[\s\S]*Nothing was written[\s\S]*Next: set 'help_center"):
        center.by_api(number).publish(base)
    assert counts(center) == [0] * 5
    assert "POST upload" not in center.account.stats.by_endpoint


LISTED = reply(200, {"data": [], "meta": {}})
CENTERS = reply(200, {"data": [{"id": 1, "type": "faq"}], "meta": {}})
EMPTY = reply(400, {"error": {"msg": "Failed"}})


@pytest.mark.parametrize(
    ("position", "answer", "name"),
    [
        (0, reply(404, {"error": {"msg": "Not found"}}), "token and help centers"),
        (0, reply(401, {"error": {"msg": "Unauthorized"}}), "token and help centers"),
        (0, reply(200, {"surprise": 1}), "token and help centers"),
        (0, reply(200, {"data": [{"name": "no id"}]}), "token and help centers"),
        (1, reply(403, {"error": {"msg": "No"}}), "categories"),
        (2, reply(404, b"<html>"), "articles"),
        (4, reply(405, {"error": {"msg": "No"}}), "new categories"),
        (5, reply(201, {"id": 1}), "new articles"),
        (5, reply(500), "new articles"),
    ],
)
def test_whatever_is_not_as_it_was_seen_stops_before_anything_is_written(
    told: Told, transport: Transport, position: int, answer: Any, name: str
) -> None:
    script = [CENTERS, LISTED, LISTED, LISTED, EMPTY, EMPTY, EMPTY]
    script[position] = answer
    told.script = script
    found = {finding.name: finding.ok for finding in probe(Endpoints(transport, 1))}
    assert [one for one, ok in found.items() if not ok] == [name]


def test_without_redirects_it_goes_on_and_says_so(center: Center, base: KnowledgeBase) -> None:
    way = center.by_api()
    findings = [one if one.name != "redirects" else type(one)("redirects", False, "404", False) for one in way.probe()]
    way.probe = lambda: findings  # type: ignore[method-assign]
    outcome = way.publish(base)
    assert outcome.counts() == {"created": 5}
    assert ("a1", "no redirect") in {(one.record, one.kind) for one in outcome.problems}
    assert counts(center)[-1] == 0


# --- token ---------------------------------------------------------------------------------------------


def token_calls(center: Center) -> int:
    return center.account.stats.by_endpoint["POST help-center/auth"]


def test_a_token_is_had_anew_before_it_ends_as_it_says_itself(
    center: Center, base: KnowledgeBase, clock: ManualClock
) -> None:
    way = center.by_api()
    way.probe()
    clock.advance(1500)
    way.probe()
    assert token_calls(center) == 1
    clock.advance(200)
    way.probe()
    assert token_calls(center) == 2


def test_a_token_that_ended_early_is_mended_by_a_401(center: Center, base: KnowledgeBase, clock: ManualClock) -> None:
    way = center.by_api()
    way.probe()
    way._api.transport._auth._until += 10_000  # type: ignore[attr-defined]
    clock.advance(1801)
    assert way.publish(base).counts() == {"created": 5}
    assert token_calls(center) == 2


@pytest.mark.parametrize(
    ("answer", "seconds"),
    [
        ({"access_token": "t", "expires_in": 600}, 600 * 0.9),
        ({"access_token": "e30.eyJpYXQiOiAxMDAsICJleHAiOiAzNzAwfQ.x"}, 3600 - 300),
        ({"access_token": "no jwt"}, 1800 * 0.9),
        ({"access_token": "a.b.c", "expires_in": None}, 1800 * 0.9),
    ],
)
def test_how_long_a_token_lives(
    told: Told, transport: Transport, clock: ManualClock, answer: dict[str, Any], seconds: float
) -> None:
    auth = HelpCenterToken(transport)
    told.script = [reply(200, answer)] * 2
    auth.ready()
    clock.advance(seconds - 1)
    auth.ready()
    assert len(told.seen) == 1
    clock.advance(2)
    auth.ready()
    assert len(told.seen) == 2


@pytest.mark.parametrize(
    "answer",
    [reply(404, b"<html>"), reply(400, {"error": {"msg": "no"}}), reply(200, {}), reply(200, {"access_token": ""}),
     reply(200, [1])],
    ids=["page", "refused", "empty", "no letters", "list"],
)  # fmt: skip
def test_without_a_token_the_package_is_advised(told: Told, transport: Transport, answer: Any) -> None:
    told.script = [answer]
    with pytest.raises(TargetDenied, match=r"Next: set 'help_center: \{way: package\}'"):
        HelpCenterToken(transport).ready()


# --- gate and guard ------------------------------------------------------------------------------------


def test_every_request_passes_the_accounts_gate(center: Center, base: KnowledgeBase) -> None:
    gate = center.api.gate
    center.by_api().publish(base)
    assert gate.calls > 15
    assert gate.throttled == 0
