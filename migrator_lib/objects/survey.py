"""Rating: an answered survey of a ticket or chat becomes the satisfaction survey of its Gorgias ticket.

Gorgias has one survey for each ticket, so the one that was answered last is it, and the others of the ticket merge into
it and stay in its meta (``earlier_survey_of_the_ticket``). Left out by rule: what nobody answered
(``unanswered_survey``), what holds neither score nor words (``survey_without_answers``), and what belongs to a ticket
that is left out (``ticket_left_out``). Handed over as a list is what belongs to no ticket or chat of the source, what
has answers without a date, and all of them where the sandbox showed that a survey could be mailed.

The score is the mean, by weight, of the answers to questions that the mapping makes a score, each as a share of the
best answer, on a scale of 5 (at least 1). Words come from the questions that it makes a comment; 1,000 characters are
sent, and all are in the meta, with every other answer. No survey has a date to be sent at: Gorgias would mail it.

SurveysOffered says no zone with its dates (UNVERIFIED): ``policy.survey_timezone`` is taken for theirs. Source of a
survey's shape: developers.gorgias.com, the-satisfactionsurvey-object.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

from migrator_lib import canonical
from migrator_lib.contacts import CHAT_COLUMNS, of_chat
from migrator_lib.errors import RecordRejected, RecordUnusable
from migrator_lib.gorgias.api import GorgiasApi, Json
from migrator_lib.gorgias.contract.replies import Survey as Reply
from migrator_lib.gorgias.contract.replies import Thing
from migrator_lib.gorgias.mail_guard import is_past
from migrator_lib.lookups import Lookups, iso
from migrator_lib.objects.base import (
    HandOver,
    MappedField,
    Merge,
    MigrationObject,
    Outcome,
    Quarantine,
    Record,
    Send,
    Skip,
)
from migrator_lib.objects.conversation import moment
from migrator_lib.staging import Row, Staged

COMMENT_MAXIMUM = 1000
HIGHEST = 5
DOCUMENT = "ratings"
LEFT_OUT = "ticket_left_out"
PLACES = {"ticket": "ticket", "chat": "live_chat"}
"""What stands before the number in a key, and the object whose record it is."""
CHANGED = ("score", "body_text", "created_datetime", "sent_datetime", "scored_datetime", "meta")


@dataclass(frozen=True)
class Offered:
    """One survey that was offered, with what was answered."""

    row: Row
    answers: tuple[Row, ...] = ()
    place: str = ""
    """``ticket-17`` or ``chat-5``; empty where it belongs to nothing that is in the source."""
    customer: str = ""
    """Reference of the customer of that ticket; empty where the ticket is left out."""
    earlier: tuple[Offered, ...] = ()
    """The other answered surveys of the same ticket, by id."""
    is_later: bool = True
    """Whether it is the one that was answered last."""

    @property
    def id(self) -> int:
        """SurveyOfferedID."""
        return int(self.row["SurveyOfferedID"])


class Survey(MigrationObject):
    """Ratings. The record of a ticket's survey has the key of its ticket (``ticket-17``), so that a later one is it."""

    name = "survey"
    title = "Rating"
    becomes = "Satisfaction survey"
    reads = ("SurveysOffered", "SurveyOfferedUserContext", "SurveyQuestionAnswers", "SurveyQuestions")
    path = "satisfaction-surveys"
    undo = "goes with its ticket: Gorgias deletes no surveys"
    verified = "read back; score, words, dates, ticket, customer and meta compared"
    fields = (
        MappedField("SurveysOffered.SurveyOfferedID", "survey.meta", "survey_id"),
        MappedField("SurveysOffered.SurveyOfferedUserContextID + "
                    "SurveyOfferedUserContext.SurveyOfferedUserContextID + SurveyOfferedUserContext.TicketID + "
                    "SurveyOfferedUserContext.ChatID", "survey.ticket_id", "and the ticket's customer"),
        MappedField("SurveysOffered.OfferedAt", "survey.sent_datetime", "in UTC; also created_datetime"),
        MappedField("SurveysOffered.ViewedAt", "survey.meta", "viewed"),
        MappedField("SurveysOffered.AnsweredAt", "survey.scored_datetime", "in UTC; what has none is left out"),
        MappedField("SurveysOffered.Rating", "survey.meta", "rating; its scale is not published"),
        MappedField("SurveyQuestionAnswers.SurveyQuestionAnswerID + SurveyQuestionAnswers.SurveyOfferedID", "",
                    "keys"),
        MappedField("SurveyQuestionAnswers.SurveyQuestionID + SurveyQuestions.SurveyQuestionID", "survey.score",
                    "by the mapping of questions: score, comment or nothing"),
        MappedField("SurveyQuestions.Question", "mapping", "the question's name there"),
        MappedField("SurveyQuestionAnswers.NumericAnswerValue + SurveyQuestionAnswers.MaxQuestionValueAsAsked + "
                    "SurveyQuestionAnswers.WeightAsAsked", "survey.score", "weighted mean, a share of the best, of 5"),
        MappedField("SurveyQuestionAnswers.TextAnswerValue", "survey.body_text", "1,000 characters; all in the meta"),
        MappedField("SurveyQuestionAnswers.QuestionAsAsked", "survey.meta", "answers"),
    )  # fmt: skip

    # --- records -----------------------------------------------------------------------------------

    def records(self, staged: Staged, lookups: Lookups) -> Iterator[Record]:
        """Yield every survey that was offered: by id, but those of tickets with several answered ones at the end.

        Memory is a few numbers for each survey, and whole surveys only of such tickets.
        """
        places = _places(staged)
        last = _answered_last(staged, places)
        customers = _customers(staged, lookups, {place for place, (n, _) in last.items() if n})
        several: dict[str, list[Offered]] = {}
        for row, answers in _with_answers(staged):
            place = places.get(row["SurveyOfferedUserContextID"], "")
            number, latest = last.get(place, (0, 0))
            if row["AnsweredAt"] is None or place not in customers:
                yield Record(str(row["SurveyOfferedID"]), Offered(row, answers))
            else:
                one = Offered(row, answers, place, customers[place], is_later=row["SurveyOfferedID"] == latest)
                if number > 1:
                    several.setdefault(place, []).append(one)
                else:
                    yield Record(place, one)
        for place, those in several.items():
            earlier = tuple(one for one in those if not one.is_later)
            for one in those:
                yield self._one_of_several(place, one, earlier)

    def _one_of_several(self, place: str, one: Offered, earlier: tuple[Offered, ...]) -> Record:
        if not one.is_later:
            return Record(str(one.id), one)
        return Record(place, Offered(one.row, one.answers, one.place, one.customer, earlier))

    # --- what it becomes ---------------------------------------------------------------------------

    def transform(self, record: Record, lookups: Lookups) -> Outcome:
        """The satisfaction survey of its ticket."""
        one: Offered = record.data
        if one.row["AnsweredAt"] is None:
            return HandOver(DOCUMENT) if _told(one, lookups)["answers"] else Skip("unanswered_survey")
        if not one.place:
            return HandOver(DOCUMENT)
        if not one.customer:
            return Skip(LEFT_OUT)
        silent = lookups.behaviour.surveys_stay_unsent
        if silent and not one.is_later:
            return Merge(one.place, "earlier_survey_of_the_ticket")
        unknown = _unmapped(one, lookups)
        if unknown:
            return Quarantine(f"question {unknown} of surveys is not in mapping.yaml: run notebook 02 again")
        if not _holds_something(one, lookups):
            return Skip("survey_without_answers")
        return Send(self._payload(record.key, one, lookups)) if silent else HandOver(DOCUMENT)

    def _payload(self, key: str, one: Offered, lookups: Lookups) -> Json:
        offered, answered = (_utc(one.row[name], lookups) for name in ("OfferedAt", "AnsweredAt"))
        kind, _, number = one.place.partition("-")
        words = _words(one, lookups)
        return {
            "ticket_id": {"$ref": f"{PLACES[kind]}:{number}"},
            "customer_id": {"$ref": one.customer},
            "score": _score(one, lookups),
            "body_text": words[:COMMENT_MAXIMUM] or None,
            "created_datetime": iso(offered or answered),
            "sent_datetime": iso(offered or answered),
            "scored_datetime": iso(answered),
            "should_send_datetime": None,
            "meta": {"smartertrack": self._meta(key, one, lookups)},
        }

    def _meta(self, key: str, one: Offered, lookups: Lookups) -> Json:
        meta: Json = {
            "external_id": lookups.external_id(self.name, key),
            **_told(one, lookups),
        }
        if one.row["ViewedAt"] is not None:
            meta["viewed"] = iso(_utc(one.row["ViewedAt"], lookups))
        if one.earlier:
            meta["earlier"] = [
                {**_told(other, lookups), "score": _score(other, lookups),
                 "answered": iso(_utc(other.row["AnsweredAt"], lookups))}
                for other in one.earlier
            ]  # fmt: skip
        return meta

    # --- in Gorgias --------------------------------------------------------------------------------

    def natural_key(self, thing: Mapping[str, Any]) -> str | None:
        """Its ticket's Gorgias id."""
        return str(thing.get("ticket_id"))

    def find(self, api: GorgiasApi, payload: Json) -> list[Reply]:
        """The one of its ticket; the payload is resolved."""
        try:
            ticket = api.tickets.get(int(payload["ticket_id"]))
        except RecordRejected as error:
            if error.status != 404:
                raise
            return []
        there = ticket.as_json().get("satisfaction_survey")
        return [api.surveys.get(int(there["id"]))] if isinstance(there, Mapping) and there.get("id") else []

    def check_match(self, payload: Json, found: Thing) -> None:
        """Refuse one that Gorgias, or somebody, made of the ticket meanwhile.

        Raises:
            RecordUnusable: it is none of ours.
        """
        meta = found.as_json().get("meta")
        ours = (meta or {}).get("smartertrack") if isinstance(meta, Mapping) else None
        if not isinstance(ours, Mapping) or ours.get("external_id") != payload["meta"]["smartertrack"]["external_id"]:
            raise RecordUnusable(
                "its ticket has a satisfaction survey in Gorgias already, which is none of ours",
                next_step="see that surveys of the account are switched off; the rating stays in quarantine.",
            )

    def create(self, api: GorgiasApi, payload: Json) -> str:
        """Create it.

        Raises:
            RecordUnusable: it would be in the future, so that Gorgias might mail it.
        """
        if not is_past(payload["sent_datetime"]):
            raise RecordUnusable(
                "it was offered in the future",
                next_step="check policy.survey_timezone in engagement.yaml, then run again.",
            )
        return str(api.surveys.create(payload).id)

    def remove(self, api: GorgiasApi, target_id: str) -> None:
        """Nothing: it goes with its ticket."""
        return

    def compared(self, thing: Json) -> Json:
        """Everything that a survey holds."""
        dates = ("created_datetime", "sent_datetime", "scored_datetime", "should_send_datetime")
        return {
            **{name: thing.get(name) for name in ("ticket_id", "customer_id", "score")},
            "body_text": canonical.text(thing.get("body_text")),
            **{name: moment(thing.get(name)) for name in dates},
            "meta": canonical.kept_by_smartertrack(thing.get("meta")),
        }

    def change(self, payload: Json, there: Json, fields: Collection[str]) -> Json:
        """Everything, since what is left out would be emptied: what differs as it should be, the rest as it is."""
        kept = {name: there.get(name) for name in CHANGED}
        new = {name: payload.get(name) for name in CHANGED if name in fields}
        if "meta" in fields and isinstance(there.get("meta"), Mapping):
            new["meta"] = {**there["meta"], **payload["meta"]}
        people = {name: payload[name] for name in ("ticket_id", "customer_id")}
        return {**people, **kept, **new, "should_send_datetime": None}

    def update(self, api: GorgiasApi, target_id: str, payload: Json) -> None:
        """Replace it."""
        api.surveys.update(int(target_id), payload)


