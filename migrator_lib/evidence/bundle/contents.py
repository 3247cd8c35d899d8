"""What goes into a bundle: the files of an engagement, and what of them is left out of what is shared."""

from __future__ import annotations

import os
import posixpath
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from html import unescape
from pathlib import Path
from urllib.parse import unquote, urlsplit

from migrator_lib import gates
from migrator_lib.engagement import ALL_STEPS, Engagement
from migrator_lib.evidence.bundle.manifest import MADE, MAPPING, SIGNOFFS, Profile
from migrator_lib.evidence.summary import latest_done
from migrator_lib.mapping import signed

NOT_REPORTS = (
    "state/*", "runs/*", "hash_tree.new/*", "hash_tree.old/*", "*-evidence*.zip*", "*.pdf", "*.tmp", "PAUSE", "STOP",
)  # fmt: skip
"""What lies in an engagement's folder and is no report, or is chosen otherwise; ``*`` goes over folders."""
OURS = (
    "index.html", "summary.json", "quarantine.*", "accounts/*", "documents/*", "expectations/*", "hash_tree/*",
    "hypercare/*", "runs/*", "parameters/*", "notebooks/*",
)  # fmt: skip
"""What this program writes; whatever else lies there is not shared."""
LEFT_OUT = {
    "runs/*.ipynb": "the notebooks as they were run: the page beside each says the same",
    "documents/agents.*": "the list of agents to create, for who sets up Gorgias",
    "documents/organization_*": "lists of people by organization, for who works in Gorgias",
    "documents/conflicts.csv": "the list of what two people changed, for who decides it in Gorgias",
    "documents/ticket_numbers.csv": "the list from ticket numbers to addresses in Gorgias, for who works there",
    "documents/redirects*": "old addresses and new ones, for who keeps the web server",
    "documents/help_center*": "the articles themselves, for who publishes them",
    "documents/sample_review*": "the sample, record by record, for who reviews it",
    "documents/attachments.csv": "the list of attachments whose files are missing, for who looks for them",
}  # fmt: skip
"""What is not in a bundle to share, and what it is."""
OTHERS = "what this program did not write"
_LINK = re.compile(r"<a\b([^<>]*?)\shref=(\"[^\"]*\"|'[^']*')([^<>]*)>(.*?)</a\s*>", re.DOTALL | re.IGNORECASE)


@dataclass(frozen=True)
class Member:
    """A file of the bundle, and where its content is now."""

    path: str
    source: Path


@dataclass(frozen=True)
class Contents:
    """What goes in."""

    members: tuple[Member, ...]
    left_out: tuple[tuple[str, int, str], ...]
    """Pattern, number of files, and what they are."""

    @property
    def paths(self) -> frozenset[str]:
        """The paths of all members, also of those that are written for the bundle."""
        return frozenset([*MADE, *(member.path for member in self.members)])


def contents(engagement: Engagement, profile: Profile) -> Contents:
    """Return what goes into a bundle of an engagement, in the order of paths."""
    found = {member.path: member for member in (*_reports(engagement), *_runs(engagement), *_decided(engagement))}
    left: list[tuple[str, int, str]] = []
    others = [path for path in found if not any(fnmatch(path, pattern) for pattern in OURS)]
    chosen = {pattern: [path for path in found if fnmatch(path, pattern)] for pattern in LEFT_OUT} | {"others": others}
    for pattern, those in chosen.items() if profile == "share" else ():
        left += [(pattern, len(those), LEFT_OUT.get(pattern, OTHERS))] if those else []
        for path in those:
            del found[path]
    return Contents(tuple(found[path] for path in sorted(found) if path not in MADE), tuple(left))


def _reports(engagement: Engagement) -> Iterator[Member]:
    """Yield the pages and lists of an engagement, but for its runs."""
    root = engagement.paths.reports
    for folder, folders, files in os.walk(root):
        inside = Path(folder).relative_to(root)
        folders[:] = [name for name in folders if not name.startswith(".") and not _is_none(inside / name / "x")]
        for name in files:
            if not name.startswith(".") and not _is_none(inside / name):
                yield Member((inside / name).as_posix(), Path(folder, name))


def _is_none(path: Path) -> bool:
    return any(fnmatch(path.as_posix(), pattern) for pattern in NOT_REPORTS)


def _runs(engagement: Engagement) -> Iterator[Member]:
    """Yield the notebook and the page of the latest run of each step that was done."""
    steps = engagement.ledger.steps()
    for step in ALL_STEPS:
        done = latest_done(steps, step)
        for suffix in (".html", ".ipynb") if done else ():
            file = engagement.paths.runs / str(done and done["run_id"]) / f"{step}{suffix}"
            if file.exists():
                yield Member(file.relative_to(engagement.paths.reports).as_posix(), file)


def _decided(engagement: Engagement) -> Iterator[Member]:
    """Yield what people decided, and the notebooks as they are run."""
    paths = engagement.paths
    yield Member("parameters/engagement.yaml", paths.engagement_file)
    if paths.signoffs_file.exists():
        yield Member(SIGNOFFS, paths.signoffs_file)
    hash_signed = gates.SignOffs(paths.signoffs_file).signed(gates.find("mapping"))
    as_signed = paths.signed_mapping_file
    if signed.kept(as_signed, hash_signed) is not None:
        yield Member(MAPPING, as_signed)
    elif paths.mapping_file.exists():
        yield Member(MAPPING, paths.mapping_file)
    for file in sorted((paths.parameters.parent.parent / "notebooks").glob("*.ipynb")):
        yield Member(f"notebooks/{file.name}", file)


def without_dead_links(path: str, page: str, there: Collection[str]) -> str:
    """Return a page of which no link leads to what the bundle does not hold; its words stay.

    Args:
        path: of the page within the bundle.
        page: its text.
        there: the paths of all members.
    """

    def kept(link: re.Match[str]) -> str:
        before, href, behind, words = link.groups()
        target = urlsplit(unescape(href[1:-1]))
        if target.scheme or target.netloc or not target.path:
            return link[0]
        to = posixpath.normpath(posixpath.join(posixpath.dirname(path), unquote(target.path)))
        return link[0] if to in there else f"<span{before}{behind}>{words}</span>"

    return _LINK.sub(kept, page)
