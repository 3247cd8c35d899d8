"""The mapping: what each code and definition of the source becomes, as a person signs it."""

from migrator_lib.mapping.file import load, merge_into_file
from migrator_lib.mapping.model import (
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

__all__ = [
    "FIELD_LIMIT", "LONG", "AddedField", "Brand", "Channel", "ChatSender", "ChatView", "CommentType", "Direction",
    "EngagementMapping", "Entry", "FieldMapping", "KbCategory", "Language", "Placeholder", "Priority", "Role", "Status",
    "SurveyQuestion", "TagMapping", "Team", "load", "merge_into_file",
]  # fmt: skip
