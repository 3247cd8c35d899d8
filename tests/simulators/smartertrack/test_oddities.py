"""Every oddity that is noted is really there, and what is there is noted."""

from __future__ import annotations

import zlib

import pytest

from tests.simulated_shop import Shop

WITH_VALUE = "TicketID IN (SELECT TicketID FROM st_CustomDataFieldsInTickets WHERE {})"
IN_BODY = (
    "EXISTS (SELECT 1 FROM st_TicketMessages m"
    " WHERE m.TicketMessageID = st_TicketAttachments.TicketMessageID AND m.BodyHTML LIKE {})"
)
TICKETS = {
    "deleted": "IsDeleted AND TicketStatusID = 4 AND DateDeletedUTC IS NOT NULL",
    "spam": "IsSpam",
    "merged": "TicketID IN (SELECT TicketID FROM st_TicketMerges)",
    "requester_without_account_or_address": "UserID_Customer IS NULL AND CustomerEmailAddress = ''",
    "agent_is_requester": "UserID_Customer BETWEEN 2 AND 16",
    "ticket_of_inactive_agent": "UserID IN (SELECT UserID FROM st_Users WHERE IsDeleted OR IsLockedOut)",
    "unassigned_null": "UserID IS NULL",
    "unassigned_queue": "UserID = 1",
    "long_subject": "length(Subject) = 1100",
    "ticket_without_message": "TicketID NOT IN (SELECT TicketID FROM st_TicketMessages)",
    "closed_without_date": "TicketStatusID = 3 AND DateClosedUTC IS NULL",
    "unusable_priority": "TicketPriorityID NOT IN (SELECT TicketPriorityID FROM st_TicketPriorities)",
    "long_thread": "600 = (SELECT COUNT(*) FROM st_TicketMessages m WHERE m.TicketID = st_Tickets.TicketID)",
    "address_in_another_spelling": "CustomerEmailAddress <> lower(CustomerEmailAddress)"
    " AND lower(CustomerEmailAddress) IN (SELECT CustomerEmailAddress FROM st_Tickets)"
    " AND lower(CustomerEmailAddress) NOT IN (SELECT LoweredEmail FROM st_Users)",
    **{f"value_of_{n}": WITH_VALUE.format(f"length(DataContent) = {n}") for n in (511, 512, 513)},
    "equals_sign": WITH_VALUE.format("DataContent LIKE '%=%;%=%'"),
    "value_not_an_option": WITH_VALUE.format("DataContent = 'Edinburgh'"),
}
MESSAGES = {
    "draft": "IsDraft",
    "undeliverable": "DeliveryStatus > 0 AND LastDeliveryError LIKE '%recipient%'",
    "empty_body": "BodyText = '' AND BodyHTML = ''",
    "text_only": "BodyText <> '' AND BodyHTML = ''",
    "html_only": "BodyText = '' AND BodyHTML <> ''",
    "null_direction": "MessageDirection IS NULL",
    "emoji": "BodyText LIKE '%🎉%' AND BodyHTML LIKE '%🎉%'",
    "right_to_left": "BodyText LIKE '%شكراً%'",
    "mojibake": "BodyText LIKE '%GrÃ¼Ã%e%'",
}
ATTACHMENTS = {
    "deleted_attachment": "IsDeleted",
    "ticket_level_attachment": "TicketMessageID = 0",
    "cid_image": IN_BODY.format("""'%src="cid:' || CidTagName || '"%'"""),
    "site_relative_image": IN_BODY.format("""'%src="/App_Data/%' || FileNameOnDisk || '"%'"""),
    "attachment_of_draft": "TicketMessageID IN (SELECT TicketMessageID FROM st_TicketMessages WHERE IsDraft)",
}


