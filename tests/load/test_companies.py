"""Loading companies: the reading rules end to end, replacement, and files that cannot be read."""

import gzip
from collections import Counter
from pathlib import Path

import pytest

from api.errors import DomainError, ErrorCode
from api.load.columns import Reason
from api.load.service import FileReport, load_companies
from api.stores.clickhouse import ClickHouse, Profile
from tests.load.files import companies, company, csv_file, json_file, parquet_file, rejected

HEADER = b"Notes,company_id,name,domain,employee_count,keywords,description,sic,state,country\n"
GOOD = {
    b'x,c1,One,https://WWW.One.example:80/a," 1,234 ", a ;; b ;,,,Nevada,US': (
        "c1",
        ["One", "one.example", 1234, ["a", "b"], None, None, "NV"],
    ),
    b'x,000123,"Two, ""Ltd""",,0042,,"line 1\nline 2\r\nline 3",0782,nevada,': (
        "000123",
        ['Two, "Ltd"', None, 42, [], "line 1\nline 2\nline 3", "0782", "NV"],
    ),
    b'x,1e5,The "Real" Three,three.example.,85.0,k,,,Nevada,CA': (
        "1e5",
        ['The "Real" Three', "three.example", 85, ["k"], None, None, "Nevada"],
    ),
    "x,TRUE,Łódź 🚀,,12 000,,,,ENG,GB".encode(): (
        "TRUE",
        ["Łódź 🚀", None, 12_000, [], None, None, "ENG"],
    ),
    b"x,nul-free,Five,,,,,,,": ("nul-free", ["Five", None, None, [], None, None, None]),
}
BAD = {
    b"x,,No Id,,,,,,,": Reason.MISSING_ID,
    b"x,   ,Blank Id,,,,,,,": Reason.MISSING_ID,
    b"x,b1,,,,,,,,": Reason.MISSING_NAME,
    b"x,b2,Bad Number,,about 50,,,,,": Reason.BAD_NUMBER,
    b"x,b3,Too Many,,10000001,,,,,": Reason.BAD_NUMBER,
    b"x,b4,Negative,,-7,,,,,": Reason.NEGATIVE_NUMBER,
    b"x,b5,Bad Domain,no domain,,,,,,": Reason.BAD_DOMAIN,
    b"x,b6,Too Few,,,,,,": Reason.WRONG_CELL_COUNT,
    b'x,b7,Too Many,,,,,,,,"two\nlines"': Reason.WRONG_CELL_COUNT,
    b"x,b8,Latin caf\xe9,,,,,,,": Reason.BAD_ENCODING,
    b"x,b9,N\x00L,,,,,,,": Reason.BAD_CHARACTER,
    b"x,b10," + b"n" * 1001 + b",,,,,,,": Reason.TOO_LONG,
}
COLUMNS = ("name", "domain", "employee_count", "keywords", "description", "sic", "state")


def messy(path: Path) -> dict[int, Reason]:
    """A file with every good and bad row, good ones first and last; line and reason of the bad."""
    good, bad = list(GOOD), list(BAD)
    rows = [good[0], *bad[:6], b"", good[1], *bad[6:], *good[2:], b'x,open,"never closed,,']
    data, expected, line = b"\xef\xbb\xbf" + HEADER, {}, 2
    for number, row in enumerate(rows):
        if row in BAD:
            expected[line] = BAD[row]
        data += row + (b"\r\n" if number % 2 else b"\n")
        line += row.count(b"\n") + 1
    expected[line - 1] = Reason.WRONG_CELL_COUNT
    path.write_bytes(data)
    return expected


async def load(clickhouse: ClickHouse, path: Path) -> FileReport:
    (report,) = await load_companies(clickhouse, [path], rejects_folder=path.parent)
    return report


async def test_the_reading_rules(clickhouse: ClickHouse, tmp_path: Path) -> None:
    path = tmp_path / "messy.csv"
    expected = messy(path)
    progress: list[int] = []
    for _ in range(2):
        (report,) = await load_companies(
            clickhouse, [path], rejects_folder=tmp_path / "rejects", progress=progress.append
        )
        assert rejected(report.rejects_file) == expected
        assert report.rejects_file == tmp_path / "rejects" / "messy.csv.rejects.csv"
        assert report.rejected == Counter(expected.values())
        assert (report.loaded, report.ignored_columns) == (len(GOOD), ("Notes",))
        assert await companies(clickhouse, *COLUMNS) == dict(GOOD.values())
    assert sum(progress) == 2 * (len(GOOD) + len(expected))


async def test_a_long_cell(clickhouse: ClickHouse, tmp_path: Path) -> None:
    fits, long = "é" * 1_048_576, "x" * 1_048_577
    path = csv_file(
        tmp_path / "long.csv", [company(1, description=fits), company(2, description=long)]
    )
    report = await load(clickhouse, path)
    assert rejected(report.rejects_file) == {3: Reason.TOO_LONG}
    assert await companies(clickhouse, "description") == {"c1": [fits]}


