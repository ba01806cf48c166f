"""The nearest organisations of many at once: one statement, one walk through the index each."""

from collections.abc import Sequence

from pgvector.sqlalchemy import HALFVEC
from sqlalchemy import Text, cast, column, func, literal, select, true
from sqlalchemy.dialects.postgresql import ARRAY

from api.domain.organisation.queries.lists import Vector, distance_to
from api.domain.organisation.queries.reader import Reader
from api.stores.tables import organisations


async def neighbours_of(
    reader: Reader, domains: Sequence[str], vectors: Sequence[Vector], first: int
) -> dict[str, list[str]]:
    """The ``first`` domains nearest to each vector, without the domain that it belongs to."""
    if not domains:
        return {}
    written = ["[" + ",".join(map(str, vector.tolist())) + "]" for vector in vectors]
    given = (
        func.unnest(literal(list(domains), ARRAY(Text)), literal(written, ARRAY(Text)))
        .table_valued(column("domain", Text), column("vector", Text), name="given")
        .render_derived()
    )
    # Materialised, so that a vector is read from its text once and not for each comparison.
    references = (
        select(given.c.domain, cast(given.c.vector, HALFVEC).label("vector"))
        .cte("reference")
        .prefix_with("MATERIALIZED")
    )
    near = organisations.alias("near")
    distance = distance_to(near.c.embedding, references.c.vector)
    nearest = (
        select(near.c.domain.label("domain"), distance.label("distance"))
        .where(near.c.domain != references.c.domain)
        .order_by(distance)
        .limit(first)
        .lateral("nearest")
    )
    statement = (
        select(references.c.domain, nearest.c.domain)
        .select_from(references.join(nearest, true()))
        .order_by(references.c.domain, nearest.c.distance, nearest.c.domain)
    )
    found: dict[str, list[str]] = {}
    for domain, other in await reader.fetch(statement):
        found.setdefault(domain, []).append(other)
    return found
