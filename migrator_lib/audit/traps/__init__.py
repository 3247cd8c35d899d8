"""The known traps of both sides."""

from __future__ import annotations

from migrator_lib.audit.traps.base import ORDER, Severity, Side, Trap
from migrator_lib.audit.traps.gorgias import GORGIAS
from migrator_lib.audit.traps.smartertrack import SMARTERTRACK

TRAPS: tuple[Trap, ...] = (*SMARTERTRACK, *GORGIAS)
__all__ = ["ORDER", "TRAPS", "Severity", "Side", "Trap"]
