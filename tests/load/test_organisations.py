"""Loading organisations: every format, every rule, and the bounds of each."""

import gzip
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import psycopg
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from api.domain.organisation.embedder import embedded_text
from tests.load.files import Row, csv_file, json_file, parquet_file, rejected
from tests.load.organisation_files import (
    DIMENSION,
    CountingEmbedder,
    load,
    organisation,
    stored,
    vector,
)
from tests.stack import Stack, stibnite

FULL: Row = {
    "domain": "https://www.Waterworks.example/about",
    "name": " Waterworks ",
    "summary": "Water",
    "summary_keywords": ["water", " pumps ", ""],
    "text": "Pumps since 1950.",
    "address": "1 Main Street",
    "organization_type": "Company",
    "organization_size": "Small (10-49)",
    "employee_class": "10-49",
    "revenue_class": "1-2 million",
    "nace_code": "36.00",
    "continent": "Europe",
    "country": "Germany",
    "country_code": "DE",
    "state": "Hesse",
    "state_code": "HE",
    "region": "Giessen",
    "region_code": "065",
    "district": "Fulda",
    "district_code": "06631",
    "municipality": "Fulda",
    "municipality_code": "06631009",
    "lat": "50.55",
    "lon": "-9.675",
    "source": "register",
    "company_register_court": "Fulda",
    "company_register_id": "HRB 0012",
    "company_register_date": "1950-02-28",
    "new_register_entry": "true",
    "created_at": "2024-02-29T12:00:00+02:00",
    "updated_at": "2025-01-01",
}
LOADED: Row = {
    **FULL,
    "domain": "waterworks.example",
    "name": "Waterworks",
    "summary_keywords": ["water", "pumps"],
    "lat": 50.55,
    "lon": -9.675,
    "company_register_date": date(1950, 2, 28),
    "created_at": datetime(2024, 2, 29, 10, tzinfo=UTC),
    "updated_at": datetime(2025, 1, 1, tzinfo=UTC),
}


def as_csv(folder: Path) -> Path:
    return csv_file(folder / "full.csv", [{**FULL, "summary_keywords": "water; pumps ;;"}])


def as_json(folder: Path) -> Path:
    row = {**FULL, "lat": 50.55, "lon": -9.675, "new_register_entry": True}
    return json_file(folder / "full.jsonl", [row])


def as_compressed_json(folder: Path) -> Path:
    path = folder / "full.jsonl.gz"
    path.write_bytes(gzip.compress(orjson.dumps(FULL)))
    return path


def as_parquet(folder: Path) -> Path:
    row = {
        **FULL,
        "lat": 50.55,
        "lon": -9.675,
        "new_register_entry": True,
        "company_register_date": date(1950, 2, 28),
        "created_at": datetime(2024, 2, 29, 10, tzinfo=UTC),
        "updated_at": datetime(2025, 1, 1),
    }
    return parquet_file(folder / "full.parquet", [row])


@pytest.mark.parametrize("write", [as_csv, as_json, as_compressed_json, as_parquet])
async def test_every_column_of_every_format(
    write: Callable[[Path], Path], tmp_path: Path, organisations: str, embedder: CountingEmbedder
) -> None:
    (report,) = await load(organisations, embedder, write(tmp_path))
    assert (report.loaded, report.rejected.total(), report.ignored_columns) == (1, 0, ())
    with psycopg.connect(organisations) as connection:
        connection.execute("set timezone = 'UTC'")
        row = connection.execute(
            f"select {', '.join(LOADED)} from organisations"  # noqa: S608
        ).fetchone()
    assert row is not None
    assert dict(zip(LOADED, row, strict=True)) == LOADED


