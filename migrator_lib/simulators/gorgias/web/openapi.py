"""The OpenAPI document of a simulated account: made from the table of routes and the contract's models, never by hand.

It says what the account does: every parameter, what bodies may hold, what replies bring, and every status.
Source of the statuses and of the shape of errors: developers.gorgias.com, errors and limitations.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

from pydantic import TypeAdapter

from migrator_lib.simulators.gorgias.web.endpoint import Endpoint, Query

Document = dict[str, Any]
REFERENCE = "#/components/schemas/{model}"
JSON = "application/json"
HEADER = "X-Gorgias-Account-Api-Call-Limit"
ERRORS = {
    400: ("BadRequest", "The body or the query is not as it must be; `error.data` says where."),
    401: ("Unauthorized", "Missing or wrong credentials."),
    403: ("Forbidden", "The role of the key's user lacks the permission."),
    404: ("NotFound", "There is none of this id. It may have been deleted."),
    409: ("Conflict", "An identifier is in use already, or the thing itself is."),
    413: ("TooLarge", "The file is too large."),
    429: ("TooManyRequests", "Over the rate limit: wait `Retry-after` seconds."),
}
MOVED = "The customer was merged with another one, who is at `Location`."
INTRODUCTION = """A simulated Gorgias account: nothing here reaches a person, and no mail leaves.

