"""Runs the statements of one search, and on demand tells how the server ran them."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import CTE, CompoundSelect, Executable, Row, Select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.expression import ClauseElement

from api.stores.postgres import Postgres

# A plan repeats the vector that it compares with, which nobody wants to read.
MAX_PLAN_LINE_CHARS = 300


type Read = Select[*tuple[Any, ...]] | CompoundSelect[*tuple[Any, ...]]


class _Explain(Executable, ClauseElement):
    inherit_cache = False

    def __init__(self, statement: Read, wanted: str):
        self.statement = statement
        self.wanted = wanted


@compiles(_Explain)
def _explain_sql(element: _Explain, compiler: Any, **kw: Any) -> str:
    return f"EXPLAIN ({element.wanted}) {compiler.process(element.statement, **kw)}"


class Reader:
    """The way of one search to Postgres; with ``explaining`` it collects ``plan``."""

    def __init__(self, postgres: Postgres, *, explaining: bool = False):
        self._postgres = postgres
        self._explaining = explaining
        self.plan: list[str] = []

    async def fetch(
        self, statement: Read, beside: CTE | None = None
    ) -> Sequence[Row[*tuple[Any, ...]]]:
        """The rows of a statement; when explaining, it is run once more to be measured. ``beside``
        may be run twice, is done with the statement, and is no part of what is explained.
        """
        rows = await self._postgres.search(
            statement if beside is None else statement.add_cte(beside)
        )
        if self._explaining:
            lines = await self._postgres.search(_Explain(statement, "ANALYZE, COSTS, TIMING"))
            self.plan += [line[:MAX_PLAN_LINE_CHARS] for (line,) in lines]
        return rows

    async def estimate(self, statement: Read) -> int:
        """How many rows the planner expects of a statement, without running it."""
        ((plan,),) = await self._postgres.search(_Explain(statement, "FORMAT JSON"))
        return int(plan[0]["Plan"]["Plan Rows"])
