"""When a load of organisations becomes visible, what it leaves alone, and what a kill costs."""

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import psycopg
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from api.domain.organisation.embedder import EmbeddingModel, Vectors
from api.domain.organisation.endpoint import EndpointEmbedder
from api.domain.organisation.holdings import RecentHoldings
from api.errors import DomainError, ErrorCode
from api.load import organisation_rows
from api.stores.postgres import Postgres
from tests.load.files import json_file
from tests.load.organisation_files import (
    DIMENSION,
    CountingEmbedder,
    load,
    organisation,
    stored,
)
from tests.organisation.embedding_service import served

MANY = 2_500


def many(path: Path, first: int, rows: int, country: str) -> Path:
    """A file of organisations with vectors of their own."""
    drawn = np.random.default_rng(first).normal(size=(rows, DIMENSION)).astype(np.float32)
    table = pa.table(
        {
            "domain": [f"many-{number:06}.example" for number in range(first, first + rows)],
            "name": [f"Number {number}" for number in range(first, first + rows)],
            "text": ["They make pumps and valves."] * rows,
            "country": [country] * rows,
            "embedding": pa.array(list(drawn), pa.list_(pa.float32())),
        }
    )
    pq.write_table(table, path)
    return path


def ask(url: str, statement: str, *values: object) -> list[Any]:
    """The rows of a statement."""
    with psycopg.connect(url) as connection:
        return connection.execute(statement, values).fetchall()


def indexes(url: str) -> dict[str, str]:
    """The indexes of the organisations, and the constraint that is one."""
    defined = ask(
        url, "select indexname, indexdef from pg_indexes where tablename = 'organisations'"
    )
    key = ask(
        url,
        "select conname, pg_get_constraintdef(oid) from pg_constraint"
        " where conrelid = 'organisations'::regclass and contype = 'p'",
    )
    return dict([*defined, *(("constraint", f"{name} {what}") for name, what in key)])


def tables(url: str) -> set[str]:
    """The tables that there are."""
    return {
        name for (name,) in ask(url, "select tablename from pg_tables where schemaname='public'")
    }


async def test_loading_twice_changes_nothing(
    tmp_path: Path, organisations: str, embedder: CountingEmbedder
) -> None:
    path = json_file(tmp_path / "o.jsonl", [organisation(number) for number in range(20)])
    await load(organisations, embedder, path)
    before = stored(organisations, "xmin::text", "ctid::text")
    embedder.asked_since()
    (again,) = await load(organisations, embedder, path)
    assert (again.loaded, embedder.asked_since()) == (20, [])
    assert stored(organisations, "xmin::text", "ctid::text") == before


async def test_only_what_changed_is_embedded_and_written(
    tmp_path: Path, organisations: str, embedder: CountingEmbedder
) -> None:
    rows = [organisation(number) for number in range(10)]
    await load(organisations, embedder, json_file(tmp_path / "o.jsonl", rows))
    before = stored(organisations, "xmin::text", "embedding")
    embedder.asked_since()
    rows[3]["text"] = "Now they bake bread."
    rows[4]["country"] = "Austria"
    rows.append(organisation(10))
    await load(organisations, embedder, json_file(tmp_path / "o.jsonl", rows))
    after = stored(organisations, "xmin::text", "embedding")
    asked = embedder.asked_since()
    assert sorted(text.split("\n")[0] for text in asked) == ["Organisation 10", "Organisation 3"]
    changed = {domain for domain in before if before[domain] != after[domain]}
    assert changed == {"organisation-3.example", "organisation-4.example"}
    assert before["organisation-4.example"][1] == after["organisation-4.example"][1]
    assert before["organisation-3.example"][1] != after["organisation-3.example"][1]


async def test_equal_texts_are_embedded_once(
    tmp_path: Path, organisations: str, embedder: CountingEmbedder
) -> None:
    embedder.asked_since()
    rows = [organisation(number, name="Chain", text="A shop.") for number in range(5)]
    await load(organisations, embedder, json_file(tmp_path / "o.jsonl", rows))
    assert len(embedder.asked_since()) == 1
    assert len(stored(organisations, "embedding")) == 5


