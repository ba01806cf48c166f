"""Both doors run one logic: the same rows, the same errors, the same bills."""

from typing import Any

import pytest
from graphql import GraphQLInputObjectType, GraphQLList, GraphQLObjectType, get_named_type

from graph.bounds import bounds_of
from graph.directives import Bounds
from graph.schema import schema
from rest.build import rest_routes
from rest.prepare import WrongRoute, plain_fields, prepare
from rest.route import Route
from rest.routes import NOT_IN_REST, ROUTES
from rest.values import bare
from tests.contract.test_documented_examples import snake
from tests.stack import Asker

COMPANY = """company { companyId name domain website phone linkedinUrl revenue employeeCount
  industry sic naics city state country }"""
PERSON = f"personId firstName lastName jobTitle businessEmail mobilePhone linkedinUrl {COMPANY}"
PAGINATION = """pagination {
  limit totalRecords totalRecordsRelation totalPages nextCursor maxRecords
  totalMatchingRecords totalMatchingRecordsRelation
}"""
SEARCH = f"""query ($q: String!, $first: Int!, $city: String, $state: String, $after: String) {{
  personSearch(q: $q, first: $first, locationCity: $city, locationState: $state, after: $after) {{
    interpretation {{
      roles {{ key label }} industries {{ key label }} locations {{ key label city state }}
      filters {{ companyCity companyState employeeCountMin employeeCountMax }}
      allEmployees requestedRecords warnings unparsed
    }}
    {PAGINATION} data: nodes {{ {PERSON} }} billableRecords
  }}
}}"""


def is_bounded(of: Any, bounds: Bounds | None) -> bool:
    """Whether a value of a type is held to bounds: a list's length, a text's, a number's range."""
    if isinstance(bare(of), GraphQLList) and (bounds is None or not bounds.max_items):
        return False
    named = get_named_type(of).name
    if named in {"String", "ID"}:
        return bounds is not None and bool(bounds.max_length)
    if named in {"Int", "BigInt", "Float"}:
        return bounds is not None and isinstance(bounds.max, int)
    return True


DOCUMENTED_QUERIES = [
    "CMOs of SaaS companies with 50+ employees",
    "CEOs in Las Vegas",
    "all employees at SaaS companies with fewer than 50 employees",
    "give me 1000 decision makers for marketing agencies",
    "CMOs of SaaS companies in Nevada with 50+ employees",
    "owners of insurance agencies in Las Vegas",
    "real estate agents in Nevada",
    "partners at law firms",
]


@pytest.mark.parametrize("q", DOCUMENTED_QUERIES)
def test_documented_queries_give_equal_bodies_by_both_doors(asker: Asker, q: str) -> None:
    rest = asker.rest("/v1/persons/search", q=q, limit=20).json()
    graphql = asker.graphql(SEARCH, q=q, first=20).json()["data"]["personSearch"]
    assert rest["data"], "the sample market has nobody who answers a documented query"
    assert as_rest(snake(graphql)) == rest


def test_following_pages_are_equal_by_both_doors(asker: Asker) -> None:
    """A cursor that one door gave out continues at the other."""
    q = "partners at law firms in Ely, NV"
    cursor = asker.rest("/v1/persons/search", q=q, limit=20).json()["pagination"]["next_cursor"]
    rest = asker.rest("/v1/persons/search", q=q, limit=20, cursor=cursor).json()
    graphql = asker.graphql(SEARCH, q=q, first=20, after=cursor).json()["data"]["personSearch"]
    assert as_rest(snake(graphql)) == rest


def test_both_doors_bill_alike(asker: Asker) -> None:
    q = "partners at law firms in Ely, NV"
    asker.rest("/v1/persons/search", q=q, limit=20)
    once = asker.usage()
    asker.graphql(SEARCH, q=q, first=20)
    assert once == {"requests": 1, "billable_records": 20}
    assert asker.usage() == {"requests": 2, "billable_records": 40}


def as_rest(value: Any, name: str = "") -> Any:
    """A GraphQL answer by the REST rules: absent members left out, documented nulls kept."""
    if isinstance(value, list):
        return [as_rest(each) for each in value]
    if isinstance(value, dict):
        return {
            key: as_rest(each, key)
            for key, each in value.items()
            if (each is not None or key == "next_cursor" or name == "filters")
            and not (key in {"locations", "unparsed"} and each == [])
            and not (key == "all_employees" and each is False)
        }
    return value.lower() if name == "total_records_relation" else value


class TestTable:
    """A row that does not fit the schema is refused when the process starts."""

    @pytest.mark.parametrize(
        "row",
        [
            Route("GET", "/v1/x", "nothing", "x", ("data: nodes",), "X"),
            Route("GET", "/v1/x", "domains", "x", ("data: rows",), "X"),
            Route("GET", "/v1/x/{place}", "domains", "x", ("data: nodes",), "X"),
            Route("PUT", "/v1/x", "domains", "x", ("data: nodes",), "X"),
            Route("GET", "/v1/x", "domains", "x", ("data: nodes",), "X", renames={"a": "b"}),
            Route("GET", "/v1/x", "domains", "x", ('data: nodes } x { a"',), "X"),
        ],
    )
    def test_wrong_rows_are_refused(self, row: Route) -> None:
        with pytest.raises(WrongRoute, match="/v1/x"):
            prepare(row, schema._schema)

    def test_every_public_field_has_a_route_or_a_reason(self) -> None:
        roots = (schema._schema.query_type, schema._schema.mutation_type)
        fields = {name for root in roots if root is not None for name in root.fields}
        assert fields == {row.operation for row in ROUTES} | set(NOT_IN_REST)

    def test_the_table_is_prepared_without_a_fault(self) -> None:
        assert len(rest_routes()) == len({row.path for row in ROUTES})

    def test_every_argument_has_bounds(self) -> None:
        """And every field of an input object, wherever it is used."""
        unbounded = []
        for name, each in schema._schema.type_map.items():
            if isinstance(each, GraphQLInputObjectType):
                given = {f"{name}.{field}": (of, of.type) for field, of in each.fields.items()}
            elif isinstance(each, GraphQLObjectType) and not name.startswith("__"):
                given = {
                    f"{name}.{field}.{argument}": (of, of.type)
                    for field, owner in each.fields.items()
                    for argument, of in owner.args.items()
                }
            else:
                continue
            for place, (of, given_type) in given.items():
                bounds = bounds_of(of.extensions["strawberry-definition"])
                if not is_bounded(given_type, bounds):
                    unbounded.append(place)
        assert not unbounded

    def test_every_field_and_argument_is_described(self) -> None:
        bare = []
        for name, each in schema._schema.type_map.items():
            if name.startswith("__") or not hasattr(each, "fields"):
                continue
            for field_name, field in getattr(each, "fields").items():  # noqa: B009
                if not field.description:
                    bare.append(f"{name}.{field_name}")
                bare += [
                    f"{name}.{field_name}({key})"
                    for key, argument in getattr(field, "args", {}).items()
                    if not argument.description
                ]
        assert not bare


def test_plain_fields_leave_out_the_way_back() -> None:
    person = schema._schema.get_type("Person")
    assert person is not None
    names = [name for name, _ in plain_fields(person, ("Company",))]  # type: ignore[arg-type]
    assert "company" not in names
    assert "personId" in names