GONE = "UserID IN (SELECT UserID FROM st_Users WHERE IsDeleted OR IsLockedOut)"
WORK = {
    "task_of_inactive_agent": ("Tasks", "TaskID", f"{GONE} AND Subject = 'Look again'"),
    "task_in_html": ("Tasks", "TaskID", "Description LIKE '<p>%'"),
    "task_of_unknown_status": ("Tasks", "TaskID", "TaskStatusID NOT IN (SELECT TaskStatusID FROM st_TaskStatuses)"),
    "task_of_chat": ("Tasks", "TaskID", "ChatID IS NOT NULL AND TicketID IS NULL"),
    "task_of_nothing": ("Tasks", "TaskID", "TicketID IS NULL AND ChatID IS NULL AND CallLogID IS NULL"),
    "time_log_that_ends_first": ("TimeLogs", "TimeLogID", "DateEndUTC < DateStartUTC"),
    "time_log_of_inactive_agent": ("TimeLogs", "TimeLogID", f"{GONE} AND Subject = 'Looked again'"),
    "time_log_of_call": ("TimeLogs", "TimeLogID", "CallLogID IS NOT NULL AND TicketID IS NULL"),
    "link_to_itself": ("TicketLinks", "TicketLinkID", "TicketID_Secondary = TicketID"),
    "link_to_purged_ticket": (
        "TicketLinks", "TicketLinkID", "TicketID_Secondary NOT IN (SELECT TicketID FROM st_Tickets)",
    ),
}  # fmt: skip


@pytest.mark.parametrize("oddity", WORK)
def test_odd_work_and_links_are_there(shop: Shop, oddity: str) -> None:
    table, key, condition = WORK[oddity]
    found = set(shop.column(f"SELECT {key} FROM st_{table} WHERE {condition}"))
    assert set(shop.world.expected[oddity]) == found
    assert found


@pytest.mark.parametrize("oddity", TICKETS)
def test_odd_ticket_is_there(shop: Shop, oddity: str) -> None:
    found = set(shop.column(f"SELECT TicketID FROM st_Tickets WHERE {TICKETS[oddity]}"))
    assert set(shop.world.expected[oddity]) == found


@pytest.mark.parametrize("oddity", MESSAGES)
def test_odd_message_is_there(shop: Shop, oddity: str) -> None:
    found = set(shop.column(f"SELECT TicketMessageID FROM st_TicketMessages WHERE {MESSAGES[oddity]}"))
    noted = set(shop.world.expected[oddity])
    assert noted
    assert noted <= found
    assert noted == found or oddity == "right_to_left"


@pytest.mark.parametrize("oddity", ATTACHMENTS)
def test_odd_attachment_is_there(shop: Shop, oddity: str) -> None:
    found = set(shop.column(f"SELECT TicketAttachmentID FROM st_TicketAttachments WHERE {ATTACHMENTS[oddity]}"))
    assert set(shop.world.expected[oddity]) == found
    assert found


def test_comment_type_is_not_among_the_known_ones(shop: Shop) -> None:
    unknown = "CommentTypeID NOT IN (SELECT CommentTypeID FROM st_CommentTypes)"
    assert (
        shop.column(f"SELECT TicketCommentID FROM st_TicketComments WHERE {unknown}")
        == shop.world.expected["unknown_comment_type"]
    )


def test_one_ticket_alone_is_unusable(shop: Shop) -> None:
    assert shop.count("Tickets", TICKETS["unusable_priority"]) == 1


def test_files_that_no_row_names_and_rows_without_file(shop: Shop) -> None:
    on_disk = set(shop.files())
    rows = {
        table: set(shop.column(f"SELECT FileNameOnDisk FROM st_{table}"))
        for table in ("TicketAttachments", "ChatAttachments", "CallLogAttachments", "Files")
    }
    assert on_disk - set().union(*rows.values()) == set(shop.world.expected["orphaned_file"])
    missing = rows["TicketAttachments"] - on_disk
    noted = shop.rows("SELECT TicketAttachmentID AS i, FileNameOnDisk AS f FROM st_TicketAttachments")
    assert {row["f"] for row in noted if row["i"] in shop.world.expected["missing_file"]} == missing
    assert missing


