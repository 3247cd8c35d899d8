"""``README.html`` of a bundle: in plain words what is in it, what is not, and how to check it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from migrator_lib import pages
from migrator_lib.evidence.bundle.contents import Contents
from migrator_lib.evidence.bundle.manifest import LEDGER, MANIFEST, MAPPING, PROGRAM, SIGNOFFS, Json, Profile

WHAT: Sequence[tuple[str, str, str]] = (
    ("index.html", "The migration on one page", "where it stands, the accounts, the gates, and links to the rest"),
    ("runs/", "Reports", "what each step showed when it was done last, as a page"),
    ("accounts/", "Accounts", "what became of every record: a list for each kind of record and outcome"),
    ("quarantine.html", "Quarantine", "what could not be moved, and why"),
    ("documents/", "Documents", "the scope, the plan, and what was handed over for people to do"),
    ("hypercare/", "Hypercare", "what each day after the cutover found"),
    ("hash_tree/", "Hash tree", "a line for every record that was compared, both sides; and the roots over all"),
    ("expectations/", "Expectations", "what staged and loaded data was checked for, and what was found"),
    (MAPPING, "Mapping", "what the source's codes and definitions become, as it was signed"),
    (SIGNOFFS, "Signatures", "who signed what, when, and the hash of what was signed"),
    ("parameters/engagement.yaml", "Parameters", "how it was run; a secret is named there, and never written"),
    ("notebooks/", "Notebooks", "the steps themselves, as they were run"),
    ("summary.json", "Numbers", "those of the first page, for programs"),
    (PROGRAM, "Program", "the version that made all this"),
    (LEDGER, "Ledger", "rows of the ledger's chain that state signatures, steps and roots"),
    (MANIFEST, "Manifest", "every file here with its size and digest"),
)
"""Path, name and words of what a bundle may hold."""


def readme(company: str, profile: Profile, contents: Contents, facts: Json) -> str:
    """Return the page.

    Args:
        company: whose migration it is.
        profile: of the bundle.
        contents: what is in it.
        facts: ``engagement``, ``stated_at``, ``ledger``, ``roots``, ``scan`` and ``unsettled`` of the manifest.
    """
    stated_at = facts["stated_at"][:16].replace("T", " ")
    return pages.page(
        f"Evidence: {company}",
        pages.status("Evidence of the migration from SmarterTrack to Gorgias.", "plain", detail=_profile(profile)),
        *_unsettled(facts["unsettled"]),
        pages.heading("What is in it"),
        pages.table(_rows(contents), caption="Files"),
        *_left_out(profile, contents),
        pages.heading("How to check it"),
        *_checks(facts),
        pages.heading("What was searched for in it"),
        pages.bullets(search_words(facts["scan"])),
        subtitle=f"Engagement “{facts['engagement']}”, as the ledger stated it {stated_at} UTC.",
        footer=f"Bundle for {'sharing' if profile == 'share' else 'the engineer'}.",
    )


def _profile(profile: Profile) -> str:
    if profile == "share":
        return "It may be shared: requesters are masked, and no text of a message is in it. People of the company who "\
               "signed or worked on tickets are named."  # fmt: skip
    return "It is for the people who carry out and review the migration; another one, made with --profile share, is "\
           "for everybody else."  # fmt: skip


def _unsettled(unsettled: Mapping[str, Sequence[str]]) -> list[pages.Html]:
    """Return what did not fit together when the bundle was made: it is told here, and not found later."""
    if not unsettled:
        return []
    lines = [f"{name}: {words}" for name, those in unsettled.items() for words in those]
    detail = "A step is under way, or was given up, since this was counted or signed last. What does not fit together:"
    return [pages.status("Not the end of a migration.", "warn", detail=detail), pages.bullets(lines)]


def _rows(contents: Contents) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for path, name, words in WHAT:
        count = sum(one.startswith(path) if path.endswith("/") else one == path for one in contents.paths)
        if count:
            there = f"{path}index.html" if path.endswith("/") else path
            title = pages.link(there, name) if there in contents.paths else name
            rows.append({"What": title, "Path": pages.code(path), "Files": count, "In words": words})
    return rows


def _left_out(profile: Profile, contents: Contents) -> list[pages.Html]:
    if profile != "share":
        return []
    rows = [{"Files": pages.code(path), "Number": n, "What": words} for path, n, words in contents.left_out]
    words = (
        "Lists that only people need who work in Gorgias, or on the web server, are not in what is shared. A link to "
        "one of them has become plain words."
    )
    return [pages.heading("What is left out, and why"), pages.paragraph(words), pages.table(rows, caption="Left out")]


def _checks(facts: Json) -> list[pages.Html]:
    ledger, name = facts["ledger"], facts["engagement"]
    steps = [
        pages.join(["With this program, from the file alone: ", pages.code("migrator verify BUNDLE --manifest HASH"),
                    ". It needs no account, database or network. HASH was printed when the bundle was made: whoever "
                    "made it tells it to you by another way, such as by telephone or in a letter."]),
        pages.join(["Where the ledger is: ", pages.code(f"migrator verify BUNDLE --ledger {name}"),
                    " asks it whether it noted this bundle."]),
        pages.join(["Without this program: each file's SHA-256 is in ", pages.link(MANIFEST, MANIFEST), "."]),
        pages.join([f"That the company's ledger states the same: row {ledger['rows']:,} of its journal has the hash ",
                    pages.code(ledger["head"]), ". ", pages.code(f"migrator ledger verify {name} --has "
                    f"{ledger['head']}"), " checks that, where the ledger is."]),
    ]  # fmt: skip
    limits = (
        "Without HASH or the ledger only this is shown: that no part of the bundle was altered alone, since everything "
        "in it fits together. Whoever can alter a bundle can also make all of it anew, this page and every digest in "
        "it. So never take HASH from the bundle itself."
    )
    chain = (
        "Of the ledger's chain the bundle holds the rows that state signatures, steps and roots. Each of their hashes "
        "can be computed anew from the row and the hash of the row before it; that nothing else of the chain was "
        "changed only the ledger itself can show."
    )
    return [pages.bullets(steps), pages.paragraph(limits), pages.note(chain)]


def search_words(scan: Json) -> list[str]:
    """Return what was looked for, and by what knowledge, a sentence each."""
    words = ["Secrets: the engagement's own, in whatever form they are written, and what looks like one. None."]
    if "people" not in scan:
        return words
    people, messages = scan["people"], scan["messages"]
    if people is None:
        return [
            *words,
            "E-mail addresses and telephone numbers, by their shape. Masked.",
            "Names of requesters and texts of messages could not be looked for: the staged data is no longer there.",
        ]
    read, of = messages["read"], messages["of"]
    part = "all of them" if read == of else "of long tables every nth"
    return [
        *words,
        f"E-mail addresses by their shape; telephone numbers by their shape and by {people['numbers']:,} known forms; "
        f"names of requesters, of two words or more, by {people['names']:,} known forms. Masked. A single word is not "
        "looked for: it cannot be told from a word of the text.",
        f"Any 40 letters of {read:,} messages and comments of {of:,} ({part}). None.",
    ]
