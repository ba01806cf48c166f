"""Splitting CSV into records, against the rules and against Python's own writer."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.load import csv_records
from api.load.columns import Reason
from api.load.csv_records import Record, records


def lines_of(data: bytes) -> list[bytes]:
    return io.BytesIO(data).readlines()


def cells(data: bytes) -> list[list[str]]:
    found = list(records(lines_of(data)))
    assert [record.fault for record in found] == [None] * len(found)
    return [record.cells for record in found]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"a,b\nc,d\n", [["a", "b"], ["c", "d"]]),
        (b"a,b\r\nc,d", [["a", "b"], ["c", "d"]]),
        (b"\xef\xbb\xbfa,b\n", [["a", "b"]]),
        (b"a\n\n  \n\r\nb\n", [["a"], ["b"]]),
        (b'"a,b",c\n', [["a,b", "c"]]),
        (b'"say ""hi""",c\n', [['say "hi"', "c"]]),
        (b'"one\ntwo\r\n\nthree",c\nd,e\n', [["one\ntwo\n\nthree", "c"], ["d", "e"]]),
        (b'5" pipe,The "Real" One,x"\n', [['5" pipe', 'The "Real" One', 'x"']]),
        (b' "a",b\n', [[' "a"', "b"]]),
        (b'"a" ,b\n', [["a ", "b"]]),
        (b'"",,""\n', [["", "", ""]]),
        (b'a,"b",\n', [["a", "b", ""]]),
        (b"lone\rreturn,b\n", [["lone\rreturn", "b"]]),
        ("Łódź,株式会社\n".encode(), [["Łódź", "株式会社"]]),
        (b"", []),
    ],
)
def test_records(data: bytes, expected: list[list[str]]) -> None:
    assert cells(data) == expected


def test_a_record_knows_the_line_it_begins_on() -> None:
    found = list(records(lines_of(b'h\n"a\nb\nc"\n\nd\n"e\r\nf"\ng\n')))
    assert [record.line for record in found] == [1, 2, 6, 7, 9]


def test_a_file_that_ends_inside_quotes() -> None:
    found = list(records(lines_of(b'a,b\nc,"d\ne,f\n')))
    assert found[-1] == Record(2, [], Reason.WRONG_CELL_COUNT)
    assert len(found) == 2


@pytest.mark.parametrize(
    ("spoilt", "reason"),
    [(b"caf\xe9", Reason.BAD_ENCODING), (b"nul\x00", Reason.BAD_CHARACTER)],
)
def test_a_fault_spoils_its_record_only(spoilt: bytes, reason: Reason) -> None:
    found = list(records(lines_of(b'a\n"x\n' + spoilt + b'\ny"\nb\n' + spoilt + b"\nc\n")))
    assert [(record.line, record.fault) for record in found] == [
        (1, None),
        (2, reason),
        (5, None),
        (6, reason),
        (7, None),
    ]


def test_a_line_or_a_record_that_is_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [b"a\n", None, b"b\n", b'"c\n', None, b"d\n"]
    assert [(record.line, record.fault) for record in records(lines)] == [
        (1, None),
        (2, Reason.TOO_LONG),
        (3, None),
        (4, Reason.TOO_LONG),
        (6, None),
    ]
    monkeypatch.setattr(csv_records, "RECORD_CHARS_MAX", 10)
    found = list(records([b'"aaaa\n', b"bbbb\n", b"cccc\n", b"d,e\n"]))
    assert found == [Record(1, [], Reason.TOO_LONG), Record(4, ["d", "e"])]


# What an export writes in text: no lone carriage returns, which Python's writer does not quote.
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\r\x1c\x1d\x1e\x85"))


@given(
    st.lists(st.lists(texts, min_size=2, max_size=5), max_size=8),
    st.sampled_from(["\n", "\r\n"]),
    st.booleans(),
)
def test_what_is_written_is_read(rows: list[list[str]], end: str, all_quoted: bool) -> None:
    text = io.StringIO(newline="")
    if all_quoted:
        csv.writer(text, lineterminator=end, quoting=csv.QUOTE_ALL).writerows(rows)
    else:
        csv.writer(text, lineterminator=end).writerows(rows)
    # The first line must not look like the mark that begins a file.
    data = b"head,er\n" + text.getvalue().encode()
    read = [record.cells for record in records(lines_of(data))][1:]
    written = [row for row in rows if all_quoted or not ",".join(row).isspace()]
    assert read == written


@given(st.binary(max_size=200))
def test_nothing_makes_it_fail(data: bytes) -> None:
    for record in records(lines_of(data)):
        assert record.line >= 1
        assert record.fault is not None or record.cells
