"""Loading persons: what is required, finding their companies, moving, and the keys of look-ups."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from api.load.columns import Reason
from api.load.service import FileReport, load_companies, load_persons
from api.stores.clickhouse import ClickHouse, Profile
from tests.load.files import Row, company, csv_file, json_file, people, person, rejected


async def load(
    clickhouse: ClickHouse, folder: Path, persons: Sequence[Row], companies: Sequence[Row] = ()
) -> FileReport:
    if companies:
        path = csv_file(folder / "companies.csv", companies)
        await load_companies(clickhouse, [path], rejects_folder=folder)
    path = json_file(folder / "persons.jsonl", persons)
    (report,) = await load_persons(clickhouse, [path], rejects_folder=folder)
    return report


async def test_a_person_as_searches_see_them(clickhouse: ClickHouse, tmp_path: Path) -> None:
    home = company(
        1,
        website="https://company-1.example",
        phone="208-555-0100",
        linkedin_url="https://www.linkedin.com/company/one",
        revenue="1,000,000",
        sic="8111",
        naics="541110",
    )
    whole = person(
        1,
        1,
        job_title=" CMO & Co-Founder ",
        business_email="First.Last@Company-1.example",
        mobile_phone="(208) 555-0123",
        linkedin_url="https://www.linkedin.com/in/First-Last/?trk=x",
    )
    bare = person(2, 2, job_title=None)
    report = await load(
        clickhouse, tmp_path, [whole, bare], [home, {"company_id": "c2", "name": "Two"}]
    )
    assert (report.loaded, report.rejects_file) == (2, None)
    columns = (
        "first_name, last_name, job_title, business_email, mobile_phone, linkedin_url,"
        "company_id, company_name, company_domain, company_website, company_phone,"
        "company_linkedin_url, company_revenue, company_employee_count, company_industry,"
        "company_sic, company_naics, company_city, company_state, company_country,"
        "email_key, phone_key, linkedin_key, title_key, company_city_key, company_industries"
    )  # fmt: skip
    seen = await people(clickhouse, columns)
    assert seen["p000001"] == [
        "First1", "Last1", "CMO & Co-Founder", "First.Last@Company-1.example", "(208) 555-0123",
        "https://www.linkedin.com/in/First-Last/?trk=x",
        "c1", "Company 1", "company-1.example", "https://company-1.example", "208-555-0100",
        "https://www.linkedin.com/company/one", 1_000_000, 1, "Law Firms & Legal Services",
        "8111", "541110", "Boise", "ID", "US",
        "first.last@company-1.example", "+12085550123", "in/first-last", "cmo & co-founder",
        "boise", ["law_firm"],
    ]  # fmt: skip
    assert seen["p000002"] == [
        "First2", "Last2", *[None] * 4, "c2", "Two", *[None] * 12, "", "", "", "", "", [],
    ]  # fmt: skip
    ((roles,),) = await clickhouse.fetch(
        "SELECT roles FROM person_index WHERE hasAny(roles, ['cmo'])", {}, Profile.LOAD
    )
    assert {"cmo", "co_founder"} <= set(roles)


async def test_rows_that_are_rejected(clickhouse: ClickHouse, tmp_path: Path) -> None:
    rows = [
        person(1, 1),
        person(2, 1, person_id=""),
        person(3, 1, first_name=None),
        person(4, 1, last_name=" "),
        person(5, 1, company_id=None),
        person(6, 99),
        person(7, 1, company_id=None, company_domain="https://www.company-2.example/"),
        person(8, 1, company_id=None, company_domain="company-99.example"),
        person(9, 1, company_id=None, company_domain="nonsense"),
        # An id counts more than a domain, whatever that says.
        person(10, 1, company_domain="nonsense"),
    ]
    report = await load(clickhouse, tmp_path, rows, [company(1), company(2)])
    assert rejected(report.rejects_file) == {
        2: Reason.MISSING_ID,
        3: Reason.MISSING_NAME,
        4: Reason.MISSING_NAME,
        5: Reason.MISSING_COMPANY,
        6: Reason.UNKNOWN_COMPANY,
        8: Reason.UNKNOWN_COMPANY,
        9: Reason.BAD_DOMAIN,
    }
    assert report.loaded == 3
    assert await people(clickhouse, "company_id") == {
        "p000001": ["c1"],
        "p000007": ["c2"],
        "p000010": ["c1"],
    }
    # Rejected for good: they do not turn up when their company is loaded later.
    await load(clickhouse, tmp_path, [person(1, 1)], [company(99)])
    assert set(await people(clickhouse, "company_id")) == {"p000001", "p000007", "p000010"}


async def test_a_domain_of_several_companies(clickhouse: ClickHouse, tmp_path: Path) -> None:
    shared = [company(n, domain="shared.example") for n in (3, 1, 2)]
    rows = [person(1, 1, company_id=None, company_domain="shared.example")]
    await load(clickhouse, tmp_path, rows, shared)
    assert await people(clickhouse, "company_id") == {"p000001": ["c1"]}


@pytest.mark.parametrize("companies", [(1, 1), (1, 2), (2, 1)])
async def test_the_same_id_again_in_a_file(
    clickhouse: ClickHouse, tmp_path: Path, companies: tuple[int, int]
) -> None:
    first, last = companies
    rows = [person(1, first, first_name="Old"), person(2, 1), person(1, last, first_name="New")]
    report = await load(clickhouse, tmp_path, rows, [company(n) for n in (1, 2)])
    assert rejected(report.rejects_file) == {1: Reason.DUPLICATE_ID}
    assert report.loaded == 2
    seen = await people(clickhouse, "first_name", "company_id")
    assert seen == {"p000001": ["New", f"c{last}"], "p000002": ["First2", "c1"]}


async def test_of_a_rejected_and_a_good_row_the_good_one_counts(
    clickhouse: ClickHouse, tmp_path: Path
) -> None:
    rows = [person(1, 1), person(1, 99)]
    report = await load(clickhouse, tmp_path, rows, [company(1)])
    assert rejected(report.rejects_file) == {2: Reason.UNKNOWN_COMPANY}
    assert await people(clickhouse, "company_id") == {"p000001": ["c1"]}


async def test_people_who_change_company(clickhouse: ClickHouse, tmp_path: Path) -> None:
    """With many, so that they move between all buckets, and back."""
    count = 300
    companies = [company(n) for n in range(count)]
    await load(clickhouse, tmp_path, [person(n, n) for n in range(count)], companies)
    moved = [person(n, (n + 7) % count, first_name="Moved") for n in range(0, count, 2)]
    assert (await load(clickhouse, tmp_path, moved)).loaded == count / 2
    seen = await people(clickhouse, "company_id", "first_name")
    assert seen == {
        f"p{n:06}": [f"c{(n + 7) % count}", "Moved"] if n % 2 == 0 else [f"c{n}", f"First{n}"]
        for n in range(count)
    }
    await load(clickhouse, tmp_path, [person(n, n) for n in range(count)])
    seen = await people(clickhouse, "company_id", "first_name")
    assert seen == {f"p{n:06}": [f"c{n}", f"First{n}"] for n in range(count)}


async def test_a_changed_company_shows_in_its_people(
    clickhouse: ClickHouse, tmp_path: Path
) -> None:
    await load(clickhouse, tmp_path, [person(1, 1), person(2, 2)], [company(1), company(2)])
    changed = company(1, name="Renamed", state="NV", employee_count=5_000, domain="new.example")
    path = csv_file(tmp_path / "changed.csv", [changed])
    await load_companies(clickhouse, [path], rejects_folder=tmp_path)
    seen = await people(
        clickhouse, "company_name", "company_state", "company_employee_count", "company_domain"
    )
    assert seen == {
        "p000001": ["Renamed", "NV", 5_000, "new.example"],
        "p000002": ["Company 2", "ID", 2, "company-2.example"],
    }
    domains = await clickhouse.fetch(
        "SELECT domain, contact_count FROM domain_index ORDER BY domain", {}, Profile.LOAD
    )
    assert domains == [["company-2.example", 1], ["new.example", 1]]


async def test_the_domain_inventory(clickhouse: ClickHouse, tmp_path: Path) -> None:
    companies = [
        company(1, domain="shared.example", city="Small Town", state="ID"),
        company(2, domain="shared.example", city="Large Town", state="NV", industry=None),
        company(3, domain=None),
        company(4),
    ]
    rows = [person(n, {0: 1, 9: 3}.get(n, 2)) for n in range(10)]
    await load(clickhouse, tmp_path, rows, companies)
    found = await clickhouse.fetch(
        "SELECT domain, contact_count, industry, city, state,"
        " arraySort(company_ranks) = arraySort(arrayMap(x -> cityHash64(x), {ids:Array(String)}))"
        " FROM domain_index ORDER BY domain",
        {"ids": ["c1", "c2"]},
        Profile.LOAD,
    )
    assert found == [
        ["company-4.example", 0, "Law Firms & Legal Services", "Boise", "ID", 0],
        ["shared.example", 9, None, "Large Town", "NV", 1],
    ]