async def test_an_interrupted_load_goes_on_where_it_was(
    tmp_path: Path,
    organisations: str,
    embedder: CountingEmbedder,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(organisation_rows, "WINDOW_TEXTS", 10)
    path = json_file(tmp_path / "o.jsonl", [organisation(number) for number in range(35)])
    embedder.asked_since()
    embedder.allowed = 2
    with pytest.raises(ConnectionResetError):
        await load(organisations, embedder, path)
    embedder.allowed = None
    assert stored(organisations, "name") == {}
    first = embedder.asked_since()
    await load(organisations, embedder, path)
    assert (len(first), len(embedder.asked_since())) == (20, 15)
    assert len(stored(organisations, "name")) == 35
    assert ask(organisations, "select count(*) from organisation_embeddings") == [(0,)]


KILLED = """
import asyncio, os, sys
from pathlib import Path
from api.domain.organisation.onnx import OnnxEmbedder
from api.load import organisation_rows
from api.load.organisation_service import load_organisations
organisation_rows.WINDOW_TEXTS = 10
class Dying(OnnxEmbedder):
    calls = 0
    async def embed(self, texts):
        self.calls += 1
        if self.calls == 3:
            os.kill(os.getpid(), 9)
        return await super().embed(texts)
url, path = sys.argv[1:]
asyncio.run(load_organisations(url, Dying(), [Path(path)], rejects_folder=Path(path).parent))
"""


async def test_a_killed_load_leaves_nothing_but_its_vectors(
    tmp_path: Path, organisations: str, embedder: CountingEmbedder
) -> None:
    path = json_file(tmp_path / "o.jsonl", [organisation(number) for number in range(35)])
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", KILLED, organisations, str(path)
    )
    assert await process.wait() == -9
    assert stored(organisations, "name") == {}
    embedder.asked_since()
    await load(organisations, embedder, path)
    assert len(embedder.asked_since()) == 15
    assert len(stored(organisations, "name")) == 35
    assert "organisations_incoming" not in tables(organisations)


async def test_many_rows_take_the_place_of_the_table_at_once(
    tmp_path: Path, organisations: str, embedder: CountingEmbedder
) -> None:
    await load(organisations, embedder, many(tmp_path / "a.parquet", 0, MANY, "Germany"))
    before = indexes(organisations)
    oid = ask(organisations, "select 'organisations'::regclass::oid::int")
    loading = asyncio.create_task(
        load(organisations, embedder, many(tmp_path / "b.parquet", 1_000, MANY, "Austria"))
    )
    seen = set()
    connection = await psycopg.AsyncConnection.connect(organisations, autocommit=True)
    async with connection:
        while not loading.done():
            cursor = await connection.execute(
                "select count(*), count(*) filter (where country = 'Austria') from organisations"
            )
            seen.add(await cursor.fetchone())
            await asyncio.sleep(0)
    await loading
    assert seen <= {(MANY, 0), (MANY + 1_000, MANY)}
    assert ask(organisations, "select 'organisations'::regclass::oid::int") != oid
    assert indexes(organisations) == before
    assert len(stored(organisations, "country")) == MANY + 1_000
    assert not tables(organisations) & {"organisations_next", "organisations_incoming"}


@pytest.mark.parametrize("rows", [10, MANY])
async def test_loaded_rows_are_found_by_words_filters_and_vectors(
    rows: int, tmp_path: Path, organisations: str, embedder: CountingEmbedder
) -> None:
    await load(organisations, embedder, many(tmp_path / "a.parquet", 0, rows, "Germany"))
    wanted = organisation(1, name="Bakery", summary="Bread", text="Fresh bread", country="Austria")
    await load(organisations, embedder, json_file(tmp_path / "o.jsonl", [wanted]))
    document = "organisation_document(name, summary, summary_keywords, text)"
    by_words = f"select domain from organisations where {document} &&& %s"  # noqa: S608
    for words, other in (("bakery breads", ""), ("bread", " and country = 'Austria'")):
        assert ask(organisations, by_words + other, words) == [(wanted["domain"],)]
    assert ask(organisations, by_words + " and country = 'Germany'", "bread") == []
    # A phrase does not reach from the name into the summary.
    phrase = f"select count(*) from organisations where {document} ### %s"  # noqa: S608
    assert ask(organisations, phrase, "fresh bread") == [(1,)]
    assert ask(organisations, phrase, "bakery bread") == [(0,)]
    nearest = (
        "select domain from organisations order by embedding <=>"
        " (select embedding from organisations where domain = %s) limit 1"
    )
    assert ask(organisations, nearest, wanted["domain"]) == [(wanted["domain"],)]


