import numpy as np
import pyarrow as pa
import pytest

from api.market.draws import Draws
from api.market.grammar import SLUG_CHARS_MAX, TICKETS, Phrasebook, fold, tickets
from api.market.identifiers import MAX_CODES, codes, numbered, profile_numbers

ROWS = np.arange(1_000, dtype=np.uint64)


def test_draws_are_the_same_on_every_machine() -> None:
    drawn = Draws(1).bits("person.first", np.array([0, 1, 2**40], dtype=np.uint64))
    assert drawn.tolist() == [
        2547660165476189466,
        1957635625951455944,
        2971297264251261213,
    ]


def test_draws_depend_on_seed_purpose_and_row_alone() -> None:
    draws = Draws(1)
    whole = draws.below("a", ROWS, 10**6)
    assert np.array_equal(whole[300:700], draws.below("a", ROWS[300:700], 10**6))
    assert not np.array_equal(whole, draws.below("b", ROWS, 10**6))
    assert not np.array_equal(whole, Draws(2).below("a", ROWS, 10**6))


def test_draws_are_even_and_within_their_bounds() -> None:
    bounds = np.where(ROWS % 2 == 0, 3, 1)
    drawn = Draws(5).below("a", ROWS, bounds)
    assert set(drawn[::2].tolist()) == {0, 1, 2}
    assert set(drawn[1::2].tolist()) == {0}
    assert 250 < Draws(5).chance("b", ROWS, 0.3).sum() < 350
    assert Draws(5).chance("b", ROWS, 0.0).sum() == 0
    assert Draws(5).chance("b", ROWS, 1.0).all()


def test_tickets_follow_the_shares_and_leave_nobody_out() -> None:
    table = np.bincount(tickets([700, 300, 0.001]))
    assert table.sum() == TICKETS
    assert table[2] == 1
    assert abs(table[0] / TICKETS - 0.7) < 0.01
    with pytest.raises(ValueError, match="more than"):
        tickets([1.0] * (TICKETS + 1))


def book() -> Phrasebook:
    made = Phrasebook(
        {"tree": ["Oak", "Elm"], "city": ["Reno", "Cañon City"]}, given=("city", "name")
    )
    made.choice("shop", {"{tree} & {tree}'s Shop": 1})
    made.choice("place", {"{city} Café": 1})
    made.choice("say", {"{name} of {city}.": 1})
    made.seal()
    return made


def test_patterns_are_filled_with_words_drawn_for_each_row() -> None:
    made = book()
    choices = np.full(len(ROWS), made["shop"])
    layout = made.layout(Draws(1), "shop", ROWS, choices)
    assert set(made.text(layout).to_pylist()) == {
        f"{first} & {second}'s Shop" for first in ("Oak", "Elm") for second in ("Oak", "Elm")
    }
    assert set(made.slug(layout).to_pylist()) == {
        "oak-oaks-shop",
        "oak-elms-shop",
        "elm-oaks-shop",
        "elm-elms-shop",
    }


def test_slugs_fit_into_a_host_name() -> None:
    made = Phrasebook({"tree": ["Very Tall Oaks " * 6, "Diamond Head / " + "x" * 37 + " - Elm"]})
    made.choice("say", {"{tree}": 1})
    made.seal()
    choices = np.full(len(ROWS), made["say"])
    slugs = set(made.slug(made.layout(Draws(1), "say", ROWS, choices)).to_pylist())
    assert len(slugs) == 2
    for slug in slugs:
        assert len(slug) <= SLUG_CHARS_MAX
        assert slug == slug.strip("-")


def test_given_slots_take_what_they_are_given() -> None:
    made = book()
    choices = np.array([made["place"], made["say"], made["say"]])
    given = {"city": np.array([1, 0, 1]), "name": np.arange(3)}
    layout = made.layout(Draws(1), "say", ROWS[:3], choices, given)
    own = pa.array(["A", "B", "C"])
    texts = made.text(layout, own).to_pylist()
    assert texts == ["Cañon City Café", "B of Reno.", "C of Cañon City."]
    place = made.layout(Draws(1), "say", ROWS[:1], choices[:1], {"city": np.array([1])})
    assert made.slug(place).to_pylist() == ["canon-city-cafe"]


def test_a_book_refuses_what_it_cannot_fill() -> None:
    with pytest.raises(ValueError, match="empty"):
        Phrasebook({"tree": []})
    made = Phrasebook({"tree": ["Oak"]})
    with pytest.raises(ValueError, match="unknown slot"):
        made.choice("a", {"{bush}": 1})
    made.choice("b", {"{tree}": 1})
    with pytest.raises(ValueError, match="taken"):
        made.choice("b", {"{tree}": 1})
    with pytest.raises(ValueError, match="empty"):
        made.choice("c", {})


def test_names_fold_to_plain_letters() -> None:
    assert fold("Núñez O'Brien") == "nunez o'brien"


def test_codes_and_profile_numbers_never_repeat() -> None:
    # Where codes grow by a letter, and both ends.
    for first in (0, 26_990, 836_990, MAX_CODES - 20):
        made = codes(np.arange(first, first + 20)).to_pylist()
        assert len(set(made)) == 20
        assert all(code.isalnum() and not set(code) & set("aeiou") for code in made)
    assert len(set(codes(np.arange(60_000)).to_pylist())) == 60_000
    profiles = profile_numbers(np.arange(50_000)).to_pylist()
    assert len(set(profiles)) == 50_000
    assert {len(profile) for profile in profiles} == {10}


def test_numbers_keep_their_leading_zeros() -> None:
    assert numbered("co_", np.array([7, 12_345]), 8).to_pylist() == ["co_00000007", "co_00012345"]
    assert codes(np.arange(0)).to_pylist() == []