async def test_what_is_embedded(
    tmp_path: Path, organisations: str, embedder: CountingEmbedder
) -> None:
    rows = [
        organisation(1, summary_keywords=["water", "steel"]),
        organisation(2, summary=None, text=None),
    ]
    await load(organisations, embedder, json_file(tmp_path / "o.jsonl", rows))
    texts = [
        embedded_text(row["name"], row["summary"], row.get("summary_keywords", []), row.get("text"))
        for row in rows
    ]
    wanted = await embedder.real.embed(texts)
    found = stored(organisations, "embedding")
    for row, want in zip(rows, wanted, strict=True):
        np.testing.assert_allclose(found[row["domain"]].to_numpy(), want, atol=1e-3)
    with psycopg.connect(organisations) as connection:
        model = connection.execute(
            "select name, dimension from organisation_embedding_model"
        ).fetchone()
    assert model == (embedder.model.name, DIMENSION)


BAD: dict[str, tuple[Row, str]] = {
    "no domain": ({"domain": " "}, "missing_id"),
    "no name": ({"name": ""}, "missing_name"),
    "one label": ({"domain": "localhost"}, "bad_domain"),
    "an address": ({"domain": "who@organisation.example"}, "bad_domain"),
    "long name": ({"name": "n" * 1_001}, "too_long"),
    "long country": ({"country": "ü" * 501}, "too_long"),
    "long keyword": ({"summary_keywords": ["a", "k" * 501]}, "too_long"),
    "many keywords": ({"summary_keywords": ["k"] * 10_001}, "too_long"),
    "NUL": ({"text": "a\0b"}, "bad_character"),
    "NUL in a keyword": ({"summary_keywords": ["a\0b"]}, "bad_character"),
    "north of the pole": ({"lat": 90.001}, "bad_number"),
    "too far west": ({"lon": -180.5}, "bad_number"),
    "no number": ({"lat": "50,5"}, "bad_number"),
    "not a number": ({"lat": "NaN"}, "bad_number"),
    "no day": ({"company_register_date": "2023-02-29"}, "bad_date"),
    "no date": ({"company_register_date": "28.02.1950"}, "bad_date"),
    "no moment": ({"created_at": "yesterday"}, "bad_date"),
    "before the calendar": ({"updated_at": "0001-01-01T00:00:00+14:00"}, "bad_date"),
    "an object": ({"country": {"name": "Germany"}}, "bad_type"),
    "a short vector": ({"embedding": [1.0] * 383}, "bad_embedding"),
    "a long vector": ({"embedding": [1.0] * 385}, "bad_embedding"),
    "an empty vector": ({"embedding": []}, "bad_embedding"),
    "zeros": ({"embedding": [0] * 384}, "bad_embedding"),
    "a hole": ({"embedding": [1.0] * 383 + [None]}, "bad_embedding"),
    "text in a vector": ({"embedding": [1.0] * 383 + ["1"]}, "bad_embedding"),
    "truth in a vector": ({"embedding": [1.0] * 383 + [True]}, "bad_embedding"),
    "huge": ({"embedding": [1e30] * 384}, "bad_embedding"),
    "no vector": ({"embedding": "close"}, "bad_embedding"),
}


async def test_bad_rows_are_named_and_stop_no_other(
    tmp_path: Path, organisations: str, embedder: CountingEmbedder
) -> None:
    rows = [organisation(number, **other) for number, (other, _) in enumerate(BAD.values())]
    good = [organisation(1_000 + number) for number in range(3)]
    path = json_file(tmp_path / "bad.jsonl", [good[0], *rows, *good[1:]])
    (report,) = await load(organisations, embedder, path)
    assert rejected(report.rejects_file) == {
        line: reason for line, (_, reason) in enumerate(BAD.values(), start=2)
    }
    assert set(stored(organisations, "name")) == {row["domain"] for row in good}


