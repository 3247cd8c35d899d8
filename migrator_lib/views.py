"""What the notebooks from extract to cutover show: status first, then numbers, then details that are folded away."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from migrator_lib import pages
from migrator_lib.agents import gone_agents
from migrator_lib.contacts import RULES as RULES_OF_CONTACTS
from migrator_lib.delta import Found
from migrator_lib.engagement import Engagement
from migrator_lib.evidence import figures, flows
from migrator_lib.evidence.quarantine_page import PAGE as QUARANTINE
from migrator_lib.evidence.records import FOLDER, linked
from migrator_lib.expectations import pages as expectations
from migrator_lib.expectations.result import Result
from migrator_lib.extract import ExtractReport
from migrator_lib.file_health import FileHealth
from migrator_lib.ledger import SETTLED
from migrator_lib.load import LoadReport
from migrator_lib.masking import mask_email, mask_text
from migrator_lib.membership import cases
from migrator_lib.pages import Html
from migrator_lib.progress import duration
from migrator_lib.quarantine.mends import mender
from migrator_lib.reconcile import ADDED_TITLE, ALWAYS, CHANGED, RECONCILED, Finding, Reconciliation
from migrator_lib.reconcile.accounts import Account
from migrator_lib.runbook import CutoverResult, LoadResult, ReconcileResult, source_rows

CASES = 20
"""People that a notebook lists of each rule."""
LISTED = 200
"""Rows that a notebook lists; all are counted, and the ledger has all."""
TO_LISTS = f"../../{FOLDER}/"
"""Where the lists of records are, from an executed notebook's place in ``runs/<run>/``."""
MADE_OTHERWISE = (
    "The mapping, or a parameter, was changed since the last load: some may differ by that alone, and migrator remap "
    "shows which. The next load takes it up."
)


# --- 04 extract ----------------------------------------------------------------------------------------


def extract_status(report: ExtractReport) -> Html:
    """Return the status line of an extract."""
    new = sum(report.read_now.values())
    total = sum(report.rows.values())
    if not new:
        return pages.status(f"Everything was staged already: {total:,} rows, none read again.", "good")
    return pages.status(f"Staged: {total:,} rows, {new:,} of them read now.", "good")


def extract_tables(engagement: Engagement, report: ExtractReport) -> Html:
    """Return the rows of every table, counted in the source and staged."""
    rows = [
        {**row, "differs": row["source"] is not None and row["source"] != row["staged"]}
        for row in source_rows(engagement, report)
    ]
    differing = [row["table"] for row in rows if row["differs"]]
    words = (
        pages.note("Source and staged data differ for: ", ", ".join(differing), ". Rows that cannot be read are not "
                   "staged, and listed below; other differences are changes since the extract, which the delta brings.")
        if differing
        else pages.note("Every table holds as many rows staged as in the source.")
    )  # fmt: skip
    told = [words, *_moments(report), pages.table(rows, caption="Rows by table", different="differs")]
    return pages.join(told)


def _moments(report: ExtractReport) -> list[Html]:
    """Return as of when the source was read: of one moment, unless it was READ COMMITTED or taken up again."""
    told = [f"{moment['began']} ({moment['isolation']})" for moment in report.moments]
    more = " A live source changed between them; the delta brings what did." if len(told) > 1 else ""
    return [pages.note("Read as of: ", ", ".join(told), ".", more)] if told else []


def bad_dates(report: ExtractReport) -> Html:
    """Return the columns that hold values that are no dates."""
    rows = [{"column": column, "values that are no date": n} for column, n in report.bad_dates.items()]
    return pages.table(rows, caption="Dates", empty="Every date could be read.")


def bad_values(report: ExtractReport) -> Html:
    """Return the values, and the rows, that could not be read; the values themselves are not shown."""
    rows = [
        {
            "table": bad.table,
            "key": "-".join(bad.key),
            "column": bad.column,
            "what was done": "staged with this value empty" if bad.staged else "not staged: the row is quarantined",
        }
        for bad in report.bad_values[:LISTED]
    ]
    more = len(report.bad_values) - len(rows)
    told = pages.table(rows, caption="Values that are not what their column holds", empty="Every other value, too.")
    return pages.join([told, pages.note(f"and {more:,} more.")]) if more else told


def expected(*results: Result) -> Html:
    """Return what came of the expectations of a gate, or of several."""
    return pages.join(map(expectations.section, results))


