"""The endpoints of a simulated account: each module of a resource brings its own."""

from __future__ import annotations

from migrator_lib.simulators.gorgias.help_center import service as help_center
from migrator_lib.simulators.gorgias.resources import (
    custom_fields,
    customer_merge,
    customers,
    events,
    integrations,
    jobs,
    macros,
    rules,
    search,
    settings,
    surveys,
    tags,
    teams,
    uploads,
    users,
    views,
    voice_calls,
)
from migrator_lib.simulators.gorgias.resources import message_endpoints as message_routes
from migrator_lib.simulators.gorgias.resources import ticket_endpoints as ticket_routes
from migrator_lib.simulators.gorgias.web.endpoint import Endpoint

RESOURCES = (
    settings, users, teams, tags, custom_fields, customer_merge, customers, ticket_routes, message_routes, surveys,
    uploads, rules, integrations, macros, views, jobs, events, search, voice_calls,
    help_center,
)  # fmt: skip
ROUTES: tuple[Endpoint, ...] = tuple(events.recorded(route) for resource in RESOURCES for route in resource.ROUTES)
