"""Each documented example body, field by field, against what the API answers."""

from typing import Any

import orjson
import pytest

from rest.openapi import EXAMPLES
from tests.stack import Asker

EXAMPLE: dict[str, Any] = orjson.loads(EXAMPLES.read_bytes())
PERSON_SEARCH = EXAMPLE["GET /v1/persons/search"]

JORDAN_BY_GRAPHQL = """
query ($email: String) {
  personLookup(email: $email) {
    nodes {
      personId firstName lastName jobTitle businessEmail mobilePhone linkedinUrl
      company { companyId name domain phone employeeCount industry sic naics city state }
    }
    billableRecords
  }
}
"""


def test_person_search_interpretation_is_the_documented_one(asker: Asker) -> None:
    body = asker.rest(
        "/v1/persons/search",
        q="CMOs of SaaS companies with 50+ employees",
        location_city="Las Vegas",
        location_state="NV",
        max_records=2000,
    ).json()
    assert body["interpretation"] == PERSON_SEARCH["interpretation"]
    assert list(body) == list(PERSON_SEARCH)
    assert body["pagination"]["limit"] == 100
    assert body["pagination"]["max_records"] == 2000


def test_person_search_page_is_the_documented_one(asker: Asker) -> None:
    """The example is of a path whose totals are lower bounds, so a head count is asked for."""
    body = asker.rest(
        "/v1/persons/search",
        q="partners at law firms in Ely, NV with 10+ employees",
        limit=100,
        max_records=2000,
    ).json()
    documented = PERSON_SEARCH["pagination"]
    assert body["pagination"].pop("next_cursor")
    del documented["next_cursor"]
    assert body["pagination"] == documented
    assert body["billable_records"] == len(body["data"]) == 100


def test_person_of_the_search_example(asker: Asker) -> None:
    body = asker.rest("/v1/persons/search", q="CMOs of SaaS companies in Boise, ID").json()
    (documented,) = PERSON_SEARCH["data"]
    found = [row for row in body["data"] if row["person_id"] == documented["person_id"]]
    assert len(found) == 1
    assert_holds(found[0], documented)


def test_lookup_is_the_documented_body(asker: Asker) -> None:
    body = asker.rest("/v1/persons/lookup", email="jordan@example.com").json()
    assert body == EXAMPLE["GET /v1/persons/lookup"]


@pytest.mark.parametrize(
    "identifiers",
    [
        {"email": " Jordan@EXAMPLE.com "},
        {"phone": "(208) 555-0123", "company_domain": "https://www.example.com/about"},
        {"linkedin_url": "linkedin.com/in/Jordan-Lee/"},
    ],
)
def test_lookup_compares_identifiers_in_their_normal_form(
    asker: Asker, identifiers: dict[str, str]
) -> None:
    body = asker.rest("/v1/persons/lookup", **identifiers).json()
    assert body == EXAMPLE["GET /v1/persons/lookup"]


def test_company_people_is_the_documented_body(asker: Asker) -> None:
    documented = EXAMPLE["GET /v1/companies/{domain}/people"]
    body = asker.rest("/v1/companies/example.com/people").json()
    assert list(body) == list(documented)
    assert body["pagination"] == documented["pagination"]
    assert body["billable_records"] == documented["billable_records"]
    assert_holds(body["data"][0], documented["data"][0])


def test_domain_inventory_has_the_documented_shape(asker: Asker) -> None:
    body = asker.rest("/v1/domains", min_contacts=200, location_state="Nevada").json()
    assert body["pagination"] == {"next_cursor": None}
    crowd = [row for row in body["data"] if row["domain"] == "crowded-law.example"]
    assert crowd == [
        {
            "domain": "crowded-law.example",
            "contact_count": 230,
            "industry": "Law Practice",
            "location": {"city": "Ely", "state": "NV"},
        }
    ]
    (documented,) = EXAMPLE["GET /v1/domains"]["data"]
    assert list(crowd[0]) == list(documented)


def test_usage_is_the_documented_body(asker: Asker) -> None:
    assert asker.usage() == {"requests": 0, "billable_records": 0}
    asker.rest("/v1/persons/lookup", email="jordan@example.com")
    asker.rest("/v1/domains")
    assert asker.usage() == {"requests": 2, "billable_records": 1}
    assert list(asker.usage()) == list(EXAMPLE["GET /v1/usage"])


def test_graphql_answers_with_the_same_fields(asker: Asker) -> None:
    answer = asker.graphql(JORDAN_BY_GRAPHQL, email="jordan@example.com").json()
    lookup = answer["data"]["personLookup"]
    documented = EXAMPLE["GET /v1/persons/lookup"]
    assert snake(lookup["nodes"]) == documented["data"]
    assert lookup["billableRecords"] == documented["billable_records"]


def assert_holds(row: dict[str, Any], documented: dict[str, Any]) -> None:
    """Every documented member is there with the documented value."""
    for name, value in documented.items():
        if isinstance(value, dict):
            assert_holds(row[name], value)
        else:
            assert row[name] == value, name


def snake(value: Any) -> Any:
    """GraphQL's names as REST writes them."""
    if isinstance(value, list):
        return [snake(each) for each in value]
    if isinstance(value, dict):
        return {
            "".join(f"_{c.lower()}" if c.isupper() else c for c in name): snake(each)
            for name, each in value.items()
        }
    return value


def test_company_search_is_the_documented_one(asker: Asker) -> None:
    documented = EXAMPLE["GET /v1/companies/search"]
    body = asker.rest("/v1/companies/search", q="all SaaS companies in Idaho", max_records=2000)
    answered = body.json()
    assert answered["interpretation"] == documented["interpretation"]
    assert list(answered) == list(documented)
    # Everything was looked at, so the totals are exact: the example's are not.
    relations = {"total_records_relation", "total_matching_records_relation"}
    assert set(documented["pagination"]) - set(answered["pagination"]) == relations
    found = [row for row in answered["data"] if row["company_id"] == "company_123"]
    assert [row["domain"] for row in found] == ["example.com"]
    assert answered["billable_records"] == len(answered["data"])


def test_taxonomy_has_the_documented_shape(asker: Asker) -> None:
    documented = EXAMPLE["GET /v1/persons/search/taxonomy"]
    body = asker.rest("/v1/persons/search/taxonomy").json()
    taxonomy, indexed = (body["fast_paths"][path] for path in ("taxonomy", "indexed_dynamic"))
    assert body["native_geo_parameters"] == documented["native_geo_parameters"]
    for path, answered in (("taxonomy", taxonomy), ("indexed_dynamic", indexed)):
        example = documented["fast_paths"][path]
        assert list(answered) == list(example)
        assert answered["description"] == example["description"]
    example = documented["fast_paths"]["taxonomy"]
    for kind in ("roles", "industries"):
        assert [each for each in example[kind] if each not in taxonomy[kind]] == []
    assert example["compatibility"].items() <= taxonomy["compatibility"].items()
    assert taxonomy["example_queries"] == example["example_queries"]
    assert (
        indexed["company_filters"] == documented["fast_paths"]["indexed_dynamic"]["company_filters"]
    )
    owner = next(role for role in indexed["roles"] if role["key"] == "owner")
    assert {"owner", "office owner"} <= set(owner["phrases"])
    assert asker.usage() == {"requests": 1, "billable_records": 0}
