"""Satisfaction surveys: one definition, and an answer for every ticket that has a rating; some odd ones beside."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from migrator_lib.simulators.smartertrack.schema import NOW, Writer
from migrator_lib.simulators.smartertrack.shop import Shop
from migrator_lib.simulators.smartertrack.thread import Ticket

QUESTION = "How satisfied are you with our answer?"
REMARKS = {1: "Nobody seems to read what I write.", 2: "Took far too long.", 3: "Fine in the end.", 4: "Friendly and quick.",
           5: "Excellent, thank you!"}  # fmt: skip


def definition(write: Writer) -> None:
    """Write the survey with its two questions."""
    write.add("SurveyDefinitions", SurveyDefinitionID=1, SurveyName="After a ticket", HeaderText="Your opinion counts",
              ThankYouText="Thank you!", LinkText="Rate us")  # fmt: skip
    for n, (kind, question) in enumerate(((1, QUESTION), (2, "What could we do better?")), 1):
        write.add("SurveyQuestions", SurveyQuestionID=n, SurveyDefinitionID=1, QuestionType=kind, Question=question,
                  Weight=2.0 - n, QuestionAdded=NOW - timedelta(days=1400), IsRequired=n == 1, QuestionNumber=n)  # fmt: skip


def answered(shop: Shop, ticket: Ticket) -> None:
    """Write offer and answers where the ticket was rated."""
    if ticket.rating is None or ticket.closed is None:
        return
    rng, offered = shop.world.rng("survey", ticket.id), shop.next_id("SurveysOffered")
    remark = REMARKS[int(ticket.rating)] if rng.random() < 0.3 else None
    about = {"UserID": ticket.customer, "EmailAddress": ticket.address, "TicketID": ticket.id}
    _offer(shop, offered, about, ticket.closed, ticket.rating, remark)
    if offered == 1:
        _offer(
            shop,
            shop.next_id("SurveysOffered"),
            about,
            ticket.closed + timedelta(days=2),
            1.0,
            "On second thoughts: no.",
        )
        shop.world.note("ticket_rated_twice", ticket.id)
    if offered % 10 == 4:
        _offer(shop, unanswered := shop.next_id("SurveysOffered"), about, None, None, None, ticket.closed)
        shop.world.note("unanswered_survey", unanswered)


def of_others(shop: Shop, chat: int) -> None:
    """Write the rating of a chat, one of nothing that is there any more, and one of more words than Gorgias takes."""
    moment = NOW - timedelta(days=50)
    for oddity, about, remark in (
        ("survey_of_a_chat", {"ChatID": chat}, "Quick. " * 160),
        ("survey_of_nothing", {"EmailAddress": "gone@postbox.example"}, "Who are you?"),
    ):
        offered = shop.next_id("SurveysOffered")
        _offer(shop, offered, about, moment, 4.0, remark)
        shop.world.note(oddity, offered)


def _offer(
    shop: Shop, offered: int, about: dict[str, Any], answered: datetime | None, rating: float | None,
    remark: str | None, at: datetime | None = None,
) -> None:  # fmt: skip
    """Write one survey, with what it is about and its answers."""
    rng = shop.world.rng("survey guid", offered)
    shop.write.add("SurveyOfferedUserContext", SurveyOfferedUserContextID=offered, **about)
    shop.write.add(
        "SurveysOffered", SurveyOfferedID=offered, SurveyDefinitionID=1, SurveyOfferedUserContextID=offered,
        SurveyGuid=str(UUID(int=rng.getrandbits(128), version=4)), OfferedAt=at or answered, ViewedAt=answered,
        AnsweredAt=answered, Rating=rating,
    )  # fmt: skip
    for question, text, value in ((1, None, rating), (2, remark, None)):
        if text or value:
            shop.write.add(
                "SurveyQuestionAnswers", SurveyQuestionAnswerID=shop.next_id("SurveyQuestionAnswers"),
                SurveyOfferedID=offered, SurveyQuestionID=question, TextAnswerValue=text, NumericAnswerValue=value,
                QuestionAsAsked=QUESTION if question == 1 else "What could we do better?", MaxQuestionValueAsAsked=5.0,
                WeightAsAsked=2.0 - question,
            )  # fmt: skip
