"""All probes, in the order in which they are asked and shown; and what no probe can tell."""

from __future__ import annotations

from migrator_lib.errors import ParameterError
from migrator_lib.proofs import (
    channels,
    dates,
    fields,
    files,
    kept,
    limits,
    lists,
    lookups,
    people,
    removal,
    silence,
    tickets,
)
from migrator_lib.proofs.probe import Probe

PROBES: tuple[Probe, ...] = (
    silence.SentDatetimeSilences(),
    dates.CreatedDatetimeSurvives(),
    dates.UpdatedDatetimeSurvives(),
    dates.OtherDatesSurvive(),
    tickets.PrioritySurvives(),
    tickets.OverflowReopens(),
    tickets.ClosingAgainCloses(),
    tickets.TagsMadeOnTheFly(),
    tickets.TagCaseMatters(),
    tickets.ExternalIdNotUnique(),
    tickets.SourceTypeTaken(),
    kept.HtmlSurvives(),
    kept.SmallPrintIsKept(),
    tickets.CustomChannelTaken(),
    channels.ChatAndPhoneTaken(),
    tickets.MetaSize(),
    lookups.TicketLookupLag(),
    lookups.CustomerLookupLag(),
    lookups.LookupIsExact(),
    lists.ListHasValues(),
    lists.ListHasMessages(),
    lists.ListIsInOrder(),
    fields.ValuesInCreate(),
    fields.PutReplacesValues(),
    fields.ValuesReplyShape(),
    fields.ChoicesEnforced(),
    people.CustomerWithChannels(),
    people.CustomerWithoutChannels(),
    people.CustomerWithTickets(),
    people.InactiveUser(),
    files.UploadLabel(),
    files.UploadSizeIsNumber(),
    files.UploadLimit(),
    files.ForeignUrls(),
    files.AttachmentsPerMessage(),
    files.CallSize(),
    limits.LimitIsTold(),
    removal.TicketDeleted(),
    removal.EmptyTicketStays(),
    removal.DeleteJobWorks(),
    silence.SurveyStaysUnsent(),
)
BY_NAME = {probe.name: probe for probe in PROBES}
FOR_PEOPLE = {
    "Are imported tickets billed?": "Have it in writing from Gorgias, and watch Billing & usage after the sample.",
    "Did mail go out?": "Look into the mailbox of target.canary.address; the probes can see the account alone.",
    "Are agents who are made by API invited by mail?": "Ask one; or make users in Gorgias, and leave "
    "agents.missing at hand_over.",
    "Does a customer's answer to an old mail find its imported ticket?": "Answer one from outside after the sample.",
    "Is a customer whom an agent merged into another one answered with 301?": "Merge two in the sandbox and look; no "
    "merge leaves this tool, since none can be undone.",
    "Does Gorgias' search find a ticket by its old number, which is in a ticket field?": "Search for a number of the "
    "sample; where it is not found, say policy.ticket_number_in_subject: true, which puts it where search looks.",
    "Does a snoozed ticket that was made by API wake at its time?": "Only where policy.snooze is true: look at one of "
    "the sample when it is due. It is sent as open, so that none is lost from sight.",
    "Have two API keys two rate limits?": "One key is used for everything, so that it does not matter.",
    "Do customers' custom fields have a limit of their own?": "Fields cannot be deleted, so none are made to find out; "
    "one that Gorgias refuses is quarantined.",
}
"""What the documentation leaves open and no harmless request can tell: question to what a person does."""


def find(name: str) -> Probe:
    """Return a probe by name.

    Raises:
        ParameterError: there is none of that name.
    """
    if name not in BY_NAME:
        raise ParameterError(
            f"target.proofs names '{name}', and no probe is called so.",
            next_step="choose of: " + ", ".join(BY_NAME) + ".",
        )
    return BY_NAME[name]
