"""Organisations like others, for many at once: what ``Organisation.similar`` is made of."""

from collections.abc import Sequence

from api.domain.organisation.criteria import Reference
from api.domain.organisation.queries.neighbours import neighbours_of
from api.domain.organisation.queries.reader import Reader
from api.domain.organisation.queries.rows import by_domain
from api.domain.organisation.records import OrganisationRow
from api.domain.organisation.steering import steered
from api.work import Work

MAX_SIMILAR = 50
DEFAULT_SIMILAR = 10


async def similar_to_each(
    work: Work,
    domains: Sequence[str],
    *,
    first: int,
    boost: tuple[str, ...],
    penalize: tuple[str, ...],
    columns: Sequence[str],
) -> list[list[OrganisationRow]]:
    """For each of these organisations the ``first`` (1 to 50) nearest ones, in three statements.

    Steered as ``similar_to`` is, with weight 1; an organisation is not similar to itself.
    """
    reader = Reader(work.stores.postgres)
    references = [Reference(domain, boost, penalize) for domain in domains]
    vectors = await steered(work.stores, reader, references)
    found = await neighbours_of(reader, domains, vectors, first)
    everybody = sorted({domain for near in found.values() for domain in near})
    rows = await by_domain(reader, everybody, columns)
    work.saw("organisation", rows)
    return [[rows[near] for near in found.get(domain, ()) if near in rows] for domain in domains]
