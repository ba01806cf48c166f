"""The companies of the market, made in blocks of consecutive numbers."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from api.market.descriptions import Descriptions
from api.market.draws import Draws, Ints, Rows
from api.market.grammar import Layout, Phrasebook, tickets
from api.market.identifiers import codes, numbered
from api.market.locations import Locations
from api.market.market_data import kinds, market_industries, read, words
from api.market.names import Names
from api.market.showcase import SHOWCASE, Showcase
from api.market.sizes import Sizes

type Mask = NDArray[np.bool_]

COMPANY_SCHEMA = pa.schema(
    [
        pa.field("company_id", pa.string(), nullable=False),
        pa.field("name", pa.string(), nullable=False),
        pa.field("domain", pa.string()),
        pa.field("website", pa.string()),
        pa.field("phone", pa.string()),
        pa.field("linkedin_url", pa.string()),
        pa.field("revenue", pa.int64()),
        pa.field("employee_count", pa.uint32()),
        pa.field("industry", pa.string()),
        pa.field("sic", pa.string()),
        pa.field("naics", pa.string()),
        pa.field("city", pa.string()),
        pa.field("state", pa.string()),
        pa.field("country", pa.string()),
        pa.field("description", pa.string()),
        pa.field("keywords", pa.list_(pa.string()), nullable=False),
    ]
)
# Part of the companies for which a data set does not know the value.
MISSING = {
    "domain": 0.05,
    "website": 0.20,
    "phone": 0.20,
    "linkedin_url": 0.30,
    "revenue": 0.40,
    "employee_count": 0.20,
    "industry": 0.03,
    "codes": 0.20,
    "city": 0.02,
    "state": 0.01,
    "description": 0.25,
}
# Companies with one code often lack the other.
_ONE_CODE_SHARE = 0.1
# Part of the companies of an industry with broad labels that state one of those.
_BROAD_SHARE = 0.3
_KEYWORD_PROOF_SHARE = 0.7
_SITES = {"https://www.": 6, "https://": 3, "http://www.": 2, "http://": 1}
_ID_DIGITS = 8


@dataclass(frozen=True, slots=True)
class CompanyBlock:
    """Some consecutive companies: the rows of the data set, and what is true behind them.

    ``listed`` is how many people each has in the data set, ``domain`` null where it is not known.
    """

    first: int
    table: pa.Table
    industry: Ints
    employees: Ints
    city: Ints
    listed: Ints
    domain: pa.StringArray

    def head(self, count: int, last_listed: int) -> "CompanyBlock":
        """The first ``count`` companies, the last of them with ``last_listed`` people."""
        listed = self.listed[:count].copy()
        listed[-1] = last_listed
        return CompanyBlock(
            self.first,
            self.table.slice(0, count),
            self.industry[:count],
            self.employees[:count],
            self.city[:count],
            listed,
            self.domain.slice(0, count),
        )


class CompanyMaker:
    """Makes the companies of a market of ``persons`` people."""

    def __init__(self, draws: Draws, persons: int, names: Names, places: Locations) -> None:
        self._draws = draws
        self._persons = persons
        self._places = places
        self._industries = market_industries()
        self._keys = [industry.key for industry in self._industries]
        self._tickets = tickets([industry.weight for industry in self._industries], 1 << 14)
        self._sizes = Sizes(
            [industry.employees for industry in self._industries],
            [industry.revenue for industry in self._industries],
        )
        self._has_proof = np.array([bool(industry.proof) for industry in self._industries])
        self._has_broad = np.array([bool(industry.broad) for industry in self._industries])
        self._code_count = np.array([len(industry.codes) for industry in self._industries])
        self._first_code = np.concatenate([[0], np.cumsum(self._code_count)[:-1]])
        pairs = [pair for industry in self._industries for pair in industry.codes]
        self._sic = pa.array([sic for sic, _ in pairs], pa.string())
        self._naics = pa.array([naics for _, naics in pairs], pa.string())
        self._descriptions = Descriptions(self._industries, places)
        self._book = self._name_book(names)

    def block(self, first: int, count: int) -> CompanyBlock:
        """Companies ``first`` to ``first`` + ``count`` - 1."""
        rows = np.arange(first, first + count, dtype=np.uint64)
        industry = self._tickets[self._draws.below("company.industry", rows, len(self._tickets))]
        city = self._places.draw(self._draws, rows)
        shown = self._cast(first, count, industry, city)
        employees = self._sizes.draw_employees(self._draws, rows, industry)
        for offset, part in shown.items():
            employees[offset] = part.employees(self._draws, first + offset)
        listed = self._sizes.draw_listed(self._draws, rows, employees, self._persons)
        for offset in shown:
            listed[offset] = max(listed[offset], min(2, employees[offset]))
        on_show = np.zeros(count, dtype=np.bool_)
        on_show[list(shown)] = True
        table, domain = self._table(rows, industry, city, employees, on_show)
        return CompanyBlock(first, table, industry, employees, city, listed, domain)

    def _cast(self, first: int, count: int, industry: Ints, city: Ints) -> dict[int, Showcase]:
        """Put the companies that are always there into the block; which they are, by offset."""
        shown = {
            number - first: part
            for number, part in SHOWCASE.items()
            if first <= number < first + count
        }
        for offset, part in shown.items():
            industry[offset] = self._keys.index(part.industry)
            city[offset] = self._places.draw_within(
                self._draws, first + offset, part.state, part.city
            )
        return shown

    def _table(
        self, rows: Rows, industry: Ints, city: Ints, employees: Ints, on_show: Mask
    ) -> tuple[pa.Table, pa.StringArray]:
        numbers = rows.astype(np.int64)
        name, slug = self._names(rows, industry, city)
        missing = {
            column: self._draws.chance(f"company.no_{column}", rows, share) & ~on_show
            for column, share in MISSING.items()
        }
        code = pc.binary_join_element_wise(slug, codes(numbers), "-")
        domain = pc.binary_join_element_wise(code, "example", ".")
        domain = _blank(domain, missing["domain"])
        site = self._book.text(self._layout("company.site", rows, self._choice_of("site", rows)))
        website = pc.binary_join_element_wise(site, domain, "")
        profile = pc.binary_join_element_wise("https://www.linkedin.com/company/", code, "")
        broad = self._draws.chance("company.broad", rows, _BROAD_SHARE) & self._has_broad[industry]
        # Without a label that tells the industry, the codes have to.
        needed = broad | missing["industry"]
        sic, naics = self._codes(rows, industry, missing["codes"] & ~needed, needed)
        revenue = self._sizes.draw_revenue(self._draws, rows, industry, employees)
        description, keywords = self._texts(rows, industry, city, name, missing["description"])
        columns = [
            numbered("co_", numbers + 1, _ID_DIGITS),
            name,
            domain,
            _blank(website, missing["website"]),
            _blank(self._places.phones(self._draws, "company.phone", rows, city), missing["phone"]),
            _blank(profile, missing["linkedin_url"]),
            pa.array(revenue, mask=missing["revenue"]),
            pa.array(employees.astype(np.uint32), mask=missing["employee_count"]),
            _blank(self._labels(rows, industry, broad), missing["industry"]),
            sic,
            naics,
            _blank(self._places.names.take(pa.array(city)), missing["city"]),
            _blank(self._places.states.take(pa.array(city)), missing["state"]),
            pa.repeat("US", len(rows)),
            description,
            keywords,
        ]
        return pa.Table.from_arrays(columns, schema=COMPANY_SCHEMA), domain

    def _names(
        self, rows: Rows, industry: Ints, city: Ints
    ) -> tuple[pa.StringArray, pa.StringArray]:
        """Each company's name, and the short form for its domain."""
        base = self._layout("company.name", rows, self._name_choices[industry], city)
        form = self._layout("company.legal", rows, self._legal_choices[industry])
        full = pc.binary_join_element_wise(self._book.text(base), self._book.text(form), "")
        return full, self._book.slug(base)

    def _labels(self, rows: Rows, industry: Ints, broad: Mask) -> pa.StringArray:
        choices = np.where(broad, self._broad_choices[industry], self._label_choices[industry])
        return self._book.text(self._layout("company.label", rows, choices))

    def _codes(
        self, rows: Rows, industry: Ints, missing: Mask, needed: Mask
    ) -> tuple[pa.StringArray, pa.StringArray]:
        drawn = self._draws.below("company.code", rows, self._code_count[industry])
        pair = pa.array(self._first_code[industry] + drawn)
        single = self._draws.chance("company.one_code", rows, _ONE_CODE_SHARE) & ~needed
        which = self._draws.chance("company.which_code", rows, 0.5)
        sic = _blank(self._sic.take(pair), missing | (single & which))
        naics = _blank(self._naics.take(pair), missing | (single & ~which))
        return sic, naics

    def _texts(
        self, rows: Rows, industry: Ints, city: Ints, name: pa.StringArray, silent: Mask
    ) -> tuple[pa.StringArray, pa.ListArray]:
        """Descriptions and keywords; where an industry needs a proof, one of the two has it."""
        described = self._descriptions.describe(self._draws, rows, industry, city, name)
        usual = self._draws.chance("company.keyword_proof", rows, _KEYWORD_PROOF_SHARE)
        # Only sentences of the industry's own are sure to hold a proof.
        proven = self._has_proof[industry] & (usual | silent | ~self._has_sentences[industry])
        keywords = self._descriptions.keywords(self._draws, rows, industry, proven)
        return _blank(described, silent), keywords

    def _layout(self, purpose: str, rows: Rows, choices: Ints, city: Ints | None = None) -> Layout:
        given = None if city is None else {"city": city}
        return self._book.layout(self._draws, purpose, rows, choices, given)

    def _choice_of(self, name: str, rows: Rows) -> Ints:
        return np.full(len(rows), self._book[name], dtype=np.int64)

    def _name_book(self, names: Names) -> Phrasebook:
        """Company names, legal forms, labels and addresses of sites, all in one book."""
        lists = {name: words(text) for name, text in read("words").items()}
        city = self._places.names.to_pylist()
        book = Phrasebook(
            {**lists, "first": names.first_names, "surname": names.last_names, "city": city},
            given=("city",),
        )
        forms = {
            name: book.choice(f"legal.{name}", form)
            for name, form in read("titles")["legal"].items()
        }
        book.choice("site", _SITES)
        industries = self._industries
        self._legal_choices = np.array([forms[kinds()[one.kind].legal] for one in industries])
        self._name_choices = np.array(
            [book.choice(f"name.{one.entry}", dict.fromkeys(one.names, 1.0)) for one in industries]
        )
        self._label_choices = np.array(
            [book.choice(f"label.{one.entry}", one.labels) for one in industries]
        )
        self._broad_choices = np.array(
            [
                book.choice(f"broad.{one.entry}", dict.fromkeys(one.broad, 1.0) or one.labels)
                for one in industries
            ]
        )
        self._has_sentences = np.array([bool(one.describe) for one in industries])
        book.seal()
        return book


def _blank(column: pa.Array, missing: Mask) -> pa.Array:
    return pc.if_else(pa.array(missing), pa.scalar(None, column.type), column)
