"""What there is to state of an engagement, and who signed what: read from its files and its ledger."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from migrator_lib import gates, hash_tree
from migrator_lib.engagement import ALL_STEPS, Engagement
from migrator_lib.evidence.bundle.manifest import Json
from migrator_lib.evidence.bundle.statement import roots_in
from migrator_lib.evidence.summary import latest_done
from migrator_lib.yaml_file import read_yaml


def stated(engagement: Engagement, mapping_hash: str) -> Json:
    """Return what there is to state: who signed what, which steps are done, the roots, and the mapping's hash."""
    steps = engagement.ledger.steps()
    done = {step: one for step in ALL_STEPS if (one := latest_done(steps, step)) is not None}
    return {
        "engagement": engagement.name,
        "mapping": mapping_hash,
        "signatures": signatures(engagement),
        "steps": [
            {
                "step": step, "run": one["run_id"], "started_at": one["started_at"], "finished_at": one["finished_at"],
                "summary_sha256": _digest(one["summary"]),
            }
            for step, one in done.items()
        ],
        "roots": roots_of(engagement),
    }  # fmt: skip


def signatures(engagement: Engagement) -> list[Json]:
    """Return who signed which gate, when, and the hash of what was signed."""
    file = engagement.paths.signoffs_file
    document: Mapping[str, Any] = (read_yaml(file) or {}) if file.exists() else {}
    known = [gate.name for gate in gates.GATES if gate.name in document]
    return [{"gate": name, **{key: str(document[name].get(key, "")) for key in ("by", "on", "hash")}} for name in known]


def roots_of(engagement: Engagement) -> Json | None:
    """Return the roots of the last verification: of each object, and over all; None where there was none."""
    file = engagement.paths.reports / hash_tree.FOLDER / "roots.json"
    if not file.exists():
        return None
    return roots_in(json.loads(file.read_text(encoding="utf-8")))


def _digest(document: object) -> str:
    return hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()
