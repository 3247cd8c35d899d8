"""Ratings: the score, words and dates of a ticket's satisfaction survey; and what an agent sees of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from migrator_lib.errors import RecordUnusable
from migrator_lib.gorgias.contract.bodies import SurveyCreate
from migrator_lib.objects import ON_TICKETS
from migrator_lib.objects.base import HandOver, Merge, Outcome, Quarantine, Send, Skip
from migrator_lib.objects.survey import to_hand_over
from migrator_lib.plan.extras import propose_survey_questions
from migrator_lib.proofs.behaviour import Behaviour
from migrator_lib.reconcile.accounts import accounts, require_balanced, settle_strays
from migrator_lib.simulators.gorgias.limits.faults import Fault
from migrator_lib.simulators.gorgias.web.validation import parse
from tests.loading import TARGET, ticket
from tests.rollback.accounts import place as roll_back_place
from tests.shop import ANN, Shop
from tests.updating import Loaded, loaded

(SURVEY,) = ON_TICKETS
OFFERED, ANSWERED = datetime(2024, 3, 2, 8, 0, tzinfo=UTC), datetime(2024, 3, 2, 9, 30, tzinfo=UTC)
QUESTIONS = {
    "1": {"name": "How satisfied?", "becomes": "score"},
    "2": {"name": "What else?", "becomes": "comment"},
    "3": {"name": "Your shop?", "becomes": "nothing"},
    "4": {"name": "Again?", "becomes": "score", "highest": 10},
}


def rated(shop: Shop, key: int, *answers: tuple[int | None, float | str | None], **row: Any) -> None:
    """Add a survey; each answer is (question, number or words)."""
    where = {name: row.pop(name) for name in ("TicketID", "ChatID") if name in row} or {"TicketID": 1}
    weights = row.pop("weights", {})
    shop.add("SurveyOfferedUserContext", {"SurveyOfferedUserContextID": key + 1000, **where})
    shop.add("SurveysOffered", {"SurveyOfferedID": key, "SurveyOfferedUserContextID": key + 1000, "OfferedAt": OFFERED,
                                "AnsweredAt": ANSWERED, **row})  # fmt: skip
    for n, (question, content) in enumerate(answers):
        value = {"TextAnswerValue": content} if isinstance(content, str) else {"NumericAnswerValue": content}
        best = None if question == 4 else 5.0
        shop.add("SurveyQuestionAnswers", {
            "SurveyOfferedID": key, "SurveyQuestionAnswerID": key * 10 + n, "SurveyQuestionID": question,
            "QuestionAsAsked": f"Question {question}", "MaxQuestionValueAsAsked": best,
            "WeightAsAsked": weights.get(question), **value,
        })  # fmt: skip


@pytest.fixture
def shop(shop: Shop) -> Shop:
    shop.mapped["survey_questions"] = QUESTIONS
    return shop.add("Tickets", {"TicketID": 1})


def outcomes(shop: Shop) -> dict[str, Outcome]:
    staged = shop.stage()
    lookups = shop.lookups(staged)
    records = list(SURVEY.records(staged, lookups))
    assert len({record.key for record in records}) == len(records) == staged.count("SurveysOffered")
    return {record.key: SURVEY.transform(record, lookups) for record in records}


def payload(outcome: Outcome) -> dict[str, Any]:
    assert isinstance(outcome, Send), outcome
    parse(SurveyCreate, {**outcome.payload, "ticket_id": 1, "customer_id": 2}, "create survey")
    return outcome.payload


def test_an_answered_survey_becomes_that_of_its_ticket_and_has_no_date_to_be_sent_at(shop: Shop) -> None:
    rated(shop, 7, (1, 4.0), (2, " Friendly. "), (3, "Leith"), Rating=4.0)
    found = payload(outcomes(shop)["ticket-1"])
    assert found.pop("meta") == {
        "smartertrack": {
            "external_id": "st:demo:survey:ticket-1", "survey_id": 7, "rating": 4.0,
            "answers": [{"question": "Question 1", "answer": 4.0}, {"question": "Question 2", "answer": "Friendly."},
                        {"question": "Question 3", "answer": "Leith"}],
        }
    }  # fmt: skip
    assert found == {
        "ticket_id": {"$ref": "ticket:1"}, "customer_id": {"$ref": f"requester:u{ANN}"}, "score": 4,
        "body_text": "Friendly.", "created_datetime": "2024-03-02T08:00:00Z", "sent_datetime": "2024-03-02T08:00:00Z",
        "scored_datetime": "2024-03-02T09:30:00Z", "should_send_datetime": None,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("answers", "weights", "score"),
    [
        (((1, 5.0),), {}, 5),
        (((1, 0.0),), {}, 1),
        (((1, 2.5),), {}, 3),
        (((4, 7.0),), {}, 4),
        (((4, 10.0),), {}, 5),
        (((1, 9.0),), {}, 5),
        (((1, 5.0), (4, 2.0)), {}, 3),
        (((1, 5.0), (4, 2.0)), {1: 3.0, 4: 1.0}, 4),
        (((1, 5.0), (4, 2.0)), {1: 0.0, 4: 1.0}, 1),
        (((1, 5.0), (4, 2.0)), {1: 0.0, 4: 0.0}, 3),
        (((1, float("nan")), (4, 4.0)), {}, 2),
        (((2, "only words"),), {}, None),
        (((1, None), (2, "only words")), {}, None),
    ],
)
def test_the_score_is_the_weighted_mean_as_a_share_of_the_best_answer(
    shop: Shop, answers: Any, weights: Any, score: int | None
) -> None:
    rated(shop, 7, *answers, weights=weights)
    assert payload(outcomes(shop)["ticket-1"])["score"] == score


def test_words_beyond_what_gorgias_takes_stay_in_the_meta(shop: Shop) -> None:
    rated(shop, 7, (1, 3.0), (2, "שלום 🌲 " * 300))
    found = payload(outcomes(shop)["ticket-1"])
    assert len(found["body_text"]) == 1000
    assert found["meta"]["smartertrack"]["answers"][1]["answer"] == ("שלום 🌲 " * 300).strip()


def test_the_last_one_that_was_answered_is_the_tickets_and_keeps_the_others(shop: Shop) -> None:
    later = datetime(2024, 4, 1, tzinfo=UTC)
    rated(shop, 5, (1, 2.0), (2, "late answer"), AnsweredAt=later)
    rated(shop, 6, (1, 5.0))
    rated(shop, 8, AnsweredAt=None)
    found = outcomes(shop)
    assert found["6"] == Merge("ticket-1", "earlier_survey_of_the_ticket")
    assert found["8"] == Skip("unanswered_survey")
    kept = payload(found["ticket-1"])
    assert (kept["score"], kept["body_text"]) == (2, "late answer")
    (earlier,) = kept["meta"]["smartertrack"]["earlier"]
    assert (earlier["survey_id"], earlier["score"], earlier["answered"]) == (6, 5, "2024-03-02T09:30:00Z")


def test_what_has_no_answer_or_no_ticket_that_moves_is_left_out_by_rule(shop: Shop) -> None:
    shop.add("Tickets", {"TicketID": 2, "IsDeleted": True}, {"TicketID": 3, "IsSpam": True})
    rated(shop, 1, AnsweredAt=None, TicketID=1)
    rated(shop, 2, TicketID=1)
    rated(shop, 3, (1, 1.0), TicketID=2)
    rated(shop, 4, (1, 1.0), TicketID=3)
    assert outcomes(shop) == {
        "1": Skip("unanswered_survey"), "ticket-1": Skip("survey_without_answers"), "ticket-2": Skip("ticket_left_out"),
        "ticket-3": Skip("ticket_left_out"),
    }  # fmt: skip


def test_what_belongs_to_nothing_in_the_source_is_handed_over_with_what_it_says(shop: Shop) -> None:
    rated(shop, 1, (1, 4.0), (2, "Good"), TicketID=None)
    rated(shop, 2, (1, 2.0), TicketID=99)
    shop.add("SurveysOffered", {"SurveyOfferedID": 3, "SurveyOfferedUserContextID": 5, "AnsweredAt": ANSWERED})
    assert set(outcomes(shop).values()) == {HandOver("ratings")}
    staged = shop.stage()
    assert list(to_hand_over(staged, shop.lookups(staged))) == [
        (1, "", "2024-03-02T09:30:00Z", 4, "Good"), (2, "", "2024-03-02T09:30:00Z", 2, ""),
        (3, "", "2024-03-02T09:30:00Z", "", ""),
    ]  # fmt: skip


def test_answers_without_a_date_are_not_lost(shop: Shop) -> None:
    rated(shop, 1, (1, 4.0), (2, "Good"), AnsweredAt=None)
    assert outcomes(shop) == {"1": HandOver("ratings")}
    staged = shop.stage()
    assert list(to_hand_over(staged, shop.lookups(staged))) == [(1, "", "", 4, "Good")]


def test_where_a_survey_could_be_mailed_none_is_made_and_each_rating_is_listed(shop: Shop) -> None:
    rated(shop, 5, (1, 2.0), (2, "late answer"), AnsweredAt=datetime(2024, 4, 1, tzinfo=UTC))
    rated(shop, 6, (1, 5.0))
    rated(shop, 8, AnsweredAt=None)
    staged = shop.stage()
    lookups = shop.lookups(staged)
    lookups.behaviour = Behaviour(surveys_stay_unsent=False)
    found = {record.key: SURVEY.transform(record, lookups) for record in SURVEY.records(staged, lookups)}
    assert found == {"ticket-1": HandOver("ratings"), "6": HandOver("ratings"), "8": Skip("unanswered_survey")}
    assert sorted(to_hand_over(staged, lookups)) == [
        (5, "ticket-1", "2024-04-01T00:00:00Z", 2, "late answer"), (6, "ticket-1", "2024-03-02T09:30:00Z", 5, ""),
    ]  # fmt: skip


def test_a_question_that_nobody_mapped_is_quarantined_and_one_that_is_gone_is_kept(shop: Shop) -> None:
    rated(shop, 1, (1, 4.0), (None, "of old"))
    assert payload(outcomes(shop)["ticket-1"])["meta"]["smartertrack"]["answers"][1]["answer"] == "of old"
    rated(shop, 2, (9, 4.0), AnsweredAt=datetime(2025, 1, 1, tzinfo=UTC))
    found = outcomes(shop)["ticket-1"]
    assert isinstance(found, Quarantine)
    assert "question 9" in found.reason


@pytest.mark.parametrize(
    ("zone", "sent"), [("Europe/Berlin", "2024-03-02T07:00:00Z"), ("America/New_York", "2024-03-02T13:00:00Z")]
)
def test_dates_are_of_the_zone_that_the_engagement_names(shop: Shop, zone: str, sent: str) -> None:
    shop.policy["survey_timezone"] = zone
    rated(shop, 7, (1, 4.0))
    assert payload(outcomes(shop)["ticket-1"])["sent_datetime"] == sent


def test_questions_are_proposed_by_their_answers_and_else_by_their_words() -> None:
    rows = [{"SurveyQuestionID": n, "Question": words} for n, words in enumerate(
        ("How satisfied are you?", "Anything else?", "Mixed?", "Please rate us", "New one"), 1)]  # fmt: skip
    found = propose_survey_questions(rows, {1: (9, 0), 2: (0, 4), 3: (2, 2)})
    assert [entry.becomes for entry in found.values()] == ["score", "comment", "comment", "score", "comment"]
    assert found["1"].confidence > found["4"].confidence > found["5"].confidence


# --- in the account ------------------------------------------------------------------------------------


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Loaded]:
    with loaded(tmp_path, tickets=3) as made:
        made.shop.mapped["survey_questions"] = QUESTIONS
        rated(made.shop, 1, (1, 4.0), (2, "Friendly"), TicketID=1)
        rated(made.shop, 2, AnsweredAt=None, TicketID=2)
        yield made


def surveys(desk: Loaded) -> dict[int, dict[str, Any]]:
    """Return what surveys the account holds, by the id of the survey in the source."""
    return {one["meta"]["smartertrack"]["survey_id"]: one for one in desk.account.store.by_kind("survey")}


def test_an_agent_sees_the_rating_on_its_ticket_nobody_is_mailed_and_the_accounts_add_up(desk: Loaded) -> None:
    desk.load()
    (there,) = surveys(desk).values()
    seen = desk.api.tickets.get(ticket(desk.account, 1)["id"]).as_json()["satisfaction_survey"]
    assert (seen["score"], seen["body_text"]) == (4, "Friendly")
    assert there["customer_id"] == ticket(desk.account, 1)["customer"]["id"]
    assert desk.account.store.outbox() == []
    staged = desk.staged()
    settle_strays(desk.ledger, TARGET, staged)
    found = accounts(desk.ledger, TARGET, staged, desk.shop.lookups(staged))
    require_balanced(found)
    (account,) = [one for one in found if one.object == "survey"]
    assert (account.source, account.outcomes) == (2, {"created": 1, "skipped": 1})
    assert desk.reconcile().counts["survey"] == {"validated": 1}


def test_a_second_load_sends_nothing_and_a_later_answer_takes_the_place_of_the_first(desk: Loaded) -> None:
    desk.load()
    desk.calls()
    desk.load()
    assert [name for name in desk.calls() if not name.startswith("GET")] == []
    rated(desk.shop, 3, (1, 1.0), TicketID=1, AnsweredAt=datetime(2024, 5, 1, tzinfo=UTC))
    desk.load()
    (there,) = surveys(desk).values()
    assert (there["score"], there["body_text"]) == (1, None)
    assert there["meta"]["smartertrack"]["earlier"][0]["survey_id"] == 1
    assert desk.entry("survey", "1").state == "merged"
    assert desk.reconcile().counts["survey"] == {"validated": 1}


def test_what_somebody_changed_in_gorgias_stays(desk: Loaded) -> None:
    desk.load()
    (there,) = surveys(desk).values()
    desk.account.store.put("survey", {**there, "score": 5}, parent=there["ticket_id"])
    rated(desk.shop, 3, (1, 1.0), (2, "Sorry"), TicketID=1, AnsweredAt=datetime(2024, 5, 1, tzinfo=UTC))
    report = desk.load()
    (now,) = surveys(desk).values()
    assert (now["score"], now["body_text"]) == (5, "Sorry")
    assert report.conflicts == ["survey ticket-1: changed in Gorgias since it was loaded (score)"]


def test_a_call_that_was_not_answered_makes_no_second_survey(desk: Loaded) -> None:
    desk.account.faults.append(Fault("reset_after_commit", method="POST", path_contains="satisfaction-surveys"))
    desk.load()
    assert len(surveys(desk)) == 1
    assert desk.entry("survey", "ticket-1").state == "created"


def test_a_survey_that_gorgias_made_itself_is_not_taken_for_ours(desk: Loaded) -> None:
    desk.load()
    rated(desk.shop, 3, (1, 1.0), TicketID=2)
    there = ticket(desk.account, 2)
    body = {"ticket_id": there["id"], "customer_id": there["customer"]["id"], "sent_datetime": "2024-01-01T00:00:00Z"}
    desk.api.surveys.create(body)
    desk.load()
    entry = desk.entry("survey", "ticket-2")
    assert entry.state == "quarantined"
    assert "none of ours" in str(entry.reason)


def test_a_survey_waits_in_quarantine_until_its_ticket_is_there(desk: Loaded) -> None:
    desk.shop.mapped["statuses"] = {}
    desk.load()
    entry = desk.entry("survey", "ticket-1")
    assert entry.state == "quarantined"
    assert "its ticket (ticket:1) is not in Gorgias" in str(entry.reason)
    del desk.shop.mapped["statuses"]
    desk.load()
    assert desk.entry("survey", "ticket-1").state == "created"


def test_a_survey_in_the_future_is_not_sent_since_gorgias_might_mail_it(desk: Loaded) -> None:
    with pytest.raises(RecordUnusable, match="in the future"):
        SURVEY.create(desk.api, {"sent_datetime": "2999-01-01T00:00:00Z"})


def test_a_survey_that_differs_or_is_gone_is_found(desk: Loaded) -> None:
    desk.load()
    (there,) = surveys(desk).values()
    desk.account.store.put("survey", {**there, "body_text": "x"}, parent=there["ticket_id"])
    (finding,) = [one for one in desk.reconcile().findings if one.object == "survey"]
    assert [one.field for one in finding.differences] == ["body_text"]
    desk.account.store.delete("survey", there["id"])
    (finding,) = [one for one in desk.reconcile().findings if one.object == "survey"]
    assert finding.state == "missing"


def test_a_roll_back_says_that_ratings_went_with_their_tickets_and_a_later_load_sends_them_anew(tmp_path: Path) -> None:
    made = roll_back_place(tmp_path, tickets=2)
    made.shop.mapped["survey_questions"] = QUESTIONS
    rated(made.shop, 1, (1, 4.0), TicketID=1)
    made.staged = made.shop.stage()
    made.snapshot()
    made.load()
    made.later()
    assert made.roll_back().wrong == 0
    entry = made.ledger.entry(TARGET, "survey", "ticket-1")
    assert entry is not None
    assert (entry.state, entry.reason) == ("removed", "went with its ticket")
    made.load()
    assert made.ledger.counts(TARGET)["survey"] == {"created": 1}
    made.ledger.close()
