"""JSON lines and Parquet: values of other types than text, and rows that cannot be read."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from api.errors import DomainError
from api.load import batches, readers
from api.load.batches import RawBatch
from api.load.columns import Reason
from api.load.readers import Reader
from api.load.rejects import Reject
from api.load.sources import Source

WANTED = ("company_id", "name", "sic", "employee_count", "keywords")


def read(path: Path) -> tuple[list[RawBatch], Reader]:
    reader = Reader(Source(path), WANTED, (("company_id",),))
    return list(reader.batches()), reader


def rows(found: list[RawBatch]) -> list[dict[str, Any]]:
    return [
        {name: column[at].as_py() for name, column in batch.columns.items()}
        for batch in found
        for at in range(len(batch))
    ]


def test_json_values(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(
        b'\xef\xbb\xbf{"company_id": 12, "name": "A", "other": {"x": 1}}\n'
        b"\n"
        b'{"company_id": "1e5", "name": 2.50, "employee_count": 85.0, "keywords": "a;b"}\r\n'
        b'{"company_id": 18446744073709551615, "name": "C", "keywords": ["x", null, 3]}\n'
        b'{"company_id": "d", "name": "D", "employee_count": 1e300, "extra": []}'
    )
    found, reader = read(path)
    nothing = dict.fromkeys(WANTED)
    assert rows(found) == [
        {**nothing, "company_id": "12", "name": "A"},
        {
            **nothing,
            "company_id": "1e5",
            "name": "2.5",
            "employee_count": "85",
            "keywords": ["a", "b"],
        },
        {
            **nothing,
            "company_id": "18446744073709551615",
            "name": "C",
            "keywords": ["x", None, "3"],
        },
        {**nothing, "company_id": "d", "name": "D", "employee_count": "1e+300"},
    ]
    assert found[0].lines.to_pylist() == [1, 3, 4, 5]
    assert reader.ignored == ("other", "extra")


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b'{"company_id": "x", "name": "cut', Reason.BAD_JSON),
        (b"company_id,name", Reason.BAD_JSON),
        (b'"text"', Reason.BAD_JSON),
        (b"[" * 5_000, Reason.BAD_JSON),
        (b'{"company_id": NaN}', Reason.BAD_JSON),
        (b'{"company_id": "\\ud800"}', Reason.BAD_JSON),
        (b'{"company_id": "\xff"}', Reason.BAD_ENCODING),
        (b'{"company_id": {"a": 1}}', Reason.BAD_TYPE),
        (b'{"company_id": "x", "name": true}', Reason.BAD_TYPE),
        (b'{"company_id": "x", "keywords": {"a": 1}}', Reason.BAD_TYPE),
        (b'{"company_id": "x", "keywords": ["a", ["b"]]}', Reason.BAD_TYPE),
    ],
)
def test_json_lines_that_are_rejected(tmp_path: Path, line: bytes, reason: Reason) -> None:
    path = tmp_path / "a.jsonl"
    good = b'{"company_id": "good"}\n'
    path.write_bytes(good + line + b"\n" + good)
    found, _ = read(path)
    assert [row["company_id"] for row in rows(found)] == ["good", "good"]
    rejects = [reject for batch in found for reject in batch.rejects]
    assert [(reject.line, reject.reason) for reject in rejects] == [(2, reason)]


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        (pa.array(["0782", None], pa.large_string()), ["0782", None]),
        (pa.array(["0782", None], pa.string_view()), ["0782", None]),
        (pa.array([b"0782", None], pa.binary()), ["0782", None]),
        (pa.array(["x", None]).dictionary_encode(), ["x", None]),
        (pa.array([7372, None], pa.int16()), ["7372", None]),
        (pa.array([2**64 - 1, None], pa.uint64()), ["18446744073709551615", None]),
        (pa.array([7372.0, float("nan")]), ["7372", None]),
        (pa.array([12.5, None]), ["12.5", None]),
        (pa.array([Decimal("85.00"), None]), ["85.00", None]),
        (pa.nulls(2), [None, None]),
    ],
)
def test_parquet_types(tmp_path: Path, column: pa.Array, expected: list[str | None]) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"company_id": ["a", "b"], "sic": column, "more": [1, 2]}), path)
    found, reader = read(path)
    assert [row["sic"] for row in rows(found)] == expected
    assert reader.ignored == ("more",)


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        (
            pa.array([["a", None], None, []], pa.large_list(pa.large_string())),
            [["a", None], None, []],
        ),
        (pa.array(["a;b", None, ""]), [["a", "b"], None, [""]]),
    ],
)
def test_parquet_keywords(tmp_path: Path, column: pa.Array, expected: list[Any]) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"company_id": ["a", "b", "c"], "keywords": column}), path)
    assert [row["keywords"] for row in rows(read(path)[0])] == expected


@pytest.mark.parametrize(
    ("name", "column"),
    [
        ("name", pa.array([True])),
        ("name", pa.array([["a"]])),
        ("name", pa.array([{"a": 1}])),
        ("keywords", pa.array([[1]])),
        ("employee_count", pa.array([0], pa.time32("s"))),
    ],
)
def test_parquet_columns_that_are_no_text(tmp_path: Path, name: str, column: pa.Array) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"company_id": ["a"], name: column}), path)
    with pytest.raises(DomainError, match=f"its column {name} is .*, not text"):
        read(path)


def test_parquet_rows_with_bad_text(tmp_path: Path) -> None:
    bad = pa.array([b"ok", b"caf\xe9", None], pa.binary())
    words = pa.array([[b"ok"], [], [b"\xff"]], pa.list_(pa.binary()))
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"company_id": ["a", "b", "c"], "name": bad, "keywords": words}), path)
    found, _ = read(path)
    assert [row["company_id"] for row in rows(found)] == ["a"]
    assert sorted(found[0].rejects) == [
        Reject(2, Reason.BAD_ENCODING, "name"),
        Reject(3, Reason.BAD_ENCODING, "keywords"),
    ]


def test_batches_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "TEXT_BATCH_ROWS", 10)
    monkeypatch.setattr(batches, "TEXT_BATCH_CHARS", 1_000)
    monkeypatch.setattr(readers, "PARQUET_BATCH_ROWS", 10)
    ids = [f"{number:03}" for number in range(25)]
    path = tmp_path / "a.csv"
    path.write_text("company_id\n" + "\n".join(ids))
    assert [len(batch) for batch in read(path)[0]] == [10, 10, 5]
    path.write_text("company_id\n" + "\n".join(each * 200 for each in ids))
    assert {len(batch) for batch in read(path)[0]} == {2, 1}
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"company_id": ids}), path)
    found = read(path)[0]
    assert [len(batch) for batch in found] == [10, 10, 5]
    assert found[2].lines.to_pylist() == [21, 22, 23, 24, 25]
