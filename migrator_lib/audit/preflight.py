"""What the audit's notebook and the scope document show of the source: the preflight, and what is made of its codes."""

from __future__ import annotations

from collections.abc import Callable

from migrator_lib import pages
from migrator_lib.audit import codes, costs
from migrator_lib.audit.facts import Audit, Code
from migrator_lib.masking import mask_text
from migrator_lib.pages import Html
from migrator_lib.smartertrack.tables import known_schema

LIVE = (
    "Read a restored backup or a snapshot instead, and set source.read_from: the live SmarterTrack keeps importing "
    "mail, closing and deleting while it is read, so numbers do not hold still, and nothing of it can be read again."
)


def preflight(audit: Audit) -> Html:
    """Return product, engine, prefix and tables: what is there, what is missing and what that costs."""
    s = audit.source
    return pages.join(
        [
            pages.table([{"What": name, "Found": value} for name, value in _found(audit).items()], caption="Source"),
            pages.status("The live database is read.", "warn", detail=LIVE) if s.read_from == "live" else "",
            _missing(audit),
            _unreadable(audit),
            _listed("Tables that are not known", s.unknown, costs.of_unknown, "What of them"),
            _listed("Columns that are not known", s.unknown_columns, lambda _: "not read", "What of them"),
            _rows(audit),
        ]
    )


def _found(audit: Audit) -> dict[str, object]:
    s = audit.source
    product = s.product_version or "version not told"
    built = f", built {s.built:%d %B %Y} (by the third number of the version)" if s.built else ""
    prefix = (s.prefix or "none") + (", found in the database" if s.prefix_found else ", as source.prefix says")
    known = f"{s.tables} of the {len(known_schema())} known ones"
    return {
        "SmarterTrack": product + built,
        "Edition": s.edition or "not told",
        "Engine": s.engine_version,
        **s.connection,
        "Read from": f"{s.read_from}, as source.read_from says",
        "Prefix": prefix,
        "Schema": s.schema or "the login's own",
        "Tables": f"{known}; {len(s.unknown):,} unknown behind the prefix; {s.foreign:,} of something else",
        "Views instead of tables": ", ".join(s.views) or "none",
        "SmarterTrack's own path of its files": ", ".join(s.file_paths) or "not told",
        **{f"Longest value that {table} takes": _characters(length) for table, length in audit.ceilings.items()},
    }


def _characters(length: int | None) -> str:
    if length is None:
        return "no limit is told: values of just 512 characters are taken as full"
    return f"{length:,} characters"


def _missing(audit: Audit) -> Html:
    names = audit.source.missing
    if not names:
        return pages.paragraph("No table and no column that is read is missing.")
    return _costing(audit, "Missing", names, f"Optional tables and columns that are missing: {len(names)}")


def _unreadable(audit: Audit) -> Html:
    names = audit.source.unreadable
    if not names:
        return Html("")
    caption = f"Tables that the login may not read: {len(names)} (migrator grants prints what lets it)"
    return _costing(audit, "Not readable", names, caption)


def _costing(audit: Audit, head: str, names: tuple[str, ...], caption: str) -> Html:
    prefix = audit.source.prefix
    rows = [{head: pages.code(name), "What it costs": costs.of_missing(name, prefix)} for name in names]
    return pages.table(rows, caption=caption)


def _listed(title: str, names: tuple[str, ...], of: Callable[[str], str], what: str) -> Html:
    if not names:
        return Html("")
    rows = [{"Name": pages.code(name), what: of(name)} for name in names]
    telling = [row for row in rows if row[what] != of("")]
    table = pages.table(rows)
    head = pages.table(telling, caption=f"{title}, and telling by their names") if telling else Html("")
    return pages.join([head, pages.folded(f"{title}: {len(names)}", table)])


def _rows(audit: Audit) -> Html:
    rows = [{"Table": pages.code(name), "Rows": n} for name, n in audit.source.rows.items()]
    total = sum(audit.source.rows.values())
    return pages.folded(f"Rows of the {len(rows)} tables that are read or counted: {total:,}", pages.table(rows))


# --- codes ---------------------------------------------------------------------------------------------


def unmapped(audit: Audit) -> Html:
    """Return what a person has to write about codes, or nothing."""
    if not audit.unmapped:
        return Html("")
    words, lines = f"Codes that nobody gave a meaning: {len(audit.unmapped)}", codes.entries(audit)
    parts = [pages.table([_row(code) for code in audit.unmapped], caption=words)]
    if lines:
        parts.append(pages.paragraph(f"Add to parameters/{audit.engagement}/mapping.yaml:"))
        parts.append(pages.tag("pre", lines))
    return pages.join(parts)


def code_columns(audit: Audit) -> Html:
    """Return every value of every code column; those without a meaning are marked."""
    deciding = [{**_row(code), "mark": not code.known} for code in audit.codes if code.decides]
    others = [_row(code) for code in audit.codes if not code.decides]
    return pages.join(
        [
            pages.table(deciding, caption="Codes that decide something", different="mark", empty="none were found."),
            pages.folded(f"Codes that decide nothing: {len(others)}", pages.table(others)),
        ]
    )


def _row(code: Code) -> dict[str, object]:
    value = mask_text(code.code)  # a column that is no code column may hold anything
    return {"Column": pages.code(code.column), "Code": value, "Rows": code.number, "Taken as": code.meaning}
