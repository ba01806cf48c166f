from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from api.errors import DomainError, ErrorCode
from api.market import generate as generation
from api.market.generate import MAX_PERSONS, MAX_SEED, generate, sample
from tests.market.conftest import PERSONS, Sample, read

COMPANY_COLUMNS = {
    "company_id": pa.string(),
    "name": pa.string(),
    "domain": pa.string(),
    "website": pa.string(),
    "phone": pa.string(),
    "linkedin_url": pa.string(),
    "revenue": pa.int64(),
    "employee_count": pa.uint32(),
    "industry": pa.string(),
    "sic": pa.string(),
    "naics": pa.string(),
    "city": pa.string(),
    "state": pa.string(),
    "country": pa.string(),
    "description": pa.string(),
    "keywords": pa.list_(pa.string()),
}
PERSON_COLUMNS = {
    "person_id": pa.string(),
    "first_name": pa.string(),
    "last_name": pa.string(),
    "job_title": pa.string(),
    "business_email": pa.string(),
    "mobile_phone": pa.string(),
    "linkedin_url": pa.string(),
    "company_id": pa.string(),
}


def test_columns_have_the_documented_names_types_and_order(town: Sample) -> None:
    companies, persons = read(town.market)
    assert list(companies.schema.names) == list(COMPANY_COLUMNS)
    assert list(companies.schema.types) == list(COMPANY_COLUMNS.values())
    assert list(persons.schema.names) == list(PERSON_COLUMNS)
    assert list(persons.schema.types) == list(PERSON_COLUMNS.values())


def test_the_market_says_what_was_written(town: Sample) -> None:
    assert town.market.persons == len(town.persons) == PERSONS
    assert town.market.companies == len(town.companies)


@pytest.mark.parametrize("persons", [1, 2, 999, 4_001])
def test_exactly_as_many_people_as_asked_for(persons: int, tmp_path: Path) -> None:
    market = generate(persons, tmp_path)
    companies, people = read(market)
    assert market.persons == len(people) == persons
    assert market.companies == len(companies) >= 1
    assert companies["company_id"][-1] == people["company_id"][-1]


def test_the_same_seed_gives_the_same_rows_and_another_one_others(tmp_path: Path) -> None:
    first = read(generate(3_000, tmp_path / "first", seed=7))
    again = read(generate(3_000, tmp_path / "again", seed=7))
    other = read(generate(3_000, tmp_path / "other", seed=8))
    assert first[0].equals(again[0])
    assert first[1].equals(again[1])
    assert not first[1]["last_name"].equals(other[1]["last_name"])
    assert first[0]["city"].slice(0, 50) != other[0]["city"].slice(0, 50)


def test_rows_do_not_depend_on_the_size_of_a_block(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = read(generate(6_000, tmp_path / "whole"))
    monkeypatch.setattr(generation, "_BLOCK_COMPANIES", 37)
    pieces = read(generate(6_000, tmp_path / "pieces"))
    assert whole[0].equals(pieces[0])
    assert whole[1].equals(pieces[1])


def test_a_large_market_is_split_into_numbered_files_of_full_row_groups(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = read(generate(6_000, tmp_path / "whole"))
    monkeypatch.setattr(generation, "_BLOCK_COMPANIES", 50)
    monkeypatch.setattr(generation, "_ROWS_PER_GROUP", 1_000)
    monkeypatch.setattr(generation, "_ROWS_PER_FILE", 2_000)
    market = generate(6_000, tmp_path / "split")
    names = [path.name for path in market.person_files]
    assert names == [f"persons-{number:05}.parquet" for number in range(len(names))]
    assert len(names) >= 2
    assert all(pq.ParquetFile(path).num_row_groups >= 2 for path in market.person_files[:-1])
    assert read(market)[1].equals(whole[1])
    assert read(market)[0].equals(whole[0])


def test_progress_adds_up_to_the_people_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(generation, "_BLOCK_COMPANIES", 100)
    steps: list[int] = []
    generate(3_000, tmp_path, progress=steps.append)
    assert sum(steps) == 3_000
    assert len(steps) > 1


@pytest.mark.parametrize("persons", [-1, 0, MAX_PERSONS + 1])
def test_a_count_out_of_bounds_is_refused(persons: int, tmp_path: Path) -> None:
    with pytest.raises(DomainError) as refused:
        generate(persons, tmp_path / "market")
    assert refused.value.code == ErrorCode.INVALID_INPUT
    assert refused.value.problems[0].argument == "persons"
    assert not (tmp_path / "market").exists()


@pytest.mark.parametrize("seed", [-1, MAX_SEED + 1])
def test_a_seed_out_of_bounds_is_refused(seed: int, tmp_path: Path) -> None:
    with pytest.raises(DomainError) as refused:
        generate(10, tmp_path, seed=seed)
    assert refused.value.problems[0].argument == "seed"


def test_a_folder_with_a_market_is_left_alone(tmp_path: Path) -> None:
    before = generate(50, tmp_path).person_files[0].read_bytes()
    with pytest.raises(DomainError) as refused:
        generate(60, tmp_path)
    assert refused.value.code == ErrorCode.CONFLICT
    assert (tmp_path / "persons-00000.parquet").read_bytes() == before


def test_what_fails_on_the_way_leaves_no_file_behind(tmp_path: Path) -> None:
    def fail(_: int) -> None:
        raise OSError("no space left on device")

    with pytest.raises(OSError, match="no space left"):
        generate(500, tmp_path, progress=fail)
    assert list(tmp_path.iterdir()) == []


def test_a_sample_is_gone_afterwards() -> None:
    with sample(100) as market:
        folder = market.person_files[0].parent
        assert read(market)[1].num_rows == 100
    assert not folder.exists()
