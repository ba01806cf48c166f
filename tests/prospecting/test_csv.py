"""CSV: the documented columns and lines, and nothing that a spreadsheet would run."""

import csv
import io
import re

from hypothesis import given
from hypothesis import strategies as st

from api.domain.prospecting.csv_rows import cell, header, line
from api.domain.prospecting.records import ProspectRecord, RecordCompany

DOCUMENTED_HEADER = (
    "prospect_id,person_id,first_name,last_name,job_title,business_email,mobile_phone,linkedin_url,"
    "company_name,company_domain,company_phone,company_linkedin_url,company_revenue,"
    "company_employee_count,company_industry,company_sic,company_naics,company_city,company_state"
)
DOCUMENTED_LINE = (
    "5x5-person-123,person_123,Jane,Doe,VP Sales,jane@example.com,+12085550123,"
    "https://linkedin.com/in/janedoe,Example Inc,example.com,+12085550100,"
    "https://linkedin.com/company/example,10000000,42,Software,7372,541511,Austin,TX"
)
JANE = ProspectRecord(
    person_id="person_123",
    first_name="Jane",
    last_name="Doe",
    job_title="VP Sales",
    business_email="jane@example.com",
    mobile_phone="+12085550123",
    linkedin_url="https://linkedin.com/in/janedoe",
    company=RecordCompany(
        company_id="company_123",
        name="Example Inc",
        domain="example.com",
        phone="+12085550100",
        linkedin_url="https://linkedin.com/company/example",
        revenue=10_000_000,
        employee_count=42,
        industry="Software",
        sic="7372",
        naics="541511",
        city="Austin",
        state="TX",
    ),
)
PHONE = re.compile(r"\+[1-9][0-9]{6,14}")
NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")
TRIGGERS = "=+-@＝＋－＠−"
SPACES = " \u00a0\u3000\u200b\ufeff\t\r\n\v\f\u2028"

texts = st.text(st.characters(codec="utf-8"), max_size=30) | st.builds(
    "".join, st.lists(st.sampled_from([*TRIGGERS, *SPACES, '"', ",", ";", "'", "1", "SUM(A1)"]))
)


def test_the_documented_example_comes_out_to_the_letter() -> None:
    assert header() == DOCUMENTED_HEADER + "\r\n"
    assert line("5x5-person-123", JANE) == DOCUMENTED_LINE + "\r\n"


@given(st.lists(texts | st.none(), min_size=7, max_size=7))
def test_no_cell_of_any_line_begins_a_formula_and_every_one_is_read_back(
    values: list[str | None],
) -> None:
    title, email, phone, linkedin, name, industry, city = values
    record = JANE._replace(
        job_title=title,
        business_email=email,
        mobile_phone=phone,
        linkedin_url=linkedin,
        company=JANE.company._replace(name=name or "", industry=industry, city=city),
    )
    written = header() + line("pr_1", record)
    assert len(written.splitlines()) == 2
    (read,) = csv.DictReader(io.StringIO(written, newline=""))
    for column, value in zip(
        (
            "job_title", "business_email", "mobile_phone", "linkedin_url", "company_name",
            "company_industry", "company_city",
        ),
        values,
        strict=True,
    ):  # fmt: skip
        found = read[column]
        assert_harmless(found)
        # Only the apostrophe, and what breaks lines, differ from the value.
        expected = re.sub(r"[\t\n\v\f\r\x1c-\x1e\x85\u2028\u2029]+", " ", value or "")
        assert found in (expected, "'" + expected)
        if PHONE.fullmatch(expected) or NUMBER.fullmatch(expected):
            assert found == expected


def assert_harmless(found: str) -> None:
    bare = found.lstrip(SPACES + "\u2009\u202f\u1680\x1c\x1d\x1e\x1f\x85")
    assert (
        not bare.startswith(tuple(TRIGGERS)) or PHONE.fullmatch(found) or NUMBER.fullmatch(found)
    ), repr(found)
    assert not re.search(r"[\r\n\t]", found)


def test_names_that_are_formulas_are_texts() -> None:
    for name in (
        "=1+1",
        '=HYPERLINK("https://x.example","x")',
        "+1+1",
        "-2+3",
        "@SUM(A1)",
        "\t=1",
        " =1",
        "\u00a0=1",
        "\r=1",
        "Jane\n=1+1",
        "＝1+1",
        "+1 208 555 0123 ext",
        "-",
    ):
        (read,) = next(csv.reader(io.StringIO(cell(name), newline="")))
        assert read.startswith("'") or read == "Jane =1+1"
    for kept in ("+12085550123", "-12.5", "42", "Jane", "O'Neil", "'=1"):
        assert cell(kept) == kept
    assert cell("a;=1+1") == '"a;=1+1"'
