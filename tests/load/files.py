"""Files for loading, made by the tests, and what is in the store afterwards."""

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from api.stores.clickhouse import ClickHouse, Profile

type Row = dict[str, Any]


def company(number: int, **other: Any) -> Row:
    """An invented company; ``other`` replaces its values."""
    return {
        "company_id": f"c{number}",
        "name": f"Company {number}",
        "domain": f"company-{number}.example",
        "employee_count": number,
        "industry": "Law Firms & Legal Services",
        "city": "Boise",
        "state": "ID",
        "country": "US",
        **other,
    }


def person(number: int, company_number: int, **other: Any) -> Row:
    """An invented person; ``other`` replaces the values."""
    return {
        "person_id": f"p{number:06}",
        "first_name": f"First{number}",
        "last_name": f"Last{number}",
        "job_title": "Chief Marketing Officer",
        "company_id": f"c{company_number}",
        **other,
    }


def csv_file(path: Path, rows: Sequence[Row], **dialect: Any) -> Path:
    """Writes rows as CSV; the columns are those of all rows."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    text = io.StringIO()
    writer = csv.DictWriter(text, names, lineterminator="\n", **dialect)
    writer.writeheader()
    writer.writerows(rows)
    path.write_bytes(text.getvalue().encode())
    return path


def json_file(path: Path, rows: Sequence[Row]) -> Path:
    """Writes rows as JSON lines."""
    path.write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in rows))
    return path


def parquet_file(path: Path, rows: Sequence[Row]) -> Path:
    """Writes rows as Parquet."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    table = pa.table({name: [row.get(name) for row in rows] for name in names})
    pq.write_table(table, path)
    return path


def rejected(path: Path | None) -> dict[int, str]:
    """Line and reason of every row in a rejects file."""
    assert path is not None, "nothing was rejected"
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    lines = {int(row["line"]): row["reason"] for row in rows}
    assert len(lines) == len(rows), "a line is rejected twice"
    return lines


async def companies(clickhouse: ClickHouse, *columns: str) -> dict[str, list[Any]]:
    """The loaded companies by id: these columns of each."""
    sql = f"SELECT company_id, {', '.join(columns)} FROM companies FINAL"  # noqa: S608
    rows = await clickhouse.fetch(sql, {}, Profile.LOAD)
    return {row[0]: row[1:] for row in rows}


async def people(clickhouse: ClickHouse, *columns: str) -> dict[str, list[Any]]:
    """The people as searches see them, by id: these columns of each."""
    sql = f"SELECT person_id, {', '.join(columns)} FROM person_index"  # noqa: S608
    rows = await clickhouse.fetch(sql, {}, Profile.LOAD)
    by_id = {row[0]: row[1:] for row in rows}
    assert len(by_id) == len(rows), "a person is there twice"
    return by_id
