"""What notebook 90 shows, and the page that is signed: what goes, what stays and why, what cannot be undone, the proof.

Nobody's name is in it: things are told by their ids in Gorgias and by the keys of their records in SmarterTrack.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from migrator_lib import pages
from migrator_lib.csv_file import write_csv
from migrator_lib.engagement import Engagement
from migrator_lib.objects import KB_ARTICLE, KNOWLEDGE, OBJECTS, find
from migrator_lib.pages import Html
from migrator_lib.quiet import PRODUCTION
from migrator_lib.quiet import pages as quiet_pages
from migrator_lib.rollback.context import OBJECTS_OF
from migrator_lib.rollback.inventory import KINDS
from migrator_lib.rollback.plan import Plan, Planned
from migrator_lib.rollback.proof import Proof
from migrator_lib.rollback.rolling import LISTED, Blast
from migrator_lib.rollback.step import Result

ALWAYS = (
    "Custom fields are archived, with the values that they had.",
    "Statistics and events keep their traces of the import and of its removal.",
    "Numbers of tickets and ids are used up: a later load gets new ones, and links to the old ones lead nowhere.",
)
OF_USERS = (
    "Users that were made are deactivated. A later load takes them up as they are; an admin activates them again.",
    "If Gorgias mailed invitations to users that were made, they cannot be called back.",
)
"""What the contract cannot undo (developers.gorgias.com: delete-ticket, update-custom-field, update-user)."""
PROTECTED_FILE, PAGE_FILE = "roll_back{more}_protected.csv", "roll_back{more}.html"


def status(result: Result) -> Html:
    """Return the status line."""
    blast, proof = result.blast, result.proof
    if result.executed and proof is not None:
        return _status_of_proof(result, proof)
    if blast.state == "under way":
        return pages.status(
            "A roll-back was begun, and is not finished.", "bad",
            detail=f"{blast.to_remove:,} things are still to go. Until then nothing can be loaded.",
        )  # fmt: skip
    if blast.nothing:
        done = f" Everything was taken out, and proven, on {_day(proof.at)}." if proof else ""
        return pages.status(f"There is nothing to roll back.{done}", "good")
    words = f"Rehearsal: {blast.to_remove:,} things would be removed, {blast.protects:,} would stay. "
    return pages.status(f"{words}Nothing was written.", "warn" if blast.protects else "good")


def _status_of_proof(result: Result, proof: Proof) -> Html:
    if proof.wrong:
        return pages.status(
            f"Rolled back, but {proof.wrong:,} things are not as they were, and nobody knows why.", "bad",
            detail="They are listed below. Look at them in Gorgias.",
        )  # fmt: skip
    kept = f" {result.blast.protects:,} things stay, since somebody touched or uses them." * bool(result.blast.protects)
    words = f"Rolled back: {result.removed:,} things were removed.{kept}"
    if proof.no_snapshot:
        detail = f"What else is in the account could not be compared with what was: {proof.no_snapshot}."
        return pages.status(words, "warn", detail=detail)
    detail = "The account is as it was before the load, apart from what is listed below."
    return pages.status(words, "good", detail=detail)


def blast_radius(blast: Blast) -> Html:
    """Return what goes and what stays, by kind."""
    titles = {obj.name: obj.title for obj in OBJECTS}
    rows = [
        {
            "In Gorgias": KINDS[kind],
            "From": ", ".join(titles[name] for name in OBJECTS_OF[kind]),
            "Goes": one.get("remove", 0),
            **({"of these gone by now": one.get("removed", 0)} if blast.state != "planned" else {}),
            "Stays": one.get("protect", 0),
            "Was gone already": one.get("gone", 0),
            "How": find(OBJECTS_OF[kind][0]).undo,
        }
        for kind, one in blast.counts.items()
        if one
    ]
    if blast.articles.goes or blast.articles.stays:
        rows.append(
            {
                "In Gorgias": "Help Center articles and categories", "From": ", ".join(one.title for one in KNOWLEDGE),
                "Goes": blast.articles.goes, "Stays": blast.articles.stays, "How": KB_ARTICLE.undo,
            }
        )  # fmt: skip
    return pages.table(rows, caption="What the load made", empty="The load made nothing that is still there.")


def protected(blast: Blast) -> Html:
    """Return what is protected: reasons with numbers, then the first things."""
    if not blast.protects:
        return pages.note("Nothing is protected: nobody has touched what was loaded.")
    rows = [{"In Gorgias": KINDS[kind], "Why it stays": reason, "Number": n} for kind, reason, n in blast.reasons]
    each = [_row(item) for item in blast.protected]
    parts: list[Html] = []
    if rows:
        is_more = sum(n for _, _, n in blast.reasons) > len(each)
        more = pages.note(f"The first {LISTED}; the CSV file has all.") if is_more else ""
        parts = [pages.table(rows, caption="Protected"), pages.folded("Each of them", more, pages.table(each))]
    if blast.articles.words:
        parts += [pages.paragraph("Of the knowledge base:"), pages.bullets(blast.articles.words)]
    return pages.join(parts)


def _row(item: Planned) -> dict[str, object]:
    return {
        "In Gorgias": KINDS[item.kind], "Id": str(item.id), "Object": item.object.replace("_", " "),
        "Key in SmarterTrack": item.source_key, "Why it stays": item.reason,
    }  # fmt: skip


def cannot_be_undone(blast: Blast) -> Html:
    """Return what stays whatever is done."""
    files = f"{pages.counted(blast.files, 'uploaded file')} stay in Gorgias' storage, which deletes none."
    return pages.bullets([files, *ALWAYS, *(OF_USERS if blast.counts.get("users") else ())])


def window() -> Html:
    """Return what is looked at again before something is removed, and what that cannot see."""
    return pages.note(
        "Before each batch (100 things at most) is removed it is read again, and what somebody touched since this list "
        "was made stays. What happens in the seconds between that look and the removal, or in the minutes that a job "
        "takes, is not seen: have agents stay away from the migrated tickets while it runs."
    )


def side_effects(result: Result) -> Html:
    """Return what had been switched off, and what became of it."""
    if result.executed:
        return quiet_pages.restored(result.restored)
    if not result.blast.off:
        return pages.note("Nothing is switched off in the account because of the migration.")
    return pages.join(
        [pages.paragraph("Switched off because of the migration; it is put back:"), pages.bullets(result.blast.off)]
    )


def proof(result: Result) -> Html:
    """Return the comparison with the snapshot; before a roll-back, what it will be compared with."""
    found, blast = result.proof, result.blast
    if found is None:
        if blast.no_snapshot:
            return pages.note(f"There will be nothing to compare the account with: {blast.no_snapshot}.")
        return pages.note(f"It will be compared with the snapshot of {_day(blast.snapshot_at)}, thing by thing.")
    rows = [
        {
            "In Gorgias": KINDS[one.kind], "Before": one.before, "Now": one.after, "The same": one.same,
            "Differ, explained": sum(one.explained.values()), "Differ, unexplained": one.wrong,
            "wrong": bool(one.wrong),
        }
        for one in found.kinds
    ]  # fmt: skip
    caption = f"The account on {_day(found.at)}, compared with the snapshot of {_day(found.snapshot_at)}"
    if found.no_snapshot:
        caption = f"The account on {_day(found.at)}; no snapshot ({found.no_snapshot})"
        rows = [{**row, "Before": None, "The same": None} for row in rows]
    return pages.join([pages.table(rows, caption=caption, different="wrong"), *_explanations(found)])


def _explanations(found: Proof) -> Iterator[Html]:
    why = [{"In Gorgias": KINDS[one.kind], "Why it differs": words, "Number": n}
           for one in found.kinds for words, n in one.explained.items()]  # fmt: skip
    if why:
        yield pages.table(why, caption="Explained")
    if found.listed:
        each = [{"In Gorgias": KINDS[kind], "Id": str(thing), "What": words} for kind, thing, words in found.listed]
        yield pages.table(each, caption="Unexplained")


def write(engagement: Engagement, result: Result) -> list[Path]:
    """Write the page that is signed, and the list of all that is protected; return the files.

    Raises:
        StorageError: the disk is full or does not let us.
    """
    more = "" if result.account == PRODUCTION else f"_{result.account}"
    page = engagement.paths.documents / PAGE_FILE.format(more=more)
    listed = engagement.paths.documents / PROTECTED_FILE.format(more=more)
    parts = [
        status(result), pages.heading("What goes"), blast_radius(result.blast), window(),
        pages.heading("What stays, since somebody touched or uses it"), protected(result.blast),
        pages.heading("What cannot be undone"), cannot_be_undone(result.blast),
        pages.heading("What is put back"), side_effects(result),
        pages.heading("The proof"), proof(result), _digest(result.blast),
    ]  # fmt: skip
    title = f"Roll-back of the {result.account} account"
    subtitle = f"{engagement.parameters.company}, engagement “{engagement.name}”: what the migration made in Gorgias."
    pages.write(page, pages.page(title, *parts, subtitle=subtitle))
    plan = Plan(engagement.paths.state / f"roll_back_{result.account}.sqlite3")
    try:
        columns = ("in_gorgias", "id", "object", "key_in_smartertrack", "why_it_stays")
        rows = ((i.kind, i.id, i.object, i.source_key, i.reason) for i in plan.items(decision="protect"))
        write_csv(listed, columns, rows)
    finally:
        plan.close()
    return [page, listed]


def _digest(blast: Blast) -> Html:
    return pages.note("A signature is bound to this list: ", pages.code(blast.digest), ".")


def how_to_go_on(engagement: Engagement, result: Result) -> Html:
    """Return what to type next."""
    name, account = engagement.name, result.account
    more = "" if account == PRODUCTION else f" -p account={account}"
    run = pages.code(f"migrator run {name} --only 90{more} --execute")
    if result.blast.nothing or (result.executed and not result.blast.to_remove):
        return pages.paragraph("To load everything anew: ", pages.code(f"migrator run {name} --execute"), ".")
    if account != PRODUCTION:
        return pages.paragraph("To carry it out: ", run, ". The sandbox holds nothing but the sample.")
    state = engagement.gate_state("roll_back")
    if state.state == "met":
        return pages.paragraph(f"Signed by {state.by} on {_day(state.on)}. To carry it out: ", run, ".")
    sign = pages.code(f'migrator sign {name} roll_back --by "YOUR NAME"')
    return pages.paragraph("If this is to be done, somebody signs it: ", sign, ", and then ", run, ".")


def _day(moment: str) -> str:
    """Return an ISO moment as people read it."""
    if not moment:
        return "an unknown day"
    return f"{datetime.fromisoformat(moment):%Y-%m-%d %H:%M} UTC"