_HEALTH = {
    "Attachments (without deleted ones and those of drafts)": "attachments",
    "Files below the root": "files",
    "have their file": "matched",
    "share it with another": "shared",
    "unpacked before they go up": "compressed",
    "found among several files of one name": "of several",
    "held by the database itself": "in the database",
    "size is not the row's, the checksum is": "size differs",
    "checksum is not the row's, the size is": "checksum differs",
    "file of no bytes": "empty",
    "no file: quarantined": "missing",
    "several files, none of which is the row's alone: quarantined": "ambiguous",
    "neither size nor checksum is the row's: quarantined": "differs",
    "file cannot be read: quarantined": "unreadable",
    "larger than may go up: quarantined": "oversized",
    "Pictures in messages that no attachment is for: left as they are": "picture without attachment",
    "Files that no ticket attachment names (orphans, and those of chats and the knowledge base)": "orphaned",
}


def attachments(health: FileHealth) -> Html:
    """Return what became of attachments and their files, and the first that need a person."""
    rows = [{"Attachments and files": words, "Found": health.counts[what]} for words, what in _HEALTH.items()]
    words = (
        "Rows' checksums are CRC-32, as their files show, so one that differs tells of a damaged file."
        if health.checksums_hold
        else "No row's checksum is the CRC-32 of its file, so sizes alone tell whether a file is the right one."
    )
    caption = f"The first {len(health.listed)}; the file below has all" if health.listed else ""
    listed = pages.table(health.listed, caption=caption, empty="Nothing needs a person.")
    return pages.join([pages.table(rows, caption="Files"), pages.note(words), pages.folded("What to look at", listed)])


# --- 05 load -------------------------------------------------------------------------------------------


def load_status(result: LoadResult) -> Html:
    """Return the status line of a load."""
    report = result.report
    if result.rehearsal:
        n = sum(count for (_, what), count in report.counts.items() if what in ("would create", "would update"))
        words = f"Rehearsal: {n:,} records would be sent. Nothing was written." if n else (
            "Rehearsal: everything is in Gorgias already, nothing would be sent. Nothing was written."
        )  # fmt: skip
        return pages.status(words, "good")
    changed = f" {report.updated():,} that were there are changed." if report.updated() else ""
    if not report.created():
        return pages.status(f"Nothing new was created: everything was in Gorgias already.{changed}", "good")
    quarantined = sum(account.outcomes.get("quarantined", 0) for account in result.accounts)
    words = f"Loaded: {report.created():,} records were created.{changed}"
    if quarantined:
        return pages.status(f"{words} {quarantined:,} are in quarantine, with their reasons below.", "warn")
    return pages.status(words, "good")


def load_order(report: LoadReport) -> Html:
    """Return since when agents can start, where what they go on working with went first."""
    first = report.first
    if first is None:
        return pages.note("Tickets go by their number: load.order is by_id.")
    what = f"{first.tickets:,} tickets that are open or were active lately"
    if not first.at:
        return pages.note(f"The {what} would go first, with the people they need, so that agents can start.")
    at = f"{first.at[:16].replace('T', ' ')} UTC"
    return pages.note(f"The {what} were in Gorgias at {at}, with the people they need: since then agents can start.")


def load_counts(report: LoadReport) -> Html:
    """Return what this run did, by object."""
    names = list(dict.fromkeys(obj for obj, _ in report.counts))
    columns = list(dict.fromkeys(what for _, what in sorted(report.counts, key=lambda pair: pair[1])))
    rows = [
        {"object": n.replace("_", " "), **{w.replace("_", " "): report.counts.get((n, w), 0) for w in columns}}
        for n in names
    ]
    return pages.table(rows, caption="Records by what was done with them")


def accounts_table(found: Sequence[Account]) -> Html:
    """Return the accounts: every source record with its outcome; each number leads to its records."""
    rows = [
        {
            "object": account.title,
            "source": account.source,
            **{
                state.replace("_", " "): linked(account.object, state, account.outcomes.get(state, 0), base=TO_LISTS)
                for state in SETTLED
            },
            "adds up": pages.badge("yes", "good") if account.balanced else pages.badge("no", "bad"),
        }
        for account in found
    ]
    return pages.table(rows, caption="Source = created + matched + merged + skipped + handed over + quarantined")


