"""The domains of organisations like some, for searches of another data set that join by domain."""

from collections.abc import Iterator
from contextlib import contextmanager

from api.domain.organisation.criteria import OrganisationSearch, SearchMode, checked, mode_of
from api.domain.organisation.queries.reader import Reader
from api.domain.organisation.queries.rows import browse
from api.domain.organisation.scored import Lists
from api.errors import DomainError, FieldProblem
from api.work import Stores

MAX_DOMAINS = 2_000
"""A likeness means so many organisations, the best ones; more are not alike any more."""


def checked_likeness(asked: OrganisationSearch, argument: str) -> OrganisationSearch:
    """A likeness (references or a description, with filters) that was checked.

    Raises ``invalid_input`` as an organisation search does, below the name of ``argument``.
    """
    with _named(argument):
        mode_of(asked)
        return checked(asked)


async def domains_like(stores: Stores, asked: OrganisationSearch, argument: str) -> list[str]:
    """Up to 2,000 domains of the best matching organisations; by filters alone the first ones.

    The references themselves are like nobody but others. Raises ``invalid_input`` for unknown ones.
    """
    reader = Reader(stores.postgres)
    with _named(argument):
        lists = Lists(stores, reader, asked, depth=MAX_DOMAINS)
        if mode_of(asked) is SearchMode.FILTER:
            rows = await browse(
                reader,
                lists.conditions,
                columns=("domain",),
                after=None,
                limit=MAX_DOMAINS,
                dedup=False,
            )
            return [row.domain for row in rows]
        found = await lists.vector(MAX_DOMAINS)
        return [row.domain for row in found.rows[:MAX_DOMAINS]]


@contextmanager
def _named(argument: str) -> Iterator[None]:
    """Gives the problems of an organisation search the name of the argument that holds it."""
    try:
        yield
    except DomainError as failure:
        problems = tuple(
            FieldProblem(f"{argument}.{each.argument}", each.message) for each in failure.problems
        )
        raise DomainError(failure.code, failure.message, problems) from None
