"""Canned reply: a Macro whose one action sets the text of the answer.

Its name is its path of categories and its subject. Drafts, deleted ones and those without a text are left out, and
personal ones as the engagement says (Gorgias' macros are everybody's). A placeholder (``#CustomerName#``, ``%NAME%``)
becomes the variable that the mapping names; one without a counterpart stays as the text that it is, and is listed.

Source: developers.gorgias.com, the-macro-object (its shape); docs.gorgias.com, macro-variables.
"""

from __future__ import annotations

import html
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any

from migrator_lib import canonical
from migrator_lib.canonical import markup
from migrator_lib.errors import RecordRejected
from migrator_lib.gorgias.api import GorgiasApi, Json
from migrator_lib.gorgias.contract import replies
from migrator_lib.lookups import Lookups
from migrator_lib.mapping import Placeholder
from migrator_lib.objects.base import MappedField, MigrationObject, Outcome, Record, Send, Skip
from migrator_lib.staging import Row, Staged

ACTION = "setResponseText"
PLACEHOLDER = re.compile(r"([#%])([A-Za-z][A-Za-z_0-9]{2,40})\1")
"""``#NAME#`` of events, ``%NAME%`` of templates (help.smartertools.com, events): which canned replies use is open."""
VARIABLE = re.compile(r"\{\{.*?\}\}")
MARKUP = re.compile(r"<[a-zA-Z!/][^>]*>")
NEW_LINE = re.compile(r"<br\s*/?>|</(?:p|div|li|tr|h[1-6])\s*>", re.IGNORECASE)
STORED = re.compile(r"""\bsrc\s*=\s*["']?(?!data:|https?:)[^"'\s>]+""", re.IGNORECASE)
"""A picture that lies in SmarterTrack itself."""


@dataclass(frozen=True)
class Canned:
    """One canned reply, and the name that its macro gets."""

    row: Row
    name: str


class Macro(MigrationObject):
    """Canned replies."""

    name = "macro"
    title = "Canned reply"
    becomes = "Macro"
    reads = ("CannedReplies", "CannedCategories")
    path = "macros"
    undo = "deleted; archived where a rule uses it"
    verified = "read back; name, language and text compared"
    fields = (
        MappedField("CannedReplies.CannedReplyID", "macro.external_id"),
        MappedField("CannedReplies.CannedCategoryID + CannedCategories.CannedCategoryID", "macro.name",
                    "its path of categories stands before the subject"),
        MappedField("CannedCategories.CategoryName + CannedCategories.CannedCategoryID_Parent", "macro.name"),
        MappedField("CannedReplies.Subject", "macro.name", "the id behind it where two would be called alike"),
        MappedField("CannedReplies.Body", "macro.actions", "HTML as it is, and as text; placeholders translated"),
        MappedField("CannedReplies.LanguageID", "macro.language", "by the mapping of languages"),
        MappedField("CannedReplies.UserID", "macro.name", "the owner's name; left out by policy.personal_replies"),
        MappedField("CannedReplies.IsForTickets + CannedReplies.IsForChats", "macro.name",
                    "[chat] behind those for chats alone; left out where neither"),
        MappedField("CannedReplies.IsDraft + CannedReplies.IsDeleted", "", "such replies are left out"),
        MappedField("CannedReplies.IsFlaggedForReview", "macros_to_finish", "listed"),
        MappedField("CannedReplies.DepartmentID", "", "Gorgias' macros are everybody's"),
        MappedField("CannedReplies.DateModifiedUTC", "", "Gorgias dates a macro by itself"),
    )  # fmt: skip

    def records(self, staged: Staged, lookups: Lookups) -> Iterator[Record]:
        """Yield canned replies by id, each with a name that no other has, case aside."""
        categories = {row["CannedCategoryID"]: row for row in staged.rows("CannedCategories")}
        taken: set[str] = set()
        for row in sorted(staged.rows("CannedReplies"), key=lambda row: int(row["CannedReplyID"])):
            name = _name(row, categories, lookups)
            if left_out(row, lookups) is None:
                name = name if name.lower() not in taken else f"{name} ({row['CannedReplyID']})"
                taken.add(name.lower())
            yield Record(str(row["CannedReplyID"]), Canned(row, name))

    def transform(self, record: Record, lookups: Lookups) -> Outcome:
        """A macro that sets the text."""
        canned: Canned = record.data
        rule = left_out(canned.row, lookups)
        if rule:
            return Skip(rule)
        body = translated(canned.row["Body"], lookups.mapping.placeholders)
        payload: Json = {
            "name": canned.name,
            "external_id": lookups.external_id(self.name, record.key),
            "actions": [
                {
                    "name": ACTION,
                    "title": "Set response text",
                    "type": "user",
                    "arguments": {"body_html": _as_html(body), "body_text": _as_text(body)},
                }
            ],
        }
        language = lookups.mapping.languages.get(str(canned.row.get("LanguageID")))
        if language:
            payload["language"] = language.becomes[:2]
        return Send(payload)

    def natural_key(self, thing: Mapping[str, Any]) -> str | None:
        """External id: one that is called alike may say something else, so ours stands beside it."""
        return thing.get("external_id") or None

    def existing(self, api: GorgiasApi) -> dict[str, replies.Macro]:
        """All macros of a migration by external id, archived ones too."""
        return {str(macro.external_id): macro for macro in _every(api) if macro.external_id}

    def listed(self, api: GorgiasApi) -> list[tuple[str, replies.Macro]]:
        """All macros of a migration with their external id; one that is there twice, twice."""
        return [(str(macro.external_id), macro) for macro in _every(api) if macro.external_id]

    def create(self, api: GorgiasApi, payload: Json) -> str:
        """Create it."""
        return str(api.macros.create(payload).id)

    def remove(self, api: GorgiasApi, target_id: str) -> None:
        """Delete it; one that a rule uses is archived."""
        try:
            api.macros.delete(int(target_id))
        except RecordRejected as error:
            if error.status != 409:
                raise
            api.macros.archive([int(target_id)])

    lasting = ("external_id", "archived_datetime")

    def compared(self, thing: Json) -> Json:
        """Name, language, and what it does."""
        actions = [_compared_action(one) for one in thing.get("actions") or ()]
        return {"name": canonical.text(thing.get("name")), "language": thing.get("language"), "actions": actions}

    def change(self, payload: Json, there: Json, fields: Collection[str]) -> Json:
        """What differs; name and actions are given in any case, since a change needs both."""
        kept = {name: there.get(name) for name in ("name", "actions")}
        return kept | {name: payload.get(name) for name in fields}

    def update(self, api: GorgiasApi, target_id: str, payload: Json) -> None:
        """Change it."""
        api.macros.update(int(target_id), payload)


