"""Integrations of a simulated account. Source: developers.gorgias.com, the pages of integrations."""

from __future__ import annotations

from migrator_lib.simulators.gorgias.endpoint import Endpoint
from migrator_lib.simulators.gorgias.resource import listing

ROUTES = (Endpoint("GET", "integrations", 200, listing("integration")),)
