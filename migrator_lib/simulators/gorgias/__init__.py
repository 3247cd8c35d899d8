"""A simulated Gorgias account: an HTTP server on loopback that keeps Gorgias' rules.

It validates as the product does, limits the rate, pages, and behaves like the product where it hurts: mail that would
have been sent lies in an outbox. State is durable, so an account can be killed and started again.

::

    server, app                   serving accounts over HTTP; open_accounts opens them
    web/, access/, limits/        what every endpoint shares: requests and pages; who may; rate limit and faults
    routes, resources/            the endpoints, a module a resource; help_center/ is a service of its own
    account, store                one account and what it holds; seed and seeding say what at first
    behaviour/                    what an account does by itself: mail, rules, webhooks, surveys, merges
    knobs                         what it does where nobody knows what Gorgias does
    admin/, inspector/            the simulator's own API (admin_client asks it), and pages to look at an account
"""

from __future__ import annotations

from migrator_lib.simulators.gorgias.account import Account
from migrator_lib.simulators.gorgias.app import create_app
from migrator_lib.simulators.gorgias.limits.faults import Fault
from migrator_lib.simulators.gorgias.seed import read_seed
from migrator_lib.simulators.gorgias.server import RunningSimulator, in_thread, running, serve

__all__ = ["Account", "Fault", "RunningSimulator", "create_app", "in_thread", "read_seed", "running", "serve"]
