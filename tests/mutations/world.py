"""A help desk with one of everything that becomes something in Gorgias, loaded into a simulated account."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from migrator_lib.clock import ManualClock
from migrator_lib.gorgias.api import GorgiasApi
from migrator_lib.knowledge.comparing import Comparer
from migrator_lib.ledger import Ledger
from migrator_lib.load.crew import Alone
from migrator_lib.lookups import Lookups
from migrator_lib.progress import Progress
from migrator_lib.reconcile import Reconciler, Reconciliation
from migrator_lib.reconcile.readback import ReadBack
from migrator_lib.reconcile.since import AskedEvents
from migrator_lib.side_effects.windows import begin
from migrator_lib.simulators.gorgias import Account, in_thread
from migrator_lib.simulators.gorgias.in_process import api_of
from migrator_lib.smartertrack.files import FilesRoot
from migrator_lib.staging import Staged
from tests.loading import PNG, TARGET, loader
from tests.objects.kb import LANGUAGES, MAPPED, translated
from tests.shop import ANN, BOB, DANA, GONE, OPENED, Shop, minutes
from tests.simulated_account import SEED

ERIN = 4
"""An agent whom the account did not know, and whom the load makes."""
LATER = datetime(2099, 5, 1, 8, 0, tzinfo=UTC)
FILES = {"5.att": PNG, "6.att": b"\x89PNG another one", "lost.att": b"?"}
HTML = '<div class="m"><p>Dear Ann,<br>see <a href="https://shop.example/?a=1&amp;b=2">your order</a>.</p></div>'
LONG = "All about it. " * 60


def shop(folder: Path) -> Shop:
    """Return the help desk."""
    made = Shop(folder, policy={"snooze": True}, agents={"missing": "create"})
    _mapping(made)
    _structure(made)
    _people(made)
    _tickets(made)
    _talks(made)
    _knowledge(made)
    return made


def _mapping(made: Shop) -> None:
    made.mapped = {
        "statuses": {
            "1": {"name": "Active", "becomes": "open"},
            "2": {"name": "Waiting", "becomes": "open", "keeps": "snooze", "tag": "waiting"},
            "3": {"name": "Closed", "becomes": "closed"},
        },
        "priorities": {"1": {"name": "Normal", "becomes": "normal"}, "2": {"name": "Urgent", "becomes": "high"}},
        "brands": {
            "1": {"name": "Fernhill", "becomes": "tag", "tag": "brand: Fernhill"},
            "2": {"name": "Oakdale", "becomes": "team", "tag": "brand: Oakdale", "team": "Oakdale"},
        },
        "ticket_fields": {
            "4": {"name": "Parcels", "becomes": "number", "label": "Parcels"},
            "5": {"name": "Size", "becomes": "dropdown", "label": "Size", "choices": ["S", "M"]},
            "6": {"name": "Story", "becomes": "text", "label": "Story", "long_values": "split"},
        },
        "added_fields": {"ticket_number": {"becomes": "text", "label": "Number"},
                         "call_duration": {"becomes": "number", "label": "Seconds"}},
        "person_fields": {"7": {"name": "Club", "becomes": "boolean", "label": "Club member"},
                          "organization": {"name": "Organization", "becomes": "text", "label": "Works for"}},
        "chat_senders": {"0": {"becomes": "customer"}, "1": {"becomes": "agent"}, "2": {"becomes": "system"}},
        "chat_views": {"0": {"becomes": "public"}, "1": {"becomes": "internal"}},
        "survey_questions": {"1": {"name": "How satisfied?", "becomes": "score"},
                             "2": {"name": "Why?", "becomes": "comment"}},
        "languages": dict(MAPPED),
        "kb_categories": {"1": {"name": "Orders", "category": "Orders"},
                          "2": {"name": "Returns", "category": "Sending back"}},
    }  # fmt: skip


def _structure(made: Shop) -> None:
    made.add("Brands", {"BrandID": 2, "BrandName": "Oakdale"})
    made.add("Departments", {"DepartmentID": 2, "DisplayName": "Oak desk", "BrandID": 2, "IsDeleted": False})
    made.add("Users", {"UserID": ERIN, "Email": "erin@demo.example", "DisplayName": "Erin Agent"})
    made.add("Groups", {"DepartmentID": 2, "GroupID": 21, "GroupName": "All", "IsDeleted": False})
    made.add("UsersInGroups", {"DepartmentID": 1, "GroupID": 11, "UserID": ERIN},
             {"DepartmentID": 2, "GroupID": 21, "UserID": DANA})  # fmt: skip
    made.mapped["teams"] = {
        "d1": {"name": "Support", "team": "Support"}, "g1-11": {"name": "Orders", "team": "Support: Orders"},
        "d2": {"name": "Oak desk", "becomes": "nothing", "team": "Oak desk"},
        "g2-21": {"name": "All", "becomes": "nothing", "team": "All"},
    }  # fmt: skip
    made.add("Tags", {"TagID": 1, "Name": "vip"})
    for key, name in ((4, "Parcels"), (5, "Size"), (6, "Story"), (7, "Club")):
        made.add("CustomDataFields", {"CustomFieldID": key, "DisplayName": name})
    made.add("CannedCategories", {"CannedCategoryID": 1, "CategoryName": "Greetings"})
    made.add("CannedReplies", {"CannedReplyID": 1, "CannedCategoryID": 1, "Subject": "Hello", "Body": HTML,
                               "LanguageID": 1, "IsForTickets": True})  # fmt: skip


def _people(made: Shop) -> None:
    made.add("CustomDataFieldsForUsers", {"UserID": ANN, "CustomFieldID": 7, "DataContent": "true"})
    made.add("Organizations", {"OrganizationID": 1, "OrganizationName": "Co", "PhoneNumber": "+44 1632 960009",
                               "Website": "https://co.example"})  # fmt: skip
    for n, (kind, value) in enumerate((("Email", "office@co.example"), ("Email", "sales@co.example"),
                                       ("Email", "ann@home.example")), 1):  # fmt: skip
        made.add("OrganizationFilters", {"OrganizationFilterID": n, "OrganizationID": 1, "FilterType": kind,
                                         "FilterValue": value})  # fmt: skip


def _tickets(made: Shop) -> None:
    for name in ("5.att", "6.att"):
        made.file(name, FILES[name])
    for number in range(1, 8):
        status = {"TicketStatusID": 1 + number % 3, "TicketPriorityID": 1 + number % 2}
        who = {
            "UserID_Customer": (ANN, BOB)[number % 2],
            "CustomerEmailAddress": ("ann", "bob")[number % 2] + "@home.example",
        }
        made.add("Tickets", {"TicketID": number, "UserID": (DANA, ERIN)[number % 2], "Subject": f"Question {number}",
                             "DateClosedUTC": minutes(50), **status, **who})  # fmt: skip
        if number < 7:
            _thread(made, number)
    tickets = made.tables["Tickets"]
    tickets[0] |= {"IsPinnedToAgent": True, "Subject": "A long subject " * 80}
    tickets[1] |= {"UserID": GONE, "RequiresFollowUp": True, "DateFollowUpUTC": minutes(70)}
    tickets[3] |= {"DateFollowUpUTC": LATER}
    tickets[4] |= {"DepartmentID": 2, "GroupID": 21, "IsSpam": False}
    made.add("TicketMerges", {"TicketID": 1, "TicketNumber": "100-00000099-0001"})
    made.add(
        "TicketLinks",
        {"TicketID": 1, "TicketLinkID": 1, "TicketID_Secondary": 2},
        {"TicketID": 2, "TicketLinkID": 2, "ChatID": 1},
        {"TicketID": 3, "TicketLinkID": 3, "CallLogID": 1},
    )
    made.add("Tasks", {"TaskID": 1, "TicketID": 1, "Description": "Ring Ann up"})
    made.add("TagsInTasks", {"TagsInTasksID": 1, "TaskID": 1, "TagID": 1})
    made.add("TimeLogs", {"TimeLogID": 1, "TicketID": 2, "DateEndUTC": minutes(9)})
    for number, (field, value) in enumerate(((4, "3"), (5, "M"), (6, LONG), (4, "no number"), (4, "8")), 1):
        made.add("CustomDataFieldsInTickets", {"TicketID": number, "CustomFieldID": field, "DataContent": value})
    for n, (ticket, message, name, disk, cid) in enumerate((
        (1, 100, "photo.png", "5.att", "pic@1"), (2, 200, "one.png", "5.att", None), (3, 300, "two.png", "6.att", None),
        (4, 400, "lost.png", "lost.att", None),
    ), 1):  # fmt: skip
        made.add("TicketAttachments", {"TicketAttachmentID": n, "TicketID": ticket, "TicketMessageID": message,
                                       "FileNameOriginal": name, "FileNameOnDisk": disk,
                                       "CidTagName": cid, "Length": len(FILES[disk])})  # fmt: skip


def _thread(made: Shop, number: int) -> None:
    key, who = {"TicketID": number}, ("ann", "bob")[number % 2]
    for n in range(4):
        there = {"FromAddress": f"{who.title()} <{who}@home.example>"}
        here = {"UserID_From": (DANA, GONE)[number % 2], "FromAddress": "help@demo.example"}
        by = {**here, "ToAddress": f"{who}@home.example"} if n % 2 else there
        html = HTML + '<img src="cid:pic@1">' if number == 1 and not n else HTML if n == 1 else None
        made.add("TicketMessages", {
            **key, "TicketMessageID": number * 100 + n, "DateReceivedUTC": minutes(10 * n), "MessageDirection": n % 2,
            "Subject": f"Mail {n}", "BodyText": f"Words {number} of {n}", "CcAddresses": "Cy <cy@home.example>",
            "BodyHTML": html, **by,
        })  # fmt: skip
    made.tables["TicketMessages"][-1] |= {"DeliveryStatus": 2, "LastDeliveryError": "mailbox full"}
    made.add("TicketComments", {**key, "TicketCommentID": number, "DateEnteredUTC": minutes(35),
                                "UserID": (DANA, GONE)[number % 2], "CommentTypeID": 1 + number % 2})  # fmt: skip


def _talks(made: Shop) -> None:
    for number, end in ((1, minutes(10)), (2, None)):
        made.add("Chats", {"ChatID": number, "InitialQuestion": f"Where is parcel {number}?", "DateEndedUTC": end,
                           "DateQueuedUTC": OPENED - timedelta(seconds=30), "AverageSurveyRating": 4.0})  # fmt: skip
        for n, (sender, view) in enumerate(((0, 0), (1, 0), (2, 0), (1, 1)), 10 * number):
            made.add("ChatMessages", {
                "ChatID": number, "ChatMessageID": n, "TextSubmitted": f"Line {n}", "ChatSenderType": sender,
                "ViewRestriction": view, "DateSubmittedUTC": minutes(n % 10),
            })  # fmt: skip
        made.add("ChatComments", {"ChatID": number, "ChatCommentID": number, "DateEnteredUTC": minutes(6)})
        made.add("CallLogs", {"CallLogID": number, "IsOutgoing": number == 2, "UserID": (GONE, DANA)[number % 2]})
    made.add("ChatAttachments", {"ChatID": 1, "ChatAttachmentID": 1, "FileNameOnDisk": "6.att", "IsOutgoing": False,
                                 "CreationDateUTC": minutes(3), "Length": len(FILES["6.att"])})  # fmt: skip
    made.add("CallLogAttachments", {"CallLogID": 1, "CallLogAttachmentID": 1, "FileNameOnDisk": "6.att",
                                    "Length": len(FILES["6.att"])})  # fmt: skip
    made.add("CallLogs", {"CallLogID": 3, "CustomerUserID": None, "CustomerEmailAddress": "",
                          "CustomerName": "Mr Caller", "CustomerPhoneNumber": "+44 1632 960777"})  # fmt: skip
    for n, where in enumerate(({"TicketID": 1}, {"ChatID": 1}, {"TicketID": 3}), 1):
        made.add("SurveyOfferedUserContext", {"SurveyOfferedUserContextID": n, **where})
        made.add("SurveysOffered", {"SurveyOfferedID": n, "SurveyOfferedUserContextID": n, "OfferedAt": minutes(60),
                                    "ViewedAt": minutes(61), "AnsweredAt": minutes(62), "Rating": 3.5})  # fmt: skip
        for question, given in ((1, {"NumericAnswerValue": 4.0}), (2, {"TextAnswerValue": "Quick."})):
            made.add("SurveyQuestionAnswers", {
                "SurveyOfferedID": n, "SurveyQuestionAnswerID": n * 10 + question, "SurveyQuestionID": question,
                "QuestionAsAsked": f"Question {question}", "MaxQuestionValueAsAsked": 5.0, **given,
            })  # fmt: skip
    made.add("SurveyQuestions", {"SurveyQuestionID": 1, "Question": "How satisfied?"},
             {"SurveyQuestionID": 2, "Question": "Why?"})  # fmt: skip


def _knowledge(made: Shop) -> None:
    made.add("Languages", *LANGUAGES)
    made.add("KbCategories", {"KbCategoryID": 1, "CategoryName": "Orders"},
             {"KbCategoryID": 2, "CategoryName": "Returns", "KbCategoryID_Parent": 1})  # fmt: skip
    for key, title, more in (
        (1, "Sending back", {"KbCategoryID": 2, "Summary": "In 30 days", "DateLastReviewedUTC": minutes(5)}),
        (2, "Rücksendung", {"KbCategoryID": 2, "LanguageID": 2, "Summary": "In 30 Tagen"}),
        (3, "Paying " * 60, {"KbCategoryID": 1}),
        (4, "Not yet", {"KbCategoryID": 1, "IsDraft": True}),
        (5, "Old page", {"KbArticleID_ForwardTo": 1}),
    ):  # fmt: skip
        made.add("KbArticles", {"KbArticleID": key, "Subject": title, "Body": f"<p>Page {key}.</p>", **more})
    translated(made, (1, 2))


@dataclass(frozen=True)
class World:
    """The help desk, the account that it was loaded into, and what verifies one by the other."""

    shop: Shop
    ledger: Ledger
    account: Account
    api: GorgiasApi
    staged: Staged
    lookups: Lookups

    @property
    def packages(self) -> Path:
        """Where the export packages of the knowledge base are."""
        return self.shop.folder / "documents"

    def reconcile(self) -> Reconciliation:
        """Compare everything but the knowledge base."""
        read = ReadBack(self.shop.folder / "readback.sqlite3", "demo")
        progress = Progress(self.shop.folder / "progress.json", "06_reconcile")
        read.read(self.api, progress)
        found = Reconciler(
            ledger=self.ledger, target=TARGET, staged=self.staged, lookups=self.lookups, read=read, progress=progress,
            history=AskedEvents(self.api),
        ).run()  # fmt: skip
        read.close()
        return found

    def compare_knowledge(self) -> Reconciliation:
        """Compare the knowledge base."""
        found = Reconciliation()
        files = FilesRoot.at(self.shop.files)
        Comparer(self.lookups, self.ledger, TARGET, self.api, self.packages, files, self.staged.blobs).run(found)
        return found


@contextmanager
def migrated(folder: Path, *, by_api: bool = False) -> Iterator[World]:
    """Yield the help desk, loaded.

    Args:
        folder: where its files are.
        by_api: the knowledge base goes into the help center of the account, not into an export package.
    """
    account = Account("demo", None, seed=SEED, clock=ManualClock(datetime(2030, 1, 1, tzinfo=UTC)))
    ledger, made = Ledger.in_folder(folder / "state", inline=True), shop(folder / "shop")
    api = api_of(account, allow_invitations=True, allow_snooze=True)
    with in_thread({"demo": account}) if by_api else nullcontext({"demo": ""}) as urls:
        if by_api:
            made.help_center = {"way": "api", "id": 1, "api_url": urls["demo"]}
        staged = made.stage()
        begin(ledger, TARGET, account.now())
        loader(made, api, ledger, staged, crew=Alone(), packages=folder / "shop" / "documents").run()
        yield World(made, ledger, account, api, staged, made.lookups(staged))
    ledger.close()
    account.store.close()
