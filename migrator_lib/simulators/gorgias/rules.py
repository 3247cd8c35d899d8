"""Rules of a simulated account. Source: developers.gorgias.com, the pages of rules."""

from __future__ import annotations

from migrator_lib.simulators.gorgias.endpoint import Endpoint
from migrator_lib.simulators.gorgias.resource import listing

ROUTES = (Endpoint("GET", "rules", 200, listing("rule")),)
