"""The OpenAPI document of an account as a page: endpoints by resource, bodies and replies folded. Needs no network."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from fastapi import Response

from migrator_lib import pages
from migrator_lib.pages import Html, tag
from migrator_lib.simulators.gorgias.inspector.shell import Site

Document = Mapping[str, Any]
RULES = {
    "minLength": "at least {} characters", "maxLength": "at most {} characters", "minimum": "from {}",
    "maximum": "to {}", "minItems": "at least {}", "maxItems": "at most {}", "pattern": "like {}", "format": "{}",
}  # fmt: skip
OWN = "_simulator"


def page(site: Site, described: Document) -> Response:
    """Return the page of an OpenAPI document."""
    groups: dict[str, list[Html]] = {}
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            shown = _operation(described, method.upper(), path, operation)
            groups.setdefault(operation["tags"][0], []).append(shown)
    parts = [
        pages.join([tag("h2", _title(name), id=name), *shown])
        for name, shown in sorted(groups.items(), key=lambda g: (g[0] == OWN, g[0]))
    ]
    jumps = [pages.link(f"#{name}", _title(name)) for name in sorted(groups, key=lambda n: (n == OWN, n))]
    about = [pages.paragraph(marked(part)) for part in described["info"]["description"].split("\n\n")]
    return site.page(
        "API", *about,
        pages.paragraph("For programs: ", site.link("openapi.json", "the OpenAPI document"), "."),
        tag("p", pages.join(pages.join([jump, " "]) for jump in jumps), class_="jumps"),
        *parts, pages.heading("Schemas"), *_schemas(described), place="docs",
        subtitle=f"{sum(map(len, groups.values()))} operations, as this simulator has them.",
    )  # fmt: skip


def marked(text: str) -> Html:
    """Return text in which what stands between backticks is code."""
    parts = text.split("`")
    return pages.join(pages.code(part) if index % 2 else part for index, part in enumerate(parts))


def _title(name: str) -> str:
    return "The simulator's own" if name == OWN else name.replace("-", " ").capitalize()


def _operation(described: Document, method: str, path: str, operation: Document) -> Html:
    head = pages.join([tag("b", method), " ", pages.code(path), f" {operation.get('summary', '')}"])
    parts: list[Html] = []
    if operation.get("parameters"):
        parts += [tag("h3", "Parameters"), pages.table([_parameter(p) for p in operation["parameters"]])]
    for kind, content in (operation.get("requestBody") or {}).get("content", {}).items():
        parts += [tag("h3", f"Body ({kind})"), _schema(described, content["schema"])]
    parts += [tag("h3", "Answers"), pages.table(list(_answers(described, operation)))]
    return tag("details", pages.join([tag("summary", head), *parts]), class_="endpoint")


def _parameter(parameter: Document) -> dict[str, object]:
    return {
        "Name": pages.code(parameter["name"]), "In": parameter["in"], "Type": kind(parameter["schema"]),
        "Required": bool(parameter.get("required")), "About": parameter.get("description"),
    }  # fmt: skip


def _answers(described: Document, operation: Document) -> Iterator[dict[str, object]]:
    for status, answer in operation["responses"].items():
        whole = _followed(described, answer)
        schemas = [content["schema"] for content in whole.get("content", {}).values()]
        about = "Done." if whole["description"] == "Successful Response" else whole["description"]
        holds = kind(schemas[0]) if schemas else "nothing"
        yield {"Status": status, "About": marked(about), "Holds": holds}


def _followed(described: Document, node: Document) -> Document:
    """Return what a reference refers to."""
    while "$ref" in node:
        reference, node = str(node["$ref"]), described
        for part in reference.removeprefix("#/").split("/"):
            node = node[part]
    return node


def _schemas(described: Document) -> Iterator[Html]:
    for name, schema in sorted(described["components"]["schemas"].items()):
        about = [pages.note(marked(schema["description"].replace("``", "`")))] if schema.get("description") else []
        inner = pages.join([tag("summary", name), *about, _schema(described, schema)])
        yield tag("details", inner, class_="endpoint", id=f"schema-{name}")


def _schema(described: Document, schema: Document) -> Html:
    """Return the fields of an object, or what else a schema is."""
    whole = _followed(described, schema)
    fields = whole.get("properties") or {}
    if not fields:
        return pages.paragraph(kind(schema))
    required = whole.get("required", [])
    told = any("description" in field for field in fields.values())
    rows: list[dict[str, object]] = [
        {"Field": pages.code(name), "Type": kind(field), "Required": name in required,
         **({"About": marked(field.get("description", "").replace("``", "`"))} if told else {})}
        for name, field in fields.items()
    ]  # fmt: skip
    return pages.table(rows, caption=f"Fields of {_referred(schema)}" if "$ref" in schema else "Fields")


def _referred(schema: Document) -> str:
    return str(schema["$ref"]).rpartition("/")[2]


def kind(schema: Document) -> Html:
    """Return what a schema allows, in a few words; other schemas are links."""
    if "$ref" in schema:
        return pages.link(f"#schema-{_referred(schema)}", _referred(schema))
    for union in ("anyOf", "oneOf", "allOf"):
        if union in schema:
            members = [kind(member) for member in schema[union]]
            return pages.join(pages.join([" or " if index else "", member]) for index, member in enumerate(members))
    if "enum" in schema:
        return pages.join(["one of ", pages.code(" ".join(map(str, schema["enum"])))])
    if "const" in schema:
        return pages.code(str(schema["const"]))
    return _plain(schema)


def _plain(schema: Document) -> Html:
    given = schema.get("type", "anything")
    name = pages.escaped(" or ".join(given) if isinstance(given, list) else given)
    if given == "array":
        name = pages.join(["list of ", kind(schema.get("items", {}))])
    rules = [words.format(schema[rule]) for rule, words in RULES.items() if rule in schema]
    return pages.join([name, f" ({', '.join(rules)})" if rules else ""])
