"""The endpoints of a simulated account: each module of a resource brings its own."""

from __future__ import annotations

from migrator_lib.simulators.gorgias import (
    custom_fields,
    customer_merge,
    customers,
    integrations,
    macros,
    message_routes,
    rules,
    settings,
    tags,
    teams,
    ticket_routes,
    uploads,
    users,
    views,
)
from migrator_lib.simulators.gorgias.endpoint import Endpoint

ROUTES: tuple[Endpoint, ...] = (
    *settings.ROUTES,
    *users.ROUTES,
    *teams.ROUTES,
    *tags.ROUTES,
    *custom_fields.ROUTES,
    *customer_merge.ROUTES,
    *customers.ROUTES,
    *ticket_routes.ROUTES,
    *message_routes.ROUTES,
    *uploads.ROUTES,
    *rules.ROUTES,
    *integrations.ROUTES,
    *macros.ROUTES,
    *views.ROUTES,
)