def accounts_chart(found: Sequence[Account]) -> Html:
    """Return the accounts as a chart: where the records of each kind went."""
    return flows.figure({account.object: account.outcomes for account in found})


def rules_table(found: Sequence[Account]) -> Html:
    """Return how many records each named rule decided."""
    rows = [
        {"object": account.title, "outcome": pages.named(state), "rule": pages.named(rule), "records": n}
        for account in found
        for (state, rule), n in sorted(account.rules.items())
    ]
    return pages.table(rows, caption="By which rule", empty="No rule was needed.")


def quarantine_rows(engagement: Engagement) -> list[dict[str, Any]]:
    """Return the quarantined records (``object, key, reason, mend``), addresses masked."""
    mend = mender(engagement.parameters, engagement.behaviour.upload_limit_bytes)
    rows = []
    for entry in engagement.ledger.entries("production", state="quarantined"):
        told = mend(entry)
        rows.append({"object": entry.object, "key": entry.source_key, "reason": told.reason, "mend": told.advice})
    return rows


def quarantine_table(engagement: Engagement) -> Html:
    """Return the first quarantined records with their reasons, and the way to what mends them."""
    rows = [{**row, "object": row["object"].replace("_", " ")} for row in quarantine_rows(engagement)]
    caption = f"In quarantine: {len(rows):,}" + (f", the first {LISTED} of them" if len(rows) > LISTED else "")
    shown = pages.table(rows[:LISTED], caption=caption, empty="No record is in quarantine.")
    if not rows:
        return shown
    page = pages.link(f"../../{QUARANTINE}", "Since when, what mends each, and the command that tries it again")
    return pages.join([shown, pages.note(page)])


def agents_who_are_gone(engagement: Engagement) -> Html:
    """Return the agents who may no longer sign in to SmarterTrack, what they had, and where it went."""
    staged = engagement.all_stages
    found = gone_agents(staged, engagement.lookups(staged))
    agents = engagement.parameters.agents
    closed = "nobody: the name alone" if agents.history == "by_name" else "the fallback agent"
    rows = [
        {
            "agent": f"{one.agent.name} ({one.agent.user_id})",
            "open tickets": one.open, "are now with": "the fallback agent",
            "closed tickets": one.closed, "chats and calls": one.chats_and_calls, "belong to": closed,
        }
        for one in found
    ]  # fmt: skip
    note = f"The fallback agent is {mask_email(agents.fallback)}. What an agent wrote carries the name, whoever has it."
    table = pages.table(rows, caption=f"{len(rows)} agents who are gone", empty="Every agent is there.")
    return pages.join([table, pages.note(note) if rows else ""])


def people_to_look_at(engagement: Engagement) -> Html:
    """Return how many people each rule made one customer, or a customer without an address, and the first of them."""
    staged = engagement.all_stages
    lookups = engagement.lookups(staged)
    numbers, first = cases.counted(cases.cases(staged, lookups), most=CASES)
    rules = [{"rule": rule, "people": numbers[rule], "what it does": cases.RULES[rule]} for rule in cases.RULES]
    listed = [{"rule": one.rule, "record": one.key, "becomes": one.customer, "who": one.who} for one in first]
    told = cases.by_contact(staged, lookups)
    by_rule = [
        {"rule": rule, "chats": told[rule, "chat"], "calls": told[rule, "call"], "whose it is": words}
        for rule, words in RULES_OF_CONTACTS.items()
        if told[rule, "chat"] or told[rule, "call"]
    ]
    return pages.join(
        [
            pages.table(
                [row for row in rules if row["people"]], caption="Rules about people", empty="None was needed."
            ),
            pages.table(listed, caption=f"The first {CASES} of each") if listed else "",
            pages.table(by_rule, caption="Whose chats and calls they are") if by_rule else "",
        ]
    )


def usage(engagement: Engagement) -> Html:
    """Return the calls of this step, their rate, and how they went over time beside what was allowed."""
    rows, drawn = [], []
    for target, used in engagement.api_usage().items():
        rows.append(
            {
                "account": target, "calls": int(used["calls"]), "throttled": int(used["throttled"]),
                "calls a second": round(used["reached_rate"], 2), "allowed a second": round(used["allowed_rate"], 2),
                "others a second": round(used["foreign_rate"], 2), "limit": f"{used['limit']}, {used['kind']}",
                "at a time": used["in_flight"], "time": duration(used["busy_seconds"]),
            }
        )  # fmt: skip
        drawn.append(figures.calls_over_time(used["course"], of=f" of the {target} account"))
    simulated = engagement.parameters.target.simulator
    told = figures.clock(simulated.speed if simulated else 1.0) if rows else ""
    return pages.join([pages.table(rows, caption="Calls of Gorgias' API in this step", empty="No call was made."),
                       told, *drawn])  # fmt: skip


