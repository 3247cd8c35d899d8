"""What is read of SmarterTrack: an allow-list of tables and columns, and nothing else.

Names are those of a live database of March 2018 (166 tables, public scaffold of an MIT-licensed project);
``schema.json`` beside this file holds all of them with their types. Columns that hold secrets (passwords,
salts, session tokens) are not in any list here, so no statement can select them.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

SCHEMA_FILE = Path(__file__).with_name("schema.json")
STORED_FILES = "StoredFiles"
"""Name in a stage of the table Files."""


@cache
def known_schema() -> dict[str, dict[str, str]]:
    """Return table (without prefix) to column to type, as of March 2018."""
    schema: dict[str, dict[str, str]] = json.loads(SCHEMA_FILE.read_text(encoding="utf-8"))
    return schema


@dataclass(frozen=True)
class SourceTable:
    """One table that is read: its key orders the pages, and its columns are all that is ever selected."""

    name: str
    key: tuple[str, ...]
    required: tuple[str, ...]
    optional: tuple[str, ...] = ()
    lacks: str = ""
    """A column that is empty in the rows that are read; empty: all rows are."""
    staged_as: str = ""
    """Name in a stage, where that is another one."""

    @property
    def stage(self) -> str:
        """Name in a stage, where the index of the files on disk is what is called ``Files``."""
        return STORED_FILES if self.name == "Files" else self.staged_as or self.name

    @property
    def columns(self) -> tuple[str, ...]:
        """All columns that may be selected, key first, in a fixed order."""
        return tuple(dict.fromkeys((*self.key, *self.required, *self.optional)))

    def type_of(self, column: str) -> str:
        """Return int, long, short, bool, double, string, datetime or guid."""
        return known_schema()[self.name][column].rstrip("?")

    def may_be_null(self, column: str) -> bool:
        """Return whether a column that is no text may be empty."""
        return known_schema()[self.name][column].endswith("?")


def _table(name: str, key: str, required: str = "", optional: str = "") -> SourceTable:
    return SourceTable(name, tuple(key.split()), tuple(required.split()), tuple(optional.split()))


DEFINITIONS: tuple[SourceTable, ...] = (
    _table(
        "Brands",
        "BrandID",
        "BrandName",
        "IsDefaultBrand HostHeaderValue VoipPhoneNumber CommunityEnabled DisplayLiveChat "
        "EnablePortalLogin EnableRegistration EnableKbVoting StartChatRestriction ViewNewsRestriction "
        "ViewPortalTicketsRestriction ViewThreadRestriction NewThreadRestriction",
    ),
    _table(
        "Departments",
        "DepartmentID",
        "DisplayName",
        "BrandID IsDeleted IsInternal AutoCloseEnabled AutoCloseHours "
        "AutoDeleteEnabled AutoDeleteDays AutoLockEnabled AutoLockHours CustomTemplateID_Ticket "
        "AutoCloseSendEmailToClient AutoDeleteCallLogEnabled AutoDeleteCallLogDays IsAutoResponderEnabled "
        "AutoResponderID IsRestrictedToMemberAgents TicketRequireResolution TicketRequireClosedTasks "
        "SurveyDefinitionIDAfterTicket SurveyDefinitionIDAfterChat UseBrandHours UseBrandHolidays",
    ),
    _table(
        "Groups",
        "DepartmentID GroupID",
        "GroupName",
        "GroupDescription IsDeleted IsInternal IsFrontLine AlertOption AlertAddress VoipExtension",
    ),
    _table(
        "Users",
        "UserID",
        "Email DisplayName IsDeleted",
        "UserName LoweredEmail Language IsLockedOut IsQueue "
        "IsPrimaryAdmin IsEmailVerified DateCreatedUTC DateLastLoginUTC",
    ),
    _table("Roles", "RoleID", "RoleName", "RoleCategory IsCustomRole"),
    _table("UsersInRoles", "UserID RoleID"),
    _table(
        "UsersInGroups",
        "DepartmentID GroupID UserID",
        "",
        "IsGroupAdmin IsActiveForTickets IsActiveForChats TicketWeight ChatWeight MaxNewTickets RoundRobinOrder",
    ),
    _table("DepartmentSettings", "DepartmentID SettingName"),
    _table("AutoResponders", "AutoResponderID", "", "DisplayName Subject Body"),
    _table(
        "RebalanceRules",
        "RebalanceRuleID",
        "",
        "RuleName DepartmentID GroupID IncludeAllUsersInGroup ExecuteOnIntervalSeconds ExecuteOnAgentActivate "
        "ExecuteOnAgentDeactivate HoldSecondsCompose HoldSecondsTicketRead HoldSecondsTicketAssigned "
        "HoldSecondsPinnedTicket",
    ),
    _table("Organizations", "OrganizationID", "OrganizationName", "Website PhoneNumber"),
    _table("OrganizationFilters", "OrganizationFilterID", "OrganizationID FilterType FilterValue", "UserID"),
    _table(
        "CustomDataFields",
        "CustomFieldID",
        "DisplayName DataType",
        "DefaultValue SpecialMapping Options IsGlobal",
    ),
    _table("CustomDataFieldsForUsers", "UserID CustomFieldID", "DataContent"),
    _table("TicketStatuses", "TicketStatusID", "EnglishName IsOpen IsActive", "DisplayName SortOrder IsLocked"),
    _table("TicketPriorities", "TicketPriorityID", "EnglishName", "DisplayName SortOrder"),
    _table("CommentTypes", "CommentTypeID", "EnglishName", "DisplayName"),
    _table("TaskStatuses", "TaskStatusID", "", "EnglishName DisplayName IsOpen"),
    _table("TaskPriorities", "TaskPriorityID", "", "EnglishName DisplayName"),
    _table("Tags", "TagID", "Name", "IsDeleted DateCreatedUTC"),
    _table(
        "Events",
        "EventID",
        "Name",
        "GroupID Owner EventGroup IsRepeating RepeatFrequency IsActive Enabled DateLastModifiedUTC",
    ),
    _table(
        "EventConditions", "EventConditionID", "EventID", "EventKey EventCondition EventValue1 EventValue2 EventType"
    ),
    _table("EventActions", "EventActionID", "EventID", "EventKey IsConstrained ConstraintFrequency"),
    _table("EventInputs", "EventInputID", "EventActionID", "EventKey EventValue"),
    _table("BusinessHours", "BusinessHourID", "DayOfWeek TimeStartUTC TimeStopUTC", "BrandID DepartmentID"),
    _table("BusinessHolidays", "BusinessHolidayID", "", "Name Date BrandID DepartmentID"),
    _table("KbCategories", "KbCategoryID", "", "CategoryName KbCategoryID_Parent IsPrivate IsVisible"),
    _table(
        "KbArticles",
        "KbArticleID",
        "",
        "KbCategoryID Subject Body Summary LanguageID DetectedLanguage IsPrivate IsDraft IsDeleted IsFlaggedForReview "
        "DisplayInAllBrands KbArticleID_ForwardTo IsFeaturedInPortal DateCreatedUTC DateModifiedUTC "
        "DateLastReviewedUTC",
    ),
    _table("KbArticleTranslations", "KbArticleTranslationID", "", "KbArticleID_Primary KbArticleID_Secondary"),
    _table("KbArticlesBrands", "KbArticleID BrandID"),
    _table("Languages", "LanguageID", "", "CultureName LanguageName IsDefault"),
    _table("Files", "FileID", "", "FileNameOriginal FileNameOnDisk Length Crc CompressionType"),
    _table(
        "NewsItems",
        "NewsItemID",
        "Subject",
        "EventDateUTC IsPrivate IsDraft IsDeleted LanguageID SummaryShort SummaryLong Body IsFlaggedForReview "
        "DisplayInAllBrands HasBrokenLinks",
    ),
    _table("NewsItemTranslations", "NewsItemTranslationID", "", "NewsItemID_Primary NewsItemID_Secondary"),
    _table("NewsItemsBrands", "NewsItemID BrandID"),
    _table(
        "Threads",
        "ThreadID",
        "Subject BrandID",
        "CategoryType Status DateCreatedUTC DateLastPostUTC ReplyCount IsLocked Visible HasAnswer UserID Score "
        "IsSticky TicketID",
    ),
    _table(
        "ThreadPosts",
        "ThreadPostID",
        "",
        "ThreadID UserID Visible NeedsModeration IsAnswer IsOriginalPost IsEmployeePost Score DateCreatedUTC BodyHTML",
    ),
    _table("ThreadComments", "ThreadCommentID", "", "ThreadPostID NeedsModeration"),
    _table("ThreadTags", "ThreadTagID", "", "Tag BrandID IsCategory"),
    _table("ThreadTagsInThreads", "ThreadTagID ThreadID"),
    _table("CannedCategories", "CannedCategoryID", "", "CannedCategoryID_Parent CategoryName"),
    _table(
        "CannedReplies",
        "CannedReplyID",
        "",
        "CannedCategoryID DepartmentID UserID Subject Body DateModifiedUTC IsDeleted IsDraft IsFlaggedForReview "
        "IsForTickets IsForChats LanguageID",
    ),
    _table("SurveyQuestions", "SurveyQuestionID", "", "Question"),
    _table("SurveysOffered", "SurveyOfferedID", "", "SurveyOfferedUserContextID OfferedAt ViewedAt AnsweredAt Rating"),
    _table("SurveyOfferedUserContext", "SurveyOfferedUserContextID", "", "TicketID ChatID"),
    _table(
        "SurveyQuestionAnswers",
        "SurveyOfferedID SurveyQuestionAnswerID",
        "",
        "SurveyQuestionID TextAnswerValue NumericAnswerValue QuestionAsAsked MaxQuestionValueAsAsked WeightAsAsked",
    ),
)
"""Small tables that define things or are only listed; read whole."""

TICKETS = _table(
    "Tickets", "TicketID",
    "TicketNumber DateOpenedUTC TicketPriorityID TicketStatusID DepartmentID GroupID UserID UserID_Customer "
    "CustomerEmailAddress Subject IsDeleted",
    "DateClosedUTC DateDeletedUTC IsSpam IsPinnedToAgent RequiresFollowUp DateFollowUpUTC ReplyCountIn ReplyCountOut",
)  # fmt: skip
TICKET_CHILDREN: tuple[SourceTable, ...] = (
    _table(
        "TicketMessages",
        "TicketID TicketMessageID",
        "DateReceivedUTC Subject BodyText BodyHTML MessageDirection FromAddress ToAddress",
        "UserID_From CcAddresses DeliveryStatus LastDeliveryError SmtpMessageGuid IsDraft",
    ),
    _table("TicketComments", "TicketID TicketCommentID", "CommentTypeID UserID DateEnteredUTC CommentText"),
    _table(
        "TicketAttachments",
        "TicketID TicketAttachmentID",
        "TicketMessageID FileNameOriginal FileNameOnDisk",
        "CidTagName Length Crc CreationDateUTC IsDeleted",
    ),
    _table("CustomDataFieldsInTickets", "TicketID CustomFieldID", "DataContent"),
    _table("TicketMerges", "TicketID TicketNumber"),
    _table(
        "Tasks",
        "TicketID TaskID",
        "",
        "IsDeleted DateModifiedUTC TaskStatusID TaskPriorityID UserID Subject Description DateStartUTC DateDueUTC "
        "DateCreatedUTC DateCompletedUTC ChatID CallLogID",
    ),
    _table(
        "TimeLogs",
        "TicketID TimeLogID",
        "",
        "TagID IsDeleted DateModifiedUTC UserID Subject Description DateCreatedUTC DateStartUTC DateEndUTC IsBillable "
        "ChatID CallLogID",
    ),
    _table("TicketLinks", "TicketID TicketLinkID", "", "TicketID_Secondary ChatID CallLogID"),
)
"""Tables read in the order of their ticket, so that a ticket's rows lie together."""

