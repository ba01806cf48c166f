"""Interpretations as JSON and back: the same again, and nothing that could not have been said."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.domain.company.industries import industries
from api.domain.company.places import states
from api.domain.interpreter.criteria import criteria_of
from api.domain.interpreter.interpretation import (
    MAX_LISTED,
    MAX_TERMS,
    CompanyInterpretation,
    Filters,
    PersonInterpretation,
    RoleTerm,
)
from api.domain.interpreter.locations import place
from api.domain.interpreter.quantities import NUMBER_MAX
from api.domain.interpreter.serialisation import (
    MAX_PHRASE_CHARS,
    as_json,
    companies_from_json,
    persons_from_json,
)
from api.domain.interpreter.terms import industry_term, role_term
from api.domain.person.roles import roles
from api.errors import DomainError, ErrorCode

PHRASES = st.from_regex(r"[a-z0-9]{1,8}( [a-z0-9]{1,8}){0,3}", fullmatch=True)
ROLES = st.sampled_from(sorted(roles())).map(role_term)
INDUSTRIES = st.sampled_from(sorted(industries())).map(industry_term)
STATES = st.sampled_from(sorted(states()))
LOCATIONS = STATES.map(lambda code: place(None, code)) | st.sampled_from(
    [place("Boise", "ID"), place("Springfield", None), place("Cañon City", "CO")]
)
COUNTS = st.none() | st.integers(0, NUMBER_MAX)


def several[T](values: st.SearchStrategy[T]) -> st.SearchStrategy[tuple[T, ...]]:
    return st.lists(values, max_size=4, unique=True).map(tuple)


def filters(*, of_persons: bool) -> st.SearchStrategy[Filters]:
    return st.builds(
        Filters,
        company_city=st.none() | st.just("Boise"),
        company_state=st.none() | STATES,
        employee_count_min=COUNTS,
        employee_count_max=COUNTS,
        sic=several(st.from_regex(r"[0-9]{2,4}", fullmatch=True)),
        naics=several(st.from_regex(r"[0-9]{2,6}", fullmatch=True)),
        keywords=several(PHRASES),
        keywords_any=several(PHRASES),
        company_names=several(PHRASES),
        excluded_roles=several(ROLES) if of_persons else st.just(()),
        excluded_industries=several(INDUSTRIES),
        excluded_locations=several(LOCATIONS),
        excluded_keywords=several(PHRASES),
        excluded_sic=several(st.from_regex(r"[0-9]{2,4}", fullmatch=True)),
        excluded_naics=several(st.from_regex(r"[0-9]{2,6}", fullmatch=True)),
    )


PARTS: dict[str, Any] = {
    "industries": several(INDUSTRIES),
    "locations": several(LOCATIONS),
    "requested_records": st.none() | st.integers(1, NUMBER_MAX),
    "warnings": several(st.text(max_size=40)),
    "unparsed": several(st.text(max_size=40)),
}
PERSONS = st.builds(
    PersonInterpretation,
    roles=st.lists(ROLES, min_size=1, max_size=4, unique=True).map(tuple),
    filters=filters(of_persons=True),
    **PARTS,
)
COMPANIES = st.builds(CompanyInterpretation, filters=filters(of_persons=False), **PARTS).filter(
    lambda found: found.industries or found.locations or found.filters != Filters()
)


@given(PERSONS)
@settings(deadline=None)
def test_a_person_search_comes_back_as_it_went(found: PersonInterpretation) -> None:
    assert persons_from_json(json.loads(json.dumps(as_json(found)))) == found


@given(COMPANIES)
@settings(deadline=None)
def test_a_company_search_comes_back_as_it_went(found: CompanyInterpretation) -> None:
    assert companies_from_json(json.loads(json.dumps(as_json(found)))) == found


def test_what_callers_see_is_enough() -> None:
    edited = {
        "roles": [
            {"key": "dynamic_role", "label": "CMO"},
            {"key": "chief_executive"},
            {"label": "growth hacker"},
        ],
        "industries": [{"key": "dynamic_industry", "label": "SaaS companies"}, {"key": "law_firm"}],
        "locations": [{"state": "NV"}, {"city": "Boise", "state": "ID"}],
    }
    found = persons_from_json(edited)
    assert found.roles == (
        role_term("cmo"),
        role_term("chief_executive"),
        RoleTerm("dynamic_role", "growth hacker", None),
    )
    assert found.industries == (industry_term("saas"), industry_term("law_firm"))
    assert [each.key for each in found.locations] == ["state:NV", "city:boise,ID"]
    assert not found.all_employees


def test_labels_are_those_of_the_dictionaries_whatever_was_given() -> None:
    given_label = {"roles": [{"key": "owner", "label": "<b>me</b>", "role": "owner"}]}
    assert persons_from_json(given_label).roles == (role_term("owner"),)


def test_without_roles_everyone_is_meant() -> None:
    found = persons_from_json({"locations": [{"state": "NV"}], "all_employees": False})
    assert found.all_employees
    assert persons_from_json({"all_employees": True}).all_employees


NEVADA = [{"state": "NV"}]


@pytest.mark.parametrize(
    ("data", "field"),
    [
        (None, "interpretation"),
        ([], "interpretation"),
        ("CEOs", "interpretation"),
        ({}, "interpretation"),
        ({"filters": {}}, "interpretation"),
        ({"rolls": []}, "interpretation"),
        ({"roles": {}}, "interpretation.roles"),
        ({"roles": ["owner"]}, "interpretation.roles"),
        ({"roles": [{"role": "king"}]}, "interpretation.roles"),
        ({"roles": [{"key": "king"}]}, "interpretation.roles"),
        ({"roles": [{"key": "owner", "seniority": "x"}]}, "interpretation.roles"),
        ({"roles": [{"label": "…"}]}, "interpretation.roles"),
        ({"roles": [{"key": "owner"}] * (MAX_LISTED + 1)}, "interpretation.roles"),
        ({"roles": [{"label": f"x{n}"} for n in range(MAX_TERMS + 1)]}, "interpretation.roles"),
        (
            {"filters": {"excluded_roles": [{"label": f"x{n}"} for n in range(MAX_TERMS + 1)]}},
            "interpretation.filters.excluded_roles",
        ),
        ({"roles": [{"key": "owner"}], "all_employees": True}, "interpretation.all_employees"),
        ({"all_employees": 1}, "interpretation.all_employees"),
        ({"industries": [{"key": "king"}]}, "interpretation.industries"),
        ({"industries": [{"label": None}]}, "interpretation.industries"),
        ({"locations": [{}]}, "interpretation.locations"),
        ({"locations": [{"state": "nv"}]}, "interpretation.locations.state"),
        ({"locations": [{"state": "ZZ"}]}, "interpretation.locations.state"),
        ({"locations": [{"city": "x" * 101}]}, "interpretation.locations.city"),
        ({"locations": [{"city": " "}]}, "interpretation.locations.city"),
        ({"locations": NEVADA, "requested_records": 0}, "interpretation.requested_records"),
        ({"locations": NEVADA, "requested_records": "5"}, "interpretation.requested_records"),
        ({"locations": NEVADA, "requested_records": True}, "interpretation.requested_records"),
        ({"locations": NEVADA, "warnings": "x"}, "interpretation.warnings"),
        ({"locations": NEVADA, "unparsed": [1]}, "interpretation.unparsed"),
        ({"filters": []}, "interpretation.filters"),
        ({"filters": {"city": "Boise"}}, "interpretation.filters"),
        ({"filters": {"company_state": 5}}, "interpretation.filters.company_state"),
        ({"filters": {"employee_count_min": -1}}, "interpretation.filters.employee_count_min"),
        ({"filters": {"employee_count_min": 1.5}}, "interpretation.filters.employee_count_min"),
        (
            {"filters": {"employee_count_max": NUMBER_MAX + 2}},
            "interpretation.filters.employee_count_max",
        ),
        ({"filters": {"sic": ["7"]}}, "interpretation.filters.sic"),
        ({"filters": {"sic": ["73721"]}}, "interpretation.filters.sic"),
        ({"filters": {"sic": [7372]}}, "interpretation.filters.sic"),
        ({"filters": {"sic": ["٧٣٧٢"]}}, "interpretation.filters.sic"),
        ({"filters": {"naics": ["5411101"]}}, "interpretation.filters.naics"),
        ({"filters": {"excluded_sic": ["73721"]}}, "interpretation.filters.excluded_sic"),
        ({"filters": {"excluded_naics": ["7"]}}, "interpretation.filters.excluded_naics"),
        ({"filters": {"keywords": [""]}}, "interpretation.filters.keywords"),
        ({"filters": {"keywords": ["!"]}}, "interpretation.filters.keywords"),
        ({"filters": {"keywords": ["x" * 101]}}, "interpretation.filters.keywords"),
        ({"filters": {"keywords_any": "x"}}, "interpretation.filters.keywords_any"),
        ({"filters": {"keywords_any": ["?"]}}, "interpretation.filters.keywords_any"),
        ({"filters": {"keywords_any": ["x" * 101]}}, "interpretation.filters.keywords_any"),
        ({"filters": {"keywords_any": ["x"] * 26}}, "interpretation.filters.keywords_any"),
        ({"filters": {"company_names": [None]}}, "interpretation.filters.company_names"),
    ],
)
def test_what_cannot_have_been_said_is_refused(data: Any, field: str) -> None:
    with pytest.raises(DomainError) as refused:
        persons_from_json(data)
    assert refused.value.code is ErrorCode.INVALID_INPUT
    assert [problem.argument for problem in refused.value.problems] == [field]


def test_a_company_search_knows_no_roles() -> None:
    for data in (
        {"roles": [{"key": "owner"}]},
        {"filters": {"excluded_roles": [{"key": "owner"}]}},
    ):
        with pytest.raises(DomainError):
            companies_from_json({**data, "locations": NEVADA})


def test_bounds_themselves_are_fine() -> None:
    found = persons_from_json(
        {
            "filters": {
                "employee_count_min": 0,
                "employee_count_max": NUMBER_MAX + 1,
                "keywords": ["x" * MAX_PHRASE_CHARS],
                "sic": ["73", "7372"],
                "naics": ["54", "541110"],
            },
            "requested_records": NUMBER_MAX,
        }
    )
    assert found.filters.keywords == ("x" * MAX_PHRASE_CHARS,)
    assert found.filters.employee_count_max == NUMBER_MAX + 1


def test_any_of_one_phrase_is_that_phrase() -> None:
    one = companies_from_json({"filters": {"keywords_any": ["Beer"], "keywords": ["ale"]}})
    same = companies_from_json({"filters": {"keywords": ["ale", "beer"]}})
    two = companies_from_json({"filters": {"keywords_any": ["beer", "ale"]}})
    both = companies_from_json({"filters": {"keywords": ["beer", "ale"]}})
    assert criteria_of(one) == criteria_of(same) == criteria_of(both)
    assert criteria_of(two) != criteria_of(both)
