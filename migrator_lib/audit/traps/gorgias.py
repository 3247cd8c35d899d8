"""Traps of Gorgias' side."""

from __future__ import annotations

from math import ceil

from migrator_lib.audit.estimate import Estimate
from migrator_lib.audit.facts import Audit
from migrator_lib.audit.pricing import ENTERPRISE_FROM, full_months
from migrator_lib.audit.traps.base import Finding, Trap, by_number
from migrator_lib.mapping import FIELD_LIMIT


def _ai(audit: Audit, estimate: Estimate) -> Finding:
    cost = estimate.cost
    if not audit.ai_share:
        return "low", "No share of tickets is planned for AI Agent (policy.ai_share is 0)."
    words = (
        f"{audit.ai_share:.0%} of {cost.mean:,} tickets: ${cost.ai_low:,.0f} to ${cost.ai_high:,.0f} a month on top."
    )
    return ("high" if cost.ai_high > cost.at_mean else "medium"), words


def _overage(audit: Audit, estimate: Estimate) -> Finding:
    cost = estimate.cost
    growth = cost.if_a_fifth_more / cost.at_mean - 1 if cost.at_mean else 0.0
    words = (
        f"Plan {cost.plan}: ${cost.at_mean:,.0f} in a mean month of {cost.mean:,} tickets, ${cost.at_peak:,.0f} in the "
        f"peak month of {cost.peak:,}. With 20 % more tickets {growth:+.0%}."
    )
    if cost.mean > ENTERPRISE_FROM:
        words += f" Above {ENTERPRISE_FROM:,} tickets a month: ask for a quote."
    return ("high" if growth > 0.2 else "medium" if cost.at_peak > cost.at_mean else "low"), words


def _rate(audit: Audit, estimate: Estimate) -> Finding:
    words = (
        f"{estimate.calls:,} calls at {estimate.rate:.2f} a second: {estimate.hours:,.1f} hours. The cutover's delta: "
        f"{estimate.window.calls:,} calls, {estimate.window.hours:,.1f} hours, fits {estimate.window.fits}."
    )
    if estimate.window.fits == "not":
        return "high", words
    return ("medium" if estimate.hours > 24 or estimate.window.fits == "tightly" else "low"), words


def _voice(audit: Audit, _: Estimate) -> Finding:
    talks = audit.talks
    if not talks.calls_moved:
        return "low", f"{talks.calls:,} call logs, and none of them is moved."
    recent = list(full_months(talks.calls_by_month).values()) or [0]
    words = (
        f"{talks.calls_moved:,} call logs become tickets of channel phone; {ceil(sum(recent) / len(recent)):,} calls "
        f"in a mean month, {max(recent):,} in the peak month. Gate 'voice': {audit.gate('voice')}."
    )
    return ("low" if audit.gate("voice") == "met" else "medium"), words


def _personal(audit: Audit, _: Estimate) -> Finding:
    people, agents = audit.count("requester"), audit.people.agents - audit.people.inactive_agents
    return ("medium" if people else "low"), f"{people:,} requesters will be seen by all {agents:,} active agents."


def _locales(audit: Audit, _: Estimate) -> Finding:
    articles, languages = audit.count("kb_article"), audit.languages
    words = (
        f"{articles:,} articles in {languages:,} languages: about {articles:,} calls, one for each article's locale."
    )
    return ("medium" if languages > 1 else "low"), words


def _no_place(audit: Audit, _: Estimate) -> Finding:
    rows = [f"{row.number:,} of {row.title}" for row in audit.counts if row.way == "handed over" and row.number]
    return ("medium" if rows else "low"), "; ".join(rows) or "Nothing of the kind was found."


