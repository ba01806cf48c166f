"""The taxonomy of person search, for suggestion chips; made from the dictionaries, once.

Documented as GET /v1/persons/search/taxonomy. What it lists under ``taxonomy`` is served on that
path, and what it lists under ``indexed_dynamic`` without a scan of titles.
"""

import tomllib
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from api.domain.company.industries import industries
from api.domain.person.roles import roles
from api.domain.usage.service import record
from api.work import Work

OPERATION = "person_search_taxonomy"
GEO_PARAMETERS = ("location_city", "location_state")


class Key(NamedTuple):
    """A role or industry of the precomputed path."""

    key: str
    label: str


class RoleBucket(NamedTuple):
    """A role with the phrases that mean it."""

    key: str
    label: str
    phrases: list[str]


class TaxonomyPath(NamedTuple):
    """What is served from precomputed order, with exact totals."""

    description: str
    roles: list[Key]
    industries: list[Key]
    compatibility: dict[str, list[str]]
    example_queries: list[str]


class IndexedPath(NamedTuple):
    """What is served from indexes, without a scan of titles."""

    description: str
    roles: list[RoleBucket]
    company_filters: list[str]


class FastPaths(NamedTuple):
    """The two quick ways of a search."""

    taxonomy: TaxonomyPath
    indexed_dynamic: IndexedPath


class Taxonomy(NamedTuple):
    """The whole document."""

    fast_paths: FastPaths
    native_geo_parameters: list[str]


async def read(work: Work) -> Taxonomy:
    """The taxonomy; a call of the caller that bills nothing."""
    await record(work, OPERATION, 0)
    return taxonomy()


@cache
def taxonomy() -> Taxonomy:
    """The taxonomy; raises ``ValueError`` where its file names what no dictionary has."""
    text = files("api.domain.person").joinpath("taxonomy.toml").read_text(encoding="utf-8")
    content = tomllib.loads(text)
    precomputed_roles = [role for role in roles().values() if role.taxonomy]
    precomputed_industries = [each for each in industries().values() if each.taxonomy]
    compatibility: dict[str, list[str]] = content["compatibility"]
    unknown = compatibility.keys() ^ {each.key for each in precomputed_industries}
    known = {role.key for role in precomputed_roles}
    unknown |= {role for named in compatibility.values() for role in named} - known
    if unknown:
        raise ValueError(f"taxonomy.toml and the dictionaries differ in {sorted(unknown)}")
    return Taxonomy(
        FastPaths(
            TaxonomyPath(
                "Precomputed person-search serving paths with exact count support.",
                [Key(role.key, role.label) for role in precomputed_roles],
                [Key(each.key, each.label) for each in precomputed_industries],
                compatibility,
                content["example_queries"],
            ),
            IndexedPath(
                "Indexed dynamic role buckets that avoid bounded live title scans when combined "
                "with company filters, employee filters, or native geo filters.",
                [
                    RoleBucket(role.key, role.label, list(role.phrases))
                    for role in roles().values()
                    if role.phrases
                ],
                list(GEO_PARAMETERS),
            ),
        ),
        list(GEO_PARAMETERS),
    )
