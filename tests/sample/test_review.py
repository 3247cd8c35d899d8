"""Reviewing the sample: the page in a browser, by keyboard alone; the server behind it; the gate."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from migrator_lib import gates, sample
from migrator_lib.errors import GateClosed
from migrator_lib.sample import pages as sample_pages
from migrator_lib.sample import required, review_page, signing
from migrator_lib.sample.choice import choose
from migrator_lib.sample.server import ReviewServer
from migrator_lib.sample.sides import Sides
from migrator_lib.sample.verdicts import Verdict, Verdicts, write
from tests import kernel_less
from tests.browser_support import DESKTOP, Chromium, chromium
from tests.sample.conftest import Sampled, change, full_page, verdicts_file

__all__ = ["chromium"]
pytestmark = pytest.mark.xdist_group("sample")  # what its tests share is made once
TABLET = 820
TRACKER = "http://127.0.0.1:9/pixel.gif"


@pytest.fixture
def fresh(spoiled: Sampled) -> Sampled:
    """The sample as nobody has looked at it yet, with its pages."""
    return spoiled


@contextmanager
def served(of: Sampled) -> Iterator[ReviewServer]:
    records = sample_pages.reviewed_so_far(of.engagement).records
    server = ReviewServer(full_page(of), verdicts_file(of), "desk", records, by="Ada")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def say_all(of: Sampled, verdict: str = "right", **other: dict[str, Any]) -> None:
    """Give every record a verdict, but those that are named another one (or none)."""
    records = sample_pages.reviewed_so_far(of.engagement).records
    said = {one.key: {"verdict": verdict, "fingerprint": one.fingerprint, **other.get(one.key, {})} for one in records}
    kept = {key: Verdict.model_validate(one) for key, one in said.items()}
    write(verdicts_file(of), Verdicts(engagement="desk", verdicts=kept))


def kept(of: Sampled) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(verdicts_file(of).read_text(encoding="utf-8"))["verdicts"]
    return found


# --- in a browser --------------------------------------------------------------------------------------


@pytest.mark.browser
def test_an_operations_lead_goes_through_the_sample_by_keyboard(fresh: Sampled, chromium: Chromium) -> None:
    n = len(fresh.review.records)
    with served(fresh) as server, chromium.visit(server.address) as opened:
        page = opened.page
        page.wait_for_selector("html.working")
        assert page.inner_text("#progress") == f"0 of {n} looked at"
        for _ in range(3):
            page.keyboard.press("r")
        heading = page.inner_text(".record.shown h2")
        page.keyboard.press("w")
        page.keyboard.type("The team is another one")
        page.keyboard.press("Enter")
        for _ in range(n - 4):
            page.keyboard.press("r")
        page.get_by_text("saved", exact=True).wait_for()
        assert page.inner_text("#progress") == f"{n} of {n} looked at, 1 wrong"
        assert "What was found" in page.inner_text("#end.shown h2")
        assert heading.partition(":")[0] in page.inner_text("#wrongs")
        assert "Change the lines that are named" in page.inner_text("#next")
        assert not [one for one in opened.requests if not one.startswith(server.address)]
        assert opened.complaints == []
    found = kept(fresh)
    assert len(found) == n
    (wrong,) = [one for one in found.values() if one["verdict"] == "wrong"]
    assert (wrong["remark"], wrong["by"]) == ("The team is another one", "Ada")


@pytest.mark.browser
def test_by_mouse_the_line_beside_a_field_says_what_should_change(fresh: Sampled, chromium: Chromium) -> None:
    with served(fresh) as server, chromium.visit(server.address, width=TABLET) as opened:
        page = opened.page
        page.select_option("#pick", label=f"· {fresh.moved[0].title}")
        line = page.locator(".record.shown button.decides").first.inner_text()
        page.locator(".record.shown button.decides").first.click()
        assert page.input_value("#line") == line
        page.get_by_text("saved", exact=True).wait_for()
        assert opened.overflow() <= 0
    assert kept(fresh)[fresh.moved[0].name]["line"] == line


@pytest.mark.browser
def test_the_page_goes_on_where_it_was_left(fresh: Sampled, chromium: Chromium) -> None:
    say_all(fresh)
    last = fresh.review.records[-1]
    found = {key: one for key, one in kept(fresh).items() if key != last.name}
    verdicts_file(fresh).write_text(json.dumps({"engagement": "desk", "verdicts": found}))
    with served(fresh) as server, chromium.visit(server.address) as opened:
        opened.page.wait_for_selector("html.working")
        assert last.title in opened.page.inner_text(".record.shown h2")


@pytest.mark.browser
def test_without_a_server_verdicts_stay_in_the_browser_and_are_downloaded(
    fresh: Sampled, chromium: Chromium, tmp_path: Path
) -> None:
    with chromium.open(full_page(fresh)) as opened:
        page = opened.page
        page.wait_for_selector("html.working")
        page.keyboard.press("r")
        page.reload()
        page.wait_for_selector("html.working")
        assert page.inner_text("#progress").startswith("1 of ")
        page.select_option("#pick", str(len(fresh.review.records)))
        with page.expect_download() as download:
            page.click("#download")
        download.value.save_as(tmp_path / "review.json")
        assert opened.requests == []
    done = kernel_less.run(fresh.desk.root, "review", "desk", "--from", str(tmp_path / "review.json"))
    assert "1 of 1 verdicts are taken in." in done.stdout
    assert list(kept(fresh)) == [fresh.review.records[0].name]


@pytest.mark.browser
def test_no_tracking_pixel_of_an_old_mail_fires(
    fresh: Sampled, chromium: Chromium, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is left out of the markup is out; and where it were not, the page's policy and the frame forbid it."""
    body = (
        f'<p>Hello</p><img src="{TRACKER}"><div style="background: url({TRACKER})">x</div>'
        f'<iframe src="{TRACKER}"></iframe><link rel="stylesheet" href="{TRACKER}">'
        "<script>parent.document.title = 'taken'</script><img src=x onerror=\"parent.document.title = 'taken'\">"
    )
    ticket = next(one for one in fresh.moved if one.parts)
    message = fresh.desk.sandbox.store.by("message", "parent", int(ticket.target_id or 0))[0]
    change(fresh, "message", message["id"], body_html=body)
    review = fresh.again()
    for cleaned in (True, False):
        if not cleaned:
            monkeypatch.setattr(review_page, "shown", lambda body, picture: body)
        sample_pages.write_pages(fresh.engagement, review)
        _look_at(ticket.name, fresh, chromium)