def _compared_action(action: Mapping[str, Any]) -> dict[str, Any]:
    """Return one action of a macro, its arguments beside its name."""
    told = canonical.tidy(action.get("arguments") or {})
    if told.get("body_html"):
        told["body_html"] = markup.normal(told["body_html"])
    return {**{name: action.get(name) for name in ("name", "title", "type")}, **told}


def left_out(row: Row, lookups: Lookups) -> str | None:
    """Return the rule by which a canned reply is left out."""
    if row.get("IsDeleted"):
        return "deleted_canned_reply"
    if row.get("IsDraft"):
        return "draft_canned_reply"
    if row.get("IsForTickets") is False and row.get("IsForChats") is False:
        return "canned_reply_for_nothing"
    if row.get("UserID") is not None and lookups.parameters.policy.personal_replies == "skip":
        return "personal_canned_reply"
    return None if (row["Body"] or "").strip() else "empty_canned_reply"


def placeholders_in(body: str | None) -> list[str]:
    """Return the placeholders of a text as the mapping has them as keys (lower case), each once."""
    return list(dict.fromkeys(found[2].lower() for found in PLACEHOLDER.finditer(body or "")))


def translated(body: str, chosen: Mapping[str, Placeholder]) -> str:
    """Return a text with its placeholders as Gorgias' variables; one that has none there stays as it is."""

    def variable(found: re.Match[str]) -> str:
        entry = chosen.get(found[2].lower())
        return entry.becomes if entry and entry.becomes else found[0]

    return PLACEHOLDER.sub(variable, body)


def to_finish(staged: Staged, lookups: Lookups) -> list[dict[str, object]]:
    """Return what a person finishes of macros by hand, a row for each point: macro, key, what, and what to do."""
    rows: list[dict[str, object]] = []
    for record in Macro().records(staged, lookups):
        canned: Canned = record.data
        if left_out(canned.row, lookups) is None:
            rows += [
                {"macro": canned.name, "key": record.key, "what": what, "to do": do}
                for what, do in _points(canned.row, lookups)
            ]
    return rows


def _points(row: Row, lookups: Lookups) -> Iterator[tuple[str, str]]:
    for found in dict.fromkeys(one[0] for one in PLACEHOLDER.finditer(row["Body"])):
        entry = lookups.mapping.placeholders.get(found[1:-1].lower())
        if entry is None or not entry.becomes:
            yield f"{found} has no counterpart in Gorgias", "replace it by a variable or by words"
    if VARIABLE.search(row["Body"]):
        yield "holds {{...}}, which Gorgias takes for a variable", "look at what it shows"
    if STORED.search(row["Body"]):
        yield "shows a picture that lies in SmarterTrack", "put the picture in anew"
    if row.get("UserID") is not None:
        yield "was one agent's own, and is everybody's now", "share it, or delete it"
    if row.get("IsFlaggedForReview"):
        yield "was flagged for review", "review it"


def _name(row: Row, categories: Mapping[int, Row], lookups: Lookups) -> str:
    subject = (row["Subject"] or "").strip() or f"Canned reply {row['CannedReplyID']}"
    name = " / ".join([*_path(row.get("CannedCategoryID"), categories), subject])
    if row.get("UserID") is not None:
        name += f" ({lookups.agent_name(row['UserID'])})"
    return f"{name} [chat]" if row.get("IsForTickets") is False else name


def _path(category: int | None, categories: Mapping[int, Row]) -> list[str]:
    """Return the names of a category and those above it, the topmost first; one that is its own parent ends it."""
    path: list[str] = []
    seen: set[int] = set()
    while category is not None and category in categories and category not in seen:
        seen.add(category)
        row = categories[category]
        path.append(str(row.get("CategoryName") or f"Category {category}").strip())
        category = row.get("CannedCategoryID_Parent")
    return path[::-1]


def _as_html(body: str) -> str:
    return body if MARKUP.search(body) else html.escape(body, quote=False).replace("\r\n", "\n").replace("\n", "<br>")


def _as_text(body: str) -> str:
    if not MARKUP.search(body):
        return body
    return html.unescape(MARKUP.sub("", NEW_LINE.sub("\n", body))).strip()


def _every(api: GorgiasApi) -> Iterator[replies.Macro]:
    return chain(api.macros.every(), api.macros.every(archived=True))