CHATS = _table(
    "Chats", "ChatID", "",
    "ChatNumber DepartmentID GroupID UserID CustomerUserID CustomerDisplayName CustomerEmailAddress CustomerLanguage "
    "InitialQuestion DateStartedUTC DateQueuedUTC DateEndedUTC DateDeletedUTC IsDeleted SessionLengthInSeconds "
    "AverageSurveyRating",
)  # fmt: skip
CHAT_CHILDREN: tuple[SourceTable, ...] = (
    _table(
        "ChatMessages",
        "ChatID ChatMessageID",
        "",
        "UserID DateSubmittedUTC ChatSenderType TextSubmitted ViewRestriction IsHTML",
    ),
    _table("ChatComments", "ChatID ChatCommentID", "", "CommentTypeID UserID DateEnteredUTC CommentText"),
    _table(
        "ChatAttachments",
        "ChatID ChatAttachmentID",
        "",
        "UserID FileNameOriginal FileNameOnDisk Length Crc CreationDateUTC IsDeleted IsOutgoing",
    ),
    _table("CustomDataFieldsInChats", "ChatID CustomFieldID", "", "DataContent"),
)
CALLS = _table(
    "CallLogs", "CallLogID", "",
    "DepartmentID GroupID UserID CustomerUserID CustomerName CustomerPhoneNumber CustomerEmailAddress CallNumber "
    "Subject Description IsOutgoing IsDeleted DateStartUTC DateEndUTC DateCreatedUTC DateModifiedUTC DateDeletedUTC",
)  # fmt: skip
CALL_CHILDREN: tuple[SourceTable, ...] = (
    _table(
        "CallLogAttachments",
        "CallLogID CallLogAttachmentID",
        "",
        "UserID FileNameOriginal FileNameOnDisk Length Crc CreationDateUTC IsDeleted",
    ),
    _table("CustomDataFieldsInCallLogs", "CallLogID CustomFieldID", "", "DataContent"),
)


