"""What the embedded ClickHouse reads from texts, URLs, forms and compressed bodies."""

import gzip
import zlib
from collections.abc import Callable

import lz4.frame  # type: ignore[import-untyped]
import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.embedded.clickhouse.compression import Decoder
from api.embedded.clickhouse.errors import QueryError, engine_error
from api.embedded.clickhouse.protocol import read_form, read_request
from api.embedded.clickhouse.statement import Insert, may_be_insert, outline, split_insert


@pytest.mark.parametrize(
    ("text", "target", "clauses", "rows"),
    [
        (b"INSERT INTO t FORMAT Native\n\x00\n", "INSERT INTO t", "FORMAT Native", b"\x00\n"),
        (b"insert into a.b(x,y)format CSV\r\n1", "insert into a.b(x,y)", "format CSV", b"1"),
        (
            b'\n INSERT INTO `a b`."c" (`x\\`), (`, `y``)`) FORMAT JSONEachRow {}',
            'INSERT INTO `a b`."c" (`x\\`), (`, `y``)`)',
            "FORMAT JSONEachRow",
            b"{}",
        ),
        (
            b"INSERT INTO TABLE t SETTINGS a = 1, b='x y' FORMAT Arrow;\n",
            "INSERT INTO TABLE t",
            "SETTINGS a = 1, b='x y' FORMAT Arrow",
            b"",
        ),
    ],
)
def test_an_insert_is_parted_from_its_rows(
    text: bytes, target: str, clauses: str, rows: bytes
) -> None:
    assert split_insert(text, complete=True) == Insert(target, clauses, rows)


@pytest.mark.parametrize(
    "text",
    [
        b"INSERT INTO t VALUES (1)",
        b"INSERT INTO t SELECT 1 FORMAT Native",
        b"INSERT INTO t FROM INFILE '/etc/hostname' FORMAT CSV",
        b"INSERT INTO FUNCTION file('x') FORMAT CSV\n1",
        b"INSERT INTO t (x) FROM/**/INFILE 'x' FORMAT CSV\n1",
        b"SELECT 1 FORMAT Native\n",
        b"",
    ],
)
def test_other_statements_are_left_whole(text: bytes) -> None:
    assert split_insert(text, complete=True) is None


def test_an_insert_may_arrive_in_pieces() -> None:
    text = b"INSERT INTO t (a, b) FORMAT Native\n\x01"
    for end in range(len(text)):
        assert split_insert(text[:end], complete=False) is None, text[:end]
        assert may_be_insert(text[:end])
    assert split_insert(text, complete=False) == Insert(
        "INSERT INTO t (a, b)", "FORMAT Native", b"\x01"
    )
    assert not may_be_insert(b"SELECT something")
    assert not may_be_insert(b"INSERT INTO t VALUES " + b"(1)," * 50_000)


@pytest.mark.parametrize(
    ("sql", "is_read", "result_format", "streamable"),
    [
        ("SELECT 1", True, "TabSeparated", True),
        ("  -- note\n /* more */ ((with 1 as x select x", True, "TabSeparated", True),
        ("SELECT 1 FORMAT Native", True, "Native", True),
        ("SELECT 1\n FORMAT JSON ;\n", True, "JSON", False),
        ("SELECT 1 FORMAT JSON SETTINGS max_threads = 1", True, "TabSeparated", False),
        ("SELECT ' FORMAT JSON'", True, "TabSeparated", False),
        ("EXISTS TABLE t", True, "TabSeparated", False),
        ("SHOW TABLES", True, "TabSeparated", False),
        ("INSERT INTO t SELECT 1", False, "TabSeparated", False),
        ("selection", False, "TabSeparated", False),
        ("/**/" * 10_000 + ";", False, "TabSeparated", False),
        ("", False, "TabSeparated", False),
    ],
)
def test_the_outline_of_a_statement(
    sql: str, is_read: bool, result_format: str, streamable: bool
) -> None:
    shape = outline(sql, "TabSeparated")
    assert (shape.is_read, shape.result_format, shape.streamable) == (
        is_read,
        result_format,
        streamable,
    )


