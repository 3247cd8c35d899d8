"""A day of hypercare for people: in notebook 08, and as a page of its own beside the days before it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from migrator_lib import charts, pages
from migrator_lib.engagement import Engagement
from migrator_lib.evidence.publish import HYPERCARE
from migrator_lib.hypercare.days import Day
from migrator_lib.hypercare.looking import Late, Look
from migrator_lib.objects import TICKET
from migrator_lib.pages import Html
from migrator_lib.progress import duration
from migrator_lib.reconcile import ADDED_TITLE, CHANGED, Finding
from migrator_lib.views import MADE_OTHERWISE, finding_row

LISTED = 200
AGENTS, LATE, LOST = "work of people in Gorgias", "late in SmarterTrack", "lost"
FOLLOWS = ("updated_datetime", "closed_datetime", "last_message_datetime")
"""Dates that change with whatever else is done to a ticket."""
WHAT_TO_DO = {
    "missing ticket": "Gorgias' audit log says who removed it. Put it back there, or have the next load make it anew: "
    '`migrator ledger settle {name} ticket:{key} --is-not-there --by "YOUR NAME"` for each, then '
    "`migrator run {name} --only 05 --execute`.",
    "missing": "Gorgias' audit log says who removed it. Put it back there, if it is needed.",
    "mismatched": "Nobody is known to have changed it. Look at it in Gorgias, and correct it there.",
    "duplicate": "`migrator sweep {name}` shows what is there twice, and can mend it.",
    "unexpected": "Look at it in Gorgias: it carries the migration's id, and the source has no such record.",
}
"""State to what a person does about it."""


def status(look: Look) -> Html:
    """Return the status line of a day."""
    day = f"Day {look.day.number}" + (f" of {look.of}" if look.day.number <= look.of else ", after the end")
    if look.day.lost:
        words = f"{day}: {pages.counted(look.day.lost, 'record')} lost, or wrong, and no person's doing."
        otherwise = f" {MADE_OTHERWISE}" if look.found.made_otherwise else ""
        return pages.status(words, "bad", detail=f"Each is listed below, with what to do.{otherwise}")
    sent = pages.counted(look.day.verified, "record")
    kept = f"{sent} as they were sent, {look.day.changed:,} as people made them since"
    if look.day.late:
        late = pages.counted(look.day.late, "ticket")
        words = f"{day}: nothing is lost, but {late} changed in SmarterTrack after the cutover."
        return pages.status(words, "warn", detail="Somebody or something still works there: see below.")
    if look.day.still_off:
        detail = "Something is still switched off because of the migration: see below."
        return pages.status(f"{day}: nothing is lost. {kept}.", "warn", detail=detail)
    end = " Hypercare is done." if look.is_over else ""
    return pages.status(f"{day}: nothing is lost. {kept}.{end}", "good", detail=look.source.unasked)


def tiles(look: Look) -> Html:
    """Return the day's numbers."""
    day = look.day
    return pages.tiles(
        {
            "lost": day.lost,
            "late tickets in SmarterTrack": _late(day),
            "records as they were sent": day.verified,
            "changed by people since": day.changed,
            f"of {day.tickets:,} migrated tickets worked on": f"{day.share_touched:.1%}",
            "new messages in them": day.new_messages,
        }
    )


def drift(look: Look) -> Html:
    """Return every object's records, by what they are and why."""
    rows = []
    told_of = {account.object: account.title for account in look.reconciled.accounts}
    counts = [(title, look.found.counts.get(obj)) for obj, title in told_of.items()]
    for title, states in (*counts, (ADDED_TITLE, look.found.beside(told_of))):
        if states:
            wrong = sum(n for state, n in states.items() if state not in ("validated", CHANGED))
            rows.append(
                {"object": title, "as sent": states["validated"], AGENTS: states[CHANGED],
                 "lost, or wrong": wrong, "different": bool(wrong)}
            )  # fmt: skip
    told = []
    if any(one.object == TICKET.name and one.state == "missing" for one in look.lost):
        told.append("What was in a ticket that is missing is counted here with it, and not listed.")
    if look.day.known:
        told.append(f"{look.day.known:,} of those that are wrong were so at the cutover, and are not counted as lost.")
    shown = pages.table(rows, caption="Records read back and compared", different="different")
    return pages.join([shown, *map(pages.note, told)])


def lost(look: Look, name: str) -> Html:
    """Return what is lost, and what to do about it; and what the cutover said already, folded away."""
    told = pages.table([finding_row(one) for one in look.lost[:LISTED]], caption="Lost, or wrong", empty="nothing.")
    first: dict[str, str] = {}
    for one in look.lost:
        gone = one.state == "missing" and one.object == TICKET.name
        first.setdefault("missing ticket" if gone else one.state, one.source_key)
    if first:
        words = (f"{what.capitalize()}: {WHAT_TO_DO[what].format(name=name, key=key)}" for what, key in first.items())
        told = pages.join([told, pages.bullets(map(_with_commands, words))])
    if not look.known:
        return told
    known = pages.table([finding_row(one) for one in look.known[:LISTED]])
    return pages.join([told, pages.folded(f"Known since the cutover ({look.day.known:,})", known)])


