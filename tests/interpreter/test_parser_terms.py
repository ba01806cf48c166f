"""Roles and industries in queries, in the many forms in which people type them."""

import pytest

from api.domain.interpreter.interpretation import RoleTerm
from api.domain.interpreter.parser import interpret_persons


def roles(q: str) -> list[str | None]:
    return [term.role for term in interpret_persons(q).roles]


def industries(q: str) -> list[str]:
    return [term.industry for term in interpret_persons(q).industries]


@pytest.mark.parametrize(
    ("q", "expected"),
    [
        ("cfo", ["cfo"]),
        ("C.F.O.", ["cfo"]),
        ("Chief Financial Officers", ["cfo"]),
        ("CFO's in Ohio", ["cfo"]),
        ("CFO’s in Ohio", ["cfo"]),
        ("CEOs or CFOs", ["chief_executive", "cfo"]),
        ("CEO, CTO and COO at banks", ["chief_executive", "cto", "coo"]),
        ("CEO/CFO", ["chief_executive", "cfo"]),
        ("co-founders", ["co_founder"]),
        ("Cofounders & owners", ["co_founder", "owner"]),
        ("owner operators", ["owner"]),
        ("attorneys-at-law", ["attorney"]),
        ("software engineers", ["software_engineer"]),
        ("salesmen", ["sales_representative"]),
        ("VPs of Sales", ["vp_sales"]),
        ("vp sales", ["vp_sales"]),
        ("Sales VPs", ["vp_sales"]),
        ("V.P., Marketing", ["vp_marketing"]),
        ("vice presidents of marketing and sales", ["vp_marketing", "vp_sales"]),
        ("SVP of finance", ["svp_finance"]),
        ("mktg dirs", ["director_marketing"]),
        ("Dir. of IT", ["director_it"]),
        ("sales and marketing directors", ["director_sales", "director_marketing"]),
        ("VPs and directors of HR", ["vp_hr", "director_hr"]),
        ("heads of HR", ["head_hr"]),
        ("Heads of People", ["head_hr"]),
        ("HR managers", ["manager_hr"]),
        ("presidents and vice presidents", ["president", "vp"]),
        ("directors", ["director"]),
        ("C-level executives", ["c_level"]),
        ("C-suite", ["c_level"]),
        ("key decision makers", ["decision_maker"]),
        ("dental office managers", ["office_manager"]),
        ("IT heads and above", ["head_it", "vp_it", "cio"]),
        ("people leading marketing", ["cmo", "vp_marketing", "head_marketing"]),
        ("those in charge of IT", ["cio", "vp_it", "head_it"]),
    ],
)  # fmt: skip
def test_roles(q: str, expected: list[str]) -> None:
    found = interpret_persons(q)
    assert [term.role for term in found.roles] == expected
    assert not found.all_employees


def test_and_above_names_every_higher_rank() -> None:
    expected = ["director", "head", "vp", "c_level", "president", "founder", "owner"]
    assert roles("director level and above at banks") == expected
    assert roles("director+ at banks") == expected


def test_a_department_stands_for_its_roles() -> None:
    found = roles("HR people at hospitals")
    assert {"chro", "recruiter", "vp_hr", "director_hr", "manager_hr"} <= set(found)
    assert "svp_hr" not in found


@pytest.mark.parametrize(
    ("q", "title"),
    [
        ("growth hackers in Texas", "growth hacker"),
        ("Texas falconers", "falconer"),
        ("falconers", "falconer"),
        ("Zookeepers at nonprofits", "Zookeeper"),
        ("product owners in Texas", "product owner"),
    ],
)
def test_unknown_roles_are_matched_in_titles(q: str, title: str) -> None:
    assert interpret_persons(q).roles == (RoleTerm("dynamic_role", title, None),)


@pytest.mark.parametrize(
    ("q", "expected"),
    [
        ("CEOs of law firms", ["law_firm"]),
        ("law firm CEOs", ["law_firm"]),
        ("CEOs of software-as-a-service companies", ["saas"]),
        ("SaaS founders", ["saas"]),
        ("Las Vegas law firm partners", ["law_firm"]),
        ("Texas trucking company CEOs", ["trucking"]),
        ("CEOs in construction", ["construction"]),
        ("CEOs in the construction industry", ["construction"]),
        ("CFOs of marketing and PR agencies", ["marketing_agency", "pr_agency"]),
        ("owners of vet clinics", ["veterinary"]),
        ("doctor's office owners", ["healthcare_practice"]),
        ("owners of charities", ["nonprofit"]),
        ("owners of non-profits", ["nonprofit"]),
        ("CEOs of not-for-profits", ["nonprofit"]),
        ("owners of breweries and wineries", ["brewery", "winery"]),
        ("construction project managers", ["construction"]),
        ("dental office managers", ["dental"]),
        ("CEOs of insurance companies", ["insurance_agency", "insurance_carrier"]),
        ("marketing directors", []),
        ("software engineers", []),
    ],
)
def test_industries(q: str, expected: list[str]) -> None:
    assert industries(q) == expected
