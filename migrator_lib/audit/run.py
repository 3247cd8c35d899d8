"""The audit itself: look at everything once, keep it in the ledger."""

from __future__ import annotations

from migrator_lib.audit import codes, counts, environment, fields, members, people, storage, talks, tickets
from migrator_lib.audit.facts import Audit
from migrator_lib.audit.live import Live
from migrator_lib.engagement import Engagement
from migrator_lib.errors import FilesMissing
from migrator_lib.mapping import EngagementMapping


def run_audit(engagement: Engagement) -> Audit:
    """Look at source and target, and keep what was found as the ledger's ``audit``.

    An account or a files root that cannot be reached is noted (see :meth:`Audit.require_access`), and the rest goes on.

    Raises:
        SourceUnreachable, SourceDenied, SchemaMismatch: there is nothing to audit.
    """
    audit = _look(engagement)
    engagement.ledger.set_meta("audit", audit.as_json())
    return audit


def _look(engagement: Engagement) -> Audit:
    source, parameters, now = engagement.source, engagement.parameters, environment.now()
    live = Live(source, parameters.source.page_rows)
    engagement.progress.begin("Looking at definitions", 0)
    lookups = live.lookups(parameters)
    mapping = _mapped(engagement)
    found = codes.code_facts(live, mapping, lookups.filter_kind)
    messages = tickets.message_facts(source, found, now)
    limit = parameters.target.upload_limit_bytes
    tree, missing = _files(engagement)
    access = environment.access(engagement, missing)
    return Audit(
        engagement=engagement.name,
        company=parameters.company,
        at=now,
        rate=engagement.target_rate,
        ai_share=parameters.policy.ai_share,
        source=environment.source_facts(source, parameters.source.read_from),
        access=access,
        counts=counts.of_objects(live, lookups),
        parts=counts.of_parts(source),
        tickets=tickets.ticket_facts(live, lookups, mapping, now, engagement.progress),
        messages=messages,
        people=people.people_facts(live, lookups),
        members=members.member_facts(engagement, live, lookups),
        fields=fields.field_facts(source, lookups),
        ceilings=fields.ceilings(source),
        codes=found,
        storage=storage.storage_facts(live, tree, limit),
        threads=environment.thread_facts(source, live.rows("Departments"), messages.newest),
        gates=tuple(engagement.gate_states()),
        languages=counts.languages(source),
        talks=talks.talk_facts(source, parameters, now),
    )


def _mapped(engagement: Engagement) -> EngagementMapping:
    """Return what people wrote about codes so far; before notebook 02 there need not be a mapping."""
    return engagement.mapping if engagement.paths.mapping_file.exists() else EngagementMapping()


def _files(engagement: Engagement) -> tuple[storage.Tree | None, FilesMissing | None]:
    """Return the tree of the files root, if there is one, or what kept it from being read."""
    root, named = engagement.files_root, engagement.source.count("TicketAttachments") or 0
    if root is None:
        return None, None
    try:
        if named and root.is_empty():
            raise FilesMissing(
                f"The files root {root.place} is empty, while {named:,} attachments name a file.",
                next_step="mount the share, or correct source.files_root; then run again. Where the files are lost, "
                "leave source.files_root out: their attachments are quarantined then.",
            )
        return storage.read_tree(root, engagement.progress), None
    except FilesMissing as error:
        return None, error
