"""What it costs that a table or column is not there, and what a table that nobody knows may hold. By names alone."""

from __future__ import annotations

from migrator_lib.objects import OBJECTS
from migrator_lib.smartertrack.prefixes import normalized
from migrator_lib.smartertrack.tables import ALL_TABLES

TABLES = {
    "UsersInRoles": "who is an agent is told by groups alone",
    "UsersInGroups": "teams get no members, and who is an agent is told by roles alone",
    "BusinessHolidays": "holidays are not in the SLA inventory",
    "KbCategories": "folders of the knowledge base are not listed",
    "TicketMerges": "numbers that were merged into other tickets cannot be found by them",
    "Tasks": "tasks, and their tags, do not reach their tickets",
    "TaskStatuses": "tasks show the number of their status",
    "TaskPriorities": "tasks show the number of their priority",
    "TimeLogs": "time logs, and their tags, do not reach their tickets",
    "GlobalSettings": "SmarterTrack's version and edition are not told",
    "Servers": "whether background threads ran, the licensing mode and the place of the files are not told",
    "Chats": "live chats do not move",
    "ChatMessages": "live chats move without their lines",
    "ChatComments": "live chats move without their internal comments",
    "CustomDataFieldsInChats": "what was asked before a live chat does not move",
    "CallLogs": "call logs do not move",
    "CustomDataFieldsInCallLogs": "call logs move without their custom fields",
    "KbArticles": "knowledge base articles are not there, and do not move",
    "KbArticleTranslations": "translations of an article become articles of their own",
    "KbArticlesBrands": "articles that are not of all brands count as private",
    "Languages": "articles have no language, so that none of them moves",
    "CannedReplies": "there are no canned replies to become macros",
    "CannedCategories": "macros are named without their categories",
    "SurveyQuestions": "questions of surveys are not proposed, and so no answer becomes a score",
    "SurveysOffered": "ratings do not move",
    "SurveyOfferedUserContext": "nobody can tell whose ratings they are: they are handed over",
    "SurveyQuestionAnswers": "surveys move without score and comment: they are left out",
    "ThreadPosts": "replies in the community are not counted, and threads are assessed by their own row alone",
    "ThreadComments": "comments in the community are not counted",
    "ThreadTags": "tags of the community are not listed",
    "ThreadTagsInThreads": "threads are assessed without their tags",
    "NewsItemTranslations": "translations of news are assessed by themselves",
    "NewsItemsBrands": "which brand shows which news is not told",
    "DepartmentSettings": "settings of departments that look like service levels are not listed",
    "AutoResponders": "auto-responders are not in the workflow inventory",
    "RebalanceRules": "rules that rebalance tickets are not in the workflow inventory",
    "TicketLinks": "tickets do not show what they were linked to",
    "ChatAttachments": "live chats move without their files",
    "CallLogAttachments": "call logs move without their recordings",
    "ThreadPostAttachments": "files of the community count as files that no row names",
    "Files": "pictures of articles are missing, and their files count as files that no row names",
    "TicketEventLogs": "the delta is found by messages, comments and dates alone",
}
COLUMNS = {
    "Tickets.IsSpam": "spam is not told apart, and moves as any ticket does",
    "Tickets.DateClosedUTC": "closed tickets are dated by their last message",
    "TicketMessages.IsDraft": "drafts are not told apart, and move as if they had been sent",
    "TicketMessages.UserID_From": "authors are told by address alone; a message without a direction is incoming",
    "TicketMessages.CcAddresses": "copies (Cc) are left out",
    "TicketMessages.DeliveryStatus": "mail that could not be delivered looks delivered",
    "TicketMessages.LastDeliveryError": "mail that could not be delivered looks delivered",
    "TicketAttachments.IsDeleted": "deleted attachments are not told apart, and move",
    "TicketAttachments.CidTagName": "inline images stand below the message, not in it",
    "TicketAttachments.Length": "sizes of files are not checked",
    "TicketAttachments.Crc": "checksums of files are not checked",
    "Users.IsQueue": "the queue is not told apart from agents",
    "Users.IsLockedOut": "agents who are locked out count as active",
    "KbArticles.Body": "articles are empty",
    "KbArticles.IsPrivate": "all articles count as private",
    "KbArticles.IsDraft": "all articles count as drafts",
    "KbArticles.IsDeleted": "deleted articles are not told apart, and move",
    "KbCategories.IsPrivate": "articles in a category count as private",
    "Departments.BrandID": "tickets get no tag of their brand",
    "CustomDataFields.Options": "dropdowns are proposed as text",
    "Servers.FilePath": "the place of the files is not told",
}
TICKET_TAGS = "may hold tags of tickets, which SmarterTrack of March 2018 had not: they would be lost"
AGENTS = "may hold agents: newer versions may no longer keep them in Users"


def known_name(name: str, prefix: str) -> str:
    """Return a table (or table and column) of the database by its known name, without prefix: ``Chats.IsDeleted``."""
    table, dot, column = name.partition(".")
    bare = normalized(table).removeprefix(normalized(prefix))
    for entry in ALL_TABLES:
        if normalized(entry.name) == bare:
            names = {normalized(known): known for known in entry.columns}
            return entry.name + dot + names.get(normalized(column), column)
    return name


def of_missing(name: str, prefix: str) -> str:
    """Return what it costs that an optional table or column is not there."""
    known = known_name(name, prefix)
    if known in TABLES or known in COLUMNS:
        return TABLES.get(known) or COLUMNS[known]
    readers = [obj.title for obj in OBJECTS if known.partition(".")[0] in obj.reads]
    return "left out: " + ", ".join(dict.fromkeys(readers)) if readers else "not counted here"


def of_unknown(name: str) -> str:
    """Return what an unknown table may hold, as far as its name tells."""
    low = normalized(name)
    if "tag" in low and "ticket" in low:
        return TICKET_TAGS
    return AGENTS if low.endswith("agents") else "not read"
