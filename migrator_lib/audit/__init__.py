"""The audit: what there is, what state it is in, and what could be reached; facts first, judged elsewhere.

``estimate`` says what moving it takes, ``risks`` what may go wrong, and ``scope`` writes it all down for the company.
"""

from __future__ import annotations

from migrator_lib.audit.facts import Audit
from migrator_lib.audit.run import run_audit

__all__ = ["Audit", "run_audit"]