Timestamps are UTC, without a zone, with microseconds. Lists are paged: ask again with `cursor` set to
`meta.next_cursor` until it is null. Every reply says in `X-Gorgias-Account-Api-Call-Limit` how many calls of the limit
are used. What belongs to the simulator alone is below `/_simulator/`."""


def document(
    name: str, routes: Iterable[Endpoint], more_schemas: Document | None = None, more_paths: Document | None = None
) -> Document:  # fmt: skip
    """Return the OpenAPI 3.1 document of an account.

    Args:
        name: the account's.
        routes: its endpoints.
        more_schemas: schemas that ``more_paths`` refer to.
        more_paths: paths that are not Gorgias' own: what the simulator adds.
    """
    endpoints = list(routes)
    types, schemas = _schemas(endpoints)
    paths: Document = {}
    for endpoint in endpoints:
        paths.setdefault(f"/api/{endpoint.path}", {})[endpoint.method.lower()] = _operation(endpoint, types, endpoints)
    return {
        "openapi": "3.1.0",
        "info": {"title": f"Simulated Gorgias account {name}", "version": "1.0", "description": INTRODUCTION},
        "servers": [{"url": f"/{name}"}],
        "security": [{"apiKey": []}, {"accessToken": []}],
        "paths": {**paths, **(more_paths or {})},
        "components": {
            "schemas": {**(more_schemas or {}), **schemas, "Error": ERROR, "ListMeta": LIST_META},
            "responses": {word: _error(text, status) for status, (word, text) in ERRORS.items()},
            "headers": {"CallLimit": CALL_LIMIT, "RetryAfter": RETRY_AFTER},
            "securitySchemes": {
                "apiKey": {"type": "http", "scheme": "basic", "description": "E-mail address and API key."},
                "accessToken": {"type": "http", "scheme": "bearer", "description": "An OAuth2 access token."},
            },
        },
    }


ERROR: Document = {
    "type": "object",
    "description": "What every refusal holds.",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["msg"],
            "properties": {
                "msg": {"type": "string", "description": "For people."},
                "data": {"description": "Problems under their fields, nested as the body is."},
            },
        }
    },
}
LIST_META: Document = {
    "type": "object",
    "description": "Where a list goes on.",
    "required": ["prev_cursor", "next_cursor", "total_resources"],
    "properties": {
        "prev_cursor": {"type": ["string", "null"]},
        "next_cursor": {"type": ["string", "null"], "description": "Null on the last page."},
        "total_resources": {"type": ["integer", "null"]},
    },
}
CALL_LIMIT: Document = {
    "description": "Calls that are used and allowed, such as 10/40.",
    "schema": {"type": "string", "pattern": r"^\d+/\d+$"},
}
RETRY_AFTER: Document = {"description": "Seconds to wait.", "schema": {"type": "string", "pattern": r"^\d+$"}}


def _error(text: str, status: int) -> Document:
    limited = {429: {"Retry-after": {"$ref": "#/components/headers/RetryAfter"}}}.get(status, {})
    content = {JSON: {"schema": {"$ref": "#/components/schemas/Error"}}}
    return {"description": text, "content": content, **({"headers": limited} if limited else {})}


Types = dict[tuple[str, str], Document]


def _schemas(endpoints: Sequence[Endpoint]) -> tuple[Types, Document]:
    """Return the schema of every body, reply and parameter by (endpoint, what), and the models that they refer to."""
    wanted: list[tuple[tuple[str, str], Literal["validation", "serialization"], TypeAdapter[Any]]] = [
        ((_name(endpoint), what), "validation", TypeAdapter(kind))
        for endpoint in endpoints
        for what, kind in _types(endpoint)
    ]
    found, definitions = TypeAdapter.json_schemas(wanted, ref_template=REFERENCE)
    schemas = definitions.get("$defs", {})
    names = {name: _short(name) for name in schemas if "__" in name}
    types = {key: _renamed(schema, names) for (key, _), schema in found.items()}
    return types, {names.get(name, name): _renamed(schema, names) for name, schema in schemas.items()}


def _short(name: str) -> str:
    """Return a readable name where a body and a reply are called alike: ``Message`` is the reply."""
    last = name.rpartition("__")[2]
    return last if "__replies__" in name else f"{last}Body"


def _renamed(node: Any, names: Mapping[str, str]) -> Any:
    """Return a schema whose references have other names."""
    if isinstance(node, dict):
        reference = str(node.get("$ref", "")).rpartition("/")[2]
        if reference in names:
            return {**node, "$ref": REFERENCE.format(model=names[reference])}
        return {key: _renamed(value, names) for key, value in node.items()}
    return [_renamed(value, names) for value in node] if isinstance(node, list) else node


def _types(endpoint: Endpoint) -> Iterable[tuple[str, Any]]:
    yield from ((f"query {query.name}", query.type) for query in endpoint.query)
    if endpoint.body is not None:
        yield "body", endpoint.body
    if endpoint.reply is not None:
        yield "reply", endpoint.reply


def _name(endpoint: Endpoint) -> str:
    return f"{endpoint.method} {endpoint.path}"


def operation_id(endpoint: Endpoint) -> str:
    """Return the name of an operation: ``get_tickets``, ``put_tickets_id``."""
    words = re.findall(r"\w+", endpoint.path)
    return "_".join([endpoint.method.lower(), *words])


def _operation(endpoint: Endpoint, types: Types, endpoints: Sequence[Endpoint]) -> Document:
    operation: Document = {
        "operationId": operation_id(endpoint),
        "tags": [_resource(endpoint)],
        "summary": endpoint.summary,
        "parameters": [*_path_parameters(endpoint), *(_query(endpoint, q, types) for q in endpoint.query)],
        "responses": {**_success(endpoint, types, endpoints), **_failures(endpoint)},
    }
    if not endpoint.guarded:
        operation["security"] = []
    if endpoint.body is not None:
        schema = types[_name(endpoint), "body"]
        operation["requestBody"] = {"required": True, "content": {JSON: {"schema": schema}}}
    if endpoint.path == "upload":
        operation["requestBody"] = UPLOAD
    return operation


def _resource(endpoint: Endpoint) -> str:
    """Return what an endpoint is about; files are led to by their type, or by a link."""
    first = endpoint.path.partition("/")[0]
    return "upload" if first in ("{file_type}", "storage") else first


UPLOAD: Document = {
    "required": True,
    "description": "The name of each form field becomes the label of its file.",
    "content": {
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "minProperties": 1,
                "additionalProperties": {"type": "string", "format": "binary"},
            }
        }
    },
}


def _path_parameters(endpoint: Endpoint) -> list[Document]:
    return [
        {"name": name, "in": "path", "required": True, "schema": {"type": "integer", "minimum": 0}}
        if name.endswith("id")
        else {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in re.findall(r"{(\w+)}", endpoint.path)
    ]


def _query(endpoint: Endpoint, query: Query, types: Types) -> Document:
    schema = types[_name(endpoint), f"query {query.name}"]
    parameter = {"name": query.name, "in": "query", "required": query.required, "schema": schema}
    return {**parameter, **({"description": query.description} if query.description else {})}


def _success(endpoint: Endpoint, types: Types, endpoints: Sequence[Endpoint]) -> Document:
    headers = {HEADER: {"$ref": "#/components/headers/CallLimit"}}
    answer: Document = {"description": "Done.", "headers": headers}
    if endpoint.status == 307:
        answer["headers"] = {"Location": {"description": "Where it is.", "schema": {"type": "string"}}}
    if endpoint.reply is not None:
        schema = types[_name(endpoint), "reply"]
        answer["content"] = {JSON: {"schema": _envelope(schema) if endpoint.listed else schema}}
    if links := _links(endpoint, endpoints):
        answer["links"] = links
    return {str(endpoint.status): answer}


def _envelope(schema: Document) -> Document:
    return {
        "type": "object",
        "required": ["object", "uri", "data", "meta"],
        "properties": {
            "object": {"const": "list"},
            "uri": {"type": "string"},
            "data": {"type": "array", "items": schema},
            "meta": {"$ref": "#/components/schemas/ListMeta"},
        },
    }


def _links(endpoint: Endpoint, endpoints: Sequence[Endpoint]) -> Document:
    """Return what can be done next with a thing that was made: whatever has its id in the path."""
    if endpoint.method != "POST" or endpoint.status != 201 or endpoint.reply is None or "{" in endpoint.path:
        return {}
    below = [e for e in endpoints if e.path.startswith(f"{endpoint.path}/{{id}}") and e.path.count("{") == 1]
    parameters = {"id": "$response.body#/id"}
    return {operation_id(e): {"operationId": operation_id(e), "parameters": parameters} for e in below}


def _failures(endpoint: Endpoint) -> Document:
    statuses = {401, 403, 429, *endpoint.errors} if endpoint.guarded else {401, 403, *endpoint.errors}
    statuses |= {404} if "{" in endpoint.path else set()
    statuses |= {400} if endpoint.body is not None or endpoint.query else set()
    moved = {"301": {"description": MOVED}} if 301 in statuses else {}
    known = sorted(status for status in statuses if status in ERRORS)
    return {**moved, **{str(s): {"$ref": f"#/components/responses/{ERRORS[s][0]}"} for s in known}}
