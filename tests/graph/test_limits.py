"""Every limit of documents at its bound, and a measure that is linear whatever the text says."""

from collections.abc import Callable

import pytest
from graphql import DocumentNode, Node, Visitor, get_introspection_query, parse, visit

from api.errors import DomainError, ErrorCode
from graph.documents import prepare_document
from graph.limits import LIMITS, Limits, measure, refuse_beyond


def chain(links: int, times: int = 2) -> str:
    """Fragments that each spread the next one several times."""
    spread = " ".join(["...F{}"] * times)
    links_text = " ".join(
        f"fragment F{each} on Query {{ {spread.format(*[each + 1] * times)} }}"
        for each in range(links)
    )
    return f"{{ ...F0 }} {links_text} fragment F{links} on Query {{ __typename }}"


def aliased(count: int) -> str:
    return "{ " + " ".join(f"a{each}: __typename" for each in range(count)) + " }"


def nested(depth: int) -> str:
    return "{ a" * depth + " }" * depth


def spreading(times: int) -> str:
    return "{ " + "...F " * times + "} fragment F on Query { " + "a " * 400 + "b { c }" * 50 + " }"


WITHIN = [
    (aliased(100), aliased(101), "aliases"),
    (nested(20), nested(21), "levels of fields"),
    ("{ " + "a " * 500 + "}", "{ " + "a " * 501 + "}", "fields as written"),
    (spreading(2), spreading(3), "fields"),
    ("{ a " + "@x " * 100 + "}", "{ a " + "@x " * 101 + "}", "directives"),
    ("query " + "@x " * 100 + "{ a }", "query " + "@x " * 101 + "{ a }", "directives"),
    (chain(99, 1), chain(100, 1), "fragments"),
    ("{ a } " * 20, "{ a } " * 21, "operations"),
]


@pytest.mark.parametrize(("inside", "beyond", "what"), WITHIN)
def test_each_limit_at_its_bound(inside: str, beyond: str, what: str) -> None:
    refuse_beyond(parse(inside))
    with pytest.raises(DomainError, match=f" {what}\\.$") as refused:
        refuse_beyond(parse(beyond))
    assert refused.value.code is ErrorCode.QUERY_TOO_COMPLEX


def test_aliases_and_inline_fragments_hide_nothing() -> None:
    """Depth is counted through fragments of both kinds, whatever a field is called."""
    text = "{ ok: a { ... { ...F } } } fragment F on A { b { ... on B { c } } }"
    found = measure(parse(text))
    assert found.total.depth == 3
    assert (found.total.fields, found.total.aliases) == (3, 1)


class Counter(Visitor):
    """Counts the nodes that a measure has to look at."""

    def __init__(self) -> None:
        super().__init__()
        self.nodes = 0

    def enter(self, node: Node, *_: object) -> None:
        kinds = {"field", "fragment_spread", "inline_fragment"}
        kinds |= {"operation_definition", "fragment_definition"}
        self.nodes += node.kind in kinds


def looked_at(document: DocumentNode) -> int:
    counter = Counter()
    visit(document, counter)
    return counter.nodes


MEGABYTE = 1_000_000
NAME = "a_name_of_thirty_two_characters_"
LARGE: dict[str, Callable[[int], str]] = {
    "flat": lambda size: "{ " + f"{NAME} " * (size // 33) + "}",
    "aliases": lambda size: "{ " + f"{NAME}: a " * (size // 36) + "}",
    "doubling": lambda size: chain(size // 48),
    "of one name": lambda size: "{ ...F } " + f"fragment F on Q {{ ...F {NAME} }} " * (size // 59),
    "wide": lambda size: "{ " + f"...{NAME} " * (size // 36) + f"}} fragment {NAME} on Q {{ a }}",
}


@pytest.mark.parametrize("shape", LARGE)
@pytest.mark.parametrize("size", [1_000, 10_000, MEGABYTE])
def test_each_node_is_visited_once_up_to_a_megabyte(shape: str, size: int) -> None:
    text = LARGE[shape](size)
    assert size * 0.7 < len(text) <= size * 1.3
    document = parse(text)
    assert measure(document).total.visits == looked_at(document)


def test_fragments_that_double_are_refused_without_filling_them_in() -> None:
    """Without a memo, 90 links would be visited 2^90 times."""
    text = "{ ...F0 } " + " ".join(
        f"fragment F{each} on Query {{ ...F{each + 1} ...F{each + 1} }}" for each in range(90)
    )
    text += " fragment F90 on Query { usage { requests } }"
    document = parse(text)
    assert measure(document).total.visits == looked_at(document) == 1 + 1 + 90 * 3 + 3
    with pytest.raises(DomainError, match="fields"):
        prepare_document(text)


def test_fragments_in_a_circle_end() -> None:
    text = "{ ...A } fragment A on Query { ...B a } fragment B on Query { ...A b }"
    document = parse(text)
    assert measure(document).total.visits == looked_at(document)
    assert prepare_document(text).faults


def test_what_a_full_client_asks_of_the_schema_is_within() -> None:
    text = get_introspection_query(
        specified_by_url=True, directive_is_repeatable=True, input_value_deprecation=True
    )
    assert not prepare_document(text).faults


def test_the_limits_of_a_measure_can_be_others() -> None:
    with pytest.raises(DomainError, match="at most 1 aliases"):
        refuse_beyond(parse(aliased(2)), Limits(aliases=1))
    assert LIMITS.tokens == 2_000
