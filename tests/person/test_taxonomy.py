"""The taxonomy is true: what it lists takes the path under which it is listed."""

import pytest

from api.domain.company.industries import industries
from api.domain.interpreter.parser import interpret_persons
from api.domain.person.records import SearchStrategy
from api.domain.person.roles import roles
from api.domain.person.strategy import strategy_of
from api.domain.person.taxonomy import taxonomy
from tests.stack import Asker

PATHS = taxonomy().fast_paths
PAIRS = [
    (industry, role) for industry, held in PATHS.taxonomy.compatibility.items() for role in held
]


@pytest.mark.parametrize(("industry", "role"), PAIRS)
def test_a_chip_of_role_and_industry_takes_the_taxonomy_path(industry: str, role: str) -> None:
    q = f"{roles()[role].phrases[0]}s of {industries()[industry].names[0]}s in Nevada"
    read = interpret_persons(q)
    assert ([each.key for each in read.roles], [each.key for each in read.industries]) == (
        [role],
        [industry],
    )
    assert strategy_of(read) is SearchStrategy.TAXONOMY


@pytest.mark.parametrize("bucket", PATHS.indexed_dynamic.roles, ids=lambda each: each.key)
def test_the_phrases_of_a_bucket_mean_its_role(bucket: object) -> None:
    assert hasattr(bucket, "phrases")
    for phrase in bucket.phrases:
        read = interpret_persons(f"{phrase} in Texas")
        assert strategy_of(read) is not SearchStrategy.DYNAMIC, phrase


@pytest.mark.parametrize("q", PATHS.taxonomy.example_queries)
def test_the_example_queries_are_examples(asker: Asker, q: str) -> None:
    query = "query ($q: String!) { personSearch(q: $q) { searchStrategy nodes { personId } } }"
    answer = asker.graphql(query, q=q).json()["data"]["personSearch"]
    assert answer["searchStrategy"] == "taxonomy"
    assert answer["nodes"]
