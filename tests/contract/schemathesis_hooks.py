"""Gives the documents that Schemathesis generates arguments that mean something.

The bounds of arguments, and that a query must be understood, are stated in the schema's directives
and descriptions, which Schemathesis does not read: left alone, nearly every generated document
would be refused for its arguments, and nothing behind them would be tried. Documents that are meant
to break the schema are sent as they are.
"""

import os
from collections.abc import Callable, Mapping
from typing import Any

import schemathesis
from graphql import (
    ArgumentNode,
    DocumentNode,
    EnumValueNode,
    FieldNode,
    FloatValueNode,
    GraphQLArgument,
    GraphQLField,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    IntValueNode,
    ListValueNode,
    NameNode,
    NullValueNode,
    ObjectFieldNode,
    ObjectValueNode,
    StringValueNode,
    TypeInfo,
    TypeInfoVisitor,
    ValueNode,
    Visitor,
    validate,
    visit,
)
from hypothesis import strategies as st

from graph.bounds import bounds_of
from graph.schema import schema

QUERIES = (
    "CEOs in Nevada",
    "partners at law firms in Ely, NV",
    "give me 20 decision makers for marketing agencies",
    "all employees at SaaS companies with fewer than 50 employees",
)
COMPANY_QUERIES = (
    "all SaaS companies in Idaho",
    "law firms in Nevada with 10+ employees",
    "marketing agencies not in California",
)
EVENTS = ("person_search.job.succeeded", "person_search.job.failed")
TEXTS: dict[str, tuple[str, ...]] = {
    "q": QUERIES,
    "dedupeToken": ("campaign-1", "campaign-2"),
    "dedupeUserId": ("user-1",),
    "locationCity": ("Las Vegas", "Reno"),
    "locationState": ("NV", "Texas"),
    "industry": ("Software", "law"),
    "domain": ("example.com", "crowded-law.example", "nobody.example"),
    "excludes": ("example.com",),
    "domains": ("example.com", "crowded-law.example", "nobody.example"),
    "companyDomain": ("example.com", "https://www.crowded-law.example/"),
    "email": ("jordan@example.com",),
    "linkedinUrl": ("https://www.linkedin.com/in/jordan-lee",),
    "phone": ("+12085550123",),
    "url": ("https://customer.example/webhooks/stibnite",),
    "resultDeliveryUrl": ("https://partner.example/api/prospects",),
    "allowedOrigins": ("https://partner.example", "https://app.partner.example"),
    "events": EVENTS,
    "describe": ("payroll for small companies", "bread and cakes"),
    "naceCode": ("K", "62.01"),
    "registerDateFrom": ("2001-02-28",),
    "registerDateTo": ("2020-02-29",),
    "fromDate": ("2001-02-28",),
    "toDate": ("2020-02-29",),
    # A job that the test queued: one that is not there is an error, as it should be.
    "jobId": (os.environ.get("ST_JOB_ID", ""),),
    # The same of a customer.
    "partnerCustomerId": (os.environ.get("ST_CUSTOMER_ID", ""),),
}
# Arguments of an operation that cannot be guessed, need another key, or exclude each other.
LEFT_OUT: dict[str, tuple[str, ...]] = {
    "personSearch": ("interpretation", "atCompaniesLike"),
    "createPersonSearchJob": ("interpretation",),
    "interpretPersonSearch": ("interpretation",),
    "companySearch": ("interpretation",),
    "interpretCompanySearch": ("interpretation",),
    "organisationSearch": ("similarTo", "keywords", "searchAfter", "explain"),
    "organisationStats": ("groupBySecondary", "dateTrunc", "explain"),
}
MULTIPLIED = ("similar", "people")
"""Lists within lists: a request may ask for so many in all."""
# What an operation cannot do without, although each argument is optional.
NEEDED: dict[str, tuple[str, ValueNode]] = {
    "personLookup": ("email", StringValueNode(value="jordan@example.com")),
    "organisationSearch": ("filters", ObjectValueNode(fields=())),
    **{
        name: ("q", StringValueNode(value=QUERIES[0]))
        for name in ("personSearch", "createPersonSearchJob", "interpretPersonSearch")
    },
    **{
        name: ("q", StringValueNode(value=COMPANY_QUERIES[0]))
        for name in ("companySearch", "interpretCompanySearch")
    },
}

schemathesis.graphql.scalar(
    "SteeringWeight",
    st.sampled_from(("weak", "normal", "strong")).map(lambda word: StringValueNode(value=word)),
)
# Starts of grants may be past, ends may not.
schemathesis.graphql.scalar(
    "DateTime",
    st.sampled_from(("2098-05-17T18:42:10Z", "2099-05-17T20:42:10.5+02:00")).map(
        lambda moment: StringValueNode(value=moment)
    ),
)


