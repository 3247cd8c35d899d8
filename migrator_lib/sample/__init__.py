"""The sample: hard tickets and random ones, moved into the sandbox, and laid side by side for a person to review."""

from migrator_lib.sample.choice import Choice, choose
from migrator_lib.sample.sampling import (
    CONFIDENCE,
    STAGE,
    confidence_statement,
    digest,
    extract,
    load,
    prove,
    review,
    upper_bound,
)

__all__ = [
    "CONFIDENCE",
    "STAGE",
    "Choice",
    "choose",
    "confidence_statement",
    "digest",
    "extract",
    "load",
    "prove",
    "review",
    "upper_bound",
]
