"""The proofs for people: what was asked of the sandbox, what it answered, and what follows."""

from __future__ import annotations

from migrator_lib import pages
from migrator_lib.pages import Html, Tone
from migrator_lib.proofs.asking import Proofs, Standing
from migrator_lib.proofs.catalogue import FOR_PEOPLE

TONES: dict[str, Tone] = {"expected": "good", "other": "warn", "not answered": "bad", "not asked": "plain"}


def summary(found: Proofs) -> Html:
    """Return in a line what was asked, and what came of it."""
    n = len(found.standings)
    if found.rehearsal:
        return pages.note(f"Rehearsal: {n} questions would be put to the sandbox account; nothing was asked.")
    other = sum(1 for one in found.standings if one.answer and one.answer.answer == "other")
    closing = [one.probe.name for one in found.standings if one.closes]
    missed = [one.probe.name for one in found.standings if one.is_missed]
    words = [f"{n} questions, {found.asked} of them asked now in {found.calls} calls. "]
    words += [f"{other} were answered otherwise than expected: what follows stands beside them. "] if other else []
    words += [f"Nothing can be loaded, since of: {', '.join(closing)}. "] if closing else []
    words += [f"Not answered, and needed: {', '.join(missed)}. "] if missed else []
    words += [f"Could not be removed: {'; '.join(found.left)}. "] if found.left else []
    return pages.paragraph(*words)


def table(found: Proofs) -> Html:
    """Return every question with what was expected, the answer, what follows from it, and when it was asked."""
    rows = [_row(one) for one in found.standings]
    return pages.table(rows, caption="Asked of the sandbox account, since the documentation leaves it open")


def _row(one: Standing) -> dict[str, object]:
    probe, answer = one.probe, one.answer
    said: object = "not asked yet"
    if answer is not None:
        tone: Tone = "bad" if one.closes else TONES[answer.answer]
        said = pages.join([pages.badge(answer.answer, tone), f" {answer.seen}"])
    by = f" ({answer.by})" if answer is not None and answer.by != "a probe" else ""
    return {
        "question": pages.join([probe.question, " ", pages.code(probe.name)]),
        "expected": probe.expects,
        "answer": said,
        "what follows": _follows(one),
        "date": f"{answer.at[:10]}{by}" if answer else "",
    }


def _follows(one: Standing) -> str:
    if one.answer is None or one.answer.answer == "not answered":
        return f"If otherwise: {one.probe.otherwise}"
    return one.probe.otherwise if one.answer.answer == "other" else "Nothing changes."


def details(found: Proofs) -> Html:
    """Return why each question is asked and by which requests, and what no request can tell."""
    rows = [
        {"probe": pages.code(one.probe.name), "why it matters": one.probe.matters, "what it does": one.probe.does}
        for one in found.standings
    ]
    people = [pages.join([question, " ", advice]) for question, advice in FOR_PEOPLE.items()]
    return pages.folded(
        "Why each question is asked, and what it does",
        pages.table(rows),
        pages.note(
            "Every probe works on synthetic tickets of a synthetic customer, which are removed again. Files that were "
            "uploaded stay, since Gorgias deletes none, and one archived custom field does. To answer in a probe's "
            "place, or to go against its answer: target.proofs in engagement.yaml."
        ),
        pages.heading("What only a person can see", 3),
        pages.bullets(people),
    )
