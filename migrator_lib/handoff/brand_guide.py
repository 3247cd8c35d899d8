"""Multi-brand guide: what each brand has in SmarterTrack, and what to set up in Gorgias so that it has that again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator

from migrator_lib.handoff.correspondence import Correspondence
from migrator_lib.handoff.other_automation import department_name, team_name
from migrator_lib.lookups import Lookups
from migrator_lib.staging import Row as Staged_row
from migrator_lib.staging import Staged

Row = dict[str, object]
SETTINGS = {
    "CommunityEnabled": ("community", "No counterpart: see the community assessment."),
    "DisplayLiveChat": ("live chat on the portal", "Settings, Chat: one chat for each brand's shop, on its own pages."),
    "EnablePortalLogin": ("customers sign in to the portal",
                          "Help Center, Contact: customers look up their requests by order; there is no portal login."),
    "EnableRegistration": ("customers register themselves", "No counterpart: a customer exists once he writes."),
    "EnableKbVoting": ("articles can be rated", "Help Center: articles have a rating of their own."),
    "StartChatRestriction": ("who may start a chat (code)", "Settings, Chat: when and on which pages it is shown."),
    "ViewNewsRestriction": ("who may see news (code)", "See the news assessment."),
    "ViewPortalTicketsRestriction": ("who may see tickets (code)", "No counterpart: customers see their own."),
    "ViewThreadRestriction": ("who may read the community (code)", "No counterpart."),
    "NewThreadRestriction": ("who may write in the community (code)", "No counterpart."),
}  # fmt: skip
"""Column of Brands to what it is, and where it is set in Gorgias."""
STATES = ("published", "private", "draft", "forward", "deleted")


def brands(staged: Staged, lookups: Lookups) -> list[Row]:
    """Return every brand with its departments, its portal, and what it becomes."""
    articles = Counter(brand for brand, _, state in _articles(staged, lookups) if state == "published")
    found: list[Row] = []
    for brand, row in sorted(lookups.brands.items()):
        departments = [d for d in lookups.departments.values() if d.get("BrandID") == brand]
        entry = lookups.mapping.brands.get(str(brand))
        found.append(
            {
                "brand": f"{row['BrandName']} ({brand}){', the default' if row.get('IsDefaultBrand') else ''}",
                "portal": row.get("HostHeaderValue") or "",
                "telephone": row.get("VoipPhoneNumber") or "",
                "departments": ", ".join(department_name(d["DepartmentID"], lookups) for d in departments),
                "teams": ", ".join(dict.fromkeys(_teams(departments, lookups))),
                "tickets carry": _carry(entry.becomes, entry.tag, entry.team or entry.name) if entry else "not mapped",
                "Help Center": str(entry.help_center or "the common one") if entry else "",
                "published articles": articles[brand],
            }
        )
    return found


def _teams(departments: list[Staged_row], lookups: Lookups) -> Iterator[str]:
    for department in departments:
        team = team_name(lookups, f"d{department['DepartmentID']}")
        if team and not department.get("IsDeleted"):
            yield team


def _carry(becomes: str, tag: str, team: str) -> str:
    return {"tag": f"tag {tag}", "team": f"team {team}"}.get(becomes, "nothing")


def steps(staged: Staged, lookups: Lookups) -> list[Row]:
    """Return what to set up in Gorgias for each brand, step by step."""
    found: list[Row] = []
    for brand, row in sorted(lookups.brands.items()):
        entry = lookups.mapping.brands.get(str(brand))
        for where, what in _steps(row, entry.tag if entry and entry.becomes == "tag" else ""):
            found.append({"brand": row["BrandName"], "where in Gorgias": where, "what": what})
    return found


def _steps(row: Staged_row, tag: str) -> Iterator[tuple[str, str]]:
    host = row.get("HostHeaderValue")
    name = row["BrandName"]
    yield "Settings, Email", "Connect or forward each of the brand's addresses (sheet Addresses); verify its domain."
    yield "Settings, Email, signature", f"A signature in the name of {name}; SmarterTrack keeps one for each group."
    mark = f"add tags: {tag}" if tag else "assign the brand's team"
    yield "Settings, Rules", f"WHEN ticket created, IF the message came to one of the brand's addresses, THEN {mark}."
    yield "Help Center", f"Create or open the brand's Help Center, with its logo, colours and languages{_at(host)}."
    if row.get("DisplayLiveChat"):
        yield (
            "Settings, Chat",
            "Create the brand's chat, install it on its shop, and take SmarterTrack's chat link away.",
        )
    if row.get("VoipPhoneNumber"):
        yield "Settings, Voice", f"Port or forward {row['VoipPhoneNumber']} (needs the Voice add-on)."
    yield "Settings, Satisfaction survey", f"Where {name} asks for ratings: the survey's text and languages."
    yield "Views", f"A view of {name}'s open tickets{f': IF ticket tags CONTAINS ANY OF {tag}' if tag else ''}."


def _at(host: object) -> str:
    return f"; its address takes the place of {host}, whose old links are redirected" if host else ""


def addresses(found: Correspondence, lookups: Lookups, mask: Callable[[str], str]) -> list[Row]:
    """Return the mailboxes by which customers and departments write to each other."""
    rows: list[Row] = []
    boxes = found.mailboxes(lookups)
    most = {address: -department for _, department, address in sorted((b[2], -b[0], b[1]) for b in boxes)}
    for department, address, received, sent in boxes:
        brand = lookups.brand_of(department) or {}
        rows.append(
            {
                "brand": brand.get("BrandName") or "",
                "department": department_name(department, lookups),
                "address": mask(address),
                "messages to it": received,
                "messages from it": sent,
                "in Gorgias": _connect(department, most[address], lookups),
            }
        )
    return rows


def _connect(department: int, most: int, lookups: Lookups) -> str:
    """Return what to do about a mailbox; ``most`` is the department that most of its messages came to."""
    if department != most:
        return f"Nothing: most of its messages came to {department_name(most, lookups)}, see there."
    team = team_name(lookups, f"d{department}") or "(choose)"
    return f"Settings, Email: connect it, or forward it and verify its domain; its tickets' rule assigns team {team}."


def settings(lookups: Lookups) -> list[Row]:
    """Return the settings of each brand's portal with what takes their place."""
    return [
        {"brand": row["BrandName"], "setting": what, "in SmarterTrack": row.get(column), "in Gorgias": words}
        for _, row in sorted(lookups.brands.items())
        for column, (what, words) in SETTINGS.items()
        if row.get(column) is not None
    ]