@dataclass(frozen=True)
class Family:
    """The tables of whatever becomes a ticket: its own, and those that are read in its order."""

    name: str
    """Of the object that it becomes."""
    root: SourceTable
    children: tuple[SourceTable, ...]
    key: str
    """The column that all of them begin with."""
    attachments: str
    """Table of its attachments."""
    prefix: str
    """What the keys of its attachments begin with, since ids of several families are alike."""
    fields: str
    """Table of the values of its custom fields."""
    number: str
    """Column of the number by which people know it."""
    messages: str = ""
    comments: str = ""
    body: str = ""
    """Column of the messages' HTML."""

    @property
    def tables(self) -> tuple[SourceTable, ...]:
        """All of them, its own first."""
        return (self.root, *self.children)

    @cached_property
    def attachment_id(self) -> str:
        """Column of an attachment's id."""
        return source_table(self.attachments).key[1]

    def attachment_key(self, row: Mapping[str, Any]) -> str:
        """Return the key of an attachment by its row: ``55`` of a ticket, ``c55`` of a chat, ``l55`` of a call log."""
        return f"{self.prefix}{row[self.attachment_id]}"


TICKET_FAMILY = Family(
    "ticket", TICKETS, TICKET_CHILDREN, "TicketID", "TicketAttachments", "", "CustomDataFieldsInTickets",
    "TicketNumber", "TicketMessages", "TicketComments", "BodyHTML",
)  # fmt: skip
CHAT_FAMILY = Family(
    "live_chat", CHATS, CHAT_CHILDREN, "ChatID", "ChatAttachments", "c", "CustomDataFieldsInChats",
    "ChatNumber", "ChatMessages", "ChatComments", "TextSubmitted",
)  # fmt: skip
CALL_FAMILY = Family(
    "call_log", CALLS, CALL_CHILDREN, "CallLogID", "CallLogAttachments", "l", "CustomDataFieldsInCallLogs", "CallNumber"
)
FAMILIES: tuple[Family, ...] = (TICKET_FAMILY, CHAT_FAMILY, CALL_FAMILY)
"""All of them, in the order of loading."""

