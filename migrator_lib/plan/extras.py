"""Proposals for what stands beside tickets: roles of agents, placeholders of canned replies, questions of surveys."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Literal

from migrator_lib.chunks import Row
from migrator_lib.mapping import FIELD_LIMIT, FieldMapping, Placeholder, Role, SurveyQuestion
from migrator_lib.objects.macro import placeholders_in
from migrator_lib.objects.requester import ORGANIZATION

RoleName = Literal["admin", "agent", "basic-agent", "lite-agent", "observer-agent", "nothing"]
ROLES: Mapping[str, tuple[RoleName, str]] = {
    "administrator": ("admin", "administrators are admins"),
    "manager": ("agent", "Gorgias has no managers; make one an admin where they set things up"),
    "agent": ("agent", "same name"),
}
VARIABLES: Mapping[str, str] = {
    "customername": "{{ticket.customer.name}}",
    "customerfullname": "{{ticket.customer.name}}",
    "customerdisplayname": "{{ticket.customer.name}}",
    "customerfirstname": "{{ticket.customer.firstname}}",
    "customerlastname": "{{ticket.customer.lastname}}",
    "customeremail": "{{ticket.customer.email}}",
    "customeremailaddress": "{{ticket.customer.email}}",
    "agentname": "{{current_user.name}}",
    "agentfullname": "{{current_user.name}}",
    "agentdisplayname": "{{current_user.name}}",
    "agentfirstname": "{{current_user.firstname}}",
    "agentlastname": "{{current_user.lastname}}",
    "agentemail": "{{current_user.email}}",
    "agentemailaddress": "{{current_user.email}}",
    "subject": "{{ticket.subject}}",
    "ticketsubject": "{{ticket.subject}}",
    "ticketnumber": "{{ticket.id}}",
    "ticketid": "{{ticket.id}}",
}
"""Placeholders by what they are called, without case and underscores, and the variable that shows the same.

SmarterTrack publishes no list of its placeholders, so they go by their words.
"""
NUMBERS = ("ticketnumber", "ticketid")
QUESTION_WORDS = ("satisf", "rate", "rating", "how happy", "how would you", "recommend", "zufrieden", "bewert")


def propose_roles(rows: Sequence[Row], existing: Collection[str] = ()) -> dict[str, Role]:
    """Propose a role of Gorgias for each role that employees can have.

    Args:
        rows: ``Roles``.
        existing: names of roles that users of the account have.
    """
    found: dict[str, Role] = {}
    for row in rows:
        name = str(row["RoleName"] or "").strip()
        key, known = str(row["RoleID"]), ROLES.get(name.lower())
        if known:
            becomes, reason = known
            there = f"; the account has users of this role ({becomes})" if becomes in existing else ""
            sure = 0.7 if name.lower() == "manager" else 1.0
            found[key] = Role(name=name, becomes=becomes, confidence=sure, reason=reason + there)
        elif row.get("IsCustomRole"):
            reason = "a role of the company's own, which gives nothing in Gorgias beside the role of an agent"
            found[key] = Role(name=name, becomes="nothing", confidence=0.6, reason=reason)
    return found


def propose_organization(rows: Sequence[Row], people: Mapping[str, FieldMapping]) -> dict[str, FieldMapping]:
    """Propose the customer field that names the organizations of a person, where there are any.

    Args:
        rows: ``Organizations``.
        people: the other fields of people.
    """
    if not rows or ORGANIZATION in people:
        return {}
    active = [entry for entry in people.values() if entry.becomes != "nothing"]
    if len(active) >= FIELD_LIMIT:
        return {}
    taken = {entry.label.strip().lower() for entry in people.values()}
    label = "Organization" if "organization" not in taken else "Organization in SmarterTrack"
    reason = f"{len(rows)} organizations: Gorgias has none, so each customer names those that filters make theirs"
    return {ORGANIZATION: FieldMapping(name="Organization", becomes="text", label=label, reason=reason)}


def propose_placeholders(rows: Sequence[Row]) -> dict[str, Placeholder]:
    """Propose a variable for each placeholder of canned replies that are in use; keys are lower case.

    Args:
        rows: ``CannedReplies``.
    """
    used: Counter[str] = Counter()
    for row in rows:
        if not row.get("IsDeleted") and not row.get("IsDraft"):
            used.update(placeholders_in(row["Body"]))
    found: dict[str, Placeholder] = {}
    for name, n in sorted(used.items()):
        plain = name.replace("_", "")
        variable, where = VARIABLES.get(plain, ""), f"canned replies with it: {n}"
        if not variable:
            reason = f"{where}; Gorgias has no variable of this name, so it stays as text and is listed"
        elif plain in NUMBERS:
            reason = f"{where}; shows Gorgias' own number of the ticket"
        else:
            reason = f"{where}; by its name"
        found[name] = Placeholder(becomes=variable, confidence=0.9 if variable else 0.8, reason=reason)
    return found


def propose_survey_questions(rows: Sequence[Row], answers: Mapping[int, tuple[int, int]]) -> dict[str, SurveyQuestion]:
    """Propose what each question of surveys becomes, by its answers and its words.

    Args:
        rows: ``SurveyQuestions``.
        answers: question to (answers that are numbers, answers that are text); empty where nobody counted.
    """
    found: dict[str, SurveyQuestion] = {}
    for row in rows:
        name = str(row.get("Question") or "").strip() or f"Question {row['SurveyQuestionID']}"
        numbers, texts = answers.get(row["SurveyQuestionID"], (0, 0))
        becomes, sure, reason = _of_question(name, numbers, texts)
        found[str(row["SurveyQuestionID"])] = SurveyQuestion(name=name, becomes=becomes, confidence=sure, reason=reason)
    return found


def _of_question(name: str, numbers: int, texts: int) -> tuple[Literal["score", "comment", "nothing"], float, str]:
    if numbers and not texts:
        return "score", 0.9, f"all {numbers} answers are numbers; check 'highest', the best of them"
    if texts and not numbers:
        return "comment", 0.9, f"all {texts} answers are text"
    if any(word in name.lower() for word in QUESTION_WORDS):
        return "score", 0.5, "its words ask for a rating; check 'highest', the best answer"
    reason = f"{numbers} answers are numbers, {texts} are text" if numbers or texts else "nobody has answered it yet"
    return "comment", 0.4, reason
