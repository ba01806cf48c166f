"""The OpenAPI 3.1 document of the REST layer, made from the table and the GraphQL schema.

Committed as ``rest/openapi.json``; a test compares the two.
"""

from functools import cache
from pathlib import Path
from typing import Any

import orjson
from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
)
from strawberry.utils.str_converters import to_snake_case

from api import __version__
from api.errors import ErrorCode
from graph.absence import ABSENT, Absent
from graph.errors import STATUS
from graph.schema import schema
from rest.errors import MEDIA_TYPE
from rest.prepare import Parameter, PreparedRoute, plain_fields, prepare
from rest.routes import ROUTES

FILE = Path(__file__).with_name("openapi.json")
EXAMPLES = Path(__file__).with_name("examples.json")

# What can go wrong with any request, beside what the operation's own field lists.
_GENERAL_ERRORS = (
    ErrorCode.MALFORMED_REQUEST,
    ErrorCode.UNAUTHENTICATED,
    ErrorCode.FORBIDDEN,
    ErrorCode.INVALID_INPUT,
    ErrorCode.INTERNAL,
    ErrorCode.UNAVAILABLE,
)

_SCALARS: dict[str, dict[str, Any]] = {
    "ID": {"type": "string"},
    "String": {"type": "string"},
    "Int": {"type": "integer", "format": "int32"},
    "BigInt": {"type": "integer", "format": "int64"},
    "Float": {"type": "number"},
    "Boolean": {"type": "boolean"},
}


def document() -> dict[str, Any]:
    """The OpenAPI document."""
    examples = orjson.loads(EXAMPLES.read_bytes())
    components: dict[str, Any] = {"Problem": _PROBLEM}
    paths: dict[str, dict[str, Any]] = {}
    for row in ROUTES:
        prepared = prepare(row, schema._schema)
        example = examples.get(f"{row.method} {row.path}")
        operations = paths.setdefault(row.path, {})
        operations[row.method.lower()] = _operation(
            prepared, components, example, examples["parameters"]
        )
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Stibnite prospecting API",
            "version": __version__,
            "description": "The REST layer. Every operation is also a GraphQL field at /graphql.",
        },
        "servers": [{"url": "/"}],
        "security": [{"ApiKey": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {
                "ApiKey": {"type": "apiKey", "in": "header", "name": "x-api-key"},
            },
            "schemas": dict(sorted(components.items())),
        },
    }


