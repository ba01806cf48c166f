"""What is loaded, in numbers."""

from dataclasses import dataclass

from api.stores.clickhouse import ClickHouse, Profile


@dataclass(frozen=True, slots=True)
class TableCounts:
    """How many companies are loaded, and how many persons can be found."""

    companies: int
    persons: int


async def counts(clickhouse: ClickHouse) -> TableCounts:
    """How much there is; persons are counted as searches see them."""
    rows = await clickhouse.fetch(
        "SELECT (SELECT count() FROM companies FINAL), (SELECT count() FROM person_index)",
        {},
        Profile.LOAD,
    )
    return TableCounts(*rows[0])