async def test_what_is_just_good_enough(
    tmp_path: Path, organisations: str, embedder: CountingEmbedder
) -> None:
    others: list[Row] = [
        {"domain": "yct-d00123.example"},
        {"domain": "http://under_score.co.uk:8080/x?y"},
        {"domain": "bücher.example"},
        {"name": "n" * 1_000},
        {"country": "𝔊" * 500},
        {"summary_keywords": ["𝔎" * 500]},
        {"lat": 90, "lon": -180},
        {"lat": "-90.0", "lon": "+180"},
        {"company_register_date": "2024-02-29T23:00:00Z"},
        {"company_register_date": "0001-01-01", "created_at": "9999-12-31T23:59:59Z"},
        {"embedding": [1e14] * 384},
        {"embedding": [0.0] * 383 + [-3]},
        {"embedding": None, "summary_keywords": None},
    ]
    rows = [organisation(number, **other) for number, other in enumerate(others)]
    (report,) = await load(organisations, embedder, json_file(tmp_path / "good.jsonl", rows))
    assert report.rejected.total() == 0
    found = stored(organisations, "company_register_date")
    assert {"yct-d00123.example", "under_score.co.uk", "xn--bcher-kva.example"} <= set(found)
    assert found["organisation-8.example"] == date(2024, 2, 29)


@pytest.mark.parametrize("kind", ["csv", "jsonl", "parquet", "fixed.parquet", "half.parquet"])
async def test_vectors_of_a_file_are_taken(
    kind: str, tmp_path: Path, organisations: str, embedder: CountingEmbedder
) -> None:
    embedder.asked_since()
    rows = [organisation(number, embedding=vector(number)) for number in range(3)]
    path = tmp_path / f"given.{kind}"
    match kind:
        case "csv":
            texts = [{**row, "embedding": orjson.dumps(row["embedding"]).decode()} for row in rows]
            csv_file(path, texts)
        case "jsonl":
            json_file(path, rows)
        case _:
            _vector_parquet(path, rows, kind)
    (report,) = await load(organisations, embedder, path)
    assert (report.loaded, embedder.asked_since()) == (3, [])
    found = stored(organisations, "embedding", "embedding_hash")
    for number, row in enumerate(rows):
        want = np.array(vector(number)) / np.linalg.norm(vector(number))
        kept, named = found[row["domain"]]
        np.testing.assert_allclose(kept.to_numpy(), want, atol=2e-4)
        assert named is None


def _vector_parquet(path: Path, rows: list[Row], kind: str) -> None:
    kinds: dict[str, Any] = {
        "parquet": pa.list_(pa.float64()),
        "fixed.parquet": pa.list_(pa.float32(), DIMENSION),
        "half.parquet": pa.list_(pa.float16()),
    }
    vectors = [[np.float16(x) for x in row["embedding"]] for row in rows]
    given = vectors if kind == "half.parquet" else [row["embedding"] for row in rows]
    table = pa.table(
        {
            "domain": [row["domain"] for row in rows],
            "name": [row["name"] for row in rows],
            "embedding": pa.array(given, kinds[kind]),
        }
    )
    pq.write_table(table, path)


async def test_of_rows_with_one_domain_the_last_loads(
    tmp_path: Path, organisations: str, embedder: CountingEmbedder
) -> None:
    rows = [
        organisation(1, name="first"),
        organisation(2),
        organisation(1, name="second"),
        organisation(1, domain="HTTPS://organisation-1.example/", name="third"),
    ]
    (report,) = await load(organisations, embedder, json_file(tmp_path / "o.jsonl", rows))
    assert (report.loaded, rejected(report.rejects_file)) == (
        2,
        {1: "duplicate_id", 3: "duplicate_id"},
    )
    assert stored(organisations, "name")["organisation-1.example"] == "third"


def test_the_command_loads_into_the_running_stack(stack: Stack, tmp_path: Path) -> None:
    rows = [organisation(7_000_000, colour="red"), organisation(7_000_001, lat=91)]
    file = json_file(tmp_path / "mine.jsonl", rows)
    options = ("--rejects", str(tmp_path), "--data-dir", str(stack.data_dir))
    said = stibnite("load", "organisations", str(file), *options)
    assert said.splitlines() == ["mine.jsonl: 1 loaded, 1 rejected", "  bad_number: 1"]
    found = stored(stack.settings.psycopg_url, "country")
    assert found["organisation-7000000.example"] == "Germany"
