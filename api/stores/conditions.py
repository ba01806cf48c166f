"""Conditions of a statement: SQL text of ours, and callers' values bound beside it."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Conditions:
    """Conditions joined by AND with their bound values; SQL text never holds a caller's value."""

    sql: list[str] = field(default_factory=list)
    values: dict[str, Any] = field(default_factory=dict)
    table: str = ""
    """The table that has the columns, where a noun has several."""

    def add(self, sql: str, **values: Any) -> None:
        """Adds one condition; ``values`` are its ``{name:Type}`` parameters."""
        self.sql.append(sql)
        self.values.update(values)

    def add_any(self, alternatives: list[str], **values: Any) -> None:
        """Adds conditions of which one has to hold; none of them where there are none."""
        if alternatives:
            self.add("(" + " OR ".join(alternatives) + ")", **values)

    @property
    def where(self) -> str:
        """The WHERE clause."""
        return "WHERE " + " AND ".join(self.sql) if self.sql else ""


def after_key(
    conditions: Conditions, after: tuple[int, str] | None, rank: str, identifier: str
) -> Conditions:
    """The conditions with that of a keyset page: behind ``after`` in the order of two columns."""
    if after is None:
        return conditions
    return Conditions(
        [
            *conditions.sql,
            # The first is what the primary key understands; the second makes it exact.
            f"{rank} >= {{after_rank:UInt64}}",
            f"({rank}, {identifier}) > ({{after_rank:UInt64}}, {{after_id:String}})",
        ],
        {**conditions.values, "after_rank": after[0], "after_id": after[1]},
        conditions.table,
    )
