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
    """Return what a person should look at: questions that were answered otherwise, or not at all, and what follows.

    The others are folded, with what is expected.
    """
    waiting = [one for one in found.standings if one.answer is None]
    usual = [one for one in found.standings if one.answer and one.answer.answer == "expected"]
    odd = [one for one in found.standings if one not in waiting and one not in usual]
    rows = [{"question": _question(one), "answer": _said(one), "what follows": _follows(one)} for one in odd]
    shown = pages.table(rows, caption="Answered otherwise than expected, or not at all", empty="none.")
    return pages.join(
        [
            *([] if len(waiting) == len(found.standings) else [shown]),
            _folded("Not asked yet", waiting),
            _folded("Answered as expected", usual),
        ]
    )


def _folded(title: str, some: list[Standing]) -> Html:
    rows = [{"question": _question(one), "expected": one.probe.expects, "answer": _said(one)} for one in some]
    return pages.folded(f"{title}: {len(rows)}", pages.table(rows)) if rows else Html("")


def _question(one: Standing) -> Html:
    return pages.join([one.probe.question, " ", pages.code(one.probe.name)])


def _said(one: Standing) -> object:
    """Return an answer, who gave it, and when."""
    answer = one.answer
    if answer is None:
        return "not asked yet"
    tone: Tone = "bad" if one.closes else TONES[answer.answer]
    by = [answer.by] if answer.by != "a probe" else []
    told = ", ".join([*by, *([answer.at[:10]] if answer.at else [])])
    return pages.join([pages.badge(answer.answer, tone), f" {answer.seen}" + (f" ({told})" if told else "")])


def _follows(one: Standing) -> str:
    if one.answer is not None and one.answer.answer == "other":
        return one.probe.otherwise
    if one.answer is not None and one.answer.answer == "not asked":
        return "Nothing changes."
    return f"If it is otherwise: {one.probe.otherwise}"


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
