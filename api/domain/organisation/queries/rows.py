"""Organisations by domain, their vectors, and which words of a query they have."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from sqlalchemy import CTE, ColumnElement, Row, Select, func, literal, select, union_all

from api.domain.organisation.embedder import EmbeddingModel
from api.domain.organisation.queries.conditions import found_by, in_list
from api.domain.organisation.queries.lists import Conditions, Vector
from api.domain.organisation.queries.reader import Reader
from api.domain.organisation.records import OrganisationRow
from api.domain.organisation.words import DOCUMENT, phrase
from api.stores.tables import organisation_embedding_model, organisations

_COLUMNS = organisations.c


def _columns(names: Sequence[str]) -> list[ColumnElement[Any]]:
    return [_COLUMNS[name] for name in names]


def _row(names: Sequence[str], row: Row[*tuple[Any, ...]]) -> OrganisationRow:
    return OrganisationRow(**dict(zip(names, row, strict=True)))


async def by_domain(
    reader: Reader, domains: Sequence[str], columns: Sequence[str], *, beside: CTE | None = None
) -> dict[str, OrganisationRow]:
    """The organisations at these domains, with ``columns`` (``domain`` first). ``beside`` is done
    by the same statement.
    """
    if not domains and beside is None:
        return {}
    statement = select(*_columns(columns)).where(in_list(_COLUMNS.domain, domains))
    return {row[0]: _row(columns, row) for row in await reader.fetch(statement, beside)}


async def browse(
    reader: Reader,
    conditions: Conditions,
    *,
    columns: Sequence[str],
    after: str | None,
    limit: int,
    dedup: bool,
) -> list[OrganisationRow]:
    """Up to ``limit`` organisations in the order of their domains, after a domain.

    With ``dedup`` only the first of each name, on whatever page that is.
    """
    statement: Select[*tuple[Any, ...]] = select(*_columns(columns)).where(*conditions)
    if dedup:
        firsts = (
            select(func.min(_COLUMNS.domain)).where(*conditions).group_by(_COLUMNS.name)
        ).scalar_subquery()
        statement = select(*_columns(columns)).where(_COLUMNS.domain.in_(firsts))
    if after is not None:
        statement = statement.where(_COLUMNS.domain > after)
    found = await reader.fetch(statement.order_by(_COLUMNS.domain).limit(limit))
    return [_row(columns, row) for row in found]


async def vectors_of(reader: Reader, domains: Sequence[str]) -> dict[str, Vector]:
    """The embeddings of the organisations at these domains."""
    if not domains:
        return {}
    statement = select(_COLUMNS.domain, _COLUMNS.embedding).where(in_list(_COLUMNS.domain, domains))
    return {
        domain: np.asarray(embedding, dtype=np.float32)
        for domain, embedding in await reader.fetch(statement)
    }


async def embedding_model(reader: Reader) -> EmbeddingModel | None:
    """Which model the embeddings are of; ``None`` where there are none."""
    columns = organisation_embedding_model.c
    rows = await reader.fetch(select(columns.name, columns.dimension))
    return EmbeddingModel(*rows[0]) if rows else None


async def matched_terms(
    reader: Reader, terms: Sequence[str], domains: Sequence[str]
) -> dict[str, list[str]]:
    """Which of the terms the organisations at these domains have, in the order of the terms."""
    if not terms or not domains:
        return {}
    parts = [
        select(_COLUMNS.domain, literal(number).label("number")).where(
            found_by(phrase(term, DOCUMENT)), in_list(_COLUMNS.domain, domains)
        )
        for number, term in enumerate(terms)
    ]
    found: dict[str, list[str]] = {}
    rows = await reader.fetch(union_all(*parts))
    for domain, number in sorted(rows, key=lambda row: int(row[1])):
        found.setdefault(domain, []).append(terms[number])
    return found