def articles(staged: Staged, lookups: Lookups) -> list[Row]:
    """Return how many articles each brand has, by language and state; those of all brands are counted for each."""
    counts = Counter(_articles(staged, lookups))
    pairs = sorted({(brand, language) for brand, language, _ in counts})
    return [
        {
            "brand": lookups.brands.get(brand, {}).get("BrandName") or str(brand),
            "language": language,
            **{state: counts[brand, language, state] for state in STATES},
        }
        for brand, language in pairs
    ]


def _articles(staged: Staged, lookups: Lookups) -> Iterator[tuple[int, str, str]]:
    """Yield (brand, language, state) of every article and brand that shows it."""
    languages = {row["LanguageID"]: str(row.get("LanguageName") or "") for row in staged.rows("Languages")}
    shown: dict[int, list[int]] = {}
    for row in staged.rows("KbArticlesBrands"):
        shown.setdefault(row["KbArticleID"], []).append(row["BrandID"])
    for row in staged.rows("KbArticles"):
        language = languages.get(row.get("LanguageID") or 0, "not told")
        everywhere = row.get("DisplayInAllBrands") is not False
        for brand in sorted(lookups.brands) if everywhere else shown.get(row["KbArticleID"], ()):
            yield brand, language, state_of(row, lookups)


def state_of(article: Staged_row, lookups: Lookups) -> str:
    """Return the one state of :data:`STATES` that an article is in; one of a private category is private too."""
    if article.get("IsDeleted"):
        return "deleted"
    if article.get("KbArticleID_ForwardTo"):
        return "forward"
    if article.get("IsDraft"):
        return "draft"
    return "private" if lookups.article_rules.is_private(article["KbArticleID"]) else "published"
