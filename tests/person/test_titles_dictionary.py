"""The role dictionary is whole: no phrase without a role, no role without its keys."""

from collections import Counter

import pytest

from api.domain.interpreter.lexer import phrase_stems
from api.domain.person.roles import SENIORITIES, role_book, roles

DOCUMENTED = {
    "chief_executive": "CEO / Chief Executive Officer",
    "owner": "Owner",
    "partner": "Partner",
    "real_estate_agent": "Real estate agent",
    "financial_advisor": "Financial advisor",
}


def test_documented_taxonomy_roles() -> None:
    for key, label in DOCUMENTED.items():
        assert roles()[key].taxonomy
        assert roles()[key].label == label
    assert {"attorney", "broker", "doctor", "provider"} <= {
        key for key, role in roles().items() if role.taxonomy
    }
    assert not roles()["cmo"].taxonomy
    assert roles()["cmo"].short == "CMO"


def test_owners_are_called_as_documented() -> None:
    assert {"owner", "office owner"} <= set(roles()["owner"].phrases)


def test_every_role_is_complete() -> None:
    for key, role in roles().items():
        assert key == role.key
        assert role.seniority in SENIORITIES
        assert role.phrases
        assert all(phrase == phrase.lower().strip() for phrase in role.phrases)
        assert set(role.broader) <= set(roles())
        assert key not in role.broader


def test_no_phrase_stands_for_two_written_roles() -> None:
    book = role_book()
    products = {f"{x.key}_{y.key}" for x in book.levels for y in book.functions}
    owners = Counter(
        stems
        for role in book.roles.values()
        if role.key not in products
        for stems in {phrase_stems(phrase, book.spelling) for phrase in role.phrases}
    )
    assert [stems for stems, count in owners.items() if count > 1] == []


@pytest.mark.parametrize("key", ["chief_executive", "owner", "founder", "president", "cmo"])
def test_deciding_roles_are_decision_makers(key: str) -> None:
    assert "decision_maker" in roles()[key].broader


def test_levels_and_functions_are_combined() -> None:
    found = roles()["vp_marketing"]
    assert (found.label, found.function, found.seniority) == ("VP of Marketing", "marketing", "vp")
    assert found.broader == ("vp",)
    assert set(roles()["svp_marketing"].broader) == {"svp", "vp", "vp_marketing"}


def test_a_dictionary_is_read_once() -> None:
    assert roles() is roles()
