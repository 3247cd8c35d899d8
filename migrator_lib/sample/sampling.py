"""The sample: a few dozen records that are hard to move, loaded into the sandbox and read back before all others.

Where the engagement says so (``target.sample_in_production``) they go into production, and the load adopts them.

A person's signature is bound to :func:`digest`: the mapping, what every record became, and what differed. It holds no
Gorgias ids and no times of a run, so loading the same sample again does not void the signature.
"""

from __future__ import annotations

import hashlib
import json

from migrator_lib.adoption import adopt, note_account
from migrator_lib.engagement import Engagement
from migrator_lib.load import Loader, LoadReport, references
from migrator_lib.lookups import Lookups
from migrator_lib.objects import CONVERSATIONS
from migrator_lib.proofs import asking
from migrator_lib.proofs.asking import Proofs
from migrator_lib.quiet import PRODUCTION, make_quiet, restore
from migrator_lib.rollback.step import before_first_write
from migrator_lib.runbook import extractor, read_files
from migrator_lib.sample.choice import Choice
from migrator_lib.sample.reviewer import Review, Reviewer
from migrator_lib.sample.verdicts import Sampled, keep
from migrator_lib.staging import Staged

STAGE = "sample"


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
    """Stage the chosen records with everything that belongs to them; anew if others are chosen than before.

    Raises:
        SourceError: the source cannot be read, or the files root is not there.
    """
    reader, before = extractor(engagement, STAGE), engagement.ledger.meta("sample_choice")
    wanted = sorted(choice.reasons)
    if before != wanted:
        reader.start_again()
        engagement.ledger.set_meta("sample_choice", wanted)
    reader.definitions()
    for obj in CONVERSATIONS:
        reader.family(obj.family, choice.ids(obj.name))
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
    records = ((obj, record) for obj in CONVERSATIONS for record in obj.records(staged, lookups))
    needed = references(obj.transform(record, lookups) for obj, record in records)
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
        _keep(engagement, found)
        found.restored = restore(engagement, engagement.sample_account)
    return found


def _keep(engagement: Engagement, found: Review) -> None:
    """Keep what a signature is bound to, and what people say right or wrong to."""
    records = [Sampled(one.name, one.title, one.fingerprint, one.is_random, not one.is_right) for one in found.records]
    keep(engagement.ledger, records, found.population, found.mapping_hash if records else "")
    engagement.ledger.set_meta("sample_digest", digest(found) if records else None)


def digest(review: Review) -> str:
    """Return the hash of what was reviewed: mapping, records with their payloads, differences."""
    content = {
        "mapping": review.mapping_hash,
        "records": [[one.name, one.payload_hash or one.outcome] for one in review.records],
        "differences": sorted(line for one in review.records for line in one.differences_for_digest()),
    }
    return "sha256:" + hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