async def test_the_indexes_are_used(
    tmp_path: Path, organisations: str, embedder: CountingEmbedder
) -> None:
    await load(organisations, embedder, many(tmp_path / "a.parquet", 0, MANY, "Germany"))
    with psycopg.connect(organisations) as connection:
        plan = connection.execute(
            "explain select domain, pdb.score(domain) from organisations where"
            " organisation_document(name, summary, summary_keywords, text) ||| 'pumps'"
            " and country = any('{Germany,Austria}')"
            " order by pdb.score(domain) desc, domain limit 100"
        ).fetchall()
        words = "\n".join(line for (line,) in plan)
        connection.execute("set enable_seqscan = off")
        plan = connection.execute(
            "explain select domain from organisations order by embedding <=> %s::halfvec limit 10",
            [str([1] * DIMENSION)],
        ).fetchall()
        vectors = "\n".join(line for (line,) in plan)
    assert "TopNScanExecState" in words
    assert "Filter:" not in words
    assert "ix_organisations_embedding" in vectors


async def test_another_model_is_refused_until_the_table_is_empty(
    tmp_path: Path, organisations: str, embedder: CountingEmbedder
) -> None:
    path = json_file(tmp_path / "o.jsonl", [organisation(number) for number in range(3)])
    await load(organisations, embedder, path)
    with served() as service:
        letters = EndpointEmbedder(service.url, EmbeddingModel("letters", 26), None)
        with pytest.raises(DomainError, match="cannot be compared") as error:
            await load(organisations, letters, path)
        assert error.value.code is ErrorCode.CONFLICT
        assert service.asked == []
        with psycopg.connect(organisations) as connection:
            connection.execute("delete from organisations")
        postgres = Postgres(organisations.replace("postgresql://", "postgresql+psycopg://"))
        searching = RecentHoldings(postgres)
        assert (await searching.now()).model == embedder.model
        await load(organisations, letters, path)
        # By the time there are such vectors, no process believes that they are of the former model.
        assert (await searching.now()).model == letters.model
        await postgres.close()
        await letters.close()
    lengths = {len(each.to_list()) for each in stored(organisations, "embedding").values()}
    assert lengths == {26}
    assert ask(organisations, "select name, dimension from organisation_embedding_model") == [
        ("letters", 26)
    ]


@pytest.mark.parametrize("rows", [50, MANY])
async def test_the_planner_knows_the_table_as_soon_as_it_is_loaded(
    rows: int, tmp_path: Path, organisations: str, embedder: CountingEmbedder
) -> None:
    await load(organisations, embedder, many(tmp_path / "a.parquet", 0, rows, "Germany"))
    known = "select reltuples::int from pg_class where oid = 'organisations'::regclass"
    assert ask(organisations, known) == [(rows,)]


class Cutting(CountingEmbedder):
    """Ends every connection to a database while its first texts are embedded."""

    def __init__(self, real: CountingEmbedder, url: str):
        super().__init__(real.real)
        self._url = url

    async def embed(self, texts: Sequence[str]) -> Vectors:
        if not self.asked:
            ask(
                self._url,
                "select pg_terminate_backend(pid) from pg_stat_activity"
                " where datname = current_database() and pid <> pg_backend_pid()",
            )
        return await super().embed(texts)


async def test_a_store_that_stops_is_unavailable_and_nothing_is_half_loaded(
    tmp_path: Path, organisations: str, embedder: CountingEmbedder
) -> None:
    path = json_file(tmp_path / "o.jsonl", [organisation(number) for number in range(5)])
    for url, through in (
        ("postgresql://nobody@127.0.0.1:9/none", embedder),
        (organisations, Cutting(embedder, organisations)),
    ):
        with pytest.raises(DomainError, match="load it again") as error:
            await load(url, through, path)
        assert error.value.code is ErrorCode.UNAVAILABLE
    assert stored(organisations, "name") == {}
    await load(organisations, embedder, path)
    assert len(stored(organisations, "name")) == 5
