"""The object map: one module for each row, from what it reads to what it becomes.

Adding an object is adding a module here and its instance to :data:`OBJECTS`, at its place in the order of loading.
"""

from __future__ import annotations

from migrator_lib.objects.attachment import Attachment
from migrator_lib.objects.base import MigrationObject
from migrator_lib.objects.brand import Brand, BrandTeam
from migrator_lib.objects.call_log import CallLog
from migrator_lib.objects.community_post import CommunityPost
from migrator_lib.objects.conversation import PARTS as PARTS
from migrator_lib.objects.conversation import Conversation
from migrator_lib.objects.department import Department
from migrator_lib.objects.kb_article import KbArticle
from migrator_lib.objects.kb_category import KbCategory
from migrator_lib.objects.live_chat import LiveChat
from migrator_lib.objects.macro import Macro
from migrator_lib.objects.news_item import NewsItem
from migrator_lib.objects.organization import Organization
from migrator_lib.objects.person_field import PersonField
from migrator_lib.objects.requester import Requester
from migrator_lib.objects.sla_rule import SlaRule
from migrator_lib.objects.survey import Survey
from migrator_lib.objects.tag import Tag
from migrator_lib.objects.ticket import Ticket
from migrator_lib.objects.ticket_field import TicketField
from migrator_lib.objects.user import User
from migrator_lib.objects.workflow_rule import WorkflowRule

USER = User()
TICKET = Ticket()
ATTACHMENT = Attachment()
SETUP: tuple[MigrationObject, ...] = (
    USER, Department(), BrandTeam(), Brand(), TicketField(), PersonField(), Tag(), Macro(),
)  # fmt: skip
"""What must be there before the first person or ticket."""
PEOPLE: tuple[MigrationObject, ...] = (Requester(), Organization())
INVENTORIES: tuple[MigrationObject, ...] = (SlaRule(), WorkflowRule(), CommunityPost(), NewsItem())
LIVE_CHAT, CALL_LOG = LiveChat(), CallLog()
CONVERSATIONS: tuple[Conversation, ...] = (TICKET, LIVE_CHAT, CALL_LOG)
"""What becomes a Gorgias Ticket, in the order of loading."""
ON_TICKETS: tuple[MigrationObject, ...] = (Survey(),)
"""What becomes something of its own on a ticket, and is loaded behind all tickets."""
KB_CATEGORY, KB_ARTICLE = KbCategory(), KbArticle()
KNOWLEDGE: tuple[MigrationObject, ...] = (KB_CATEGORY, KB_ARTICLE)
"""What becomes the Help Center's."""
OBJECTS: tuple[MigrationObject, ...] = (
    *SETUP, *PEOPLE, ATTACHMENT, *CONVERSATIONS, *ON_TICKETS, *KNOWLEDGE, *INVENTORIES,
)  # fmt: skip
"""All objects in the order of loading (an attachment goes up with its ticket)."""


_KINDS = {obj.name: obj.kind for obj in OBJECTS}


def kind_of(name: str) -> str:
    """Return what an object, or a part of a ticket, is in Gorgias, one word (:attr:`MigrationObject.kind`)."""
    return _KINDS.get(name, "message")


def find(name: str) -> MigrationObject:
    """Return an object by its name."""
    return next(obj for obj in OBJECTS if obj.name == name)