def _look_at(name: str, of: Sampled, chromium: Chromium) -> None:
    """Open the record with the hostile message, and see that nothing was loaded and nothing run."""
    with chromium.open(full_page(of)) as opened:
        page = opened.page
        place = next(n for n, one in enumerate(of.review.records) if one.name == name)
        page.wait_for_selector("html.working")
        page.select_option("#pick", str(place))
        frame = page.locator(".record.shown .target iframe").first
        frame.wait_for()
        assert "Hello" in frame.content_frame.locator("body").inner_text()
        assert frame.get_attribute("sandbox") == "allow-same-origin"
        assert opened.requests == []
        assert page.title() == "Sample review"


@pytest.mark.browser
@pytest.mark.parametrize(("width", "scheme"), [(DESKTOP, "light"), (TABLET, "dark")])
def test_the_page_can_be_read(fresh: Sampled, chromium: Chromium, width: int, scheme: Any) -> None:
    with chromium.open(full_page(fresh), width=width, scheme=scheme) as opened:
        opened.page.wait_for_selector("html.working")
        opened.page.keyboard.press("w")
        opened.page.select_option("#pick", str(next(
            n for n, one in enumerate(fresh.review.records) if one.name == fresh.record("inline image").name
        )))  # fmt: skip
        assert opened.overflow() <= 0
        assert opened.low_contrast() == []
        assert opened.headings_in_order()


def test_pictures_of_the_record_are_in_the_page_and_the_middle_of_a_long_thread_is_folded(fresh: Sampled) -> None:
    text = full_page(fresh).read_text(encoding="utf-8")
    assert "data:image/png;base64," in text
    assert "messages more, as meant" in text


# --- both sides ----------------------------------------------------------------------------------------


def test_every_message_line_and_note_of_the_source_stands_on_the_left_once(sampled: Sampled) -> None:
    for one in sampled.review.records:
        left = [pair.source for pair in Sides(sampled.review, one).pairs() if pair.source is not None]
        row = one.record.row
        more = bool(row.get("InitialQuestion")) + (one.record.kind == "call_log" and bool(row.get("Description")))
        assert len(left) == len(one.record.messages) + len(one.record.comments) + more
        right = [pair.target for pair in Sides(sampled.review, one).pairs() if pair.target is not None]
        assert len(right) == sum(part.actual is not None for part in one.parts)


def test_who_says_what_to_whom_is_alike_on_both_sides(sampled: Sampled) -> None:
    kinds = {one.record.kind for one in sampled.moved}
    assert kinds == {"ticket", "live_chat", "call_log"}
    pairs = [pair for one in sampled.moved for pair in Sides(sampled.review, one).pairs()]
    both = [(pair.source, pair.target) for pair in pairs if pair.source and pair.target]
    assert len(both) > 500
    assert all((a.role, a.public, a.when) == (b.role, b.public, b.when) for a, b in both if a.when != "(no date)")
    assert any(not a.public for a, _ in both)


