"""Numbers in queries: sizes of companies, counts of records, and what is neither."""

import pytest

from api.domain.interpreter.parser import interpret_persons


def sizes(q: str) -> tuple[int | None, int | None]:
    filters = interpret_persons(q).filters
    return filters.employee_count_min, filters.employee_count_max


@pytest.mark.parametrize(
    ("q", "expected"),
    [
        ("banks with 50+ employees", (50, None)),
        ("banks with 50 + employees", (50, None)),
        ("banks with over 50 employees", (51, None)),
        ("banks with more than 50 people", (51, None)),
        ("banks with at least 50 employees", (50, None)),
        ("banks with a minimum of 50 employees", (50, None)),
        ("banks with 50 or more employees", (50, None)),
        ("banks with 50 employees or more", (50, None)),
        ("banks of 50 employees or more", (50, None)),
        ("banks > 50 employees", (51, None)),
        ("banks >= 50 employees", (50, None)),
        ("banks with fewer than 50 employees", (None, 49)),
        ("banks with less than 50 employees", (None, 49)),
        ("banks with under 50 staff", (None, 49)),
        ("banks with up to 50 employees", (None, 50)),
        ("banks with no more than 50 employees", (None, 50)),
        ("banks with at most 50 employees", (None, 50)),
        ("banks with 50 or fewer employees", (None, 50)),
        ("banks under 50 employees", (None, 49)),
        ("banks with between 11 and 50 employees", (11, 50)),
        ("banks with 10-50 employees", (10, 50)),
        ("banks with 10–50 employees", (10, 50)),
        ("banks with 10 to 50 employees", (10, 50)),
        ("banks with from 10 to 50 employees", (10, 50)),
        ("banks with more than 10 and fewer than 50 employees", (11, 49)),
        ("banks with over 1,000 employees", (1001, None)),
        ("banks with at least 1k employees", (1000, None)),
        ("banks with over one hundred employees", (101, None)),
        ("banks with 2 thousand or more employees", (2000, None)),
        ("banks with exactly 50 employees", (50, 50)),
        ("banks with 50 employees", (50, 50)),
        ("50-person banks", (50, 50)),
        ("banks with headcount 11-50", (11, 50)),
        ("banks with 100+ full-time employees", (100, None)),
        ("law firms over 20", (21, None)),
        ("CEOs over 40", (None, None)),
        ("CEOs of firms with $10M revenue", (None, None)),
        ("CEOs of hotels with 100 rooms", (None, None)),
        ("partners of law firms with 5+ partners", (None, None)),
        ("CEOs with 20% equity", (None, None)),
    ],
)
def test_employee_counts(q: str, expected: tuple[int | None, int | None]) -> None:
    assert sizes(q) == expected


def test_size_words_are_read_with_a_warning() -> None:
    found = interpret_persons("small accounting firms in Texas")
    assert sizes("small accounting firms in Texas") == (None, 49)
    assert '"small" was read as fewer than 50 employees.' in found.warnings
    assert sizes("large banks") == (1000, None)
    assert sizes("mid-sized banks") == (50, 999)
    assert sizes("owners in Little Rock") == (None, None)


def test_a_range_in_the_wrong_order_is_turned_with_a_warning() -> None:
    found = interpret_persons("CEOs of banks with between 50 and 11 employees")
    assert (found.filters.employee_count_min, found.filters.employee_count_max) == (11, 50)
    assert found.warnings == ("The range of employees was read as 11 to 50.",)


@pytest.mark.parametrize(
    ("q", "expected"),
    [
        ("give me 1000 CEOs", 1000),
        ("top 25 CEOs in California", 25),
        ("first two hundred law firms", 200),
        ("I need 50 owners of restaurants", 50),
        ("50 CEOs", 50),
        ("find me 2,500 dentists", 2500),
        ("show me 5k dentists", 5000),
        ("Hello! Could you send me 30 dentists please?", 30),
        ("a dozen dentists", 12),
        ("up to 100 dentists", 100),
        ("give me 50 people at law firms", 50),
        ("CEOs in Texas, limit 10", 10),
        ("CEOs of banks with 50 employees", None),
        ("one of the owners of a bank", None),
        ("CEOs", None),
    ],
)
def test_requested_records(q: str, expected: int | None) -> None:
    assert interpret_persons(q).requested_records == expected