GORGIAS: tuple[Trap, ...] = (
    Trap(
        "ai_agent_fees", "AI Agent is paid for on top of tickets", "Gorgias", _ai,
        "Decide on AI Agent after the migration, with a month's figures; keep it off during the load.",
        "gorgias.com/pricing",
    ),
    Trap(
        "overage", "Overage grows faster than volume", "Gorgias", _overage,
        "Choose the plan by the peak month as well as by the mean, and set a reminder at 80 % of its tickets: overage "
        "never moves the account to a larger plan by itself.",
        "gorgias.com/pricing; docs.gorgias.com, helpdesk-pricing",
    ),
    Trap(
        "rate_limits", "The rate limit is shared by everything that uses the account", "Gorgias", _rate,
        "Load outside business hours, leave target.rate.reserve to the company's own integrations, and load everything "
        "but the delta before the cutover.",
        "developers.gorgias.com/reference/limitations",
    ),
    Trap(
        "personal_data_visible", "Roles cannot keep personal data from agents", "Gorgias", _personal,
        "Have the company's data protection officer agree; leave fields with sensitive content out of the mapping.",
        "docs.gorgias.com, user permissions",
    ),
    Trap(
        "locale_calls", "Translations take one call for each locale", "Gorgias", _locales,
        "Counted here. They are made only where help_center.way is api; the package needs none, an admin imports it.",
        "Gorgias Help Center; not documented in the public API",
    ),
    Trap(
        "mail_sent_by_import", "A message without sent_datetime is sent as a real mail", "Gorgias",
        lambda audit, _: by_number(
            audit.messages.number - audit.messages.drafts,
            "{} messages will be written. No request that could send one leaves this tool.",
            otherwise="There are no messages.", severity="low",
        ),
        "Nothing: the guard is in the one place that all requests pass. The sample in the sandbox shows it.",
        "developers.gorgias.com/reference/create-ticket-message",
    ),
    Trap(
        "rules_and_webhooks", "Rules, surveys, integrations and auto-merge act on imported tickets", "Gorgias",
        lambda audit, _: (
            "low" if audit.gate("side_effects") == "met" else "medium",
            f"{audit.tickets.moved:,} tickets could set them off. Gate 'side_effects': {audit.gate('side_effects')}.",
        ),
        "They are switched off before the load and put back after it; confirm the list with the company.",
        "developers.gorgias.com, create-a-ticket-using-api; docs.gorgias.com, tickets-auto-merge",
    ),
    Trap(
        "billing_of_imports", "Whether imported tickets are billed is not documented", "Gorgias",
        lambda audit, _: by_number(
            sum(audit.tickets.answered_by_month.values()), "{} tickets have a message from an agent.",
            otherwise="No ticket has a message from an agent.",
        ),
        "Get it from Gorgias in writing, and watch Billing & usage while the sample is loaded.",
        "docs.gorgias.com, how-youre-billed-for-using-gorgias",
    ),
    Trap(
        "voice", "Calls belong to the Voice add-on, which has its own price and its own count of tickets", "Gorgias",
        _voice,
        "Get the price of the add-on for that many calls from Gorgias (it is not published), and in writing that "
        "imported calls are not counted; then sign the gate 'voice'. Or leave them out: policy.call_logs: skip.",
        "gorgias.com/pricing",
    ),
    Trap(
        "duplicates", "There is no idempotency key, and external ids are not unique", "Gorgias",
        lambda audit, estimate: by_number(
            estimate.volume.tickets, "{} tickets are written, each with its intent in the ledger before it is sent.",
            otherwise="No ticket is moved.", severity="low",
        ),
        "Keep the engagement's ledger. Do not use Gorgias' own import of mail history: it would bring all of it again.",
        "developers.gorgias.com/reference/create-ticket",
    ),
    Trap(
        "active_fields", f"At most {FIELD_LIMIT} ticket fields may be active", "Gorgias",
        lambda audit, _: (
            "high" if audit.count("ticket_field") > FIELD_LIMIT else "low",
            f"{audit.count('ticket_field'):,} fields have values in tickets.",
        ),
        "Where there are more, set 'becomes: nothing' for some in mapping.yaml.",
        "docs.gorgias.com, ticket-fields-101",
    ),
    Trap(
        "messages_per_call", "One call takes 500 messages", "Gorgias",
        lambda audit, _: by_number(
            audit.messages.long_threads, "{} tickets have more.",
            otherwise=f"The longest thread has {audit.messages.longest_thread:,}.", severity="low",
        ),
        "Nothing: the rest is added in order, and the ticket closed again.",
        "developers.gorgias.com/reference/create-ticket",
    ),
    Trap(
        "upload_limit", "The largest upload is not documented", "Gorgias",
        lambda audit, _: by_number(
            audit.storage.oversized, f"{{}} attachments are larger than {audit.storage.limit:,} bytes.",
            otherwise=f"No attachment is larger than {audit.storage.limit:,} bytes.",
        ),
        "Nothing: notebook 03 tries files up to target.upload_limit_bytes in the sandbox, and what it does not take is "
        "quarantined and listed. A larger target.upload_limit_bytes has larger ones tried.",
        "developers.gorgias.com/reference/upload-files",
    ),
    Trap(
        "invitations", "A user made by the API may be invited by mail", "Gorgias",
        lambda audit, _: by_number(
            audit.people.agents - audit.people.inactive_agents, "{} active agents need a user.",
            otherwise="There is no active agent.",
        ),
        "Have an admin invite them from the list in the documents (agents.missing: hand_over).",
        "docs.gorgias.com, user invitations",
    ),
    Trap(
        "no_place", "SLA, rules, news and community have no place in the API", "Gorgias", _no_place,
        "They are handed over in written inventories, for an admin to rebuild what is wanted.",
        "developers.gorgias.com, reference",
    ),
)  # fmt: skip