class Sensible(Visitor):
    """Puts values that keep to their bounds, and mean something, in the place of generated ones."""

    def __init__(self, info: TypeInfo):
        super().__init__()
        self.info = info

    def leave_field(self, node: FieldNode, *_: Any) -> Any:
        """One field of the document with its arguments."""
        field = self.info.get_field_def()
        if field is None or not field.args:
            return None
        arguments = self.arguments(field, node)
        return FieldNode(
            name=node.name,
            alias=node.alias,
            arguments=tuple(
                ArgumentNode(name=NameNode(value=name), value=value)
                for name, value in arguments.items()
            ),
            directives=node.directives,
            selection_set=node.selection_set,
        )

    def arguments(self, field: GraphQLField, node: FieldNode) -> dict[str, ValueNode]:
        """The arguments to send, by name."""
        operation = node.name.value
        given = {
            each.name.value: fitted(each.name.value, each.value, field.args[each.name.value])
            for each in node.arguments or ()
        }
        for name in (*LEFT_OUT.get(operation, ()), "after"):
            given.pop(name, None)
        if operation.startswith(("company", "interpretCompany")) and "q" in given:
            given["q"] = StringValueNode(value=COMPANY_QUERIES[0])
        if operation in MULTIPLIED and "first" in given:
            given["first"] = IntValueNode(value="1")
        needed = NEEDED.get(operation)
        if needed is not None:
            name, value = needed
            nothing = all(isinstance(each, NullValueNode) for each in given.values())
            alone = operation == "personLookup" and not nothing
            if not alone and isinstance(given.get(name, NullValueNode()), NullValueNode):
                given[name] = value
        if isinstance(given.get("dedupeToken", NullValueNode()), NullValueNode):
            given.pop("dedupeUserId", None)
        return given


def fitted(name: str, value: ValueNode, of: GraphQLArgument | GraphQLInputField) -> ValueNode:
    """A value of the right type, made to keep to the bounds of its argument or input field."""
    return _fitted(name, value, of.type, bounds_of(of.extensions["strawberry-definition"]))


def _fitted(name: str, value: ValueNode, kind: Any, bounds: Any) -> ValueNode:
    inner = kind.of_type if isinstance(kind, GraphQLNonNull) else kind
    if isinstance(value, ListValueNode) and isinstance(inner, GraphQLList):
        return _list(name, value, inner, bounds)
    if isinstance(value, ObjectValueNode) and isinstance(inner, GraphQLInputObjectType):
        return _object(value, inner)
    rule = _RULES.get(type(value))
    if getattr(inner, "name", "") == "ID" and isinstance(value, IntValueNode):
        rule = _text
    return value if rule is None else rule(name, value, bounds)


def _list(name: str, value: ListValueNode, kind: Any, bounds: Any) -> ListValueNode:
    values = [_fitted(name, each, kind.of_type, bounds) for each in value.values]
    most = getattr(bounds, "max_items", None)
    if isinstance(most, int):
        values = values[:most]
    least = getattr(bounds, "min_items", None)
    while isinstance(least, int) and len(values) < least:
        values.append(StringValueNode(value=TEXTS[name][0]))
    if name == "events":
        values = [StringValueNode(value=each) for each in EVENTS]
    return ListValueNode(values=tuple(values))


def _object(value: ObjectValueNode, kind: GraphQLInputObjectType) -> ObjectValueNode:
    fields = [
        ObjectFieldNode(
            name=each.name, value=fitted(each.name.value, each.value, kind.fields[each.name.value])
        )
        for each in value.fields
        # A text filter needs a word that stands for something, and counts take none.
        if each.name.value != "textKeywords"
    ]
    return ObjectValueNode(fields=tuple(fields))


def _text(name: str, value: Any, bounds: Any) -> ValueNode:
    known = TEXTS.get(name)
    if known is not None:
        return StringValueNode(value=known[len(value.value) % len(known)])
    most = getattr(bounds, "max_length", None)
    printable = "".join(each for each in value.value if each.isprintable()).strip() or "x"
    cut = printable[:most].strip() if isinstance(most, int) else printable
    return StringValueNode(value=cut or "x")


def _number(name: str, value: Any, bounds: Any) -> ValueNode:
    low, high = (getattr(bounds, end, None) for end in ("min", "max"))
    number = float(value.value)
    if isinstance(high, int):
        least = low if isinstance(low, int) else 0
        number = least + abs(number) % (high - least + 1)
        if isinstance(value, FloatValueNode):
            return FloatValueNode(value=str(min(number, high)))
        return IntValueNode(value=str(int(number)))
    return value if isinstance(value, ValueNode) else IntValueNode(value="1")


_RULES: Mapping[type[ValueNode], Callable[[str, Any, Any], ValueNode]] = {
    StringValueNode: _text,
    IntValueNode: _number,
    FloatValueNode: _number,
    EnumValueNode: lambda _name, value, _bounds: value,
}


@schemathesis.hook
def map_body(context: Any, body: Any) -> Any:
    """Only GraphQL documents have a body here."""
    if not isinstance(body, DocumentNode) or validate(schema._schema, body):
        return body
    info = TypeInfo(schema._schema)
    return visit(body, TypeInfoVisitor(info, Sensible(info)))