LOOSE_WORK = (
    SourceTable(
        "Tasks", ("TaskID",), (),
        ("ChatID", "CallLogID", "IsDeleted", "Subject", "Description", "UserID", "TaskStatusID", "DateDueUTC",
         "DateCreatedUTC"),
        lacks="TicketID", staged_as="LooseTasks",
    ),
    SourceTable(
        "TimeLogs", ("TimeLogID",), (),
        ("ChatID", "CallLogID", "IsDeleted", "Subject", "Description", "UserID", "DateStartUTC", "DateEndUTC",
         "IsBillable", "DateCreatedUTC"),
        lacks="TicketID", staged_as="LooseTimeLogs",
    ),
)  # fmt: skip
"""Tasks and time logs of no ticket: of a chat, of a call log, or of nothing. Read whole."""

TAGS_IN_TASKS = _table("TagsInTasks", "TagsInTasksID", "TaskID TagID")

AUDITED: tuple[SourceTable, ...] = (
    _table("GlobalSettings", "", "", "SettingName SettingValue"),
    _table("Servers", "", "", "DateLastHeartbeatUTC IsEnabled IsActiveServer LicensingMode FilePath"),
    _table("ThreadPostAttachments", "", "", "FileNameOnDisk"),
)
"""What the audit looks at and no other step reads: no key and nothing required, so that nothing of it stops a run."""

WATCHED: tuple[SourceTable, ...] = (_table("TicketEventLogs", "", "", "TicketID EventDateUTC"),)
"""What a delta asks for tickets that something happened to; never staged, and nothing of it stops a run."""

ALL_TABLES: tuple[SourceTable, ...] = (
    *DEFINITIONS, TAGS_IN_TASKS, *(table for family in FAMILIES for table in family.tables), *AUDITED, *WATCHED,
)  # fmt: skip


def source_table(name: str) -> SourceTable:
    """Return the allow-list entry of a table by its name without prefix, or by its name in a stage."""
    return next(table for table in (*ALL_TABLES, *LOOSE_WORK) if name in (table.name, table.stage))


@cache
def family_of(table: str) -> Family | None:
    """Return the family that a table belongs to, or None: it is no family's."""
    return next((family for family in FAMILIES if any(one.name == table for one in family.tables)), None)


Chosen = Collection[int] | Mapping[str, Collection[int]]
"""Ids of tickets; or, by the family's name, ids of tickets, chats and call logs."""


def chosen_of(chosen: Chosen, family: Family) -> Collection[int]:
    """Return which of a family are chosen."""
    if isinstance(chosen, Mapping):
        return chosen.get(family.name, ())
    return chosen if family is TICKET_FAMILY else ()


def narrow(name: str, columns: Sequence[str]) -> SourceTable:
    """Return the allow-list entry of a table with its key and these columns alone, in the order of all."""
    known = source_table(name)
    required, optional = (tuple(c for c in some if c in columns) for some in (known.required, known.optional))
    return SourceTable(known.name, known.key, required, optional)
