"""Values that a JSON schema allows, as far as the contract's schemas go."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from hypothesis import strategies as st

SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
ANYTHING = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner), max_leaves=4
)
MOMENTS = st.datetimes(
    min_value=datetime(1900, 1, 2), max_value=datetime(9000, 1, 1), timezones=st.none() | st.just(UTC)
).map(datetime.isoformat)


def valid(schema: dict[str, Any], defs: dict[str, Any] | None = None) -> st.SearchStrategy[Any]:
    """Return values that a schema allows; what is not required is there or not."""
    defs = schema.get("$defs", {}) if defs is None else defs
    if "$ref" in schema:
        return valid(defs[schema["$ref"].rsplit("/", 1)[1]], defs)
    if "anyOf" in schema:
        return st.one_of(*(valid(one, defs) for one in schema["anyOf"]))
    if "const" in schema:
        return st.just(schema["const"])
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    return _of_type(schema, defs)


def _of_type(schema: dict[str, Any], defs: dict[str, Any]) -> st.SearchStrategy[Any]:
    match schema.get("type"):
        case "object":
            return _object(schema, defs)
        case "array":
            return st.lists(
                valid(schema["items"], defs), min_size=schema.get("minItems", 0), max_size=schema.get("minItems", 0) + 2
            )
        case "string":
            return _text(schema)
        case "integer":
            return st.integers(schema.get("minimum"), schema.get("maximum"))
        case "number":
            return st.floats(allow_nan=False, allow_infinity=False) | st.integers()
        case "boolean":
            return st.booleans()
        case "null":
            return st.none()
    return ANYTHING


def _object(schema: dict[str, Any], defs: dict[str, Any]) -> st.SearchStrategy[Any]:
    if "properties" not in schema:
        inner = schema.get("additionalProperties")
        return st.dictionaries(st.text(), valid(inner, defs) if isinstance(inner, dict) else ANYTHING, max_size=3)
    known = {name: valid(one, defs) for name, one in schema["properties"].items()}
    required = set(schema.get("required", ()))
    return st.fixed_dictionaries(
        {name: strategy for name, strategy in known.items() if name in required},
        optional={name: strategy for name, strategy in known.items() if name not in required},
    )


def _text(schema: dict[str, Any]) -> st.SearchStrategy[str]:
    if schema.get("format") == "date-time":
        return MOMENTS
    longest = schema.get("maxLength")
    if "pattern" in schema:
        bare = schema["pattern"].removeprefix("^").removesuffix("$")
        return st.from_regex(bare, fullmatch=True).filter(lambda text: longest is None or len(text) <= longest)
    return st.text(min_size=schema.get("minLength", 0), max_size=longest and min(longest, 30))
