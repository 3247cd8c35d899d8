"""The inventories and assessments of what Gorgias has no place for."""

from __future__ import annotations

from migrator_lib.handoff import assessments, other_automation, sla_inventory, workflow_inventory
from migrator_lib.handoff.document import Audience, Document, Sheet
from migrator_lib.handoff.material import Material


def sla(material: Material, audience: Audience) -> Document:
    """Return the SLA inventory."""
    staged, lookups = material.staged, material.lookups
    sheets = (
        Sheet("Policies to make", sla_inventory.policies(staged, lookups),
              "The fields are those of Gorgias' form (Settings, Productivity, SLAs, Create SLA). Policies are tried "
              "from top to bottom, so the narrow ones stand first; of two times the resolution is the longer.",
              "No event of SmarterTrack says a time that a policy could hold."),
        Sheet("Events that wait", sla_inventory.waiting_events(staged, lookups),
              "Events of tickets with a time among their conditions.", "No ticket event waits for a time."),
        Sheet("Timers of departments", sla_inventory.timers(staged, lookups), "",
              "No department has a timer switched on."),
        Sheet("Settings of departments", sla_inventory.settings(staged, lookups),
              "Settings whose names sound like a service level.", "None sounds like a service level."),
        Sheet("Follow-ups", sla_inventory.follow_ups(staged, lookups),
              "Open tickets that somebody wanted to come back to.", "No open ticket is to be followed up."),
        Sheet("Business hours", sla_inventory.business_hours(staged, lookups),
              "SmarterTrack keeps these hours in UTC. Where clocks change in summer, the local hours differ by the "
              "season: ask the company which are meant.", "None are set."),
        Sheet("Holidays", sla_inventory.holidays(staged, lookups),
              "Whether an account can keep holidays depends on its plan; otherwise put them in a calendar.",
              "None are set."),
        Sheet("Measured", sla_inventory.measured(material.correspondence, lookups),
              "How fast each department answered and closed its tickets, by the clock, nights and week-ends included; "
              "and a policy that nine of ten tickets would have kept.", "Nothing was answered.", ticked=False),
    )  # fmt: skip
    return Document(
        "SLA inventory",
        "SmarterTrack knows no service levels by that name. What acts like one is listed here, with the set-up in "
        "Gorgias that takes its place. SLA policies are made by hand, by an admin or lead agent, and apply when a "
        "ticket is created, so switch them on after the load.",
        sheets,
        notes=("A policy knows channels, tags and ticket fields, first response and resolution, from 1 minute to 14 "
               "days (docs.gorgias.com, SLA policies).",),
    )  # fmt: skip


def workflow(material: Material, audience: Audience) -> Document:
    """Return the workflow inventory."""
    staged, lookups = material.staged, material.lookups
    events = workflow_inventory.rows(staged, lookups, audience.mask)
    sheets = (
        Sheet("Events", events,
              "In Gorgias: Settings, Productivity, Rules, Create Rule, Create Custom Rule; then WHEN, IF and THEN as "
              "they stand here.", "There are no events."),
        Sheet("Auto-responders and others", other_automation.rows(staged, lookups, audience),
              "What else acts by itself.", "There is nothing else that acts by itself."),
        Sheet("Conditions and inputs", workflow_inventory.parts(staged, audience.mask),
              "Each event in full, in SmarterTrack's own words.", "There are none.", ticked=False),
    )  # fmt: skip
    return Document(
        "Workflow inventory",
        "SmarterTrack's automation as it stands, with the rule of Gorgias that does the same, or why there is none and "
        "what there is instead. Rebuild them after the load, one by one, and test each before the next: a rule acts on "
        "every ticket it fits.",
        sheets,
        tiles=dict(sorted(_counted(events, "in Gorgias").items())),
        notes=("Keys are SmarterTrack's own words; it publishes no list of them, so the advice goes by the words in "
               "them.",),
    )  # fmt: skip


def _counted(rows: list[dict[str, object]], column: str) -> dict[str, int]:
    found: dict[str, int] = {}
    for row in rows:
        found[str(row[column])] = found.get(str(row[column]), 0) + 1
    return found


def community(material: Material, audience: Audience) -> Document:
    """Return the community assessment."""
    threads = assessments.community(material.staged, material.lookups)
    sheets = (
        Sheet("Threads", assessments.for_decision(threads, assessments.OF_THREADS), "", "There are no threads."),
        Sheet("Threads in full", assessments.in_full(threads, assessments.OF_THREADS),
              "Codes of type and status are SmarterTrack's own and not published (types are announcements, ideas, "
              "problems and questions). It keeps no number of views. Texts are not shown, but their sizes.",
              "There are no threads.", ticked=False),
        Sheet("Tags of the community", assessments.thread_tags(material.staged, material.lookups),
              "Where threads become articles, categories are their sections.", "There are none.", ticked=False),
    )  # fmt: skip
    return Document(
        "Community assessment",
        "Gorgias has no community, so no thread is moved. Every thread is listed with advice and its reason: turn into "
        "an article, move to a community tool, answer its author from a ticket, moderate first, archive, or leave out.",
        sheets,
        tiles=assessments.by_advice(threads) or {"threads": 0},
        notes=("Before the portal is switched off, save its public pages (a static copy is enough) and let their "
               "addresses lead to the Help Center. All posts with their texts stay in the staged copy.",),
    )  # fmt: skip


def news(material: Material, audience: Audience) -> Document:
    """Return the news assessment."""
    items = assessments.news(material.staged, material.lookups)
    return Document(
        "News assessment",
        "Gorgias has no news. Each item is archived, becomes a Help Center article that is published as an "
        "announcement, or goes to another channel; the reason stands beside it. A translation follows its original.",
        (
            Sheet("News items", assessments.for_decision(items, assessments.OF_NEWS), "", "There are no news items."),
            Sheet("News items in full", assessments.in_full(items, assessments.OF_NEWS),
                  "Texts are not shown, but their sizes.", "There are no news items.", ticked=False),
        ),
        tiles=assessments.by_advice(items) or {"items": 0},
        notes=("All items with their texts stay in the staged copy, and in SmarterTrack's backup.",),
    )  # fmt: skip