async def test_the_same_id_again_in_a_file(clickhouse: ClickHouse, tmp_path: Path) -> None:
    rows = [
        company(1, name="First", city="Reno"),
        company(2),
        company(1, employee_count="bad"),
        company(1, name="Last", city=None),
        company(3),
        company(2),
    ]
    path = csv_file(tmp_path / "again.csv", rows)
    report = await load(clickhouse, path)
    duplicate, bad = Reason.DUPLICATE_ID, Reason.BAD_NUMBER
    assert rejected(report.rejects_file) == {2: duplicate, 3: duplicate, 4: bad}
    assert report.loaded == 3
    # One of the rows as a whole, not the newest value of each column.
    assert (await companies(clickhouse, "name", "city"))["c1"] == ["Last", None]


async def test_a_changed_row_replaces_the_old_one_whole(
    clickhouse: ClickHouse, tmp_path: Path
) -> None:
    first = [company(n, phone="+1 208 555 0100", keywords="a;b") for n in (1, 2)]
    await load(clickhouse, csv_file(tmp_path / "1.csv", first))
    await load(clickhouse, csv_file(tmp_path / "2.csv", [company(2, name="New", domain=None)]))
    assert await companies(clickhouse, "name", "domain", "phone", "keywords") == {
        "c1": ["Company 1", "company-1.example", "+1 208 555 0100", ["a", "b"]],
        "c2": ["New", None, None, []],
    }


async def test_the_formats_give_the_same_rows(clickhouse: ClickHouse, tmp_path: Path) -> None:
    rows = [company(n, keywords=["x", f"k{n}"], revenue=n * 10**9) for n in range(1, 50)]
    texts = [{**row, "keywords": ";".join(row["keywords"])} for row in rows]
    files = [
        csv_file(tmp_path / "a.csv", texts),
        json_file(tmp_path / "a.jsonl", rows),
        parquet_file(tmp_path / "a.parquet", rows),
    ]
    for path in list(files):
        packed = path.with_name(f"{path.name}.gz")
        packed.write_bytes(gzip.compress(path.read_bytes()))
        files.append(packed)
    columns = ("name", "domain", "revenue", "employee_count", "keywords", "industries", "city_key")
    seen = []
    for path in files:
        await clickhouse.execute("TRUNCATE TABLE companies", Profile.LOAD)
        assert (await load(clickhouse, path)).loaded == len(rows)
        seen.append(await companies(clickhouse, *columns))
    assert seen[0]["c7"] == [
        "Company 7", "company-7.example", 7 * 10**9, 7, ["x", "k7"], ["law_firm"], "boise",
    ]  # fmt: skip
    assert seen == [seen[0]] * 6


@pytest.mark.parametrize(
    ("name", "data", "why"),
    [
        ("a.csv", b"name\nOne\n", "no column company_id"),
        ("a.csv", b"company_id,name,Name\n1,a,b\n", "two columns name"),
        ("a.csv", b"company_id,na\xffme\n", "header"),
        ("a.csv", b'company_id,"name\n', "header"),
        ("a.parquet", b"PAR1" + bytes(100), "damaged or cut short"),
    ],
)
async def test_a_file_that_cannot_be_read(
    clickhouse: ClickHouse, tmp_path: Path, name: str, data: bytes, why: str
) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(DomainError) as failure:
        await load(clickhouse, path)
    assert failure.value.code is ErrorCode.INVALID_INPUT
    assert why in failure.value.message
    assert await companies(clickhouse, "name") == {}


async def test_a_file_that_breaks_off_loads_nothing_and_those_before_it_whole(
    clickhouse: ClickHouse, tmp_path: Path
) -> None:
    whole = csv_file(tmp_path / "whole.csv", [company(n) for n in range(10)])
    many = csv_file(tmp_path / "many.csv", [company(n, name="x") for n in range(60_000)])
    cut = tmp_path / "cut.csv.gz"
    cut.write_bytes(gzip.compress(many.read_bytes())[:-100])
    with pytest.raises(DomainError, match="cut short"):
        await load_companies(clickhouse, [whole, cut], rejects_folder=tmp_path)
    names = await companies(clickhouse, "name")
    assert names == {f"c{n}": [f"Company {n}"] for n in range(10)}
    rows = await clickhouse.fetch("SELECT count() FROM domain_index", {}, Profile.LOAD)
    assert rows == [[10]]


async def test_a_file_with_a_header_only(clickhouse: ClickHouse, tmp_path: Path) -> None:
    path = tmp_path / "header.csv"
    path.write_bytes(b"company_id,name")
    report = await load(clickhouse, path)
    assert (report.loaded, report.rejects_file) == (0, None)


async def test_an_old_rejects_file_goes(clickhouse: ClickHouse, tmp_path: Path) -> None:
    path = csv_file(tmp_path / "a.csv", [company(1, name="")])
    left = (await load(clickhouse, path)).rejects_file
    assert left is not None
    assert left.read_text().splitlines() == ["line,reason,detail", "2,missing_name,name"]
    csv_file(path, [company(1)])
    assert (await load(clickhouse, path)).rejects_file is None
    assert not left.exists()
