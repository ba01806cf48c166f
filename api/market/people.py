"""The people of the market: those whom the data set lists at each company of a block."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from api.market.companies import CompanyBlock
from api.market.draws import Draws, Ints, Rows
from api.market.identifiers import numbered, profile_numbers
from api.market.locations import Locations
from api.market.names import Names
from api.market.titles import Titles

PERSON_SCHEMA = pa.schema(
    [
        pa.field("person_id", pa.string(), nullable=False),
        pa.field("first_name", pa.string(), nullable=False),
        pa.field("last_name", pa.string(), nullable=False),
        pa.field("job_title", pa.string()),
        pa.field("business_email", pa.string()),
        pa.field("mobile_phone", pa.string()),
        pa.field("linkedin_url", pa.string()),
        pa.field("company_id", pa.string(), nullable=False),
    ]
)
# Part of the people for whom a data set does not know the value. People of a company without a
# domain have no address either, so that 15 % are without one in all.
MISSING = {
    "job_title": 0.02,
    "business_email": 0.105,
    "mobile_phone": 0.45,
    "linkedin_url": 0.25,
}
_ID_DIGITS = 9
# How houses form the local part of an address, in hundredths of them:
# jane.doe, jdoe, jane, janedoe, jane_doe.
_STYLES = np.repeat([0, 1, 2, 3, 4], [52, 27, 10, 7, 4])
_STYLE_INITIAL, _STYLE_FIRST = 1, 2
_SEPARATORS = (".", "", "", "", "_")
# First names alone do not reach far.
_FIRST_NAME_ONLY_UP_TO = 12
# Part of the people whose address does not follow the style of the house.
_OWN_STYLE_SHARE = 0.03


class PeopleMaker:
    """Makes the people of one block of companies after the other."""

    def __init__(self, draws: Draws, names: Names, places: Locations) -> None:
        self._draws = draws
        self._names = names
        self._places = places
        self._titles = Titles(draws)
        self._separators = pa.array(_SEPARATORS, pa.string())
        # An address starts with a first name or its initial and ends with a last name or nothing.
        self._heads = pa.concat_arrays([names.first_local, names.initial])
        self._tails = pa.concat_arrays([names.last_local, pa.array([""], pa.string())])

    def table(self, companies: CompanyBlock, first: int) -> pa.Table:
        """The people of ``companies``, in their order, numbered from ``first``."""
        company = np.repeat(np.arange(len(companies.listed)), companies.listed)
        starts = np.cumsum(companies.listed) - companies.listed
        slot = np.arange(len(company)) - starts[company]
        numbers = np.arange(first, first + len(company))
        rows = numbers.astype(np.uint64)
        first_name, last_name = self._names.draw(self._draws, rows)
        title, sought = self._titles.write(companies, company, slot, rows)
        local = self._local_parts(companies, company, rows, first_name, last_name)
        email = pc.binary_join_element_wise(local, companies.domain.take(pa.array(company)), "@")
        no_title = self._draws.chance("person.no_job_title", rows, MISSING["job_title"]) & ~sought
        columns = [
            numbered("pe_", numbers + 1, _ID_DIGITS),
            self._names.first.take(pa.array(first_name)),
            self._names.last.take(pa.array(last_name)),
            pc.if_else(pa.array(no_title), pa.scalar(None, pa.string()), title),
            self._unless_missing("business_email", rows, _distinct(email)),
            self._unless_missing(
                "mobile_phone",
                rows,
                self._places.mobiles(self._draws, "person.mobile", rows, companies.city[company]),
            ),
            self._unless_missing(
                "linkedin_url", rows, self._profiles(numbers, first_name, last_name)
            ),
            companies.table["company_id"].combine_chunks().take(pa.array(company)),
        ]
        return pa.Table.from_arrays(columns, schema=PERSON_SCHEMA)

    def _unless_missing(self, column: str, rows: Rows, values: pa.StringArray) -> pa.StringArray:
        missing = self._draws.chance(f"person.no_{column}", rows, MISSING[column])
        return pc.if_else(pa.array(missing), pa.scalar(None, pa.string()), values)

    def _local_parts(
        self, companies: CompanyBlock, company: Ints, rows: Rows, first: Ints, last: Ints
    ) -> pa.StringArray:
        block = np.arange(len(companies.listed), dtype=np.uint64) + np.uint64(companies.first)
        house = _STYLES[self._draws.below("company.email_style", block, len(_STYLES))]
        house[(house == _STYLE_FIRST) & (companies.listed > _FIRST_NAME_ONLY_UP_TO)] = 0
        style = house[company]
        own = self._draws.chance("person.own_style", rows, _OWN_STYLE_SHARE)
        style[own] = _STYLES[self._draws.below("person.email_style", rows[own], len(_STYLES))]
        head = first + np.where(style == _STYLE_INITIAL, len(self._names.first), 0)
        tail = np.where(style == _STYLE_FIRST, len(self._names.last), last)
        return pc.binary_join_element_wise(
            self._heads.take(pa.array(head)),
            self._separators.take(pa.array(style)),
            self._tails.take(pa.array(tail)),
            "",
        )

    def _profiles(self, numbers: Ints, first: Ints, last: Ints) -> pa.StringArray:
        slug = pc.binary_join_element_wise(
            self._names.first_local.take(pa.array(first)),
            self._names.last_local.take(pa.array(last)),
            profile_numbers(numbers),
            "-",
        )
        return pc.binary_join_element_wise("https://www.linkedin.com/in/", slug, "")


def _distinct(emails: pa.StringArray) -> pa.StringArray:
    """The addresses with a number before the "@" where an earlier row has the same one."""
    codes = emails.dictionary_encode().indices.fill_null(-1).to_numpy()
    order = np.argsort(codes, kind="stable")
    ranked = codes[order]
    starts = np.flatnonzero(np.concatenate([[True], ranked[1:] != ranked[:-1]]))
    runs = np.diff(np.append(starts, len(ranked)))
    rank = np.empty(len(codes), dtype=np.int64)
    rank[order] = np.arange(len(codes)) - np.repeat(starts, runs)
    again = (rank > 0) & (codes >= 0)
    repeated = emails.filter(pa.array(again))
    parts = pc.split_pattern(repeated, "@", max_splits=1)
    numbered_parts = pc.binary_join_element_wise(
        pc.list_element(parts, 0), pa.array(rank[again] + 1).cast(pa.string()), ""
    )
    renamed = pc.binary_join_element_wise(numbered_parts, pc.list_element(parts, 1), "@")
    return pc.replace_with_mask(emails, pa.array(again), renamed)