# --- 06 reconcile --------------------------------------------------------------------------------------


def reconcile_status(result: ReconcileResult) -> Html:
    """Return the status line of a reconciliation."""
    found = result.reconciliation
    changed = found.counted(CHANGED)
    by_others = f" {changed:,} were changed in Gorgias since, which is other people's work." if changed else ""
    if found.wrong:
        words = f"{found.wrong:,} records are not as they should be; {found.validated:,} are.{by_others}"
        return pages.status(words, "bad", detail=MADE_OTHERWISE if found.made_otherwise else "")
    one_by_one = "all " if not changed else ""
    words = f"Verified: {one_by_one}{found.validated:,} records are in Gorgias as they should be.{by_others}"
    left_out = ", ".join(found.not_compared)
    detail = f"Not compared, since this account does not keep it: {left_out}." if left_out else ""
    return pages.status(words, "good", detail=detail)


def reconcile_counts(found: Reconciliation, accounts: Sequence[Account]) -> Html:
    """Return the states of every object."""
    shown = [state for state in RECONCILED if state in ALWAYS or found.counted(state)]
    rows = [
        {"object": account.title, **{state: found.counts[account.object][state] for state in shown}}
        for account in accounts
        if account.object in found.counts
    ]
    notes = found.beside(account.object for account in accounts)
    if notes:
        rows.append({"object": ADDED_TITLE, **{state: notes[state] for state in shown}})
    return pages.table(rows, caption="Compared field by field with what was read back")


def findings_table(found: Reconciliation) -> Html:
    """Return the first records that are not as they should be, each with its differences; and what others changed."""
    rows = [finding_row(finding) for finding in found.findings[:LISTED]]
    wrong = pages.table(rows, caption="Not as they should be", empty="Nothing differs.")
    return pages.join([wrong, changes_table(found)]) if found.changes else wrong


def changes_table(found: Reconciliation) -> Html:
    """Return the first records that others changed in Gorgias since, folded away."""
    rows = [finding_row(finding) for finding in found.changes[:LISTED]]
    n = found.counted(CHANGED)
    more = pages.note(f"The first {LISTED}.") if len(found.changes) > LISTED else ""
    return pages.folded(f"Changed in Gorgias since, by other people ({n:,})", pages.table(rows), more)


def finding_row(finding: Finding) -> dict[str, Any]:
    """Return a record that is not as it was sent, as a row of a table."""
    differences = [f"{d.field}: {d.expected} expected, {d.actual} found" for d in finding.differences]
    return {
        "object": finding.object.replace("_", " "),
        "record": finding.source_key,
        "state": finding.state,
        "Gorgias id": str(finding.target_id or ""),
        "what": "; ".join([*differences, *([finding.words] if finding.words else [])]),
    }


def duplicates(engagement: Engagement, found: Reconciliation) -> Html:
    """Return what is in Gorgias more than once, beside which one, and how it is taken away."""
    rows = [
        {
            "object": extra.object.replace("_", " "), "record": extra.source_key, "Gorgias id": str(extra.target_id),
            "beside": str(extra.kept), "stays": f"yes: it {extra.why_left}" if extra.why_left else "no",
        }
        for extra in found.extras[:LISTED]
    ]  # fmt: skip
    shown = pages.table(rows, caption="More than once in Gorgias", empty="Nothing of ours is there more than once.")
    removable = sum(not extra.why_left for extra in found.extras)
    if not removable:
        return shown
    command = f"migrator sweep {engagement.name} --mend --execute"
    words = f"Nobody touched {removable:,} of them. This takes them away, tickets into the trash: "
    return pages.join([shown, pages.note(words, pages.code(command))])


# --- 07 cutover ----------------------------------------------------------------------------------------


