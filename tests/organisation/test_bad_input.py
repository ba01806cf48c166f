"""Hostile and mistaken bodies: a problem that names the member, and nothing counted."""

from typing import Any

import pytest

from api.cursors import MAX_CURSOR_CHARS
from api.domain.organisation.records import COLUMNS
from tests.organisation.conftest import Post
from tests.stack import Asker, Stack

SEARCH, FETCH, STATS = "/v2/search", "/v2/fetch", "/v2/stats"
LIKE = {"similar_to": ["solar-00.example"]}
ANY: dict[str, Any] = {"filters": {}}
INVALID: list[tuple[str, dict[str, Any], str]] = [
    (SEARCH, {}, "filters"),
    (SEARCH, {"keywords": {}}, "filters"),
    (SEARCH, {"keywords": {"must_all": [], "must_any": []}}, "filters"),
    (SEARCH, {"similar_to": []}, "filters"),
    (SEARCH, {**LIKE, "describe": "sun"}, "describe"),
    (SEARCH, {"keywords": {"must_not": ["crypto"]}}, "keywords.must_not"),
    (SEARCH, {"keywords": {"must_not": ["crypto"]}, **ANY}, "keywords.must_not"),
    (SEARCH, {"filters": {"text_keywords": {"must_not": ["x"]}}}, "filters.text_keywords.must_not"),
    (SEARCH, {"similar_to": ["a.example"] * 4}, "similar_to"),
    (SEARCH, {"similar_to": ["nobody.example"]}, "similar_to"),
    (SEARCH, {"similar_to": ["no domain"]}, "similar_to"),
    (
        SEARCH,
        {"similar_to": [{"domain": "solar-00.example", "boost": ["x"] * 6}]},
        "similar_to.boost",
    ),
    (
        SEARCH,
        {"similar_to": [{"domain": "solar-00.example", "penalize": ["x"] * 6}]},
        "similar_to.penalize",
    ),
    (
        SEARCH,
        {"similar_to": [{"domain": "solar-00.example", "repel_domains": ["solar-01.example"] * 6}]},
        "similar_to.repel_domains",
    ),
    (
        SEARCH,
        {"similar_to": [{"domain": "solar-00.example", "repel_domains": ["no.example"]}]},
        "similar_to.repel_domains",
    ),
    (
        SEARCH,
        {"similar_to": [{"domain": "solar-00.example", "repel_domains": ["solar-00.example"]}]},
        "similar_to",
    ),
    (
        SEARCH,
        {"similar_to": [{"domain": "solar-00.example", "weight": 2.01}]},
        "similar_to[0].weight",
    ),
    (
        SEARCH,
        {"similar_to": [{"domain": "solar-00.example", "weight": -0.1}]},
        "similar_to[0].weight",
    ),
    (
        SEARCH,
        {"similar_to": [{"domain": "solar-00.example", "weight": "heavy"}]},
        "similar_to[0].weight",
    ),
    (
        SEARCH,
        {"similar_to": [{"domain": "solar-00.example", "weight": True}]},
        "similar_to[0].weight",
    ),
    (SEARCH, {"similar_to": [{"boost": ["x"]}]}, "similar_to[0].domain"),
    (SEARCH, {"similar_to": [{"domain": "solar-00.example", "colour": 1}]}, "similar_to[0].colour"),
    (SEARCH, {"similar_to": [5]}, "similar_to[0]"),
    (SEARCH, {"similar_to": "solar-00.example"}, "similar_to"),
    (SEARCH, {"describe": ""}, "describe"),
    (SEARCH, {"describe": "  "}, "describe"),
    (SEARCH, {"describe": "x" * 2_001}, "describe"),
    (SEARCH, {"describe": "x\u0000"}, "describe"),
    (SEARCH, {"describe": 7}, "describe"),
    (SEARCH, {"keywords": {"must_any": [""]}}, "keywords.must_any"),
    (SEARCH, {"keywords": {"must_any": ["x"] * 101}}, "keywords.must_any"),
    (SEARCH, {"keywords": {"must_any": ["x" * 201]}}, "keywords.must_any"),
    (SEARCH, {"keywords": {"must_any": "x"}}, "keywords.must_any"),
    (SEARCH, {"keywords": {"must_any": [None]}}, "keywords.must_any[0]"),
    (SEARCH, {"keywords": {"must": ["x"]}}, "keywords.must"),
    (SEARCH, {"filters": {"colour": ["blue"]}}, "filters.colour"),
    (SEARCH, {"filters": {"country": "Germany"}}, "filters.country"),
    (SEARCH, {"filters": {"country": [1]}}, "filters.country[0]"),
    (SEARCH, {"filters": {"country": ["x"] * 201}}, "filters.country"),
    (SEARCH, {"filters": {"country": ["x" * 201]}}, "filters.country"),
    (SEARCH, {"filters": {"nace_code": ["V"]}}, "filters.nace_code"),
    (SEARCH, {"filters": {"nace_code": ["62%"]}}, "filters.nace_code"),
    (SEARCH, {"filters": {"register_date_from": "2023-02-29"}}, "filters.register_date_from"),
    (SEARCH, {"filters": {"register_date_to": "2023-2-9"}}, "filters.register_date_to"),
    (SEARCH, {"filters": []}, "filters"),
    (SEARCH, {**ANY, "excludes": ["x.example"] * 1_001}, "excludes"),
    (SEARCH, {**ANY, "excludes": ["no domain"]}, "excludes"),
    (SEARCH, {**ANY, "columns": ["text"]}, "columns[0]"),
    (SEARCH, {**ANY, "columns": ["colour"]}, "columns[0]"),
    (SEARCH, {**ANY, "columns": "name"}, "columns"),
    (SEARCH, {**ANY, "columns": ["name"] * (len(COLUMNS) + 1)}, "columns"),
    (SEARCH, {**ANY, "size": 0}, "size"),
    (SEARCH, {**ANY, "size": -1}, "size"),
    (SEARCH, {**ANY, "size": 501}, "size"),
    (SEARCH, {**ANY, "size": "10"}, "size"),
    (SEARCH, {**ANY, "size": 1.5}, "size"),
    (SEARCH, {**ANY, "size": 10**30}, "size"),
    (SEARCH, {"describe": "sun", "search_balance": 1.1}, "search_balance"),
    (SEARCH, {"describe": "sun", "search_balance": -0.1}, "search_balance"),
    (SEARCH, {"describe": "sun", "min_score": 1.01}, "min_score"),
    (SEARCH, {"describe": "sun", "min_score": "high"}, "min_score"),
    (SEARCH, {**ANY, "dedup": "yes"}, "dedup"),
    (SEARCH, {**ANY, "mode": "filter"}, "mode"),
    (SEARCH, {**ANY, "after": "x"}, "after"),
    (SEARCH, {**ANY, "first": 5}, "first"),
    (SEARCH, {**ANY, "search_after": "x"}, "search_after"),
    (SEARCH, {**ANY, "search_after": ["x", "y"]}, "search_after"),
    (FETCH, {}, "domains"),
    (FETCH, {"domains": []}, "domains"),
    (FETCH, {"domains": ["x.example"] * 5_001}, "domains"),
    (FETCH, {"domains": [1]}, "domains[0]"),
    (FETCH, {"domains": ["solar-00.example"], "columns": ["text"]}, "columns[0]"),
    (
        FETCH,
        {"domains": ["solar-00.example"], "columns": ["name"] * (len(COLUMNS) + 1)},
        "columns",
    ),
    (STATS, {"group_by": "name"}, "group_by"),
    (STATS, {"group_by": "updated_at"}, "group_by"),
    (STATS, {"group_by_secondary": "country"}, "group_by_secondary"),
    (STATS, {"group_by": "country", "group_by_secondary": "country"}, "group_by_secondary"),
    (STATS, {"group_by": "created_at", "date_trunc": "day"}, "date_trunc"),
    (STATS, {"group_by": "country", "date_trunc": "year"}, "date_trunc"),
    (STATS, {"filters": {"text_keywords": {"must_any": ["x"]}}}, "filters.text_keywords"),
    (STATS, {"date_range": {"from_date": "2024-13-01"}}, "date_range.from_date"),
    (STATS, {"date_range": {"field": "lat"}}, "date_range.field"),
    (STATS, {"limit": 0}, "limit"),
    (STATS, {"limit": 501}, "limit"),
]


