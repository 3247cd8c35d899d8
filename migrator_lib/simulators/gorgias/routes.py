"""The endpoints of a simulated account: each module of a resource brings its own."""

from __future__ import annotations

from migrator_lib.simulators.gorgias import (
    custom_fields,
    customer_merge,
    customers,
    events,
    help_center,
    integrations,
    jobs,
    macros,
    message_routes,
    phone,
    rules,
    search,
    settings,
    surveys,
    tags,
    teams,
    ticket_routes,
    uploads,
    users,
    views,
)
from migrator_lib.simulators.gorgias.endpoint import Endpoint

RESOURCES = (
    settings, users, teams, tags, custom_fields, customer_merge, customers, ticket_routes, message_routes, surveys,
    uploads, rules, integrations, macros, views, jobs, events, search, phone,
    help_center,
)  # fmt: skip
ROUTES: tuple[Endpoint, ...] = tuple(events.recorded(route) for resource in RESOURCES for route in resource.ROUTES)