def late(look: Look, name: str) -> Html:
    """Return the tickets that changed in SmarterTrack after the last delta that was loaded."""
    source = look.source
    rows = [
        {"ticket number": one.number or "not known", "ticket id": _id(one), "what": one.what} for one in source.tickets
    ]
    parts = [pages.table(rows, caption="Changed in SmarterTrack since the last delta", empty="no ticket.")]
    if source.unasked:
        parts.append(pages.note(f"SmarterTrack could not be asked: {source.unasked}"))
    if source.count > len(rows):
        parts.append(pages.note(f"The first {len(rows)} of {source.count:,}."))
    if source.count:
        words = "Find out who still works there, or which mail still arrives. This takes the changes over: "
        parts.append(pages.paragraph(words, pages.code(f"migrator run {name} --only 07 --execute"), "."))
    if source.definitions:
        parts.append(pages.note("Not as they were staged, and no ticket: ", ", ".join(source.definitions), "."))
    return pages.join(parts)


def by_people(look: Look, url: str) -> Html:
    """Return what people did to migrated records in Gorgias: by field, and each record with a link, folded away."""
    counts = Counter(what for one in look.found.changes for what in _what(one))
    rows = [{"what": what, "records": n} for what, n in counts.most_common()]
    listed = [_with_link(one, url) for one in look.found.changes[:LISTED]]
    more = pages.note(f"The first {LISTED} of {look.day.changed:,}.") if len(look.found.changes) > LISTED else ""
    return pages.join(
        [
            pages.table(rows, caption="What people changed in migrated records", empty="nothing."),
            pages.folded("Each record", pages.table(listed), more) if listed else "",
        ]
    )


def _what(one: Finding) -> set[str]:
    """Return what was done to a record: the fields that were changed, or that it was removed."""
    thing = one.object.replace("_", " ")
    if not one.differences:
        return {f"{thing}: {one.words.partition(' in Gorgias')[0]}"}
    fields = {difference.field.split(".")[0] for difference in one.differences}
    told = fields - {*FOLLOWS} or {"written to, and as it was"}
    return {f"{thing}: {field.replace('_', ' ')}" for field in told}


def _with_link(one: Finding, url: str) -> Mapping[str, object]:
    row = finding_row(one)
    del row["state"]
    if one.object == TICKET.name and one.target_id:
        row["Gorgias id"] = pages.link(f"{url}/app/ticket/{one.target_id}", str(one.target_id))
    return row


def trend(days: Sequence[Day]) -> Html:
    """Return all days so far, as a table and as a chart."""
    rows = [
        {
            "day": pages.tag("time", f"{day.number}: {day.on}"), "as sent": day.verified, "by people": day.changed,
            "worked on": f"{day.share_touched:.1%}", "new messages": day.new_messages,
            "new tickets": day.new_tickets, "late": _late(day), "lost": day.lost, "different": bool(day.lost),
        }
        for day in days
    ]  # fmt: skip
    table = pages.table(rows, caption="Day by day, counted since the cutover", different="different")
    if len(days) < 2:
        return table
    drawn = {
        f"Day {day.number}": {AGENTS: day.changed, LATE: day.late or 0, LOST: day.lost + day.known} for day in days
    }
    figure = pages.figure(
        charts.by_day(drawn, label="records"), "Records that differ from what was sent, by day and by reason."
    )
    return pages.join([table, figure])


def _late(day: Day) -> object:
    return "not known" if day.late is None else day.late


def to_do(look: Look) -> Html:
    """Return what is left to do."""
    return pages.bullets(_with_commands(words) for words in look.to_do)


def _with_commands(words: str) -> Html:
    """Return a sentence with the commands in it, which stand between backticks, as code."""
    parts = words.split("`")
    return pages.join(pages.code(part) if n % 2 else part for n, part in enumerate(parts))


def cost(look: Look) -> Html:
    """Return the calls and the time that the look took, and how long so many calls take at the least."""
    least = f"{duration(look.day.calls / look.rate)} at {look.rate:.2g} calls a second, the rate that may be used"
    words = f"Read by list pages: {pages.counted(look.day.calls, 'call')} to Gorgias, {duration(look.day.seconds)}"
    return pages.note(f"{words} ({least}).")


def body(look: Look, name: str, url: str) -> Html:
    """Return everything below the status line."""
    return pages.join(
        [
            tiles(look),
            pages.heading("What differs, and why"), drift(look),
            pages.heading("Lost"), lost(look, name),
            pages.heading("Late changes in SmarterTrack"), late(look, name),
            pages.heading("Work of people in Gorgias"), by_people(look, url),
            pages.heading("Day by day"), trend(look.days),
            pages.heading("What is left to do"), to_do(look),
            cost(look),
        ]
    )  # fmt: skip


def written(file: Path) -> Html:
    """Return a link to a day's page, as it leads from an executed notebook's place in ``runs/<run>/``."""
    return pages.paragraph(pages.link(f"../../{HYPERCARE}/{file.name}", "The page of this day"))


def write(engagement: Engagement, look: Look) -> Path:
    """Write the day's page ``hypercare/day-N.html``, in place of an earlier one of that day, and return its path."""
    url = engagement.account_url("production").rstrip("/")
    company = engagement.parameters.company
    text = pages.page(
        f"Hypercare, day {look.day.number}",
        status(look),
        body(look, engagement.name, url),
        subtitle=f"{company}, {look.day.on}: everything in Gorgias compared with what was moved, once more.",
    )
    file = engagement.paths.reports / HYPERCARE / f"day-{look.day.number}.html"
    file.parent.mkdir(exist_ok=True)
    return pages.write(file, text)


def _id(one: Late) -> str:
    return str(one.ticket) if one.kind == TICKET.name else f"{one.kind.replace('_', ' ')} {one.ticket}"