def place_of(key: str) -> tuple[str, str] | None:
    """Return (object, source key) of the ticket or chat whose survey has this key, or None."""
    kind, dash, number = key.partition("-")
    return (PLACES[kind], number) if dash and kind in PLACES else None


def to_hand_over(staged: Staged, lookups: Lookups) -> Iterator[tuple[object, ...]]:
    """Yield the ratings that no ticket in Gorgias has: id, of which ticket or chat, when, score, words of answers."""
    for record in Survey().records(staged, lookups):
        one: Offered = record.data
        if isinstance(Survey().transform(record, lookups), HandOver):
            when = iso(_utc(one.row["AnsweredAt"], lookups))
            yield one.id, one.place, when or "", _score(one, lookups) or "", _words(one, lookups)


HANDED_OVER_COLUMNS = ("survey", "of", "answered", "score", "words")

# --- reading -------------------------------------------------------------------------------------------


def _places(staged: Staged) -> dict[int, str]:
    """Return SurveyOfferedUserContextID to the key of its ticket or chat."""
    found: dict[int, str] = {}
    for row in staged.stream("SurveyOfferedUserContext"):
        for name, column in (("ticket", "TicketID"), ("chat", "ChatID")):
            if row[column] is not None:
                found.setdefault(row["SurveyOfferedUserContextID"], f"{name}-{row[column]}")
    return found


