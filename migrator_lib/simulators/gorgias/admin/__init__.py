"""What the product has not: a small API to see behind the scenes of a simulated account, and to set the scene.

It is below ``/<account>/_simulator/``, without credentials or limit, since the server listens on loopback alone.
"""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from fastapi.openapi.utils import get_openapi

from migrator_lib.simulators.gorgias.account import Account
from migrator_lib.simulators.gorgias.admin import looks, scene, state

__all__ = ["router", "schemas_and_paths"]
TAG = "_simulator"
REFUSAL = {"$ref": "#/components/responses/BadRequest"}


def router(account: Account) -> APIRouter:
    """Return the admin API of an account, to be put below its name."""
    routes = APIRouter(prefix=f"/{TAG}", tags=[TAG])
    for module in (looks, scene, state):
        module.add(routes, account)
    return routes


def schemas_and_paths(routes: APIRouter) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the schemas and the paths of the admin API, as an OpenAPI document has them."""
    found = get_openapi(title=TAG, version="1", routes=routes.routes)
    for path in found["paths"].values():
        for operation in path.values():
            operation["security"] = []
            if operation["responses"].pop("422", None):
                operation["responses"]["400"] = REFUSAL
    schemas = found.get("components", {}).get("schemas", {})
    return {name: s for name, s in schemas.items() if not name.endswith("ValidationError")}, found["paths"]
