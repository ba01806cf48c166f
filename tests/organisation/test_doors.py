"""One logic by two doors and three paths, in the documented shape."""

from typing import Any

import pytest

from tests.contract.test_documented_examples import snake
from tests.organisation import made
from tests.organisation.conftest import Post, Search, domains
from tests.stack import Asker, Stack

SEARCH = """
query ($similarTo: [SimilarToInput!], $describe: String, $keywords: KeywordsInput,
    $filters: OrganisationFilters, $first: Int!, $after: String) {
  organisationSearch(similarTo: $similarTo, describe: $describe, keywords: $keywords,
      filters: $filters, first: $first, after: $after) {
    data: nodes { domain name country }
    metadata { totalHits returned mode searchAfter explainPlan
      filtersApplied { country source naceCode textKeywords { mustAll mustAny mustNot } } }
  }
}"""
QUESTIONS: list[dict[str, Any]] = [
    {"filters": {"source": ["made"], "country": ["Germany"]}},
    {"keywords": {"must_any": ["bread", "sun"]}, "filters": {"nace_code": ["10", "D"]}},
    {"describe": "payroll", "filters": {"text_keywords": {"must_any": ["munich"]}}},
    {"similar_to": [{"domain": "solar-01.example", "weight": 1.5, "boost": ["bread"]}]},
    {"keywords": {"must_all": ["bread"]}, "describe": "cakes"},
]


def camel(value: Any) -> Any:
    """REST's names as GraphQL writes them."""
    if isinstance(value, list):
        return [camel(each) for each in value]
    if isinstance(value, dict):
        return {
            name.split("_")[0] + "".join(part.title() for part in name.split("_")[1:]): camel(each)
            for name, each in value.items()
        }
    return value


@pytest.mark.parametrize("question", QUESTIONS)
def test_both_doors_and_both_paths_answer_alike(
    post: Post, asker: Asker, question: dict[str, Any]
) -> None:
    after = None
    for _ in range(2):
        body = {**question, "size": 5, "search_after": after}
        rest, alias = (
            post(path, **body).json() for path in ("/v2/search", "/v1/organisations/search")
        )
        variables = {**camel(question), "first": 5, "after": after[0] if after else None}
        answer = asker.graphql(SEARCH, **variables).json()
        graphql = snake(answer["data"]["organisationSearch"])
        for each in (rest, alias):
            assert each["metadata"].pop("elapsed_ms") >= 0
        applied = graphql["metadata"]["filters_applied"]
        words = applied.get("text_keywords") or {}
        for name in [name for name, value in words.items() if value == []]:
            del words[name]
        for name in [name for name, value in applied.items() if value is None]:
            del applied[name]
        assert rest == alias == graphql
        after = rest["metadata"]["search_after"]


def test_the_documented_body_field_by_field(search: Search) -> None:
    body = search(
        keywords={"must_all": ["bread"]},
        describe="cakes",
        filters={"country": ["Germany"]},
        size=2,
    )
    assert list(body) == ["data", "metadata"]
    assert list(body["data"][0]) == ["domain", "name", "country"]
    metadata = body["metadata"]
    assert list(metadata) == [
        "total_hits",
        "returned",
        "mode",
        "elapsed_ms",
        "search_after",
        "filters_applied",
        "explain_plan",
    ]
    assert metadata["returned"] == 2
    assert isinstance(metadata["elapsed_ms"], int)
    assert isinstance(metadata["search_after"], list)
    assert metadata["filters_applied"] == {"country": ["Germany"]}
    assert metadata["explain_plan"] is None


class TestMatch:
    """Why a hit is there."""

    QUERY = """query ($describe: String, $keywords: KeywordsInput) {
      organisationSearch(describe: $describe, keywords: $keywords, first: 40,
          filters: {source: ["made"]}) {
        edges {
          node { domain }
          match { bm25Rank vectorRank fusedShare { bm25 vector } matchedTerms }
        }
      }
    }"""

    def hits(self, asker: Asker, **variables: Any) -> list[dict[str, Any]]:
        answer = asker.graphql(self.QUERY, **variables).json()
        edges: list[dict[str, Any]] = answer["data"]["organisationSearch"]["edges"]
        return edges

    def test_of_words(self, organisations: Stack, asker: Asker) -> None:
        edges = self.hits(asker, keywords={"mustAny": ["Munich", "bread", "nobody"]})
        assert [edge["match"]["bm25Rank"] for edge in edges] == list(range(1, len(edges) + 1))
        for edge in edges:
            trade, number = edge["node"]["domain"].removesuffix(".example").split("-")
            terms = ["Munich"] * (int(number) % 4 == 0) + ["bread"] * (trade == "bakery")
            assert edge["match"]["matchedTerms"] == terms
            assert edge["match"]["vectorRank"] is None
            assert edge["match"]["fusedShare"] == {"bm25": 1.0, "vector": 0.0}

    def test_of_both(self, organisations: Stack, asker: Asker) -> None:
        edges = self.hits(asker, describe="bread and cakes", keywords={"mustAll": ["freight"]})
        for edge in edges:
            match = edge["match"]
            assert match["vectorRank"] is not None
            assert (match["bm25Rank"] is None) == (match["matchedTerms"] == [])
            assert sum(match["fusedShare"].values()) == pytest.approx(1)
            assert (match["fusedShare"]["bm25"] > 0) == (match["bm25Rank"] is not None)

    def test_of_filters_there_is_none(self, organisations: Stack, asker: Asker) -> None:
        for edge in self.hits(asker):
            assert edge["match"] == {
                "bm25Rank": None,
                "vectorRank": None,
                "fusedShare": None,
                "matchedTerms": [],
            }