def _answered_last(staged: Staged, places: Mapping[int, str]) -> dict[str, tuple[int, int]]:
    """Return place to how many of its surveys were answered, and the id of the one that was last."""
    found: dict[str, tuple[int, int]] = {}
    when: dict[str, datetime] = {}
    columns = ["SurveyOfferedID", "SurveyOfferedUserContextID", "AnsweredAt"]
    for row in staged.stream("SurveysOffered", columns):
        place, answered = places.get(row["SurveyOfferedUserContextID"], ""), row["AnsweredAt"]
        if not place or answered is None:
            continue
        number, latest = found.get(place, (0, 0))
        if not number or (answered, row["SurveyOfferedID"]) > (when[place], latest):
            when[place], latest = answered, row["SurveyOfferedID"]
        found[place] = number + 1, latest
    return found


def _customers(staged: Staged, lookups: Lookups, places: Collection[str]) -> dict[str, str]:
    """Return place to the reference of its customer, empty where the ticket is left out; none of what is not there."""
    wanted: dict[str, set[int]] = {"ticket": set(), "chat": set()}
    for place in places:
        kind, _, number = place.partition("-")
        wanted[kind].add(int(number))
    found: dict[str, str] = {}
    columns = ["UserID_Customer", "CustomerEmailAddress", "IsDeleted", "IsSpam"]
    for row in staged.columns_of(wanted["ticket"], "Tickets", columns):
        key = lookups.requester_key(row["UserID_Customer"], row["CustomerEmailAddress"])
        out = row["IsDeleted"] or (row["IsSpam"] and lookups.parameters.policy.spam_tickets == "skip")
        found[f"ticket-{row['TicketID']}"] = "" if out else f"requester:{key}"
    for row in staged.columns_of(wanted["chat"], "Chats", list(CHAT_COLUMNS)):
        found[f"chat-{row['ChatID']}"] = "" if row["IsDeleted"] else lookups.contact(of_chat(row)).reference
    return found


