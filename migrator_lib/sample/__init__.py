"""The sample: hard records and random ones, moved into the sandbox, and laid side by side for a person to review."""

from migrator_lib.sample.choice import Choice, choose
from migrator_lib.sample.required import Requirement, requirement
from migrator_lib.sample.sampling import STAGE, digest, extract, load, prove, review

__all__ = [
    "STAGE",
    "Choice",
    "Requirement",
    "choose",
    "digest",
    "extract",
    "load",
    "prove",
    "requirement",
    "review",
]
