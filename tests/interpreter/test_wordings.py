"""Wordings that say the same in other ways, by what makes them hard."""

import pytest

from api.domain.interpreter.interpretation import MAX_LISTED
from api.domain.interpreter.parser import interpret_companies, interpret_persons


def roles(q: str) -> list[str | None]:
    return [term.role for term in interpret_persons(q).roles]


def industries(q: str) -> list[str]:
    return [term.industry for term in interpret_companies(q).industries]


@pytest.mark.parametrize(
    ("q", "industry", "keywords"),
    [
        ("CEOs at biotech companies working on cell therapy", ["biotech"], ("cell therapy",)),
        ("CEOs at companies mentioning cold brew", [], ("cold brew",)),
        ("owners at law firms specializing in divorce", ["law_firm"], ("divorce",)),
    ],
)
def test_what_firms_do_is_no_part_of_a_name(
    q: str, industry: list[str], keywords: tuple[str, ...]
) -> None:
    found = interpret_persons(q)
    assert found.filters.company_names == ()
    assert [term.industry for term in found.industries] == industry
    assert found.filters.keywords == keywords


def test_a_code_is_no_part_of_a_name() -> None:
    filters = interpret_persons("CEOs at companies coded NAICS 524210").filters
    assert (filters.company_names, filters.naics) == ((), ("524210",))


def test_a_mistyped_kind_of_firm_is_no_name() -> None:
    found = interpret_persons("directors at manufactureres")
    assert [term.industry for term in found.industries] == ["manufacturing"]
    assert interpret_persons("directors at stripe").filters.company_names == ("stripe",)


@pytest.mark.parametrize(
    "q", ["full staff list of Carpenter Bank & Trust", "contact list for Acme"]
)
def test_rosters_are_of_a_company(q: str) -> None:
    found = interpret_persons(q)
    assert found.roles == ()
    assert found.filters.company_names in (("Carpenter Bank & Trust",), ("Acme",))


@pytest.mark.parametrize(
    ("q", "expected"),
    [
        ("DMs at staffing agencies", ["decision_maker"]),
        ("EAs to the CEO", ["executive_assistant"]),
        ("VP, Cust. Success", ["vp_customer_success"]),
        ("Sr. Dir. Mktg", ["director_marketing"]),
        ("CEO - Texas", ["chief_executive"]),
        ("VP - Marketing", ["vp_marketing"]),
        ("those who head procurement", ["vp_procurement", "head_procurement"]),
        ("manager-level marketing people", ["manager_marketing"]),
        ("budget holders at banks", ["decision_maker"]),
    ],
)  # fmt: skip
def test_who_is_meant(q: str, expected: list[str]) -> None:
    assert roles(q) == expected


def test_project_product_and_property_managers_are_pms() -> None:
    assert {"project_manager", "product_manager", "property_manager"} <= set(roles("PMs"))


def test_whoever_runs_companies_is_at_their_top() -> None:
    found = interpret_persons("people running construction companies")
    assert {"chief_executive", "owner", "president"} <= {term.role for term in found.roles}
    assert [term.industry for term in found.industries] == ["construction"]
    assert found.filters.keywords == ()


def test_a_rank_of_an_unlisted_department_is_a_title_not_everyone_of_the_rank() -> None:
    assert [(term.role, term.label) for term in interpret_persons("payroll managers").roles] == [
        (None, "payroll manager")
    ]


def test_all_roles_of_a_large_department_are_meant() -> None:
    found = interpret_persons("people in engineering at SaaS companies")
    assert {"vp_engineering", "director_engineering", "manager_engineering"} <= {
        term.role for term in found.roles
    }
    assert 25 < len(found.roles) <= MAX_LISTED


def test_a_department_is_excluded() -> None:
    found = interpret_persons("VPs, not in sales, at SaaS companies")
    excluded = {term.role for term in found.filters.excluded_roles}
    assert {"vp_sales", "cro"} <= excluded
    assert "vp_marketing" not in excluded
    assert found.filters.excluded_keywords == ()
    assert [term.role for term in found.roles] == ["vp"]


@pytest.mark.parametrize(
    ("q", "keys"),
    [
        ("banks in the Carolinas", ["state:NC", "state:SC"]),
        ("banks in southwest Florida", ["state:FL"]),
        ("Southwest banks", []),
        ("banks in Carolina", ["state:NC", "state:SC"]),
        ("Dakota banks", []),
    ],
)  # fmt: skip
def test_compass_words_are_regions_where_a_place_stands(q: str, keys: list[str]) -> None:
    assert [place.key for place in interpret_companies(q).locations] == keys


@pytest.mark.parametrize(
    ("q", "keyword"),
    [
        ("title companies in Utah", "title"),
        ("data companies in Utah", "data"),
        ("bar owners in New Orleans", "bar"),
        ("physical therapy practices in Utah", "physical therapy"),
    ],
)
def test_what_describes_companies_is_not_passed_over(q: str, keyword: str) -> None:
    found = interpret_persons(q)
    assert (found.filters.keywords, found.unparsed) == ((keyword,), ())


def test_a_quotation_after_a_role_is_where_they_work() -> None:
    assert interpret_persons('CMO of "Pacific Coffee"').filters.company_names == ("Pacific Coffee",)


