"""How chDB is configured: memory, caches, limits and rights, each with its reason.

chDB reads ClickHouse's own configuration file. It is rewritten at each start, so the numbers below
are the only place where they are stated.
"""

from pathlib import Path

CONFIGURATION_FILE = "engine.xml"

MEMORY_MIB_MIN = 512
MEMORY_MIB_MAX = 1024 * 1024

# What SQL may do. No source (file, url, s3, remote, …) is granted, so a table function, a table
# engine or a database engine that would reach beyond the data folder is refused with code 497.
_RIGHTS = (
    "SHOW, SELECT, INSERT, ALTER, CREATE DATABASE, CREATE TABLE, CREATE VIEW,"
    " CREATE TEMPORARY TABLE, DROP, TRUNCATE, OPTIMIZE, KILL QUERY, SYSTEM MERGES,"
    " SYSTEM DROP CACHE"
)
_TABLE_ENGINES = (
    "AggregatingMergeTree",
    "Memory",
    "MergeTree",
    "Null",
    "ReplacingMergeTree",
    "SummingMergeTree",
)


def write_configuration(folder: Path, memory_mib: int) -> None:
    """Write the engine's configuration for a memory budget in MiB into the data folder."""
    (folder / CONFIGURATION_FILE).write_text(_render(memory_mib), encoding="utf-8")


def _render(memory_mib: int) -> str:
    budget = memory_mib * 1024 * 1024
    server = {
        # The hard limit of the engine's own allocations; a query that would pass it fails with code
        # 241. The Python process and the engine's mapped code (about 300 MiB) come on top.
        "max_server_memory_usage": budget,
        # Merges stop being started here, so that they cannot crowd out queries and inserts.
        "merges_mutations_memory_usage_soft_limit": budget // 3,
        # Two cores must serve reads while merging: one merge at a time is enough for loads of tens
        # of millions of rows, two let a small merge pass a large one.
        "background_pool_size": 2,
        # Caches: the defaults (5 GiB each) are meant for dedicated servers. Marks of 50 columns at
        # 50M rows take about 20 MiB, primary keys about as much. Together at most a sixth.
        "mark_cache_size": budget // 24,
        "primary_index_cache_size": budget // 24,
        "index_mark_cache_size": budget // 48,
        "index_uncompressed_cache_size": 0,
        "uncompressed_cache_size": 0,
        "text_index_tokens_cache_size": budget // 96,
        "text_index_header_cache_size": budget // 96,
        "text_index_postings_cache_size": budget // 48,
        "query_condition_cache_size": budget // 96,
        "compiled_expression_cache_size": budget // 96,
        "vector_similarity_index_cache_size": 0,
        "parquet_metadata_cache_size": 0,
        "iceberg_metadata_files_cache_size": 0,
    }
    profile = {
        # One query may not take everything: the others, merges and caches need the rest.
        "max_memory_usage": budget * 6 // 10,
        # Sorting and grouping go to disk before they reach that limit.
        "max_bytes_before_external_sort": budget // 4,
        "max_bytes_before_external_group_by": budget // 4,
        # An insert is gathered into blocks of this size before it becomes a part. The default of
        # 256 MiB needs about three times as much while it is sorted and written.
        "min_insert_block_size_bytes": 64 * 1024 * 1024,
        # Text that is not a statement is a syntax error, as on a server, and not an expression.
        "implicit_select": 0,
        "allow_introspection_functions": 0,
        # Python() would give SQL access to the objects of this process.
        "allow_python_table_function": 0,
    }
    fixed = ("implicit_select", "allow_introspection_functions", "allow_python_table_function")
    grants = [f"GRANT {_RIGHTS} ON *.*"]
    grants += [f"GRANT TABLE ENGINE ON {engine}" for engine in _TABLE_ENGINES]
    return (
        "<clickhouse>\n"
        f"<users_config>{CONFIGURATION_FILE}</users_config>\n"
        f"{_elements(server)}"
        f"<profiles><default>\n{_elements(profile)}"
        f"<constraints>{''.join(f'<{name}><const/></{name}>' for name in fixed)}</constraints>\n"
        "</default></profiles>\n"
        "<quotas><default/></quotas>\n"
        "<users><default><password></password><networks><ip>::/0</ip></networks>"
        "<profile>default</profile><quota>default</quota>\n<grants>\n"
        f"{''.join(f'<query>{grant}</query>\n' for grant in grants)}"
        "</grants></default></users>\n"
        "</clickhouse>\n"
    )


def _elements(values: dict[str, int]) -> str:
    return "".join(f"<{name}>{value}</{name}>\n" for name, value in values.items())
