"""Phones on their way into the store have the keys by which look-ups compare them."""

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from api.domain.person.identifiers import phone_key
from api.load.persons import phone_keys

separators = st.sampled_from(["", " ", "-", "."])
american = st.builds(
    "{}{}{}{}{}{}".format,
    st.sampled_from(["", "+1", "1", "+1 ", "1-", "1."]),
    st.builds(
        lambda code, brackets: f"({code})" if brackets else str(code),
        st.integers(200, 999),
        st.booleans(),
    ),
    separators,
    st.integers(0, 999).map("{:03}".format),
    separators,
    st.integers(0, 9999).map("{:04}".format),
)
anything = st.text(st.sampled_from("0123456789+-(). x/"), max_size=20)


@given(st.lists(st.none() | american | anything, max_size=30))
def test_the_quick_way_agrees_with_the_library(phones: list[str | None]) -> None:
    expected = [None if phone is None else phone_key(phone) for phone in phones]
    assert phone_keys(pa.array(phones, pa.string())).to_pylist() == expected


def test_usual_and_unusual_numbers() -> None:
    phones = ["(208) 555-0123", "208.555.0123", "+1 208 555 0123", "+44 20 7183 8750", "12"]
    assert phone_keys(pa.array(phones)).to_pylist() == [
        "+12085550123",
        "+12085550123",
        "+12085550123",
        "+442071838750",
        None,
    ]
