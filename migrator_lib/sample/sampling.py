"""The sample: a few dozen tickets, chosen to be hard, loaded into the sandbox account and read back before all others.

Where the engagement says so (``target.sample_in_production``) they go into production, and the load adopts them.

A person's signature is bound to :func:`digest`: the mapping, what every ticket became, and what differed. It holds no
Gorgias ids and no times of a run, so loading the same sample again does not void the signature.
"""

from __future__ import annotations

import hashlib
import json
import math

from migrator_lib.adoption import adopt, note_account
from migrator_lib.engagement import Engagement
from migrator_lib.load import Loader, LoadReport, references
from migrator_lib.lookups import Lookups
from migrator_lib.objects import TICKET
from migrator_lib.proofs import asking
from migrator_lib.proofs.asking import Proofs
from migrator_lib.quiet import PRODUCTION, make_quiet, restore
from migrator_lib.rollback.step import before_first_write
from migrator_lib.runbook import extractor, read_files
from migrator_lib.sample.choice import Choice
from migrator_lib.sample.reviewer import Review, Reviewer
from migrator_lib.staging import Staged

STAGE = "sample"
CONFIDENCE = 0.95


def prove(engagement: Engagement, *, again: bool = False, skip_large: bool = False) -> Proofs:
    """Ask the sandbox what the documentation leaves open and was not asked yet. A rehearsal asks nothing.

    Args:
        engagement: of the step 03.
        again: ask everything anew.
        skip_large: leave out what sends megabytes.

    Raises:
        TargetError: the sandbox account cannot be reached or refuses the key.
        GateClosed: something in the sandbox would act on synthetic tickets.
    """
    target = engagement.sample_account
    if not engagement.rehearsal:
        adopt(engagement)
    before_first_write(engagement, target)
    quiet = None if engagement.rehearsal else make_quiet(engagement, target, _known_people(engagement))
    found = asking.ask(engagement, again=again, skip_large=skip_large)
    found.quiet = quiet
    return found


def _known_people(engagement: Engagement) -> Lookups | None:
    """Return who must not get canaries; in a sandbox nobody minds."""
    return engagement.lookups(engagement.staged("definitions")) if engagement.sample_account == PRODUCTION else None


def extract(engagement: Engagement, choice: Choice) -> Staged:
    """Stage the chosen tickets with everything that belongs to them; anew if other tickets are chosen than before.

    Raises:
        SourceError: the source cannot be read, or the files root is not there.
    """
    reader, before = extractor(engagement, STAGE), engagement.ledger.meta("sample_choice")
    if before != choice.ids:
        reader.start_again()
        engagement.ledger.set_meta("sample_choice", choice.ids)
    reader.definitions()
    reader.tickets(choice.ids)
    read_files(engagement, reader)
    return engagement.staged(STAGE)


def load(engagement: Engagement, staged: Staged) -> LoadReport:
    """Load the sample into the sandbox: definitions, the people it needs, the tickets. A rehearsal loads nothing.

    Raises:
        TargetError: the sandbox account cannot be reached or refuses the key.
        ParameterError: the fallback agent is no user of the sandbox.
        GateClosed: something in the sandbox would act on imported tickets.
    """
    if engagement.rehearsal:
        return LoadReport()
    target, lookups = engagement.sample_account, engagement.lookups(staged)
    adopt(engagement)
    make_quiet(engagement, target, lookups)  # as it should be since the proofs; whoever loads without them is safe, too
    note_account(engagement, target)
    records = TICKET.records(staged, lookups)
    needed = references(TICKET.transform(record, lookups) for record in records)
    loader = Loader(
        api=engagement.api(target), target=target, ledger=engagement.ledger, staged=staged, lookups=lookups,
        files_root=engagement.files_root, progress=engagement.progress,
    )  # fmt: skip
    return loader.run(only=needed)


def review(engagement: Engagement, choice: Choice, staged: Staged) -> Review:
    """Read the sample back from the sandbox, compare every field, and keep the digest that a signature is bound to.

    Then what was switched off in the sandbox is put back. A rehearsal compares nothing, and leaves the digest of an
    earlier sample alone.

    Raises:
        TargetError: the sandbox account cannot be read.
    """
    found = Reviewer(engagement, engagement.sample_account, choice, staged).run()
    if not engagement.rehearsal:
        engagement.ledger.set_meta("sample_digest", digest(found))
        found.restored = restore(engagement, engagement.sample_account)
    return found


def digest(review: Review) -> str:
    """Return the hash of what was reviewed: mapping, tickets with their payloads, differences."""
    content = {
        "mapping": review.mapping_hash,
        "tickets": [[ticket.key, ticket.payload_hash or ticket.outcome] for ticket in review.tickets],
        "differences": sorted(review.differences_for_digest()),
    }
    return "sha256:" + hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def upper_bound(wrong: int, n: int, confidence: float = CONFIDENCE) -> float:
    """Return the largest share of wrong tickets that ``wrong`` of ``n`` random ones leave possible.

    The one-sided bound of Clopper and Pearson: the share p at which ``wrong`` or fewer of n would be seen with a
    probability of 1 - confidence. For none wrong it is 1 - (1 - confidence)^(1/n), about 3/n.
    """
    if n == 0 or wrong >= n:
        return 1.0
    low, high = wrong / n, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        seen = sum(math.comb(n, k) * middle**k * (1 - middle) ** (n - k) for k in range(wrong + 1))
        low, high = (middle, high) if seen > 1 - confidence else (low, middle)
    return high


def confidence_statement(review: Review) -> str:
    """Return in words what the random part of the sample tells about all tickets; with the formula."""
    drawn = [ticket for ticket in review.tickets if ticket.is_random]
    wrong, n = sum(not ticket.is_right for ticket in drawn), len(drawn)
    if n == 0:
        return (
            "All tickets were chosen for a reason and none by chance, so nothing can be said about the rest; a larger "
            "sample.size in engagement.yaml adds random ones."
        )
    bound = upper_bound(wrong, n)
    formula = "1 - 0.05^(1/n), about 3/n" if wrong == 0 else "Clopper-Pearson, one-sided"
    return (
        f"{n - wrong} of the {n} tickets drawn at random are right. With {CONFIDENCE:.0%} confidence, at most "
        f"{bound:.1%} of all tickets are wrong ({formula}, n = {n}). The {len(review.tickets) - n} tickets chosen for "
        "being hard are not counted here; notebook 06 compares every ticket, so nothing rests on this estimate alone."
    )