@pytest.mark.parametrize(("path", "body", "argument"), INVALID)
def test_invalid_members_are_named(
    post: Post, asker: Asker, path: str, body: dict[str, Any], argument: str
) -> None:
    response = post(path, **body)
    assert response.status_code == 422, response.text
    assert response.headers["content-type"] == "application/problem+json"
    problem = response.json()
    assert problem["code"] == "invalid_input"
    assert [each["argument"] for each in problem["errors"]] == [argument]
    assert asker.usage()["requests"] == 0


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (SEARCH, {**ANY, "columns": COLUMNS}),
        (SEARCH, {**ANY, "size": 1}),
        (SEARCH, {**ANY, "size": 500}),
        (SEARCH, {"filters": {"country": [], "text_keywords": {"must_any": []}}}),
        (SEARCH, {"similar_to": [f"solar-{number:02d}.example" for number in range(3)]}),
        (
            SEARCH,
            {
                "similar_to": [
                    {
                        "domain": "solar-00.example",
                        "boost": ["x"] * 5,
                        "penalize": ["y"] * 5,
                        "weight": 2,
                        "repel_domains": ["solar-01.example"] * 5,
                    }
                ]
            },
        ),
        (SEARCH, {"describe": "x" * 2_000}),
        (SEARCH, {"describe": "sun", "search_balance": 1, "min_score": 0}),
        (
            SEARCH,
            {"keywords": {"must_any": [f"w{n}" for n in range(100)], "must_all": ["x" * 200]}},
        ),
        (SEARCH, {"filters": {"country": [f"Land {n}" for n in range(200)]}}),
        (SEARCH, {**ANY, "excludes": [f"x{n}.example" for n in range(1_000)]}),
        (
            SEARCH,
            {
                **LIKE,
                "keywords": {"must_all": [], "must_any": [], "must_not": []},
                "describe": None,
                "filters": {},
                "excludes": [],
                "min_score": None,
                "search_balance": 0.5,
                "search_after": None,
                "explain": False,
                "dedup": False,
            },
        ),
        (FETCH, {"domains": [f"x{n}.example" for n in range(5_000)]}),
        (STATS, {"limit": 500}),
        (
            STATS,
            {
                "filters": {"register_date_to": "9999-12-31"},
                "date_range": {"to_date": "9999-12-31"},
            },
        ),
    ],
)
def test_the_bounds_themselves_are_inside(post: Post, path: str, body: dict[str, Any]) -> None:
    response = post(path, **body)
    assert response.status_code == 200, response.text


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b'"x"', b'{"size": NaN}', b'{"min_score": 1e999}', b"\xff", b"[" * 100_000],
)
def test_bodies_that_cannot_be_read(organisations: Stack, asker: Asker, body: bytes) -> None:
    headers = {"content-type": "application/json"}
    response = asker.http.post(SEARCH, content=body, headers=headers)
    assert response.status_code == 400, response.text
    assert response.json()["code"] == "malformed_request"


