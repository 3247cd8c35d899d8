"""A simulated Gorgias account: an HTTP server on loopback that keeps Gorgias' rules.

It validates as the product does, limits the rate, pages, and behaves like the product where it hurts: mail that would
have been sent lies in an outbox. State is durable, so an account can be killed and started again.
"""

from __future__ import annotations

from migrator_lib.simulators.gorgias.account import Account
from migrator_lib.simulators.gorgias.app import create_app
from migrator_lib.simulators.gorgias.limits.faults import Fault
from migrator_lib.simulators.gorgias.seed import read_seed
from migrator_lib.simulators.gorgias.server import RunningSimulator, in_thread, running, serve

__all__ = ["Account", "Fault", "RunningSimulator", "create_app", "in_thread", "read_seed", "running", "serve"]
