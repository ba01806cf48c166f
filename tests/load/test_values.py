"""Reading values, a column at a time."""

from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.domain.person.identifiers import linkedin_key, phone_key
from api.load.columns import KEYWORDS_MAX, Column, Reason
from api.load.companies import checked_domains
from api.load.persons import linkedin_keys, phone_keys
from api.load.values import Verdicts, checked_text, clean_keywords, trimmed, whole_numbers


def texts(*values: str | None) -> pa.Array:
    return pa.array(values, pa.string())


def reasons(verdicts: Verdicts, rows: int) -> list[Reason | None]:
    found: list[Reason | None] = [None] * rows
    for reject in verdicts.rejects(pa.array(range(rows))):
        found[reject.line] = reject.reason
    return found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0", 0),
        ("250", 250),
        ("0042", 42),
        ("1,234", 1_234),
        ("12 000", 12_000),
        ("12\u202f000", 12_000),
        ("1,234,567", 1_234_567),
        ("85.0", 85),
        ("1,000.00", 1_000),
        ("10000000", 10_000_000),
        ("00000000000000000000012", 12),
        (None, None),
        ("10000001", Reason.BAD_NUMBER),
        ("9" * 40, Reason.BAD_NUMBER),
        ("12.5", Reason.BAD_NUMBER),
        ("1,23", Reason.BAD_NUMBER),
        ("1,2345", Reason.BAD_NUMBER),
        ("12,", Reason.BAD_NUMBER),
        ("1e3", Reason.BAD_NUMBER),
        ("+5", Reason.BAD_NUMBER),
        ("5k", Reason.BAD_NUMBER),
        ("11-50", Reason.BAD_NUMBER),
        ("١٢", Reason.BAD_NUMBER),
        ("nan", Reason.BAD_NUMBER),
        ("-", Reason.BAD_NUMBER),
        ("-5", Reason.NEGATIVE_NUMBER),
        ("- 5", Reason.NEGATIVE_NUMBER),
        ("−5", Reason.NEGATIVE_NUMBER),
        ("-1,000", Reason.NEGATIVE_NUMBER),
    ],
)
def test_whole_numbers(text: str | None, expected: int | Reason | None) -> None:
    verdicts = Verdicts(2)
    numbers = whole_numbers(texts(text, "7"), 10_000_000, "employee_count", verdicts)
    found = reasons(verdicts, 2)
    assert (found[0] or numbers[0].as_py()) == expected
    assert (found[1], numbers[1].as_py()) == (None, 7)


@given(st.integers(0, 10**15))
def test_any_whole_number_is_read_as_people_write_it(number: int) -> None:
    verdicts = Verdicts(3)
    column = texts(str(number), f"{number:,}", f"{number}.0")
    assert whole_numbers(column, 10**15, "revenue", verdicts).to_pylist() == [number] * 3
    assert verdicts.kept is None


def test_text_is_trimmed_and_bounded() -> None:
    verdicts = Verdicts(6)
    column = texts("  a b\t", " \u3000 ", None, "é" * 5, "é" * 6, "x\0y")
    name = Column("name", 5, Reason.MISSING_NAME)
    assert checked_text(column, name, verdicts).to_pylist()[:4] == ["a b", None, None, "é" * 5]
    missing, long, nul = Reason.MISSING_NAME, Reason.TOO_LONG, Reason.BAD_CHARACTER
    assert reasons(verdicts, 6) == [None, missing, missing, None, long, nul]


@given(st.lists(st.none() | st.text(max_size=6), max_size=12), st.integers(0, 12))
def test_any_text_is_trimmed(values: list[str | None], start: int) -> None:
    expected = [(value or "").strip() or None for value in values[start:]]
    assert trimmed(texts(*values).slice(min(start, len(values)))).to_pylist() == expected


def test_a_row_is_rejected_for_its_first_fault_only() -> None:
    verdicts = Verdicts(1)
    verdicts.reject(pa.array([True]), Reason.MISSING_ID, "company_id")
    verdicts.reject(pa.array([True]), Reason.BAD_DOMAIN, "domain")
    assert verdicts.rejects(pa.array([17])) == [(17, Reason.MISSING_ID, "company_id")]


def test_keywords() -> None:
    column = pa.array(
        [[" a ", "", None, "b c"], None, [], [" "], ["x\0"], ["k"] * (KEYWORDS_MAX + 1), ["z"]],
        pa.list_(pa.string()),
    ).slice(0)
    verdicts = Verdicts(7)
    cleaned = clean_keywords(column, verdicts).to_pylist()
    assert cleaned[:4] == [["a", "b c"], [], [], []]
    assert cleaned[6] == ["z"]
    assert reasons(verdicts, 7)[4:] == [Reason.BAD_CHARACTER, Reason.TOO_LONG, None]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("acme.example", "acme.example"),
        ("ACME.Example", "acme.example"),
        ("www.acme.example", "acme.example"),
        ("https://www.acme.example:8443/about?x=1", "acme.example"),
        ("acme.example.", "acme.example"),
        (None, None),
        ("acme", Reason.BAD_DOMAIN),
        ("http://", Reason.BAD_DOMAIN),
        ("not a domain", Reason.BAD_DOMAIN),
        ("a..example", Reason.BAD_DOMAIN),
        ("-a.example", Reason.BAD_DOMAIN),
        ("x" * 64 + ".example", Reason.BAD_DOMAIN),
        (".".join(["label"] * 50), Reason.BAD_DOMAIN),
    ],
)
def test_domains(text: str | None, expected: str | Reason | None) -> None:
    verdicts = Verdicts(1)
    domains = checked_domains(texts(text), "domain", verdicts)
    assert (reasons(verdicts, 1)[0] or domains[0].as_py()) == expected


phones = st.one_of(
    st.from_regex(
        r"\+?1?[ (.-]*[0-9]{3}[ ).-]*[0-9]{3}[ .-]*[0-9]{4}( x[0-9]{2})?", fullmatch=True
    ),
    st.from_regex(r"\+[0-9]{5,16}", fullmatch=True),
    st.text(max_size=20),
)


@given(st.lists(st.none() | phones, min_size=1, max_size=20))
def test_phone_keys_are_those_of_a_look_up(values: list[str | None]) -> None:
    expected = [None if value is None else phone_key(value) for value in values]
    assert phone_keys(texts(*values)).to_pylist() == expected


profiles = st.one_of(
    st.builds(
        "{}{}linkedin.com/{}/{}{}".format,
        st.sampled_from(["", "http://", "https://", "HTTPS://"]),
        st.sampled_from(["", "www.", "WWW.", "uk.", "not"]),
        st.sampled_from(["in", "pub", "company", "IN"]),
        st.from_regex(r"[a-zA-Z0-9%_é-]{1,10}", fullmatch=True),
        st.sampled_from(["", "/", "//", "/en", "?trk=1", "/?a=b#c"]),
    ),
    st.text(max_size=30),
)


@given(st.lists(st.none() | profiles, min_size=1, max_size=20))
def test_linkedin_keys_are_those_of_a_look_up(values: list[str | None]) -> None:
    expected: list[Any] = [None if value is None else linkedin_key(value) for value in values]
    assert linkedin_keys(texts(*values)).to_pylist() == expected
