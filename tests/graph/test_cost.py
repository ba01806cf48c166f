"""Costs in points: pages as large as they may be, before; what there was, after."""

from collections.abc import Mapping
from typing import Any

import pytest
from graphql import get_introspection_query, graphql_sync

from api.errors import DomainError, ErrorCode
from api.settings import settings
from graph.admission import requested_points
from graph.documents import prepare_document
from graph.schema import schema

PEOPLE = "nodes { personId company { name } }"
REQUESTED: list[tuple[str, dict[str, Any], int]] = [
    ("{ usage { requests } }", {}, 10),
    ("{ __typename }", {}, 0),
    ("{ rateLimit { policies { remaining } } }", {}, 0),
    ("{ a: usage { requests } b: usage { requests } }", {}, 20),
    # The same key is answered once.
    ("{ usage { requests } usage { billableRecords } }", {}, 10),
    ('{ personSearch(q: "x", first: 3) { ' + PEOPLE + " } }", {}, 10 + 3 * 2),
    ('{ personSearch(q: "x") { ' + PEOPLE + " } }", {}, 10 + 100 * 2),
    ('{ personSearch(q: "x", first: 3) { edges { node { personId } } } }', {}, 10 + 3 * 2),
    # Lists of the interpretation are no pages.
    ('{ personSearch(q: "x", first: 3) { interpretation { roles { key } } } }', {}, 10 + 1 + 10),
    ('query ($n: Int!) { companySearch(q: "x", first: $n) { nodes { name } } }', {"n": 7}, 17),
    ('query ($n: Int! = 4) { companySearch(q: "x", first: $n) { nodes { name } } }', {}, 14),
    (
        'query ($n: Int! = 4) { companySearch(q: "x", first: $n) { nodes { name } } }',
        {"n": 1},
        11,
    ),
    # Beyond the bounds is refused as such: it costs no more than the largest page.
    ('{ companySearch(q: "x", first: 1000000000) { nodes { name } } }', {}, 110),
    (
        'query ($n: Int!) { companySearch(q: "x", first: $n) { nodes { name } } }',
        {"n": 10**30},
        110,
    ),
    ('{ companySearch(q: "x", first: -5) { nodes { name } } }', {}, 10),
    ('{ organisationFetch(domains: ["a.de", "b.de"]) { nodes { name } } }', {}, 12),
    (
        "query ($of: [String!]!) { organisationFetch(domains: $of) { nodes { name } } }",
        {"of": ["a.de"] * 5_000},
        5_010,
    ),
    ('{ personLookup(email: "a@b.de") { nodes { personId } } }', {}, 110),
    (
        '{ organisationSearch(describe: "x", first: 4) { nodes { similar(first: 5) { name } } } }',
        {},
        10 + 4 * (1 + 5),
    ),
    (
        '{ companySearch(q: "x", first: 4) { ...C } } fragment C on CompanySearchConnection'
        " { nodes { ... on Company { people(first: 6) { nodes { personId } } } } }",
        {},
        10 + 4 * (1 + 1 + 6),
    ),
    ("{ organisationStats(limit: 9) { buckets { count } } }", {}, 19),
]


@pytest.mark.parametrize(("text", "variables", "points"), REQUESTED)
def test_points_before_it_runs(text: str, variables: Mapping[str, Any], points: int) -> None:
    prepared = prepare_document(text)
    assert not prepared.faults
    assert requested_points(prepared.cost_of(None), variables) == points


def test_points_of_an_answer() -> None:
    text = '{ usage { requests } found: personSearch(q: "x") { ' + PEOPLE + " } }"
    cost = prepare_document(text).cost_of(None)
    person = {"personId": "p", "company": {"name": "c"}}
    assert cost.actual({"usage": {"requests": 1}, "found": {"nodes": [person, person]}}) == 24
    assert cost.actual({"usage": None, "found": {"nodes": []}}) == 20
    assert cost.actual(None) == 20


def test_introspection_costs_what_it_answers() -> None:
    text = get_introspection_query()
    cost = prepare_document(text).cost_of(None)
    data = graphql_sync(schema._schema, text).data
    assert data is not None
    assert 0 < cost.actual(data) < cost.requested({}) < settings().graphql_max_cost


def test_nested_lists_are_refused_before_they_run() -> None:
    people = "company { people(first: 500) { nodes { personId } } }"
    text = '{ personSearch(q: "x") { nodes { ' + people + " } } }"
    with pytest.raises(DomainError, match="50,310 points, and the most is 25,000") as refused:
        requested_points(prepare_document(text).cost_of(None), {})
    assert refused.value.code is ErrorCode.QUERY_TOO_COMPLEX


def test_only_the_operation_that_runs_is_costed() -> None:
    text = "query A { usage { requests } } query B { __typename }"
    prepared = prepare_document(text)
    assert requested_points(prepared.cost_of("A"), {}) == 10
    assert requested_points(prepared.cost_of("B"), {}) == 0
    for name in (None, "C"):
        with pytest.raises(DomainError) as refused:
            prepared.cost_of(name)
        assert refused.value.code is ErrorCode.INVALID_INPUT
