"""Proposals for what divides a help desk: departments and groups, brands, tags; by their names and the account's."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from migrator_lib.chunks import Row
from migrator_lib.mapping import CHOOSE, Brand, TagMapping, Team
from migrator_lib.plan.proposal.names import Match, Names, free

NONE = Names(())
BRAND = "a tag of its name, which every ticket can have beside its department's team; 'becomes: team' makes it a team"
TEAM_NAME = 245
"""Characters of a team's name; Gorgias takes 255, and a number may come behind it."""


def propose_teams(departments: Sequence[Row], groups: Sequence[Row], there: Names = NONE) -> dict[str, Team]:
    """A team for every department and every group that is not deleted; group names carry their department's.

    One that the account has by the same or a like name becomes that one, each team at most once.
    """
    names = {row["DepartmentID"]: row["DisplayName"] or f"Department {row['DepartmentID']}" for row in departments}
    bare = Counter((row["GroupName"] or "").strip().lower() for row in groups if not row["IsDeleted"])
    wanted = [
        (f"d{row['DepartmentID']}", names[row["DepartmentID"]], "", bool(row["IsDeleted"])) for row in departments
    ]
    for row in groups:
        group = row["GroupName"] or f"Group {row['GroupID']}"
        own = group if bare[group.strip().lower()] == 1 else ""
        name = f"{names.get(row['DepartmentID'], 'Unknown')} / {group}"
        wanted.append((f"g{row['DepartmentID']}-{row['GroupID']}", name, own, bool(row["IsDeleted"])))
    same = {key: there.same(name) for key, name, _, deleted in wanted if not deleted}
    left = Names(name for name in there.names if name not in {match.name for match in same.values() if match})
    taken: set[str] = set()
    return {key: _team(name, own, deleted, same.get(key), left, taken) for key, name, own, deleted in wanted}


def _team(name: str, own: str, deleted: bool, same: Match | None, left: Names, taken: set[str]) -> Team:
    match = None if deleted else same or left.like(name) or _by_group(own, left)
    if match and match.name.lower() not in taken:
        taken.add(match.name.lower())
        return Team(name=name, team=match.name, confidence=match.confidence, reason=match.reason)
    short = name.strip()[:TEAM_NAME]
    team = free(short or "Team", taken, lambda n: f"{short} ({n})")
    if deleted:
        return Team(name=name, becomes="nothing", team=team, reason="deleted in SmarterTrack")
    return Team(name=name, team=team, reason="same name")


def _by_group(own: str, left: Names) -> Match | None:
    """Return the team that is called as a group is by itself, where only one group is called so."""
    found = left.same(own) if own else None
    return found and Match(found.name, min(found.confidence, 0.7), f"{found.reason}, without the department's name")


def propose_brands(rows: Sequence[Row], there: Names = NONE) -> dict[str, Brand]:
    """A tag of the brand's name, or the one that the account has for it."""
    found = {}
    for row in rows:
        name = str(row["BrandName"] or f"Brand {row['BrandID']}")
        own = f"brand: {name}"[:256]
        match = there.same(own)
        found[str(row["BrandID"])] = Brand(
            name=name,
            tag=match.name if match else own,
            confidence=match.confidence if match else 0.9,
            reason=match.reason if match else BRAND,
        )
    return found


def propose_tags(rows: Sequence[Row], there: Names = NONE) -> dict[str, TagMapping]:
    """Same name; names that differ only by case become one, the account's or the first (Gorgias minds the case).

    A tag that is merely like one of the account's stays one of its own, and that is said.
    """
    first: dict[str, str] = {}
    found = {}
    for row in rows:
        name = " ".join(str(row["Name"] or "").split())[:256] or f"tag {row['TagID']}"
        name = name.lower() if name == CHOOSE else name  # which would ask a person
        match = there.same(name) if name != CHOOSE.lower() else None
        kept = first.setdefault(name.lower(), match.name if match else name)
        confidence, reason = _of_tag(name, kept, match, there)
        found[str(row["TagID"])] = TagMapping(
            name=str(row["Name"] or ""), becomes=kept, confidence=confidence, reason=reason
        )
    return found


def _of_tag(name: str, kept: str, match: Match | None, there: Names) -> tuple[float, str]:
    if match:
        return match.confidence, match.reason
    if kept != name:
        return 0.9, f"differs from '{kept}' only by case"
    like = there.like(name)
    if like:
        return 0.7, f"same name; {like.reason} If so, write that one"
    return 1.0, "same name"
