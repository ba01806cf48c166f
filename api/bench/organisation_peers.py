"""Other engines on the same organisations: LanceDB, qdrant-edge, DuckDB with fts and vss, tantivy.

All run in this process, so they are compared with our statements and not with our HTTP. None is
needed to run the product: they are the extra ``bench``.
"""

import importlib
import importlib.util
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from api.bench.organisation_data import Organisations
from api.domain.organisation.embedder import Vectors
from api.errors import DomainError, ErrorCode

INSTALL = 'python -m pip install -e ".[bench]"'
_PACKAGES = (
    "lancedb",
    "qdrant_edge",
    "duckdb",
    "duckdb_extension_fts",
    "duckdb_extension_vss",
    "tantivy",
)
_DEPTH = 200
_M, _EF_CONSTRUCTION = 16, 64

type Words = Callable[[Sequence[str]], list[int]]
type Nearest = Callable[[Vectors, Sequence[str] | None], list[int]]


@dataclass(frozen=True, slots=True)
class Peer:
    """An engine that holds the organisations, and its ways to ask: numbers of organisations, the
    best 200 first. A way that it does not have is ``None``. ``load_s`` is what loading took, in
    seconds.
    """

    name: str
    words: Words | None
    nearest: Nearest | None
    load_s: float = 0.0


def require_peers() -> None:
    """Raises ``unavailable`` with what to do where an engine is not installed."""
    missing = [name for name in _PACKAGES if importlib.util.find_spec(name) is None]
    if missing:
        raise DomainError(
            ErrorCode.UNAVAILABLE,
            f"Not installed: {', '.join(missing)}. Install what is compared with {INSTALL}, or"
            " measure without it: --no-peers.",
        )


@contextmanager
def peers(
    made: Organisations, folder: Path, ef: int, tell: Callable[[str], None]
) -> Iterator[list[Peer]]:
    """Every peer with the organisations loaded; ``ef`` is how far they search their graphs."""
    with ExitStack() as opened:
        found = []
        for name, load in (
            ("lance", _lance),
            ("qdrant", _qdrant),
            ("duckdb", _duckdb),
            ("tantivy", _tantivy),
        ):
            started = time.perf_counter()
            peer = opened.enter_context(load(made, folder / name, ef))
            found.append(replace(peer, load_s=round(time.perf_counter() - started, 1)))
            tell(f"loaded into {peer.name} in {found[-1].load_s} s")
        yield found


@contextmanager
def _lance(made: Organisations, folder: Path, ef: int) -> Iterator[Peer]:
    lance: Any = importlib.import_module("lancedb")
    indexes: Any = importlib.import_module("lancedb.index")
    queries: Any = importlib.import_module("lancedb.query")
    rows = lance.connect(str(folder)).create_table("rows", _table(made))
    graph = indexes.HnswSq(
        distance_type="cosine", num_partitions=1, m=_M, ef_construction=_EF_CONSTRUCTION
    )
    rows.create_index("embedding", config=graph)
    rows.create_index("place", config=indexes.Bitmap())
    rows.create_index("document", config=indexes.FTS(stem=True, remove_stop_words=False))

    def words(asked: Sequence[str]) -> list[int]:
        query = queries.MatchQuery(" ".join(asked), "document")
        found = rows.search(query, query_type="fts").limit(_DEPTH).select(["number", "_score"])
        numbers: list[int] = found.to_arrow()["number"].to_pylist()
        return numbers

    def nearest(vector: Vectors, places: Sequence[str] | None) -> list[int]:
        query = rows.search(vector, vector_column_name="embedding").distance_type("cosine")
        # Its graph holds rounded vectors: what it finds is put in order by the exact ones.
        query = query.ef(ef).refine_factor(1).limit(_DEPTH).select(["number", "_distance"])
        if places is not None:
            fits = ", ".join("'" + place.replace("'", "''") + "'" for place in places)
            query = query.where(f"place in ({fits})", prefilter=True)
        numbers: list[int] = query.to_arrow()["number"].to_pylist()
        return numbers

    yield Peer(f"LanceDB {version('lancedb')}", words, nearest)


def _table(made: Organisations) -> pa.Table:
    size = made.vectors.shape[1]
    return pa.table(
        {
            "number": np.arange(len(made.domains)),
            "document": made.documents,
            "place": made.municipalities,
            "embedding": pa.FixedSizeListArray.from_arrays(pa.array(made.vectors.ravel()), size),
        }
    )