def printed() -> bytes:
    """The document as the committed file holds it."""
    return orjson.dumps(document(), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


@cache
def served() -> bytes:
    """The document as /openapi.json answers it."""
    return orjson.dumps(document())


def _operation(
    prepared: PreparedRoute, components: dict[str, Any], example: Any, values: dict[str, Any]
) -> dict[str, Any]:
    row = prepared.route
    content: dict[str, Any] = {"schema": _body(prepared, components)}
    if example is not None:
        content["example"] = example
    return {
        "operationId": to_snake_case(row.operation),
        "summary": row.title,
        "description": prepared.field.description,
        "tags": [row.tag],
        "parameters": [_parameter(each, values) for each in prepared.parameters],
        "responses": {
            str(row.status): {
                "description": prepared.field.description,
                "content": {"application/json": content},
            },
            **_problems(prepared),
        },
    }


def _problems(prepared: PreparedRoute) -> dict[str, Any]:
    own = prepared.field.extensions["strawberry-definition"].metadata["errors"]
    by_status: dict[int, list[str]] = {}
    for code in sorted({*_GENERAL_ERRORS, *own}):
        by_status.setdefault(STATUS[code], []).append(code)
    return {
        str(status): {
            "description": "Problem details with code " + " or ".join(f"`{c}`" for c in codes),
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
        for status, codes in sorted(by_status.items())
    }


def _parameter(parameter: Parameter, values: dict[str, Any]) -> dict[str, Any]:
    shape = dict(_SCALARS[parameter.type_name])
    bounds = parameter.bounds
    if bounds is not None:
        for keyword, value in (
            ("minimum", bounds.min),
            ("maximum", bounds.max),
            ("minLength", bounds.min_length),
            ("maxLength", bounds.max_length),
        ):
            if isinstance(value, int):
                shape[keyword] = value
    if shape["type"] == "string":
        shape.setdefault("minLength", 1)
        shape["pattern"] = TEXT_PATTERN
    if parameter.default is not None:
        shape["default"] = parameter.default
    described = {
        "name": parameter.name,
        "in": parameter.place,
        "required": parameter.required or parameter.place == "path",
        "description": parameter.description,
        "schema": shape,
    }
    if parameter.name in values:
        described["example"] = values[parameter.name]
    return described


# Text holds something beside white space, and no control characters.
TEXT_PATTERN = r"^[^\u0000-\u0008\u000B\u000C\u000E-\u001F\u007F]*$"


def _body(prepared: PreparedRoute, components: dict[str, Any]) -> dict[str, Any]:
    result = _object(prepared.field.type)
    fields = [(member.name, result.fields[member.field]) for member in prepared.members]
    return _object_schema(fields, components)


def _object_schema(
    fields: list[tuple[str, GraphQLField]], components: dict[str, Any]
) -> dict[str, Any]:
    properties = {}
    required = []
    for name, field in fields:
        properties[name] = {
            **_type_schema(field.type, components),
            "description": field.description or "",
        }
        definition = field.extensions["strawberry-definition"]
        absent = definition.metadata.get(ABSENT)
        nullable = not isinstance(field.type, GraphQLNonNull)
        if nullable and absent is Absent.KEEP_NULL:
            properties[name] = _or_null(properties[name])
        if absent is Absent.KEEP_NULL or not (nullable or absent is Absent.OMIT_EMPTY):
            required.append(name)
    return {
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": False,
    }


def _or_null(shape: dict[str, Any]) -> dict[str, Any]:
    return {**shape, "type": [shape["type"], "null"]}


def _type_schema(of: GraphQLOutputType, components: dict[str, Any]) -> dict[str, Any]:
    inner = of.of_type if isinstance(of, GraphQLNonNull) else of
    if isinstance(inner, GraphQLList):
        return {"type": "array", "items": _type_schema(inner.of_type, components)}
    if isinstance(inner, GraphQLEnumType):
        return {"type": "string", "enum": [value.value for value in inner.values.values()]}
    if isinstance(inner, GraphQLObjectType):
        if inner.name not in components:
            components[inner.name] = {}
            fields = [(to_snake_case(name), field) for name, field in plain_fields(inner)]
            components[inner.name] = _object_schema(fields, components)
        return {"$ref": f"#/components/schemas/{inner.name}"}
    return dict(_SCALARS[inner.name])


def _object(of: GraphQLOutputType) -> GraphQLObjectType:
    inner = of.of_type if isinstance(of, GraphQLNonNull) else of
    assert isinstance(inner, GraphQLObjectType)  # noqa: S101 - checked by rest.prepare
    return inner


_PROBLEM: dict[str, Any] = {
    "type": "object",
    "description": "Problem details (RFC 9457): the one shape of every failure.",
    "properties": {
        "type": {"type": "string", "description": "Always about:blank; `code` tells kinds apart."},
        "title": {"type": "string", "description": "The HTTP status in words."},
        "status": {"type": "integer", "description": "The HTTP status."},
        "detail": {"type": "string", "description": "What is wrong, and what to do about it."},
        "code": {
            "type": "string",
            "enum": [str(code) for code in ErrorCode],
            "description": "The kind of failure. The list is closed within a version.",
        },
        "request_id": {
            "type": "string",
            "description": "Identifies the request in the log; also the header x-request-id.",
        },
        "errors": {
            "type": "array",
            "description": "The arguments that are at fault.",
            "items": {
                "type": "object",
                "properties": {"argument": {"type": "string"}, "message": {"type": "string"}},
                "required": ["argument", "message"],
                "additionalProperties": False,
            },
        },
    },
    "required": ["type", "title", "status", "detail", "code", "request_id"],
    "additionalProperties": False,
}