def cutover_status(result: CutoverResult) -> Html:
    """Return the status line of a cutover."""
    n, missed, changed = result.found.number, result.found.missed.number, result.found.words
    if result.load.rehearsal:
        return pages.status(f"Rehearsal: {changed} changed since the last stage. Nothing was written.", "good")
    assert result.reconciliation is not None
    wrong = result.reconciliation.reconciliation.wrong
    taken = f"Taken over: {changed}. Nothing else" if n else "Nothing"
    words = f"{taken} changed in SmarterTrack since the last stage: everything was compared."
    if missed and result.found.candidates is not None:
        words += f" {missed:,} of them left no trace behind the watermark; the comparison found them."
    if wrong:
        return pages.status(f"{words} {wrong:,} records are not as they should be: see below.", "bad")
    return pages.status(f"{words} Everything is verified: Gorgias can take over.", "good")


def changes_tables(found: Found | None) -> Html:
    """Return what changed in the source since it was staged, and how it was found."""
    if found is None:
        return pages.note("What changed since is read when delta = True.")
    by_table = [{"table": table, "tickets that differ": n} for table, n in found.by_table.items()]
    parts = [
        pages.table(by_table, caption="What changed since the last stage", empty="Nothing changed."),
        pages.folded("How changes were found", pages.table(found.signals()), pages.note(_how(found))),
    ]
    if found.definitions:
        parts.append(pages.note("Read whole, since they differ: ", ", ".join(found.definitions), "."))
    if found.purged or found.others_purged:
        purged = pages.counted(len(found.purged) + len(found.others_purged), "ticket, chat or call",
                               "tickets, chats or calls")  # fmt: skip
        parts.append(pages.note(purged, " purged in SmarterTrack since, or not to be read any more: as it was staged, "
                                "each stays."))  # fmt: skip
    if found.ownerless:
        parts.append(pages.note(f"Rows changed that belong to {len(found.ownerless):,} tickets that are not there; "
                                "they are left where they are."))  # fmt: skip
    return pages.join(parts)


def frozen(engagement: Engagement, result: CutoverResult) -> Html:
    """Return what the freeze check says, and what it cannot say: a restored backup knows nothing of what came after."""
    last = f"{result.last:%Y-%m-%d %H:%M} UTC" if result.last else "an unknown moment"
    words = f"The last that happened in the source was on {last}. "
    if result.load.rehearsal:
        words += "Whether it stands still is asked at the cutover itself."
    else:
        words += "Nothing changed in it from the beginning of the cutover until everything was read back."
    kind = engagement.parameters.source.read_from
    if kind == "live":
        return pages.note(words)
    return pages.join([pages.note(words), pages.status(
        f"What was asked is a {kind}, and says nothing of the live SmarterTrack after it was made.", "warn",
        detail="It must have been made after the freeze began; the gate 'freeze' is a person's word for that.",
    )])  # fmt: skip


def _how(found: Found) -> str:
    if found.candidates is None:
        return "No watermark was taken when the last stage was read, so everything was compared."
    words = (
        "A signal is a date or an id behind the watermark (with its overlap), or a small table that is compared whole. "
        "Changed: those of its tickets that differ from what is staged, bodies of messages included. "
    )
    if found.compared:
        words += "Then everything but the bodies of messages was compared: its line shows what no signal led to."
    else:
        words += "What leaves no trace is found at the cutover, where everything is compared."
    missing = [f"{signal} ({why})" for signal, why in found.candidates.unavailable.items()]
    return words + (f" Not available: {', '.join(missing)}." if missing else " Every signal was available.")


def verified_again(result: CutoverResult) -> Html:
    """Return the reconciliation after the delta, and the accounts; after a rehearsal there is none."""
    found = result.reconciliation
    if found is None:
        return pages.note("A rehearsal verifies nothing.")
    return pages.join(
        [
            reconcile_status(found),
            reconcile_counts(found.reconciliation, found.accounts),
            accounts_table(found.accounts),
            accounts_chart(found.accounts),
            findings_table(found.reconciliation),
        ]
    )


def conflicts(report: LoadReport) -> Html:
    """Return what a load left alone, or left behind: changed or refused in Gorgias, or gone from the source since.

    That is nothing mostly; then nothing is shown.
    """
    found = report.conflicts
    if not found:
        return pages.join([])
    more = [f"and {len(found) - LISTED:,} more"] if len(found) > LISTED else []
    shown = [mask_text(words) for words in found[:LISTED]]
    return pages.join([pages.heading("Left by this load", 3), pages.bullets([*shown, *more])])
