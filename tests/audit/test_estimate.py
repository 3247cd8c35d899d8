"""Estimates on fixed numbers, reckoned by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from migrator_lib.audit import Audit
from migrator_lib.audit.estimate import SETUP_READS, Volume, calls, estimate, hours, window
from migrator_lib.audit.facts import Talks
from migrator_lib.audit.pricing import PLANS, cheapest, cost, full_months

VOLUME = Volume(tickets=10_000, messages=45_050, uploads=3_000, customers=7_001, setup=40, long_threads=2, overflow=130)


def plan_cost(name: str, tickets: int) -> float:
    return next(plan for plan in PLANS if plan.name == name).cost(tickets)


def number(volume: Volume, what: str) -> float:
    return next(line.number for line in calls(volume) if line.what == what)


class TestCalls:
    def test_each_kind_of_call_by_hand(self) -> None:
        assert number(VOLUME, "Set-up") == 40 + SETUP_READS
        assert number(VOLUME, "Customers") == 7_001
        assert number(VOLUME, "Uploads") == 3_000
        assert number(VOLUME, "Tickets") == 10_000
        assert number(VOLUME, "Long threads") == 130 + 2 * 2
        assert number(VOLUME, "Reading back") == 100 + 451 + 71

    def test_chats_and_calls_are_tickets_too(self) -> None:
        with_talks = replace(VOLUME, talks=1_001)
        assert number(with_talks, "Chats and calls") == 1_001
        assert number(with_talks, "Reading back") == 111 + 451 + 71

    def test_calls_that_are_left_out_cost_nothing(self, audit: Audit) -> None:
        talks = Talks(chats=9, chats_moved=8, lines=40, long_chats=1, overflow=12, calls=7, calls_moved=5,
                      chats_by_month={"2026-05": 30}, calls_by_month={"2026-05": 60})  # fmt: skip
        plain, found = Volume.of(audit), Volume.of(replace(audit, talks=talks))
        assert (found.talks, found.messages - plain.messages) == (13, 45)
        assert (found.long_threads - plain.long_threads, found.overflow - plain.overflow) == (1, 12)
        out = Volume.of(replace(audit, talks=replace(talks, calls_moved=0)))
        assert (out.talks, out.messages - plain.messages) == (8, 40)
        assert found.tickets_per_day - out.tickets_per_day == pytest.approx(60 / 30 / 2)  # in the mean of April and May

    def test_every_line_shows_its_formula(self) -> None:
        assert all(line.formula for line in calls(VOLUME))

    def test_hours_at_the_rate_of_an_api_key(self) -> None:
        assert hours(172_800, 2.0) == pytest.approx(24.0)

    def test_the_estimate_adds_its_lines_up(self, audit: Audit) -> None:
        found = estimate(audit)
        # 4 teams, tags, fields and macros + 20 reads, 3 customers, 3 uploads, 2 tickets, 1 + 1 + 1 pages
        assert found.calls == 24 + 3 + 3 + 2 + 3 == sum(line.number for line in found.lines)
        assert found.hours == pytest.approx(found.calls / audit.rate / 3600)

    def test_what_merges_and_what_has_no_file_costs_no_call(self, audit: Audit) -> None:
        merged = replace(audit, people=replace(audit.people, merged=1))
        assert Volume.of(merged).customers == Volume.of(audit).customers - 1
        missing = replace(audit, storage=replace(audit.storage, missing=3))
        assert Volume.of(missing).uploads == 1


class TestWindow:
    def test_delta_of_the_days_since_the_extract(self) -> None:
        volume = replace(VOLUME, uploads=3_000, customers=7_000, tickets_per_day=50.0, messages_per_day=225.0)
        found = window(volume, load_hours=30.0, rate=1.8)
        # 3 days x (50 tickets x (1 + 10,000 / 10,000) + 225 messages x 4)
        assert (found.days, found.calls) == (3, 3 * (100 + 900))
        assert found.hours == pytest.approx(3000 / 1.8 / 3600)
        assert found.fits == "comfortably"

    @pytest.mark.parametrize(
        ("messages", "fits"), [(3_600, "comfortably"), (3_601, "tightly"), (7_200, "tightly"), (7_201, "not")]
    )
    def test_four_hours_are_comfortable_and_eight_the_end(self, messages: int, fits: str) -> None:
        # one day, 1 call a second: 4 calls a message, so 3,600 messages take 4 hours
        volume = Volume(0, 0, 0, 0, 0, messages_per_day=messages)
        assert window(volume, load_hours=0.0, rate=1.0).fits == fits


class TestPrice:
    @pytest.mark.parametrize(
        ("tickets", "plan", "price"),
        [
            (40, "Starter", 10.0),
            (175, "Starter", 60.0),
            (176, "Basic", 60.0),
            (300, "Basic", 60.0),
            (301, "Basic", 100.0),
            (450, "Basic", 140.0),
            (1_200, "Pro", 360.0),
            (2_000, "Pro", 360.0),
            (2_001, "Pro", 396.0),
            (6_000, "Advanced", 1_260.0),
        ],
    )
    def test_cheapest_plan_by_hand(self, tickets: int, plan: str, price: float) -> None:
        assert (cheapest(tickets).name, cheapest(tickets).cost(tickets)) == (plan, pytest.approx(price))

    def test_a_begun_block_is_billed_whole(self) -> None:
        assert plan_cost("Pro", 2_100) == 396
        assert plan_cost("Pro", 2_101) == 432
        assert plan_cost("Starter", 51) == pytest.approx(10.40)

    def test_mean_and_peak_of_the_last_full_year(self) -> None:
        months = {f"2025-{n:02d}": 300 for n in range(1, 13)} | {"2025-12": 900, "2026-01": 5}
        found = cost(months, ai_share=0.0)
        assert (found.mean, found.peak, found.months) == (350, 900, 12)
        assert (found.plan, found.at_mean, found.at_peak) == ("Basic", 100, 300)

    def test_ai_agent_comes_on_top(self) -> None:
        found = cost({"2026-05": 1_000, "2026-06": 1}, ai_share=0.4)
        assert (found.ai_low, found.ai_high) == (pytest.approx(360.0), pytest.approx(400.0))
        assert found.at_mean == 340

    def test_a_fifth_more_tickets_can_cost_far_more(self) -> None:
        found = cost({"2026-05": 2_000, "2026-06": 1}, ai_share=0.0)
        assert (found.at_mean, found.if_a_fifth_more) == (360, 360 + 4 * 36)

    def test_no_answered_ticket_still_has_a_price(self) -> None:
        assert cost({}, ai_share=0.5).at_mean == 10


class TestMonths:
    def test_the_newest_month_is_seldom_whole_and_gaps_count_as_nothing(self) -> None:
        assert full_months({"2025-11": 4, "2026-01": 6, "2026-02": 1}) == {"2025-11": 4, "2025-12": 0, "2026-01": 6}

    def test_a_single_month_is_taken_as_it_is(self) -> None:
        assert full_months({"2026-02": 7}) == {"2026-02": 7}

    def test_no_more_than_twelve(self) -> None:
        assert next(iter(full_months({"2020-01": 9, "2026-02": 1}))) == "2025-02"
        assert len(full_months({"2020-01": 9, "2026-02": 1})) == 12
