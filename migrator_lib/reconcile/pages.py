"""What a notebook shows of a verification: how many contents of files were seen, and what it cost."""

from __future__ import annotations

from migrator_lib import pages
from migrator_lib.engagement import Engagement
from migrator_lib.evidence.summary import api
from migrator_lib.pages import Html
from migrator_lib.quiet import PRODUCTION
from migrator_lib.reconcile.result import Reconciliation


def contents(found: Reconciliation) -> Html:
    """Return how many of the uploaded files were downloaded and compared, ever and this time."""
    looked = found.looked
    if not looked.files:
        return pages.join([])
    row = {
        "files in Gorgias": looked.files, "compared by what was sent": looked.files - found.untold,
        "content seen so far": looked.ever, "content seen this time": looked.now,
    }  # fmt: skip
    told = [pages.table([row], caption="What the files hold")]
    told.append(
        pages.note(
            "Name, type and size are compared for every file, and the digest of what was sent with that of the source. "
            "Downloads look at the content itself, those never seen first; reconcile.download says how many."
        )
    )
    if looked.unanswered:
        words = f"{looked.unanswered:,} files could not be looked into this time, which is no finding. {looked.why}"
        told.append(pages.status(words, "warn"))
    if found.untold:
        words = "files were staged or sent by a version that noted no digest: downloads tell what they hold."
        told.append(pages.note(f"{found.untold:,} {words}"))
    return pages.join(told)


def cost(engagement: Engagement) -> Html:
    """Return the calls of this step as a share of those that all loads took."""
    used = engagement.api_usage().get(PRODUCTION)
    loaded = int(api(engagement.ledger.steps(), 0)["calls"])
    if used is None or not loaded:
        return pages.join([])
    calls = int(used["calls"])
    return pages.note(f"Verification took {calls:,} calls, {calls / loaded:.1%} of the {loaded:,} that the load took.")
