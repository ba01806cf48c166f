"""How a load of organisations becomes visible: in one transaction, with its indexes.

A few rows are merged into the table. Many are joined with those that stay in a second table, which
takes the place of the first once its indexes are built: building an index of vectors takes a
fraction of the time that adding as many to it does, and searches are served by the former table
until the moment of the exchange.
"""

import asyncio
import re

import structlog
from psycopg import AsyncConnection, errors, sql

from api.domain.organisation.embedder import EmbeddingModel
from api.domain.organisation.holdings import KEPT_S
from api.load.organisation_rows import COLUMNS

# Adding a vector to a large index costs several times its share of building the index anew.
_REBUILD_SHARE = 4
_REBUILD_ROWS = 2_000
# Searches choose their way by what the planner knows of the table.
_STATISTICS_SHARE = 10
# Of building indexes. A vector and its neighbours take about this much; in less memory the index of
# vectors is built many times slower.
_BUILD_BYTES_PER_ROW = 1_400
_BUILD_MEMORY_MIB = (64, 1_024)
# Searches take 5 s at most; while the exchange waits for them, new ones wait for the exchange.
_EXCHANGE_WAIT_MS = 250
_EXCHANGE_ATTEMPTS = 200
_EXCHANGE_PAUSE_S = 0.1

_NAMES = sql.SQL(", ").join(map(sql.Identifier, COLUMNS))

log = structlog.get_logger("stibnite.load")


async def stored_model(connection: AsyncConnection) -> EmbeddingModel | None:
    """The model of the stored vectors; ``None`` where there are no organisations."""
    cursor = await connection.execute(
        "select name, dimension from organisation_embedding_model"
        " where exists (select from organisations)"
    )
    row = await cursor.fetchone()
    return EmbeddingModel(*row) if row else None


async def prepare_for(connection: AsyncConnection, model: EmbeddingModel) -> None:
    """Makes an empty table ready for the vectors of a model.

    Where a model is known already, it waits until every process knows this one, so that none
    compares its vectors with those of the former: be it the same, since a load that was to wait for
    another may have died.
    """
    if await stored_model(connection) is not None:
        return
    async with connection.transaction():
        cursor = await connection.execute("delete from organisation_embedding_model returning name")
        is_known = await cursor.fetchone() is not None
        await connection.execute(
            "insert into organisation_embedding_model (name, dimension) values (%s, %s)",
            [model.name, model.dimension],
        )
        cursor = await connection.execute(
            "select atttypmod from pg_attribute"
            " where attrelid = 'organisations'::regclass and attname = 'embedding'"
        )
        if await cursor.fetchone() != (model.dimension,):
            await connection.execute(
                sql.SQL("alter table organisations alter column embedding type halfvec({})").format(
                    sql.Literal(model.dimension)
                )
            )
    if is_known:
        await asyncio.sleep(2 * KEPT_S)


async def publish(connection: AsyncConnection) -> None:
    """Makes the incoming rows part of the organisations; rows that are the same already are left
    alone.
    """
    changed, rows = await _changes(connection)
    if changed:
        if changed >= _REBUILD_ROWS and changed * _REBUILD_SHARE >= rows:
            await _rebuild(connection, changed + rows)
        else:
            await connection.execute(_merge())
            if changed * _STATISTICS_SHARE >= rows:
                await connection.execute("analyze organisations")
    await connection.execute("truncate organisation_embeddings")


async def _changes(connection: AsyncConnection) -> tuple[int, int]:
    """How many incoming rows are new or different, and how many rows there are."""
    cursor = await connection.execute(
        sql.SQL(
            "select count(*), (select count(*) from organisations)"
            " from organisations_incoming as incoming left join organisations as former"
            " using (domain) where former.domain is null"
            " or row({before}) is distinct from row({after})"
        ).format(before=_of("former"), after=_of("incoming"))
    )
    row = await cursor.fetchone()
    return (row[0], row[1]) if row else (0, 0)


def _merge() -> sql.Composed:
    return sql.SQL(
        "insert into organisations as former ({names}) select {names} from organisations_incoming"
        " on conflict (domain) do update set {changes}"
        " where row({before}) is distinct from row({after})"
    ).format(
        names=_NAMES,
        changes=sql.SQL(", ").join(
            sql.SQL("{0} = excluded.{0}").format(sql.Identifier(name)) for name in COLUMNS[1:]
        ),
        before=_of("former"),
        after=_of("excluded"),
    )


def _of(table: str) -> sql.Composed:
    return sql.SQL(", ").join(sql.Identifier(table, name) for name in COLUMNS[1:])


async def _rebuild(connection: AsyncConnection, rows: int) -> None:
    await connection.execute("drop table if exists organisations_next")
    await connection.execute(
        "create table organisations_next"
        " (like organisations including all excluding indexes excluding statistics)"
    )
    # Pages of a table in the order of its key hold the rows that are browsed one after the other.
    await connection.execute(
        sql.SQL(
            "insert into organisations_next ({0}) select {0} from organisations_incoming union all"
            " select {0} from organisations as former where not exists (select from"
            " organisations_incoming as incoming where incoming.domain = former.domain)"
            " order by domain"
        ).format(_NAMES)
    )
    least, most = _BUILD_MEMORY_MIB
    memory = min(most, max(least, rows * _BUILD_BYTES_PER_ROW // 2**20))
    await connection.execute(
        "select set_config('maintenance_work_mem', %s, false)", [f"{memory}MB"]
    )
    renamed = await _build_indexes(connection)
    # Marks every page as visible to all, so that the index of words need not look rows up for that.
    await connection.execute("vacuum (analyze) organisations_next")
    await _exchange(connection, renamed)
    await connection.execute("reset maintenance_work_mem")


async def _build_indexes(connection: AsyncConnection) -> dict[str, str]:
    """The same indexes on the next table; their names now, and then."""
    cursor = await connection.execute(
        "select indexname, indexdef from pg_indexes where schemaname = current_schema"
        " and tablename = 'organisations'"
    )
    names = {}
    for name, definition in await cursor.fetchall():
        names[f"{name}_next"] = name
        built = re.sub(
            r"^(CREATE (?:UNIQUE )?INDEX) \S+ ON (\S+\.)?organisations ",
            rf"\1 {name}_next ON \2organisations_next ",
            definition,
        )
        try:
            await connection.execute(built)
        except (errors.DiskFull, errors.OutOfMemory):
            # Workers share memory, of which a container may have little.
            log.warning("building an index by one process", index=name)
            await connection.execute("set max_parallel_maintenance_workers = 0")
            await connection.execute(built)
    return names


async def _exchange(connection: AsyncConnection, renamed: dict[str, str]) -> None:
    """Puts the next table into the place of the former, as soon as no search uses that one."""
    for attempt in range(1, _EXCHANGE_ATTEMPTS + 1):
        try:
            async with connection.transaction():
                await connection.execute(f"set local lock_timeout = {_EXCHANGE_WAIT_MS}")
                await connection.execute("drop table organisations")
                await connection.execute("alter table organisations_next rename to organisations")
                for now, then in renamed.items():
                    await connection.execute(
                        sql.SQL("alter index {} rename to {}").format(
                            sql.Identifier(now), sql.Identifier(then)
                        )
                    )
                await connection.execute(
                    "alter table organisations add constraint pk_organisations"
                    " primary key using index pk_organisations"
                )
        except errors.LockNotAvailable:
            if attempt == _EXCHANGE_ATTEMPTS:
                raise
            await asyncio.sleep(_EXCHANGE_PAUSE_S)
        else:
            return
