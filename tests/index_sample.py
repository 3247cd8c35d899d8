"""A made-up engagement as the index page gets it: every section has something to show."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from migrator_lib.progress import Snapshot

COURSE = {"seconds": 32.0, "calls": [92, *[63, 65, 64] * 20, 20], "allowed": [2.0] * 30 + [1.8] * 32}

SUMMARY: dict[str, Any] = {
    "engagement": "fernhill",
    "company": "Fernhill Garden Supplies & Sons",
    "status": {"tone": "warn", "text": "Complete, with exceptions: 89 quarantined. All are listed."},
    "objects": {
        "department": {"source": 4, "created": 3, "matched": 1, "validated": 4},
        "user": {"source": 26, "created": 10, "matched": 14, "skipped": 2, "validated": 24},
        "organization": {"source": 355, "created": 340, "merged": 12, "quarantined": 3, "validated": 340},
        "requester": {"source": 4210, "created": 4100, "matched": 50, "merged": 60, "validated": 4150},
        "ticket": {"source": 12_000, "created": 11_200, "merged": 14, "skipped": 700, "quarantined": 86,
                   "validated": 11_198, "mismatched": 2},
        "sla_rule": {"source": 12, "handed_over": 12},
    },
    "titles": {"department": "Department", "user": "Agent", "organization": "Organization", "requester": "Requester",
               "ticket": "Ticket", "sla_rule": "SLA rule"},
    "rules": [
        {"object": "Ticket", "state": "skipped", "rule": "spam", "records": 612},
        {"object": "Ticket", "state": "skipped", "rule": "deleted in SmarterTrack", "records": 88},
        {"object": "Requester", "state": "merged", "rule": "same address", "records": 60},
    ],
    "api": {"calls": 15_840, "throttled": 3, "calls_per_ticket": 1.41, "share_of_allowed_rate": 0.974,
            "course": COURSE},
    "mail_sent": 0,
    "gates": {"backup_proof": "met", "freeze": "stale"},
    "ledger": {"rows": 52_114, "head": "9a88d2fd08dcd3fcbe76a9a7f52c01b0f0ff6b58811eef6dd21aa72d30ed85e2"},
    "finished_at": "2026-11-20T17:30:00+00:00",
    "source": {"ages": {"up to 3 months": 900, "up to a year": 11_100}, "channels": {"mail": 12_000, "call": 60}},
    "simulated": True,
    "switched_off": {"production": ["rule 'Auto-reply'", "HTTP integration 'ERP'"]},
}  # fmt: skip

STEPS: list[dict[str, Any]] = [
    {"step": "01_audit", "title": "Audit of the source", "status": "done", "started": "2026-11-20T09:00:00+00:00",
     "took": 42.2, "html": "runs/20261120T090000Z/01_audit.html"},
    {"step": "05_load", "title": "Load into Gorgias", "status": "running", "started": "2026-11-20T09:10:00+00:00",
     "took": None, "html": None},
    {"step": "06_reconcile", "title": "Read back and compare", "status": "failed",
     "started": "2026-11-20T15:10:00+00:00", "took": 4200, "html": "runs/20261120T090000Z/06_reconcile.html"},
    {"step": "07_cutover", "title": "Cut-over", "status": "not started", "started": None, "took": None, "html": None},
]  # fmt: skip

GATES: list[dict[str, Any]] = [
    {"gate": "backup_proof", "state": "met", "by": "M. Osei", "on": "2026-11-19T08:00:00+00:00", "reason": "",
     "before": "04_extract"},
    {"gate": "mapping", "state": "stale", "by": "M. Osei", "on": "2026-11-19",
     "reason": "changed since M. Osei signed it on 2026-11-19", "before": "03_sample_migration"},
    {"gate": "freeze", "state": "open", "by": "", "on": "", "reason": "not signed yet", "before": "07_cutover"},
]  # fmt: skip

RUNS: list[dict[str, Any]] = [
    {"run_id": "20261120T090000Z", "result": "stopped at 06_reconcile",
     "steps": [("01_audit", "runs/20261120T090000Z/01_audit.html")]},
    {"run_id": "20261119T160000Z", "result": "a gate was closed", "steps": []},
]  # fmt: skip

DOCUMENTS = [("Scope", "documents/scope.html"), ("SLA rules, to be set up by hand", "documents/sla_rules.html")]

QUARANTINE = [
    {"object": "ticket", "key": f"{1000 + i}", "reason": "its requester (requester:u77) is not in Gorgias"}
    for i in range(86)
] + [
    {"object": "organization", "key": f"{i}", "reason": "Gorgias: name: Longer than maximum length 255."}
    for i in range(3)
]

ENGAGEMENTS: list[dict[str, Any]] = [
    {"engagement": "fernhill", "company": "Fernhill Garden Supplies & Sons", "share_done": 0.84, "quarantined": 89,
     "status": {"tone": "warn", "text": "Not complete: 05_load is next."}, "finished_at": None, "step": "05_load",
     "running": Snapshot("05_load", "Ticket", 4200, 12_000, 1.8, 4333.0, 1.0), "left_seconds": 4333.0,
     "estimated_seconds": 9000, "href": "fernhill/index.html",
     "last_gate": {"gate": "backup_proof", "by": "M. Osei", "on": "2026-11-19T08:00:00+00:00"}},
    {"engagement": "oakline", "company": "Oakline", "share_done": 1.0, "quarantined": 0, "step": "", "running": None,
     "left_seconds": None, "estimated_seconds": None,
     "last_gate": {"gate": "freeze", "by": "O. Ek", "on": "2026-11-20"},
     "status": {"tone": "good", "text": "Complete: every source record is accounted for and verified in Gorgias."},
     "finished_at": "2026-11-20T17:30:00+00:00", "href": "oakline/index.html"},
    {"engagement": "tarn", "company": "Tarn Outdoor", "share_done": 0.0, "quarantined": 400, "step": "02_schema_design",
     "running": None, "left_seconds": None, "estimated_seconds": 18_720, "last_gate": None,
     "status": {"tone": "bad", "text": "Complete, with exceptions: 400 quarantined. All are listed."},
     "finished_at": None, "href": "tarn/index.html"},
]  # fmt: skip


def given(**changed: Any) -> dict[str, Any]:
    """Return what `engagement_page` is called with, parts of the summary changed."""
    return {
        "summary": {**deepcopy(SUMMARY), **changed},
        "steps": STEPS,
        "gates": GATES,
        "runs": RUNS,
        "documents": DOCUMENTS,
        "quarantine": QUARANTINE,
    }
