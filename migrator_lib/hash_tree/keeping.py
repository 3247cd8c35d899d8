"""The hash tree of a verification takes the place of the last one's, and its roots go into the ledger's chain."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from migrator_lib.hash_tree.files import FOLDER, ROOTS, Roots
from migrator_lib.hash_tree.recorder import Recorder, secret_of
from migrator_lib.objects import OBJECTS
from migrator_lib.objects.kb_article import KbArticle
from migrator_lib.objects.kb_category import KbCategory
from migrator_lib.reconcile.accounts import PART_TITLES
from migrator_lib.storage import beside, make_folder, refusals

if TYPE_CHECKING:
    from migrator_lib.engagement import Engagement

EVENT = "roots"
"""Event of the journal's rows that hold roots: of the object :data:`~.files.FOLDER`, keyed by the step."""


def recorder(engagement: Engagement) -> Recorder:
    """Return what takes down the records of a verification.

    Raises:
        StorageError: the secret cannot be kept, or temporary files not be written.
    """
    return Recorder(secret_of(engagement.paths.state), engagement.behaviour)


def keep(
    engagement: Engagement, recorded: Recorder, states: Mapping[str, Mapping[str, int]], at: str
) -> Roots:  # fmt: skip
    """Write the hash tree beside the last one, put its roots into the journal, and let it take the other's place.

    Args:
        engagement: the migration, within a step.
        recorded: what took down the records.
        states: object to what the verification found, by state.
        at: when everything was read back (ISO, UTC).

    Raises:
        StorageError: the disk is full, or does not let us.
    """
    folder = engagement.paths.reports / FOLDER
    new, old = folder.with_name(f"{FOLDER}.new"), folder.with_name(f"{FOLDER}.old")
    with refusals(f"{new} cannot be made"):
        shutil.rmtree(new, ignore_errors=True)
        make_folder(new)
    engagement.progress.begin("Writing the hash tree", recorded.count)
    objects = recorded.write(new, _title, states, engagement.progress.advance)
    rows, head = engagement.ledger.head()
    secret = secret_of(engagement.paths.state)
    roots = Roots(
        engagement.name, engagement.step, engagement.run_id, at, rows, head,
        hashlib.sha256(secret).hexdigest()[:16], objects,
    )  # fmt: skip
    with beside(new / ROOTS) as place:
        place.write_text(roots.text(), encoding="utf-8", newline="\n")
    engagement.ledger.note(FOLDER, engagement.step, EVENT, noted(roots))
    _put_in_place(new, folder, old)
    engagement.progress.end()
    return roots


def _title(obj: str) -> str:
    """Return the name of an object for people; articles and categories are in the tree by language."""
    titles = {**{one.name: one.title for one in OBJECTS}, **PART_TITLES}
    by = ", by language" if obj in (KbArticle.name, KbCategory.name) else ""
    return titles.get(obj, obj.replace("_", " ").capitalize()) + by


def noted(roots: Roots) -> dict[str, object]:
    """Return what the journal holds of a hash tree: its roots, and by object the number of records and both roots."""
    return {
        "root_expected": roots.expected, "root_actual": roots.actual, "at": roots.at,
        "ledger_rows": roots.ledger_rows, "ledger_head": roots.ledger_head, "secret_id": roots.secret_id,
        "objects": [[one.object, one.records, one.expected, one.actual] for one in roots.objects],
    }  # fmt: skip


def _put_in_place(new: Path, folder: Path, old: Path) -> None:
    """Let a folder take another's place. A kill between leaves the other beside, until the next verification."""
    with refusals(f"{folder} cannot be replaced"):
        shutil.rmtree(old, ignore_errors=True)
        if folder.exists():
            folder.rename(old)
        new.rename(folder)
        shutil.rmtree(old, ignore_errors=True)