def test_what_is_left_out_of_a_thread_says_why(sampled: Sampled) -> None:
    pairs = [pair for one in sampled.moved for pair in Sides(sampled.review, one).pairs()]
    reasons = {pair.remark for pair in pairs if pair.target is None}
    assert "left out, as meant: a draft was never sent" in reasons
    assert "in a note of the system's lines" in reasons
    assert "not in Gorgias" not in reasons


# --- the server ----------------------------------------------------------------------------------------


def ask(server: ReviewServer, method: str, path: str, body: object = None, **headers: str) -> tuple[int, str]:
    connection = HTTPConnection("127.0.0.1", server.server_address[1], timeout=10)
    sent = None if body is None else json.dumps(body)
    connection.request(method, path, sent, {"Content-Type": "application/json", **headers})
    answer = connection.getresponse()
    found = answer.status, answer.read().decode()
    connection.close()
    return found


def test_nobody_finds_the_page_without_its_token(fresh: Sampled) -> None:
    with served(fresh) as server:
        base = urlsplit(server.address).path
        assert server.address.startswith("http://127.0.0.1:")
        assert ask(server, "GET", base)[0] == 200
        for path in ("/", "/verdicts", "/wrong-token/", "/wrong-token/verdicts", base + "ledger.sqlite3", base + ".."):
            assert ask(server, "GET", path)[0] == 404
        assert ask(server, "PUT", "/wrong/verdicts/ticket:1", {})[0] == 404


def test_what_is_no_verdict_or_of_another_sample_is_refused(fresh: Sampled) -> None:
    record = fresh.review.records[0]
    good = {"verdict": "right", "fingerprint": record.fingerprint}
    with served(fresh) as server:
        place = urlsplit(server.address).path + f"verdicts/{record.name}"
        assert ask(server, "PUT", place, {**good, "verdict": "perhaps"})[0] == 400
        assert ask(server, "PUT", place, {**good, "remark": "x" * 3000})[0] == 400
        assert ask(server, "PUT", place, good, **{"Content-Type": "text/plain"})[0] == 400
        assert ask(server, "PUT", place, {**good, "fingerprint": "older"}) == (
            409, "this page is older than the sample: load it again",
        )  # fmt: skip
        assert not verdicts_file(fresh).exists()
        assert ask(server, "PUT", place, good)[0] == 204
    assert list(kept(fresh)) == [record.name]


# --- the command ---------------------------------------------------------------------------------------


