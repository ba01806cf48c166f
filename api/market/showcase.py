"""Companies that every market has, so that the documented example searches find somebody.

They stand among the first hundred companies, whatever the seed. In a market of 5,000 people or more
no company lists more than a hundredth of the people, so all of these are in it.
"""

from dataclasses import dataclass

import numpy as np

from api.market.draws import Draws


@dataclass(frozen=True, slots=True)
class Showcase:
    """A company that is there on purpose: what it does, where, how large, and who works there.

    ``size`` are the smallest and largest head count. ``titles`` is the choice of titles of one
    person: the leader, or, when ``role`` is given, the executive with this role.
    """

    industry: str
    state: str
    city: str | None
    size: tuple[int, int]
    titles: str | None = None
    role: str | None = None

    def employees(self, draws: Draws, number: int) -> int:
        """The head count of company ``number``."""
        low, high = self.size
        row = np.array([number], dtype=np.uint64)
        return low + int(draws.below("company.showcase", row, high - low + 1)[0])


_SAAS_IN_NEVADA = Showcase("saas", "NV", None, (55, 420), "role.cmo_sought", role="cmo")
_SAAS_IN_IDAHO = Showcase("saas", "ID", "Boise", (18, 140))
_AGENCY_IN_LAS_VEGAS = Showcase(
    "insurance_agency", "NV", "Las Vegas", (3, 14), "leader.owner_sought"
)
_HOTEL_IN_LAS_VEGAS = Showcase("hotel", "NV", "Las Vegas", (40, 260), "leader.ceo_sought")
_BROKERAGE_IN_NEVADA = Showcase("real_estate", "NV", None, (9, 32))

# By the number of the company, at most 98.
SHOWCASE = {
    **dict.fromkeys((7, 22, 38, 51, 69, 84), _SAAS_IN_NEVADA),
    **dict.fromkeys((30, 91), _SAAS_IN_IDAHO),
    **dict.fromkeys((15, 77), _AGENCY_IN_LAS_VEGAS),
    **dict.fromkeys((12, 60), _HOTEL_IN_LAS_VEGAS),
    **dict.fromkeys((45, 73), _BROKERAGE_IN_NEVADA),
}