@pytest.mark.parametrize(("path", "method"), [(SEARCH, "GET"), (FETCH, "PUT"), (STATS, "GET")])
def test_other_methods_are_405(asker: Asker, path: str, method: str) -> None:
    response = asker.http.request(method, path)
    assert response.status_code == 405
    assert response.headers["allow"] == "POST"


class TestCursors:
    """A cursor continues the question it came from, and no other."""

    QUESTIONS: tuple[dict[str, Any], ...] = (
        {"filters": {"source": ["made"]}},
        {"keywords": {"must_any": ["solar", "bread"]}},
        {"describe": "sun"},
        {"keywords": {"must_any": ["solar", "bread"]}, "describe": "sun", "search_balance": 0.4},
    )

    def test_each_continues_its_own_question_alone(self, post: Post) -> None:
        cursors = [
            post(SEARCH, size=2, **each).json()["metadata"]["search_after"]
            for each in self.QUESTIONS
        ]
        for asked, body in enumerate(self.QUESTIONS):
            for given, cursor in enumerate(cursors):
                response = post(SEARCH, size=3, search_after=cursor, **body)
                if asked == given:
                    assert response.status_code == 200
                else:
                    assert response.status_code == 400
                    assert response.json()["code"] == "invalid_cursor"

    @pytest.mark.parametrize("cursor", ["x", "====", "[25]", "не", "A" * MAX_CURSOR_CHARS])
    def test_garbled_ones_are_refused(self, post: Post, cursor: str) -> None:
        response = post(SEARCH, filters={}, search_after=[cursor])
        assert response.status_code == 400
        assert response.json()["code"] == "invalid_cursor"

    def test_one_of_another_account_is_refused(self, post: Post, stranger: Asker) -> None:
        body = {"filters": {"source": ["made"]}, "size": 2}
        cursor = post(SEARCH, **body).json()["metadata"]["search_after"]
        response = stranger.http.post(SEARCH, json={**body, "search_after": cursor})
        assert response.status_code == 400
        assert post(SEARCH, **body, search_after=cursor).status_code == 200


def test_nobody_gets_in_without_a_key(organisations: Stack) -> None:
    with organisations.client(None) as client:
        for path in (SEARCH, FETCH, STATS, "/v1/organisations/search"):
            assert client.post(path, json={}).status_code == 401
        assert client.get("/v2/filters/options").status_code == 401
        assert client.get("/v2/health").json() == {"status": "ok"}
