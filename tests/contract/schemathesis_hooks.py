"""Gives the documents that Schemathesis generates arguments that mean something.

The bounds of arguments, and that a query must be understood, are stated in the schema's directives
and descriptions, which Schemathesis does not read: left alone, nearly every generated document
would be refused for its arguments, and nothing behind them would be tried.
"""

import os
from collections.abc import Callable
from typing import Any

import schemathesis
from graphql import (
    ArgumentNode,
    DocumentNode,
    FieldNode,
    IntValueNode,
    NameNode,
    NullValueNode,
    ObjectValueNode,
    StringValueNode,
    Visitor,
    visit,
)
from graphql.language import REMOVE
from hypothesis import strategies as st

MAX_INT = 2**31 - 1
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
SEARCHES = {
    "personSearch": QUERIES,
    "interpretPersonSearch": QUERIES,
    "createPersonSearchJob": QUERIES,
    "companySearch": COMPANY_QUERIES,
    "interpretCompanySearch": COMPANY_QUERIES,
}
TEXTS: dict[str, tuple[str, ...]] = {
    "dedupeToken": ("campaign-1", "campaign-2"),
    "dedupeUserId": ("user-1",),
    "locationCity": ("Las Vegas", "Reno"),
    "locationState": ("NV", "Texas"),
    "industry": ("Software", "law"),
    "domain": ("example.com", "crowded-law.example", "nobody.example"),
    "companyDomain": ("example.com", "https://www.crowded-law.example/"),
    "email": ("jordan@example.com",),
    "linkedinUrl": ("https://www.linkedin.com/in/jordan-lee",),
    "phone": ("+12085550123",),
    "url": ("https://customer.example/webhooks/stibnite", "https://127.0.0.1/"),
    "description": ("CRM enrichment workflow",),
    "endpointId": ("5f0c2b1e-7d3c-4b1e-9f4e-3f1a2b3c4d5e", "endpoint_123"),
    "deliveryId": ("8a4c2b0d-3a4e-4f8f-8cf2-018f4f8f1f42", "delivery_123"),
    "describe": ("payroll for small companies", "bread and cakes"),
    # A job that the test queued: one that is not there is an error, as it should be.
    "jobId": (os.environ.get("ST_JOB_ID", ""),),
}
REMOVED = ("after", "searchAfter", "explain", "atCompaniesLike")
"""Arguments whose good values cannot be guessed, or need another key."""
NUMBERS: dict[str, Callable[[int], int]] = {
    "first": lambda value: 1 + abs(value) % 100,
    "maxRecords": lambda value: 1 + abs(value) % 500,
    "minContacts": lambda value: 1 + abs(value) % 50,
    "overlapHours": lambda value: abs(value) % 169,
}


schemathesis.graphql.scalar(
    "SteeringWeight",
    st.sampled_from(("weak", "normal", "strong")).map(lambda word: StringValueNode(value=word)),
)


class Sensible(Visitor):
    """Puts sensible values in the place of generated ones of the right type; leaves wrong types."""

    def leave_argument(self, node: ArgumentNode, *_: Any) -> Any:
        """One argument."""
        name, value = node.name.value, node.value
        if name in REMOVED and not isinstance(value, NullValueNode):
            return REMOVE
        if isinstance(value, IntValueNode) and name == "jobId":
            # An identifier may be written as a number, too.
            value = StringValueNode(value=value.value)
        if isinstance(value, StringValueNode) and name in TEXTS:
            chosen = TEXTS[name][len(value.value) % len(TEXTS[name])]
            return ArgumentNode(name=node.name, value=StringValueNode(value=chosen))
        if isinstance(value, IntValueNode) and name in NUMBERS:
            number = int(value.value)
            if not -MAX_INT - 1 <= number <= MAX_INT:
                return None
            chosen_number = NUMBERS[name](number)
            return ArgumentNode(name=node.name, value=IntValueNode(value=str(chosen_number)))
        return None

    def leave_field(self, node: FieldNode, *_: Any) -> Any:
        """A look-up needs one identifier, and a search something to search by."""
        if node.name.value == "organisationSearch":
            return _with_filters(node)
        if node.name.value in SEARCHES:
            return _asked(node, SEARCHES[node.name.value])
        given = [each for each in node.arguments or () if not isinstance(each.value, NullValueNode)]
        if node.name.value != "personLookup" or given:
            return None
        email = ArgumentNode(
            name=NameNode(value="email"), value=StringValueNode(value="jordan@example.com")
        )
        others = tuple(each for each in node.arguments or () if each.name.value != "email")
        return FieldNode(
            name=node.name,
            alias=node.alias,
            arguments=(*others, email),
            directives=node.directives,
            selection_set=node.selection_set,
        )


def _with_filters(node: FieldNode) -> FieldNode:
    """References must be known, and words need one that is to be found: filters need neither."""
    kept = ("first", "dedup", "minScore", "searchBalance", "describe")
    filters = ArgumentNode(name=NameNode(value="filters"), value=ObjectValueNode(fields=()))
    return FieldNode(
        name=node.name,
        alias=node.alias,
        arguments=(*(each for each in node.arguments or () if each.name.value in kept), filters),
        directives=node.directives,
        selection_set=node.selection_set,
    )


def _asked(node: FieldNode, queries: tuple[str, ...]) -> FieldNode:
    """With a query of the list in place of one of the right type; by nothing else.

    An interpretation may not stand beside it, nor an end user without a token.
    """
    given = {each.name.value: each for each in node.arguments or ()}
    q = given.get("q")
    if q is None or isinstance(q.value, StringValueNode | NullValueNode):
        number = len(q.value.value) if q and isinstance(q.value, StringValueNode) else 0
        value = StringValueNode(value=queries[number % len(queries)])
        given["q"] = ArgumentNode(name=NameNode(value="q"), value=value)
        given.pop("interpretation", None)
    token = given.get("dedupeToken")
    if token is None or isinstance(token.value, NullValueNode):
        given.pop("dedupeUserId", None)
    return FieldNode(
        name=node.name,
        alias=node.alias,
        arguments=tuple(given.values()),
        directives=node.directives,
        selection_set=node.selection_set,
    )


@schemathesis.hook
def map_body(context: Any, body: Any) -> Any:
    """Only GraphQL documents have a body here."""
    return visit(body, Sensible()) if isinstance(body, DocumentNode) else body