@contextmanager
def _qdrant(made: Organisations, folder: Path, ef: int) -> Iterator[Peer]:
    edge: Any = importlib.import_module("qdrant_edge")
    folder.mkdir()
    graph = edge.HnswIndexConfig(m=_M, ef_construct=_EF_CONSTRUCTION, full_scan_threshold=10_000)
    size = made.vectors.shape[1]
    config = edge.EdgeConfig(
        vectors={"v": edge.EdgeVectorParams(size=size, distance=edge.Distance.Cosine)},
        hnsw_config=graph,
        optimizers=edge.EdgeOptimizersConfig(indexing_threshold=1_000),
    )
    shard = edge.EdgeShard.create(str(folder), config)
    place = edge.UpdateOperation.create_field_index("place", edge.PayloadSchemaType.Keyword)
    shard.update(place)
    for first in range(0, len(made.domains), 5_000):
        points = [
            edge.Point(at, {"v": made.vectors[at].tolist()}, {"place": made.municipalities[at]})
            for at in range(first, min(first + 5_000, len(made.domains)))
        ]
        shard.update(edge.UpdateOperation.upsert_points(points))
    while shard.optimize():
        pass

    def nearest(vector: Vectors, places: Sequence[str] | None) -> list[int]:
        wanted = None
        if places is not None:
            fits = edge.FieldCondition("place", match=edge.MatchAny(list(places)))
            wanted = edge.Filter(must=[fits])
        request = edge.QueryRequest(
            limit=_DEPTH,
            query=edge.Query.Nearest(vector.tolist(), using="v"),
            filter=wanted,
            params=edge.SearchParams(hnsw_ef=ef),
        )
        return [point.id for point in shard.query(request)]

    try:
        yield Peer(f"qdrant-edge {version('qdrant-edge-py')}", None, nearest)
    finally:
        shard.close()


@contextmanager
def _duckdb(made: Organisations, file: Path, ef: int) -> Iterator[Peer]:
    duckdb: Any = importlib.import_module("duckdb")
    connection = duckdb.connect(str(file), config={"allow_unsigned_extensions": "true"})
    for name in ("fts", "vss"):
        connection.execute(f"load '{_extension(name)}'")
    connection.execute("set hnsw_enable_experimental_persistence = true")
    connection.execute(f"set hnsw_ef_search = {ef}")
    size = made.vectors.shape[1]
    connection.register("made", _table(made))
    connection.execute(
        "create table rows as select number, document, place,"  # noqa: S608 - texts of ours
        f" embedding::float[{size}] as embedding from made"
    )
    connection.execute(
        "pragma create_fts_index('rows', 'number', 'document', stemmer = 'porter',"
        " stopwords = 'none')"
    )
    connection.execute(
        "create index graph on rows using hnsw (embedding)"
        f" with (metric = 'cosine', m = {_M}, ef_construction = {_EF_CONSTRUCTION})"
    )

    def words(asked: Sequence[str]) -> list[int]:
        found = connection.execute(
            "select number from (select number, fts_main_rows.match_bm25(number, ?)"  # noqa: S608
            " as score"
            f" from rows) where score is not null order by score desc limit {_DEPTH}",
            [" ".join(asked)],
        )
        return [number for (number,) in found.fetchall()]

    def nearest(vector: Vectors, places: Sequence[str] | None) -> list[int]:
        fits = "" if places is None else "where place in (select unnest(?))"
        values = [vector.tolist()] if places is None else [list(places), vector.tolist()]
        found = connection.execute(
            f"select number from rows {fits} order by"  # noqa: S608 - texts of ours
            f" array_cosine_distance(embedding, ?::float[{size}]) limit {_DEPTH}",
            values,
        )
        return [number for (number,) in found.fetchall()]

    try:
        yield Peer(f"DuckDB {version('duckdb')} fts, vss", words, nearest)
    finally:
        connection.close()


def _extension(name: str) -> Path:
    """An extension's file, which its package brings along: nothing is downloaded."""
    found = importlib.util.find_spec(f"duckdb_extension_{name}")
    if found is None or not found.submodule_search_locations:
        raise ModuleNotFoundError(name)
    return next(Path(found.submodule_search_locations[0]).rglob("*.duckdb_extension"))


@contextmanager
def _tantivy(made: Organisations, _folder: Path, _ef: int) -> Iterator[Peer]:
    tantivy: Any = importlib.import_module("tantivy")
    builder = tantivy.SchemaBuilder()
    builder.add_text_field("document", tokenizer_name="en_stem")
    builder.add_unsigned_field("number", stored=True, fast=True)
    index = tantivy.Index(builder.build())
    writer = index.writer(heap_size=200_000_000, num_threads=2)
    for number, text in enumerate(made.documents):
        document = tantivy.Document()
        document.add_text("document", text)
        document.add_unsigned("number", number)
        writer.add_document(document)
    writer.commit()
    writer.wait_merging_threads()
    index.reload()
    searcher = index.searcher()

    def words(asked: Sequence[str]) -> list[int]:
        query, _ = index.parse_query_lenient(" ".join(asked), ["document"])
        hits = searcher.search(query, _DEPTH).hits
        return [searcher.doc(address)["number"][0] for _, address in hits]

    yield Peer(f"tantivy {version('tantivy')}", words, None)
