"""The sample for people: parts for notebook 03, and the page that is shared, which holds no body and no address."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from migrator_lib import pages
from migrator_lib.engagement import Engagement
from migrator_lib.masking import mask_text
from migrator_lib.pages import Html
from migrator_lib.sample import confidence
from migrator_lib.sample.choice import Choice
from migrator_lib.sample.required import Requirement
from migrator_lib.sample.review_page import links, review_page
from migrator_lib.sample.reviewer import Review, Reviewed
from migrator_lib.sample.rows import RecordRows, mapping_line, not_moved
from migrator_lib.sample.sampling import digest
from migrator_lib.sample.verdicts import Progress, progress

REVIEW_FILE = "sample_review.html"
FULL_FILE = "sample_review_full.html"
VERDICTS_FILE = "sample_verdicts.json"
NOT_IN_IT = (
    "Articles of the knowledge base are not in the sample. Where they go by the package, notebook 05 writes it, and an "
    "admin reads each article there before importing it (documents/help_center/README.html); where they go by the API, "
    "notebook 06 compares every one."
)


# --- parts for the notebook ----------------------------------------------------------------------------


def required(requirement: Requirement) -> Html:
    """Return whether a sample has to be reviewed, and why."""
    return pages.paragraph(requirement.words)


def choice_table(choice: Choice) -> Html:
    """Return which records were chosen, and why; and the kinds that the source has none of."""
    drawn = [_named(name) for name in choice.reasons if choice.is_random(name)]
    rows = [
        {"record": _named(name), "chosen for": ", ".join(kinds)}
        for name, kinds in choice.reasons.items()
        if not choice.is_random(name)
    ]
    n = len(choice.reasons)
    by_chance = pages.paragraph(f"Drawn at random: {', '.join(drawn)}.") if drawn else ""
    missing = pages.note("None in the source: " + ", ".join(choice.not_found) + ".") if choice.not_found else ""
    caption = f"{len(rows)} of {n} records, each chosen for being hard"
    table = pages.table(rows, caption=caption, empty="no sample is moved.")
    return pages.join([table, by_chance, missing, pages.note(NOT_IN_IT)])


def _named(name: str) -> str:
    kind, _, key = name.partition(":")
    return f"{kind.replace('_', ' ')} {key}"


def status(review: Review) -> Html:
    """Return the status line: how many records are as they were meant."""
    n = len(review.records)
    if n == 0:
        return pages.status("No sample was moved.", "warn")
    if review.rehearsal:
        return pages.status(f"Rehearsal: {n} records were chosen and made ready; nothing was loaded.", "warn")
    if review.right == n:
        return pages.status(f"All {n} records of the sample are as they were meant.", "good")
    return pages.status(f"Not as they were meant: {n - review.right} of {n} records.", "bad")


def tiles(review: Review) -> Html:
    """Return the numbers of the sample."""
    return pages.tiles(
        {
            "records": len(review.records),
            "as meant": review.right,
            "left out by a rule": sum(one.outcome.startswith("left out") for one in review.records),
            "messages and notes": sum(len(one.parts) for one in review.records),
            "fields that differ": sum(len(one.all_differences) for one in review.records),
        }
    )


def differences(review: Review) -> Html:
    """Return what differs, and the line of mapping.yaml that decides it; also records that could not move."""
    rows = [
        {
            "record": _named(one.name),
            "field": difference.field,
            "meant": difference.expected,
            "in Gorgias": difference.actual,
            "decided by": mapping_line(one, difference.field, review.lookups) or "no line of mapping.yaml",
        }
        for one in review.records
        for difference in [*not_moved(one), *one.all_differences]
    ]
    return pages.table(rows, caption="What differs", empty="Nothing differs.")


def what_it_tells(engagement: Engagement, review: Review) -> Html:
    """Return what the sample says about all records."""
    if review.rehearsal or not review.records:
        return pages.paragraph("Nothing was loaded, so nothing can be said.")
    standing = reviewed_so_far(engagement)
    drawn, _ = standing.drawn
    more = confidence.caveat(len(review.records) - drawn, drawn, review.population) if drawn else ""
    return pages.paragraph(f"{standing.told} {more}")


# --- what people found ---------------------------------------------------------------------------------


def reviewed_so_far(engagement: Engagement) -> Progress:
    """Return how far people are with the sample.

    Raises:
        ParameterError: the file of verdicts holds something else.
    """
    return progress(engagement.ledger, engagement.paths.state / VERDICTS_FILE, engagement.name)


def verdicts(engagement: Engagement, review: Review) -> Html:
    """Return how far the review is, and what was found wrong: the line to change, and no remark, which may quote."""
    if review.rehearsal or not review.records:
        return Html("")
    standing = reviewed_so_far(engagement)
    tone: pages.Tone = "bad" if standing.wrong else "warn" if standing.unseen else "good"
    rows = [
        {"record": one.name, "change": said.line or "see the remark", "by": said.by} for one, said in standing.wrong
    ]
    found = pages.table(rows, caption="Found wrong", empty="nothing.") if rows else ""
    return pages.join([pages.status(f"People: {standing.words}.", tone), found])


def how_to_sign(engagement: Engagement, review: Review) -> Html:
    """Return how to review, where the gate stands, and the command that signs."""
    if review.rehearsal:
        return pages.paragraph(f"The sample is loaded into the {engagement.sample_account} account with: ",
                               pages.code(f"migrator run {engagement.name} --only 03 --execute"))  # fmt: skip
    state = engagement.gate_state("sample")
    if state.state == "met":
        remark = f" Their note: {state.note}." if state.note else ""
        return pages.paragraph(f"Signed by {state.by} on {state.on[:10]}.{remark} Notebook 05 may load.")
    return pages.join([_steps(engagement), pages.note(f"Where the gate stands: {state.reason or state.state}.")])


def _steps(engagement: Engagement) -> Html:
    name = engagement.name
    return pages.tag(
        "ol",
        pages.join(
            pages.tag("li", pages.join(words))
            for words in (
                [pages.code(f"migrator review {name}"), " opens both sides of every record in your browser; it prints "
                 "the address."],
                ["Compare as an agent would. Mark each record right (R) or wrong (W); for a wrong one choose the line "
                 "of mapping.yaml that should change, and say why. It is saved at once, and you may stop and go on."],
                ["If something is wrong: change that line, sign the mapping, run notebook 03 again. Only what changed "
                 "is to be looked at again."],
                ["If all is right: ", pages.code(f'migrator sign {name} sample --by "NAME"'), ". Notebook 05, which "
                 "loads everything, waits for it."],
            )
        ),
    )  # fmt: skip


# --- the pages -----------------------------------------------------------------------------------------


def write_pages(engagement: Engagement, review: Review) -> list[Path]:
    """Write the page that is shared and the one that is reviewed; return their paths."""
    full = review_page(engagement, review, digest(review), how_to_sign(engagement, review))
    return [
        pages.write(engagement.paths.documents / REVIEW_FILE, _shared_page(engagement, review)),
        pages.write(engagement.paths.state / FULL_FILE, full),
    ]


def _shared_page(engagement: Engagement, review: Review) -> str:
    return pages.page(
        "Sample review",
        status(review),
        tiles(review),
        verdicts(engagement, review),
        how_to_sign(engagement, review),
        pages.note(
            "Here people are masked, and bodies are shown as their length and a fingerprint: equal fingerprints are "
            "equal texts. Those who may read tickets find both sides in full by ",
            pages.code(f"migrator review {engagement.name}"),
            f", or in state/{FULL_FILE}.",
        ),
        pages.heading("What differs"),
        differences(review),
        pages.heading("What the sample tells"),
        what_it_tells(engagement, review),
        pages.heading("Records"),
        _contents(review),
        *(_record(engagement, review, one) for one in review.records),
        subtitle=f"{engagement.parameters.company}: records in SmarterTrack beside what they became in the "
        f"{engagement.sample_account} account.",
    )


def _contents(review: Review) -> Html:
    rows = [
        {
            "record": pages.link(f"#{_anchor(one)}", one.title),
            "chosen for": ", ".join(one.reasons),
            "outcome": _badge(one),
            "parts": len(one.parts),
            "differ": len(one.all_differences),
        }
        for one in review.records
    ]
    missing = pages.note("None in the source: " + ", ".join(review.not_found) + ".") if review.not_found else ""
    return pages.join([pages.table(rows, empty="no sample is moved."), missing, pages.note(NOT_IN_IT)])


def _anchor(reviewed: Reviewed) -> str:
    return reviewed.name.replace(":", "-").replace("_", "-")


def _badge(reviewed: Reviewed) -> Html:
    if not reviewed.is_right:
        return pages.badge("differs" if reviewed.all_differences else mask_text(reviewed.outcome), "bad")
    return pages.badge(reviewed.outcome, "plain" if reviewed.outcome.startswith("left out") else "good")


def _record(engagement: Engagement, review: Review, reviewed: Reviewed) -> Html:
    rows = RecordRows(review, reviewed)
    thread = pages.table(rows.thread(), caption="Thread", different="differs", empty="No part of it moves.")
    body: list[object] = [
        pages.tag("h3", reviewed.title, id=_anchor(reviewed)),
        pages.paragraph(
            _badge(reviewed), " ", f"Chosen for: {', '.join(reviewed.reasons)}. ", *links(engagement, reviewed)
        ),
    ]
    if reviewed.expected is not None:
        folds = len(reviewed.parts) > 12 and not any(part.differences for part in reviewed.parts)
        fields = pages.table(_without_field(rows.fields()), different="differs")
        body += [fields, pages.folded("Thread", thread) if folds else thread]
    return pages.join(body)


def _without_field(rows: Sequence[dict[str, object]]) -> list[dict[str, object]]:
    return [{name: value for name, value in row.items() if name != "field"} for row in rows]
