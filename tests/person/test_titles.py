"""Which roles titles hold, as people write them, and which they only seem to hold."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.domain.person.roles import Function, Level, role_book, roles
from api.domain.person.titles import classify_title

FINDS = [
    ("CEO", "chief_executive"),
    ("Chief Executive Officer", "chief_executive"),
    ("chief  executive  officer", "chief_executive"),
    ("C.E.O.", "chief_executive"),
    ("Founder & CEO", "chief_executive"),
    ("Founder/CEO", "chief_executive"),
    ("CEO at Acme Partners", "chief_executive"),
    ("CEO - Acme", "chief_executive"),
    ("President and Chief Executive Officer", "chief_executive"),
    ("Interim CEO", "chief_executive"),
    ("Chief Marketing Officer (CMO)", "cmo"),
    ("CMO & Co-Founder", "co_founder"),
    ("CMO & Co-Founder", "founder"),
    ("CMO & Co-Founder", "c_level"),
    ("CMO & Co-Founder", "decision_maker"),
    ("Chief People & Culture Officer", "chro"),
    ("Chief Happiness Officer", "c_level"),
    ("Owner/Operator", "owner"),
    ("Owner - Operator", "owner"),
    ("Business Owner", "owner"),
    ("Owner, DDS", "dentist"),
    ("Broker/Owner", "broker"),
    ("Broker/Owner", "owner"),
    ("President", "president"),
    ("Managing Partner", "managing_partner"),
    ("Managing Partner", "partner"),
    ("Managing Partner", "decision_maker"),
    ("Owner, Attorney at Law", "attorney"),
    ("VP", "vp"),
    ("V.P. Sales", "vp_sales"),
    ("VP, Marketing", "vp_marketing"),
    ("VP, Marketing", "vp"),
    ("VP, Sales - Texas", "vp_sales"),
    ("Vice President of Human Resources", "vp_hr"),
    ("Senior Vice President, Finance", "svp_finance"),
    ("Senior Vice President, Finance", "vp_finance"),
    ("SVP - Operations", "vp_operations"),
    ("EVP & CFO", "vp_finance"),
    ("EVP & CFO", "cfo"),
    ("Sr. Dir. Mktg", "director_marketing"),
    ("Sr. Dir. Mktg", "director"),
    ("Director of FP&A", "director_finance"),
    ("Director of Sales & Marketing", "director_marketing"),
    ("Director of Sales & Marketing", "director_sales"),
    ("Sales & Marketing Director", "director_sales"),
    ("Director (Information Technology)", "director_it"),
    ("IT Director", "director_it"),
    ("Executive Director", "director"),
    ("Global Head of Talent Acquisition", "head_talent_acquisition"),
    ("Manager, Business Development", "manager_business_development"),
    ("Plant Manager", "manager_operations"),
    ("Ex-CFO, now Board Member", "board_member"),
    ("Realtor®", "real_estate_agent"),
    ("Attorney/Partner", "partner"),
    ("Corporate Controller", "controller"),
    ("Sr. Software Engineer", "software_engineer"),
    ("Director General (retired) | Founder", "founder"),
    ("Orthodontist", "orthodontist"),
    ("Orthodontist", "dentist"),
    ("Owner, DC", "chiropractor"),
    ("Tax Manager", "manager_finance"),
    ("Tax Manager", "manager_tax"),
    ("Interim CEO", "interim_ceo"),
    ("Marketing Intern", "intern"),
    ("Apprentice Electrician", "apprentice"),
    ("Director of Development", "director_fundraising"),
    ("Vice President, Commercial Loan Officer", "vp_lending"),
]

DOES_NOT_FIND = [
    ("Product Owner", "owner"),
    ("Process Owner", "owner"),
    ("Owner's Representative", "owner"),
    ("Assistant to the CEO", "chief_executive"),
    ("Executive Assistant to CEO", "chief_executive"),
    ("Executive Assistant, Office of the CEO", "chief_executive"),
    ("Executive Assistant, CEO & CFO", "chief_executive"),
    ("CEO Assistant", "chief_executive"),
    ("Chief of Staff to the CEO", "chief_executive"),
    ("Chief of Staff to the CEO", "c_level"),
    ("Former CEO", "chief_executive"),
    ("Ex-CFO", "cfo"),
    ("Former CEO & Founder", "founder"),
    ("Past President", "president"),
    ("Retired Attorney", "attorney"),
    ("HR Business Partner", "partner"),
    ("Channel Partner Manager", "partner"),
    ("Partner Marketing Manager", "partner"),
    ("President", "chief_executive"),
    ("Vice President", "president"),
    ("Vice President", "decision_maker"),
    ("Assistant Vice President", "vp"),
    ("Account Executive", "c_level"),
    ("Marketing Manager at Owner Media", "owner"),
    ("Sales Rep at CEO Magazine", "chief_executive"),
    ("Solutions Architect", "architect"),
    ("Freight Broker", "broker"),
    ("Head Coach", "head"),
    ("Head Groundskeeper", "head"),
    ("VP, Marketing", "director"),
    ("Director of Marketing", "vp_marketing"),
    ("Marketing Coordinator", "manager_marketing"),
    ("Front Office Manager", "office_manager"),
    ("Director of Clinical Operations", "director_operations"),
    ("General Dentist", "orthodontist"),
    ("Sales Manager, DC", "chiropractor"),
    ("Apprentice Electrician", "electrician"),
    ("Driver Recruiter", "truck_driver"),
    ("Sous Chef", "chef"),
    ("Associate Director of Sales", "director"),
    ("Product Manager", "manager"),
    ("Vice President, Commercial Loan Officer", "vp_finance"),
]


@pytest.mark.parametrize(("title", "role"), FINDS)
def test_titles_hold_the_role(title: str, role: str) -> None:
    assert role in classify_title(title)
    assert role in classify_title(title.upper())
    assert role in classify_title(title.lower())


@pytest.mark.parametrize(("title", "role"), DOES_NOT_FIND)
def test_titles_that_only_look_alike(title: str, role: str) -> None:
    assert role not in classify_title(title)


@pytest.mark.parametrize("title", [None, "", "   ", "-", "🚀", "Widget Polisher", "&&&", "of the"])
def test_titles_that_say_nothing(title: str | None) -> None:
    assert classify_title(title) == ()


def test_the_answer_is_whole_sorted_and_without_repetition() -> None:
    assert classify_title("Founder & CEO, Founder") == (
        "c_level",
        "chief_executive",
        "decision_maker",
        "founder",
    )
    assert classify_title("VP, Marketing") == ("vp", "vp_marketing")


@given(st.text(max_size=400))
def test_any_title_gives_known_roles_with_what_they_imply(title: str) -> None:
    found = classify_title(title)
    assert list(found) == sorted(set(found))
    for key in found:
        assert set(roles()[key].broader) <= set(found)


def written_phrases() -> list[tuple[str, str]]:
    """Every phrase of the written roles but the two that titles hold only by implication."""
    book = role_book()
    products = {f"{x.key}_{y.key}" for x in book.levels for y in book.functions}
    implied = {"c_level", "decision_maker"}
    return [
        (phrase, role.key)
        for role in book.roles.values()
        if role.key not in products | implied
        for phrase in role.phrases
    ]


@pytest.mark.parametrize("ending", ["", " at Acme", ", Texas", " - West", " (Boise)", " | Speaker"])
def test_every_phrase_of_a_role_is_a_title_that_holds_it(ending: str) -> None:
    missed = [
        phrase for phrase, key in written_phrases() if key not in classify_title(phrase + ending)
    ]
    assert missed == []


@given(st.sampled_from(role_book().levels), st.sampled_from(role_book().functions))
def test_levels_and_functions_combine_in_any_order(level: Level, function: Function) -> None:
    name, rank = function.label, level.words[0]
    for title in (f"{rank} of {name}", f"{rank}, {name}", f"{rank} - {name}", f"{rank} ({name})"):
        assert f"{level.key}_{function.key}" in classify_title(title)


@pytest.mark.parametrize("title", ["AVP", "Assistant Vice President", "AVP, Marketing"])
def test_an_assistant_vice_president_is_no_vice_president(title: str) -> None:
    roles = classify_title(title)
    assert "avp" in roles
    assert not any(role.startswith("vp") for role in roles)
