"""Load: every staged record to Gorgias, exactly once, in the order of dependence."""

from migrator_lib.load.context import LoadReport, references
from migrator_lib.load.loader import Loader

__all__ = ["LoadReport", "Loader", "references"]
