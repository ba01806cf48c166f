"""The columns of users' files, by name (DESIGN: data that users bring), and their bounds."""

from dataclasses import dataclass
from enum import StrEnum


class Reason(StrEnum):
    """Why a row was rejected, as the rejects file and the report say it."""

    MISSING_ID = "missing_id"
    MISSING_NAME = "missing_name"
    MISSING_COMPANY = "missing_company"
    """A person with neither ``company_id`` nor ``company_domain``."""
    UNKNOWN_COMPANY = "unknown_company"
    """A person of a company that is not loaded."""
    DUPLICATE_ID = "duplicate_id"
    """Another row of the same file has this id; that one was loaded."""
    BAD_NUMBER = "bad_number"
    NEGATIVE_NUMBER = "negative_number"
    BAD_DATE = "bad_date"
    """Neither ``2024-02-29`` nor, where a time may stand, ``2024-02-29T12:00:00Z``."""
    BAD_DOMAIN = "bad_domain"
    BAD_EMBEDDING = "bad_embedding"
    """A vector of another length than the model's, without direction, or not of numbers."""
    BAD_CHARACTER = "bad_character"
    """A NUL character."""
    BAD_ENCODING = "bad_encoding"
    """Bytes that are not UTF-8."""
    BAD_JSON = "bad_json"
    """A line that is not one JSON object."""
    BAD_TYPE = "bad_type"
    """A JSON object or list, true or false where text or a number belongs."""
    WRONG_CELL_COUNT = "wrong_cell_count"
    """Too few or too many cells, or a file that ends inside a quoted cell."""
    TOO_LONG = "too_long"


@dataclass(frozen=True, slots=True)
class Column:
    """One text column: the most characters it may hold, and why a row without it is rejected."""

    name: str
    max_chars: int
    required: Reason | None = None


# A description may be pages long; a megabyte is the longest cell that is read at all.
MAX_CELL_CHARS = 1024 * 1024

COMPANY_COLUMNS = (
    Column("company_id", 200, Reason.MISSING_ID),
    Column("name", 1_000, Reason.MISSING_NAME),
    Column("domain", 2_000),
    Column("website", 2_000),
    Column("phone", 200),
    Column("linkedin_url", 2_000),
    Column("revenue", 100),
    Column("employee_count", 100),
    Column("industry", 1_000),
    Column("sic", 100),
    Column("naics", 100),
    Column("city", 500),
    Column("state", 500),
    Column("country", 500),
    Column("description", MAX_CELL_CHARS),
)
"""Without ``keywords``, which is a list (in CSV separated by ``;``)."""

PERSON_COLUMNS = (
    Column("person_id", 200, Reason.MISSING_ID),
    Column("first_name", 500, Reason.MISSING_NAME),
    Column("last_name", 500, Reason.MISSING_NAME),
    Column("job_title", 1_000),
    Column("business_email", 500),
    Column("mobile_phone", 200),
    Column("linkedin_url", 2_000),
    Column("company_id", 200),
    Column("company_domain", 2_000),
)

ORGANISATION_COLUMNS = (
    Column("domain", 2_000, Reason.MISSING_ID),
    Column("name", 1_000, Reason.MISSING_NAME),
    Column("summary", MAX_CELL_CHARS),
    Column("text", MAX_CELL_CHARS),
    Column("address", 2_000),
    # Within what a b-tree takes, 2,704 bytes.
    Column("organization_type", 500),
    Column("organization_size", 500),
    Column("employee_class", 500),
    Column("revenue_class", 500),
    Column("nace_code", 500),
    Column("continent", 500),
    Column("country", 500),
    Column("country_code", 500),
    Column("state", 500),
    Column("state_code", 500),
    Column("region", 500),
    Column("region_code", 500),
    Column("district", 500),
    Column("district_code", 500),
    Column("municipality", 500),
    Column("municipality_code", 500),
    Column("lat", 100),
    Column("lon", 100),
    Column("source", 500),
    Column("company_register_court", 500),
    Column("company_register_id", 500),
    Column("company_register_date", 100),
    Column("new_register_entry", 500),
    Column("created_at", 100),
    Column("updated_at", 100),
)
"""Without ``summary_keywords``, a list as ``keywords``, and ``embedding``, a list of numbers."""

KEYWORDS = "keywords"
SUMMARY_KEYWORDS = "summary_keywords"
SUMMARY_KEYWORD_CHARS_MAX = 500
EMBEDDING = "embedding"
LISTS = frozenset({KEYWORDS, SUMMARY_KEYWORDS})
"""Columns that are lists of text; a text in their place is split at ``;``."""
VECTORS = frozenset({EMBEDDING})
"""Columns that are lists of numbers; a text in their place is read as JSON."""
FLAGS = frozenset({"new_register_entry"})
"""Text columns in which true and false may stand."""
KEYWORDS_MAX = 10_000
EMPLOYEES_MAX = 10_000_000
REVENUE_MAX = 10**15
