"""Satisfaction surveys: one definition, and an answer for every ticket that has a rating."""

from __future__ import annotations

from datetime import timedelta
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
    shop.write.add("SurveyOfferedUserContext", SurveyOfferedUserContextID=offered, UserID=ticket.customer,
                   EmailAddress=ticket.address, TicketID=ticket.id)  # fmt: skip
    shop.write.add(
        "SurveysOffered", SurveyOfferedID=offered, SurveyDefinitionID=1, SurveyOfferedUserContextID=offered,
        SurveyGuid=str(UUID(int=rng.getrandbits(128), version=4)), OfferedAt=ticket.closed, ViewedAt=ticket.closed,
        AnsweredAt=ticket.closed, Rating=ticket.rating,
    )  # fmt: skip
    remark = REMARKS[int(ticket.rating)] if rng.random() < 0.3 else None
    for question, text, value in ((1, None, ticket.rating), (2, remark, None)):
        if text or value:
            shop.write.add(
                "SurveyQuestionAnswers", SurveyQuestionAnswerID=shop.next_id("SurveyQuestionAnswers"),
                SurveyOfferedID=offered, SurveyQuestionID=question, TextAnswerValue=text, NumericAnswerValue=value,
                QuestionAsAsked=QUESTION if question == 1 else "What could we do better?", MaxQuestionValueAsAsked=5.0,
                WeightAsAsked=2.0 - question,
            )  # fmt: skip
