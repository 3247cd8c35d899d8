"""The page of a re-mapping: numbers first, then fields, then masked examples, then what the next load does."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from migrator_lib import pages
from migrator_lib.engagement import Engagement
from migrator_lib.objects import CONVERSATIONS
from migrator_lib.objects.ticket_field import ADDED
from migrator_lib.pages import Html
from migrator_lib.progress import duration
from migrator_lib.remap import Result, remap, was_loaded
from migrator_lib.remap.remapping import (
    DIFFERS,
    EARLIER,
    LEFT_OUT,
    MATCHED,
    NEW,
    NOT_SENT,
    SAME,
    STATES,
    UNKNOWN,
    Remapping,
)

PAGE = "remapping.html"
BESIDE = (
    "The knowledge base is not among these: every load makes its package anew, or brings up to date what nobody has "
    "changed in the Help Center."
)
BARS = 20
"""Fields that the chart has; the table has all."""
WORDS = {
    SAME: "made anew, and as it was sent",
    DIFFERS: "another payload by this mapping, policy or behaviour",
    EARLIER: "the source changed since; what was sent was made again from the stage that was loaded",
    UNKNOWN: "another payload than was sent, and that one cannot be made again: its stage or program is gone",
    NEW: "not in Gorgias yet, or left out so far, and sent by the next load",
    LEFT_OUT: "in Gorgias, and left out now",
    MATCHED: "was in Gorgias before; never changed",
    NOT_SENT: "merged, skipped, handed over or quarantined, then and now",
}


def status(result: Result) -> Html:
    """Return the status line."""
    found = result.remapping
    if not found.recipes:
        return pages.status("Nothing was loaded yet, so there is nothing to compare with.", "plain")
    took = f"{duration(result.seconds)}, without a call: {result.rate:,.0f} records a second."
    if not found.updated and not found.total(LEFT_OUT):
        return pages.status("By this mapping everything is as it was sent.", "good", detail=took)
    words = f"The next load would take up {found.updated:,} records."
    return pages.status(words, "warn" if found.total(UNKNOWN) else "plain", detail=f"Found in {took}")


def numbers(engagement: Engagement, result: Result) -> Html:
    """Return the big numbers: how much differs, and what the update costs."""
    found = result.remapping
    counted = {
        "as they were sent": found.total(SAME),
        "differ": found.total(DIFFERS),
        "changed in the source": found.total(EARLIER),
        "cannot be rebuilt": found.total(UNKNOWN),
        "newly sent": found.total(NEW),
        "no longer sent": found.total(LEFT_OUT),
    }
    shown = {words: n for words, n in counted.items() if n or words in ("as they were sent", "differ")}
    rate = engagement.target_rate
    words = f"{found.calls:,} calls take {duration(found.calls / rate)} at the account's {rate:.2g} a second."
    return pages.join([pages.tiles(shown), pages.paragraph(words if found.calls else "No call is needed.")])


def states(found: Remapping) -> Html:
    """Return the states of every object, and what they mean."""
    used = [state for state in STATES if found.total(state)]
    rows = [
        {"object": one.title, "records": one.records, **{state: one.states[state] for state in used}}
        for one in found.objects.values()
        if one.records
    ]
    meanings = pages.bullets(pages.join([pages.tag("b", state), f": {WORDS[state]}"]) for state in used)
    return pages.join([pages.table(rows, caption="Records by what became of them"), meanings, pages.note(BESIDE)])


def ways(found: Remapping) -> Html:
    """Return how the update is done, and what stays as it is since nobody can change it."""
    rows = [
        {
            "object": one.title, "taken up": one.updated, "changed in place": one.in_place,
            "by messages made again": one.by_messages, "calls": one.calls,
        }
        for one in found.objects.values()
        if one.updated
    ]  # fmt: skip
    fixed = sum((one.fixed for one in found.objects.values()), Counter[str]())
    parts = [
        pages.table(rows, caption="By object", empty="nothing."),
        pages.note("Calls are those for records that nobody changed in Gorgias since: what somebody changed there "
                   "stays, and is listed by the load. Lists that every load reads are not counted."),
    ]  # fmt: skip
    if fixed:
        named = ", ".join(f"{name.replace('_', ' ')} ({n:,})" for name, n in fixed.most_common())
        parts.append(
            pages.note("Nobody can change this of a ticket in Gorgias after it was made, so it stays: ", named)
        )
    return pages.join(parts)


def called(engagement: Engagement, name: str) -> str:
    """Return a field as people call it: custom fields by their label."""
    front, _, key = name.rpartition(".")
    if front != "custom_fields":
        return name.replace("_", " ").replace(".", ": ")
    mapping = engagement.mapping
    added = mapping.added_fields.get(key.removeprefix(ADDED))
    entry = mapping.ticket_fields.get(key) or mapping.person_fields.get(key) or added
    return f"field: {entry.label}" if entry else f"field: {key}"


def fields(engagement: Engagement, found: Remapping) -> Html:
    """Return which fields differ, in how many records."""
    from migrator_lib import charts  # slow to import, and not every notebook draws

    counted = Counter[str]()
    rows = []
    for one in found.objects.values():
        for name, n in one.fields.most_common():
            words = called(engagement, name)
            counted[words] += n
            rows.append({"object": one.title, "field": words, "records": n, "messages": one.messages[name] or None})
    if not counted:
        return pages.note("No field differs.")
    chart = charts.bars(dict(counted.most_common(BARS)), label="records in which the field differs")
    return pages.join([
        pages.figure(chart, "Fields that differ between what was sent and what this mapping makes"),
        pages.folded("All fields", pages.table(rows, caption="Fields that differ")),
    ])  # fmt: skip


def examples(engagement: Engagement, found: Remapping) -> Html:
    """Return examples, before and after: bodies as their length and fingerprint, people and values masked."""
    rows = [
        {"object": one.title, "field": called(engagement, name), "record": example.key, "before": example.before,
         "after": example.after}
        for one in found.objects.values()
        for name, kept in one.examples.items()
        for example in kept
    ]  # fmt: skip
    return pages.table(rows, caption="The first records of each field", empty="none.")


def left_out(engagement: Engagement, found: Remapping) -> Html:
    """Return what was loaded and would not be sent now, by rule."""
    trashes = engagement.parameters.delta.deleted_tickets == "trash"
    words = {True: "trashes it, unless somebody changed it in Gorgias", False: "leaves it in Gorgias, and lists it"}
    rows = [
        {
            "object": one.title,
            "why": why.replace("_", " "),
            "records": n,
            "the load": words[trashes and name in {obj.name for obj in CONVERSATIONS}],
        }
        for name, one in found.objects.items()
        for why, n in one.left_out.most_common()
    ]
    return pages.table(rows, caption="In Gorgias, and not sent any more", empty="nothing.")


def what_next(engagement: Engagement) -> Html:
    """Return the commands that follow."""
    name = engagement.name
    return pages.paragraph(
        "Is that what was meant? Sign the mapping if it changed (",
        pages.code(f'migrator sign {name} mapping --by "NAME"'),
        "), then ",
        pages.code(f"migrator run {name} --only 05 --execute"),
        " changes what differs and nothing else, and ",
        pages.code(f"migrator run {name} --only 06"),
        " verifies it. After the cutover, ",
        pages.code(f"migrator restore-target {name}"),
        " puts back what that load switched off.",
    )


def parts(engagement: Engagement, result: Result) -> list[Html]:
    """Return everything but the status."""
    found = result.remapping
    if not found.recipes:
        return [pages.note("The first load keeps by which recipe it was made.")]
    return [
        numbers(engagement, result),
        states(found),
        pages.heading("What differs"),
        fields(engagement, found),
        examples(engagement, found),
        pages.heading("What the next load does"),
        ways(found),
        left_out(engagement, found),
        what_next(engagement),
    ]


def write(engagement: Engagement, result: Result) -> Path:
    """Write ``documents/remapping.html``; return its path."""
    text = pages.page(
        "Re-mapping",
        status(result),
        *parts(engagement, result),
        subtitle=f"{engagement.parameters.company}: what the mapping as it is now would change of what was loaded. "
        "Nothing was sent.",
    )
    return pages.write(engagement.paths.documents / PAGE, text)


def in_rehearsal(engagement: Engagement) -> Html:
    """Return, for a rehearsal after a load, what the next one would change, field by field; the page has all of it."""
    if not engagement.rehearsal or not was_loaded(engagement):
        return pages.note("A rehearsal after a load shows here what the next one would change, field by field.")
    result = remap(engagement)
    write(engagement, result)
    shown = [
        status(result),
        numbers(engagement, result),
        states(result.remapping),
        fields(engagement, result.remapping),
    ]
    return pages.join([*shown, pages.note("With examples: ", pages.link(f"../../documents/{PAGE}", "re-mapping"), ".")])
