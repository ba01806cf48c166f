"""Who works at a company: a job title for each of its listed people, as people write them.

The first listed person usually leads the company, the next ones are its executives, each role once,
and the rest are managers, office staff and the people who do the company's own work, in parts that
depend on its kind and size.
"""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from api.market.companies import CompanyBlock
from api.market.draws import Draws, Ints, Rows
from api.market.grammar import TICKETS, Phrasebook, tickets
from api.market.market_data import MarketIndustry, kinds, market_industries, read
from api.market.showcase import SHOWCASE
from api.market.sizes import bands

_LEVELS = ("vp", "director", "head", "manager")
# Part of the people below the executives at each level, by size band, at a fully corporate kind.
_LEVEL_SHARES = (
    (0.000, 0.005, 0.005, 0.040),
    (0.020, 0.040, 0.020, 0.130),
    (0.060, 0.100, 0.025, 0.190),
    (0.070, 0.130, 0.030, 0.200),
)
_BANDS = len(_LEVEL_SHARES)
_LARGE_BANDS_FROM = 2
# A smaller company has no department of its own for what is a smaller part of the work than this.
_LEAST_DEPARTMENT = 0.08
# A company has one more executive from each of these head counts on.
_EXECUTIVES_FROM = np.array([8, 25, 48, 60, 150, 400, 1_000, 2_500, 6_000])
_TEAM = 7
# In a small company the executives are the first of the kind's team, in a larger one any.
_SMALL_TEAM = 4
_LEADER_SHARE = 0.8
_LOWER_SHARE = 0.015
_UPPER_SHARE = 0.01
_AT_COMPANY_SHARE = 0.008


