"""What an embed token reaches: the operations of the iframe, and nothing through their types."""

from collections.abc import Iterator

from graphql import GraphQLField, GraphQLInterfaceType, GraphQLObjectType, get_named_type

from api.caller import CallerKind
from graph.directives import Callers
from graph.schema import schema

EMBED = {
    "startProspecting",
    "prospectingSession",
    "prospectingWallet",
    "pushProspects",
    "exportProspects",
    "rateLimit",
}


def operations() -> Iterator[tuple[str, GraphQLField]]:
    built = schema._schema
    for root in (built.query_type, built.mutation_type, built.subscription_type):
        assert root is not None
        yield from root.fields.items()


def callers(field: GraphQLField) -> Callers | None:
    directives = field.extensions["strawberry-definition"].directives or ()
    return next((each for each in directives if isinstance(each, Callers)), None)


def test_only_the_operations_of_the_iframe_are_open_to_it() -> None:
    found = set()
    for name, field in operations():
        declared = callers(field)
        assert declared is not None, f"{name} does not say who may call it"
        if CallerKind.EMBED_TOKEN in declared.kinds:
            found.add(name)
            assert not declared.managed
    assert found == EMBED


def test_their_types_lead_nowhere_else() -> None:
    """No field below them has a resolver of its own, through which more could be had."""
    pending = [field for name, field in operations() if name in EMBED]
    seen: set[str] = set()
    while pending:
        inner = get_named_type(pending.pop().type)
        if not isinstance(inner, GraphQLObjectType | GraphQLInterfaceType) or inner.name in seen:
            continue
        seen.add(inner.name)
        for name, field in inner.fields.items():
            resolver = field.extensions["strawberry-definition"].base_resolver
            assert resolver is None, f"{inner.name}.{name} has a resolver"
            pending.append(field)
    assert "ProspectPreview" in seen