def test_a_url_is_parted_into_settings_and_parameters() -> None:
    request = read_request(
        b"query=SELECT+1&database=s&param_a=%27b%5Cn&max_threads=2&session_id=x&wait_end_of_query=1"
        b"&query_id=ab%0Ac",
        {},
        "GET",
    )
    assert (request.statement, request.database, request.wait_for_end) == ("SELECT 1", "s", True)
    assert request.parameters == {"a": "'b\\n"}
    assert request.settings == {"max_threads": "2", "readonly": "2"}
    assert "\n" not in request.query_id
    assert ("max_execution_time", "60") in request.session_key(read=True).settings


@pytest.mark.parametrize("query", [b"database=%ff", b"query=\xff", b"x" * 2_000_000])
def test_an_unreadable_url_is_refused(query: bytes) -> None:
    with pytest.raises(QueryError) as refusal:
        read_request(query, {}, "POST")
    assert refusal.value.status in (400, 413)


def test_a_form_is_read_to_the_byte() -> None:
    value = "a\r\nb\n--x 'é"
    body = (
        f'--X1\r\nContent-Disposition: form-data; name="query"\r\n\r\nSELECT 1\r\n'
        f'--X1\r\nContent-Disposition: form-data; name="param_a"\r\n'
        f"Content-Type: text/plain\r\n\r\n{value}\r\n--X1--\r\n"
    ).encode()
    fields = read_form(body, b'multipart/form-data; boundary="X1"')
    assert fields == {"query": "SELECT 1", "param_a": value}


@pytest.mark.parametrize(
    "body", [b"--X\r\n\r\n--X--", b'--X\r\nname="a"; filename="b"\r\n\r\nc\r\n--X--']
)
def test_an_unreadable_form_is_refused(body: bytes) -> None:
    with pytest.raises(QueryError):
        read_form(body, b"multipart/form-data; boundary=X")


@given(
    blocks=st.lists(st.binary(max_size=300), max_size=4),
    piece_bytes=st.integers(min_value=1, max_value=50),
    encoding=st.sampled_from([("lz4", lz4.frame.compress), ("gzip", gzip.compress)]),
)
def test_a_body_of_several_frames_is_decompressed(
    blocks: list[bytes], piece_bytes: int, encoding: tuple[str, Callable[[bytes], bytes]]
) -> None:
    name, compress = encoding
    body = b"".join(map(compress, blocks))
    decoder = Decoder(name)
    plain = [
        decoder.feed(body[start : start + piece_bytes])
        for start in range(0, len(body), piece_bytes)
    ]
    decoder.finish()
    assert b"".join(plain) == b"".join(blocks)


def test_a_body_that_cannot_be_decompressed_is_refused() -> None:
    cut = Decoder("deflate")
    cut.feed(zlib.compress(b"x" * 1000)[:-5])
    for fail in (
        cut.finish,
        lambda: Decoder("lz4").feed(b"no frame at all"),
        lambda: Decoder("zstd").feed(b"no frame at all"),
    ):
        with pytest.raises(QueryError) as refusal:
            fail()
        assert refusal.value.code == 271
    with pytest.raises(QueryError) as refusal:
        Decoder("br")
    assert refusal.value.status == 415


def test_the_words_of_the_engine_are_kept_and_those_of_chdb_are_not() -> None:
    error = engine_error(
        RuntimeError(
            "Streaming query failed: Code: 33. DB::Exception: Code: 33. DB::Exception: Too short."
        )
    )
    assert (error.code, error.text) == (33, "Code: 33. DB::Exception: Too short.")
    assert engine_error(RuntimeError("odd")).text == (
        "Code: 49. DB::Exception: odd. (LOGICAL_ERROR)"
    )