CHATS = {
    "transferred_chat": "(SELECT COUNT(DISTINCT UserID) FROM st_ChatMessages m WHERE m.ChatID = st_Chats.ChatID AND"
    " ChatSenderType = 1 AND ViewRestriction = 0) > 1",
    "chat_with_inactive_agent": "UserID IN (SELECT UserID FROM st_Users WHERE IsDeleted OR IsLockedOut)",
    "html_chat_line": "ChatID IN (SELECT ChatID FROM st_ChatMessages WHERE IsHTML)",
    "chat_of_nobody": "CustomerUserID IS NULL AND CustomerEmailAddress = '' AND CustomerDisplayName = ''",
    "chat_of_a_name_alone": "CustomerDisplayName = 'Mika' AND CustomerEmailAddress = ''",
    "right_to_left_chat_line": "ChatID IN (SELECT ChatID FROM st_ChatMessages WHERE TextSubmitted LIKE '%ש%')",
    "chat_without_end": "DateEndedUTC IS NULL",
    "long_chat": "(SELECT COUNT(*) FROM st_ChatMessages m WHERE m.ChatID = st_Chats.ChatID) > 500",
    "chat_of_system_lines": "(SELECT COUNT(*) FROM st_ChatMessages m WHERE m.ChatID = st_Chats.ChatID AND"
    " ChatSenderType = 2) > 20",
}
CALLS = {
    "call_of_nobody": "CustomerPhoneNumber = 'anonymous' AND CustomerUserID IS NULL",
    "call_of_a_number_alone": "CustomerPhoneNumber LIKE '%961%999' AND CustomerName = ''",
    "call_with_recording": "CallLogID IN (SELECT CallLogID FROM st_CallLogAttachments)",
    "call_that_ends_before_it_starts": "DateEndUTC < DateStartUTC",
}


@pytest.mark.parametrize(("table", "key", "where"), [
    *(("Chats", "ChatID", (name, where)) for name, where in CHATS.items()),
    *(("CallLogs", "CallLogID", (name, where)) for name, where in CALLS.items()),
])  # fmt: skip
def test_odd_chat_or_call_is_there(shop: Shop, table: str, key: str, where: tuple[str, str]) -> None:
    oddity, condition = where
    found = shop.column(f"SELECT {key} FROM st_{table} WHERE {condition}")
    assert shop.world.expected[oddity] == found


def test_one_file_serves_several_rows(shop: Shop) -> None:
    for name in shop.world.expected["shared_file"]:
        assert shop.count("TicketAttachments", f"FileNameOnDisk = '{name}'") > 1
        assert name in shop.files()


def test_files_are_what_their_rows_say_also_where_they_are_compressed(shop: Shop) -> None:
    files, compressed = shop.files(), set(shop.world.expected["compressed_file"])
    for row in shop.rows("SELECT * FROM st_TicketAttachments"):
        if row["FileNameOnDisk"] in files:
            content = files[row["FileNameOnDisk"]].read_bytes()
            packed = row["TicketAttachmentID"] in compressed
            assert (content[:2] == b"\x1f\x8b") == packed
            content = zlib.decompress(content, wbits=31) if packed else content
            assert (len(content), zlib.crc32(content)) == (row["Length"], row["Crc"])


ORGANIZATIONS = {
    "organizations_overlap": "FilterType = 'Domain' AND FilterValue LIKE '%.example' AND FilterValue IN (SELECT"
    " FilterValue FROM st_OrganizationFilters o WHERE o.OrganizationID < st_OrganizationFilters.OrganizationID)",
    "email_filter_of_a_customer": "FilterType = 'Email Address' AND lower(FilterValue) IN"
    " (SELECT LoweredEmail FROM st_Users)",
    "phone_filter_spelled_differently": "FilterType = 'Phone Number' AND FilterValue LIKE '0044 (0)%'",
    "filter_of_unknown_kind": "FilterType NOT IN ('User', 'Email', 'Email Address', 'Domain', 'Phone', 'Phone Number')",
    "filter_of_missing_user": "UserID NOT IN (SELECT UserID FROM st_Users)",
    "filter_twice": "lower(trim(FilterValue)) IN (SELECT FilterValue FROM st_OrganizationFilters o WHERE"
    " o.OrganizationID = st_OrganizationFilters.OrganizationID AND o.FilterType = st_OrganizationFilters.FilterType"
    " AND o.OrganizationFilterID < st_OrganizationFilters.OrganizationFilterID)",
    "filter_of_no_domain": "FilterType = 'Domain' AND FilterValue NOT LIKE '%.%'",
}


