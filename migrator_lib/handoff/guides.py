"""The guides and lists that people finish a migration with by hand."""

from __future__ import annotations

from migrator_lib import pages
from migrator_lib.agents import all_agents
from migrator_lib.handoff import brand_guide, content_gaps, routing_guide, tag_taxonomy
from migrator_lib.handoff.document import Audience, Document, Sheet
from migrator_lib.handoff.lists import agent_rows, quarantine_rows
from migrator_lib.handoff.material import TARGET, Material
from migrator_lib.masking import mask_email


def tags(material: Material, audience: Audience) -> Document:
    """Return the tag taxonomy."""
    entries = {entry.source_key: entry for entry in material.engagement.ledger.entries(TARGET, "tag")}
    tags = tag_taxonomy.rows(material.staged, material.lookups, entries)
    sheets = (
        Sheet("Tags", tags, "Look at each, and merge or rename in Gorgias what belongs together.",
              "There are no tags."),
        Sheet("Levels", tag_taxonomy.branches(tags), "Tags that share their first level.",
              "No tags share a first level."),
        Sheet("Tags beside them", tag_taxonomy.added(material.lookups),
              "Tags that say what SmarterTrack keeps elsewhere. Rules and views may build on them.", "There are none.",
              ticked=False),
    )  # fmt: skip
    return Document(
        "Tag taxonomy",
        "Every tag of SmarterTrack, where it is used and what it becomes. Gorgias' tags have no levels and are told "
        "apart by case: a tag keeps its whole path as its name, and spellings of one tag are merged.",
        sheets,
    )


def brands(material: Material, audience: Audience) -> Document:
    """Return the multi-brand guide."""
    staged, lookups, found = material.staged, material.lookups, material.correspondence
    sheets = (
        Sheet("Brands", brand_guide.brands(staged, lookups), "", "There are no brands.", ticked=False),
        Sheet("Set up", brand_guide.steps(staged, lookups), "In this order, brand by brand."),
        Sheet("Addresses", brand_guide.addresses(found, lookups, audience.mask),
              "Mailboxes by which departments and customers write to each other, found in the messages themselves: "
              "SmarterTrack's mail accounts hold passwords and are not read.", "No mailbox was found."),
        Sheet("Articles", brand_guide.articles(staged, lookups),
              "Knowledge base by brand, language and state. An article that all brands show is counted for each.",
              "There are no articles.", ticked=False),
        Sheet("Portal settings", brand_guide.settings(lookups), "", "None are told."),
    )  # fmt: skip
    return Document(
        "Multi-brand guide",
        "What each brand has in SmarterTrack, and what to set up in Gorgias so that it has that again. One Gorgias "
        "account serves all brands: addresses, chats, Help Centers, rules and views keep them apart.",
        sheets,
    )


def routing(material: Material, audience: Audience) -> Document:
    """Return the routing guide."""
    staged, lookups, found = material.staged, material.lookups, material.correspondence
    sheets = (
        Sheet("Rules", routing_guide.rules(found, lookups, audience.mask),
              "Rules to make, in this order (Settings, Productivity, Rules). They act on new tickets alone: switch "
              "them on at the cutover.", "There are none."),
        Sheet("Hierarchy", routing_guide.hierarchy(staged, lookups),
              "Brand, department, group, and the team that each became.", "There are no departments.", ticked=False),
        Sheet("Members", routing_guide.members(staged, lookups),
              "Who takes what. Gorgias gives a ticket to the available member with the fewest: there is no order of "
              "turns and no weight.", "Nobody is in a group."),
        Sheet("Limits", routing_guide.limits(staged), "", "There are none."),
        Sheet("Auto-responders", routing_guide.auto_responders(staged, lookups), "", "No department has one."),
    )  # fmt: skip
    return Document(
        "Routing guide",
        "How tickets find their people in SmarterTrack, and the teams, rules and limits that do so in Gorgias. Teams "
        "and their members were moved; rules and limits are set up by hand, by an admin.",
        sheets,
    )


def gaps(material: Material, audience: Audience) -> Document:
    """Return the content gaps."""
    staged, lookups = material.staged, material.lookups
    sheets = (
        Sheet("Articles", content_gaps.articles(lookups), "Articles, and what they still need.",
              "No article needs anything."),
        Sheet("Translations", content_gaps.translations(lookups), "Articles without a language that others have.",
              "Every article has all languages."),
        Sheet("Macros", content_gaps.macros(staged, lookups), "Macros that were made, and what they still need.",
              "No macro needs anything."),
        Sheet("Placeholders", content_gaps.placeholders(staged, lookups),
              "What stands for a name or number in texts. Those without a counterpart stay in macros as they are.",
              "None is used."),
    )  # fmt: skip
    return Document(
        "Content gaps",
        "What was moved and still needs a person: articles, their translations, macros, and placeholders that Gorgias "
        "does not know.",
        sheets,
    )


def agents(material: Material, audience: Audience) -> Document:
    """Return who is to be created, deactivated or checked."""
    people = list(all_agents(material.staged, material.lookups))
    fallback = mask_email(material.lookups.parameters.agents.fallback)
    groups = agent_rows(people, material.users, audience.mask)
    sheets = (
        Sheet("To be created", groups["create"],
              f"Agents of SmarterTrack without a user in Gorgias. Until they are there, their tickets belong to "
              f"{fallback}; their names are kept on the tickets. Gorgias sends each an invitation that is valid for a "
              "week.", "Nobody: every active agent has a user."),
        Sheet("To be deactivated", groups["deactivate"],
              "Agents who may no longer sign in to SmarterTrack, but can in Gorgias. Deactivate them; deleting a user "
              "would unassign their tickets and delete their statistics.", "Nobody."),
        Sheet("Roles to be checked", groups["role"],
              "Users who were matched or created, and whose role differs from what they had in SmarterTrack.",
              "All roles fit."),
        Sheet("At the end", [{"what": words} for words in AT_THE_END]),
    )  # fmt: skip
    return Document(
        "Agents to create or deactivate",
        "For an admin of the Gorgias account: who is to be created or deactivated there, and whose role differs.",
        sheets,
    )


AT_THE_END = ("Revoke the API key of the migration.", "Switch rules, surveys and integrations on again.")


def quarantine(material: Material, audience: Audience) -> Document:
    """Return what could not be moved."""
    rows, name = quarantine_rows(material.engagement, material.staged), material.engagement.name
    return Document(
        "Quarantine",
        "These records are not in Gorgias, each for its own reason. What is mended in SmarterTrack comes with the next "
        "delta. After a change of the mapping or of files, load again: "
        f"migrator run {name} --from 05 --execute tries only what is missing.",
        (Sheet("Records", rows),),
        status=(f"{pages.counted(len(rows), 'record')} in quarantine." if rows else "Nothing is in quarantine.",
                "warn" if rows else "good"),
    )  # fmt: skip
