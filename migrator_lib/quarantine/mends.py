"""Reasons of quarantine, and what mends each: the one place that says so, for pages, notebooks and the command line."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from migrator_lib.gorgias.transport import TRY_ANEW
from migrator_lib.ledger import Entry
from migrator_lib.masking import mask_text
from migrator_lib.parameters import Parameters
from migrator_lib.reconcile.accounts import NO_TICKET, UNREADABLE

NEXT = "\nNext: "
"""Between a reason and what its error says is to be done."""
REREAD = "--reread"


@dataclass(frozen=True)
class Kind:
    """A kind of reason."""

    words: str
    mended_in: str
    advice: str
    """What to do; ``{engagement}``, ``{files_root}`` and ``{limit}`` stand for those of the engagement."""
    rule: str = ""
    """The rule that an entry of this kind carries, where it carries one."""
    pattern: str = ""
    """What the reason holds, where no rule tells it."""
    retry: str = "--execute"
    """Options of ``migrator retry``; empty where no new try helps, since its record has to be staged whole first."""

    def fits(self, rule: str, reason: str) -> bool:
        """Whether an entry with this rule and reason is of this kind."""
        return bool(self.rule and self.rule == rule) or bool(self.pattern and re.search(self.pattern, reason))


STAGED_ANEW = "migrator run {engagement} --only 04 --execute -p delta=true stages it, and the next load takes it up"
KINDS = (
    Kind("hangs on a ticket that is not there", "SmarterTrack",
         f"restore its ticket, chat or call in SmarterTrack, then {STAGED_ANEW}. Where that is gone for good, it stays "
         "here as the account of what was orphaned.", rule=NO_TICKET, retry=""),
    Kind("cannot be read", "SmarterTrack",
         f"correct the column that the reason names, then {STAGED_ANEW}.", rule=UNREADABLE, retry=""),
    Kind("file is not there", "the files root",
         "it was looked for by its name on disk in {files_root} and all folders below it: restore it there from a "
         "backup of SmarterTrack's data, then try again with --reread.",
         pattern="is not below the files root", retry=f"{REREAD} --execute"),
    Kind("several files may be it", "the files root",
         "move the files of that name that belong to nothing out of {files_root}, then try again with --reread.",
         pattern="files have its name on disk", retry=f"{REREAD} --execute"),
    Kind("file is damaged or was replaced", "the files root",
         "restore it below {files_root} from a backup that is older than the damage, then try again with --reread.",
         pattern="checksum and length differ|not what it was when it was indexed", retry=f"{REREAD} --execute"),
    Kind("file cannot be read", "the files root",
         "give the user who runs this the right to read it, then try again with --reread.",
         pattern="its file cannot be read", retry=f"{REREAD} --execute"),
    Kind("file is too large", "engagement.yaml",
         "the largest file that is tried has {limit:,} bytes. If the sandbox proved that Gorgias takes more, raise "
         "target.upload_limit_bytes; else hand the file over by another way, and leave it here.",
         pattern="larger than target.upload_limit_bytes"),
    Kind("too large for one call", "SmarterTrack",
         "shorten the text, or remove what is inside it, then try again with --reread.",
         pattern=r"with 413:", retry=f"{REREAD} --execute"),
    Kind("waits for another record", "quarantine",
         "mend and retry the record that the reason names: what waits for it is tried with it.",
         pattern=r"\(\w+:[^)]+\) is not in Gorgias"),
    Kind("not in the mapping", "mapping.yaml",
         "run notebook 02 again, answer what it asks in mapping.yaml, have the mapping signed, then try again.",
         pattern=r"mapping\.yaml|fields are mapped"),
    Kind("agent without a valid address", "SmarterTrack",
         f"give the agent an e-mail address in SmarterTrack, then {STAGED_ANEW}.",
         pattern="no valid e-mail address", retry=""),
    Kind("date is missing or has not come yet", "SmarterTrack",
         "correct the date in SmarterTrack (or this machine's clock, if it is slow), then try again with --reread.",
         pattern="DateOpenedUTC|no date of its start|has not come yet|in the future", retry=f"{REREAD} --execute"),
    Kind("article leads to none", "SmarterTrack",
         f"let the article forward to one that moves, then {STAGED_ANEW}.",
         pattern="it forwards|it has no language", retry=""),
    Kind("Gorgias did not answer for it", "Gorgias",
         "try again when Gorgias' status page shows nothing: what was sent is looked up first.",
         pattern="fails on it|failed (on it )?\\d+ times"),
    Kind("a value that Gorgias would not take", "SmarterTrack or mapping.yaml",
         "mend the value at the place that the reason names, in SmarterTrack (then with --reread) or in what becomes "
         "of it in mapping.yaml, and try again.", pattern="Gorgias would not take it|JSON has not",
         retry=f"{REREAD} --execute"),
    Kind("refused by Gorgias", "SmarterTrack, mapping.yaml or Gorgias",
         "Gorgias' own words are the reason. Mend what they mind in SmarterTrack (then with --reread), in "
         "mapping.yaml, or in the account, and try again.", pattern="Gorgias answered", retry=f"{REREAD} --execute"),
    Kind("something else", "as the reason says", "mend what the reason says, then try again.", pattern=""),
)  # fmt: skip
"""From the particular to the general; the last one fits everything."""


@dataclass(frozen=True)
class Mend:
    """What is known of one reason."""

    kind: Kind
    reason: str
    """Addresses masked."""
    advice: str


def mender(parameters: Parameters, limit: int) -> Callable[[Entry], Mend]:
    """Return what tells what mends an entry.

    Args:
        parameters: of the engagement.
        limit: largest file that is tried, bytes.
    """
    root = parameters.source.files_root or "the files root"

    def mend(entry: Entry) -> Mend:
        reason, _, own = mask_text(entry.reason or "").partition(NEXT)
        kind = kind_of(entry.rule or "", reason)
        advice = kind.advice.format(engagement=parameters.engagement, files_root=root, limit=limit)
        return Mend(kind, reason, advice if own in ("", TRY_ANEW) else own)

    return mend


def kind_of(rule: str, reason: str) -> Kind:
    """Return the kind of a reason: the first that fits, or something else."""
    return next((kind for kind in KINDS if kind.fits(rule, reason)), KINDS[-1])
