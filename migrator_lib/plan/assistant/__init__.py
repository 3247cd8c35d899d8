"""A language model that may help with what the rules are not sure of, behind any OpenAI-compatible endpoint; off unless
``mapping_assistant`` names one.

It is told names of definitions, types and counts; never a value, an option, an address or a person's name. What it
proposes is checked as anybody's would be, is at most as sure as the engagement says, and says who proposed it. Where it
does not answer, or answers nonsense, the rules' proposal stands.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import requests
from pydantic import ValidationError

from migrator_lib.mapping import EngagementMapping, Entry, FieldMapping
from migrator_lib.parameters import MappingAssistant
from migrator_lib.plan.assistant.endpoint import Proposal, ask, read
from migrator_lib.plan.assistant.told import Unsure, options_named, profile_of, unsure
from migrator_lib.plan.concerns import Counts
from migrator_lib.plan.proposal import Facts
from migrator_lib.secret import resolve_secret

AT_ONCE = 50
"""Entries in one request."""


def consult(
    settings: MappingAssistant,
    proposed: EngagementMapping,
    facts: Facts,
    concerns: Counts,
    sleep: Callable[[float], None],
) -> tuple[EngagementMapping, list[str]]:
    """Return the proposal with what the model says of unsure entries, and what a person should know of that.

    Args:
        settings: which model, and where; without a URL nobody is asked.
        proposed: by the rules.
        facts: what they went by.
        concerns: how many records each entry concerns.
        sleep: waits for so many seconds.

    Raises:
        ParameterError: the key is not set.
    """
    asked = [] if not settings.url else list(unsure(proposed, facts, concerns))
    if not asked:
        return proposed, []
    key = resolve_secret(settings.api_key) if settings.api_key else None
    answers: dict[str, Proposal] = {}
    notes = []
    for start in range(0, len(asked), AT_ONCE):
        try:
            text = ask(settings, key, asked[start : start + AT_ONCE], sleep)
        except (requests.RequestException, ValueError) as error:
            notes.append(
                f"{settings.model} could not be asked ({type(error).__name__}): what the rules propose stands."
            )
            break
        answers |= {one.id: one for one in read(text)}
    taken = {one.id: made for one in asked if (made := _made(settings, proposed, facts, one, answers.get(one.id)))}
    notes.append(f"{settings.model} was asked of {len(asked)} entries, and proposed {len(taken)} that can be.")
    return _with(proposed, taken), notes


def _made(
    settings: MappingAssistant, proposed: EngagementMapping, facts: Facts, one: Unsure, answer: Proposal | None
) -> Entry | None:
    """Return the entry that an answer makes; None where it is none of the choices, or makes no entry."""
    if answer is None or answer.becomes not in one.choices:
        return None
    entry: Entry = getattr(proposed, one.section)[one.key]
    changed: dict[str, Any] = {
        "becomes": answer.becomes,
        "confidence": min(answer.confidence, settings.most_confidence),
        "reason": f"proposed by {settings.model}; the rules say {getattr(entry, 'becomes', '')}: {entry.reason}",
    }
    if isinstance(entry, FieldMapping):
        profile = profile_of(one.section, one.key, facts)
        changed["choices"] = options_named(one.key, facts) if answer.becomes == "dropdown" else ()
        changed["slashes"] = profile.date_order if answer.becomes == "date as text" else None
    try:
        return type(entry).model_validate(entry.model_dump() | changed)
    except ValidationError:
        return None


def _with(proposed: EngagementMapping, taken: Mapping[str, Entry]) -> EngagementMapping:
    content = {section: dict(getattr(proposed, section)) for section in EngagementMapping.model_fields}
    for name, entry in taken.items():
        section, _, key = name.partition(".")
        content[section][key] = entry
    return EngagementMapping.model_validate(content)
