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
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    is_required_input_field,
)
from strawberry.utils.str_converters import to_snake_case

from api import __version__
from api.caller import CallerKind
from api.errors import ErrorCode
from graph.absence import ABSENT, Absent
from graph.bounds import bounds_of
from graph.directives import Bounds, shorthand_of
from graph.errors import STATUS
from graph.schema import schema
from rest.errors import MEDIA_TYPE
from rest.headers import IDEMPOTENCY_HIT, IDEMPOTENCY_KEY, RETRY_AFTER
from rest.prepare import WITH_BODY, Parameter, PreparedRoute, plain_fields, prepare
from rest.problem_schema import PROBLEM
from rest.route import JSON
from rest.routes import ROUTES
from rest.streams import HEADERS
from rest.values import bare

FILE = Path(__file__).with_name("openapi.json")
EXAMPLES = Path(__file__).with_name("examples.json")

# What can go wrong with any request, beside what the operation's own field lists.
_GENERAL_ERRORS = (
    ErrorCode.MALFORMED_REQUEST,
    ErrorCode.UNAUTHENTICATED,
    ErrorCode.FORBIDDEN,
    ErrorCode.INVALID_INPUT,
    ErrorCode.RATE_LIMITED,
    ErrorCode.INTERNAL,
    ErrorCode.UNAVAILABLE,
)

_SCHEMES = {
    CallerKind.API_KEY: "ApiKey",
    CallerKind.CONSOLE_USER: "ConsoleSession",
    CallerKind.EMBED_TOKEN: "EmbedToken",
}

_SCALARS: dict[str, dict[str, Any]] = {
    "ID": {"type": "string"},
    "String": {"type": "string"},
    "Int": {"type": "integer", "format": "int32"},
    "BigInt": {"type": "integer", "format": "int64"},
    "Float": {"type": "number"},
    "Date": {"type": "string", "format": "date"},
    "SteeringWeight": {
        "anyOf": [
            {"type": "number", "minimum": 0, "maximum": 2},
            {"type": "string", "enum": ["weak", "normal", "strong"]},
        ]
    },
    "Boolean": {"type": "boolean"},
    "JSON": {"type": "object"},
    "DateTime": {"type": "string", "format": "date-time"},
}


def document() -> dict[str, Any]:
    """The OpenAPI document."""
    examples = orjson.loads(EXAMPLES.read_bytes())
    components: dict[str, Any] = {"Problem": PROBLEM}
    paths: dict[str, dict[str, Any]] = {}
    identifiers: set[str] = set()
    for row in ROUTES:
        prepared = prepare(row, schema._schema)
        example = examples.get(f"{row.method} {row.path}")
        operations = paths.setdefault(row.path, {})
        values = {**examples["parameters"], **examples["requests"]}
        operation = _operation(prepared, components, example, values)
        # An operation with two paths needs two identifiers.
        if operation["operationId"] in identifiers:
            operation["operationId"] += row.path.replace("/", "_")
        identifiers.add(operation["operationId"])
        operations[row.method.lower()] = operation
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
                "ConsoleSession": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "The token of GET /console/sign-in.",
                },
                "EmbedToken": {
                    "type": "http",
                    "scheme": "bearer",
                    "bearerFormat": "JWT",
                    "description": "The token of POST /v1/prospecting/embed-sessions.",
                },
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
    headers = IDEMPOTENCY_HIT if prepared.writes else {}
    if row.media_type != JSON:
        content = {"schema": {"type": "string"}}
        headers = headers | {
            name: {"description": says, "required": True, "schema": {"type": "string"}}
            for name, says in HEADERS[row.operation].items()
        }
    if example is not None:
        content["example"] = example
    return {
        "operationId": to_snake_case(row.operation),
        "summary": row.title,
        "description": prepared.field.description,
        "tags": [row.tag],
        "parameters": [
            *(_parameter(each, components, values) for each in prepared.in_url),
            *([IDEMPOTENCY_KEY] if prepared.writes else ()),
        ],
        **_request(prepared, components, values),
        "responses": {
            str(row.status): {
                "description": prepared.field.description,
                **({"headers": headers} if headers else {}),
                "content": {row.media_type: content},
            },
            **_problems(prepared),
        },
    }


def _request(
    prepared: PreparedRoute, components: dict[str, Any], values: dict[str, Any]
) -> dict[str, Any]:
    """``requestBody`` and ``security``, where they differ from the general case."""
    about: dict[str, Any] = {}
    if prepared.callers != {CallerKind.API_KEY}:
        about["security"] = [{_SCHEMES[kind]: []} for kind in sorted(prepared.callers)]
    if not prepared.in_body:
        return about
    properties = {}
    for each in prepared.in_body:
        shape = input_shape(each.type, each.bounds, components)
        if each.default is not None:
            shape["default"] = each.default
        if not each.required:
            shape = _nullable(shape)
        properties[each.name] = {**shape, "description": each.description}
    required = [each.name for each in prepared.in_body if each.required]
    content: dict[str, Any] = {
        "schema": {
            "type": "object",
            "properties": properties,
            "required": required,
            "additionalProperties": False,
        }
    }
    row = prepared.route
    key = f"{row.method} {row.path} request"
    if key in values:
        content["example"] = values[key]
    return {
        **about,
        "requestBody": {"required": bool(required), "content": {"application/json": content}},
    }


