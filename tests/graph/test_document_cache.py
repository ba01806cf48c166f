"""What others send does not push out what is repeated, and the cache weighs no more than it may."""

from collections.abc import Iterator

import pytest

from api.settings import settings
from graph import documents
from graph.document_cache import SEEN_ONCE_MAX, DocumentCache
from graph.documents import prepare_document


def cache(bytes_max: int = 100) -> DocumentCache[str]:
    return DocumentCache(lambda text, _: len(text), bytes_max)


def test_a_document_is_kept_from_the_second_time_on() -> None:
    kept = cache()
    assert not kept.offer("a", "A")
    assert kept.find("a") is None
    assert kept.offer("a", "A")
    assert kept.find("a") == "A"


def test_documents_sent_once_push_nothing_out() -> None:
    kept = cache()
    kept.offer("mine", "M")
    kept.offer("mine", "M")
    for number in range(3 * SEEN_ONCE_MAX):
        kept.offer(f"x{number}", "X")
    assert kept.find("mine") == "M"
    assert len(kept) == 1


def test_it_is_bounded_by_weight_and_the_least_used_go_first() -> None:
    kept = cache(bytes_max=80)
    for text in ("a" * 10, "b" * 10, "a" * 10, "b" * 10):
        kept.offer(text, text)
    for number in range(50):
        kept.find("a" * 10)
        for _ in range(2):
            kept.offer(f"{number:>10}", "N")
        assert kept.weight == 10 * len(kept) <= 80
    assert kept.find("a" * 10) is not None
    assert kept.find("b" * 10) is None


def test_one_that_is_large_is_not_kept() -> None:
    kept = cache(bytes_max=80)
    for _ in range(3):
        assert not kept.offer("x" * 11, "X")
    assert kept.weight == 0


def test_of_the_documents_of_clients_only_good_ones_are_kept() -> None:
    good, faulty = "{ keptGood: __typename }", "{ keptFaulty: nothing }"
    assert [prepare_document(good).kept for _ in range(3)] == [False, True, True]
    assert prepare_document(good) is prepare_document(good)
    assert [prepare_document(faulty).kept for _ in range(3)] == [False] * 3
    anonymous = "{ keptAnonymous: __typename }"
    assert [prepare_document(anonymous, keep=False).kept for _ in range(3)] == [False] * 3


@pytest.fixture
def closed(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Settings that tell a stranger nothing of the schema."""
    monkeypatch.setenv("STIBNITE_GRAPHQL_INTROSPECTION", "false")
    monkeypatch.setenv("STIBNITE_GRAPHQL_SUGGESTIONS", "false")
    settings.cache_clear()
    documents._rules.cache_clear()
    yield
    monkeypatch.undo()
    settings.cache_clear()
    documents._rules.cache_clear()


@pytest.mark.usefixtures("closed")
def test_the_schema_can_be_kept_to_oneself() -> None:
    (fault,) = prepare_document("{ __schema { description } }").faults
    assert "introspection" in fault.message
    (fault,) = prepare_document("{ usag { requests } }").faults
    assert fault.message == "Cannot query field 'usag' on type 'Query'."
    assert not prepare_document("{ __typename }").faults


def test_by_default_the_schema_is_open() -> None:
    assert not prepare_document("{ __schema { description } }").faults
    (fault,) = prepare_document("{ usag { requests } }").faults
    assert "Did you mean 'usage'" in fault.message