def test_what_is_big_is_not_always_a_company() -> None:
    found = interpret_persons("CIOs of hospitals. Our budget is big.")
    assert found.filters.employee_count_min is None


@pytest.mark.parametrize(
    "q",
    [
        "Our sales team wants to reach CFOs of banks in Ohio",
        "My boss and I would like to find CFOs of banks in Ohio",
        "We work with law firms in Texas. Our team needs CFOs of banks in Ohio",
    ],
)
def test_who_asks_is_not_who_is_asked_for(q: str) -> None:
    found = interpret_persons(q)
    assert [term.role for term in found.roles] == ["cfo"]
    assert [term.industry for term in found.industries] == ["bank"]
    assert [place.state for place in found.locations] == ["OH"]


def test_a_request_after_all_asks_for_what_was_said_before() -> None:
    found = interpret_persons("I'm planning something for CFOs of banks, can you build me a list?")
    assert [term.role for term in found.roles] == ["cfo"]


def test_a_rank_over_a_role_is_a_title() -> None:
    assert [(term.role, term.label) for term in interpret_persons("SDR managers").roles] == [
        (None, "SDR manager")
    ]
    assert roles("headhunters in Texas") == ["recruiter"]
    assert roles("RevOps leaders") == roles("sales leaders")


def test_a_city_is_meant_alone_where_it_is_by_far_the_largest() -> None:
    assert interpret_persons("owners in Portland").filters.company_state == "OR"
    assert interpret_persons("owners in Wilmington").filters.company_state is None


@pytest.mark.parametrize(
    ("q", "titles"),
    [
        ('people with "growth" in their title', ["growth"]),
        ("people whose title contains analytics at banks", ["analytics"]),
        ('titles including "revenue operations"', ["revenue operations"]),
    ],
)
def test_words_of_titles(q: str, titles: list[str]) -> None:
    found = interpret_persons(q)
    assert [(term.role, term.label) for term in found.roles] == [(None, title) for title in titles]
    assert found.filters.keywords == ()


@pytest.mark.parametrize(
    ("q", "expected"),
    [
        ("VP Marketing or higher at banks", ["vp_marketing", "cmo"]),
        ("anyone at director level or above in IT", ["director_it", "head_it", "vp_it", "cio"]),
    ],
)
def test_levels_and_what_is_above_them(q: str, expected: list[str]) -> None:
    found = interpret_persons(q)
    assert [term.role for term in found.roles] == expected
    assert found.filters.company_names == ()


def test_an_industry_after_no_is_excluded() -> None:
    found = interpret_persons("CFOs - no banks, no insurance")
    assert {term.industry for term in found.filters.excluded_industries} == {
        "bank",
        "insurance_agency",
        "insurance_carrier",
    }
    assert found.filters.excluded_keywords == ()


@pytest.mark.parametrize(
    ("q", "keys"),
    [
        ("CEOs in TX/OK/LA", ["state:TX", "state:OK", "state:LA"]),
        ("CEOs in LA", ["city:los-angeles,CA"]),
        ("CEOs in LA county", ["city:los-angeles,CA"]),
        ("CEOs in greater Boston", ["city:boston,MA"]),
    ],
)
def test_more_places(q: str, keys: list[str]) -> None:
    found = interpret_persons(q)
    assert [place.key for place in found.locations] == keys
    assert found.unparsed == ()


def test_a_couple_of_hundreds() -> None:
    assert interpret_persons("a couple hundred owners of gyms").requested_records == 200
    assert interpret_persons("a couple of dozen CEOs").requested_records == 24
    assert interpret_persons("a few dozen owners of gyms").filters.keywords == ()


@pytest.mark.parametrize(
    ("q", "any_of"),
    [
        ("pastors at churches", ("churches", "church")),
        ("buyers at grocery stores", ("grocery stores", "grocery store")),
    ],
)
def test_who_works_at_an_unlisted_kind(q: str, any_of: tuple[str, ...]) -> None:
    found = interpret_persons(q)
    assert (found.filters.company_names, found.filters.keywords_any) == ((), any_of)


@pytest.mark.parametrize(
    ("q", "title"),
    [
        ("assistant store managers", "assistant store manager"),
        ("deputy directors at nonprofits", "deputy director"),
        ("city managers in Ohio", "city manager"),
    ],
)
def test_a_title_that_no_dictionary_has_is_not_its_last_word(q: str, title: str) -> None:
    assert [(term.role, term.label) for term in interpret_persons(q).roles] == [(None, title)]


def test_people_who_handle_a_department_are_its_members() -> None:
    found = {term.role for term in interpret_persons("people at banks who handle marketing").roles}
    assert {"cmo", "manager_marketing", "marketing_coordinator"} <= found


def test_a_name_after_whoever_leads_a_company() -> None:
    found = interpret_persons("owner of Bluebird Plumbing in Boise")
    assert found.filters.company_names == ("Bluebird Plumbing",)
    assert found.industries == ()
    assert [place.key for place in found.locations] == ["city:boise,ID"]
    for q in ("CEOs of Texas banks", "CEOs of B2B SaaS firms", "owners of HVAC companies"):
        assert interpret_persons(q).filters.company_names == ()