def test_the_command_serves_the_page_and_says_what_was_found(fresh: Sampled, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(server: ReviewServer) -> None:
        record = fresh.moved[0]
        said = {"verdict": "wrong", "fingerprint": record.fingerprint, "line": "teams.d1.team", "remark": "not ours"}
        assert server.save(record.name, Verdict.model_validate(said))
        raise KeyboardInterrupt

    monkeypatch.setattr(ReviewServer, "serve_forever", interrupted)
    done = kernel_less.run(fresh.desk.root, "review", "desk", "--by", "Ada")
    assert done.returncode == 0
    assert "Open http://127.0.0.1:" in done.stdout
    assert f"1 of {len(fresh.review.records)} looked at, 1 wrong." in done.stdout
    assert f"{fresh.moved[0].title}: teams.d1.team. not ours" in done.stdout
    assert "migrator sign desk mapping" in done.stdout


def test_without_a_sample_the_command_says_how_to_make_one(without: Sampled) -> None:
    done = kernel_less.run(without.desk.root, "review", "desk")
    assert done.returncode == 1
    assert "migrator run desk --only 03 --execute" in done.stderr


# --- the gate ------------------------------------------------------------------------------------------


def sign(of: Sampled, *more: str) -> Any:
    return kernel_less.run(of.desk.root, "sign", "desk", "sample", "--by", "Ada Lovelace", *more)


def test_a_signature_waits_for_the_review_and_names_what_is_left(fresh: Sampled) -> None:
    refused = sign(fresh)
    assert refused.returncode == 1
    assert f"0 of {len(fresh.review.records)} looked at)" in refused.stderr
    assert f"Not looked at: {fresh.review.records[0].title}, " in refused.stderr
    assert "migrator review desk" in refused.stderr
    assert not signing.is_ready_to_sign(fresh.engagement)
    say_all(fresh)
    assert signing.is_ready_to_sign(fresh.engagement)
    assert sign(fresh).returncode == 0
    assert fresh.engagement.gate_state("sample").state == "met"


def test_a_wrong_record_keeps_the_gate_closed_and_names_its_line(fresh: Sampled) -> None:
    record, n = fresh.moved[0], len(fresh.review.records)
    say_all(fresh, **{record.name: {"verdict": "wrong", "line": "teams.d1.team", "remark": "Ann wrote it"}})
    refused = sign(fresh)
    assert refused.returncode == 1
    assert f"Found wrong: {record.title} (teams.d1.team)." in refused.stderr
    shared = sample_pages.verdicts(fresh.engagement, fresh.review)
    assert "teams.d1.team" in shared
    assert "Ann wrote it" not in shared
    assert fresh.engagement.gate_state("sample").reason == f"not signed yet; {n} of {n} looked at, 1 wrong"


def test_with_a_note_it_is_signed_all_the_same_and_the_note_is_shown(fresh: Sampled) -> None:
    done = sign(fresh, "--note", "looked at on paper")
    assert done.returncode == 0
    state = fresh.engagement.gate_state("sample")
    assert (state.state, state.note) == ("met", "looked at on paper")
    assert "looked at on paper" in sample_pages.how_to_sign(fresh.engagement, fresh.review)


def test_another_mapping_needs_another_sample_until_all_is_loaded(fresh: Sampled) -> None:
    say_all(fresh)
    assert sign(fresh).returncode == 0
    file = fresh.engagement.paths.mapping_file
    before = file.read_text(encoding="utf-8")
    try:
        file.write_text(before.replace("becomes: critical", "becomes: high"), encoding="utf-8")
        refused = sign(fresh, "--note", "it is right all the same")
        assert refused.returncode == 1
        assert "The mapping was changed since the sample was moved" in refused.stderr
        assert "migrator run desk --only 03 --execute moves it" in " ".join(refused.stderr.split())
        state = fresh.engagement.gate_state("sample")
        assert state.state == "stale"
        with pytest.raises(GateClosed, match="was changed since the sample was moved") as closed:
            gates.require(state, "desk", "05_load")
        assert str(closed.value.next_step).startswith("migrator run desk --only 03 --execute moves it")
    finally:
        file.write_text(before, encoding="utf-8")
    assert fresh.engagement.gate_state("sample").state == "met"


def test_a_record_that_becomes_something_else_is_to_be_looked_at_again(fresh: Sampled) -> None:
    say_all(fresh)
    change(fresh, "ticket", int(fresh.moved[0].target_id or 0), priority="critical")
    fresh.again()
    standing = sample_pages.reviewed_so_far(fresh.engagement)
    assert [one.key for one in standing.unseen] == [fresh.moved[0].name]


@pytest.fixture
def without(spoiled: Sampled) -> Sampled:
    """An engagement that needs no sample, and has none yet."""
    spoiled.engagement.ledger.set_meta("sample_digest", None)
    spoiled.engagement.ledger.set_meta(required.KEPT, [])
    return spoiled


def test_below_the_rule_a_person_may_decide_to_go_without_and_says_why(without: Sampled) -> None:
    refused = sign(without)
    assert refused.returncode == 1
    assert "no reason yet" in refused.stderr
    done = sign(without, "--note", "a dozen tickets, all looked at in the rehearsal")
    assert "Ada Lovelace states for desk: No sample is moved" in done.stdout
    state = without.engagement.gate_state("sample")
    assert (state.state, state.reason) == ("met", "no sample is moved")
    skipped = required.decided(without.engagement, ())
    assert skipped == required.Requirement((), skipped=True, by="Ada Lovelace", note=state.note)
    assert skipped.words == f"No sample is moved: Ada Lovelace decided so. {state.note}"
    assert choose(without.engagement, skipped).reasons == {}
    assert choose(without.engagement, skipped, again=True).reasons


def test_going_without_is_void_when_a_sample_is_required_or_was_moved(without: Sampled) -> None:
    sign(without, "--note", "few tickets")
    ledger = without.engagement.ledger
    ledger.set_meta(required.KEPT, ["5,001 tickets are more than 5,000"])
    assert without.engagement.gate_state("sample").state == "open"
    ledger.set_meta(required.KEPT, [])
    ledger.set_meta("sample_digest", "sha256:moved")
    assert without.engagement.gate_state("sample").state == "stale"


def test_the_rule_is_asked_of_source_and_mapping_and_kept_for_the_gate(sampled: Sampled) -> None:
    found = sample.requirement(sampled.engagement)
    assert found.required
    assert "custom fields are more than 10" in found.words
    assert sampled.engagement.ledger.meta(required.KEPT) == list(found.reasons)
    assert gates.find("sample").statement
