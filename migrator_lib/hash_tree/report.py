"""The roots of a hash tree for people: in the notebooks that verify, and on the engagement's page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from migrator_lib import pages
from migrator_lib.hash_tree.files import FOLDER, ObjectRoots, Roots
from migrator_lib.pages import Html

SHOWN = 12
"""Digits of a root in the table; all of them stand in its title and below."""
MEANING = (
    "Of each record that was compared, every field went into a keyed digest, and all records of an object into one "
    "hash, the root: once of what should be in Gorgias, once of what was read back. Were one field of one record "
    "changed, or a record dropped, added or moved, its root would be another. Where both are the same, everything is "
    "as it should be."
)
LEFT_OUT = (
    "Records that were in Gorgias before (matched), were merged or skipped by a rule, are handed over or in quarantine "
    "are not under a root: the accounts tell of each. Where more may stand in Gorgias without being wrong, such as a "
    "choice that somebody added to a field, it counts as it was read."
)


def proof(roots: Roots | None, engagement: str) -> Html:
    """Return the roots as a table, what they mean, and how anybody checks them; after a rehearsal there are none."""
    if roots is None:
        return pages.note("A rehearsal verifies nothing, so there are no roots.")
    return pages.join([pages.paragraph(MEANING), *told(roots.summary(), engagement)])


def told(kept: Mapping[str, Any], engagement: str) -> Iterator[Html]:
    """Yield the roots and what belongs to them, of :meth:`Roots.summary`."""
    roots = Roots.from_json(kept)
    same = roots.expected == roots.actual
    over = f"Root over all {pages.counted(roots.records, 'record')}: " if same else "Root as it should be: "
    yield pages.paragraph(over, pages.code(roots.expected), ", the same on both sides." if same else "; as read back: ",
                          *([] if same else [pages.code(roots.actual), "."]))  # fmt: skip
    caption = f"Roots, as of {roots.at[:16].replace('T', ' ')} UTC"
    yield pages.table([_row(one, same) for one in roots.objects], caption=caption, different="different")
    full = [{"Object": one.title, "As it should be": pages.code(one.expected), **_other(one)} for one in roots.objects]
    yield pages.folded("Roots in full", pages.table(full, caption="Roots, 64 digits each"))
    yield pages.folded("What is under a root, and how to check it", pages.bullets(_how(roots, engagement)))


def _row(one: ObjectRoots, all_same: bool) -> dict[str, object]:
    read = pages.badge("the same", "good") if one.same else _short(one.actual)
    told = {"Object": one.title, "Records": one.records, "As it should be": _short(one.expected), "As read back": read}
    return told if all_same else {**told, "Differ": one.differ, "Why": why(one), "different": not one.same}


def _other(one: ObjectRoots) -> dict[str, object]:
    return {"As read back": pages.badge("the same", "good") if one.same else pages.code(one.actual)}


def why(one: ObjectRoots) -> str:
    """Return in words what the verification says of the records that differ."""
    from migrator_lib.reconcile.result import CHANGED, WRONG  # with all that verifies, which no check of files needs

    if not one.differ:
        return ""
    wrong = sum(one.states.get(state, 0) for state in WRONG)
    numbers = {
        "changed in Gorgias since": one.states.get(CHANGED, 0),
        "not as they should be": wrong,
        "differ only in what this account does by itself": one.by_account,
    }
    found = [f"{n:,} {words}" for words, n in numbers.items() if n]
    return ", ".join(found) or "what Gorgias or people did to records that stay as they are"


def _short(root: str) -> Html:
    return pages.tag("code", f"{root[:SHOWN]}…", title=root)


def _how(roots: Roots, engagement: str) -> Iterator[object]:
    yield LEFT_OUT
    check, prove = (f"migrator hash-tree {what}" for what in (f"check {engagement}", f"prove {engagement} ticket:KEY"))
    yield pages.join(
        [f"The lines of all records are in {FOLDER}/: their keys, and digests that tell no value. They and the roots "
         "are checked, from the files alone, by ", pages.code(check), ", and within an evidence bundle by ",
         pages.code("migrator verify BUNDLE"), "."]
    )  # fmt: skip
    yield pages.join(["That one record is under a root shows ", pages.code(prove), ". A customer of whom only an "
                      "address or a number is known has a key there (", pages.code("xe…"), ", ", pages.code("xp…"),
                      ") that nobody guesses from it."])  # fmt: skip
    yield (
        f"The roots stand in the ledger's journal, behind its row {roots.ledger_rows:,}, so that its chain holds them. "
        f"The digests' secret stays with the ledger; its sign is {roots.secret_id}."
    )