class Titles:
    """Chooses and writes job titles."""

    def __init__(self, draws: Draws) -> None:
        self._draws = draws
        self._industries = market_industries()
        self._kinds = list(kinds().values())
        keys = list(kinds())
        self._kind = np.array([keys.index(industry.kind) for industry in self._industries])
        self._book = _title_book(self._industries)
        self._leaders = np.array(
            [[self._book[f"leader.{name}"] for name in kind.leaders] for kind in self._kinds]
        )
        self._team = np.array(
            [[self._book[f"role.{name}"] for name in kind.executives] for kind in self._kinds]
        )
        later = read("titles")["later_executives"]
        self._later = np.array([self._book[f"role.{name}"] for name in later])
        self._others = np.stack(
            [
                np.stack([self._other_choices(industry, band) for band in range(_BANDS)])
                for industry in self._industries
            ]
        )

    def write(
        self, companies: CompanyBlock, company: Ints, slot: Ints, rows: Rows
    ) -> tuple[pa.StringArray, NDArray[np.bool_]]:
        """A title for each person, and which of them must be known.

        ``company`` is the position of the person's company in the block, ``slot`` the person's
        place among the company's listed people, ``rows`` the person's number in the market.
        """
        choices, sought = self._choose(companies, company, slot, rows)
        layout = self._book.layout(self._draws, "person.title", rows, choices)
        names = companies.table["name"].combine_chunks()
        written = self._as_typed(self._book.text(layout), names, company, rows)
        return written, sought

    def _choose(
        self, companies: CompanyBlock, company: Ints, slot: Ints, rows: Rows
    ) -> tuple[Ints, NDArray[np.bool_]]:
        band = bands(companies.employees)
        kind = self._kind[companies.industry]
        leaders, executives, turn, stride = self._plan(companies, band)
        ticket = self._draws.below("person.position", rows, TICKETS)
        choices = self._others[companies.industry[company], band[company], ticket]
        leads = slot < leaders[company]
        choices[leads] = self._leaders[kind[company[leads]], band[company[leads]]]
        place = slot - leaders[company]
        on_team = np.flatnonzero((place >= 0) & (place < executives[company]))
        at, place = company[on_team], place[on_team]
        size = np.where(band[at] < _LARGE_BANDS_FROM, _SMALL_TEAM, _TEAM)
        role = self._team[kind[at], (turn[at] + place * stride[at]) % size]
        later = self._later[(turn[at] + place) % len(self._later)]
        choices[on_team] = np.where(place < _TEAM, role, later)
        sought = np.zeros(len(rows), dtype=np.bool_)
        for number, part in SHOWCASE.items():
            offset = number - companies.first
            if part.titles is not None and 0 <= offset < len(leaders):
                wanted = (company == offset) & (
                    slot == (0 if part.role is None else leaders[offset])
                )
                choices[wanted] = self._book[part.titles]
                sought |= wanted
        return choices, sought

    def _plan(self, companies: CompanyBlock, band: Ints) -> tuple[Ints, Ints, Ints, Ints]:
        """For each company: leaders listed (0 or 1), executives listed, and the order of its team.

        The team is gone through from place ``turn`` in steps of ``stride``, so no role comes twice.
        """
        rows = np.arange(companies.first, companies.first + len(band), dtype=np.uint64)
        leaders = self._draws.chance("company.leader", rows, _LEADER_SHARE).astype(np.int64)
        executives = np.searchsorted(_EXECUTIVES_FROM, companies.employees, side="right")
        executives = np.maximum(executives - self._draws.below("company.executives", rows, 2), 0)
        large = band >= _LARGE_BANDS_FROM
        turn = self._draws.below("company.turn", rows, np.where(large, _TEAM, _SMALL_TEAM))
        stride = np.where(
            large, 1 + self._draws.below("company.stride_of_team", rows, _TEAM - 1), 1
        )
        for number, part in SHOWCASE.items():
            offset = number - companies.first
            if 0 <= offset < len(band):
                leaders[offset] = 1
                if part.role is not None:
                    team = self._kinds[self._kind[companies.industry[offset]]].executives
                    turn[offset] = team.index(part.role)
                    executives[offset] = max(executives[offset], 1)
        return leaders, executives, turn, stride

    def _other_choices(self, industry: MarketIndustry, band: int) -> Ints:
        """A ticket table of what people below the executives do, at one industry and size band."""
        kind = kinds()[industry.kind]
        large = band >= _LARGE_BANDS_FROM
        # Small companies differ more in how corporate they are.
        corporate = kind.corporate if large else kind.corporate**2
        below = 1 - corporate * sum(_LEVEL_SHARES[band])
        shares = {f"staff.{industry.entry}": below * kind.trade}
        total = sum(kind.departments.values())
        for department, weight in kind.departments.items():
            part = weight / total
            if not large and part < _LEAST_DEPARTMENT:
                continue
            shares[f"specialist.{department}"] = below * (1 - kind.trade) * part
            for level, share in zip(_LEVELS, _LEVEL_SHARES[band], strict=True):
                shares[f"{level}.{department}"] = corporate * share * part
        # What is rarer than half a ticket is left out: a practice of five has no vice president.
        likely = {name: share for name, share in shares.items() if share >= 0.5 / TICKETS}
        numbers = np.array([self._book[name] for name in likely])
        return numbers[tickets(list(likely.values()))]

    def _as_typed(
        self, written: pa.StringArray, names: pa.StringArray, company: Ints, rows: Rows
    ) -> pa.StringArray:
        """Some people write in lower or upper case, or name the company in their title."""
        lower = self._draws.chance("person.lower", rows, _LOWER_SHARE)
        upper = self._draws.chance("person.upper", rows, _UPPER_SHARE)
        at_company = self._draws.chance("person.at_company", rows, _AT_COMPANY_SHARE)
        where = names.take(pa.array(company[at_company]))
        named = pc.binary_join_element_wise(written.filter(pa.array(at_company)), where, " at ")
        written = pc.replace_with_mask(written, pa.array(at_company), named)
        for mask, change in ((lower, pc.utf8_lower), (upper, pc.utf8_upper)):
            selected = pa.array(mask)
            written = pc.replace_with_mask(written, selected, change(written.filter(selected)))
        return written


def _title_book(industries: tuple[MarketIndustry, ...]) -> Phrasebook:
    """Every choice of titles: leader.*, role.*, specialist.*, staff.* and level.department."""
    data = read("titles")
    departments = data["department"]
    lists = {f"dept_{name}": part["names"] for name, part in departments.items()}
    book = Phrasebook({**data["words"], **lists})
    for name, forms in data["leaders"].items():
        book.choice(f"leader.{name}", forms)
    for name, forms in data["roles"].items():
        book.choice(f"role.{name}", forms)
    for name, part in departments.items():
        book.choice(f"specialist.{name}", part["specialists"])
        for level in _LEVELS:
            forms = data["levels"][level].items()
            book.choice(
                f"{level}.{name}",
                {form.replace("{dept}", f"{{dept_{name}}}"): weight for form, weight in forms},
            )
    for industry in industries:
        book.choice(f"staff.{industry.entry}", industry.staff)
    book.seal()
    return book
