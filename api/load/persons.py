"""Person rows on their way into the store: checked, classified, made findable."""

import pyarrow as pa
import pyarrow.compute as pc

from api.domain.person.identifiers import linkedin_key, phone_key
from api.domain.person.titles import classify_title
from api.load.batches import LISTS_OF_TEXT, RawBatch
from api.load.columns import PERSON_COLUMNS, Reason
from api.load.companies import checked_domains
from api.load.values import NO_TEXT, Verdicts, checked_text, except_where

WANTED = tuple(column.name for column in PERSON_COLUMNS)
NEEDED = (("person_id",), ("first_name",), ("last_name",), ("company_id", "company_domain"))
DOMAIN = "company_domain"
# The ways in which American numbers are usually written: ten digits, grouped or not, and perhaps
# the country code. A library parses all others, at a hundredth of the speed.
_AMERICAN_PHONE = (
    r"^(?:\+?1[ .-]?)?(?:\([2-9][0-9]{2}\)|[2-9][0-9]{2})[ .-]?[2-9][0-9]{2}[ .-]?[0-9]{4}$"
)
_LINKEDIN = "https://www.linkedin.com/"
_PROFILE = r"^https://www\.linkedin\.com/in/[a-z0-9_-]+/?$"


def person_batch(raw: RawBatch, verdicts: Verdicts) -> pa.RecordBatch:
    """The store's columns of a batch, and ``company_domain`` where only that tells the company.

    Rows that ``verdicts`` rejects have to be left out.
    """
    nothing = pa.nulls(len(raw), pa.string())
    text = {
        column.name: checked_text(raw.columns.get(column.name, nothing), column, verdicts)
        for column in PERSON_COLUMNS
    }
    has_id = pc.is_valid(text["company_id"])
    asked = pc.if_else(has_id, NO_TEXT, text[DOMAIN])
    verdicts.reject(
        pc.and_(pc.invert(has_id), pc.is_null(asked)), Reason.MISSING_COMPANY, "company_id"
    )
    text[DOMAIN] = checked_domains(asked, DOMAIN, verdicts)
    columns: dict[str, pa.Array] = {
        **text,
        "roles": _roles(text["job_title"]),
        "phone_key": pc.fill_null(phone_keys(text["mobile_phone"]), ""),
        "linkedin_key": pc.fill_null(linkedin_keys(text["linkedin_url"]), ""),
    }
    return pa.RecordBatch.from_pydict(columns)


def phone_keys(phones: pa.Array) -> pa.Array:
    """``phone_key`` of each number; only those that are not written as usual are parsed."""
    plain = pc.match_substring_regex(phones, _AMERICAN_PHONE)
    digits = pc.replace_substring_regex(phones, r"[^0-9]", "")
    numbers = pc.binary_join_element_wise("+1", pc.utf8_slice_codeunits(digits, -10), "")
    return except_where(numbers, pc.invert(plain), phones, phone_key)


def linkedin_keys(urls: pa.Array) -> pa.Array:
    """``linkedin_key`` of each URL; only those that are not of the usual form are parsed."""
    lower = pc.ascii_lower(urls)
    plain = pc.match_substring_regex(lower, _PROFILE)
    paths = pc.ascii_rtrim(pc.replace_substring(lower, _LINKEDIN, "", max_replacements=1), "/")
    return except_where(paths, pc.invert(plain), urls, linkedin_key)


def _roles(titles: pa.Array) -> pa.Array:
    encoded = pc.fill_null(titles, "").dictionary_encode()
    roles = [list(classify_title(title)) for title in encoded.dictionary.to_pylist()]
    return pa.array(roles, LISTS_OF_TEXT).take(encoded.indices)