class TestSimilar:
    """`Organisation.similar`: for every organisation of a list at once."""

    def test_each_has_its_own(self, organisations: Stack, asker: Asker) -> None:
        query = """{ organisationSearch(filters: {source: ["made"]}, first: 96) { nodes {
          domain similar(first: 5) { domain name similar(first: 1) { domain } } } } }"""
        nodes = asker.graphql(query).json()["data"]["organisationSearch"]["nodes"]
        assert len(nodes) == made.EACH * len(made.TRADES)
        for node in nodes:
            trade = node["domain"].split("-")[0]
            near = [each["domain"] for each in node["similar"]]
            assert len(set(near)) == 5
            assert node["domain"] not in near
            assert {domain.split("-")[0] for domain in near} == {trade}
            assert all(each["name"] and len(each["similar"]) == 1 for each in node["similar"])

    def test_it_is_that_of_a_search(self, search: Search, asker: Asker) -> None:
        query = """{ organisation(domain: "solar-02.example") {
          similar(first: 20, boost: ["bread"], penalize: ["roofs"]) { domain } } }"""
        found = asker.graphql(query).json()["data"]["organisation"]["similar"]
        reference = {"domain": "solar-02.example", "boost": ["bread"], "penalize": ["roofs"]}
        assert [each["domain"] for each in found] == domains(
            search(similar_to=[reference], size=20)
        )

    def test_bounds(self, organisations: Stack, asker: Asker) -> None:
        for arguments, name in (
            ("first: 0", "first"),
            ("first: 51", "first"),
            ('boost: ["a", "b", "c", "d", "e", "f"]', "boost"),
            ('penalize: [""]', "penalize"),
        ):
            similar = f"similar({arguments}) {{ name }}"
            query = f'{{ organisation(domain: "solar-02.example") {{ {similar} }} }}'
            (error,) = asker.graphql(query).json()["errors"]
            assert error["extensions"]["code"] == "invalid_input"
            assert [each["argument"] for each in error["extensions"]["errors"]] == [name]

    def test_lists_within_lists_end(self, organisations: Stack, asker: Asker) -> None:
        # 1, 34 and 1,156 of them: a small answer to a document that costs little.
        inner = "{ similar(first: 34) { similar(first: 34) { similar(first: 1) { domain } } } }"
        query = f'{{ organisation(domain: "solar-02.example") {inner} }}'
        error = asker.graphql(query).json()["errors"][0]
        assert error["extensions"]["code"] == "invalid_input"


def test_an_organisation_by_its_domain(organisations: Stack, asker: Asker) -> None:
    query = "query ($domain: String!) { organisation(domain: $domain) { domain municipality } }"
    found = asker.graphql(query, domain="https://www.Solar-02.example/x").json()["data"]
    assert found == {"organisation": {"domain": "solar-02.example", "municipality": "Porto"}}
    nobody = asker.graphql(query, domain="nobody.example").json()
    assert nobody["data"] == {"organisation": None}
    assert "errors" not in nobody
    (error,) = asker.graphql(query, domain="no domain").json()["errors"]
    assert error["extensions"]["code"] == "invalid_input"


def test_columns_are_read_through_fragments_and_aliases(organisations: Stack, asker: Asker) -> None:
    query = """query { found: organisationSearch(filters: {source: ["made"]}, first: 1) {
        ...Page edges { node { at: municipality } } } }
      fragment Page on OrganisationConnection { nodes { ... on Organisation { label: name } } }"""
    found = asker.graphql(query).json()["data"]["found"]
    assert found == {
        "nodes": [{"label": "Bakery Works 00"}],
        "edges": [{"node": {"at": "Munich"}}],
    }
