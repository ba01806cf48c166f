"""The taxonomy of person search, for suggestion chips and fast-path routing."""

import strawberry
from strawberry.scalars import JSON

from api.caller import Role
from api.domain.person import taxonomy as domain
from graph.context import Context
from graph.operation import ACCOUNTS, operation


@strawberry.type(description="A role or industry of the precomputed path.")
class TaxonomyKey:
    """Projected from :class:`api.domain.person.taxonomy.Key`."""

    key: str = strawberry.field(description="Key, as interpretations report it.")
    label: str = strawberry.field(description="In words.")


@strawberry.type(description="A role with the phrases that mean it.")
class RoleBucket:
    """Projected from :class:`api.domain.person.taxonomy.RoleBucket`."""

    key: str = strawberry.field(description="Key of the role.")
    label: str = strawberry.field(description="The role in words.")
    phrases: list[str] = strawberry.field(description="Phrases of a query that mean it.")


@strawberry.type(description="What is served from precomputed order, with exact totals.")
class TaxonomyPath:
    """Projected from :class:`api.domain.person.taxonomy.TaxonomyPath`."""

    description: str = strawberry.field(description="What this path is.")
    roles: list[TaxonomyKey] = strawberry.field(description="Its roles.")
    industries: list[TaxonomyKey] = strawberry.field(description="Its industries.")
    compatibility: JSON = strawberry.field(
        description="For each industry the keys of the roles that go with it."
    )
    example_queries: list[str] = strawberry.field(description="Queries that take this path.")


@strawberry.type(description="What is served from indexes, without a scan of titles.")
class IndexedPath:
    """Projected from :class:`api.domain.person.taxonomy.IndexedPath`."""

    description: str = strawberry.field(description="What this path is.")
    roles: list[RoleBucket] = strawberry.field(description="Its roles.")
    company_filters: list[str] = strawberry.field(
        description="Parameters that narrow it to companies of a place."
    )


@strawberry.type(description="The quick ways of a person search.")
class FastPaths:
    """Projected from :class:`api.domain.person.taxonomy.FastPaths`."""

    taxonomy: TaxonomyPath = strawberry.field(
        description="Precomputed role and industry keys with exact count support, plus "
        "role/industry compatibility metadata for safe suggestion chips."
    )
    indexed_dynamic: IndexedPath = strawberry.field(
        description="Indexed dynamic role buckets and company filters that avoid live title scans."
    )


@strawberry.type(description="The role and company dictionaries of person search.")
class PersonSearchTaxonomy:
    """Projected from :class:`api.domain.person.taxonomy.Taxonomy`."""

    fast_paths: FastPaths = strawberry.field(description="The quick ways of a search.")
    native_geo_parameters: list[str] = strawberry.field(
        description="Geo parameters accepted by person search for server-side company city/state "
        "filters."
    )


@strawberry.type
class TaxonomyQuery:
    """The query for the taxonomy."""

    @operation(
        "Returns role and company-search dictionaries for suggestion chips and fast-path routing. "
        "Use this to keep user prompts inside precomputed or indexed paths where possible.",
        returns=PersonSearchTaxonomy,
        callers=ACCOUNTS,
        role=Role.VIEWER,
    )
    async def person_search_taxonomy(self, info: strawberry.Info[Context, None]) -> domain.Taxonomy:
        """Person search taxonomy."""
        return await domain.read(info.context.work)
