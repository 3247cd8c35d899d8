"""Chats and calls of a simulated world: what happens to them in the source, beside what happens to tickets."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from migrator_lib.smartertrack.tables import CALL_FAMILY, CHAT_FAMILY, Family
from tests.delta.moving import LAST, Moving
from tests.shop import ANN, BOB, DANA, Shop, minutes

CHATS, CALLS = 2, 2
CODES: dict[str, Any] = {
    "chat_senders": {"0": {"becomes": "customer"}, "1": {"becomes": "agent"}, "2": {"becomes": "system"}},
    "chat_views": {"0": {"becomes": "public"}, "1": {"becomes": "internal"}},
}
"""Sections of the mapping."""
ASKERS = (ANN, BOB, None)


def rate(shop: Shop, key: int, where: Mapping[str, int]) -> None:
    """Let somebody answer a survey of a ticket or a chat."""
    shop.add("SurveyOfferedUserContext", {"SurveyOfferedUserContextID": key, **where})
    shop.add("SurveysOffered", {"SurveyOfferedID": key, "SurveyOfferedUserContextID": key, "OfferedAt": minutes(60),
                                "AnsweredAt": minutes(61 + key)})  # fmt: skip
    answer = {"SurveyQuestionID": 1, "NumericAnswerValue": 1.0 + key % 5, "MaxQuestionValueAsAsked": 5.0}
    shop.add("SurveyQuestionAnswers", {"SurveyOfferedID": key, "SurveyQuestionAnswerID": key, **answer})


class Talking(Moving):
    """A help desk with chats and calls."""

    def talks(self) -> list[sa.Executable]:
        """A few chats and calls, with something of everything."""
        rows: list[sa.Executable] = []
        for n in range(1, CHATS + 1):
            at = LAST - timedelta(days=n)
            rows += [*self.chat(n, at), self.line(n, 100 + n, at + timedelta(minutes=1)),
                     self.insert("ChatComments", ChatID=n, ChatCommentID=n, CommentTypeID=1, UserID=DANA,
                                 DateEnteredUTC=at, CommentText=f"of chat {n}"),
                     self.insert("CustomDataFieldsInChats", ChatID=n, CustomFieldID=1, DataContent="green"),
                     self.file_of("ChatAttachments", n, n, at)]  # fmt: skip
        for n in range(1, CALLS + 1):
            at = LAST - timedelta(days=n)
            value = self.insert("CustomDataFieldsInCallLogs", CallLogID=n, CustomFieldID=1, DataContent="red")
            rows += [self.call(n, at), self.file_of("CallLogAttachments", n, n, at), value]
        return rows

    def ids(self, family: Family) -> list[int]:
        """All of a family."""
        return self.ask(family.root.name, family.key)

    def chat(self, key: int, at: datetime) -> list[sa.Executable]:
        """A chat that goes on, with a line of its customer."""
        account = ASKERS[key % 3]
        address = "" if account else f"guest{key % 7}@there.example" if key % 2 else ""
        values = {"ChatNumber": f"C-{key}", "DepartmentID": 1, "GroupID": 11, "UserID": DANA, "CustomerUserID": account,
                  "CustomerEmailAddress": address, "CustomerDisplayName": f"Chatter {key}", "DateStartedUTC": at,
                  "DateQueuedUTC": at, "InitialQuestion": f"Question {key}?"}  # fmt: skip
        return [self.insert("Chats", ChatID=key, **values), self.line(key, 10 * key, at)]

    def line(self, chat: int, key: int, at: datetime) -> sa.Executable:
        """A line of the customer, of the agent or of the system; some are for agents alone."""
        sender = key % 3
        return self.insert("ChatMessages", ChatID=chat, ChatMessageID=key, DateSubmittedUTC=at, ChatSenderType=sender,
                           UserID=DANA if sender == 1 else None, ViewRestriction=int(key % 5 == 0),
                           TextSubmitted=f"line {key}", IsHTML=key % 2)  # fmt: skip

    def call(self, key: int, at: datetime) -> sa.Executable:
        """A call: by an account, or by a number that several have."""
        account = ASKERS[key % 3]
        return self.insert("CallLogs", CallLogID=key, CallNumber=f"T-{key}", DepartmentID=1, GroupID=11, UserID=DANA,
                           CustomerUserID=account, CustomerName=f"Caller {key}", CustomerEmailAddress="",
                           CustomerPhoneNumber=f"+44 1632 96012{key % 3}", Subject=f"Call {key}",
                           Description=f"Told {key}", IsOutgoing=key % 2, DateStartUTC=at,
                           DateEndUTC=at + timedelta(minutes=3), DateCreatedUTC=at, DateModifiedUTC=at)  # fmt: skip

    def file_of(self, table: str, owner: int, key: int, at: datetime) -> sa.Executable:
        """A file of a chat or a call."""
        raise NotImplementedError

    # --- what happens: it leaves a trace ---------------------------------------------------------------

    def open_chat(self, _: int) -> None:
        self.do(*self.chat(self.number(), self.moment()))

    def say(self, chat: int) -> None:
        self.do(self.line(chat, self.number(), self.moment()))

    def say_twice(self, chat: int) -> None:
        """Two lines of one second."""
        at = self.moment()
        self.do(self.line(chat, self.number(), at), self.line(chat, self.number(), at))

    def end_chat(self, chat: int) -> None:
        self.do(self.update("Chats", {"ChatID": chat}, DateEndedUTC=self.moment(), SessionLengthInSeconds=60))

    def delete_chat(self, chat: int) -> None:
        self.do(self.update("Chats", {"ChatID": chat}, IsDeleted=True, DateDeletedUTC=self.moment()))

    def send_file(self, chat: int) -> None:
        self.do(self.file_of("ChatAttachments", chat, self.number(), self.moment()))

    def log_call(self, _: int) -> None:
        self.do(self.call(self.number(), self.moment()))

    def edit_call(self, call: int) -> None:
        at, text = self.moment(), f"told again {self.number()}"
        self.do(self.update("CallLogs", {"CallLogID": call}, Description=text, DateModifiedUTC=at))

    def delete_call(self, call: int) -> None:
        self.do(self.update("CallLogs", {"CallLogID": call}, IsDeleted=True, DateDeletedUTC=self.moment()))

    def record_call(self, call: int) -> None:
        self.do(self.file_of("CallLogAttachments", call, self.number(), self.moment()))

    # --- what leaves no trace --------------------------------------------------------------------------

    def restore_chat(self, chat: int) -> None:
        self.do(self.update("Chats", {"ChatID": chat}, IsDeleted=False, DateDeletedUTC=None))

    def edit_line(self, chat: int) -> None:
        for key in self.ask("ChatMessages", "ChatMessageID", ChatID=chat)[:1]:
            self.do(self.update("ChatMessages", {"ChatMessageID": key}, TextSubmitted=f"other words {self.number()}"))

    def remove_lines(self, chat: int) -> None:
        self.do(self.delete("ChatMessages", ChatID=chat))

    def purge_chat(self, chat: int) -> None:
        self.do(*(self.delete(table.name, ChatID=chat) for table in CHAT_FAMILY.tables))

    def restore_call(self, call: int) -> None:
        self.do(self.update("CallLogs", {"CallLogID": call}, IsDeleted=False, DateDeletedUTC=None))

    def name_caller(self, call: int) -> None:
        """Tell who called: the customer is another one from now on."""
        self.do(self.update("CallLogs", {"CallLogID": call}, CustomerUserID=BOB))


OF_CHATS = (
    "open_chat", "say", "say_twice", "end_chat", "delete_chat", "send_file", "restore_chat", "edit_line",
    "remove_lines", "purge_chat",
)  # fmt: skip
OF_CALLS = ("log_call", "edit_call", "delete_call", "record_call", "restore_call", "name_caller")
TALKS: dict[str, Family] = {**dict.fromkeys(OF_CHATS, CHAT_FAMILY), **dict.fromkeys(OF_CALLS, CALL_FAMILY)}
"""What happens to a chat or a call, and to which of them."""
