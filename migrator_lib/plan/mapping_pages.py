"""The mapping for people: what it asks, what each entry becomes, how sure that is and why, and what changed."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from migrator_lib import pages
from migrator_lib.engagement import Engagement
from migrator_lib.mapping import CONFIDENT, Difference, EngagementMapping, Entry, Question
from migrator_lib.pages import Html
from migrator_lib.plan import Plan
from migrator_lib.plan.again import Standing, in_words
from migrator_lib.plan.concerns import Counts

SECTIONS = {
    "statuses": ("Ticket statuses", "tickets"),
    "priorities": ("Ticket priorities", "tickets"),
    "channels": ("Channels, by the words of the field that holds them", "values"),
    "roles": ("Roles of agents", "agents"),
    "directions": ("Message directions", "messages"),
    "comment_types": ("Types of comments that no table defines", "comments"),
    "chat_senders": ("Who wrote a line of a chat", "lines"),
    "chat_views": ("Who may read a line of a chat", "lines"),
    "brands": ("Brands", "tickets"),
    "teams": ("Departments and groups", "tickets"),
    "ticket_fields": ("Custom fields of tickets, chats and calls", "values"),
    "added_fields": ("Ticket fields that are added", ""),
    "person_fields": ("Custom fields of users and organizations", "values"),
    "tags": ("Tags", "uses"),
    "languages": ("Languages of articles", "articles"),
    "kb_categories": ("Categories of the knowledge base", "articles"),
    "survey_questions": ("Questions of surveys", "answers"),
    "placeholders": ("Placeholders of canned replies", ""),
}
"""Section of mapping.yaml to its name for people, and to what is counted of it."""
NAMELESS = ("added_fields", "placeholders", "chat_senders", "chat_views")
"""Sections whose keys are all that their things are called."""
FOLDED_FROM = 12
"""Rows from which a section is folded."""
SURE = 0.9
FILTER_STYLE = """
.filter { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; margin: .5rem 0 1rem; }
main:has(#show-unsure:checked) .mapping tbody tr:not(:has(.warn, .plain)),
main:has(#show-asked:checked) .mapping tbody tr:not(:has(.warn)),
main:has(#show-unsure:checked) .mapping section:not(:has(td .warn, td .plain)),
main:has(#show-asked:checked) .mapping section:not(:has(td .warn)) { display: none; }
main:has(#show-unsure:checked, #show-asked:checked) .mapping details::details-content {
  content-visibility: visible; block-size: auto;
}
"""
"""Shows all rows, or those alone that are not sure; without a script, which pages have none of."""
FILTERS = {"show-all": "all entries", "show-unsure": "only what is not sure", "show-asked": "only what is asked"}


def questions(asked: Sequence[Question], concerns: Counts, file: str = "mapping.yaml") -> Html:
    """Return what the mapping asks, each with the line to write; nothing where all is answered."""
    if not asked:
        return Html("")
    rows = [
        {
            "what": pages.join([SECTIONS[one.section][0], ": ", pages.tag("b", one.name or one.key)]),
            "why it is asked": one.reason,
            "records": concerns.get(one.section, {}).get(one.key),
            "where": f"line {one.line}",
            "write": pages.join([pages.code(one.to_write), " ", one.others]),
        }
        for one in asked
    ]
    told = pages.paragraph(
        "This could not be told from the data. Open ",
        pages.code(file),
        " and write what each becomes in the place of CHOOSE; until then nothing can be signed or loaded. The tables "
        "below show what is proposed.",
    )
    return pages.join([told, pages.table(rows, caption="Questions that wait for an answer")])


def changed(engagement: Engagement, plan: Plan) -> Html:
    """Return what changed in the mapping since it was signed, and what a new look at the source says of it."""
    state = engagement.gate_state("mapping")
    signed = state.by and not plan.questions
    since = engagement.changed_since_signed() if signed else []
    lost = "What was signed is not kept, so what changed since cannot be shown."
    return pages.join(
        [
            pages.note(lost) if since is None and state.state == "stale" else "",
            *_differences(since or ()),
            *_standing(plan.differently, "Proposed differently now", "What stands is kept: change it if it is wrong."),
            *_standing(plan.vanished, "No longer in SmarterTrack", "The source has these no more; they do no harm."),
        ]
    )


def _differences(found: Sequence[Difference]) -> Iterator[Html]:
    if found:
        rows = [
            {"entry": f"{one.section}.{one.key}", "in SmarterTrack": one.name, "field": one.field or "the whole entry",
             "as signed": one.before, "now": one.after}
            for one in found
        ]  # fmt: skip
        yield pages.heading("Changed since it was signed", 3)
        yield pages.table(rows, caption="A new signature takes these in")


def _standing(found: Sequence[Standing], title: str, words: str) -> Iterator[Html]:
    if found:
        rows = [
            {"entry": f"{one.section}.{one.key}", "in SmarterTrack": one.name, "mapping.yaml says": one.stands,
             **({"proposed now": one.now} if any(other.now for other in found) else {}), "why": one.reason}
            for one in found
        ]  # fmt: skip
        yield pages.heading(title, 3)
        yield pages.table(rows, caption=words)


def mapping_tables(
    mapping: EngagementMapping, asked: Collection[tuple[str, str]] = (), concerns: Counts | None = None
) -> dict[str, list[dict[str, object]]]:
    """Return the mapping as rows of tables, by section; a row says how sure its entry is, and why.

    Args:
        mapping: the entries; open questions as proposed.
        asked: section and key of those that are questions.
        concerns: how many records each entry concerns.
    """
    return {
        section: [
            {
                "key": key,
                **({} if section in NAMELESS else {"in SmarterTrack": _named(section, key, entry)}),
                "becomes": in_words(entry),
                "how sure": _sure(entry, (section, key) in asked),
                **({counted: concerns.get(section, {}).get(key)} if concerns and counted else {}),
                "why": entry.reason or "a person's own",
            }
            for key, entry in getattr(mapping, section).items()
        ]
        for section, (_, counted) in SECTIONS.items()
    }


def _named(section: str, key: str, entry: Entry) -> str:
    if section == "directions":
        return {"0": "from the customer", "1": "from an agent"}.get(key, "")
    return str(getattr(entry, "name", ""))


def _sure(entry: Entry, asked: bool) -> Html:
    """Return how sure an entry is, as a bar and a word."""
    if asked:
        word = pages.badge("asked", "warn")
    elif entry.confidence >= SURE:
        word = pages.badge("sure", "good")
    else:
        word = pages.badge("likely" if entry.confidence >= CONFIDENT else "chosen", "plain")
    bar = pages.tag("progress", "", value=f"{entry.confidence:.2f}", max="1", aria_label=f"{entry.confidence:.0%}")
    return pages.tag("span", pages.join([bar, " ", word]), style="white-space: nowrap")


def mapping_parts(
    mapping: EngagementMapping, asked: Collection[tuple[str, str]] = (), concerns: Counts | None = None
) -> Html:
    """Return the mapping by section, for reading before it is signed."""
    tables = mapping_tables(mapping, asked, concerns)
    return pages.join(
        section_of(SECTIONS[section][0], pages.table(rows), len(rows)) for section, rows in tables.items() if rows
    )


def filtered(parts: Html) -> Html:
    """Return the mapping's tables behind a choice of which rows are shown; needs :data:`FILTER_STYLE`."""
    inputs = pages.join(pages.tag("label", pages.join([_radio(name), f" {words}"])) for name, words in FILTERS.items())
    return pages.join([pages.tag("div", inputs, class_="filter"), pages.tag("div", parts, class_="mapping")])


def _radio(name: str) -> Html:
    checked = {"checked": ""} if name == "show-all" else {}
    return pages.tag("input", "", type="radio", name_="show", id=name, **checked)


def section_of(title: str, table: Html, rows: int) -> Html:
    """Return a titled table; a long one is folded."""
    inner = (
        pages.folded(f"{title} ({rows})", table)
        if rows >= FOLDED_FROM
        else pages.join([pages.heading(title, 3), table])
    )
    return pages.tag("section", inner)


def how_to_sign(engagement: Engagement) -> Html:
    """Return where the gate stands, and the command that signs the mapping as it is now."""
    state = engagement.gate_state("mapping")
    if state.state == "met":
        return pages.paragraph(f"The mapping is signed by {state.by} on {state.on[:10]}.")
    if engagement.questions:
        return pages.paragraph(
            "The mapping can be signed when its questions are answered and notebook 02 was run again."
        )
    since = f"It was changed since {state.by} signed it on {state.on[:10]}, so it needs a new signature."
    told = [pages.paragraph(since)] if state.state == "stale" else []
    return pages.join(
        [
            *told,
            pages.paragraph(
                "The mapping waits for a signature. Read it, change ",
                pages.code(str(engagement.paths.mapping_file.name)),
                " where it is wrong, run notebook 02 again if you did, then sign:",
            ),
            pages.tag("pre", f'migrator sign {engagement.name} mapping --by "NAME"'),
            pages.note(f"Signed is the content, {engagement.mapping.hash[:23]}…; a later change opens the gate again."),
        ]
    )


def keys(asked: Sequence[Question]) -> set[tuple[str, str]]:
    """Return section and key of questions."""
    return {(one.section, one.key) for one in asked}
