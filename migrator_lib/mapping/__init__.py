"""The mapping: what each code and definition of the source becomes, as a person signs it."""

from migrator_lib.mapping.difference import Difference, differences
from migrator_lib.mapping.file import load, load_as_proposed, merge_into_file, questions
from migrator_lib.mapping.model import (
    CHOOSE,
    CONFIDENT,
    FIELD_LIMIT,
    LONG,
    AddedField,
    Brand,
    Channel,
    ChatSender,
    ChatView,
    CommentType,
    Direction,
    EngagementMapping,
    Entry,
    FieldMapping,
    KbCategory,
    Language,
    Placeholder,
    Priority,
    Role,
    Status,
    SurveyQuestion,
    TagMapping,
    Team,
)
from migrator_lib.mapping.questions import Question

__all__ = [
    "CHOOSE", "CONFIDENT", "FIELD_LIMIT", "LONG", "AddedField", "Brand", "Channel", "ChatSender", "ChatView",
    "CommentType", "Difference", "Direction", "EngagementMapping", "Entry", "FieldMapping", "KbCategory", "Language",
    "Placeholder", "Priority", "Question", "Role", "Status", "SurveyQuestion", "TagMapping", "Team", "differences",
    "load", "load_as_proposed", "merge_into_file", "questions",
]  # fmt: skip