@pytest.mark.parametrize("oddity", ORGANIZATIONS)
def test_odd_filter_of_an_organization_is_there(shop: Shop, oddity: str) -> None:
    found = shop.column(f"SELECT DISTINCT OrganizationID FROM st_OrganizationFilters WHERE {ORGANIZATIONS[oddity]}")
    assert set(shop.world.expected[oddity]) == set(found)
    assert found


def test_organizations_without_a_filter_are_there(shop: Shop) -> None:
    without = "OrganizationID NOT IN (SELECT OrganizationID FROM st_OrganizationFilters)"
    found = shop.column(f"SELECT OrganizationID FROM st_Organizations WHERE {without}")
    assert shop.world.expected["organization_without_filter"] == found


SHARED = "(SELECT COUNT(*) FROM st_Users u WHERE u.LoweredEmail = st_Users.LoweredEmail) > 2 AND Email LIKE '%@%'"
ANSWERED_BY = (
    "SurveyOfferedUserContextID IN (SELECT SurveyOfferedUserContextID FROM st_SurveyOfferedUserContext WHERE {})"
)
PEOPLE_AND_MORE = {
    "shared_mailbox": ("Users", "UserID", SHARED),
    "account_without_address": ("Users", "UserID", "Email NOT LIKE '%@%' AND NOT IsQueue"),
    "agent_of_two_roles": ("UsersInRoles", "UserID", "RoleID = 7"),
    "organization_of_several_addresses": ("OrganizationFilters", "OrganizationID", "FilterValue LIKE 'Invoices@%'"),
    "personal_reply": ("CannedReplies", "CannedReplyID", "UserID IS NOT NULL"),
    "draft_reply": ("CannedReplies", "CannedReplyID", "IsDraft"),
    "deleted_reply": ("CannedReplies", "CannedReplyID", "IsDeleted"),
    "reply_called_alike": ("CannedReplies", "CannedReplyID", "Body LIKE '%#CouponCode#%'"),
    "reply_for_chats": ("CannedReplies", "CannedReplyID", "NOT IsForTickets"),
    "reply_with_picture": ("CannedReplies", "CannedReplyID", "Body LIKE '%<img%'"),
    "empty_reply": ("CannedReplies", "CannedReplyID", "trim(Body) = ''"),
    "unanswered_survey": ("SurveysOffered", "SurveyOfferedID", "AnsweredAt IS NULL"),
    "survey_of_a_chat": ("SurveysOffered", "SurveyOfferedID", ANSWERED_BY.format("ChatID IS NOT NULL")),
    "survey_of_nothing": (
        "SurveysOffered", "SurveyOfferedID", ANSWERED_BY.format("ChatID IS NULL AND TicketID IS NULL"),
    ),
    "ticket_rated_twice": (
        "SurveyOfferedUserContext", "DISTINCT TicketID",
        "TicketID IN (SELECT TicketID FROM st_SurveyOfferedUserContext c JOIN st_SurveysOffered o USING"
        " (SurveyOfferedUserContextID) WHERE AnsweredAt IS NOT NULL GROUP BY TicketID HAVING count(*) > 1)",
    ),
}  # fmt: skip


@pytest.mark.parametrize("oddity", PEOPLE_AND_MORE)
def test_odd_people_replies_and_surveys_are_there(shop: Shop, oddity: str) -> None:
    table, key, condition = PEOPLE_AND_MORE[oddity]
    found = shop.column(f"SELECT {key} FROM st_{table} WHERE {condition}")
    assert shop.world.expected[oddity] == found
    assert found
