"""Files as they lie on disk: formats, compression, and what cannot be read."""

import gzip
import zlib
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest

from api.errors import DomainError, ErrorCode
from api.load import sources
from api.load.sources import Format, Source
from tests.load.files import company, csv_file, parquet_file

CSV = b"company_id,name\nc1,One\n"
JSON = b'{"company_id": "c1", "name": "One"}\n'


def zstd(data: bytes) -> bytes:
    return bytes(pa.compress(data, codec="zstd", asbytes=True))


def parquet(folder: Path) -> bytes:
    return parquet_file(folder / "made", [company(1)]).read_bytes()


@pytest.mark.parametrize(
    ("name", "data", "expected"),
    [
        ("a.csv", CSV, Format.CSV),
        ("a.CSV", CSV, Format.CSV),
        ("a.txt", CSV, Format.CSV),
        ("a.jsonl", JSON, Format.JSON_LINES),
        ("a.ndjson", JSON, Format.JSON_LINES),
        ("a", b"\xef\xbb\xbf" + JSON, Format.JSON_LINES),
        ("empty.jsonl", b"", Format.JSON_LINES),
    ],
)
@pytest.mark.parametrize(
    ("suffix", "compress"), [("", bytes), (".gz", gzip.compress), (".zst", zstd)]
)
def test_text_formats(
    tmp_path: Path,
    name: str,
    data: bytes,
    expected: Format,
    suffix: str,
    compress: Callable[[bytes], bytes],
) -> None:
    path = tmp_path / f"{name}{suffix}"
    path.write_bytes(compress(data))
    source = Source(path)
    assert source.format is expected
    assert b"".join(line or b"" for line in source.lines()) == data


@pytest.mark.parametrize("name", ["a.parquet", "a.csv", "a"])
@pytest.mark.parametrize(
    ("suffix", "compress"), [("", bytes), (".gz", gzip.compress), (".zst", zstd)]
)
def test_parquet(
    tmp_path: Path, name: str, suffix: str, compress: Callable[[bytes], bytes]
) -> None:
    data = parquet(tmp_path)
    path = tmp_path / f"{name}{suffix}"
    path.write_bytes(compress(data))
    source = Source(path)
    assert source.format is Format.PARQUET
    with source.seekable() as plain:
        assert plain.read_bytes() == data


def test_compression_shows_without_its_suffix(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(gzip.compress(CSV[:10]) + gzip.compress(CSV[10:]))
    assert list(Source(path).lines()) == [b"company_id,name\n", b"c1,One\n"]


@pytest.mark.parametrize(
    ("name", "data", "why"),
    [
        ("a.csv", b"", "empty"),
        ("a.csv", b"\xef\xbb\xbf \n", "empty"),
        ("a.csv.gz", CSV, "not gzip"),
        ("a.csv.zst", gzip.compress(CSV)[1:], "not zstd"),
        ("a.parquet", CSV, "not a Parquet"),
        ("a.json", b'[{"company_id": "c1"}]', "one JSON list"),
        ("a.csv.gz", gzip.compress(CSV)[:4], "damaged or cut short"),
    ],
)
def test_files_that_are_not_what_they_should_be(
    tmp_path: Path, name: str, data: bytes, why: str
) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    refused(lambda: Source(path), why)


def test_there_is_no_file(tmp_path: Path) -> None:
    refused(lambda: Source(tmp_path / "missing.csv"), "no such file")
    refused(lambda: Source(tmp_path), "folder")


@pytest.mark.parametrize(("suffix", "compress"), [(".gz", gzip.compress), (".zst", zstd)])
def test_a_file_that_is_cut_short(
    tmp_path: Path, suffix: str, compress: Callable[[bytes], bytes]
) -> None:
    whole = csv_file(tmp_path / "whole.csv", [company(n) for n in range(5_000)]).read_bytes()
    path = tmp_path / f"cut.csv{suffix}"
    path.write_bytes(compress(whole)[:-20])
    refused(lambda: list(Source(path).lines()), "damaged or cut short")


def test_a_checksum_that_does_not_fit(tmp_path: Path) -> None:
    data = bytearray(gzip.compress(CSV * 1_000))
    data[-6] ^= 0xFF
    path = tmp_path / "a.csv.gz"
    path.write_bytes(data)
    refused(lambda: list(Source(path).lines()), "damaged or cut short")


def test_a_file_that_blows_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "EXPANSION_ALLOWED_BYTES", 4 * 1024 * 1024)
    compressor = zlib.compressobj(9, wbits=31)
    bomb = b"".join(compressor.compress(bytes(1024 * 1024)) for _ in range(16))
    path = tmp_path / "a.csv.gz"
    path.write_bytes(bomb + compressor.flush())
    refused(lambda: list(Source(path).lines()), "200 times its size")

    def unpack() -> None:
        with Source(path).seekable():
            raise AssertionError("it was unpacked")

    refused(unpack, "200 times its size")


def test_lines_that_are_too_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "LINE_BYTES_MAX", 2_000_000)
    path = tmp_path / "a.csv"
    short, longer, longest = b"s" * 10, b"l" * 1_999_999, b"x" * 4_500_000
    path.write_bytes(b"\n".join((short, longer, longest, short, longest)))
    assert list(Source(path).lines()) == [short + b"\n", longer + b"\n", None, short + b"\n", None]


def refused(attempt: Callable[[], object], why: str) -> None:
    with pytest.raises(DomainError) as failure:
        attempt()
    assert failure.value.code is ErrorCode.INVALID_INPUT
    assert why in failure.value.message