def _problems(prepared: PreparedRoute) -> dict[str, Any]:
    own = prepared.field.extensions["strawberry-definition"].metadata["errors"]
    general = set(_GENERAL_ERRORS)
    if prepared.public:
        general -= {ErrorCode.UNAUTHENTICATED, ErrorCode.FORBIDDEN}
    if prepared.writes:
        general |= {ErrorCode.CONFLICT}
    if prepared.route.method in WITH_BODY:
        general |= {ErrorCode.PAYLOAD_TOO_LARGE, ErrorCode.UNSUPPORTED_MEDIA_TYPE}
    by_status: dict[int, list[ErrorCode]] = {}
    for code in sorted({*general, *own}):
        by_status.setdefault(STATUS[code], []).append(code)
    return {
        str(status): {
            "description": "Problem details with code " + " or ".join(f"`{c}`" for c in codes),
            **_passing(codes, prepared),
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
        for status, codes in sorted(by_status.items())
    }


def _passing(codes: list[ErrorCode], prepared: PreparedRoute) -> dict[str, Any]:
    """The header that says when to try again, where a failure may pass."""
    for code in codes:
        if code in RETRY_AFTER and (code is not ErrorCode.CONFLICT or prepared.writes):
            return {"headers": RETRY_AFTER[code]}
    return {}


def _parameter(
    parameter: Parameter, components: dict[str, Any], values: dict[str, Any]
) -> dict[str, Any]:
    shape = input_shape(parameter.type, parameter.bounds, components)
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


def input_shape(
    of: GraphQLInputType, bounds: Bounds | None, components: dict[str, Any]
) -> dict[str, Any]:
    """The JSON schema of what may be given for an input type."""
    inner = bare(of)
    if isinstance(inner, GraphQLList):
        items = input_shape(inner.of_type, bounds, components)
        array: dict[str, Any] = {"type": "array", "items": items}
        return {**array, **_keywords(bounds, minItems="min_items", maxItems="max_items")}
    if isinstance(inner, GraphQLEnumType):
        return {"type": "string", "enum": list(inner.values)}
    if isinstance(inner, GraphQLInputObjectType):
        return _input_object(inner, components)
    shape = dict(_SCALARS[inner.name])
    if shape.get("type") == "string":
        shape |= {"minLength": 1, "pattern": TEXT_PATTERN}
        return {**shape, **_keywords(bounds, minLength="min_length", maxLength="max_length")}
    return {**shape, **_keywords(bounds, minimum="min", maximum="max")}


def _keywords(bounds: Bounds | None, **names: str) -> dict[str, int]:
    given = {keyword: getattr(bounds, name, None) for keyword, name in names.items()}
    return {keyword: value for keyword, value in given.items() if isinstance(value, int)}


def _input_object(of: GraphQLInputObjectType, components: dict[str, Any]) -> dict[str, Any]:
    if of.name not in components:
        components[of.name] = {}
        properties, required = {}, []
        for variable, field in of.fields.items():
            bounds = bounds_of(field.extensions["strawberry-definition"])
            shape = input_shape(field.type, bounds, components)
            name = to_snake_case(variable)
            if is_required_input_field(field):
                required.append(name)
            else:
                shape = _nullable(shape)
            properties[name] = {**shape, "description": field.description or ""}
        components[of.name] = {
            "type": "object",
            "description": of.description or "",
            "properties": properties,
            "required": required,
            "additionalProperties": False,
        }
    reference = {"$ref": f"#/components/schemas/{of.name}"}
    short = shorthand_of(of)
    if short is None:
        return reference
    text = components[of.name]["properties"][to_snake_case(short)]
    return {"anyOf": [text, reference]}


def _nullable(shape: dict[str, Any]) -> dict[str, Any]:
    """What is absent from a body may be written as null."""
    if "enum" in shape:
        return {**shape, "type": ["string", "null"], "enum": [*shape["enum"], None]}
    if isinstance(shape.get("type"), str):
        return {**shape, "type": [shape["type"], "null"]}
    if "anyOf" in shape:
        return {**shape, "anyOf": [*shape["anyOf"], {"type": "null"}]}
    return {"anyOf": [shape, {"type": "null"}]}


# Text holds something beside white space, and no control characters.
TEXT_PATTERN = r"^[^\u0000-\u0008\u000B\u000C\u000E-\u001F\u007F]*$"


def _body(prepared: PreparedRoute, components: dict[str, Any]) -> dict[str, Any]:
    result = _object(prepared.field.type)
    fields = [(member.name, result.fields[member.field]) for member in prepared.members]
    body = _object_schema(fields, components)
    if prepared.route.chosen is not None:
        rows = body["properties"][prepared.route.chosen]
        rows["items"] = _some_of(rows["items"], components, prepared.route.default_columns[0])
    return body


def _some_of(reference: dict[str, Any], components: dict[str, Any], always: str) -> dict[str, Any]:
    """An object of which only the columns that were asked for are there."""
    name = reference["$ref"].rpartition("/")[2]
    components[f"{name}Row"] = {**components[name], "required": [always]}
    return {"$ref": f"#/components/schemas/{name}Row"}


def _object_schema(
    fields: list[tuple[str, GraphQLField]], components: dict[str, Any]
) -> dict[str, Any]:
    properties = {}
    required = []
    for name, field in fields:
        shape = _type_schema(field.type, components)
        definition = field.extensions["strawberry-definition"]
        absent = definition.metadata.get(ABSENT)
        nullable = not isinstance(field.type, GraphQLNonNull)
        if nullable and absent is Absent.KEEP_NULL:
            shape = _nullable(shape)
        properties[name] = {**shape, "description": field.description or ""}
        if absent is Absent.KEEP_NULL or not (nullable or absent is Absent.OMIT_EMPTY):
            required.append(name)
    return {
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": False,
    }


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
