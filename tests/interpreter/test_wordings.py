"""Wordings that say the same in other ways, by what makes them hard."""

import pytest

from api.domain.interpreter.interpretation import MAX_LISTED
from api.domain.interpreter.parser import interpret_companies, interpret_persons
from api.errors import DomainError


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
    "q", ["law firms that do not handle personal injury", "law firms that don't do personal injury"]
)
def test_what_firms_do_not_do(q: str) -> None:
    found = interpret_companies(q)
    assert found.filters.excluded_keywords == ("personal injury",)
    assert [term.industry for term in found.industries] == ["law_firm"]


@pytest.mark.parametrize(
    ("q", "expected"),
    [
        ("manufacturers of medical devices", ["medical_device"]),
        ("makers of beer in Oregon", ["brewery"]),
        ("providers of IT services", ["it_services"]),
        ("lawfirms in Ohio", ["law_firm"]),
        ("SasS companies", ["saas"]),
        ("industry: trucking", ["trucking"]),
        ("trucking | GA", ["trucking"]),
        ("software – Texas", ["software"]),
        ("software dev shops", ["custom_software"]),
        ("packaged food makers", ["food_manufacturing"]),
        ("general hospitals", ["hospital"]),
        ("investment advisors", ["wealth_management"]),
        ("transportation and logistics companies", ["trucking", "logistics", "transportation"]),
    ],
)
def test_what_kind_of_company_is_meant(q: str, expected: list[str]) -> None:
    assert industries(q) == expected
    assert interpret_companies(q).filters.keywords == ()


@pytest.mark.parametrize(
    ("q", "industry", "keyword"),
    [
        ("hotels with a wedding venue", "hotel", "wedding venue"),
        ("hotels with a spa", "hotel", "spa"),
        ("software companies for dentists", "software", "dentists"),
        ("property managers for condo boards", "property_management", "condo boards"),
    ],
)  # fmt: skip
def test_what_companies_have_and_whom_they_are_for(q: str, industry: str, keyword: str) -> None:
    found = interpret_companies(q)
    assert [term.industry for term in found.industries] == [industry]
    assert found.filters.keywords == (keyword,)


@pytest.mark.parametrize(
    ("q", "low", "high"),
    [
        ("solar companies, minimum 25 maximum 75 employees", 25, 75),
        ("banks, at least 10, at most 20 employees", 10, 20),
        ("SaaS, 50+, California", 50, None),
        ("SaaS California 50+", 50, None),
        ("tiny companies with less than five people in Idaho", None, 4),
    ],
)
def test_sizes(q: str, low: int | None, high: int | None) -> None:
    filters = interpret_companies(q).filters
    assert (filters.employee_count_min, filters.employee_count_max) == (low, high)
    assert filters.keywords == ()


def test_codes_in_the_plural_that_may_be_one() -> None:
    assert interpret_companies("SIC code(s): 2082, 2084").filters.sic == ("2082", "2084")


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
    ("q", "any_of"),
    [
        ("hedge funds", ("hedge funds", "hedge fund")),
        ("bakeries in Paris", ("bakeries", "bakery")),
        ("pawn shops in Reno", ("pawn shops", "pawn shop")),
        ("churches in Alabama", ("churches", "church")),
    ],
)
def test_an_unlisted_kind_is_looked_for_in_texts_in_the_singular_too(
    q: str, any_of: tuple[str, ...]
) -> None:
    found = interpret_companies(q)
    assert (found.filters.keywords, found.filters.keywords_any) == ((), any_of)
    assert any("is no known industry" in warning for warning in found.warnings)
    assert found.unparsed == ()


@pytest.mark.parametrize("q", ["agencies", "asdf qwertys", "companies", "stores", "shops please"])
def test_a_word_that_says_nothing_of_companies_is_refused(q: str) -> None:
    with pytest.raises(DomainError):
        interpret_companies(q)


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


@pytest.mark.parametrize(
    "q",
    [
        'companies with "battery storage" in the description or keywords',
        "companies mentioning battery storage in their description",
        "companies mentioning battery storage in the name or the text",
    ],
)
def test_where_a_phrase_stands_is_no_phrase(q: str) -> None:
    filters = interpret_companies(q).filters
    assert (filters.keywords, filters.keywords_any) == (("battery storage",), ())


@pytest.mark.parametrize(
    ("q", "names"),
    [
        ("companies named Summit", ("Summit",)),
        ("companies called Las Vegas", ("Las Vegas",)),
    ],
)
def test_what_is_called_by_a_name_bears_it(q: str, names: tuple[str, ...]) -> None:
    found = interpret_companies(q)
    assert (found.filters.company_names, found.locations) == (names, ())


def test_a_quotation_after_a_role_is_where_they_work() -> None:
    assert interpret_persons('CMO of "Pacific Coffee"').filters.company_names == ("Pacific Coffee",)


@pytest.mark.parametrize(
    ("q", "low", "high"),
    [
        ("firms with 11-50 or 51-200 employees", 11, 200),
        ("firms with 1-10, 11-50 or 51-200 employees", 1, 200),
        ("companies sized 1-10", 1, 10),
        ("companies of 50-100", 50, 100),
        ("one-person companies", 1, 1),
        ("SMBs in Ohio", None, 249),
        ("small and medium sized businesses in Ohio", None, 249),
        ("midmarket software companies", 50, 999),
        ("law firms with 10+ attorneys", 10, None),
        ("law firms with more than 5 lawyers", 6, None),
    ],
)
def test_more_sizes(q: str, low: int | None, high: int | None) -> None:
    filters = interpret_companies(q).filters
    assert (filters.employee_count_min, filters.employee_count_max) == (low, high)


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


def test_practitioners_of_a_broader_kind_have_its_companies() -> None:
    assert industries("auto mechanics in Detroit") == ["auto_repair"]


def test_a_mistyped_noun_is_no_plural_of_a_small_word() -> None:
    assert industries("law frims in Ohio") == ["law_firm"]


@pytest.mark.parametrize(
    ("q", "sic", "naics"),
    [
        ("companies in Texas, not SIC 5812", ("5812",), ()),
        ("companies excluding NAICS 541110 or 541211", (), ("541110", "541211")),
        ("NAICS 5415 but not 541511", (), ("541511",)),
        ("SIC 73, except 7372 and 7371", ("7372", "7371"), ()),
        ("companies with SIC 8111 excluding NAICS 541199", (), ("541199",)),
    ],
)
def test_excluded_codes(q: str, sic: tuple[str, ...], naics: tuple[str, ...]) -> None:
    found = interpret_companies(q)
    assert (found.filters.excluded_sic, found.filters.excluded_naics) == (sic, naics)
    assert found.unparsed == ()


def test_an_impossible_code_is_refused_where_it_is_excluded_too() -> None:
    with pytest.raises(DomainError):
        interpret_companies("companies excluding SIC 99999")