def _with_answers(staged: Staged) -> Iterator[tuple[Row, tuple[Row, ...]]]:
    """Yield surveys by id, each with its answers: both tables are staged in the order of the survey."""
    grouped = groupby(staged.stream("SurveyQuestionAnswers"), key=lambda row: int(row["SurveyOfferedID"]))
    at, answers = next(grouped, (None, iter(())))
    for row in staged.stream("SurveysOffered"):
        while at is not None and at < row["SurveyOfferedID"]:
            at, answers = next(grouped, (None, iter(())))
        yield row, tuple(answers) if at == row["SurveyOfferedID"] else ()


# --- answers -------------------------------------------------------------------------------------------


def _utc(read: datetime | None, lookups: Lookups) -> datetime | None:
    """Return a date of a survey, which was read as if it were UTC, in UTC."""
    if read is None:
        return None
    zone = ZoneInfo(lookups.parameters.policy.survey_timezone)
    return read.replace(tzinfo=zone).astimezone(UTC)


def _unmapped(one: Offered, lookups: Lookups) -> str:
    """Return the first question with an answer that the mapping lacks; one that is gone from SmarterTrack is none."""
    known = lookups.mapping.survey_questions
    asked = (answer["SurveyQuestionID"] for answer in one.answers if answer["SurveyQuestionID"] is not None)
    return next((str(question) for question in asked if str(question) not in known), "")


def _becoming(one: Offered, what: str, lookups: Lookups) -> Iterator[tuple[Row, float]]:
    """Yield the answers to questions that become this, each with the best answer."""
    for answer in one.answers:
        entry = lookups.mapping.survey_questions.get(str(answer["SurveyQuestionID"]))
        if entry is not None and entry.becomes == what:
            yield answer, answer["MaxQuestionValueAsAsked"] or entry.highest


def _score(one: Offered, lookups: Lookups) -> int | None:
    found = [
        (answer["NumericAnswerValue"] / highest, 1.0 if answer["WeightAsAsked"] is None else answer["WeightAsAsked"])
        for answer, highest in _becoming(one, "score", lookups)
        if _is_number(answer["NumericAnswerValue"]) and highest > 0
    ]
    if not found:
        return None
    weights = sum(weight for _, weight in found)
    if not (math.isfinite(weights) and weights > 0):  # no weights at all: all answers count alike
        found, weights = [(share, 1.0) for share, _ in found], float(len(found))
    mean = sum(share * weight for share, weight in found) / weights
    return int(min(HIGHEST, max(1, math.floor(mean * HIGHEST + 0.5))))


def _is_number(value: float | None) -> bool:
    return value is not None and math.isfinite(value)


def _words(one: Offered, lookups: Lookups) -> str:
    texts = ((answer["TextAnswerValue"] or "").strip() for answer, _ in _becoming(one, "comment", lookups))
    return "\n\n".join(filter(None, texts))


def _told(one: Offered, lookups: Lookups) -> Json:
    """Return what the meta keeps of a survey: every answer, as it was asked."""
    answers = [
        {"question": answer["QuestionAsAsked"] or f"question {answer['SurveyQuestionID']}", "answer": content}
        for answer in one.answers
        for content in (answer["NumericAnswerValue"], (answer["TextAnswerValue"] or "").strip())
        if (content if isinstance(content, str) else _is_number(content))
    ]
    rating = one.row["Rating"]
    return {"survey_id": one.id, "rating": rating if _is_number(rating) else None, "answers": answers}


def _holds_something(one: Offered, lookups: Lookups) -> bool:
    told = _told(one, lookups)
    return told["rating"] is not None or bool(told["answers"])
